/** A bar that grows on a terminal's stderr, and nothing anywhere else. */
import type { Output } from './output.ts'

/** Redraws at most this often, in milliseconds. */
const REDRAW_MS = 100
/** What takes no longer shows nothing, in milliseconds. */
const QUIET_MS = 200
/** Of the bar, in ASCII: not every terminal has more. */
const BAR_CHARS = 24

export class Progress {
  readonly #output: Output
  readonly #label: string
  readonly #begunMs = performance.now()
  #drawnMs = 0

  constructor(output: Output, label: string) {
    this.#output = output
    this.#label = label
  }

  update({ done, total }: { readonly done: number; readonly total: number }): void {
    const nowMs = performance.now()
    if (!this.#output.isLive || nowMs - this.#begunMs < QUIET_MS || nowMs - this.#drawnMs < REDRAW_MS) return
    this.#drawnMs = nowMs
    this.#output.overwrite(progressLine(this.#label, { done, total }))
  }

  /** Removes the line. */
  end(): void {
    if (this.#drawnMs > 0) this.#output.overwrite('')
  }
}

/** `checked [=====>      ] 42 %  42000 of 100002` */
export function progressLine(
  label: string,
  { done, total }: { readonly done: number; readonly total: number },
): string {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const filled = Math.floor(share * BAR_CHARS)
  const bar = '='.repeat(filled) + (filled < BAR_CHARS ? '>' : '')
  return `${label} [${bar.padEnd(BAR_CHARS)}] ${Math.floor(share * 100)} %  ${done} of ${total}`
}
