/**
 * The responder's side of the handshake (spec 05-prekeys-handshake 5.5 to 5.10).
 *
 * Order: form and suite, identity and instance, mode, self, prekeys and their times, context, replay, one-time pair; then
 * keys, header, message, credential. Nothing is returned and nothing may be recorded before the credential holds, so a
 * stranger can neither use up a one-time pair nor fill the replay set.
 */
import { equalBytes, fromUtf8, type Secret } from '@talos/bytes'
import {
  type Did,
  decodeFirstFlight,
  decodeFirstPayload,
  type FirstFlight,
  type FirstPayload,
  type PrekeySecrets as PrekeySecretsRecord,
  parsePrekeyBundleInstanceName,
} from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { parseDidKey, publicKeyFromDidKey } from '@talos/identity'
import type { HandshakeResponded, Kernel } from '@talos/kernel'
import type { Random } from '@talos/ports'
import { checkTimes, refuseSelf } from './bundle.ts'
import { provesInitiator } from './certificate.ts'
import { checkNow } from './clock.ts'
import { KIND_FIRST_FLIGHT, RESERVED_CONTENT_TYPE } from './constants.ts'
import { contributory, invalidMessage, turnRoot } from './key-schedule.ts'
import { newReceivingChain, openContent, openHeader } from './open.ts'
import { PrekeySecrets, useOneTimeSecret } from './prekey-secrets.ts'
import { checkPrefix } from './route.ts'
import { startSending } from './seal.ts'
import { advancePast } from './skipped.ts'
import { type HandshakeFacts, newParts, type SessionParts, SessionState } from './state.ts'
import {
  associatedData,
  MODE_BYTES,
  NO_ONE_TIME,
  type SessionMode,
  sessionIdOf,
  type Transcript,
  type TranscriptParty,
  transcriptHash,
} from './transcript.ts'

export interface RespondInput {
  readonly kernel: Kernel
  readonly random: Random
  readonly nowMs: number
  readonly self: ResponderSelf
  readonly firstFlight: Uint8Array
  /** The secrets of the bundle with that hash, as long as they are kept. */
  readonly findPrekeys: (bundleHash: Uint8Array) => PrekeySecrets | undefined
  /** The secret of a one-time pair, unless it was used. */
  readonly findOneTime: (pair: OneTimeName) => Secret | undefined
  /** Whether this transcript hash was recorded; see {@link Responded.replay}. */
  readonly seen: (transcriptHash: Uint8Array) => boolean
  /** Both unless given. */
  readonly acceptModes?: readonly SessionMode[]
  /** The capability context that the initiator must name; any unless given. */
  readonly expectedContext?: Uint8Array
}

/** This agent's side: it signs nothing in a handshake. */
export interface ResponderSelf {
  readonly did: Did
  readonly instance: string
  /** 32-byte X25519 identity secret of this instance. */
  readonly sessionKey: Secret
}

export interface OneTimeName {
  readonly bundleHash: Uint8Array
  readonly index: number
}

export interface Responded {
  readonly state: SessionState
  readonly plaintext: Uint8Array
  readonly contentType: number
  readonly peerDid: Did
  readonly peerInstance: string
  readonly mode: SessionMode
  /** 16 bytes. */
  readonly sessionId: Uint8Array
  /** 32-byte capability-context hash that the initiator bound the session to. */
  readonly context: Uint8Array
  /** Delete its secret in the transaction that stores the state. */
  readonly usedOneTime?: OneTimeName
  /** Record it in the same transaction and keep it until then: `seen` must know it. */
  readonly replay: { readonly transcriptHash: Uint8Array; readonly untilS: number }
}

/**
 * Accepts a first flight.
 *
 * @throws TalosError `SESSION_ARGUMENT`, `SESSION_SUITE`, `SESSION_MESSAGE_INVALID`, `SESSION_MODE`, `SESSION_SELF`,
 *   `SESSION_PREKEY_UNKNOWN`, `SESSION_PREKEY_EXPIRED`, `SESSION_PREKEY_NOT_YET_VALID`, `SESSION_CONTEXT`, `SESSION_REPLAY`, `SESSION_LOW_ORDER`,
 *   `SESSION_AUTHENTICATION`, `SESSION_SIGNATURE`
 */
export function respond(input: RespondInput): Responded {
  const { kernel, nowMs } = input
  checkNow(nowMs)
  const flight = parseFlight(input.firstFlight)
  const claim = checkClaim(input, flight)
  const hash = transcriptHash(kernel, claim.transcript)
  if (input.seen(hash)) throw new TalosError('SESSION_REPLAY')
  const oneTime = findPair(input, flight)

  const keys = agree(input, { flight, claim, hash, oneTime: oneTime?.secret })
  const opened = openFirst(input, { flight, keys, facts: factsOf(input, { claim, hash }), claim })
  const { mode, initiator, context } = claim.transcript
  const { credential, content: plaintext } = opened.payload
  if (!provesInitiator(kernel, { mode, initiator, transcriptHash: hash, credential, nowMs })) {
    throw new TalosError('SESSION_SIGNATURE')
  }
  const sinceBytes = input.firstFlight.length
  const { facts, ...parts } = startSending({ ...opened.parts, messages: 1, sinceBytes }, input)
  return {
    state: new SessionState({ ...parts, facts }),
    plaintext,
    contentType: flight.contentType,
    peerDid: facts.remoteDid,
    peerInstance: facts.remoteInstance,
    mode,
    sessionId: facts.sessionId.slice(),
    context: context.slice(),
    ...(oneTime !== undefined && { usedOneTime: oneTime.name }),
    replay: { transcriptHash: hash.slice(), untilS: claim.secrets.exp },
  }
}

interface Claim {
  readonly transcript: Transcript
  readonly peerDid: Did
  readonly secrets: PrekeySecretsRecord
}

/** Everything that can be judged before any secret is touched. */
function checkClaim(input: RespondInput, flight: FirstFlight): Claim {
  const { kernel, self, acceptModes = ['accountable', 'deniable'], expectedContext } = input
  const { did: peerDid, party: initiator } = parseParty(flight)
  const mode = flight.mode === MODE_BYTES.accountable ? 'accountable' : 'deniable'
  if (!acceptModes.includes(mode)) throw new TalosError('SESSION_MODE', { mode })
  const responder = {
    did: self.did,
    instance: self.instance,
    signingKey: publicKeyFromDidKey(self.did),
    identityKey: self.sessionKey.use((secret) => kernel.x25519PublicKey(secret)),
  }
  refuseSelf(initiator, responder)
  const found = input.findPrekeys(flight.bundleHash)
  if (found === undefined) throw new TalosError('SESSION_PREKEY_UNKNOWN', { key: 'bundle' })
  const secrets = PrekeySecrets.recordOf(found)
  checkTimes(secrets, input.nowMs)
  if (expectedContext !== undefined && !equalBytes(flight.context, expectedContext))
    throw new TalosError('SESSION_CONTEXT')
  const { bundleHash, oneTimeIndex, ephemeralKey, kemCiphertext, context } = flight
  const keys = { bundleHash, spkId: secrets.spkId, pqspkId: secrets.pqspkId, oneTimeIndex, ephemeralKey, kemCiphertext }
  return { transcript: { mode, initiator, responder, ...keys, context }, peerDid, secrets }
}

function findPair(
  input: RespondInput,
  { bundleHash, oneTimeIndex: index }: FirstFlight,
): { readonly name: OneTimeName; readonly secret: Secret } | undefined {
  if (index === NO_ONE_TIME) return undefined
  const name = { bundleHash, index }
  const secret = input.findOneTime(name)
  if (secret === undefined) throw new TalosError('SESSION_PREKEY_UNKNOWN', { key: 'one-time prekey' })
  return { name, secret }
}

function agree(
  { kernel, self }: RespondInput,
  given: {
    readonly flight: FirstFlight
    readonly claim: Claim
    readonly hash: Uint8Array
    readonly oneTime: Secret | undefined
  },
): HandshakeResponded {
  const { flight, claim, hash: transcriptHash, oneTime } = given
  const { spkSecret: signedPrekeySecret, pqspkSeed } = claim.secrets
  const { identityKey: peerIdentityKey, ephemeralKey, kemCiphertext } = flight
  const run = (pair: { readonly x25519?: Uint8Array; readonly seed: Uint8Array }) =>
    self.sessionKey.use((identitySecret) =>
      kernel.handshakeRespond({
        identitySecret,
        signedPrekeySecret,
        oneTimeSecret: pair.x25519,
        kemSeed: pair.seed,
        peerIdentityKey,
        ephemeralKey,
        kemCiphertext,
        transcriptHash,
      }),
    )
  return contributory(() => (oneTime === undefined ? run({ seed: pqspkSeed }) : useOneTimeSecret(oneTime, run)))
}

function factsOf(
  { kernel, self, nowMs }: RespondInput,
  { claim, hash }: { readonly claim: Claim; readonly hash: Uint8Array },
): HandshakeFacts {
  const { mode, initiator, context } = claim.transcript
  return {
    role: 'responder',
    mode,
    sessionId: sessionIdOf(kernel, hash),
    transcriptHash: hash,
    context,
    localDid: self.did,
    localInstance: self.instance,
    remoteDid: claim.peerDid,
    remoteInstance: initiator.instance,
    createdMs: nowMs,
  }
}

/** Opens the first message, which is number 0 of the initiator's first chain and nothing else. */
function openFirst(
  { kernel, nowMs }: RespondInput,
  given: {
    readonly flight: FirstFlight
    readonly claim: Claim
    readonly facts: HandshakeFacts
    readonly keys: HandshakeResponded
  },
): { readonly payload: FirstPayload; readonly parts: SessionParts } {
  const { flight, claim, facts, keys } = given
  const { contentType } = flight
  const bound = associatedData({ ...facts, sender: 'initiator', kind: KIND_FIRST_FLIGHT, contentType })
  const context = { associatedData: bound, sealed: flight }
  const { initiatorHeaderKey: headerKey, rootKey } = keys
  const header = openHeader(kernel, { ...context, headerKey })
  if (header === undefined) throw new TalosError('SESSION_AUTHENTICATION')
  if (header.count !== 0 || header.previousCount !== 0 || header.epoch !== 0) {
    throw invalidMessage('it is not the first message')
  }
  const { ratchetKey: publicKey } = header
  const turned = turnRoot(kernel, { rootKey, secret: claim.secrets.spkSecret, publicKey })
  const first = newReceivingChain({ headerKey, chainKey: turned.chainKey }, header)
  const { messageKey, chain: receiving } = advancePast(kernel, { chain: first, to: 0, nowMs })
  const payload = openContent(kernel, { ...context, messageKey })
  const bare = newParts(kernel, facts, {
    rootKey: turned.rootKey,
    remoteRatchet: publicKey,
    nextSendHeaderKey: keys.responderHeaderKey,
    nextReceiveHeaderKey: turned.nextHeaderKey,
  })
  return { payload: parsePayload(payload), parts: { ...bare, receiving } }
}

function parseFlight(bytes: Uint8Array): FirstFlight {
  checkPrefix(bytes, KIND_FIRST_FLIGHT)
  const flight = decodeFlight(bytes)
  if (flight.contentType >= RESERVED_CONTENT_TYPE) throw invalidMessage('its content type is reserved')
  return flight
}

function decodeFlight(bytes: Uint8Array): FirstFlight {
  try {
    return decodeFirstFlight(bytes)
  } catch (cause) {
    throw invalidMessage('its fields or its size', cause)
  }
}

function parseParty(flight: FirstFlight): { readonly did: Did; readonly party: TranscriptParty } {
  try {
    const did = parseDidKey(fromUtf8(flight.did))
    const instance = parsePrekeyBundleInstanceName(fromUtf8(flight.instance))
    return { did, party: { did, instance, signingKey: publicKeyFromDidKey(did), identityKey: flight.identityKey } }
  } catch (cause) {
    throw invalidMessage('its DID or its instance', cause)
  }
}

function parsePayload(bytes: Uint8Array): FirstPayload {
  try {
    return decodeFirstPayload(bytes)
  } catch (cause) {
    throw invalidMessage('its first payload', cause)
  }
}
