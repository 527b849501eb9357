/** Questions to witnesses that wait for their answers: a bounded number, each for a bounded time. */
import type { AppFrame, Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'

const ANSWER_TIMEOUT_MS = 15_000
/** Each costs a timer and a promise; one peer has one at a time. */
const MAX_QUESTIONS = 256

type Observe = Extract<AppFrame, { t: 'observe' }>
type Recall = Extract<AppFrame, { t: 'recall' }>
/** A question without its number. */
export type Question = Omit<Observe, 'request'> | Omit<Recall, 'request'>
export type WitnessAnswer = Extract<AppFrame, { t: 'cosigned' | 'behind' }>

interface Waiting {
  readonly peer: Did
  readonly resolve: (answer: WitnessAnswer) => void
}

export class Questions {
  readonly #post: (peer: Did, frame: AppFrame) => Promise<void>
  readonly #waiting = new Map<number, Waiting>()
  #next = 1

  constructor(post: (peer: Did, frame: AppFrame) => Promise<void>) {
    this.#post = post
  }

  /** @throws TalosError `WITNESS_FULL`, `REQUEST_TIMEOUT`, and what posting throws */
  async ask(peer: Did, question: Question): Promise<WitnessAnswer> {
    if (this.#waiting.size >= MAX_QUESTIONS) {
      throw new TalosError('WITNESS_FULL', { what: 'questions to witnesses', limit: MAX_QUESTIONS })
    }
    const request = this.#next++
    const answer = Promise.withResolvers<WitnessAnswer>()
    this.#waiting.set(request, { peer, resolve: answer.resolve })
    const late = () => answer.reject(new TalosError('REQUEST_TIMEOUT', { timeoutMs: ANSWER_TIMEOUT_MS }))
    const timer = setTimeout(late, ANSWER_TIMEOUT_MS)
    try {
      await this.#post(peer, { ...question, request })
      return await answer.promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(request)
    }
  }

  /** Takes an answer to a question of ours; others are ignored. */
  take(peer: Did, answer: WitnessAnswer): void {
    const waiting = this.#waiting.get(answer.request)
    if (waiting?.peer === peer) waiting.resolve(answer)
  }
}
