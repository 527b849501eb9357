/**
 * The initiator's credential (spec 05-prekeys-handshake 5.8): what shows that the session key in a first flight belongs to
 * the DID in it. Accountable mode carries the DID's signature over the transcript. Deniable mode carries a certificate of
 * the session key, made once and naming no peer, so that nothing of the session itself is ever signed.
 */
import { equalBytes, type Secret } from '@talos/bytes'
import { parseSessionKeyCertificate, SESSION_KEY_CERTIFICATE_TAG, type SessionKeyCertificate } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { openEnvelope, type Signer, signEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { PREKEY_BACKDATE_S, PREKEY_LIFETIME_S, SESSION_SUITE } from './constants.ts'
import { type SessionMode, signedTranscript, type TranscriptParty } from './transcript.ts'

export interface CertifySessionKeyInput {
  readonly kernel: Kernel
  readonly signer: Signer
  readonly instance: string
  /** 32-byte X25519 identity secret of this instance. */
  readonly sessionKey: Secret
  readonly nowMs: number
}

/**
 * Certifies the session key of an instance for as long as a signed prekey lives; returns the signed envelope.
 *
 * @throws TalosError `SESSION_ARGUMENT` (instance), `SIGNER_FAILED`
 */
export async function certifySessionKey(input: CertifySessionKeyInput): Promise<Uint8Array> {
  const { kernel, signer, instance, sessionKey, nowMs } = input
  const nowS = Math.floor(nowMs / 1000)
  const payload = checkPayload({
    iss: signer.did,
    suite: SESSION_SUITE,
    instance,
    ik: sessionKey.use((secret) => kernel.x25519PublicKey(secret)),
    nbf: Math.max(0, nowS - PREKEY_BACKDATE_S),
    exp: nowS + PREKEY_LIFETIME_S,
  })
  const { bytes } = await signEnvelope({ tag: SESSION_KEY_CERTIFICATE_TAG, payload: { ...payload }, signer })
  return bytes
}

export interface CredentialClaim {
  readonly mode: SessionMode
  readonly initiator: TranscriptParty
  readonly transcriptHash: Uint8Array
  readonly credential: Uint8Array
  readonly nowMs: number
}

/** Whether the credential proves the initiator. Says no more than that: the peer's mistake has one answer. */
export function provesInitiator(kernel: Kernel, claim: CredentialClaim): boolean {
  const { mode, initiator, transcriptHash, credential } = claim
  if (mode === 'deniable') return isCertified(kernel, claim)
  return kernel.ed25519Verify(initiator.signingKey, signedTranscript(transcriptHash), credential)
}

function isCertified(kernel: Kernel, { initiator, credential, nowMs }: CredentialClaim): boolean {
  const payload = openCertificate(kernel, credential)
  if (payload === undefined) return false
  const { iss, instance, ik, nbf, exp } = payload
  const nowS = Math.floor(nowMs / 1000)
  const isNamed = iss === initiator.did && instance === initiator.instance
  return isNamed && equalBytes(ik, initiator.identityKey) && nbf <= nowS && nowS < exp
}

function openCertificate(kernel: Kernel, credential: Uint8Array): SessionKeyCertificate | undefined {
  try {
    const { payload } = openEnvelope(credential, { kernel, tags: [SESSION_KEY_CERTIFICATE_TAG] })
    return parseSessionKeyCertificate(payload)
  } catch {
    return undefined
  }
}

function checkPayload(payload: unknown): SessionKeyCertificate {
  try {
    return parseSessionKeyCertificate(payload)
  } catch (cause) {
    throw new TalosError('SESSION_ARGUMENT', { name: 'the certificate', reason: 'its instance' }, { cause })
  }
}
