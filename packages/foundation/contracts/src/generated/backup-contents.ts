// Generated from contracts/schemas/backup-contents.schema.json by tools/src/generate.ts; do not edit.
import { array, bytes, type Check, object, oneOfValues, optional, ref, run, string } from '../check.ts'
import { checkDid, checkDidKey, checkTimestampMs, type Did, type DidKey, type TimestampMs } from './common.ts'

/**
 * The secrets that make an agent, its key log, whom it knows, and what it gave, was given and took back. Never
 * sessions, prekeys, messages or the audit log.
 * Specified in 21-identity-lifecycle 21.8.
 */
export type BackupContents = {
  readonly v: 1
  /** Ed25519 seed of the DID; absent where an external signer holds the key. */
  readonly identitySeed?: Uint8Array
  /** X25519 secret of the session identity key, as the key log names it. */
  readonly sessionKey: Uint8Array
  readonly transportSeed: Uint8Array
  /** The update key for the next scheduled entry of the key log. */
  readonly nextSeed: Uint8Array
  /** The update key for recovery. */
  readonly recoverySeed: Uint8Array
  /** The key log (18). */
  readonly log: string
  /** The last checkpoint of the audit log. */
  readonly checkpoint?: string
  readonly peers: readonly BackupContentsPeer[]
  /** Key logs of peers. */
  readonly identities: readonly string[]
  readonly grants: readonly BackupContentsGrant[]
  /** Revocations (09) that the agent issued, in their signed bytes. */
  readonly revocations: readonly Uint8Array[]
}

const checkBackupContents: Check = object({
  v: oneOfValues(1),
  identitySeed: optional(bytes(32, 32)),
  sessionKey: bytes(32, 32),
  transportSeed: bytes(32, 32),
  nextSeed: bytes(32, 32),
  recoverySeed: bytes(32, 32),
  log: string({ minLength: 1, maxLength: 900_000 }),
  checkpoint: optional(string({ minLength: 1, maxLength: 4_096 })),
  peers: array(
    ref(() => checkBackupContentsPeer),
    { minItems: 0, maxItems: 10000 },
  ),
  identities: array(string({ minLength: 1, maxLength: 900_000 }), { minItems: 0, maxItems: 10000 }),
  grants: array(
    ref(() => checkBackupContentsGrant),
    { minItems: 0, maxItems: 100000 },
  ),
  revocations: array(bytes(1, 65_536), { minItems: 0, maxItems: 100000 }),
})

/** Returns `value` typed as BackupContents. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseBackupContents(value: unknown): BackupContents {
  run('backup-contents', checkBackupContents, value)
  return value as BackupContents
}

export type BackupContentsPeer = {
  readonly did: DidKey
  readonly name?: string
  readonly endpoints: readonly string[]
  readonly transportKey?: Uint8Array
}

const checkBackupContentsPeer: Check = object({
  did: ref(() => checkDidKey),
  name: optional(string({ minLength: 1, maxLength: 256 })),
  endpoints: array(string({ minLength: 1, maxLength: 512 }), { minItems: 0, maxItems: 8 }),
  transportKey: optional(bytes(32, 32)),
})

/** Returns `value` typed as BackupContentsPeer. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseBackupContentsPeer(value: unknown): BackupContentsPeer {
  run('backup-contents#peer', checkBackupContentsPeer, value)
  return value as BackupContentsPeer
}

export type BackupContentsGrant = {
  readonly direction: 'issued' | 'received'
  readonly peer: Did
  readonly label: string
  readonly bytes: Uint8Array
  readonly createdMs: TimestampMs
  readonly revokedMs?: TimestampMs
}

const checkBackupContentsGrant: Check = object({
  direction: oneOfValues('issued', 'received'),
  peer: ref(() => checkDid),
  label: string({ maxLength: 1_024 }),
  bytes: bytes(1, 65_536),
  createdMs: ref(() => checkTimestampMs),
  revokedMs: optional(ref(() => checkTimestampMs)),
})

/** Returns `value` typed as BackupContentsGrant. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseBackupContentsGrant(value: unknown): BackupContentsGrant {
  run('backup-contents#grant', checkBackupContentsGrant, value)
  return value as BackupContentsGrant
}
