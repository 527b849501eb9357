// Generated from contracts/schemas/pending-change.schema.json by tools/src/generate.ts; do not edit.
import { boolean, type Check, integer, object, oneOfValues, optional, ref, run, string } from '../check.ts'
import { type Base64url, checkBase64url, checkDidKey, type DidKey } from './common.ts'

/**
 * A rotation, recovery or deactivation that was decided and is being carried out; lies in the agent's folder until it
 * is done.
 * Specified in 21-identity-lifecycle 21.4.
 */
export type PendingChange = {
  readonly v: 1
  readonly kind: 'rotate' | 'recover' | 'restore' | 'deactivate'
  /** The key that signs from now on. */
  readonly did: DidKey
  /** The new key file (03-identity 3.6). */
  readonly keyFile: string
  /** The whole key log (18), the new entry included. */
  readonly log: string
  /**
   * Delegation of the audit log's key by the new key (03-identity 3.7), in base64url. Absent with a deactivation, and
   * where a new audit log begins.
   */
  readonly logKey?: Base64url
  /** Whether keys are compromised. */
  readonly isEmergency: boolean
  readonly newLog?: PendingChangeNewLog
}

const checkPendingChange: Check = object({
  v: oneOfValues(1),
  kind: oneOfValues('rotate', 'recover', 'restore', 'deactivate'),
  did: ref(() => checkDidKey),
  keyFile: string({ minLength: 1, maxLength: 4_096 }),
  log: string({ minLength: 1, maxLength: 900_000 }),
  logKey: optional(ref(() => checkBase64url)),
  isEmergency: boolean,
  newLog: optional(ref(() => checkPendingChangeNewLog)),
})

/** Returns `value` typed as PendingChange. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parsePendingChange(value: unknown): PendingChange {
  run('pending-change', checkPendingChange, value)
  return value as PendingChange
}

/** A new audit log begins, since the one before is not at hand. */
export type PendingChangeNewLog = {
  readonly epoch: number
  /** The last checkpoint of the epoch before, where it is known. */
  readonly previous?: string
}

const checkPendingChangeNewLog: Check = object({
  epoch: integer(2, Number.MAX_SAFE_INTEGER),
  previous: optional(string({ minLength: 1, maxLength: 4_096 })),
})

/** Returns `value` typed as PendingChangeNewLog. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parsePendingChangeNewLog(value: unknown): PendingChangeNewLog {
  run('pending-change#newLog', checkPendingChangeNewLog, value)
  return value as PendingChangeNewLog
}
