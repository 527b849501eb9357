/** Peers that want to make a witness, or a log before its witnesses, do what it must not (spec 23-witness, 23.3 to 23.9). */
import { openLogKey, verifyForkEvidence, witnessName } from '@talos/audit'
import { Secret, utf8 } from '@talos/bytes'
import type { AppFrame, Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { delegateLogKey, ed25519Signer } from '@talos/identity'
import { cosignCheckpoint, type NoteSigner, openCheckpoint, signCheckpoint, treeSize } from '@talos/merkle'
import { tempFolder } from '@talos/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Agent, closeAgent, openAgent } from '../../src/agent.ts'
import type { ClientEvent } from '../../src/events.ts'
import { nowS } from '../../src/options.ts'
import { Answering } from '../../src/witness/answering.ts'
import { Asking } from '../../src/witness/asking.ts'
import { Gossip } from '../../src/witness/gossip.ts'
import { WitnessKeeper } from '../../src/witness/keeper.ts'
import { firstKeyOf, openOwnWitness } from '../../src/witness/own-witness.ts'
import { Questions, type WitnessAnswer } from '../../src/witness/questions.ts'
import { optionsFor } from '../agents.ts'

type Observe = Extract<AppFrame, { t: 'observe' }>

const folder = tempFolder()
let agent: Agent
let events: ClientEvent[] = []
const emit = (event: ClientEvent) => void events.push(event)

beforeAll(async () => {
  agent = await openAgent({ ...optionsFor(folder.path), name: 'alice', create: true })
})
beforeEach(() => {
  events = []
})
afterAll(async () => {
  await closeAgent(agent)
  folder[Symbol.dispose]()
})

function identity(byte: number) {
  return ed25519Signer({ kernel: agent.kernel, seed: Secret.of(new Uint8Array(32).fill(byte)) })
}

function noteSigner(byte: number): NoteSigner {
  const seed = new Uint8Array(32).fill(byte)
  return {
    publicKey: agent.kernel.ed25519PublicKey(seed),
    sign: async (message) => agent.kernel.ed25519Sign(seed, message),
  }
}

const originOf = (did: Did, epoch = 1) => `talos/${did.slice('did:key:'.length)}/${epoch}`

async function delegation(options: { readonly by: number; readonly key: number; readonly origin: string }) {
  const { by, key, origin } = options
  const logPublicKey = noteSigner(key).publicKey
  return (await delegateLogKey({ signer: identity(by), logPublicKey, origin, issuedAtS: 1 })).bytes
}

/** What the log of identity `by` would ask, at one entry. */
async function observe(by: number, { epoch = 1, signedBy = by + 1, delegatedBy = by } = {}): Promise<Observe> {
  const { kernel } = agent
  const origin = originOf(identity(by).did, epoch)
  const root = kernel.sha256(utf8('a leaf'))
  const checkpoint = await signCheckpoint({ origin, size: treeSize(1), root, signer: noteSigner(signedBy), kernel })
  const logKey = await delegation({ by: delegatedBy, key: by + 1, origin })
  return { t: 'observe', request: 1, checkpoint, from: 0, root, proof: [], logKey }
}

const own = async () => await openOwnWitness(agent)
const answering = (onOwnHead: (note: string) => Promise<void> = async () => undefined) =>
  new Answering({ agent, own, emit, onFork: () => undefined, onOwnHead })

async function codeOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (!isTalosError(error)) throw error
    return error.code
  }
}

describe('a witness before hostile peers', () => {
  it('cosigns what others bring of a log, where its agent let the key sign, and nothing else', async () => {
    const peer = identity(90).did
    expect(await answering().observe(peer, await observe(10))).toMatchObject({ t: 'cosigned', request: 1 })
    const refusal = async (frame: Observe) => await answering().observe(peer, frame)
    expect(await refusal(await observe(20, { delegatedBy: 10 }))).toMatchObject({
      t: 'behind',
      code: 'WITNESS_LOG_KEY',
    })
    expect(await refusal(await observe(30, { signedBy: 99 }))).toMatchObject({ code: 'WITNESS_NOT_SIGNED' })
    const { logKey } = await observe(10)
    expect(await refusal({ ...(await observe(40)), logKey })).toMatchObject({ code: 'WITNESS_LOG_KEY' })
    expect(await refusal({ ...(await observe(40)), checkpoint: 'none' })).toMatchObject({
      code: 'NOTE_INVALID',
      size: 0,
    })
    expect(await refusal({ ...(await observe(10)), from: 1, proof: [new Uint8Array(32)] })).toMatchObject({
      code: 'WITNESS_INCONSISTENT',
      size: 1,
    })
    expect(await refusal({ ...(await observe(10)), from: 2 })).toMatchObject({ code: 'WITNESS_RANGE', size: 1 })
    expect(events.map(({ type }) => type)).toEqual(['log.cosigned'])
  })

  it('says how far a log was seen to that log’s agent, and to nobody else with whom it deals', async () => {
    const frame = await observe(15)
    await answering().observe(identity(90).did, frame)
    const recall = { t: 'recall', request: 5, origin: originOf(identity(15).did) } as const
    const nothing = { t: 'behind', request: 5, size: 0 }
    expect(answering().recall(identity(90).did, recall)).toEqual(nothing)
    expect(answering().recall(identity(15).did, { ...recall, origin: 'unknown' })).toEqual(nothing)
    expect(answering().recall(identity(15).did, recall)).toEqual({ ...nothing, size: 1, note: frame.checkpoint })
  })

  it('does not witness the logs of its own agent', async () => {
    const mine = { checkpoint: await agent.log.checkpoint(), from: 0, root: new Uint8Array(32), proof: [] }
    const frame: Observe = { t: 'observe', request: 3, ...mine, logKey: agent.logKey }
    expect(await answering().observe(identity(90).did, frame)).toMatchObject({ t: 'behind', code: 'WITNESS_LOG_KEY' })
  })

  it('gives a stranger room for so many logs, however many it makes up, and keeps that of others', async () => {
    const stranger = identity(91).did
    const codes: (string | undefined)[] = []
    for (let epoch = 1; epoch <= 66; epoch += 1) {
      const answer = await answering().observe(stranger, await observe(50, { epoch }))
      codes.push(answer.t === 'behind' ? answer.code : undefined)
    }
    expect(codes.filter((code) => code === undefined)).toHaveLength(64)
    expect(codes.at(-1)).toBe('WITNESS_FULL')
    expect(await answering().observe(identity(92).did, await observe(60))).toMatchObject({ t: 'cosigned' })
  })

  it('passes over heads that do not verify, and takes those that do', async () => {
    const seen: string[] = []
    const { checkpoint: note, logKey } = await observe(70)
    const mine = await agent.log.checkpoint()
    const bad = [
      { note: 'none', logKey },
      { note, logKey: new Uint8Array(3) },
      { note, logKey: await delegation({ by: 10, key: 71, origin: originOf(identity(70).did) }) },
      { note: (await observe(70, { signedBy: 99 })).checkpoint, logKey },
    ]
    await answering(async (own) => void seen.push(own)).heads(identity(93).did, [
      ...bad,
      { note: mine, logKey: agent.logKey },
      { note, logKey },
    ])
    expect(seen).toEqual([mine])
    const record = agent.database.witness.get(originOf(identity(70).did))
    expect(record).toMatchObject({ size: 0, heads: [note] })
  })

  it('is not deceived by an agent that lets one key sign for each of its witnesses', async () => {
    const shown = await observe(25)
    await answering().observe(identity(96).did, shown)
    const origin = originOf(identity(25).did)
    const root = agent.kernel.sha256(utf8('another leaf'))
    const note = await signCheckpoint({ origin, size: treeSize(1), root, signer: noteSigner(27), kernel: agent.kernel })
    const logKey = await delegation({ by: 25, key: 27, origin })
    await answering().heads(identity(97).did, [{ note, logKey }])
    const [fork] = events.filter((event) => event.type === 'log.fork')
    const { first, second } = verifyForkEvidence(fork?.type === 'log.fork' ? fork.evidence : '', agent)
    expect(first.logKey.key.publicKey).not.toEqual(second.logKey.key.publicKey)
    expect(await answering().observe(identity(96).did, shown)).toMatchObject({ code: 'WITNESS_FORK' })
    const entries = [...agent.log.reader.entries({ kinds: ['log.fork'] })]
    expect(entries.map(({ entry }) => entry.peer)).toEqual([identity(25).did])
  })

  it('tells peers each head with the delegation of the key that signed it, and only where there is news', async () => {
    const told: AppFrame[] = []
    const gossip = new Gossip({ agent, post: async (_, frame) => void told.push(frame) })
    const peer = identity(98).did
    await gossip.tell(peer)
    await gossip.tell(peer)
    await gossip.tellForks(peer)
    await gossip.tellForks(peer)
    expect(told.map(({ t }) => t)).toEqual(['heads', 'fork'])
    const [frame] = told
    const heads = frame?.t === 'heads' ? frame.heads : []
    // Of the newest 16 one has forked, which the evidence tells.
    expect(heads).toHaveLength(15)
    for (const { note, logKey } of heads) {
      const { key } = openLogKey(logKey, { kernel: agent.kernel })
      openCheckpoint(note, { logKey: key, kernel: agent.kernel })
    }
  })

  it('takes no evidence that is none, nor of a log that it does not know', async () => {
    expect(await codeOf(async () => await answering().fork('{}'))).toBe('FORK_INVALID')
    expect(events).toEqual([])
  })

  it('takes so many frames of each kind from one peer within an hour', () => {
    const keeper = new WitnessKeeper({
      agent,
      emit,
      sessions: { active: () => undefined },
      wire: { isLinked: () => true, peers: () => [] },
      post: async () => undefined,
      settings: { intervalMs: 0 },
      policy: undefined,
    })
    const fork = { t: 'fork', evidence: new Uint8Array(1) } as const
    const admit = () => keeper.admit(identity(94).did, fork)
    for (let count = 0; count < 32; count += 1) admit()
    expect(admit).toThrow(expect.objectContaining({ code: 'PEER_QUOTA' }))
    keeper.admit(identity(95).did, fork)
    keeper.admit(identity(94).did, { t: 'recall', request: 1, origin: 'x' })
    keeper.admit(identity(94).did, { t: 'behind', request: 1, size: 0 })
    keeper.stop()
  })
})

describe('a log before hostile witnesses', () => {
  const WITNESS = 80

  /** Asks a peer that answers as the script says. */
  async function ask(script: (question: AppFrame & { readonly request: number }, round: number) => Promise<object>) {
    const peer = identity(WITNESS).did
    let round = 0
    const questions: Questions = new Questions(async (_, frame) => {
      const question = frame as AppFrame & { readonly request: number }
      const answer = await script(question, round)
      round += 1
      questions.take(peer, { request: question.request, ...answer } as WitnessAnswer)
    })
    const asking = new Asking({ agent, questions, emit, policy: () => undefined })
    return { code: await codeOf(async () => await asking.witness(peer)), rounds: round }
  }

  async function line(checkpoint: string, { key = 81, timeS = nowS(agent.clock) } = {}): Promise<string> {
    const name = witnessName(identity(WITNESS).did)
    const cosigned = await cosignCheckpoint({
      note: checkpoint,
      name,
      signer: noteSigner(key),
      timeS,
      kernel: agent.kernel,
    })
    return cosigned.slice(checkpoint.length)
  }

  const keyOf = async (by = WITNESS) => await delegation({ by, key: 81, origin: witnessName(identity(by).did) })
  const checkpointOf = (question: AppFrame) => (question.t === 'observe' ? question.checkpoint : '')

  it('keeps only lines that verify, by a key of that peer, of now', async () => {
    const cosigned = (changes: { readonly key?: number; readonly timeS?: number; readonly by?: number }) =>
      ask(async (question) => ({
        t: 'cosigned',
        line: await line(checkpointOf(question), changes),
        logKey: await keyOf(changes.by),
      }))
    expect((await cosigned({ timeS: nowS(agent.clock) + 10_000 })).code).toBe('WITNESS_LINE_INVALID')
    expect((await cosigned({ key: 82 })).code).toBe('WITNESS_LINE_INVALID')
    expect((await cosigned({ by: 10 })).code).toBe('WITNESS_LINE_INVALID')
    expect(agent.database.witness.witnesses()).toEqual([])
    expect((await cosigned({})).code).toBeUndefined()
    expect(agent.database.witness.witnesses().map(({ peer }) => peer)).toEqual([identity(WITNESS).did])
  })

  it('asks so many times and no more, and believes no size without its checkpoint', async () => {
    const note = await agent.log.checkpoint()
    const { size } = agent.log.lastCheckpoint ?? { size: 0 }
    expect(await ask(async () => ({ t: 'behind', size, note }))).toEqual({ code: 'WITNESS_ANSWER_MISSING', rounds: 10 })
    expect((await ask(async () => ({ t: 'behind', size: 7 }))).code).toBe('WITNESS_ANSWER_MISSING')
    expect((await ask(async () => ({ t: 'behind', size: size + 1, note }))).code).toBe('WITNESS_ANSWER_MISSING')
    expect((await ask(async () => ({ t: 'behind', size: 0, code: 'WITNESS_FULL' }))).code).toBe('PEER_REFUSED')
    const { checkpoint } = await observe(10)
    expect((await ask(async () => ({ t: 'behind', size: 1, note: checkpoint }))).code).toBe('NOTE_UNSIGNED')
    expect(agent.log.fault).toBeUndefined()
  })

  it('hears nothing from those whom it did not ask', async () => {
    const questions = new Questions(async () => undefined)
    questions.take(identity(90).did, { t: 'behind', request: 1, size: 3 })
    const other = identity(99).did
    const asked: Promise<unknown> = new Questions(async () => {
      throw new Error('no link')
    }).ask(other, { t: 'recall', origin: 'x' })
    await expect(asked).rejects.toThrow('no link')
  })
})

describe('the key of a witness', () => {
  it('is the same at each start, delegated under the agent’s first key', async () => {
    const [one, two] = [await own(), await own()]
    expect(two.key.delegation).toEqual(one.key.delegation)
    expect(one.key.name).toBe(witnessName(firstKeyOf(agent)))
    expect(one.witness.key.publicKey).toEqual(one.key.key.publicKey)
    agent.database.settings.set('witness.key', utf8('no delegation'))
    const three = await own()
    expect(three.key.key.publicKey).toEqual(one.key.key.publicKey)
    expect(openLogKey(agent.logKey, { kernel: agent.kernel }).agent).toBe(firstKeyOf(agent))
  })
})
