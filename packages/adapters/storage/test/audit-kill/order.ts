/** What a writer is told to do, and how the ids of its entries are made. */

/** A mistake that a writer makes on purpose: the tests have to find it, or they would find none of ours. */
export const DEFECTS = ['early', 'synchronous-off', 'synchronous-normal', 'bare-guard', 'guard-after'] as const
export type Defect = (typeof DEFECTS)[number]

export interface WriterOrder {
  /** Where the log lies. */
  readonly folder: string
  /** Which life of the writer this is, counted from 0: ids never repeat. */
  readonly life: number
  readonly seed: number
  /** Callers that append side by side. */
  readonly callers: number
  /** Entries of each caller; it goes on for ever where this is left out. */
  readonly entries?: number
  /** Longest time between two appends of a caller. */
  readonly paceMs: number
  /** Longest time between two checkpoints. */
  readonly publishMs: number
  /** Closes the log and opens it again now and then. */
  readonly reopens?: boolean
  /** Erases no salts: an erasure empties the write-ahead file, which else grows until SQLite copies it. */
  readonly keepsSalts?: boolean
  /** Loads everything, says `w`, and begins when it is told to by a line on its standard input. */
  readonly waits?: boolean
  readonly defect?: Defect
  /** Orders for the shim (crates/talos-powercut), given as soon as the log is open; empty without the shim. */
  readonly faults?: readonly string[]
  /** Gives them before the log is opened. */
  readonly faultsFirst?: boolean
}

const FIELD = 8

/** 32 hex digits: life, caller, number of the entry. */
export function entryName(life: number, caller: number, number: number): string {
  return [life, caller, 0, number].map((part) => part.toString(16).padStart(FIELD, '0')).join('')
}

/** The caller of an entry, and its number among those of that caller. */
export function partsOf(name: string): { readonly caller: string; readonly number: number } {
  return { caller: name.slice(0, 2 * FIELD), number: Number.parseInt(name.slice(3 * FIELD), 16) }
}

/** Name of an entry by its caller and number. */
export function nameOf(caller: string, number: number): string {
  return `${caller}${''.padStart(FIELD, '0')}${number.toString(16).padStart(FIELD, '0')}`
}
