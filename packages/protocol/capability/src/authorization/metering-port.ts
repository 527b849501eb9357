/** What a decision asks of counters (spec 16-metering). */
import type { DenialCause } from '../denial.ts'
import type { Account, Use } from '../metering/account.ts'
import type { Ticket } from '../metering/meter.ts'

/** Counters, as far as a decision goes; `Meter` is one. */
export interface Metering {
  /** Charges all accounts in one step, or none. */
  charge(accounts: readonly Account[], use: Use): Spent
  /** What {@link charge} would refuse with, as far as that can be told without writing. */
  preview(accounts: readonly Account[], use: Use): DenialCause | undefined
}

/** A charge that was made: to be settled with `Meter.settle` when the call has ended, where there is a ticket. */
export type Spent =
  | { readonly ticket: Ticket | undefined; readonly cause?: undefined }
  | { readonly ticket?: undefined; readonly cause: DenialCause }

export const NOTHING_SPENT: Spent = { ticket: undefined }

/** Every limit is taken to hold: for looking back. */
export const UNMETERED: Metering = { charge: () => NOTHING_SPENT, preview: () => undefined }
