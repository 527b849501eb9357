// Generated from contracts/schemas/audit-entry.schema.json by tools/src/generate.ts; do not edit.
import { type Check, integer, object, oneOfValues, optional, ref, run, string } from '../check.ts'
import { type AnchorProofAddress, checkAnchorProofAddress } from './anchor-proof.ts'
import {
  type CidText,
  checkCidText,
  checkDid,
  checkHex32,
  checkTimestampMs,
  checkUuid,
  type Did,
  type Hex32,
  type TimestampMs,
  type Uuid,
} from './common.ts'

/**
 * One leaf of an agent's audit log: what happened, by whose leave, because of which earlier entry. Never contents,
 * keys or network metadata.
 * Specified in 10-audit-entry 10.2.
 */
export type AuditEntry = {
  readonly v: 1
  /** Index of the entry's leaf, so that a copied entry fits no other place. */
  readonly seq: number
  /** The writer's clock when the entry was made. Order is told by `seq` alone. */
  readonly ts: TimestampMs
  readonly kind: AuditEntryKind
  /** The agent whose log this is; the same in every entry of a log. */
  readonly agent: Did
  /** Name of the entry: a UUIDv7 without hyphens. */
  readonly id: string
  /** The session in which it happened. */
  readonly session?: string
  /** The other side. */
  readonly peer?: Did
  /** Id of the message, the same in both sides' logs. */
  readonly message?: Uuid
  /** The capability that was given, used, refused or revoked. */
  readonly cap?: CidText
  /** The command of the tool, such as /mcp/files/tool/read_text_file. */
  readonly tool?: string
  /** Leaf hash of the entry that led to this one, in this log or in the peer's. */
  readonly cause?: Hex32
  readonly decision?: 'allow' | 'deny'
  /** An error code that says why; never a peer's words. */
  readonly reason?: string
  /** The signed object that this entry records: a delegation, invocation, receipt, revocation or bundle. */
  readonly ref?: CidText
  readonly commit?: AuditEntryCommitments
  readonly log?: AuditEntryOpening
  readonly anchor?: AuditEntryAnchor
}

const checkAuditEntry: Check = object({
  v: oneOfValues(1),
  seq: integer(0, 9_007_199_254_740_990),
  ts: ref(() => checkTimestampMs),
  kind: ref(() => checkAuditEntryKind),
  agent: ref(() => checkDid),
  id: string({ maxLength: 32, pattern: /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/u }),
  session: optional(string({ maxLength: 64, pattern: /^[0-9a-f]{16,64}$/u })),
  peer: optional(ref(() => checkDid)),
  message: optional(ref(() => checkUuid)),
  cap: optional(ref(() => checkCidText)),
  tool: optional(string({ maxLength: 512, pattern: /^\/[a-z0-9_~/-]+$/u })),
  cause: optional(ref(() => checkHex32)),
  decision: optional(oneOfValues('allow', 'deny')),
  reason: optional(string({ maxLength: 64, pattern: /^[A-Z][A-Z0-9_]*$/u })),
  ref: optional(ref(() => checkCidText)),
  commit: optional(ref(() => checkAuditEntryCommitments)),
  log: optional(ref(() => checkAuditEntryOpening)),
  anchor: optional(ref(() => checkAuditEntryAnchor)),
})

/** Returns `value` typed as AuditEntry. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAuditEntry(value: unknown): AuditEntry {
  run('audit-entry', checkAuditEntry, value)
  return value as AuditEntry
}

/** What happened. The set is closed: a reader refuses a kind that it does not know. */
export type AuditEntryKind =
  | 'log.open'
  | 'log.close'
  | 'log.fork'
  | 'log.cosign'
  | 'identity.create'
  | 'identity.recover'
  | 'identity.deactivate'
  | 'identity.backup'
  | 'identity.restore'
  | 'key.rotate'
  | 'key.revoke'
  | 'key.prekeys'
  | 'session.open'
  | 'session.close'
  | 'session.reset'
  | 'message.send'
  | 'message.receive'
  | 'cap.grant'
  | 'cap.receive'
  | 'cap.revoke'
  | 'cap.deny'
  | 'cap.approve'
  | 'tool.invoke'
  | 'tool.result'
  | 'tool.deny'
  | 'tool.lost'
  | 'checkpoint.anchor'
  | 'redact'

const checkAuditEntryKind: Check = oneOfValues(
  'log.open',
  'log.close',
  'log.fork',
  'log.cosign',
  'identity.create',
  'identity.recover',
  'identity.deactivate',
  'identity.backup',
  'identity.restore',
  'key.rotate',
  'key.revoke',
  'key.prekeys',
  'session.open',
  'session.close',
  'session.reset',
  'message.send',
  'message.receive',
  'cap.grant',
  'cap.receive',
  'cap.revoke',
  'cap.deny',
  'cap.approve',
  'tool.invoke',
  'tool.result',
  'tool.deny',
  'tool.lost',
  'checkpoint.anchor',
  'redact',
)

/** Returns `value` typed as AuditEntryKind. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAuditEntryKind(value: unknown): AuditEntryKind {
  run('audit-entry#kind', checkAuditEntryKind, value)
  return value as AuditEntryKind
}

/**
 * Salted commitments (clause 10.4). Whoever holds salt and value can disclose them; without the salt nothing can be
 * guessed from them.
 */
export type AuditEntryCommitments = {
  readonly params?: Hex32
  readonly result?: Hex32
  readonly content?: Hex32
  /** Root over commitments to the parts of a call's arguments (clause 10.8). */
  readonly arguments?: Hex32
  /** Root over commitments to the parts of a tool's result (clause 10.8). */
  readonly output?: Hex32
}

const checkAuditEntryCommitments: Check = object({
  params: optional(ref(() => checkHex32)),
  result: optional(ref(() => checkHex32)),
  content: optional(ref(() => checkHex32)),
  arguments: optional(ref(() => checkHex32)),
  output: optional(ref(() => checkHex32)),
})

/** Returns `value` typed as AuditEntryCommitments. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAuditEntryCommitments(value: unknown): AuditEntryCommitments {
  run('audit-entry#commitments', checkAuditEntryCommitments, value)
  return value as AuditEntryCommitments
}

/** Which block of a public chain holds a log of logs of this agent (25-anchor). */
export type AuditEntryAnchor = {
  /** EIP-155 id of the chain. */
  readonly chainId: number
  readonly contract: AnchorProofAddress
  /** The block's number. */
  readonly block: number
  /** The block's hash. */
  readonly hash: Hex32
  /** Leaves of the log of logs. */
  readonly size: number
  /** Its root. */
  readonly root: Hex32
}

const checkAuditEntryAnchor: Check = object({
  chainId: integer(1, Number.MAX_SAFE_INTEGER),
  contract: ref(() => checkAnchorProofAddress),
  block: integer(0, Number.MAX_SAFE_INTEGER),
  hash: ref(() => checkHex32),
  size: integer(1, Number.MAX_SAFE_INTEGER),
  root: ref(() => checkHex32),
})

/** Returns `value` typed as AuditEntryAnchor. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAuditEntryAnchor(value: unknown): AuditEntryAnchor {
  run('audit-entry#anchor', checkAuditEntryAnchor, value)
  return value as AuditEntryAnchor
}

/** What entry 0 says about the log itself. */
export type AuditEntryOpening = {
  /** The log's name, the first line of its checkpoints. */
  readonly origin: string
  /** The bytes of the envelope (03-identity 3.7) by which the identity lets the log key sign, in base64url. */
  readonly delegation: string
  /** The last checkpoint of the log's earlier epoch, a signed note. */
  readonly previous?: string
}

const checkAuditEntryOpening: Check = object({
  origin: string({ minLength: 1, maxLength: 255, pattern: /^[!-*,-~]+$/u }),
  delegation: string({ minLength: 1, maxLength: 8_192, pattern: /^[A-Za-z0-9_-]+$/u }),
  previous: optional(string({ minLength: 1, maxLength: 4_096 })),
})

/** Returns `value` typed as AuditEntryOpening. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAuditEntryOpening(value: unknown): AuditEntryOpening {
  run('audit-entry#opening', checkAuditEntryOpening, value)
  return value as AuditEntryOpening
}
