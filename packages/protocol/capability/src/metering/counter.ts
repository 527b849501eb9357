/**
 * One counter: what was used of one limit, and the durable value that it may not pass (spec 16-metering, clauses 16.3 to
 * 16.7 and 16.10).
 *
 * A rate is GCRA in exact integers: a debt in calls times milliseconds of the period grows by one period with each call
 * and shrinks by the number of calls with each millisecond; a call is allowed when the debt stays within the burst. Its
 * durable value is the time at which the debt is paid, rounded up.
 */
import type { IpldMap } from '@talos/identity'
import { Budget } from '../conditions/budget.ts'
import { select } from '../conditions/selector.ts'
import { type DenialCause, denial } from '../denial.ts'
import type { Use } from './account.ts'
import type { Limit } from './limit.ts'

/** Of what is left at most this part is reserved ahead: blocks shrink as the limit comes near. */
const RESERVE_PART = 16
/** Reserved ahead is at most what half a second of the present pace uses. */
const RESERVE_AHEAD_MS = 500
/** A rate is reserved ahead by this time, or by one part in 64 of the time that its burst takes to come back. */
const RATE_RESERVE_MS = 1_000
const RATE_RESERVE_PART = 64

/** The account that a counter belongs to, as its durable value needs it. */
export interface CounterOwner {
  readonly name: string
  readonly tree: string
  readonly untilS: number | null
  /** The store does not know yet how long it is needed. */
  isNew: boolean
}

/** The name of a counter's durable value. */
export function counterKey(account: string, { key }: Limit): string {
  return `${account} ${key}`
}

/** Which operation of the meter charges, when, and for which link. */
export interface Step {
  /** Differs for each operation; above 0. */
  readonly operation: number
  /** Steady time. */
  readonly nowMs: number
  /** Place of the link in its chain, for denials. */
  readonly link: number
}

export class Counter {
  /** Name of the durable value: the account's and the limit's. */
  readonly key: string
  /** What it belongs to. */
  readonly owner: CounterOwner
  /** The limit that it was charged under last: renewals of a lease have limits of their own, with the same terms. */
  #limit: Limit
  /** Used in all; running calls of a `concurrency`; the debt of a `rate` as of `#atMs`. */
  #used = 0
  #atMs = 0
  /** The durable value: memory never goes past it. */
  #bound: number
  #usedBefore = 0
  #atBeforeMs = 0
  /** The operation that saved its state last. */
  #operation = 0
  #usedAtRaise = 0
  #raisedMs = 0

  /** @param stored the durable value: everything up to it counts as used, since it may have been */
  constructor(
    owner: CounterOwner,
    { limit, stored, nowMs }: { readonly limit: Limit; readonly stored: number; readonly nowMs: number },
  ) {
    this.owner = owner
    this.key = counterKey(owner.name, limit)
    this.#limit = limit
    this.#bound = limit.kind === 'concurrency' ? Number.POSITIVE_INFINITY : stored
    if (limit.kind === 'rate') {
      this.#atMs = nowMs
      // A time beyond the whole burst is from a clock that stepped back: the burst is used up, and no more.
      this.#used = Math.min(Math.max(0, stored - nowMs) * limit.most, limit.burst * limit.perMs)
    } else {
      this.#used = stored
    }
    this.#usedAtRaise = this.#used
    this.#raisedMs = nowMs
  }

  /** Whether what was charged is not covered by the durable value. Exact also where the product rounds. */
  get isBeyondBound(): boolean {
    return this.#limit.kind === 'rate'
      ? this.#used > (this.#bound - this.#atMs) * this.#limit.most
      : this.#used > this.#bound
  }

  /** Whether the durable value covers more than was used. */
  get hasReserve(): boolean {
    return this.isDurable && this.#bound > this.exact
  }

  /** A count of running calls is not: none outlives its process. */
  get isDurable(): boolean {
    return this.#limit.kind !== 'concurrency'
  }

  /** The durable value that would cover just what was used. */
  get exact(): number {
    if (this.#limit.kind !== 'rate') return this.#used
    const rest = this.#used % this.#limit.most
    return this.#atMs + (this.#used - rest) / this.#limit.most + (rest > 0 ? 1 : 0)
  }

  /** Charges one call, or tells why not; the state before is saved for {@link undo}. */
  charge(limit: Limit, use: Use, step: Step): DenialCause | undefined {
    this.#save(step.operation)
    this.#limit = limit
    switch (limit.kind) {
      case 'calls':
        return this.#chargeOne('CAPABILITY_CALLS', step.link)
      case 'rate':
        return this.#chargeRate(step)
      case 'concurrency':
        return this.#chargeOne('CAPABILITY_CONCURRENCY', step.link)
      case 'bytes':
        return this.#chargeBytes(use.bytes, { what: 'the call', link: step.link })
      case 'budget':
        return this.#chargeBudget(use, step.link)
    }
  }

  /** Charges the bytes of a result, of a limit on bytes. */
  chargeResult(limit: Limit, bytes: number, step: Step): DenialCause | undefined {
    this.#save(step.operation)
    this.#limit = limit
    return this.#chargeBytes(bytes, { what: 'the result', link: step.link })
  }

  /** Ends one running call, where running calls are what it counts. */
  release(): void {
    if (this.#limit.kind === 'concurrency') this.#used -= 1
  }

  /** Takes back what the operation charged. */
  undo(operation: number): void {
    if (this.#operation !== operation) return
    this.#used = this.#usedBefore
    this.#atMs = this.#atBeforeMs
    this.#operation = 0
  }

  /**
   * The durable value to ask for: what was used, and a reserve by the pace of use since the last one.
   *
   * @param nowMs steady time
   */
  wanted(nowMs: number): number {
    const { exact } = this
    const limit = this.#limit
    if (limit.kind === 'rate') {
      const burstMs = Math.floor((limit.burst * limit.perMs) / limit.most)
      const reserveMs = Math.max(Math.min(burstMs, RATE_RESERVE_MS), Math.floor(burstMs / RATE_RESERVE_PART))
      return Math.max(exact, Math.min(exact + reserveMs, nowMs + burstMs))
    }
    const spent = this.#used - this.#usedAtRaise
    const pace = Math.floor((spent * RESERVE_AHEAD_MS) / Math.max(1, nowMs - this.#raisedMs))
    const part = Math.floor((limit.most - this.#used) / RESERVE_PART)
    return this.#used + Math.max(0, Math.min(2 * spent, pace, part))
  }

  /** The durable value is now this. */
  raised(bound: number, nowMs: number): void {
    this.#bound = bound
    this.#usedAtRaise = this.#used
    this.#raisedMs = nowMs
  }

  /** Gives up what was reserved: whatever is charged from here on needs a new durable value. */
  giveBack(): void {
    this.#bound = this.exact
  }

  /** How much of the limit may be used now. */
  left(limit: Limit, nowMs: number): number {
    this.#limit = limit
    const { most, kind, burst, perMs } = limit
    if (kind !== 'rate') return Math.max(0, most - this.#used)
    return Math.max(0, Math.floor((burst * perMs - this.#debt(nowMs)) / perMs))
  }

  #save(operation: number): void {
    // A link that stands twice in a chain is charged twice; the state before the first of them is what counts.
    if (this.#operation === operation) return
    this.#operation = operation
    this.#usedBefore = this.#used
    this.#atBeforeMs = this.#atMs
  }

  #debt(nowMs: number): number {
    const paid = (nowMs - this.#atMs) * this.#limit.most
    return paid >= this.#used ? 0 : this.#used - paid
  }

  #chargeOne(code: 'CAPABILITY_CALLS' | 'CAPABILITY_CONCURRENCY', link: number): DenialCause | undefined {
    const { most } = this.#limit
    if (this.#used >= most) return denial(code, { details: { link, limit: most } })
    this.#used += 1
    return undefined
  }

  #chargeRate({ nowMs, link }: Step): DenialCause | undefined {
    const limit = this.#limit
    const debt = this.#debt(nowMs) + limit.perMs
    const over = debt - limit.burst * limit.perMs
    if (over > 0) {
      const { most, perMs } = limit
      const details = { link, limit: most, perS: perMs / 1000, retryAfterMs: Math.ceil(over / most) }
      return denial('CAPABILITY_RATE', { details })
    }
    this.#used = debt
    this.#atMs = nowMs
    return undefined
  }

  #chargeBytes(
    bytes: number,
    { what, link }: { readonly what: string; readonly link: number },
  ): DenialCause | undefined {
    const { most } = this.#limit
    const left = most - this.#used
    if (bytes > left) {
      return denial('CAPABILITY_BYTES', { details: { link, left: Math.max(0, left), limit: most, what, bytes } })
    }
    this.#used += bytes
    return undefined
  }

  #chargeBudget({ args, cost }: Use, link: number): DenialCause | undefined {
    const { most, unit, selector } = this.#limit
    const amount = selector === undefined ? cost(unit) : amountIn(args, selector)
    if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount < 0) {
      const reason = selector === undefined ? 'the executor states none' : 'its argument is no whole number'
      return denial('CAPABILITY_COST', { details: { link, unit, reason } })
    }
    const left = most - this.#used
    // The amount may be an argument's value, which no denial shows.
    if (amount > left) {
      return denial('CAPABILITY_BUDGET', { details: { link, left: Math.max(0, left), unit, limit: most } })
    }
    this.#used += amount
    return undefined
  }
}

function amountIn(args: IpldMap, selector: NonNullable<Limit['selector']>) {
  return select(selector, args, new Budget().spend)
}
