/** A line that counts on a terminal's stderr, and nothing anywhere else. */
import type { Output } from './output.ts'

/** Redraws at most this often, in milliseconds. */
const REDRAW_MS = 100

export class Progress {
  readonly #output: Output
  readonly #label: string
  #drawnMs = 0

  constructor(output: Output, label: string) {
    this.#output = output
    this.#label = label
  }

  update({ done, total }: { readonly done: number; readonly total: number }): void {
    const nowMs = performance.now()
    if (!this.#output.isLive || nowMs - this.#drawnMs < REDRAW_MS) return
    this.#drawnMs = nowMs
    const percent = total === 0 ? 100 : Math.floor((done / total) * 100)
    this.#output.overwrite(`${this.#label} ${done} of ${total} (${percent} %)`)
  }

  /** Removes the line. */
  end(): void {
    if (this.#drawnMs > 0) this.#output.overwrite('')
  }
}
