/** Requests that wait for their answers: bounded, one per id, each with an end (clause 14.5 of contracts/spec/14-mcp.md). */
import { TalosError } from '@talos/errors'
import { MAX_IN_FLIGHT } from './limits.ts'
import type { MessageId } from './message.ts'

interface Entry<T> {
  readonly value: T
  timer: NodeJS.Timeout | undefined
}

export class InFlight<T extends { readonly id: MessageId }> {
  readonly #entries = new Map<string, Entry<T>>()
  readonly #onTimeout: (value: T) => void

  /** `onTimeout` gets what was taken out of the table because its time was over. */
  constructor(onTimeout: (value: T) => void) {
    this.#onTimeout = onTimeout
  }

  get size(): number {
    return this.#entries.size
  }

  /**
   * Makes room for a request; its time starts with {@link startTimer}.
   *
   * @throws MCP_ID_IN_USE, MCP_TOO_MANY_REQUESTS
   */
  add(value: T): void {
    if (this.#entries.has(value.id.key)) throw new TalosError('MCP_ID_IN_USE')
    if (this.#entries.size >= MAX_IN_FLIGHT) throw new TalosError('MCP_TOO_MANY_REQUESTS', { limit: MAX_IN_FLIGHT })
    this.#entries.set(value.id.key, { value, timer: undefined })
  }

  /** Gives a request this long from now; shortens or prolongs an earlier time. Does nothing once it has ended. */
  startTimer(key: string, timeoutMs: number): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    clearTimeout(entry.timer)
    entry.timer = setTimeout(() => {
      if (this.take(key) !== undefined) this.#onTimeout(entry.value)
    }, timeoutMs)
  }

  get(key: string): T | undefined {
    return this.#entries.get(key)?.value
  }

  /** Takes a request out; whoever gets it must answer it. */
  take(key: string): T | undefined {
    const entry = this.#entries.get(key)
    clearTimeout(entry?.timer)
    this.#entries.delete(key)
    return entry?.value
  }

  takeAll(): readonly T[] {
    const values = [...this.#entries.values()]
    for (const { timer } of values) clearTimeout(timer)
    this.#entries.clear()
    return values.map(({ value }) => value)
  }
}

/** Runs asynchronous steps one after the other, in the order in which they were given. A step that fails stops nothing. */
export class Sequence {
  #last: Promise<void> = Promise.resolve()

  /** Resolves or rejects as the step does. */
  run<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#last.then(step)
    this.#last = result.then(
      () => undefined,
      () => undefined,
    )
    return result
  }
}
