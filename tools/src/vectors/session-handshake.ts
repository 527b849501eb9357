/** Vectors of the handshake (contracts/spec/05-prekeys-handshake.md, 5.5 to 5.10): whole ones, and first flights to refuse. */
import { toHex, utf8 } from '@talos/bytes'
import {
  decodeFirstFlight,
  encodeFirstFlight,
  type FirstFlight,
  PREKEY_BUNDLE_TAG,
  type PrekeyBundle,
} from '@talos/contracts'
import { signEnvelope } from '@talos/identity'
import {
  certifySessionKey,
  encodePrekeySecrets,
  encodeSessionState,
  initiate,
  publishBundle,
  SESSION_SUITE,
  verifyBundle,
} from '@talos/session'
import { seededRandom } from '@talos/testkit'
import {
  type Actor,
  actor,
  actorInput,
  type CaseDraft,
  type CaseInput,
  kernel,
  NOW_MS,
  type Stage,
  stage,
} from './session-cast.ts'
import { referenceTranscript } from './session-reference.ts'

/** A point of order 8, and the one of order 4 at u = 0. */
const LOW_ORDER_POINTS = [
  new Uint8Array(32),
  Uint8Array.from(Buffer.from('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', 'hex')),
]
/** The shape of a first message of a ratchet without authentication: clear header, JSON. */
const OLDER_MESSAGE = utf8(
  '{"header":{"dh":"q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA","pn":0,"n":0},"ciphertext":"AAAA"}',
)

export async function handshakeCases(): Promise<readonly CaseDraft[]> {
  const oneTime = await stage({ seed: 'one-time', oneTimeIndex: 1, plaintext: utf8('first') })
  const signedOnly = await stage({ seed: 'signed-only' })
  const context = kernel.sha256(utf8('a capability context'))
  const bound = await stage({ seed: 'context', oneTimeIndex: 0, context, plaintext: utf8('bound') })
  const alice = actor('alice')
  const certificate = await certifySessionKey({ kernel, ...alice, nowMs: NOW_MS })
  const deniable = await stage({
    seed: 'deniable',
    oneTimeIndex: 2,
    deniable: { certificate },
    plaintext: utf8('off record'),
  })
  return [
    whole(oneTime, { oneTimeIndex: 1, plaintext: 'first', description: 'accountable, with a one-time pair' }),
    whole(signedOnly, { oneTimeIndex: null, plaintext: '', description: 'accountable, the signed prekeys alone' }),
    whole(bound, { oneTimeIndex: 0, plaintext: 'bound', context, description: 'bound to a capability context' }),
    whole(deniable, {
      oneTimeIndex: 2,
      plaintext: 'off record',
      certificate,
      description: 'deniable, with a certificate',
    }),
    ...changedFlights(oneTime),
    ...circumstances(oneTime, bound),
    ...(await falseCredentials(deniable)),
    ...(await initiatorRefusals(oneTime)),
  ]
}

function whole(
  given: Stage,
  facts: {
    readonly oneTimeIndex: number | null
    readonly plaintext: string
    readonly description: string
    readonly context?: Uint8Array
    readonly certificate?: Uint8Array
  },
): CaseDraft {
  const { initiated, responded } = given
  holdAgainstReference(given)
  return {
    clause: facts.certificate === undefined ? '5.7' : '5.8',
    description: facts.description,
    input: {
      operation: 'handshake',
      nowMs: NOW_MS,
      initiator: actorInput(given.alice),
      responder: actorInput(given.bob),
      prekeys: given.prekeysInput,
      oneTimeIndex: facts.oneTimeIndex,
      plaintextHex: toHex(utf8(facts.plaintext)),
      contextHex: toHex(facts.context ?? new Uint8Array(32)),
      ...(facts.certificate && { certificateHex: toHex(facts.certificate) }),
      initiateRandomHex: given.initiateRandomHex,
      kemRandomnessHex: toHex(given.kemRandomness),
      respondRandomHex: given.respondRandomHex,
    },
    expected: {
      publishedHex: toHex(given.published),
      bundleHashHex: toHex(given.prekeys.secrets.bundleHash),
      transcriptHashHex: toHex(initiated.state.transcriptHash),
      sessionIdHex: toHex(initiated.sessionId),
      firstFlightHex: toHex(initiated.message),
      initiatorStateHex: toHex(encodeSessionState(initiated.state)),
      responderStateHex: toHex(encodeSessionState(responded.state)),
    },
  }
}

/** The transcript is hashed a second time, from the bytes that travelled. */
function holdAgainstReference({ alice, bob, initiated, prekeys }: Stage): void {
  const flight = decodeFirstFlight(initiated.message)
  const { spk, pqspk, ik } = prekeys.payload
  const partyOf = ({ signer, instance }: Actor) => [signer.did, instance, signer.publicKey]
  const { transcriptHash, sessionId } = referenceTranscript({
    ...flight,
    parties: [...partyOf(alice), flight.identityKey, ...partyOf(bob), ik],
    ids: [spk.id, pqspk.id, flight.oneTimeIndex],
  })
  const { state } = initiated
  if (toHex(state.transcriptHash) !== transcriptHash || toHex(state.sessionId) !== sessionId) {
    throw new Error('the reference has another transcript')
  }
}

/** What the responder holds, and the flight that it gets. */
function respondInput(given: Stage, firstFlight: Uint8Array, more: CaseInput = {}): CaseInput {
  const oneTimeSecretsHex = given.prekeys.oneTime.map(({ secret }) => secret.use(toHex))
  return {
    operation: 'respond',
    nowMs: NOW_MS,
    responder: actorInput(given.bob),
    prekeySecretsHex: toHex(encodePrekeySecrets(given.prekeys.secrets)),
    oneTimeSecretsHex,
    firstFlightHex: toHex(firstFlight),
    respondRandomHex: given.respondRandomHex,
    ...more,
  }
}

function changedFlights(given: Stage): readonly CaseDraft[] {
  const flight = decodeFirstFlight(given.initiated.message)
  const bytes = given.initiated.message
  const refuse = (clause: string, description: string, change: Partial<FirstFlight>, error: string): CaseDraft => {
    return { clause, description, input: respondInput(given, encodeFirstFlight({ ...flight, ...change })), error }
  }
  const raw = (clause: string, description: string, changed: Uint8Array, error: string): CaseDraft => {
    return { clause, description, input: respondInput(given, changed), error }
  }
  const mallory = actor('mallory')
  const malloryKey = kernel.x25519PublicKey(mallory.sessionKeyBytes)
  const [zero = new Uint8Array(32), orderEight = zero] = LOW_ORDER_POINTS
  return [
    raw('5.9', 'a byte of another suite', Uint8Array.of(2, ...bytes.subarray(1)), 'SESSION_SUITE'),
    raw('5.1', 'the first message of an older ratchet without authentication', OLDER_MESSAGE, 'SESSION_SUITE'),
    raw('5.9', 'no bytes', new Uint8Array(0), 'SESSION_SUITE'),
    raw(
      '5.9',
      'a message instead of a first flight',
      Uint8Array.of(1, 2, ...bytes.subarray(2)),
      'SESSION_MESSAGE_INVALID',
    ),
    raw('5.5', 'cut short', bytes.subarray(0, 1200), 'SESSION_MESSAGE_INVALID'),
    raw('5.5', 'mode 3', Uint8Array.of(1, 1, 3, ...bytes.subarray(3)), 'SESSION_MESSAGE_INVALID'),
    refuse('5.9', 'a reserved content type', { contentType: 0xf0 }, 'SESSION_MESSAGE_INVALID'),
    refuse('5.9', 'a DID of another method', { did: utf8('did:web:example.com') }, 'SESSION_MESSAGE_INVALID'),
    refuse('5.9', 'a DID that is not UTF-8', { did: Uint8Array.of(0xff) }, 'SESSION_MESSAGE_INVALID'),
    refuse('5.9', 'an instance name in capitals', { instance: utf8('Main') }, 'SESSION_MESSAGE_INVALID'),
    refuse('5.5', 'the responder itself', { did: utf8(given.bob.signer.did) }, 'SESSION_SELF'),
    refuse(
      '5.5',
      "the responder's own session key",
      { identityKey: kernel.x25519PublicKey(given.bob.sessionKeyBytes) },
      'SESSION_SELF',
    ),
    refuse('5.9', 'a bundle that is not held', { bundleHash: new Uint8Array(32) }, 'SESSION_PREKEY_UNKNOWN'),
    refuse('5.9', 'a one-time pair that is not held', { oneTimeIndex: 9 }, 'SESSION_PREKEY_UNKNOWN'),
    refuse('5.7', 'an identity key of zero', { identityKey: zero }, 'SESSION_LOW_ORDER'),
    refuse('5.7', 'an identity key of order 8', { identityKey: orderEight }, 'SESSION_LOW_ORDER'),
    refuse('5.7', 'an ephemeral key of zero', { ephemeralKey: zero }, 'SESSION_LOW_ORDER'),
    refuse('5.7', 'an ephemeral key of order 8', { ephemeralKey: orderEight }, 'SESSION_LOW_ORDER'),
    refuse(
      '5.6',
      'another DID put in the place of the initiator',
      { did: utf8(mallory.signer.did) },
      'SESSION_AUTHENTICATION',
    ),
    refuse(
      '5.6',
      'another instance put in the place of the initiator',
      { instance: utf8('other') },
      'SESSION_AUTHENTICATION',
    ),
    refuse('5.7', 'another identity key', { identityKey: malloryKey }, 'SESSION_AUTHENTICATION'),
    refuse('5.7', 'another ephemeral key', { ephemeralKey: malloryKey }, 'SESSION_AUTHENTICATION'),
    refuse('5.6', 'another mode', { mode: 2 }, 'SESSION_AUTHENTICATION'),
    refuse('5.6', 'another capability context', { context: new Uint8Array(32).fill(1) }, 'SESSION_AUTHENTICATION'),
    refuse('5.6', 'another one-time pair', { oneTimeIndex: 0 }, 'SESSION_AUTHENTICATION'),
    refuse('5.6', 'no one-time pair', { oneTimeIndex: 0xffffffff }, 'SESSION_AUTHENTICATION'),
    refuse(
      '5.7',
      'one bit of the ML-KEM ciphertext',
      { kemCiphertext: flipped(flight.kemCiphertext) },
      'SESSION_AUTHENTICATION',
    ),
    refuse('5.9', 'another content type', { contentType: 1 }, 'SESSION_AUTHENTICATION'),
    refuse('5.9', 'one bit of the nonce', { nonce: flipped(flight.nonce) }, 'SESSION_AUTHENTICATION'),
    refuse('5.9', 'one bit of the header', { header: flipped(flight.header) }, 'SESSION_AUTHENTICATION'),
    refuse('5.9', 'one bit of the commitment', { commitment: flipped(flight.commitment) }, 'SESSION_AUTHENTICATION'),
    refuse('5.9', 'one bit of the ciphertext', { ciphertext: flipped(flight.ciphertext) }, 'SESSION_AUTHENTICATION'),
  ]
}

/** The same honest flights, in circumstances that forbid them. */
function circumstances(given: Stage, bound: Stage): readonly CaseDraft[] {
  const { message, state } = given.initiated
  const { nbf, exp } = given.prekeys.payload.spk
  const seenHex = [toHex(state.transcriptHash)]
  const refuse = (clause: string, description: string, more: CaseInput, error: string): CaseDraft => {
    return { clause, description, input: respondInput(given, message, more), error }
  }
  const accept = (clause: string, description: string, more: CaseInput): CaseDraft => {
    const expected = {
      responderStateHex: toHex(encodeSessionState(given.responded.state)),
      plaintextHex: toHex(utf8('first')),
    }
    return { clause, description, input: respondInput(given, message, more), expected }
  }
  const context = toHex(bound.initiated.state.context)
  return [
    accept('5.9', 'accepted by what the responder stored', {}),
    accept('5.9', 'accepted by a responder that insists on a signature', { acceptModes: ['accountable'] }),
    refuse('5.9', 'a second time', { seenHex }, 'SESSION_REPLAY'),
    refuse('5.9', 'after its one-time secret was deleted', { oneTimeSecretsHex: [] }, 'SESSION_PREKEY_UNKNOWN'),
    refuse(
      '5.9',
      'at a one-time secret of another length',
      { oneTimeSecretsHex: ['00', '00', '00'] },
      'SESSION_STATE_INVALID',
    ),
    refuse('5.9', 'one second before the prekeys begin', { nowMs: nbf * 1000 - 1 }, 'SESSION_PREKEY_NOT_YET_VALID'),
    refuse('5.9', 'in the second in which the prekeys end', { nowMs: exp * 1000 }, 'SESSION_PREKEY_EXPIRED'),
    refuse('5.9', 'by a responder that accepts deniable sessions only', { acceptModes: ['deniable'] }, 'SESSION_MODE'),
    refuse('5.9', 'by a responder that expects a context', { expectedContextHex: context }, 'SESSION_CONTEXT'),
    {
      clause: '5.9',
      description: 'accepted by a responder that expects just this context',
      input: respondInput(bound, bound.initiated.message, { expectedContextHex: context }),
      expected: {
        responderStateHex: toHex(encodeSessionState(bound.responded.state)),
        plaintextHex: toHex(utf8('bound')),
      },
    },
  ]
}

/** Flights that are sound in every key and come from somebody else than they claim. */
async function falseCredentials(given: Stage): Promise<readonly CaseDraft[]> {
  const [alice, mallory] = [actor('alice'), actor('mallory')]
  const claimsAlice: Actor = {
    ...mallory,
    signer: { ...mallory.signer, did: alice.signer.did, publicKey: alice.signer.publicKey },
  }
  const certificateBy = (by: Actor, nowMs = NOW_MS) => certifySessionKey({ kernel, ...by, nowMs })
  const draft = async (description: string, from: Actor, certificate?: Uint8Array): Promise<CaseDraft> => {
    const bundle = verifyBundle({ kernel, bytes: publishBundle({ bundle: given.prekeys.bundle }), nowMs: NOW_MS })
    const random = seededRandom(`session/credential/${description}`)
    const { message } = await initiate({
      kernel,
      random,
      nowMs: NOW_MS,
      self: from,
      bundle,
      plaintext: utf8('I am Alice'),
      kemRandomness: random.bytes(32),
      ...(certificate && { deniable: { certificate } }),
    })
    return { clause: '5.8', description, input: respondInput(given, message), error: 'SESSION_SIGNATURE' }
  }
  const day = 86_400_000
  return [
    await draft('a stranger with the public bundle claims another DID and signs', claimsAlice),
    await draft('a stranger shows the certificate of the DID that it claims', claimsAlice, await certificateBy(alice)),
    await draft('a stranger shows a certificate of its own', claimsAlice, await certificateBy(mallory)),
    await draft('a certificate of another instance', alice, await certificateBy({ ...alice, instance: 'other' })),
    await draft('a certificate that ended', alice, await certificateBy(alice, NOW_MS - 15 * day)),
    await draft('a certificate that did not begin', alice, await certificateBy(alice, NOW_MS + day)),
    await draft('a certificate that is no envelope', alice, utf8('certificate')),
  ]
}

/** Verified bundles that an initiator still refuses. */
async function initiatorRefusals(given: Stage): Promise<readonly CaseDraft[]> {
  const bundleWith = async (change: Partial<PrekeyBundle>) => {
    const payload = { ...given.prekeys.payload, ...change }
    const plain = { ...payload, suite: SESSION_SUITE, spk: { ...payload.spk }, pqspk: { ...payload.pqspk } }
    const { bytes } = await signEnvelope({ tag: PREKEY_BUNDLE_TAG, payload: plain, signer: given.bob.signer })
    return toHex(publishBundle({ bundle: bytes }))
  }
  const [pub = new Uint8Array(32)] = LOW_ORDER_POINTS
  const { spk } = given.prekeys.payload
  const ownKey = kernel.x25519PublicKey(given.alice.sessionKeyBytes)
  const input = (publishedHex: string, by: Actor, nowMs = NOW_MS): CaseInput => {
    return { operation: 'initiate', nowMs, verifiedAtMs: NOW_MS, initiator: actorInput(by), publishedHex }
  }
  const honest = toHex(given.published)
  return [
    {
      clause: '5.7',
      description: 'a signed prekey of zero',
      input: input(await bundleWith({ spk: { ...spk, pub } }), given.alice),
      error: 'SESSION_LOW_ORDER',
    },
    {
      clause: '5.7',
      description: 'an identity key of zero in the bundle',
      input: input(await bundleWith({ ik: pub }), given.alice),
      error: 'SESSION_LOW_ORDER',
    },
    {
      clause: '5.5',
      description: 'a bundle of the initiator itself',
      input: input(honest, given.bob),
      error: 'SESSION_SELF',
    },
    {
      clause: '5.5',
      description: "a bundle that names the initiator's own session key",
      input: input(await bundleWith({ ik: ownKey }), given.alice),
      error: 'SESSION_SELF',
    },
    {
      clause: '5.5',
      description: 'a bundle that ended since it was verified',
      input: input(honest, given.alice, spk.exp * 1000),
      error: 'SESSION_PREKEY_EXPIRED',
    },
  ]
}

function flipped(bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice()
  changed.set([(bytes[0] ?? 0) ^ 1])
  return changed
}
