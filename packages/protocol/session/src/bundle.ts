/**
 * Serving and verifying bundles (spec 05-prekeys-handshake 5.4).
 *
 * The verifier's order: size and form, suite, signature and schema, issuer, serial, times, one-time path. What is
 * returned is what was verified, and only that starts a handshake.
 */
import { decodeCbor, encodeCbor, equalBytes, type IpldValue } from '@talos/bytes'
import {
  type Did,
  PREKEY_BUNDLE_TAG,
  type PrekeyBundle,
  type PublishedBundle,
  parsePrekeyBundle,
  parsePublishedBundle,
} from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { openEnvelope, publicKeyFromDidKey } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { MAX_PUBLISHED_BUNDLE_BYTES, SESSION_SUITE } from './constants.ts'
import { type PublishedOneTime, verifyOneTime } from './one-time-tree.ts'

/**
 * The bytes that a requester gets.
 *
 * @param options.oneTime a pair that was never served before; left out when none is left
 */
export function publishBundle(options: {
  readonly bundle: Uint8Array
  readonly oneTime?: PublishedOneTime
}): Uint8Array {
  const { bundle: envelope, oneTime } = options
  return encodeCbor(oneTime === undefined ? { envelope } : { envelope, oneTime: { ...oneTime } })
}

declare const verified: unique symbol

/** A bundle whose signature, times and path were checked. */
export interface VerifiedBundle {
  readonly [verified]: true
  readonly did: Did
  readonly instance: string
  /** 32-byte Ed25519 key of the DID. */
  readonly signingKey: Uint8Array
  /** SHA-256 of the envelope. */
  readonly bundleHash: Uint8Array
  readonly payload: PrekeyBundle
  readonly oneTime?: PublishedOneTime
}

export interface VerifyBundleInput {
  readonly kernel: Kernel
  readonly bytes: Uint8Array
  readonly nowMs: number
  /** Who it must be of, where the caller knows. */
  readonly expectedDid?: Did
  /** Highest serial seen of this instance. */
  readonly minimumSerial?: number
}

/**
 * Verifies a served bundle.
 *
 * @throws TalosError `SESSION_BUNDLE_INVALID`, `SESSION_SUITE`, `SESSION_BUNDLE_ROLLBACK`, `SESSION_PREKEY_EXPIRED`,
 *   `SESSION_PREKEY_NOT_YET_VALID`, `SESSION_ONE_TIME_INVALID`
 */
export function verifyBundle(input: VerifyBundleInput): VerifiedBundle {
  const { kernel, bytes, nowMs, expectedDid, minimumSerial = 0 } = input
  const { envelope, oneTime } = parsePublished(bytes)
  const payload = openPayload(kernel, envelope)
  if (expectedDid !== undefined && payload.iss !== expectedDid) throw invalid('it is of another agent')
  if (payload.serial < minimumSerial) {
    throw new TalosError('SESSION_BUNDLE_ROLLBACK', { serial: payload.serial, minimumSerial })
  }
  checkTimes(payload.spk, nowMs)
  checkTimes(payload.pqspk, nowMs)
  const facts = {
    did: payload.iss,
    instance: payload.instance,
    signingKey: publicKeyFromDidKey(payload.iss),
    bundleHash: kernel.sha256(envelope),
    payload,
  }
  if (oneTime === undefined) return facts as VerifiedBundle
  verifyOneTime(kernel, { pair: oneTime, root: payload.otkRoot, count: payload.otkCount })
  return { ...facts, oneTime } as VerifiedBundle
}

/**
 * Holds a key to its validity, `nbf <= now < exp`, in whole seconds.
 *
 * @throws TalosError `SESSION_PREKEY_EXPIRED`, `SESSION_PREKEY_NOT_YET_VALID`
 */
export function checkTimes(key: { readonly nbf: number; readonly exp: number }, nowMs: number): void {
  const nowS = Math.floor(nowMs / 1000)
  if (nowS < key.nbf) throw new TalosError('SESSION_PREKEY_NOT_YET_VALID', { beginS: key.nbf, nowS })
  if (nowS >= key.exp) throw new TalosError('SESSION_PREKEY_EXPIRED', { endS: key.exp, nowS })
}

export interface SessionParty {
  readonly did: string
  readonly instance: string
  readonly identityKey: Uint8Array
}

/**
 * Refuses a session of an instance with itself, by name or by key.
 *
 * @throws TalosError `SESSION_SELF`
 */
export function refuseSelf(one: SessionParty, other: SessionParty): void {
  const sameName = one.did === other.did && one.instance === other.instance
  if (sameName || equalBytes(one.identityKey, other.identityKey)) throw new TalosError('SESSION_SELF')
}

function parsePublished(bytes: Uint8Array): PublishedBundle {
  try {
    return parsePublishedBundle(decodeCbor(bytes, { maxBytes: MAX_PUBLISHED_BUNDLE_BYTES }))
  } catch (cause) {
    throw invalid('its form or its size', cause)
  }
}

function openPayload(kernel: Kernel, envelope: Uint8Array): PrekeyBundle {
  const payload = openSigned(kernel, envelope)
  if (payload['suite'] !== SESSION_SUITE) throw new TalosError('SESSION_SUITE', { subject: 'the prekey bundle' })
  try {
    return parsePrekeyBundle(payload)
  } catch (cause) {
    throw invalid('its members', cause)
  }
}

function openSigned(kernel: Kernel, envelope: Uint8Array): { readonly [member: string]: IpldValue } {
  try {
    return openEnvelope(envelope, { kernel, tags: [PREKEY_BUNDLE_TAG] }).payload
  } catch (cause) {
    throw invalid('its signed envelope', cause)
  }
}

function invalid(reason: string, cause?: unknown): TalosError {
  return new TalosError('SESSION_BUNDLE_INVALID', { reason }, { cause })
}
