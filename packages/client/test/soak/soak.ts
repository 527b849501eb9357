/** Two agents exchange messages for a long time while their memory is measured: what it holds must not grow. */
import { Secret, utf8 } from '@talos/bytes'
import { ed25519Signer, type Signer } from '@talos/identity'
import { type Kernel, loadKernel } from '@talos/kernel'
import {
  controlDue,
  createPrekeys,
  decodeSessionState,
  encodeSessionState,
  initiate,
  open,
  publishBundle,
  respond,
  type SessionState,
  seal,
  sealControl,
  verifyBundle,
} from '@talos/session'
import { AgentDatabase, AgentHome } from '@talos/storage'
import { liveBytes, manualClock, tempFolder } from '@talos/testkit'
import { PrekeyKeeper } from '../../src/prekeys.ts'
import { SessionKeeper } from '../../src/sessions.ts'
import { Prng } from '../simulation/prng.ts'

/** When it begins, and how far the clock moves with each message: a million take less than a session lives. */
const BEGIN_MS = 1_800_000_000_000
const MESSAGE_MS = 200
/** Messages in one direction before the other answers, at most; and how many agents' states are written and read again. */
const BURST = 24
const REOPEN_EVERY = 10_007

export interface Sample {
  readonly messages: number
  /** In the heap and in array buffers, after garbage was collected. */
  readonly liveBytes: number
  readonly rssBytes: number
}

export interface SoakOptions {
  readonly messages: number
  /** Samples, evenly spread; the first comes when the first share is done, so that what is warmed up does not count. */
  readonly samples: number
  readonly onSample?: (sample: Sample) => void
}

/** Notes what memory holds each time that a share of the messages is done. */
function sampler({ messages, samples, onSample = () => undefined }: SoakOptions) {
  const taken: Sample[] = []
  const every = Math.max(1, Math.floor(messages / samples))
  return {
    taken,
    note: (done: number) => {
      if (done % every !== 0 || done === 0) return
      const sample = { messages: done, liveBytes: liveBytes(), rssBytes: process.memoryUsage().rss }
      taken.push(sample)
      onSample(sample)
    },
  }
}

interface Side {
  readonly signer: Signer
  readonly sessionKey: Secret
}

function makeSide(kernel: Kernel, prng: Prng): Side {
  return { signer: ed25519Signer({ kernel, seed: Secret.random(prng, 32) }), sessionKey: Secret.random(prng, 32) }
}

/** The session layer alone: bursts, turns, post-quantum steps, and now and then a state that is written and read. */
export async function soakSessions(options: SoakOptions): Promise<readonly Sample[]> {
  const kernel = loadKernel()
  const random = new Prng(1, 0)
  const { note, taken } = sampler(options)
  const states = await establish(kernel, random)
  let sender: 0 | 1 = 0
  let left = 1
  for (let done = 1; done <= options.messages; done += 1) {
    const nowMs = BEGIN_MS + done * MESSAGE_MS
    const world = { kernel, random, nowMs }
    const isDue = controlDue(states[sender], nowMs)
    const plaintext = utf8(`message ${done}`)
    const sealed = isDue ? sealControl(states[sender], world) : seal(states[sender], { ...world, plaintext })
    states[sender] = sealed.state
    const receiver: 0 | 1 = sender === 0 ? 1 : 0
    states[receiver] = open(states[receiver], { kernel, nowMs, message: sealed.message }).state
    if (done % REOPEN_EVERY === 0) states[receiver] = decodeSessionState(encodeSessionState(states[receiver]))
    left -= 1
    if (left === 0) {
      sender = receiver
      left = 1 + random.below(BURST)
    }
    note(done)
  }
  return taken
}

async function establish(kernel: Kernel, random: Prng): Promise<[SessionState, SessionState]> {
  const [alice, bob] = [makeSide(kernel, random), makeSide(kernel, random)]
  const instance = 'main'
  const world = { kernel, random, nowMs: BEGIN_MS }
  const made = await createPrekeys({ ...world, ...bob, instance, serial: 1, oneTimeCount: 0 })
  const bundle = verifyBundle({ kernel, nowMs: BEGIN_MS, bytes: publishBundle({ bundle: made.bundle }) })
  const begun = await initiate({ ...world, self: { ...alice, instance }, bundle, plaintext: utf8('first') })
  const responded = respond({
    ...world,
    self: { did: bob.signer.did, instance, sessionKey: bob.sessionKey },
    firstFlight: begun.message,
    findPrekeys: () => made.secrets,
    findOneTime: () => undefined,
    seen: () => false,
  })
  const answer = seal(responded.state, { ...world, plaintext: utf8('answer') })
  const { state } = open(begun.state, { kernel, nowMs: BEGIN_MS, message: answer.message })
  return [state, answer.state]
}

/** Keepers with a database each: outbox, inbox and records, as an agent keeps them. */
export async function soakKeepers(options: SoakOptions): Promise<readonly Sample[]> {
  using folder = tempFolder()
  const home = new AgentHome({ root: folder.path })
  const kernel = loadKernel()
  const prng = new Prng(2, 0)
  const clock = manualClock(BEGIN_MS)
  const parties = ['alice', 'bob'].map((name) => {
    const agent = home.create({ name, keyFile: '{}' })
    const storageKey = Secret.random(prng, 32)
    const database = AgentDatabase.open({ folder: agent, lock: agent.lock(), storageKey, kernel, random: prng })
    const { signer, sessionKey } = makeSide(kernel, prng)
    const world = {
      kernel,
      random: prng,
      clock,
      did: signer.did,
      instance: 'main',
      signer,
      sessionKey,
      storage: database,
    }
    const prekeys = new PrekeyKeeper({ world })
    return { did: signer.did, database, prekeys, sessions: new SessionKeeper({ world, prekeys }) }
  })
  const [alice, bob] = parties
  if (alice === undefined || bob === undefined) throw new RangeError('there are two')
  const carry = (
    from: typeof alice,
    to: typeof bob,
    sealed: { readonly messageId: string; readonly wire: Uint8Array },
  ) => {
    to.sessions.receive({ ...sealed, peer: from.did, carriage: 'request' })
    from.database.messages.acknowledge({ peer: to.did, messageId: sealed.messageId })
    to.database.messages.handOver({ peer: from.did, messageId: sealed.messageId })
  }
  const messageId = alice.sessions.newMessageId()
  const bundle = await bob.prekeys.serve()
  carry(alice, bob, await alice.sessions.begin({ peer: bob.did, bundle, messageId, deniable: false }))
  const { note, taken } = sampler(options)
  for (let done = 1; done <= options.messages; done += 1) {
    clock.advance(MESSAGE_MS)
    const [from, to] = Math.floor(done / BURST) % 2 === 0 ? [bob, alice] : [alice, bob]
    const id = from.sessions.newMessageId()
    const frame = { t: 'message', body: utf8(`message ${done}`) } as const
    const sealed = from.sessions.seal({ peer: to.did, frame, messageId: id })
    carry(from, to, { ...sealed, messageId: id })
    const control = from.sessions.control({ peer: to.did, sessionId: sealed.sessionId })
    if (control !== undefined) carry(from, to, control)
    note(done)
  }
  for (const { database } of parties) database.close()
  return taken
}

/** Growth from the first tenth of the samples to the last, by their medians: 1 is flat. */
export function growthOf(samples: readonly Sample[], measure: (sample: Sample) => number): Growth {
  const count = Math.max(1, Math.floor(samples.length / 10))
  const first = median(samples.slice(0, count).map(measure))
  const last = median(samples.slice(-count).map(measure))
  return { first, last, ratio: last / first }
}

export interface Growth {
  readonly first: number
  readonly last: number
  readonly ratio: number
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
