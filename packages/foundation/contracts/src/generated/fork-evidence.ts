// Generated from contracts/schemas/fork-evidence.schema.json by tools/src/generate.ts; do not edit.
import { array, type Check, object, oneOfValues, optional, run, string } from '../check.ts'

/**
 * Two checkpoints that one log signed and that exclude each other, with everything that is needed to see it.
 * Specified in 23-witness 23.6.
 */
export type ForkEvidence = {
  readonly format: 'talos-fork/v1'
  /** The log's name, the first line of both checkpoints. */
  readonly origin: string
  /** The envelopes by which the identity lets the keys sign that signed the two: one, or one for each. */
  readonly logKeys: readonly string[]
  /** The agent's key log, where the key that delegated is not the one that the log is named after. */
  readonly history: readonly string[]
  /** The checkpoint of the smaller size, signed by the log alone. */
  readonly first: string
  /** The checkpoint of the larger or the same size. */
  readonly second: string
  /** The root that the tree of `second` has at the size of `first`; absent for two of the same size. */
  readonly root?: string
  /** The consistency proof from `root` to `second`; empty for two of the same size. */
  readonly proof: readonly string[]
}

const checkForkEvidence: Check = object({
  format: oneOfValues('talos-fork/v1'),
  origin: string({ minLength: 1, maxLength: 255, pattern: /^[!-*,-~]+$/u }),
  logKeys: array(string({ minLength: 1, maxLength: 8_192, pattern: /^[A-Za-z0-9_-]+$/u }), {
    minItems: 1,
    maxItems: 2,
  }),
  history: array(string({ minLength: 1, maxLength: 900_000 }), { minItems: 0, maxItems: 1 }),
  first: string({ minLength: 1, maxLength: 2_048 }),
  second: string({ minLength: 1, maxLength: 2_048 }),
  root: optional(string({ maxLength: 44, pattern: /^[A-Za-z0-9+/]{43}=$/u })),
  proof: array(string({ maxLength: 44, pattern: /^[A-Za-z0-9+/]{43}=$/u }), { minItems: 0, maxItems: 63 }),
})

/** Returns `value` typed as ForkEvidence. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseForkEvidence(value: unknown): ForkEvidence {
  run('fork-evidence', checkForkEvidence, value)
  return value as ForkEvidence
}
