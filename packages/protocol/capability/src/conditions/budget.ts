/** The steps that one evaluation may take (spec 07-delegation, clause 7.10): total work is bounded, whatever the rules. */
import { MAX_EVALUATION_STEPS } from '../limits.ts'

/** Takes steps of a budget and tells whether they were there. */
export type Spend = (steps?: number) => boolean

export class Budget {
  #left: number

  constructor(steps: number = MAX_EVALUATION_STEPS) {
    this.#left = steps
  }

  /** True once more was asked for than there was: every result since then is void, and the call is refused. */
  get exhausted(): boolean {
    return this.#left < 0
  }

  /**
   * Takes `steps` before the work that they stand for; bound to the budget, so that it can be handed around.
   *
   * @returns whether they were there; where they were not, the work is left undone
   */
  readonly spend: Spend = (steps = 1) => {
    this.#left -= steps
    return !this.exhausted
  }
}
