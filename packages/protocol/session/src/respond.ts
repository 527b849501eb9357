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
  type SessionRecord,
} from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { parseDidKey, publicKeyFromDidKey } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import type { Random } from '@talos/ports'
import { checkTimes, refuseSelf } from './bundle.ts'
import { provesInitiator } from './certificate.ts'
import { KIND_FIRST_FLIGHT, SESSION_SUITE } from './constants.ts'
import { diffieHellman, handshakeKeys, rootStep } from './key-schedule.ts'
import { PrekeySecrets, useOneTimeSecret } from './prekey-secrets.ts'
import { checkPrefix, openHeader, openMessage, refuseReserved, startSending, takeCurrent } from './ratchet.ts'
import { SessionState } from './state.ts'
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
 * @throws TalosError `SESSION_SUITE`, `SESSION_MESSAGE_INVALID`, `SESSION_MODE`, `SESSION_SELF`, `SESSION_PREKEY_UNKNOWN`,
 *   `SESSION_PREKEY_EXPIRED`, `SESSION_PREKEY_NOT_YET_VALID`, `SESSION_CONTEXT`, `SESSION_REPLAY`, `SESSION_LOW_ORDER`,
 *   `SESSION_AUTHENTICATION`, `SESSION_SIGNATURE`
 */
export function respond(input: RespondInput): Responded {
  const { kernel, nowMs } = input
  const flight = parseFlight(input.firstFlight)
  const claim = checkClaim(input, flight)
  const hash = transcriptHash(kernel, claim.transcript)
  if (input.seen(hash)) throw new TalosError('SESSION_REPLAY')
  const oneTime = findPair(input, flight)

  const before = agree(input, { flight, claim, hash, oneTime: oneTime?.secret })
  const opened = openFirst(input, {
    flight,
    record: before.record,
    spkSecret: claim.secrets.spkSecret,
    headerKey: before.headerKey,
  })
  const { mode, initiator, context } = claim.transcript
  const { credential, content: plaintext } = opened.payload
  if (!provesInitiator(kernel, { mode, initiator, transcriptHash: hash, credential, nowMs })) {
    throw new TalosError('SESSION_SIGNATURE')
  }
  const { record } = startSending({ ...opened.record, messages: 1 }, input)
  return {
    state: new SessionState(record),
    plaintext,
    contentType: flight.contentType,
    peerDid: record.remoteDid,
    peerInstance: record.remoteInstance,
    mode,
    sessionId: record.sessionId.slice(),
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

/** The record before the first message: its chains are still to be made. */
type BareRecord = Omit<SessionRecord, 'remoteRatchet' | 'nextReceiveHeaderKey'>

function agree(
  input: RespondInput,
  given: {
    readonly flight: FirstFlight
    readonly claim: Claim
    readonly hash: Uint8Array
    readonly oneTime: Secret | undefined
  },
): { readonly record: BareRecord; readonly headerKey: Uint8Array } {
  const { kernel, self } = input
  const { flight, claim, hash, oneTime } = given
  const { spkSecret, pqspkSeed } = claim.secrets
  const { identityKey, ephemeralKey, kemCiphertext } = flight
  const dh = (secret: Uint8Array, publicKey: Uint8Array) => diffieHellman(kernel, { secret, publicKey })
  const secrets = [
    dh(spkSecret, identityKey),
    self.sessionKey.use((secret) => dh(secret, ephemeralKey)),
    dh(spkSecret, ephemeralKey),
    ...(oneTime === undefined
      ? [kernel.mlkem768Decapsulate(pqspkSeed, kemCiphertext)]
      : useOneTimeSecret(oneTime, ({ x25519, seed }) => [
          dh(x25519, ephemeralKey),
          kernel.mlkem768Decapsulate(seed, kemCiphertext),
        ])),
  ]
  const keys = handshakeKeys(kernel, { secrets, transcriptHash: hash })
  const record: BareRecord = {
    version: 1,
    suite: SESSION_SUITE,
    role: 'responder',
    mode: claim.transcript.mode,
    sessionId: sessionIdOf(kernel, hash),
    transcriptHash: hash,
    context: flight.context,
    localDid: self.did,
    localInstance: self.instance,
    remoteDid: claim.peerDid,
    remoteInstance: claim.transcript.initiator.instance,
    createdMs: input.nowMs,
    confirmed: false,
    epoch: 0,
    messages: 0,
    rootKey: keys.rootKey,
    previousCount: 0,
    nextSendHeaderKey: keys.responderHeaderKey,
    oldChains: [],
  }
  return { record, headerKey: keys.initiatorHeaderKey }
}

/** Opens the first message, which is number 0 of the initiator's first chain and nothing else. */
function openFirst(
  input: RespondInput,
  given: {
    readonly flight: FirstFlight
    readonly record: BareRecord
    readonly spkSecret: Uint8Array
    readonly headerKey: Uint8Array
  },
): { readonly payload: FirstPayload; readonly record: SessionRecord } {
  const { kernel, nowMs } = input
  const { flight, record, spkSecret: secret, headerKey } = given
  const { contentType } = flight
  const bound = associatedData({ ...record, sender: 'initiator', kind: KIND_FIRST_FLIGHT, contentType })
  const header = openHeader(kernel, { headerKey, bound, message: flight })
  if (header === undefined) throw new TalosError('SESSION_AUTHENTICATION')
  if (header.count !== 0 || header.previousCount !== 0) {
    throw new TalosError('SESSION_MESSAGE_INVALID', { reason: 'it is not the first message' })
  }
  const { ratchetKey: publicKey } = header
  const step = rootStep(kernel, { rootKey: record.rootKey, secret, publicKey })
  const chain = { headerKey, chainKey: step.chainKey, count: 0, skipped: [] }
  const next = { ...record, rootKey: step.rootKey, nextReceiveHeaderKey: step.nextHeaderKey, remoteRatchet: publicKey }
  const taken = takeCurrent(next, { kernel, nowMs, chain, count: 0 })
  const payload = openMessage(kernel, { messageKey: taken.messageKey, bound, message: flight })
  return { payload: parsePayload(payload), record: taken.record }
}

function parseFlight(bytes: Uint8Array): FirstFlight {
  checkPrefix(bytes, KIND_FIRST_FLIGHT)
  const flight = decodeFlight(bytes)
  refuseReserved(flight.contentType)
  return flight
}

function decodeFlight(bytes: Uint8Array): FirstFlight {
  try {
    return decodeFirstFlight(bytes)
  } catch (cause) {
    throw new TalosError('SESSION_MESSAGE_INVALID', { reason: 'its fields or its size' }, { cause })
  }
}

function parseParty(flight: FirstFlight): { readonly did: Did; readonly party: TranscriptParty } {
  try {
    const did = parseDidKey(fromUtf8(flight.did))
    const instance = parsePrekeyBundleInstanceName(fromUtf8(flight.instance))
    return { did, party: { did, instance, signingKey: publicKeyFromDidKey(did), identityKey: flight.identityKey } }
  } catch (cause) {
    throw new TalosError('SESSION_MESSAGE_INVALID', { reason: 'its DID or its instance' }, { cause })
  }
}

function parsePayload(bytes: Uint8Array): FirstPayload {
  try {
    return decodeFirstPayload(bytes)
  } catch (cause) {
    throw new TalosError('SESSION_MESSAGE_INVALID', { reason: 'its first payload' }, { cause })
  }
}
