// Generated from contracts/schemas/control-request.schema.json by tools/src/generate.ts; do not edit.
import type { JsonValue } from '@talos/bytes'
import {
  anyJson,
  array,
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
import { type CidText, checkCidText, checkDidKey, type DidKey } from './common.ts'

/**
 * One line from a talos command to the process that runs the agent on the same machine, over its control socket. Never
 * leaves the machine.
 * Specified in 17-control 17.2.
 */
export type ControlRequest =
  | ControlRequestGrant
  | ControlRequestRevoke
  | ControlRequestImport
  | ControlRequestExportProof
  | ControlRequestCheckpoint
  | ControlRequestStatus

const checkControlRequest: Check = variant('method', {
  grant: ref(() => checkControlRequestGrant),
  revoke: ref(() => checkControlRequestRevoke),
  import: ref(() => checkControlRequestImport),
  exportProof: ref(() => checkControlRequestExportProof),
  checkpoint: ref(() => checkControlRequestCheckpoint),
  status: ref(() => checkControlRequestStatus),
})

/** Returns `value` typed as ControlRequest. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequest(value: unknown): ControlRequest {
  run('control-request', checkControlRequest, value)
  return value as ControlRequest
}

/** Issues a capability. */
export interface ControlRequestGrant {
  readonly method: 'grant'
  readonly to: DidKey
  readonly server: string
  readonly tool?: string
  /** Typed rules of talos/cap@1 (07-delegation 7.6). */
  readonly rules: readonly JsonValue[]
  readonly expiresInS: number
  readonly depth?: number
  readonly label: string
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
})

/** Returns `value` typed as ControlRequestGrant. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestGrant(value: unknown): ControlRequestGrant {
  run('control-request#grant', checkControlRequestGrant, value)
  return value as ControlRequestGrant
}

/** Takes a capability back. */
export interface ControlRequestRevoke {
  readonly method: 'revoke'
  readonly cid: CidText
  readonly reason?: string
}

const checkControlRequestRevoke: Check = object({
  method: oneOfValues('revoke'),
  cid: ref(() => checkCidText),
  reason: optional(string({ minLength: 1, maxLength: 256 })),
})

/** Returns `value` typed as ControlRequestRevoke. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestRevoke(value: unknown): ControlRequestRevoke {
  run('control-request#revoke', checkControlRequestRevoke, value)
  return value as ControlRequestRevoke
}

/** Stores a capability that was received as a file. */
export interface ControlRequestImport {
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
export interface ControlRequestExportProof {
  readonly method: 'exportProof'
  readonly invocation: CidText
}

const checkControlRequestExportProof: Check = object({
  method: oneOfValues('exportProof'),
  invocation: ref(() => checkCidText),
})

/** Returns `value` typed as ControlRequestExportProof. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseControlRequestExportProof(value: unknown): ControlRequestExportProof {
  run('control-request#exportProof', checkControlRequestExportProof, value)
  return value as ControlRequestExportProof
}

/** Signs the log as it is now. */
export interface ControlRequestCheckpoint {
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

/** Asks who runs here. */
export interface ControlRequestStatus {
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
