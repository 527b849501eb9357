/** Bounds of a key log, checked before any hash or signature (spec 18-key-log, 18.3). */

/** A rotation each week for twenty years. Verifying an entry takes about a millisecond, so a stranger's log costs a second. */
export const KEY_LOG_MAX_ENTRIES = 1_024
/** The whole text; with it, what a resolver fetches. */
export const KEY_LOG_MAX_BYTES = 4_194_304
/** One line: a document with its keys and services has a few KiB. */
export const KEY_LOG_MAX_ENTRY_BYTES = 65_536
/** Containers around a value in a line. */
export const KEY_LOG_MAX_DEPTH = 32
/** Update keys of one entry, hashes of next keys, witnesses, watchers: each list alone. */
export const KEY_LOG_MAX_LIST = 32
/** Verification methods of one document. */
export const KEY_LOG_MAX_METHODS = 64
/** The witness file. */
export const KEY_LOG_MAX_WITNESS_BYTES = 1_048_576
/** An entry may be this far ahead of the reader's clock, for clocks differ. */
export const KEY_LOG_LEEWAY_MS = 120_000
