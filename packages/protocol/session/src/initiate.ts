/**
 * The initiator's side of the handshake (spec 05-prekeys-handshake 5.5 to 5.8; PQXDH section 3.3).
 *
 *     DH1 = X25519(IK_A, SPK_B)   DH2 = X25519(EK_A, IK_B)   DH3 = X25519(EK_A, SPK_B)   [DH4 = X25519(EK_A, OPK_B)]
 *     ss  = ML-KEM-768.Encaps(one-time key, or else PQSPK_B)
 *
 * The first message travels with the handshake; inside it, before the content, stands the initiator's credential.
 */
import { type Secret, utf8 } from '@talos/bytes'
import { encodeFirstFlight, encodeFirstPayload, type SessionRecord } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { type Signer, signWith } from '@talos/identity'
import { type Kernel, X25519_KEY_BYTES } from '@talos/kernel'
import type { Random } from '@talos/ports'
import { checkTimes, refuseSelf, type VerifiedBundle } from './bundle.ts'
import { KIND_FIRST_FLIGHT, NO_CONTEXT, SESSION_SUITE } from './constants.ts'
import { diffieHellman, handshakeKeys } from './key-schedule.ts'
import type { PaddingPolicy } from './padding.ts'
import { checkContent, type Sealed, sealStep } from './ratchet.ts'
import { SessionState } from './state.ts'
import {
  MODE_BYTES,
  NO_ONE_TIME,
  sessionIdOf,
  signedTranscript,
  type Transcript,
  transcriptHash,
} from './transcript.ts'

/** This agent's side of a handshake. */
export interface SessionSelf {
  readonly signer: Signer
  readonly instance: string
  /** 32-byte X25519 identity secret of this instance. */
  readonly sessionKey: Secret
}

export interface InitiateInput {
  readonly kernel: Kernel
  readonly random: Random
  readonly nowMs: number
  readonly self: SessionSelf
  readonly bundle: VerifiedBundle
  /** 32-byte capability-context hash that the session is bound to; {@link NO_CONTEXT} unless given. */
  readonly context?: Uint8Array
  /** Content of the first message; may be empty. */
  readonly plaintext: Uint8Array
  readonly contentType?: number
  readonly padding?: PaddingPolicy
  /** Makes the session deniable: a certificate by `certifySessionKey` instead of a signature over the transcript. */
  readonly deniable?: { readonly certificate: Uint8Array }
  /** 32 bytes, injected by vectors only. */
  readonly kemRandomness?: Uint8Array
}

export interface Initiated extends Sealed {
  /** 16 bytes. */
  readonly sessionId: Uint8Array
}

/**
 * Begins a session and seals its first message. Draws, in this order: ephemeral key (32), ratchet key (32), nonce (12).
 *
 * @throws TalosError `SESSION_ARGUMENT`, `SESSION_TOO_LARGE`, `SESSION_PREKEY_EXPIRED`, `SESSION_PREKEY_NOT_YET_VALID`,
 *   `SESSION_SELF`, `SESSION_LOW_ORDER`, `SESSION_BUNDLE_INVALID`, `SIGNER_FAILED`, `LAYOUT_INVALID` (a certificate of more than 1,024 bytes)
 */
export async function initiate(input: InitiateInput): Promise<Initiated> {
  const { kernel, random, plaintext, contentType = 0, padding = 'padme' } = input
  checkContent({ plaintext, contentType })
  checkTimes(input.bundle.payload.spk, input.nowMs)
  checkTimes(input.bundle.payload.pqspk, input.nowMs)
  const { record, transcript, hash } = agree(input)
  const credential = input.deniable?.certificate ?? (await signWith(input.self.signer, signedTranscript(hash)))
  const content = encodeFirstPayload({ credential, content: plaintext })
  const step = sealStep(record, { kernel, random, kind: KIND_FIRST_FLIGHT, contentType, content, padding })
  const message = encodeFirstFlight({
    mode: MODE_BYTES[transcript.mode],
    contentType,
    did: utf8(transcript.initiator.did),
    instance: utf8(transcript.initiator.instance),
    identityKey: transcript.initiator.identityKey,
    ephemeralKey: transcript.ephemeralKey,
    bundleHash: transcript.bundleHash,
    oneTimeIndex: transcript.oneTimeIndex,
    context: transcript.context,
    kemCiphertext: transcript.kemCiphertext,
    nonce: step.nonce,
    ...step.sealed,
  })
  return { state: new SessionState(step.record), message, sessionId: record.sessionId.slice() }
}

/** The bundle's signature says whose key it is, not that it is one: FIPS 203 checks its coefficients. */
function encapsulate({ kernel, kemRandomness }: InitiateInput, key: Uint8Array) {
  try {
    return kernel.mlkem768Encapsulate(key, kemRandomness)
  } catch (cause) {
    throw new TalosError('SESSION_BUNDLE_INVALID', { reason: 'its ML-KEM key is none' }, { cause })
  }
}

interface Agreement {
  readonly record: SessionRecord
  readonly transcript: Transcript
  readonly hash: Uint8Array
}

function agree(input: InitiateInput): Agreement {
  const { kernel, random, self, bundle } = input
  const { payload, oneTime } = bundle
  const identityKey = self.sessionKey.use((secret) => kernel.x25519PublicKey(secret))
  const initiator = { did: self.signer.did, instance: self.instance, signingKey: self.signer.publicKey, identityKey }
  const responder = { ...bundle, identityKey: payload.ik }
  refuseSelf(initiator, responder)

  const ephemeral = random.bytes(X25519_KEY_BYTES)
  const kem = encapsulate(input, oneTime === undefined ? payload.pqspk.pub : oneTime.mlkem)
  const transcript: Transcript = {
    mode: input.deniable === undefined ? 'accountable' : 'deniable',
    initiator,
    responder,
    bundleHash: bundle.bundleHash,
    spkId: payload.spk.id,
    pqspkId: payload.pqspk.id,
    oneTimeIndex: oneTime === undefined ? NO_ONE_TIME : oneTime.index,
    ephemeralKey: kernel.x25519PublicKey(ephemeral),
    kemCiphertext: kem.ciphertext,
    context: checkContext(input.context ?? NO_CONTEXT),
  }
  const hash = transcriptHash(kernel, transcript)
  const dh = (secret: Uint8Array, publicKey: Uint8Array) => diffieHellman(kernel, { secret, publicKey })
  const secrets = [
    self.sessionKey.use((secret) => dh(secret, payload.spk.pub)),
    dh(ephemeral, payload.ik),
    dh(ephemeral, payload.spk.pub),
    ...(oneTime === undefined ? [] : [dh(ephemeral, oneTime.x25519)]),
    kem.sharedSecret,
  ]
  ephemeral.fill(0)
  const keys = handshakeKeys(kernel, { secrets, transcriptHash: hash })
  const record: SessionRecord = {
    version: 1,
    suite: SESSION_SUITE,
    role: 'initiator',
    mode: transcript.mode,
    sessionId: sessionIdOf(kernel, hash),
    transcriptHash: hash,
    context: transcript.context,
    localDid: self.signer.did,
    localInstance: self.instance,
    remoteDid: bundle.did,
    remoteInstance: bundle.instance,
    createdMs: input.nowMs,
    confirmed: false,
    epoch: 0,
    messages: 0,
    rootKey: keys.rootKey,
    remoteRatchet: payload.spk.pub,
    previousCount: 0,
    nextSendHeaderKey: keys.initiatorHeaderKey,
    nextReceiveHeaderKey: keys.responderHeaderKey,
    oldChains: [],
  }
  return { record, transcript, hash }
}

function checkContext(context: Uint8Array): Uint8Array {
  if (context.length !== NO_CONTEXT.length) {
    throw new TalosError('SESSION_ARGUMENT', { name: 'context', reason: 'it is not 32 bytes' })
  }
  return context.slice()
}
