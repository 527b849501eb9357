// Generated from contracts/schemas/control-request.schema.json by tools/src/generate.ts; do not edit.
import type { JsonValue } from '@talos/bytes'
import {
  anyJson,
  array,
  boolean,
  type Check,
  integer,
  object,
  oneOfValues,
  optional,
  ref,
  run,
  string,
  variant,
} from '../check.ts'
import {
  type CidText,
  checkCidText,
  checkDidKey,
  checkHex32,
  checkTimestampMs,
  type DidKey,
  type Hex32,
  type TimestampMs,
} from './common.ts'

/**
 * One line from a talos command to the process that runs the agent on the same machine, over its control socket. Never
 * leaves the machine.
 * Specified in 17-control 17.2.
 */
export type ControlRequest =
  | ControlRequestGrant
  | ControlRequestDelegate
  | ControlRequestRenew
  | ControlRequestRevoke
  | ControlRequestRevokeAll
  | ControlRequestApprove
  | ControlRequestApprovals
  | ControlRequestApprovalRequest
  | ControlRequestApproveAsked
  | ControlRequestDeclineAsked
  | ControlRequestTakeApproval
  | ControlRequestImport
  | ControlRequestExportProof
  | ControlRequestCalls
  | ControlRequestCheckpoint
  | ControlRequestWitness
  | ControlRequestResumeLog
  | ControlRequestAddCheckpoint
  | ControlRequestTrustLog
  | ControlRequestAnchors
  | ControlRequestStatus

const checkControlRequest: Check = variant('method', {
  grant: ref(() => checkControlRequestGrant),
  delegate: ref(() => checkControlRequestDelegate),
  renew: ref(() => checkControlRequestRenew),
  revoke: ref(() => checkControlRequestRevoke),
  revokeAll: ref(() => checkControlRequestRevokeAll),
  approve: ref(() => checkControlRequestApprove),
  approvals: ref(() => checkControlRequestApprovals),
  approvalRequest: ref(() => checkControlRequestApprovalRequest),
  approveAsked: ref(() => checkControlRequestApproveAsked),
  declineAsked: ref(() => checkControlRequestDeclineAsked),
  takeApproval: ref(() => checkControlRequestTakeApproval),
  import: ref(() => checkControlRequestImport),
  exportProof: ref(() => checkControlRequestExportProof),
  calls: ref(() => checkControlRequestCalls),
  checkpoint: ref(() => checkControlRequestCheckpoint),
  witness: ref(() => checkControlRequestWitness),
  resumeLog: ref(() => checkControlRequestResumeLog),
  addCheckpoint: ref(() => checkControlRequestAddCheckpoint),
  trustLog: ref(() => checkControlRequestTrustLog),
  anchors: ref(() => checkControlRequestAnchors),
  status: ref(() => checkControlRequestStatus),
})

/** Returns `value` typed as ControlRequest. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequest(value: unknown): ControlRequest {
  run('control-request', checkControlRequest, value)
  return value as ControlRequest
}

/** Issues a capability. */
export type ControlRequestGrant = {
  readonly method: 'grant'
  readonly to: DidKey
  readonly server: string
  readonly tool?: string
  /** Typed rules of talos/cap@1 (07-delegation 7.6). */
  readonly rules: readonly JsonValue[]
  readonly expiresInS: number
  readonly depth?: number
  readonly label: string
  readonly terms: ControlRequestTerms
}

const checkControlRequestGrant: Check = object({
  method: oneOfValues('grant'),
  to: ref(() => checkDidKey),
  server: string({ minLength: 1, maxLength: 128 }),
  tool: optional(string({ minLength: 1, maxLength: 128 })),
  rules: array(anyJson, { minItems: 0, maxItems: 64 }),
  expiresInS: integer(1, 315_360_000),
  depth: optional(integer(0, 15)),
  label: string({ maxLength: 128 }),
  terms: ref(() => checkControlRequestTerms),
})

/** Returns `value` typed as ControlRequestGrant. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestGrant(value: unknown): ControlRequestGrant {
  run('control-request#grant', checkControlRequestGrant, value)
  return value as ControlRequestGrant
}

/** Passes on a capability that was received; without a server, the whole of it. */
export type ControlRequestDelegate = {
  readonly method: 'delegate'
  readonly parent: CidText
  readonly to: DidKey
  readonly server?: string
  readonly tool?: string
  readonly rules: readonly JsonValue[]
  readonly expiresInS: number
  readonly depth?: number
  readonly label: string
  readonly terms: ControlRequestTerms
}

const checkControlRequestDelegate: Check = object({
  method: oneOfValues('delegate'),
  parent: ref(() => checkCidText),
  to: ref(() => checkDidKey),
  server: optional(string({ minLength: 1, maxLength: 128 })),
  tool: optional(string({ minLength: 1, maxLength: 128 })),
  rules: array(anyJson, { minItems: 0, maxItems: 64 }),
  expiresInS: integer(1, 315_360_000),
  depth: optional(integer(0, 15)),
  label: string({ maxLength: 128 }),
  terms: ref(() => checkControlRequestTerms),
})

/** Returns `value` typed as ControlRequestDelegate. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestDelegate(value: unknown): ControlRequestDelegate {
  run('control-request#delegate', checkControlRequestDelegate, value)
  return value as ControlRequestDelegate
}

/** Renews a lease that the agent gave, and offers it to its holder. */
export type ControlRequestRenew = {
  readonly method: 'renew'
  readonly cid: CidText
  readonly expiresInS?: number
}

const checkControlRequestRenew: Check = object({
  method: oneOfValues('renew'),
  cid: ref(() => checkCidText),
  expiresInS: optional(integer(1, 315_360_000)),
})

/** Returns `value` typed as ControlRequestRenew. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestRenew(value: unknown): ControlRequestRenew {
  run('control-request#renew', checkControlRequestRenew, value)
  return value as ControlRequestRenew
}

/** The further terms of talos/cap@1 (07-delegation 7.2, 16-metering). */
export type ControlRequestTerms = {
  readonly need?: 'channel' | 'mac' | 'signature'
  readonly limits?: readonly JsonValue[]
  readonly when?: readonly JsonValue[]
  /** Makes it a lease that the agent renews so often at most. */
  readonly maxRenewals?: number
  readonly approvals?: ControlRequestApprovalTerms
}

const checkControlRequestTerms: Check = object({
  need: optional(oneOfValues('channel', 'mac', 'signature')),
  limits: optional(array(anyJson, { minItems: 1, maxItems: 16 })),
  when: optional(array(anyJson, { minItems: 1, maxItems: 16 })),
  maxRenewals: optional(integer(0, 1_000_000)),
  approvals: optional(ref(() => checkControlRequestApprovalTerms)),
})

/** Returns `value` typed as ControlRequestTerms. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestTerms(value: unknown): ControlRequestTerms {
  run('control-request#terms', checkControlRequestTerms, value)
  return value as ControlRequestTerms
}

/** How many of whom must have approved each exact call. */
export type ControlRequestApprovalTerms = {
  readonly m: number
  readonly of: readonly DidKey[]
}

const checkControlRequestApprovalTerms: Check = object({
  m: integer(1, 16),
  of: array(
    ref(() => checkDidKey),
    { minItems: 1, maxItems: 16 },
  ),
})

/** Returns `value` typed as ControlRequestApprovalTerms. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestApprovalTerms(value: unknown): ControlRequestApprovalTerms {
  run('control-request#approvalTerms', checkControlRequestApprovalTerms, value)
  return value as ControlRequestApprovalTerms
}

/** Takes a capability back. */
export type ControlRequestRevoke = {
  readonly method: 'revoke'
  readonly cid: CidText
  readonly reason?: string
  readonly evidence?: Hex32
}

const checkControlRequestRevoke: Check = object({
  method: oneOfValues('revoke'),
  cid: ref(() => checkCidText),
  reason: optional(string({ minLength: 1, maxLength: 256 })),
  evidence: optional(ref(() => checkHex32)),
})

/** Returns `value` typed as ControlRequestRevoke. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestRevoke(value: unknown): ControlRequestRevoke {
  run('control-request#revoke', checkControlRequestRevoke, value)
  return value as ControlRequestRevoke
}

/** Takes back everything that the agent gave to somebody. */
export type ControlRequestRevokeAll = {
  readonly method: 'revokeAll'
  readonly who: DidKey
  readonly reason?: string
  readonly evidence?: Hex32
}

const checkControlRequestRevokeAll: Check = object({
  method: oneOfValues('revokeAll'),
  who: ref(() => checkDidKey),
  reason: optional(string({ minLength: 1, maxLength: 256 })),
  evidence: optional(ref(() => checkHex32)),
})

/** Returns `value` typed as ControlRequestRevokeAll. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestRevokeAll(value: unknown): ControlRequestRevokeAll {
  run('control-request#revokeAll', checkControlRequestRevokeAll, value)
  return value as ControlRequestRevokeAll
}

/** Approves the exact call of a request, once. */
export type ControlRequestApprove = {
  readonly method: 'approve'
  readonly request: string
  readonly note?: string
  readonly expiresInS?: number
}

const checkControlRequestApprove: Check = object({
  method: oneOfValues('approve'),
  request: string({ minLength: 1, maxLength: 87_382, pattern: /^[A-Za-z0-9_-]+$/u }),
  note: optional(string({ minLength: 1, maxLength: 256 })),
  expiresInS: optional(integer(1, 3_600)),
})

/** Returns `value` typed as ControlRequestApprove. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestApprove(value: unknown): ControlRequestApprove {
  run('control-request#approve', checkControlRequestApprove, value)
  return value as ControlRequestApprove
}

/** Asks which calls wait for approvals: those that others asked this agent about, and its own. */
export type ControlRequestApprovals = {
  readonly method: 'approvals'
}

const checkControlRequestApprovals: Check = object({
  method: oneOfValues('approvals'),
})

/** Returns `value` typed as ControlRequestApprovals. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestApprovals(value: unknown): ControlRequestApprovals {
  run('control-request#approvals', checkControlRequestApprovals, value)
  return value as ControlRequestApprovals
}

/** Asks for the request of one of those calls, in its canonical bytes. */
export type ControlRequestApprovalRequest = {
  readonly method: 'approvalRequest'
  readonly digest: Hex32
}

const checkControlRequestApprovalRequest: Check = object({
  method: oneOfValues('approvalRequest'),
  digest: ref(() => checkHex32),
})

/** Returns `value` typed as ControlRequestApprovalRequest. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestApprovalRequest(value: unknown): ControlRequestApprovalRequest {
  run('control-request#approvalRequest', checkControlRequestApprovalRequest, value)
  return value as ControlRequestApprovalRequest
}

/** Approves a call that others asked this agent about, once. */
export type ControlRequestApproveAsked = {
  readonly method: 'approveAsked'
  readonly digest: Hex32
  readonly note?: string
  readonly expiresInS?: number
}

const checkControlRequestApproveAsked: Check = object({
  method: oneOfValues('approveAsked'),
  digest: ref(() => checkHex32),
  note: optional(string({ minLength: 1, maxLength: 256 })),
  expiresInS: optional(integer(1, 3_600)),
})

/** Returns `value` typed as ControlRequestApproveAsked. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestApproveAsked(value: unknown): ControlRequestApproveAsked {
  run('control-request#approveAsked', checkControlRequestApproveAsked, value)
  return value as ControlRequestApproveAsked
}

/** Forgets a call that others asked this agent about. */
export type ControlRequestDeclineAsked = {
  readonly method: 'declineAsked'
  readonly digest: Hex32
}

const checkControlRequestDeclineAsked: Check = object({
  method: oneOfValues('declineAsked'),
  digest: ref(() => checkHex32),
})

/** Returns `value` typed as ControlRequestDeclineAsked. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestDeclineAsked(value: unknown): ControlRequestDeclineAsked {
  run('control-request#declineAsked', checkControlRequestDeclineAsked, value)
  return value as ControlRequestDeclineAsked
}

/** Hands in an approval of a call of this agent that came as a file. */
export type ControlRequestTakeApproval = {
  readonly method: 'takeApproval'
  readonly bytes: string
}

const checkControlRequestTakeApproval: Check = object({
  method: oneOfValues('takeApproval'),
  bytes: string({ minLength: 1, maxLength: 21_846, pattern: /^[A-Za-z0-9_-]+$/u }),
})

/** Returns `value` typed as ControlRequestTakeApproval. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestTakeApproval(value: unknown): ControlRequestTakeApproval {
  run('control-request#takeApproval', checkControlRequestTakeApproval, value)
  return value as ControlRequestTakeApproval
}

/** Stores a capability that was received as a file. */
export type ControlRequestImport = {
  readonly method: 'import'
  readonly bytes: string
}

const checkControlRequestImport: Check = object({
  method: oneOfValues('import'),
  bytes: string({ minLength: 1, maxLength: 87_382, pattern: /^[A-Za-z0-9_-]+$/u }),
})

/** Returns `value` typed as ControlRequestImport. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestImport(value: unknown): ControlRequestImport {
  run('control-request#import', checkControlRequestImport, value)
  return value as ControlRequestImport
}

/** Builds the proof bundle of one call. */
export type ControlRequestExportProof = {
  readonly method: 'exportProof'
  readonly invocation: CidText
  /** Parts of the call to show (12-proof-bundle 12.9). */
  readonly disclose?: readonly string[]
  /** Whether to leave out the signed call, in which its arguments stand (12-proof-bundle 12.17). */
  readonly hideContents?: boolean
}

const checkControlRequestExportProof: Check = object({
  method: oneOfValues('exportProof'),
  invocation: ref(() => checkCidText),
  disclose: optional(array(string({ minLength: 1, maxLength: 1_024 }), { minItems: 0, maxItems: 64 })),
  hideContents: optional(boolean),
})

/** Returns `value` typed as ControlRequestExportProof. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestExportProof(value: unknown): ControlRequestExportProof {
  run('control-request#exportProof', checkControlRequestExportProof, value)
  return value as ControlRequestExportProof
}

/** Lists the newest calls that the agent made and can prove; all filters narrow together. */
export type ControlRequestCalls = {
  readonly method: 'calls'
  readonly peer?: DidKey
  readonly command?: string
  readonly capability?: CidText
  readonly outcome?: 'allow' | 'deny' | 'refer' | 'error'
  readonly sinceMs?: TimestampMs
  readonly untilMs?: TimestampMs
  readonly limit: number
}

const checkControlRequestCalls: Check = object({
  method: oneOfValues('calls'),
  peer: optional(ref(() => checkDidKey)),
  command: optional(string({ minLength: 1, maxLength: 4_096 })),
  capability: optional(ref(() => checkCidText)),
  outcome: optional(oneOfValues('allow', 'deny', 'refer', 'error')),
  sinceMs: optional(ref(() => checkTimestampMs)),
  untilMs: optional(ref(() => checkTimestampMs)),
  limit: integer(1, 1_000),
})

/** Returns `value` typed as ControlRequestCalls. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestCalls(value: unknown): ControlRequestCalls {
  run('control-request#calls', checkControlRequestCalls, value)
  return value as ControlRequestCalls
}

/** Asks a peer for its cosignature of the log's newest checkpoint. */
export type ControlRequestWitness = {
  readonly method: 'witness'
  readonly peer: DidKey
}

const checkControlRequestWitness: Check = object({
  method: oneOfValues('witness'),
  peer: ref(() => checkDidKey),
})

/** Returns `value` typed as ControlRequestWitness. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestWitness(value: unknown): ControlRequestWitness {
  run('control-request#witness', checkControlRequestWitness, value)
  return value as ControlRequestWitness
}

/** Has the agent cosign a checkpoint of a log that it knows. */
export type ControlRequestAddCheckpoint = {
  readonly method: 'addCheckpoint'
  readonly note: string
  readonly from: number
  readonly proof: readonly string[]
}

const checkControlRequestAddCheckpoint: Check = object({
  method: oneOfValues('addCheckpoint'),
  note: string({ minLength: 1, maxLength: 65_536 }),
  from: integer(0, Number.MAX_SAFE_INTEGER),
  proof: array(string({ maxLength: 44, pattern: /^[A-Za-z0-9+/]{43}=$/u }), { minItems: 0, maxItems: 63 }),
})

/** Returns `value` typed as ControlRequestAddCheckpoint. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestAddCheckpoint(value: unknown): ControlRequestAddCheckpoint {
  run('control-request#addCheckpoint', checkControlRequestAddCheckpoint, value)
  return value as ControlRequestAddCheckpoint
}

/** Makes a log known that is no agent's. */
export type ControlRequestTrustLog = {
  readonly method: 'trustLog'
  readonly vkey: string
}

const checkControlRequestTrustLog: Check = object({
  method: oneOfValues('trustLog'),
  vkey: string({ minLength: 1, maxLength: 512 }),
})

/** Returns `value` typed as ControlRequestTrustLog. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestTrustLog(value: unknown): ControlRequestTrustLog {
  run('control-request#trustLog', checkControlRequestTrustLog, value)
  return value as ControlRequestTrustLog
}

/** Lets the log sign again without a peer's word on how far it went. */
export type ControlRequestResumeLog = {
  readonly method: 'resumeLog'
}

const checkControlRequestResumeLog: Check = object({
  method: oneOfValues('resumeLog'),
})

/** Returns `value` typed as ControlRequestResumeLog. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestResumeLog(value: unknown): ControlRequestResumeLog {
  run('control-request#resumeLog', checkControlRequestResumeLog, value)
  return value as ControlRequestResumeLog
}

/** Signs the log as it is now. */
export type ControlRequestCheckpoint = {
  readonly method: 'checkpoint'
}

const checkControlRequestCheckpoint: Check = object({
  method: oneOfValues('checkpoint'),
})

/** Returns `value` typed as ControlRequestCheckpoint. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestCheckpoint(value: unknown): ControlRequestCheckpoint {
  run('control-request#checkpoint', checkControlRequestCheckpoint, value)
  return value as ControlRequestCheckpoint
}

/** Asks how the anchors of the log stand; with `now`, anchors what is there at this moment as well. */
export type ControlRequestAnchors = {
  readonly method: 'anchors'
  readonly now: boolean
}

const checkControlRequestAnchors: Check = object({
  method: oneOfValues('anchors'),
  now: boolean,
})

/** Returns `value` typed as ControlRequestAnchors. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestAnchors(value: unknown): ControlRequestAnchors {
  run('control-request#anchors', checkControlRequestAnchors, value)
  return value as ControlRequestAnchors
}

/** Asks who runs here. */
export type ControlRequestStatus = {
  readonly method: 'status'
}

const checkControlRequestStatus: Check = object({
  method: oneOfValues('status'),
})

/** Returns `value` typed as ControlRequestStatus. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestStatus(value: unknown): ControlRequestStatus {
  run('control-request#status', checkControlRequestStatus, value)
  return value as ControlRequestStatus
}
