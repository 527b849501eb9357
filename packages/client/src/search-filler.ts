/** Keeps the search database near the log, in small steps while nothing else is written. */
import type { AuditLog } from '@talos/audit'

/** How often it is looked whether entries came. */
const LOOK_MS = 500
/** Entries of one step: two or three milliseconds, which is what an append that comes meanwhile waits. */
const STEP_ENTRIES = 64

export class SearchFiller implements Disposable {
  readonly #log: AuditLog
  readonly #timer: NodeJS.Timeout
  #step: NodeJS.Immediate | undefined

  constructor({ log, lookMs = LOOK_MS }: { readonly log: AuditLog; readonly lookMs?: number }) {
    this.#log = log
    this.#timer = setInterval(() => this.#look(), lookMs)
    this.#timer.unref()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    clearImmediate(this.#step)
  }

  #look(): void {
    clearImmediate(this.#step)
    this.#fill()
  }

  /** Goes on at once while the log rests, else with the next look: who appends is not to wait. */
  #fill(): void {
    const { search, reader } = this.#log
    const { size } = reader
    try {
      if (search.catchUp({ limit: STEP_ENTRIES }) === 0) return
    } catch {
      // A damaged log is told of by whoever reads it.
      this[Symbol.dispose]()
      return
    }
    this.#step = setImmediate(() => {
      if (reader.size === size) this.#fill()
    })
  }
}
