/**
 * The delegation of an audit log's key (spec 03-identity, 3.7): the identity signs once that another key speaks for
 * one log, so that a log signs its checkpoints without the identity's key at hand. Left out: ending it, which is an
 * entry of the log itself.
 */
import { type Cid, equalBytes } from '@talos/bytes'
import { type Did, LOG_KEY_TAG, parseLogKey } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { publicKeyFromDidKey } from './did-key.ts'
import { openEnvelope, type SignedEnvelope, signEnvelope, type VerifiedEnvelope } from './envelope.ts'
import type { Signer } from './signer.ts'

export interface LogKeyDelegation {
  /** The identity whose log it is. */
  readonly issuer: Did
  /** 32-byte Ed25519 public key that signs the log's checkpoints. */
  readonly logPublicKey: Uint8Array
  /** The log's name: the first line of its checkpoints. */
  readonly origin: string
  readonly issuedAtS: number
  readonly bytes: Uint8Array
  readonly cid: Cid
}

export interface DelegateLogKeyOptions {
  readonly signer: Signer
  /** 32 bytes; another key than the signer's. */
  readonly logPublicKey: Uint8Array
  /** 1 to 255 printable ASCII characters without space and `+`. */
  readonly origin: string
  readonly issuedAtS: number
}

/**
 * @throws TalosError `SCHEMA_INVALID` (a member), `LOG_KEY_DELEGATION_INVALID` (the identity's own key),
 *   `SIGNER_FAILED`
 */
export async function delegateLogKey(options: DelegateLogKeyOptions): Promise<SignedEnvelope> {
  const { signer, logPublicKey, origin, issuedAtS } = options
  const payload = parseLogKey({ iss: signer.did, log: logPublicKey, origin, iat: issuedAtS })
  refuseIdentityKey(signer.publicKey, logPublicKey)
  return await signEnvelope({ tag: LOG_KEY_TAG, payload: { ...payload }, signer })
}

/**
 * Opens a delegation; whose it is stands in `issuer`, which the caller compares with whom it expects.
 *
 * @throws TalosError what {@link openEnvelope} throws, `SCHEMA_INVALID`, `LOG_KEY_DELEGATION_INVALID`
 */
export function openLogKeyDelegation(bytes: Uint8Array, options: { readonly kernel: Kernel }): LogKeyDelegation {
  return logKeyDelegationOf(openEnvelope(bytes, { kernel: options.kernel, ...LOG_KEY_ENVELOPE }))
}

/** What a delegation's envelope is opened with. */
export const LOG_KEY_ENVELOPE = { tags: [LOG_KEY_TAG] } as const

/**
 * Reads a delegation out of its verified envelope.
 *
 * @throws TalosError `SCHEMA_INVALID`, `LOG_KEY_DELEGATION_INVALID`
 */
export function logKeyDelegationOf({ payload, issuer, bytes, cid }: VerifiedEnvelope): LogKeyDelegation {
  const { log, origin, iat } = parseLogKey(payload)
  refuseIdentityKey(publicKeyFromDidKey(issuer), log)
  return { issuer, logPublicKey: log, origin, issuedAtS: iat, bytes, cid }
}

/** One key signs notes, the other envelopes: a signature of one kind must never be presented as the other. */
function refuseIdentityKey(identityKey: Uint8Array, logPublicKey: Uint8Array): void {
  if (equalBytes(identityKey, logPublicKey)) {
    throw new TalosError('LOG_KEY_DELEGATION_INVALID', { reason: 'the log key is the identity key' })
  }
}
