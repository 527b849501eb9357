/** Sessions: bundles, first flights, messages, stored records, resets and streams (spec 05-prekeys-handshake, 06-session). */
import { decodeCbor, equalBytes, type IpldValue, Secret, toHex } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { ed25519Signer, type Signer } from '@talos/identity'
import type { Kernel, RatchetSealInput } from '@talos/kernel'
import type { Random } from '@talos/ports'
import {
  type CreatedPrekeys,
  controlDue,
  createPrekeys,
  decodePrekeySecrets,
  decodeSessionState,
  encodePrekeySecrets,
  encodeSessionState,
  initiate,
  isStreamHead,
  open,
  openReset,
  openStream,
  PQ_STEP_AGE_MS,
  publishBundle,
  respond,
  routeOf,
  type SessionState,
  seal,
  sealControl,
  sealStream,
  verifyBundle,
} from '@talos/session'
import { FuzzRandom } from '../random.ts'
import { casesOf, fromHexSeed, type Members, seedsOf, signedIn } from '../seeds.ts'
import { must, type Target, unlessRefused } from '../target.ts'
import { kernel, trusting } from './kernels.ts'

const NOW_MS = 1_800_000_000_000
const LATER_MS = NOW_MS + PQ_STEP_AGE_MS
const HELLO = new Uint8Array(Buffer.from('hello'))

export async function sessionTargets(): Promise<readonly Target[]> {
  const scene = await meet()
  return [
    ...bundleTargets(),
    ...respondTargets(scene),
    ...openTargets(scene),
    ...dishonestTargets(scene),
    ...streamTargets(scene),
    ...recordTargets(),
    resetTarget(),
    routeTarget(),
  ]
}

interface Agent {
  readonly random: Random
  readonly signer: Signer
  readonly did: Did
  readonly instance: string
  readonly sessionKey: Secret
}

/** Alice has a confirmed session with Bob, and his prekeys are at hand. */
interface Scene {
  readonly alice: SessionState
  readonly bob: SessionState
  readonly bobAgent: Agent
  readonly prekeys: CreatedPrekeys
  readonly firstFlight: Uint8Array
}

function agent(name: string): Agent {
  const random = new FuzzRandom(`agent/${name}`)
  const signer = ed25519Signer({ kernel, seed: Secret.random(random, 32) })
  return { random, signer, did: signer.did, instance: 'main', sessionKey: Secret.random(random, 32) }
}

async function meet(): Promise<Scene> {
  const alice = agent('alice')
  const bobAgent = agent('bob')
  const prekeys = await createPrekeys({ kernel, ...bobAgent, nowMs: NOW_MS, serial: 1, oneTimeCount: 2 })
  const oneTime = prekeys.oneTime[0]?.published
  const served = publishBundle({ bundle: prekeys.bundle, ...(oneTime !== undefined && { oneTime }) })
  const bundle = verifyBundle({ kernel, bytes: served, nowMs: NOW_MS })
  const { random } = alice
  // Drawn here and not by the kernel, so that one case can be replayed in another process.
  const kemRandomness = random.bytes(32)
  const given = { kernel, random, nowMs: NOW_MS, self: alice, kemRandomness }
  const initiated = await initiate({ ...given, bundle, plaintext: HELLO })
  const scene = { bobAgent, prekeys, firstFlight: initiated.message }
  const { state: bob } = answer(scene, { kernel, firstFlight: initiated.message })
  const reply = seal(bob, { kernel, random, nowMs: NOW_MS, plaintext: HELLO })
  const opened = open(initiated.state, { kernel, nowMs: NOW_MS, message: reply.message })
  return { ...scene, alice: opened.state, bob: reply.state }
}

type Answering = Pick<Scene, 'bobAgent' | 'prekeys'>

function answer(
  { bobAgent, prekeys }: Answering,
  given: { readonly kernel: Kernel; readonly firstFlight: Uint8Array },
) {
  return respond({
    ...given,
    random: bobAgent.random,
    nowMs: NOW_MS,
    self: bobAgent,
    findPrekeys: (hash) => (equalBytes(hash, prekeys.secrets.bundleHash) ? prekeys.secrets : undefined),
    findOneTime: ({ index }) => prekeys.oneTime[index]?.secret,
    seen: () => false,
  })
}

function bundleTargets(): readonly Target[] {
  const seeds = seedsOf('session/bundle.json', 'publishedHex')
  const { nowMs } = casesOf('session/bundle.json')[0]?.input ?? {}
  const given = { nowMs: Number(nowMs) }
  const envelopes = seeds.flatMap((seed) => unlessRefused(() => decodeCbor(seed)) ?? [])
  const honest = new Set(envelopes.map((published) => toHex(kernel.sha256(envelopeIn(published)))))
  return [
    {
      name: 'bundle/verify',
      refusals: /^SESSION_/,
      form: 'cbor',
      seeds,
      run(input) {
        const { bundleHash } = verifyBundle({ kernel, bytes: input, ...given })
        must(honest.has(toHex(bundleHash)), 'nothing opens but what was signed')
      },
    },
    {
      name: 'bundle/behind-signature',
      refusals: /^SESSION_/,
      form: 'cbor',
      seeds,
      run: (input) => void verifyBundle({ kernel: trusting, bytes: input, ...given }),
    },
  ]
}

function envelopeIn(published: IpldValue): Uint8Array {
  const { envelope } = Object(published)
  return envelope instanceof Uint8Array ? envelope : new Uint8Array()
}

function respondTargets(scene: Scene): readonly Target[] {
  const seeds = [scene.firstFlight, ...seedsOf('session/handshake.json', 'firstFlightHex')]
  const run = (used: Kernel) => (input: Uint8Array) => {
    answer(scene, { kernel: used, firstFlight: input })
    must(equalBytes(input, scene.firstFlight), 'no first flight opens but the one that was sealed')
  }
  return [
    { name: 'respond/first-flight', refusals: /^SESSION_/, form: 'bytes', seeds, run: run(kernel) },
    {
      name: 'respond/behind-signature',
      refusals: /^SESSION_/,
      form: 'bytes',
      seeds: [scene.firstFlight],
      run: run(trusting),
    },
  ]
}

/** As the docstring of `open` has them. */
const OPEN_REFUSALS =
  /^SESSION_(SUITE|MESSAGE_INVALID|MISMATCH|EXHAUSTED|HEADER|DUPLICATE|GAP|LOW_ORDER|AUTHENTICATION|TOO_LARGE)$/

interface Situation {
  readonly state: SessionState
  /** Opens in that state. */
  readonly message: Uint8Array
  readonly nowMs: number
}

/** A message of each kind with a state that opens it. */
function situationsOf({ alice, bob, bobAgent: { random } }: Scene): Readonly<Record<string, Situation>> {
  const say = (state: SessionState, plaintext = HELLO) => seal(state, { kernel, random, nowMs: NOW_MS, plaintext })
  const hear = (state: SessionState, message: Uint8Array, nowMs = NOW_MS) =>
    open(state, { kernel, nowMs, message }).state
  const first = say(alice)
  const second = say(first.state)
  const third = say(second.state)
  const turned = hear(bob, first.message)
  const skipping = hear(turned, third.message)
  const answered = say(skipping)
  const later = hear(third.state, answered.message)
  const newChain = say(later)
  const offer = sealControl(alice, { kernel, random, nowMs: LATER_MS })
  return {
    turn: { state: bob, message: first.message, nowMs: NOW_MS },
    'in-order': { state: turned, message: second.message, nowMs: NOW_MS },
    gap: { state: turned, message: third.message, nowMs: NOW_MS },
    skipped: { state: skipping, message: second.message, nowMs: NOW_MS },
    'old-chain': { state: hear(answered.state, newChain.message), message: second.message, nowMs: NOW_MS },
    control: { state: bob, message: offer.message, nowMs: LATER_MS },
  }
}

function openTargets(scene: Scene): readonly Target[] {
  const situations = Object.entries(situationsOf(scene))
  const others = situations.map(([, { message }]) => message)
  const foreign = seedsOf('session/ratchet.json', 'messageHex').slice(0, 8)
  return situations.map(([name, { state, message, nowMs }]) => {
    const before = encodeSessionState(state)
    const opening = others.filter((other) => unlessRefused(() => open(state, { kernel, nowMs, message: other })))
    return {
      name: `session-open/${name}`,
      refusals: /^SESSION_/,
      form: 'bytes',
      seeds: [message, ...others, ...foreign],
      run(input) {
        const opened = unlessRefused(() => open(state, { kernel, nowMs, message: input }), OPEN_REFUSALS)
        const isHonest = opening.some((other) => equalBytes(other, input))
        must((opened !== undefined) === isHonest, 'nothing opens but what was sealed, and that does')
        must(equalBytes(encodeSessionState(state), before), 'a state stays as it was')
        must(open(state, { kernel, nowMs, message }).kind.length > 0, 'the honest message opens afterwards')
      },
    }
  })
}

/** Messages that are sealed with the right keys, and say something wrong. */
function dishonestTargets({ alice, bob, bobAgent }: Scene): readonly Target[] {
  let sealed: RatchetSealInput | undefined
  const sealing = (change: Partial<RatchetSealInput>): Kernel => ({
    ...kernel,
    ratchetSeal: (input) => {
      sealed = input
      return kernel.ratchetSeal({ ...input, ...change })
    },
  })
  const speak = (used: Kernel, random: Random) =>
    seal(alice, { kernel: used, random, nowMs: LATER_MS, plaintext: HELLO }).message
  const control = (used: Kernel, random: Random) =>
    sealControl(alice, { kernel: used, random, nowMs: LATER_MS }).message
  const before = encodeSessionState(bob)
  const hear = (message: Uint8Array) => {
    const opened = unlessRefused(() => open(bob, { kernel, nowMs: LATER_MS, message }), OPEN_REFUSALS)
    must(equalBytes(encodeSessionState(bob), before), 'a state stays as it was')
    if (opened === undefined) return
    const stored = encodeSessionState(opened.state)
    must(equalBytes(encodeSessionState(decodeSessionState(stored)), stored), 'the next state can be stored')
  }
  const seen = (act: (used: Kernel, random: Random) => Uint8Array): RatchetSealInput => {
    act(sealing({}), bobAgent.random)
    if (sealed === undefined) throw new Error('nothing was sealed')
    return sealed
  }
  return [
    {
      name: 'session-open/dishonest-header',
      refusals: /^SESSION_/,
      form: 'bytes',
      seeds: [seen(speak).header],
      run(input, random) {
        const header = input.slice(0, 1_024)
        if (header.length > 0) hear(speak(sealing({ header }), random))
      },
    },
    {
      name: 'session-open/dishonest-control',
      refusals: /^SESSION_/,
      form: 'bytes',
      seeds: [seen(control).content],
      run(input, random) {
        const content = input.slice(0, 4_096)
        hear(control(sealing({ content, paddedBytes: content.length + 1 }), random))
      },
    },
  ]
}

function streamTargets({ alice, bob, bobAgent: { random } }: Scene): readonly Target[] {
  const { message, stream } = sealStream(alice, { kernel, random, nowMs: NOW_MS })
  const chunk = stream.seal(HELLO, { isLast: true })
  const start = () => openStream(bob, { kernel, nowMs: NOW_MS, message })
  const before = encodeSessionState(bob)
  return [
    {
      name: 'stream/head',
      refusals: /^SESSION_/,
      form: 'bytes',
      seeds: [message],
      run(input) {
        const opened = unlessRefused(() => openStream(bob, { kernel, nowMs: NOW_MS, message: input }), OPEN_REFUSALS)
        must((opened !== undefined) === equalBytes(input, message), 'nothing opens but what was sealed, and that does')
        must(opened === undefined || isStreamHead(input), 'what opens is a head')
        must(equalBytes(encodeSessionState(bob), before), 'a state stays as it was')
      },
    },
    {
      name: 'stream/chunk',
      refusals: /^SESSION_/,
      form: 'bytes',
      seeds: [chunk],
      run(input) {
        const opener = start().stream
        const opened = unlessRefused(() => opener.open(input), OPEN_REFUSALS)
        must((opened !== undefined) === equalBytes(input, chunk), 'nothing opens but what was sealed, and that does')
        if (opened === undefined) must(opener.open(chunk).isLast, 'the honest chunk opens afterwards')
      },
    },
  ]
}

function recordTargets(): readonly Target[] {
  const messages = seedsOf('session/ratchet.json', 'messageHex')
  return [
    {
      name: 'session-record',
      refusals: /^SESSION_STATE_INVALID$/,
      form: 'cbor',
      seeds: [...seedsOf('session/state.json', 'stateHex'), ...seedsOf('session/post-quantum.json', 'stateHex')],
      run(input, random) {
        const state = decodeSessionState(input)
        must(equalBytes(encodeSessionState(state), input), 'a taken record is written again as it was')
        JSON.stringify(state)
        const given = { kernel, random, nowMs: NOW_MS }
        const sealed = unlessRefused(() => seal(state, { ...given, plaintext: HELLO }))
        if (controlDue(state, NOW_MS)) unlessRefused(() => sealControl(state, given))
        unlessRefused(() => open(state, { kernel, nowMs: NOW_MS, message: sealed?.message ?? random.pick(messages) }))
        unlessRefused(() => open(state, { kernel, nowMs: NOW_MS, message: random.pick(messages) }))
      },
    },
    {
      name: 'prekey-secrets',
      refusals: /^SESSION_STATE_INVALID$/,
      form: 'cbor',
      seeds: seedsOf('session/handshake.json', 'prekeySecretsHex'),
      run(input) {
        const secrets = decodePrekeySecrets(input)
        must(equalBytes(encodePrekeySecrets(secrets), input), 'a taken record is written again as it was')
        JSON.stringify(secrets)
      },
    },
  ]
}

function resetTarget(): Target {
  const cases = casesOf('session/reset.json').filter(({ valid, input }) => valid && input['operation'] === 'open')
  const given = (input: Members) => ({
    from: input['from'] as Did,
    self: input['self'] as Did,
    nowS: Number(input['nowS']),
  })
  const seeds = [
    ...cases.map(({ input }) => fromHexSeed(input['resetHex'])),
    ...seedsOf('session/reset.json', 'resetHex'),
  ]
  const wasSigned = signedIn(seeds)
  return {
    name: 'reset',
    refusals: /^SESSION_RESET_INVALID$/,
    form: 'cbor',
    seeds,
    run(input, random) {
      const expected = given(random.pick(cases).input)
      unlessRefused(() => openReset({ kernel: trusting, bytes: input, ...expected }))
      openReset({ kernel, bytes: input, ...expected })
      must(wasSigned(input), 'nothing opens but what was signed')
    },
  }
}

function routeTarget(): Target {
  return {
    name: 'route',
    refusals: /^SESSION_(SUITE|MESSAGE_INVALID)$/,
    form: 'bytes',
    seeds: [
      ...seedsOf('session/ratchet.json', 'messageHex'),
      ...seedsOf('session/legacy.json', 'messagesHex'),
      ...seedsOf('session/handshake.json', 'firstFlightHex').slice(0, 4),
    ],
    run(input) {
      const route = routeOf(input)
      isStreamHead(input)
      must(route.kind === 'first-flight' || route.sessionId.length === 16, 'a message names a session of 16 bytes')
    },
  }
}
