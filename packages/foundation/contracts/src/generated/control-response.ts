// Generated from contracts/schemas/control-response.schema.json by tools/src/generate.ts; do not edit.
import { boolean, byType, type Check, integer, map, object, oneOfValues, ref, run, string, variant } from '../check.ts'
import { type CidText, checkCidText, checkDidKey, type DidKey } from './common.ts'

/**
 * The one line that answers a control request: the result of its method, or an error.
 * Specified in 17-control 17.3.
 */
export type ControlResponse =
  | ControlResponseGranted
  | ControlResponseRevoked
  | ControlResponseImported
  | ControlResponseApproved
  | ControlResponseProof
  | ControlResponseCheckpoint
  | ControlResponseStatus
  | ControlResponseFailed

const checkControlResponse: Check = variant('answer', {
  granted: ref(() => checkControlResponseGranted),
  revoked: ref(() => checkControlResponseRevoked),
  imported: ref(() => checkControlResponseImported),
  approved: ref(() => checkControlResponseApproved),
  proof: ref(() => checkControlResponseProof),
  checkpoint: ref(() => checkControlResponseCheckpoint),
  status: ref(() => checkControlResponseStatus),
  failed: ref(() => checkControlResponseFailed),
})

/** Returns `value` typed as ControlResponse. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlResponse(value: unknown): ControlResponse {
  run('control-response', checkControlResponse, value)
  return value as ControlResponse
}

/** The capability that was issued, passed on or renewed. */
export interface ControlResponseGranted {
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
export interface ControlResponseRevoked {
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
export interface ControlResponseImported {
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
export interface ControlResponseApproved {
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

/** The proof bundle. */
export interface ControlResponseProof {
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

/** The signed note. */
export interface ControlResponseCheckpoint {
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

/** Who runs here, and as what. */
export interface ControlResponseStatus {
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
export interface ControlResponseFailed {
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
