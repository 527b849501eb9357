/**
 * The meter: charges a call to every link of its chain, in one step or not at all (spec 16-metering).
 *
 * Counters live in memory under durable values that are raised ahead of them, so that a charge within the reserve touches
 * no disk. A process that is killed finds the durable values again: it has lost what was reserved and not used, and never
 * gets back what was.
 *
 * An operation is synchronous and leaves memory as it was unless it succeeds. Left out: whoever puts back an older copy
 * of the store puts back its counters.
 */
import { TalosError } from '@talos/errors'
import { type DenialCause, denial } from '../denial.ts'
import type { Account, MeterChange, MeterStore, Remaining, Use } from './account.ts'
import { SteadyClock } from './clock.ts'
import { Counter, type CounterOwner, counterKey } from './counter.ts'
import type { Limit } from './limit.ts'

/** Accounts in memory: each link with limits of each chain in use; about a kilobyte for one. */
export const METER_MAX_ACCOUNTS = 10_000
/** The least that can be set: every link of the longest chain. */
const MIN_ACCOUNTS = 16
/** The part of the accounts that goes at once when there are too many: those that were used longest ago. */
const EVICTED_PART = 8

export interface MeterOptions {
  readonly store: MeterStore
  /** {@link METER_MAX_ACCOUNTS} when absent. Accounts with running calls stay beyond it. */
  readonly maxAccounts?: number
}

export type ChargeResult =
  | { readonly ticket: Ticket; readonly cause?: never }
  | { readonly cause: DenialCause; readonly ticket?: never }

/** A limit of the link at hand, and its counter. */
interface Line {
  readonly limit: Limit
  readonly counter: Counter
}

/** An account in memory. */
interface Entry extends CounterOwner {
  readonly counters: Map<string, Counter>
  /** The limits of the link that was charged last, with their counters. */
  limits: readonly Limit[]
  lines: readonly Line[]
  untilS: number | null
  isNew: boolean
  /** Tickets that hold it. */
  running: number
  /** The operation that used it last. */
  operation: number
}

/** What a call that was charged still holds: hand it to {@link Meter.settle} when the call has ended. */
export class Ticket {
  readonly #held: readonly Held[]
  #isSettled = false

  constructor(held: readonly Held[]) {
    this.#held = held
  }

  /** What it holds, once. @throws TalosError `CAPABILITY_OPTION_INVALID` when it was taken before */
  take(): readonly Held[] {
    if (this.#isSettled) throw invalid('ticket', 'it was settled before')
    this.#isSettled = this.#held.length > 0
    return this.#held
  }
}

interface Held {
  readonly entry: Entry
  readonly lines: readonly Line[]
  readonly account: Account
}

const NOTHING_HELD: ChargeResult = { ticket: new Ticket([]) }

export class Meter {
  readonly #store: MeterStore
  readonly #maxAccounts: number
  readonly #clock = new SteadyClock()
  readonly #entries = new Map<string, Entry>()
  /** The operation under way, and the counters that it charged. */
  readonly #step = { operation: 0, nowMs: 0, link: 0 }
  readonly #charged: Counter[] = []
  #nowS = 0
  #isClosed = false

  /** @throws TalosError `CAPABILITY_OPTION_INVALID` */
  constructor({ store, maxAccounts = METER_MAX_ACCOUNTS }: MeterOptions) {
    if (!Number.isSafeInteger(maxAccounts) || maxAccounts < MIN_ACCOUNTS) {
      throw invalid('maxAccounts', `not a whole number of at least ${MIN_ACCOUNTS}`)
    }
    this.#store = store
    this.#maxAccounts = maxAccounts
  }

  /**
   * Charges one call to all accounts, durably, or to none.
   *
   * @param accounts see `accountsOf`
   * @returns a ticket to be settled when the call has ended, or why the call is not allowed
   * @throws TalosError `CAPABILITY_OPTION_INVALID`, and whatever the store throws: then nothing is charged and the call
   *   must not be made
   */
  charge(accounts: readonly Account[], use: Use): ChargeResult {
    this.#begin(use.nowMs, use.bytes)
    let cause: DenialCause | undefined
    try {
      cause = this.#chargeAll(accounts, use) ?? this.#commit()
    } catch (error) {
      this.#undo()
      throw error
    }
    if (cause === undefined) return this.#ticketFor(accounts)
    this.#undo()
    return { cause }
  }

  /** Why {@link charge} would refuse, if it would; charges nothing. @throws TalosError as `charge` does */
  preview(accounts: readonly Account[], use: Use): DenialCause | undefined {
    this.#begin(use.nowMs, use.bytes)
    try {
      return this.#chargeAll(accounts, use) ?? this.#checkForgotten()
    } finally {
      this.#undo()
    }
  }

  /**
   * Ends a call: gives up its place among the running ones and charges the bytes of its result.
   *
   * @returns why the result must be withheld: then none of its bytes are charged
   * @throws TalosError `CAPABILITY_OPTION_INVALID` for a ticket that was settled before; whatever the store throws: then
   *   too the result must be withheld, and its place is given up all the same
   */
  settle(
    ticket: Ticket,
    { bytes, nowMs }: { readonly bytes: number; readonly nowMs: number },
  ): DenialCause | undefined {
    this.#begin(nowMs, bytes)
    const held = ticket.take()
    for (const { entry, lines } of held) {
      entry.running -= 1
      for (const { counter } of lines) counter.release()
    }
    let cause: DenialCause | undefined
    try {
      cause = this.#chargeResult(held, bytes) ?? this.#commit()
    } catch (error) {
      this.#undo()
      throw error
    }
    if (cause !== undefined) this.#undo()
    return cause
  }

  /** What is left of each limit of an account. @throws TalosError `CAPABILITY_OPTION_INVALID`, what the store throws */
  remaining(account: Account, nowMs: number): readonly Remaining[] {
    this.#begin(nowMs, 0)
    return this.#linesOf(account).map(({ limit, counter }) => {
      const { kind, key, most, burst, requirement } = limit
      return {
        kind,
        key,
        limit: kind === 'rate' ? burst : most,
        left: counter.left(limit, this.#step.nowMs),
        requirement,
      }
    })
  }

  /**
   * Gives back what was reserved and not used. The meter goes on to work, and reserves nothing ahead any more.
   *
   * @throws whatever the store throws: then what was reserved may be lost, and nothing else
   */
  close(): void {
    this.#isClosed = true
    this.#giveBack([...this.#entries.values()])
  }

  #begin(nowMs: number, bytes: number): void {
    if (!Number.isSafeInteger(bytes) || bytes < 0) throw invalid('bytes', 'not a whole number')
    this.#step.nowMs = this.#clock.read(nowMs)
    this.#step.operation += 1
    this.#nowS = Math.floor(nowMs / 1000)
    this.#charged.length = 0
  }

  /** Charges all in memory, or stops at the first refusal. */
  #chargeAll(accounts: readonly Account[], use: Use): DenialCause | undefined {
    for (const account of accounts) {
      this.#step.link = account.link
      for (const { limit, counter } of this.#linesOf(account)) {
        this.#charged.push(counter)
        const cause = counter.charge(limit, use, this.#step)
        if (cause !== undefined) return { ...cause, path: placeOf(account, limit) }
      }
    }
    return undefined
  }

  #chargeResult(held: readonly Held[], bytes: number): DenialCause | undefined {
    for (const { lines, account } of held) {
      this.#step.link = account.link
      for (const { limit, counter } of lines) {
        if (limit.kind !== 'bytes') continue
        this.#charged.push(counter)
        const cause = counter.chargeResult(limit, bytes, this.#step)
        if (cause !== undefined) return { ...cause, path: placeOf(account, limit) }
      }
    }
    return undefined
  }

  #undo(): void {
    for (const counter of this.#charged) counter.undo(this.#step.operation)
  }

  /** Makes durable what was charged; mostly it is already. On failure everything charged is taken back. */
  #commit(): DenialCause | undefined {
    for (const counter of this.#charged) {
      if (counter.isBeyondBound || counter.owner.isNew) return this.#write()
    }
    return undefined
  }

  /** One durable step for all counters of the operation, those with some reserve left included: they pay no second one. */
  #write(): DenialCause | undefined {
    const forgotten = this.#checkForgotten()
    if (forgotten !== undefined) return forgotten
    const wanted = new Map<Counter, number>()
    for (const counter of this.#charged) {
      if (counter.isDurable) wanted.set(counter, this.#isClosed ? counter.exact : counter.wanted(this.#step.nowMs))
    }
    const changes = [...wanted].map(([counter, value]) => changeOf(counter, value))
    if (changes.length > 0 && !this.#store.write(changes, this.#nowS)) return denial('CAPABILITY_ACCOUNTS')
    for (const [counter, value] of wanted) counter.raised(value, this.#step.nowMs)
    for (const { owner } of this.#charged) owner.isNew = false
    return undefined
  }

  /** An account whose durable values may have been forgotten is over: a clock that steps back opens none again. */
  #checkForgotten(): DenialCause | undefined {
    const { forgottenS } = this.#store
    for (const { owner } of this.#charged) {
      if (owner.isNew && owner.untilS !== null && owner.untilS < forgottenS) {
        const details = { what: 'a delegation', secondsAgo: forgottenS - owner.untilS }
        return denial('CAPABILITY_EXPIRED', { details })
      }
    }
    return undefined
  }

  #ticketFor(accounts: readonly Account[]): ChargeResult {
    for (const { settles } of accounts) {
      if (settles) return { ticket: new Ticket(this.#hold(accounts)) }
    }
    return NOTHING_HELD
  }

  #hold(accounts: readonly Account[]): readonly Held[] {
    return accounts.map((account) => {
      const entry = this.#entryOf(account)
      entry.running += 1
      return { entry, lines: this.#linesOf(account), account }
    })
  }

  /** The limits of an account with their counters: mostly those of the last time. */
  #linesOf(account: Account): readonly Line[] {
    const entry = this.#entryOf(account)
    entry.operation = this.#step.operation
    if (entry.limits !== account.limits) this.#align(entry, account)
    return entry.lines
  }

  #entryOf(account: Account): Entry {
    return this.#entries.get(account.account) ?? this.#add(account)
  }

  #add({ account: name, tree, untilS }: Account): Entry {
    if (this.#entries.size >= this.#maxAccounts) this.#evict()
    const counters = new Map<string, Counter>()
    const entry: Entry = { name, tree, untilS, counters, limits: [], lines: [], isNew: true, running: 0, operation: 0 }
    this.#entries.set(name, entry)
    return entry
  }

  /** Puts the counters of a link's limits in their order, loading what memory lacks. */
  #align(entry: Entry, { limits, untilS }: Account): void {
    const missing = limits.filter(({ key }) => !entry.counters.has(key))
    const stored =
      missing.length === 0 ? NOTHING_STORED : this.#store.load(missing.map((limit) => counterKey(entry.name, limit)))
    entry.lines = limits.map((limit) => {
      const known = entry.counters.get(limit.key)
      if (known !== undefined) return { limit, counter: known }
      const start = { limit, stored: stored.get(counterKey(entry.name, limit)) ?? 0, nowMs: this.#step.nowMs }
      const counter = new Counter(entry, start)
      entry.counters.set(limit.key, counter)
      return { limit, counter }
    })
    entry.limits = limits
    if (isLater(untilS, entry.untilS)) {
      // A renewal is needed for longer: the store must know before it forgets.
      entry.untilS = untilS
      entry.isNew = true
    }
  }

  #evict(): void {
    const idle = [...this.#entries.values()].filter(
      ({ running, operation }) => running === 0 && operation !== this.#step.operation,
    )
    const leaving = idle
      .sort((one, other) => one.operation - other.operation)
      .slice(0, Math.ceil(this.#maxAccounts / EVICTED_PART))
    for (const { name } of leaving) this.#entries.delete(name)
    this.#giveBack(leaving)
  }

  /** Memory gives up its reserve first: a write that fails may have been stored all the same. */
  #giveBack(entries: readonly Entry[]): void {
    const changes: MeterChange[] = []
    for (const counter of entries.flatMap(({ counters }) => [...counters.values()])) {
      if (!counter.hasReserve) continue
      counter.giveBack()
      changes.push(changeOf(counter, counter.exact))
    }
    if (changes.length > 0) this.#store.write(changes, this.#nowS)
  }
}

const NOTHING_STORED: ReadonlyMap<string, number> = new Map()

function placeOf({ link, limits }: Account, limit: Limit): string {
  return `proofs[${link}].limits[${limits.indexOf(limit)}]`
}

function changeOf({ key, owner }: Counter, value: number): MeterChange {
  return { key, value, tree: owner.tree, untilS: owner.untilS }
}

/** Whether an end lies behind another; null is no end. */
function isLater(one: number | null, other: number | null): boolean {
  return other !== null && (one === null || one > other)
}

function invalid(option: string, reason: string): TalosError {
  return new TalosError('CAPABILITY_OPTION_INVALID', { option, reason })
}
