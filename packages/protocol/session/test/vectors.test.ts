import { fromHex, Secret, toHex } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { ed25519Signer } from '@talos/identity'
import type { Random } from '@talos/ports'
import { repoVectors, type VectorCase } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import {
  createPrekeys,
  decodePrekeySecrets,
  decodeSessionState,
  encodeSessionState,
  initiate,
  type Opened,
  open,
  type PaddingPolicy,
  paddedSize,
  publishBundle,
  respond,
  type SessionMode,
  seal,
  verifyBundle,
} from '../src/index.ts'
import { kernel } from './agents.ts'

type Fields = Readonly<Record<string, unknown>>

/** The members of a case, read by the type that the case must have. */
function reader(fields: Fields) {
  const bytes = (name: string) => fromHex(String(fields[name]))
  const maybe = <T>(name: string, read: (name: string) => T) => (fields[name] === undefined ? undefined : read(name))
  return {
    bytes,
    number: (name: string) => Number(fields[name]),
    fields: (name: string) => fields[name] as Fields,
    list: (name: string) => (fields[name] ?? []) as readonly Fields[],
    texts: (name: string) => (fields[name] ?? []) as readonly string[],
    maybeBytes: (name: string) => maybe(name, bytes),
  }
}

/** Gives out just the bytes of the case, and ends with the last one. */
function fixedRandom(hex: unknown): Random & { readonly left: () => number } {
  let rest = fromHex(String(hex))
  return {
    bytes(length) {
      if (length > rest.length) throw new Error('the case holds fewer random bytes than were drawn')
      const drawn = rest.slice(0, length)
      rest = rest.slice(length)
      return drawn
    },
    left: () => rest.length,
  }
}

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
  const states = {
    initiator: decodeSessionState(read.bytes('initiatorStateHex')),
    responder: decodeSessionState(read.bytes('responderStateHex')),
  }
  for (const step of read.list('steps')) {
    const by = step['by'] as keyof typeof states
    const { bytes, number } = reader(step)
    if (step['op'] === 'seal') {
      const random = fixedRandom(step['randomHex'])
      const content = { plaintext: bytes('plaintextHex'), contentType: number('contentType') }
      const padding = step['padding'] as PaddingPolicy
      const sealed = seal(states[by], { kernel, random, nowMs: number('nowMs'), padding, ...content })
      expect(toHex(sealed.message)).toBe(step['messageHex'])
      expect(random.left()).toBe(0)
      states[by] = sealed.state
    } else if (step['error'] === undefined) {
      const opened = open(states[by], { kernel, nowMs: number('nowMs'), message: bytes('messageHex') })
      expect(factsOf(opened)).toEqual({ plaintextHex: step['plaintextHex'], contentType: step['contentType'] })
      states[by] = opened.state
    } else {
      const before = toHex(encodeSessionState(states[by]))
      const attempt = () => open(states[by], { kernel, nowMs: number('nowMs'), message: bytes('messageHex') })
      expect(attempt).toThrow(expect.objectContaining({ code: step['error'] }))
      expect(toHex(encodeSessionState(states[by]))).toBe(before)
    }
  }
  const [initiator, responder] = [encodeSessionState(states.initiator), encodeSessionState(states.responder)]
  return { initiatorStateHex: toHex(initiator), responderStateHex: toHex(responder) }
}

function openCase(input: Fields): Fields {
  const { bytes, number } = reader(input)
  const state = decodeSessionState(bytes('stateHex'))
  return factsOf(open(state, { kernel, nowMs: number('nowMs'), message: bytes('messageHex') }))
}

/** What a vector says of an opened message. */
function factsOf(opened: Opened): Fields {
  if (opened.kind === 'control') return { control: true }
  return { plaintextHex: toHex(opened.plaintext), contentType: opened.contentType }
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
}

function byOperation(input: Fields): Fields | Promise<Fields> {
  const run = OPERATIONS[String(input['operation'])]
  if (run === undefined) throw new Error('the case names no operation of this test')
  return run(input)
}

const FILES: Readonly<Record<string, Run>> = {
  bundle: bundleCase,
  handshake: byOperation,
  ratchet: byOperation,
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
