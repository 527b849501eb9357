// Generated from contracts/schemas/revocation-fork.schema.json by tools/src/generate.ts; do not edit.
import { array, type Check, object, oneOfValues, optional, run, string } from '../check.ts'

/**
 * Two heads that one key signed and that exclude each other, with everything that is needed to see it.
 * Specified in 24-light-client 24.8.
 */
export type RevocationFork = {
  readonly format: 'talos-revocation-fork/v1'
  /** The two heads (09-receipt-revocation 9.6) in base64url, the one of the shorter list first. */
  readonly heads: readonly string[]
  /** The agent's key log, where it has had more than one key. */
  readonly history: readonly string[]
  /**
   * What the longer list passes at the length of the shorter one; absent where the heads exclude each other as they
   * stand.
   */
  readonly digest?: string
  /** The SHA-256 in the names of the revocations that lead from `digest` to the longer list; empty without one. */
  readonly items: readonly string[]
}

const checkRevocationFork: Check = object({
  format: oneOfValues('talos-revocation-fork/v1'),
  heads: array(string({ minLength: 1, maxLength: 21_846, pattern: /^[A-Za-z0-9_-]+$/u }), { minItems: 2, maxItems: 2 }),
  history: array(string({ minLength: 1, maxLength: 900_000 }), { minItems: 0, maxItems: 1 }),
  digest: optional(string({ maxLength: 44, pattern: /^[A-Za-z0-9+/]{43}=$/u })),
  items: array(string({ maxLength: 44, pattern: /^[A-Za-z0-9+/]{43}=$/u }), { minItems: 0, maxItems: 10000 }),
})

/** Returns `value` typed as RevocationFork. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseRevocationFork(value: unknown): RevocationFork {
  run('revocation-fork', checkRevocationFork, value)
  return value as RevocationFork
}
