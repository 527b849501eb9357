/**
 * The bare call: an invocation without its envelope, for proof by `mac` or `channel` (spec 08-invocation, clause 8.3).
 *
 *     call = DAG-CBOR of the map of clause 8.1's members            named by its CID
 *     mac  = HMAC-SHA256(key, "talos/call/mac/1" || 0x00 || call)   key: 32 bytes of the session's exporter
 */
import { Cid, concatBytes, decodeCbor, encodeCbor, equalBytes, type Secret, utf8 } from '@talos/bytes'
import { type Did, type Invocation, parseInvocation } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { IpldMap, SignedEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { parseCommand } from './command.ts'
import {
  CALL_MAX_DEPTH,
  DEFAULT_INVOCATION_LIFETIME_S,
  INVOCATION_MAX_BYTES,
  MAX_JUSTIFICATION_LENGTH,
  MIN_NONCE_BYTES,
} from './limits.ts'

/** Bytes of the key of a call's authentication code. */
export const CALL_MAC_KEY_BYTES = 32
/** Bytes of a call's authentication code. */
export const CALL_MAC_BYTES = 32

const MAC_CONTEXT = utf8('talos/call/mac/1\0')

/** A call whose form is good; whether it is proven and allowed is the authorizer's to say. */
export interface VerifiedCall {
  readonly cid: Cid
  /** The exact bytes. */
  readonly bytes: Uint8Array
  /** Who calls. */
  readonly issuer: Did
  readonly subject: Did
  /** The executor: the member `aud`, or the subject where there is none. */
  readonly audience: Did
  readonly command: string
  readonly args: IpldMap
  readonly proofs: readonly Cid[]
  readonly nonce: Uint8Array
  /** null: no end. */
  readonly expiresS: number | null
  readonly issuedAtS: number | undefined
  readonly cause: Cid | undefined
  /** The member `justification` of `meta`, where it is a text of 1 to 1,024 characters. */
  readonly justification: string | undefined
}

/** What a call says, whatever proves it. */
export interface CallTerms {
  /** The executor. */
  readonly audience: Did
  /** Whose resource is called: the executor's own in most cases. */
  readonly subject: Did
  readonly command: string
  /** See `argumentsFromJson`. */
  readonly args: IpldMap
  /** The chain, from the root to the caller; none where the caller is the subject. */
  readonly proofs: readonly Cid[]
  /** At least {@link MIN_NONCE_BYTES} fresh bytes, behind the executor's epoch where it is known: see `epochNonce`. */
  readonly nonce: Uint8Array
  readonly issuedAtS: number
  /** {@link DEFAULT_INVOCATION_LIFETIME_S} after `issuedAtS` when absent. */
  readonly expiresS?: number
  /** The receipt that led to this call. */
  readonly cause?: Cid
  /** Why the call is made, for tools of high risk: 1 to {@link MAX_JUSTIFICATION_LENGTH} characters. */
  readonly justification?: string
}

export interface WriteCallOptions extends CallTerms {
  /** Who calls: the holder of the session or of its exporter key. */
  readonly issuer: Did
  readonly kernel: Kernel
}

/**
 * Writes a bare call.
 *
 * @returns its bytes and name
 * @throws TalosError `CAPABILITY_OPTION_INVALID`, `CAPABILITY_COMMAND_INVALID`, `SCHEMA_INVALID`, `CBOR_INVALID`, `INPUT_TOO_LARGE`
 */
export function writeCall({ issuer, kernel, ...terms }: WriteCallOptions): SignedEnvelope {
  const bytes = encodeCbor({ ...callPayload(issuer, terms) })
  if (bytes.length > INVOCATION_MAX_BYTES) {
    throw new TalosError('INPUT_TOO_LARGE', { sizeBytes: bytes.length, limitBytes: INVOCATION_MAX_BYTES })
  }
  return { bytes, cid: callCid(bytes, kernel) }
}

/**
 * Reads a bare call: canonical form, schema, command. Nothing proves yet who made it.
 *
 * @throws TalosError `INPUT_TOO_LARGE`, `CBOR_INVALID`, `INPUT_TOO_DEEP`, `SCHEMA_INVALID`, `CAPABILITY_COMMAND_INVALID`
 */
export function readCall(bytes: Uint8Array, { kernel }: { readonly kernel: Kernel }): VerifiedCall {
  const decoded = decodeCbor(bytes, { maxBytes: INVOCATION_MAX_BYTES, maxDepth: CALL_MAX_DEPTH })
  return callOf(parseInvocation(decoded), { bytes, cid: callCid(bytes, kernel) })
}

/**
 * The code that proves a bare call: 32 bytes.
 *
 * @param key {@link CALL_MAC_KEY_BYTES} of the session's exporter
 * @throws TalosError `CAPABILITY_OPTION_INVALID` for a key of another length, `SECRET_DISPOSED`
 */
export function callMac(
  call: Uint8Array,
  { key, kernel }: { readonly key: Secret; readonly kernel: Kernel },
): Uint8Array {
  if (key.length !== CALL_MAC_KEY_BYTES) {
    throw new TalosError('CAPABILITY_OPTION_INVALID', { option: 'key', reason: `not ${CALL_MAC_KEY_BYTES} bytes` })
  }
  return key.use((bytes) => kernel.hmacSha256(bytes, concatBytes(MAC_CONTEXT, call)))
}

/** Whether `mac` is the code of `call`, in a time that does not depend on where they differ. */
export function isCallMac(
  mac: Uint8Array,
  { call, ...by }: { readonly call: Uint8Array; readonly key: Secret; readonly kernel: Kernel },
): boolean {
  return equalBytes(mac, callMac(call, by))
}

/**
 * The members of a call, checked.
 *
 * @throws TalosError `CAPABILITY_OPTION_INVALID`, `CAPABILITY_COMMAND_INVALID`, `SCHEMA_INVALID`
 */
export function callPayload(issuer: Did, terms: CallTerms): Invocation {
  const { audience, subject, command, args, proofs, nonce, issuedAtS, cause, justification } = terms
  const { expiresS = issuedAtS + DEFAULT_INVOCATION_LIFETIME_S } = terms
  if (nonce.length < MIN_NONCE_BYTES) throw invalid('nonce', `fewer than ${MIN_NONCE_BYTES} bytes`)
  if (justification !== undefined && !isJustification(justification)) {
    throw invalid('justification', `not 1 to ${MAX_JUSTIFICATION_LENGTH} characters`)
  }
  parseCommand(command)
  return parseInvocation({
    iss: issuer,
    aud: audience,
    sub: subject,
    cmd: command,
    args,
    prf: proofs,
    nonce,
    iat: issuedAtS,
    exp: expiresS,
    ...(cause === undefined ? {} : { cause }),
    ...(justification === undefined ? {} : { meta: { justification } }),
  })
}

/**
 * A call out of its members.
 *
 * @throws TalosError `CAPABILITY_COMMAND_INVALID`
 */
export function callOf(payload: Invocation, named: { readonly bytes: Uint8Array; readonly cid: Cid }): VerifiedCall {
  const { iss, sub, aud = sub, cmd, args, prf, nonce, exp, iat, cause, meta } = payload
  parseCommand(cmd)
  const said = meta?.['justification']
  return {
    cid: named.cid,
    bytes: named.bytes,
    issuer: iss,
    subject: sub,
    audience: aud,
    command: cmd,
    args,
    proofs: prf,
    nonce,
    expiresS: exp,
    issuedAtS: iat,
    cause,
    justification: isJustification(said) ? said : undefined,
  }
}

function isJustification(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_JUSTIFICATION_LENGTH
}

function callCid(bytes: Uint8Array, kernel: Kernel): Cid {
  return Cid.fromSha256(kernel.sha256(bytes))
}

function invalid(option: string, reason: string): TalosError {
  return new TalosError('CAPABILITY_OPTION_INVALID', { option, reason })
}
