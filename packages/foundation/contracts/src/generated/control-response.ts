// Generated from contracts/schemas/control-response.schema.json by tools/src/generate.ts; do not edit.
import {
  array,
  boolean,
  byType,
  type Check,
  integer,
  map,
  object,
  oneOfValues,
  optional,
  ref,
  run,
  string,
  variant,
} from '../check.ts'
import { type AnchorProofAddress, checkAnchorProofAddress } from './anchor-proof.ts'
import {
  type CidText,
  checkCidText,
  checkDid,
  checkDidKey,
  checkHex32,
  checkTimestampMs,
  checkTimestampS,
  type Did,
  type DidKey,
  type Hex32,
  type TimestampMs,
  type TimestampS,
} from './common.ts'

/**
 * The one line that answers a control request: the result of its method, or an error.
 * Specified in 17-control 17.3.
 */
export type ControlResponse =
  | ControlResponseGranted
  | ControlResponseRevoked
  | ControlResponseImported
  | ControlResponseApproved
  | ControlResponseApprovals
  | ControlResponseApprovalRequest
  | ControlResponseDeclined
  | ControlResponseApprovalTaken
  | ControlResponseProof
  | ControlResponseCalls
  | ControlResponseCheckpoint
  | ControlResponseWitnessed
  | ControlResponseResumed
  | ControlResponseCosigned
  | ControlResponseTrusted
  | ControlResponseAnchors
  | ControlResponseStatus
  | ControlResponseFailed

const checkControlResponse: Check = variant('answer', {
  granted: ref(() => checkControlResponseGranted),
  revoked: ref(() => checkControlResponseRevoked),
  imported: ref(() => checkControlResponseImported),
  approved: ref(() => checkControlResponseApproved),
  approvals: ref(() => checkControlResponseApprovals),
  approvalRequest: ref(() => checkControlResponseApprovalRequest),
  declined: ref(() => checkControlResponseDeclined),
  approvalTaken: ref(() => checkControlResponseApprovalTaken),
  proof: ref(() => checkControlResponseProof),
  calls: ref(() => checkControlResponseCalls),
  checkpoint: ref(() => checkControlResponseCheckpoint),
  witnessed: ref(() => checkControlResponseWitnessed),
  resumed: ref(() => checkControlResponseResumed),
  cosigned: ref(() => checkControlResponseCosigned),
  trusted: ref(() => checkControlResponseTrusted),
  anchors: ref(() => checkControlResponseAnchors),
  status: ref(() => checkControlResponseStatus),
  failed: ref(() => checkControlResponseFailed),
})

/** Returns `value` typed as ControlResponse. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponse(value: unknown): ControlResponse {
  run('control-response', checkControlResponse, value)
  return value as ControlResponse
}

/** The capability that was issued, passed on or renewed. */
export type ControlResponseGranted = {
  readonly answer: 'granted'
  readonly cid: CidText
  readonly bytes: string
  /** Whether the audience was connected and took it. */
  readonly delivered: boolean
}

const checkControlResponseGranted: Check = object({
  answer: oneOfValues('granted'),
  cid: ref(() => checkCidText),
  bytes: string({ minLength: 1, maxLength: 87_382, pattern: /^[A-Za-z0-9_-]+$/u }),
  delivered: boolean,
})

/** Returns `value` typed as ControlResponseGranted. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseGranted(value: unknown): ControlResponseGranted {
  run('control-response#granted', checkControlResponseGranted, value)
  return value as ControlResponseGranted
}

/** The capability is taken back. */
export type ControlResponseRevoked = {
  readonly answer: 'revoked'
}

const checkControlResponseRevoked: Check = object({
  answer: oneOfValues('revoked'),
})

/** Returns `value` typed as ControlResponseRevoked. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseRevoked(value: unknown): ControlResponseRevoked {
  run('control-response#revoked', checkControlResponseRevoked, value)
  return value as ControlResponseRevoked
}

/** The capability that was stored. */
export type ControlResponseImported = {
  readonly answer: 'imported'
  readonly cid: CidText
}

const checkControlResponseImported: Check = object({
  answer: oneOfValues('imported'),
  cid: ref(() => checkCidText),
})

/** Returns `value` typed as ControlResponseImported. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseImported(value: unknown): ControlResponseImported {
  run('control-response#imported', checkControlResponseImported, value)
  return value as ControlResponseImported
}

/** The signed approval. */
export type ControlResponseApproved = {
  readonly answer: 'approved'
  readonly bytes: string
}

const checkControlResponseApproved: Check = object({
  answer: oneOfValues('approved'),
  bytes: string({ minLength: 1, maxLength: 87_382, pattern: /^[A-Za-z0-9_-]+$/u }),
})

/** Returns `value` typed as ControlResponseApproved. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseApproved(value: unknown): ControlResponseApproved {
  run('control-response#approved', checkControlResponseApproved, value)
  return value as ControlResponseApproved
}

/** Calls that wait for approvals, oldest first. */
export type ControlResponseApprovals = {
  readonly answer: 'approvals'
  /** What others asked this agent to approve. */
  readonly asked: readonly ControlResponseWaitingCall[]
  /** Calls of this agent that others must approve. */
  readonly needed: readonly ControlResponseWaitingCall[]
}

const checkControlResponseApprovals: Check = object({
  answer: oneOfValues('approvals'),
  asked: array(
    ref(() => checkControlResponseWaitingCall),
    { minItems: 0, maxItems: 64 },
  ),
  needed: array(
    ref(() => checkControlResponseWaitingCall),
    { minItems: 0, maxItems: 64 },
  ),
})

/** Returns `value` typed as ControlResponseApprovals. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseApprovals(value: unknown): ControlResponseApprovals {
  run('control-response#approvals', checkControlResponseApprovals, value)
  return value as ControlResponseApprovals
}

/** A call without its arguments. */
export type ControlResponseWaitingCall = {
  readonly digest: Hex32
  readonly caller: Did
  readonly executor: Did
  readonly command: string
  /** Who asked, or who may approve as the executor says. */
  readonly peers: readonly Did[]
}

const checkControlResponseWaitingCall: Check = object({
  digest: ref(() => checkHex32),
  caller: ref(() => checkDid),
  executor: ref(() => checkDid),
  command: string({ minLength: 1, maxLength: 1_024 }),
  peers: array(
    ref(() => checkDid),
    { minItems: 0, maxItems: 272 },
  ),
})

/** Returns `value` typed as ControlResponseWaitingCall. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseWaitingCall(value: unknown): ControlResponseWaitingCall {
  run('control-response#waitingCall', checkControlResponseWaitingCall, value)
  return value as ControlResponseWaitingCall
}

/** The request for the approval of one call. */
export type ControlResponseApprovalRequest = {
  readonly answer: 'approvalRequest'
  readonly request: string
}

const checkControlResponseApprovalRequest: Check = object({
  answer: oneOfValues('approvalRequest'),
  request: string({ minLength: 1, maxLength: 1_376_256, pattern: /^[A-Za-z0-9_-]+$/u }),
})

/** Returns `value` typed as ControlResponseApprovalRequest. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseApprovalRequest(value: unknown): ControlResponseApprovalRequest {
  run('control-response#approvalRequest', checkControlResponseApprovalRequest, value)
  return value as ControlResponseApprovalRequest
}

/** The call is forgotten. */
export type ControlResponseDeclined = {
  readonly answer: 'declined'
}

const checkControlResponseDeclined: Check = object({
  answer: oneOfValues('declined'),
})

/** Returns `value` typed as ControlResponseDeclined. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseDeclined(value: unknown): ControlResponseDeclined {
  run('control-response#declined', checkControlResponseDeclined, value)
  return value as ControlResponseDeclined
}

/** The call that the approval is of; the next attempt brings it along. */
export type ControlResponseApprovalTaken = {
  readonly answer: 'approvalTaken'
  readonly digest: Hex32
}

const checkControlResponseApprovalTaken: Check = object({
  answer: oneOfValues('approvalTaken'),
  digest: ref(() => checkHex32),
})

/** Returns `value` typed as ControlResponseApprovalTaken. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseApprovalTaken(value: unknown): ControlResponseApprovalTaken {
  run('control-response#approvalTaken', checkControlResponseApprovalTaken, value)
  return value as ControlResponseApprovalTaken
}

/** The proof bundle. */
export type ControlResponseProof = {
  readonly answer: 'proof'
  readonly bundle: string
}

const checkControlResponseProof: Check = object({
  answer: oneOfValues('proof'),
  bundle: string({ minLength: 1, maxLength: 4_194_304 }),
})

/** Returns `value` typed as ControlResponseProof. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseProof(value: unknown): ControlResponseProof {
  run('control-response#proof', checkControlResponseProof, value)
  return value as ControlResponseProof
}

/** Calls that the agent made and can prove, the newest first. */
export type ControlResponseCalls = {
  readonly answer: 'calls'
  readonly calls: readonly {
    readonly invocation: CidText
    readonly peer: Did
    readonly command: string
    readonly capabilities: readonly CidText[]
    readonly outcome: 'allow' | 'deny' | 'refer' | 'error'
    readonly decidedAtMs: TimestampMs
    /** Whether the executor's part is here, so that the proof is made without it. */
    readonly isWhole: boolean
  }[]
}

const checkControlResponseCalls: Check = object({
  answer: oneOfValues('calls'),
  calls: array(
    object({
      invocation: ref(() => checkCidText),
      peer: ref(() => checkDid),
      command: string({ maxLength: 4_096 }),
      capabilities: array(
        ref(() => checkCidText),
        { minItems: 0, maxItems: 16 },
      ),
      outcome: oneOfValues('allow', 'deny', 'refer', 'error'),
      decidedAtMs: ref(() => checkTimestampMs),
      isWhole: boolean,
    }),
    { minItems: 0, maxItems: 1000 },
  ),
})

/** Returns `value` typed as ControlResponseCalls. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseCalls(value: unknown): ControlResponseCalls {
  run('control-response#calls', checkControlResponseCalls, value)
  return value as ControlResponseCalls
}

/** The peer cosigned. */
export type ControlResponseWitnessed = {
  readonly answer: 'witnessed'
  readonly peer: DidKey
  readonly size: number
  readonly timeS: TimestampS
}

const checkControlResponseWitnessed: Check = object({
  answer: oneOfValues('witnessed'),
  peer: ref(() => checkDidKey),
  size: integer(0, Number.MAX_SAFE_INTEGER),
  timeS: ref(() => checkTimestampS),
})

/** Returns `value` typed as ControlResponseWitnessed. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseWitnessed(value: unknown): ControlResponseWitnessed {
  run('control-response#witnessed', checkControlResponseWitnessed, value)
  return value as ControlResponseWitnessed
}

/** The agent cosigned. */
export type ControlResponseCosigned = {
  readonly answer: 'cosigned'
  readonly line: string
}

const checkControlResponseCosigned: Check = object({
  answer: oneOfValues('cosigned'),
  line: string({ minLength: 1, maxLength: 1_024 }),
})

/** Returns `value` typed as ControlResponseCosigned. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseCosigned(value: unknown): ControlResponseCosigned {
  run('control-response#cosigned', checkControlResponseCosigned, value)
  return value as ControlResponseCosigned
}

/** The log is known under this name. */
export type ControlResponseTrusted = {
  readonly answer: 'trusted'
  readonly origin: string
}

const checkControlResponseTrusted: Check = object({
  answer: oneOfValues('trusted'),
  origin: string({ minLength: 1, maxLength: 256 }),
})

/** Returns `value` typed as ControlResponseTrusted. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseTrusted(value: unknown): ControlResponseTrusted {
  run('control-response#trusted', checkControlResponseTrusted, value)
  return value as ControlResponseTrusted
}

/** The log signs again. */
export type ControlResponseResumed = {
  readonly answer: 'resumed'
}

const checkControlResponseResumed: Check = object({
  answer: oneOfValues('resumed'),
})

/** Returns `value` typed as ControlResponseResumed. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseResumed(value: unknown): ControlResponseResumed {
  run('control-response#resumed', checkControlResponseResumed, value)
  return value as ControlResponseResumed
}

/** The signed note. */
export type ControlResponseCheckpoint = {
  readonly answer: 'checkpoint'
  readonly note: string
}

const checkControlResponseCheckpoint: Check = object({
  answer: oneOfValues('checkpoint'),
  note: string({ minLength: 1, maxLength: 65_536 }),
})

/** Returns `value` typed as ControlResponseCheckpoint. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseCheckpoint(value: unknown): ControlResponseCheckpoint {
  run('control-response#checkpoint', checkControlResponseCheckpoint, value)
  return value as ControlResponseCheckpoint
}

/** How the anchors of the log stand. */
export type ControlResponseAnchors = {
  readonly answer: 'anchors'
  readonly chainId: number
  readonly contract: AnchorProofAddress
  /** Who sends the transactions and pays. */
  readonly by: AnchorProofAddress
  /** The newest heads of the log of logs, newest first. */
  readonly heads: readonly ControlResponseAnchorHead[]
  /** Code of the error that the last step met. */
  readonly failure?: string
}

const checkControlResponseAnchors: Check = object({
  answer: oneOfValues('anchors'),
  chainId: integer(1, Number.MAX_SAFE_INTEGER),
  contract: ref(() => checkAnchorProofAddress),
  by: ref(() => checkAnchorProofAddress),
  heads: array(
    ref(() => checkControlResponseAnchorHead),
    { minItems: 0, maxItems: 16 },
  ),
  failure: optional(string({ maxLength: 64, pattern: /^[A-Z][A-Z0-9_]*$/u })),
})

/** Returns `value` typed as ControlResponseAnchors. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseAnchors(value: unknown): ControlResponseAnchors {
  run('control-response#anchors', checkControlResponseAnchors, value)
  return value as ControlResponseAnchors
}

/** One head, and how far it is. */
export type ControlResponseAnchorHead = {
  readonly size: number
  readonly root: Hex32
  readonly state: 'absent' | 'pending' | 'included' | 'final'
  readonly transaction?: string
  readonly block?: number
  readonly confirmations?: number
  readonly needed?: number
  /** Whether the audit log says so. */
  readonly recorded: boolean
}

const checkControlResponseAnchorHead: Check = object({
  size: integer(1, Number.MAX_SAFE_INTEGER),
  root: ref(() => checkHex32),
  state: oneOfValues('absent', 'pending', 'included', 'final'),
  transaction: optional(string({ maxLength: 66, pattern: /^0x[0-9a-f]{64}$/u })),
  block: optional(integer(0, Number.MAX_SAFE_INTEGER)),
  confirmations: optional(integer(0, Number.MAX_SAFE_INTEGER)),
  needed: optional(integer(0, Number.MAX_SAFE_INTEGER)),
  recorded: boolean,
})

/** Returns `value` typed as ControlResponseAnchorHead. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseAnchorHead(value: unknown): ControlResponseAnchorHead {
  run('control-response#anchorHead', checkControlResponseAnchorHead, value)
  return value as ControlResponseAnchorHead
}

/** Who runs here, and as what. */
export type ControlResponseStatus = {
  readonly answer: 'status'
  readonly did: DidKey
  readonly command: string
  readonly processId: number
}

const checkControlResponseStatus: Check = object({
  answer: oneOfValues('status'),
  did: ref(() => checkDidKey),
  command: string({ maxLength: 64 }),
  processId: integer(0, Number.MAX_SAFE_INTEGER),
})

/** Returns `value` typed as ControlResponseStatus. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseStatus(value: unknown): ControlResponseStatus {
  run('control-response#status', checkControlResponseStatus, value)
  return value as ControlResponseStatus
}

/** The error's code and the values of its message. */
export type ControlResponseFailed = {
  readonly answer: 'failed'
  readonly code: string
  readonly details: { readonly [name: string]: string | number | boolean }
}

const checkControlResponseFailed: Check = object({
  answer: oneOfValues('failed'),
  code: string({ maxLength: 64, pattern: /^[A-Z][A-Z0-9_]*$/u }),
  details: map(
    byType({
      string: string({ maxLength: 4_096 }),
      integer: integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
      boolean: boolean,
    }),
    32,
  ),
})

/** Returns `value` typed as ControlResponseFailed. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponseFailed(value: unknown): ControlResponseFailed {
  run('control-response#failed', checkControlResponseFailed, value)
  return value as ControlResponseFailed
}
