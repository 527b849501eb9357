// Generated from contracts/schemas/denial.schema.json by tools/src/generate.ts; do not edit.
import { array, type Check, object, optional, ref, run, string } from '../check.ts'

/**
 * Why a call was not allowed: the root of a tree of causes.
 * Specified in 08-invocation 8.7.
 */
export type Denial = DenialCause

const checkDenial: Check = ref(() => checkDenialCause)

/** Returns `value` typed as Denial. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseDenial(value: unknown): Denial {
  run('denial', checkDenial, value)
  return value as Denial
}

/** One cause: a stable code, its message, and what lies underneath. */
export type DenialCause = {
  readonly code: string
  readonly message: string
  readonly remedy: string
  /** Where in the tokens. */
  readonly path?: string
  readonly causes: readonly DenialCause[]
}

const checkDenialCause: Check = object({
  code: string({ minLength: 1, maxLength: 64, pattern: /^[A-Z][A-Z0-9_]*$/u }),
  message: string({ maxLength: 4_096 }),
  remedy: string({ maxLength: 1_024 }),
  path: optional(string({ maxLength: 256 })),
  causes: array(
    ref(() => checkDenialCause),
    { minItems: 0, maxItems: 1024 },
  ),
})

/** Returns `value` typed as DenialCause. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseDenialCause(value: unknown): DenialCause {
  run('denial#cause', checkDenialCause, value)
  return value as DenialCause
}
