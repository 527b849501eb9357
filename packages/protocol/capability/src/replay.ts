/**
 * Calls that were used, so that none is used twice (spec 08-invocation, clause 8.6).
 *
 * A call whose nonce begins with the executor's instance epoch is kept in memory until it has expired; one that begins with
 * an epoch of before the last start is refused for as long as that start's memory would have mattered; any other is kept in
 * a durable record. Everything is bounded, and a full record refuses.
 */
import { type Cid, concatBytes, toHex } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'

/** Random bytes that name one start of an executor. */
export const EPOCH_BYTES = 16
/** Seconds for which calls are kept in memory, and for which an earlier epoch's are refused: 5 minutes of life and 5 of leeway. */
export const EPOCH_MEMORY_S = 600
/** Epochs before the current one, at most: a start every 150 milliseconds for ten minutes. */
export const MAX_EARLIER_EPOCHS = 4_096
/** Calls of one issuer in memory: 500 in each second of a minute, and a bound on what one issuer takes from the others. */
export const REPLAY_MAX_PER_ISSUER = 32_768
/** Calls in memory, of all issuers: some 40 MB. */
export const REPLAY_MAX_CALLS = 262_144

/** What is used once: a call, or an approval. */
export interface SingleUse {
  readonly cid: Cid
  readonly issuer: Did
  readonly nonce: Uint8Array
  /** The last second in which it could be used. */
  readonly expiresS: number
}

/** `new`: go on. Everything else refuses. */
export type ReplayAnswer = 'new' | 'seen' | 'full'

/** What an authorizer asks. Times are the executor's seconds; a clock that steps back opens no window. */
export interface Replays {
  /** Whether a nonce names a start of the executor whose memory is lost: such a call is to be made again. */
  isOfEarlierEpoch(nonce: Uint8Array, nowS: number): boolean
  /** What {@link take} would answer, as far as that can be told without writing. */
  peek(use: SingleUse, nowS: number): ReplayAnswer
  /** Records the use in one step; unless the answer is `new`, nothing is recorded. */
  take(use: SingleUse, nowS: number): ReplayAnswer
  /** Forgets what {@link take} has just recorded, because the call was not allowed after all. */
  undo(use: SingleUse): void
}

/** The durable record; a port, implemented by storage. Each method is one atomic, durable step. */
export interface ReplayRecord {
  has(cid: Cid): boolean
  claim(use: {
    readonly cid: Cid
    readonly issuer: Did
    readonly expiresS: number
    readonly nowS: number
  }): 'fresh' | 'replayed' | 'expired' | 'full'
  release(cid: Cid): void
}

export interface EarlierEpoch {
  readonly epoch: Uint8Array
  /** When the start after it began, on the executor's clock. */
  readonly endedS: number
}

export interface ReplaySetOptions {
  /** {@link EPOCH_BYTES} fresh bytes per start. */
  readonly epoch: Uint8Array
  /** Those of the last {@link EPOCH_MEMORY_S}; more do no harm. At most {@link MAX_EARLIER_EPOCHS}. */
  readonly earlier: readonly EarlierEpoch[]
  /** For calls that name no epoch, and for those that live too long for memory. */
  readonly record: ReplayRecord
  /** {@link REPLAY_MAX_PER_ISSUER} when absent. */
  readonly maxPerIssuer?: number
  /** {@link REPLAY_MAX_CALLS} when absent. */
  readonly maxCalls?: number
}

/** A nonce that lets the executor keep a call in memory: its epoch, then random bytes, 12 or more. */
export function epochNonce({ epoch, random }: { readonly epoch: Uint8Array; readonly random: Uint8Array }): Uint8Array {
  return concatBytes(epoch, random)
}

interface Remembered {
  readonly name: string
  readonly issuer: Did
}

export class ReplaySet implements Replays {
  readonly epoch: Uint8Array
  readonly #record: ReplayRecord
  readonly #maxPerIssuer: number
  readonly #maxCalls: number
  /** The end of each earlier epoch, by the hexadecimal digits of the epoch. */
  readonly #earlier: ReadonlyMap<string, number>
  readonly #seen = new Set<string>()
  readonly #perIssuer = new Map<Did, number>()
  /** What expires with each second; so forgetting costs each call one step. */
  readonly #bySecond = new Map<number, Remembered[]>()
  /** The highest time ever seen: what expired by then stays expired. */
  #highestS = 0
  /** The last end of a call of this epoch that went to the record: memory knows nothing of it when that comes near. */
  #recordedUntilS = 0

  /** @throws TalosError `CAPABILITY_OPTION_INVALID` */
  constructor({ epoch, earlier, record, maxPerIssuer, maxCalls }: ReplaySetOptions) {
    if (earlier.length > MAX_EARLIER_EPOCHS) throw invalid('earlier', `more than ${MAX_EARLIER_EPOCHS} epochs`)
    for (const each of [epoch, ...earlier.map((before) => before.epoch)]) {
      if (each.length !== EPOCH_BYTES) throw invalid('epoch', `not ${EPOCH_BYTES} bytes`)
    }
    this.epoch = new Uint8Array(epoch)
    this.#record = record
    this.#maxPerIssuer = checkedBound(maxPerIssuer ?? REPLAY_MAX_PER_ISSUER, 'maxPerIssuer')
    this.#maxCalls = checkedBound(maxCalls ?? REPLAY_MAX_CALLS, 'maxCalls')
    this.#earlier = new Map(earlier.map((before) => [toHex(before.epoch), before.endedS]))
    if (this.#earlier.has(toHex(epoch))) throw invalid('epoch', 'it was used before')
  }

  /** Calls in memory. */
  get size(): number {
    return this.#seen.size
  }

  isOfEarlierEpoch(nonce: Uint8Array, nowS: number): boolean {
    this.#advance(nowS)
    if (nonce.length < EPOCH_BYTES || this.#earlier.size === 0) return false
    const endedS = this.#earlier.get(toHex(nonce.subarray(0, EPOCH_BYTES)))
    return endedS !== undefined && this.#highestS <= endedS + EPOCH_MEMORY_S
  }

  peek(use: SingleUse, nowS: number): ReplayAnswer {
    if (this.isOfEarlierEpoch(use.nonce, nowS)) return 'seen'
    if (this.#isForMemory(use)) return this.#answer(use)
    return this.#record.has(use.cid) ? 'seen' : 'new'
  }

  take(use: SingleUse, nowS: number): ReplayAnswer {
    // What an earlier start has seen is lost: it may have seen this.
    if (this.isOfEarlierEpoch(use.nonce, nowS)) return 'seen'
    if (this.#isForMemory(use)) {
      const answer = this.#answer(use)
      if (answer === 'new') this.#remember(use)
      return answer
    }
    const { cid, issuer, expiresS, nonce } = use
    if (this.#isOfThisEpoch(nonce)) this.#recordedUntilS = Math.max(this.#recordedUntilS, expiresS)
    const answer = this.#record.claim({ cid, issuer, expiresS, nowS: this.#highestS })
    if (answer === 'fresh') return 'new'
    return answer === 'full' ? 'full' : 'seen'
  }

  undo(use: SingleUse): void {
    const name = use.cid.toString()
    if (!this.#seen.has(name)) {
      this.#record.release(use.cid)
      return
    }
    this.#forget({ name, issuer: use.issuer })
    const bucket = this.#bySecond.get(use.expiresS)
    bucket?.splice(
      bucket.findIndex((each) => each.name === name),
      1,
    )
  }

  /** Calls that live too long for the bound on memory go to the record, whatever they name. */
  #isForMemory({ nonce, expiresS }: SingleUse): boolean {
    return expiresS <= this.#highestS + EPOCH_MEMORY_S && this.#isOfThisEpoch(nonce)
  }

  #isOfThisEpoch(nonce: Uint8Array): boolean {
    return this.epoch.every((byte, index) => nonce[index] === byte)
  }

  #answer({ cid, issuer, expiresS }: SingleUse): ReplayAnswer {
    if (expiresS < this.#highestS || this.#seen.has(cid.toString())) return 'seen'
    if (expiresS <= this.#recordedUntilS && this.#record.has(cid)) return 'seen'
    const isFull = this.#seen.size >= this.#maxCalls || this.#countOf(issuer) >= this.#maxPerIssuer
    return isFull ? 'full' : 'new'
  }

  #remember({ cid, issuer, expiresS }: SingleUse): void {
    const name = cid.toString()
    this.#seen.add(name)
    this.#perIssuer.set(issuer, this.#countOf(issuer) + 1)
    const bucket = this.#bySecond.get(expiresS)
    if (bucket === undefined) this.#bySecond.set(expiresS, [{ name, issuer }])
    else bucket.push({ name, issuer })
  }

  #forget({ name, issuer }: Remembered): void {
    this.#seen.delete(name)
    const left = this.#countOf(issuer) - 1
    if (left === 0) this.#perIssuer.delete(issuer)
    else this.#perIssuer.set(issuer, left)
  }

  #countOf(issuer: Did): number {
    return this.#perIssuer.get(issuer) ?? 0
  }

  /** Forgets what has expired: second by second, or all buckets once when the clock leaps over more seconds than there are. */
  #advance(nowS: number): void {
    if (nowS <= this.#highestS) return
    const passed =
      nowS - this.#highestS > this.#bySecond.size
        ? [...this.#bySecond.keys()].filter((second) => second < nowS)
        : Array.from({ length: nowS - this.#highestS }, (_, index) => this.#highestS + index)
    this.#highestS = nowS
    for (const second of passed) {
      for (const each of this.#bySecond.get(second) ?? []) this.#forget(each)
      this.#bySecond.delete(second)
    }
  }
}

function checkedBound(bound: number, option: string): number {
  if (!Number.isSafeInteger(bound) || bound < 0) throw invalid(option, 'not a whole number')
  return bound
}

function invalid(option: string, reason: string): TalosError {
  return new TalosError('CAPABILITY_OPTION_INVALID', { option, reason })
}
