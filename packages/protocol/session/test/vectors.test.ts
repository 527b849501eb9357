import { fromHex, Secret, toHex } from '@talos/bytes'
import type { Did, SessionReset } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { ed25519Signer } from '@talos/identity'
import { repoVectors, type VectorCase } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import {
  controlDue,
  createPrekeys,
  createReset,
  decodePrekeySecrets,
  decodeSessionState,
  encodeSessionState,
  initiate,
  open,
  openReset,
  type PaddingPolicy,
  paddedSize,
  publishBundle,
  respond,
  routeOf,
  type SessionMode,
  sessionExporter,
  verifyBundle,
} from '../src/index.ts'
import { establish, kernel, NOW_MS, respondTo } from './agents.ts'
import { factsOf, Stage } from './vector-play.ts'
import { type Fields, fixedRandom, reader } from './vector-reader.ts'
import { headCase, streamCase } from './vector-stream.ts'

function actorOf(fields: Fields) {
  const { bytes } = reader(fields)
  const signer = ed25519Signer({ kernel, seed: Secret.of(bytes('identitySeedHex')) })
  return {
    signer,
    did: signer.did,
    instance: String(fields['instance']),
    sessionKey: Secret.of(bytes('sessionKeyHex')),
  }
}

async function handshake(input: Fields): Promise<Fields> {
  const read = reader(input)
  const nowMs = read.number('nowMs')
  const alice = actorOf(read.fields('initiator'))
  const bob = actorOf(read.fields('responder'))
  const { randomHex, serial, oneTimeCount, nowMs: madeMs } = read.fields('prekeys')
  const made = { serial: Number(serial), oneTimeCount: Number(oneTimeCount), nowMs: Number(madeMs) }
  const prekeys = await createPrekeys({ kernel, random: fixedRandom(randomHex), ...bob, ...made })
  const oneTime = input['oneTimeIndex'] === null ? undefined : prekeys.oneTime[read.number('oneTimeIndex')]
  const published = publishBundle({ bundle: prekeys.bundle, ...(oneTime && { oneTime: oneTime.published }) })
  const random = fixedRandom(input['initiateRandomHex'])
  const certificate = read.maybeBytes('certificateHex')
  const initiated = await initiate({
    kernel,
    random,
    nowMs,
    self: alice,
    bundle: verifyBundle({ kernel, bytes: published, nowMs }),
    context: read.bytes('contextHex'),
    plaintext: read.bytes('plaintextHex'),
    kemRandomness: read.bytes('kemRandomnessHex'),
    ...(certificate && { deniable: { certificate } }),
  })
  expect(random.left()).toBe(0)
  const responded = respond({
    kernel,
    random: fixedRandom(input['respondRandomHex']),
    nowMs,
    self: bob,
    firstFlight: initiated.message,
    findPrekeys: () => prekeys.secrets,
    findOneTime: () => oneTime?.secret,
    seen: () => false,
  })
  expect(responded.plaintext).toEqual(read.bytes('plaintextHex'))
  expect(responded.usedOneTime?.index ?? null).toBe(input['oneTimeIndex'])
  return {
    publishedHex: toHex(published),
    bundleHashHex: toHex(prekeys.secrets.bundleHash),
    transcriptHashHex: toHex(initiated.state.transcriptHash),
    sessionIdHex: toHex(initiated.sessionId),
    firstFlightHex: toHex(initiated.message),
    initiatorStateHex: toHex(encodeSessionState(initiated.state)),
    responderStateHex: toHex(encodeSessionState(responded.state)),
  }
}

function respondCase(input: Fields): Fields {
  const read = reader(input)
  const secrets = decodePrekeySecrets(read.bytes('prekeySecretsHex'))
  const expectedContext = read.maybeBytes('expectedContextHex')
  const acceptModes = input['acceptModes'] as readonly SessionMode[] | undefined
  const { state, plaintext } = respond({
    kernel,
    random: fixedRandom(input['respondRandomHex']),
    nowMs: read.number('nowMs'),
    self: actorOf(read.fields('responder')),
    firstFlight: read.bytes('firstFlightHex'),
    findPrekeys: (hash) => (toHex(hash) === toHex(secrets.bundleHash) ? secrets : undefined),
    findOneTime: ({ index }) => {
      const hex = read.texts('oneTimeSecretsHex')[index]
      return hex === undefined ? undefined : Secret.of(fromHex(hex))
    },
    seen: (hash) => read.texts('seenHex').includes(toHex(hash)),
    ...(acceptModes && { acceptModes }),
    ...(expectedContext && { expectedContext }),
  })
  return { responderStateHex: toHex(encodeSessionState(state)), plaintextHex: toHex(plaintext) }
}

async function initiateCase(input: Fields): Promise<Fields> {
  const read = reader(input)
  const bundle = verifyBundle({ kernel, bytes: read.bytes('publishedHex'), nowMs: read.number('verifiedAtMs') })
  const self = actorOf(read.fields('initiator'))
  const random = fixedRandom('11'.repeat(76))
  await initiate({ kernel, random, nowMs: read.number('nowMs'), self, bundle, plaintext: new Uint8Array(0) })
  return {}
}

function bundleCase(input: Fields): Fields {
  const { publishedHex: _bytes, nowMs: _now, ...options } = input
  const read = reader(input)
  const verified = verifyBundle({ kernel, bytes: read.bytes('publishedHex'), nowMs: read.number('nowMs'), ...options })
  const { did, instance, payload, oneTime, bundleHash } = verified
  const oneTimeIndex = oneTime?.index ?? null
  return { did, instance, serial: payload.serial, oneTimeIndex, bundleHashHex: toHex(bundleHash) }
}

function script(input: Fields): Fields {
  const read = reader(input)
  const stage = new Stage(read.bytes('initiatorStateHex'), read.bytes('responderStateHex'))
  for (const step of read.list('steps')) stage.run(step)
  const [initiator, responder] = [stage.states.initiator, stage.states.responder].map(encodeSessionState)
  return { initiatorStateHex: toHex(initiator as Uint8Array), responderStateHex: toHex(responder as Uint8Array) }
}

function dueCase(input: Fields): Fields {
  const { bytes, number } = reader(input)
  return { due: controlDue(decodeSessionState(bytes('stateHex')), number('nowMs')) }
}

async function createResetCase(input: Fields): Promise<Fields> {
  const read = reader(input)
  const random = fixedRandom(input['randomHex'])
  const bytes = await createReset({
    signer: actorOf(read.fields('issuer')).signer,
    random,
    nowS: read.number('nowS'),
    peer: input['peer'] as Did,
    instance: String(input['instance']),
    session: read.bytes('sessionHex'),
    active: read.maybeBytes('activeHex'),
    reason: input['reason'] as SessionReset['reason'],
  })
  expect(random.left()).toBe(0)
  return { resetHex: toHex(bytes) }
}

function openResetCase(input: Fields): Fields {
  const read = reader(input)
  const given = { kernel, bytes: read.bytes('resetHex'), nowS: read.number('nowS') }
  const reset = openReset({ ...given, from: input['from'] as Did, self: input['self'] as Did })
  const { instance, session, active, reason, iat } = reset
  return { instance, sessionHex: toHex(session), ...(active && { activeHex: toHex(active) }), reason, iat }
}

/** Nothing that takes bytes from a line takes these: each answer is the same, and the last one is given out. */
async function legacyCase(input: Fields): Promise<Fields> {
  const { alice, holder } = await establish()
  let refusal: unknown
  for (const hex of input['messagesHex'] as readonly string[]) {
    const bytes = fromHex(hex)
    const readings = [
      () => routeOf(bytes),
      () => open(alice, { kernel, nowMs: NOW_MS, message: bytes }),
      () => respondTo(holder, { firstFlight: bytes }),
    ]
    for (const read of readings) {
      expect(read).toThrow(expect.objectContaining({ code: 'SESSION_SUITE' }))
      refusal = errorOf(read)
    }
  }
  throw refusal
}

function errorOf(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return error
  }
}

function openCase(input: Fields): Fields {
  const { bytes, number } = reader(input)
  const state = decodeSessionState(bytes('stateHex'))
  return factsOf(open(state, { kernel, nowMs: number('nowMs'), message: bytes('messageHex') }))
}

function stateCase(input: Fields): Fields {
  const stored = reader(input).bytes('stateHex')
  const state = decodeSessionState(stored)
  expect(encodeSessionState(state)).toEqual(stored)
  return { summary: state.toJSON() }
}

function paddingCase(input: Fields): Fields {
  return { paddedBytes: paddedSize(Number(input['sizeBytes']), input['policy'] as PaddingPolicy) }
}

type Run = (input: Fields) => Fields | Promise<Fields>

const OPERATIONS: Readonly<Record<string, Run>> = {
  handshake,
  respond: respondCase,
  initiate: initiateCase,
  script,
  open: openCase,
  due: dueCase,
  stream: streamCase,
  head: headCase,
}

function byOperation(input: Fields): Fields | Promise<Fields> {
  const run = OPERATIONS[String(input['operation'])]
  if (run === undefined) throw new Error('the case names no operation of this test')
  return run(input)
}

/** Both ends export the same, each from its own record. */
function exporterCase(input: Fields): Fields {
  const { bytes } = reader(input)
  const label = String(input['label'])
  const [ours, theirs] = ['initiatorStateHex', 'responderStateHex'].map((name) =>
    sessionExporter(decodeSessionState(bytes(name)), { kernel, label }).use(toHex),
  )
  expect(theirs).toBe(ours)
  return { keyHex: ours }
}

const FILES: Readonly<Record<string, Run>> = {
  bundle: bundleCase,
  handshake: byOperation,
  ratchet: byOperation,
  lease: byOperation,
  'post-quantum': byOperation,
  stream: byOperation,
  reset: (input) => (input['operation'] === 'create' ? createResetCase(input) : openResetCase(input)),
  legacy: legacyCase,
  exporter: exporterCase,
  state: stateCase,
  padding: paddingCase,
}

async function outcome(run: Run, vector: VectorCase): Promise<Fields> {
  try {
    return { expected: await run(vector.input) }
  } catch (error) {
    if (isTalosError(error)) return { error: error.code }
    throw error
  }
}

describe.each(Object.entries(FILES))('session/%s.json', (name, run) => {
  it.each(repoVectors(`session/${name}.json`).cases)('$id, clause $clause: $description', async (vector) => {
    const due = vector.valid ? { expected: vector.expected } : { error: vector.error }
    expect(await outcome(run, vector)).toEqual(due)
  })
})
