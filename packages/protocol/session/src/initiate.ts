/**
 * The initiator's side of the handshake (spec 05-prekeys-handshake 5.5 to 5.8; PQXDH section 3.3).
 *
 *     DH1 = X25519(IK_A, SPK_B)   DH2 = X25519(EK_A, IK_B)   DH3 = X25519(EK_A, SPK_B)   [DH4 = X25519(EK_A, OPK_B)]
 *     ss  = ML-KEM-768.Encaps(one-time key, or else PQSPK_B)
 *
 * The first message travels with the handshake; inside it, before the content, stands the initiator's credential.
 */
import { type Secret, utf8 } from '@talos/bytes'
import { encodeFirstFlight, encodeFirstPayload } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { type Signer, signWith } from '@talos/identity'
import { type HandshakeInitiated, type Kernel, X25519_KEY_BYTES } from '@talos/kernel'
import type { Random } from '@talos/ports'
import { checkTimes, refuseSelf, type VerifiedBundle } from './bundle.ts'
import { checkNow } from './clock.ts'
import { KIND_FIRST_FLIGHT, NO_CONTEXT } from './constants.ts'
import { contributory } from './key-schedule.ts'
import type { PaddingPolicy } from './padding.ts'
import { checkContent, newSendingChain, type Sealed, type SendingParts, sealStep } from './seal.ts'
import { EMPTY_SEAL, MIN_SEALED_BYTES } from './sealed-parts.ts'
import { type HandshakeFacts, newParts } from './state.ts'
import {
  associatedData,
  MODE_BYTES,
  NO_ONE_TIME,
  sessionIdOf,
  signedTranscript,
  type TranscriptHead,
  transcriptHead,
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
 * The state is to be stored before the first flight leaves.
 *
 * @throws TalosError `SESSION_ARGUMENT`, `SESSION_TOO_LARGE`, `SESSION_PREKEY_EXPIRED`, `SESSION_PREKEY_NOT_YET_VALID`,
 *   `SESSION_SELF`, `SESSION_LOW_ORDER`, `SESSION_BUNDLE_INVALID`, `SIGNER_FAILED`, `LAYOUT_INVALID` (a certificate of more than 1,024 bytes)
 */
export async function initiate(input: InitiateInput): Promise<Initiated> {
  const { kernel, random, plaintext, contentType = 0, padding = 'padme' } = input
  checkNow(input.nowMs)
  checkContent({ plaintext, contentType })
  checkTimes(input.bundle.payload.spk, input.nowMs)
  checkTimes(input.bundle.payload.pqspk, input.nowMs)
  const { parts, head, agreed } = agree(input)
  const { transcriptHash } = agreed
  const signed = signedTranscript(transcriptHash)
  const credential = input.deniable?.certificate ?? (await signWith(input.self.signer, signed))
  const { context } = parts.facts
  const sealed = sealStep(parts, {
    kernel,
    random,
    prefix: flightPrefix({ head, agreed, contentType, context }),
    associatedData: associatedData({ ...parts.facts, sender: 'initiator', kind: KIND_FIRST_FLIGHT, contentType }),
    content: encodeFirstPayload({ credential, content: plaintext }),
    padding,
  })
  return { ...sealed, sessionId: parts.facts.sessionId.slice() }
}

interface Agreement {
  readonly parts: SendingParts
  readonly head: TranscriptHead
  readonly agreed: HandshakeInitiated
}

function agree(input: InitiateInput): Agreement {
  const { kernel, random, self, bundle } = input
  const { payload } = bundle
  const context = checkContext(input.context ?? NO_CONTEXT)
  const head = headOf(input)
  refuseSelf(head.initiator, head.responder)
  const ephemeralSecret = random.bytes(X25519_KEY_BYTES)
  const ratchetSecret = random.bytes(X25519_KEY_BYTES)
  const agreed = handshake(input, { head, context, ephemeralSecret, ratchetSecret })
  ephemeralSecret.fill(0)
  const facts: HandshakeFacts = {
    role: 'initiator',
    mode: head.mode,
    sessionId: sessionIdOf(kernel, agreed.transcriptHash),
    transcriptHash: agreed.transcriptHash,
    context,
    localDid: self.signer.did,
    localInstance: self.instance,
    remoteDid: bundle.did,
    remoteInstance: bundle.instance,
    createdMs: input.nowMs,
  }
  const { ratchetKey: ratchetPublic, initiatorHeaderKey: headerKey, chainKey } = agreed
  const parts = {
    ...newParts(kernel, facts, {
      rootKey: agreed.rootKey,
      remoteRatchet: payload.spk.pub,
      nextSendHeaderKey: agreed.nextHeaderKey,
      nextReceiveHeaderKey: agreed.responderHeaderKey,
    }),
    sending: newSendingChain({ ratchetSecret, ratchetPublic, headerKey, chainKey }, { previousCount: 0, epoch: 0 }),
  }
  return { parts, head, agreed }
}

function headOf({ kernel, self, bundle, deniable }: InitiateInput): TranscriptHead {
  const { payload, oneTime } = bundle
  const identityKey = self.sessionKey.use((secret) => kernel.x25519PublicKey(secret))
  return {
    mode: deniable === undefined ? 'accountable' : 'deniable',
    initiator: { did: self.signer.did, instance: self.instance, signingKey: self.signer.publicKey, identityKey },
    responder: { ...bundle, identityKey: payload.ik },
    bundleHash: bundle.bundleHash,
    spkId: payload.spk.id,
    pqspkId: payload.pqspk.id,
    oneTimeIndex: oneTime === undefined ? NO_ONE_TIME : oneTime.index,
  }
}

/** The whole handshake in one call. The bundle's signature says whose ML-KEM key it is, not that it is one. */
function handshake(
  { kernel, self, bundle, kemRandomness }: InitiateInput,
  given: {
    readonly head: TranscriptHead
    readonly context: Uint8Array
    readonly ephemeralSecret: Uint8Array
    readonly ratchetSecret: Uint8Array
  },
): HandshakeInitiated {
  const { head, ...keys } = given
  const { payload, oneTime } = bundle
  const run = (identitySecret: Uint8Array) =>
    kernel.handshakeInitiate({
      ...keys,
      identitySecret,
      peerIdentityKey: payload.ik,
      signedPrekey: payload.spk.pub,
      oneTimeKey: oneTime?.x25519,
      kemKey: oneTime === undefined ? payload.pqspk.pub : oneTime.mlkem,
      kemRandomness,
      transcriptHead: transcriptHead(head),
    })
  try {
    return contributory(() => self.sessionKey.use(run))
  } catch (cause) {
    if (!isTalosError(cause, 'KERNEL_KEY_INVALID')) throw cause
    throw new TalosError('SESSION_BUNDLE_INVALID', { reason: 'its ML-KEM key is none' }, { cause })
  }
}

/** The first flight up to its nonce. The layout's encoder writes it with an empty seal, which is cut off again. */
function flightPrefix(given: {
  readonly head: TranscriptHead
  readonly agreed: HandshakeInitiated
  readonly contentType: number
  readonly context: Uint8Array
}): Uint8Array {
  const { head, agreed, contentType, context } = given
  const { initiator, bundleHash, oneTimeIndex } = head
  const flight = encodeFirstFlight({
    mode: MODE_BYTES[head.mode],
    contentType,
    did: utf8(initiator.did),
    instance: utf8(initiator.instance),
    identityKey: initiator.identityKey,
    ephemeralKey: agreed.ephemeralKey,
    bundleHash,
    oneTimeIndex,
    context,
    kemCiphertext: agreed.kemCiphertext,
    ...EMPTY_SEAL,
  })
  return flight.subarray(0, -MIN_SEALED_BYTES)
}

function checkContext(context: Uint8Array): Uint8Array {
  if (context.length !== NO_CONTEXT.length) {
    throw new TalosError('SESSION_ARGUMENT', { name: 'context', reason: 'it is not 32 bytes' })
  }
  return context.slice()
}
