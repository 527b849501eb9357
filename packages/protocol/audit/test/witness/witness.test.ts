/** What a witness cosigns, in which order it checks, and what is left when a step fails (spec 23-witness, 23.3). */
import {
  type KnownAgents,
  LogForked,
  openLogKey,
  verifyForkEvidence,
  WITNESS_MAX_HEADS,
  WITNESS_MAX_LOG_KEYS,
  WITNESS_MAX_LOGS,
  WITNESS_MAX_LOGS_OF_ONE,
  WITNESS_MAX_STRANGE_LOGS,
  Witness,
  WitnessConflict,
} from '@talos/audit'
import type { Did } from '@talos/contracts'
import type { KeyStanding } from '@talos/identity'
import { logVerifierKey, openNote, signCheckpoint, signNote, treeSize } from '@talos/merkle'
import { manualClock } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import {
  Branch,
  codeOf,
  delegate,
  identity,
  kernel,
  leaves,
  logKeyOf,
  MemoryWitnessStore,
  NOW_S,
  originOf,
  outcomeOf,
  PEER,
  scene,
  signerOf,
} from './support.ts'

const TRUNK = leaves(20)
const [A, B] = ['a', 'b'].map((branch) => leaves(20, { since: 6, branch })) as [string[], string[]]

describe('a witness', () => {
  it('cosigns what extends the last checkpoint that it cosigned, and the same again, and keeps it first', async () => {
    const { witness, store, logKey, branch } = await scene()
    const log = branch(TRUNK)
    const sizes = [0, 1, 5, 5, 8, 20]
    let from = 0
    for (const size of sizes) {
      const { line } = await witness.addCheckpoint(await log.offer(from, size))
      const note = await log.note(size)
      expect(openNote(`${note}${line}`, { keys: [witness.key], kernel }).signatures).toMatchObject([{ timeS: NOW_S }])
      expect(store.get(logKey.origin)).toMatchObject({ size, note, heads: [] })
      from = size
    }
    // Learning the log, and each checkpoint once.
    expect(store.swaps).toBe(1 + new Set(sizes).size)
  })

  it('checks in the order of the specification', async () => {
    const { witness, branch } = await scene()
    const log = branch(TRUNK)
    const stranger = new Branch(TRUNK, { origin: 'log.example', signer: signerOf(9) })
    const unsigned = new Branch(TRUNK, { origin: (await logKeyOf(10, 11)).origin, signer: signerOf(9) })
    await witness.addCheckpoint(await log.offer(0, 5))
    const wrong = { from: 99, proof: [new Uint8Array(1)], root: new Uint8Array(32) }
    const add = async (note: string, more = {}) =>
      await outcomeOf(async () => await witness.addCheckpoint({ note, ...wrong, ...more }))
    expect(await add('no note')).toMatchObject({ code: 'NOTE_INVALID' })
    expect(await add((await log.note()).replace('\n20\n', '\n020\n'))).toMatchObject({ code: 'CHECKPOINT_INVALID' })
    expect(await add(await stranger.note())).toEqual({ code: 'WITNESS_LOG_UNKNOWN' })
    expect(await add(await unsigned.note())).toEqual({ code: 'WITNESS_NOT_SIGNED' })
    expect(await add(await log.note(8))).toEqual({ code: 'WITNESS_RANGE', from: 99, size: 8 })
    expect(await add(await log.note(8), { from: 4 })).toEqual({ code: 'WITNESS_CONFLICT', from: 4, size: 5 })
    expect(await add(await log.note(8), { from: 5 })).toEqual({ code: 'WITNESS_INCONSISTENT', size: 5 })
    expect(await add(await log.note(8), { from: 5, proof: log.proof(5, 8) })).toMatchObject({ size: 8 })
    expect(await add(await log.note(8), { from: 8, proof: log.proof(5, 8) })).toMatchObject({
      code: 'WITNESS_INCONSISTENT',
    })
    const conflict = await witness
      .addCheckpoint({ ...wrong, note: await log.note(20), from: 3 })
      .catch((e: unknown) => e)
    expect(conflict).toBeInstanceOf(WitnessConflict)
    expect(conflict).toMatchObject({ size: 8, note: await log.note(8) })
  })

  it('takes a checkpoint with the lines of others for what the log alone signed', async () => {
    const { witness, store, logKey, branch } = await scene()
    const { note, ...offer } = await branch(TRUNK).offer(0)
    const other = await signNote({
      text: `${note.split('\n\n')[0]}\n`,
      name: 'other.example',
      signer: signerOf(9),
      kernel,
    })
    const line = other.split('\n').at(-2)
    await witness.addCheckpoint({ note: `${note}${line}\n${note.split('\n').at(-2)}\n`, ...offer })
    expect(store.get(logKey.origin)?.note).toBe(note)
  })

  it('refuses extension lines of an agent’s log, and keeps those of a log that an operator wrote down', async () => {
    const { witness, logKey, branch } = await scene()
    const extended = async (origin: string, signer = signerOf(11)) => {
      const [text] = (await new Branch(TRUNK, { origin, signer }).note()).split('\n\n')
      return await signNote({ text: `${text}\nextension\n`, name: origin, signer, kernel })
    }
    const offer = { from: 0, proof: [] }
    const note = await extended(logKey.origin)
    expect(await codeOf(async () => await witness.addCheckpoint({ note, ...offer }))).toBe('CHECKPOINT_INVALID')
    witness.trust(logVerifierKey({ origin: 'log.example', publicKey: signerOf(9).publicKey, kernel }), PEER)
    const foreign = await extended('log.example', signerOf(9))
    expect(await witness.addCheckpoint({ note: foreign, ...offer })).toMatchObject({ origin: 'log.example', size: 20 })
    expect(branch(TRUNK).size).toBe(20)
  })

  it('keeps no note of a log that is not an agent’s as evidence, and cosigns none that contradicts', async () => {
    const { witness } = await scene()
    const place = { origin: 'log.example', signer: signerOf(9) }
    witness.trust(logVerifierKey({ origin: 'log.example', publicKey: signerOf(9).publicKey, kernel }), PEER)
    await witness.addCheckpoint(await new Branch(A, place).offer(0, 9))
    const other = new Branch(B, place)
    expect(await codeOf(async () => await witness.addCheckpoint(await other.offer(9, 9)))).toBe('WITNESS_CONFLICT')
    expect(await codeOf(async () => await witness.addCheckpoint(await other.offer(9, 12)))).toBe('WITNESS_INCONSISTENT')
    expect(witness.record('log.example')?.fork).toBeUndefined()
  })
})

describe('a log that forks', () => {
  it('at one size is condemned with evidence, and cosigned no more', async () => {
    const { witness, store, logKey, branch } = await scene()
    await witness.addCheckpoint(await branch(A).offer(0, 9))
    const forked = await witness.addCheckpoint(await branch(B).offer(3, 9)).catch((error: unknown) => error)
    expect(forked).toBeInstanceOf(LogForked)
    expect(forked).toMatchObject({ code: 'WITNESS_FORK', isNew: true, details: { first: 9, second: 9 } })
    const { fork } = store.get(logKey.origin) ?? {}
    expect(verifyForkEvidence(fork ?? '', { kernel }).text).toBe((forked as LogForked).fork.text)
    const again = await witness.addCheckpoint(await branch(A).offer(9)).catch((error: unknown) => error)
    expect(again).toMatchObject({ code: 'WITNESS_FORK', isNew: false, fork: { text: fork } })
    expect(await codeOf(() => witness.see('no note'))).toBe('NOTE_INVALID')
  })

  it('at two sizes is condemned by its own proof, of which the root is said where the proof does not say it', async () => {
    for (const [size, isPerfect] of [
      [9, false],
      [8, true],
    ] as const) {
      const { witness, branch } = await scene()
      await witness.addCheckpoint(await branch(A).offer(0, size))
      const { root, ...offer } = await branch(B).offer(size, 12)
      const code = isPerfect ? 'WITNESS_INCONSISTENT' : 'WITNESS_FORK'
      expect(await codeOf(async () => await witness.addCheckpoint(offer))).toBe(code)
      expect(await codeOf(async () => await witness.addCheckpoint({ ...offer, root }))).toBe('WITNESS_FORK')
    }
  })

  it('is not condemned by a proof that shows nothing', async () => {
    const { witness, branch } = await scene()
    await witness.addCheckpoint(await branch(A).offer(0, 9))
    const { proof, ...offer } = await branch(B).offer(9, 12)
    for (const wrong of [[], proof.slice(1), proof.map(() => new Uint8Array(32))]) {
      expect(await codeOf(async () => await witness.addCheckpoint({ ...offer, proof: wrong }))).toBe(
        'WITNESS_INCONSISTENT',
      )
    }
    expect(await codeOf(async () => await witness.addCheckpoint(await branch(A).offer(9, 12)))).toBeUndefined()
  })

  it('is condemned by evidence that others have, once', async () => {
    const one = await scene()
    await one.witness.addCheckpoint(await one.branch(A).offer(0, 9))
    const { fork } = (await one.witness
      .addCheckpoint(await one.branch(B).offer(9, 9))
      .catch((e: unknown) => e)) as LogForked
    const two = await scene()
    expect(two.witness.condemn(fork.text)).toMatchObject({ origin: two.logKey.origin })
    expect(two.witness.condemn(fork.text)).toBeUndefined()
    expect(await codeOf(async () => await two.witness.addCheckpoint(await two.branch(A).offer(0)))).toBe('WITNESS_FORK')
    const stranger = new Witness({
      store: new MemoryWitnessStore(),
      signer: signerOf(21),
      name: 'w',
      kernel,
      clock: manualClock(0),
    })
    expect(await codeOf(() => stranger.condemn(fork.text))).toBe('WITNESS_LOG_UNKNOWN')
    const three = await scene()
    const wrong = fork.text.replace('"proof":[]', `"proof":["${'A'.repeat(43)}="]`)
    expect(await codeOf(() => three.witness.condemn(wrong))).toBe('FORK_INVALID')
    expect(three.store.get(three.logKey.origin)?.fork).toBeUndefined()
  })
})

describe('heads that others saw', () => {
  it('wait until the log shows that both are of one history', async () => {
    const { witness, store, logKey, branch } = await scene()
    const log = branch(TRUNK)
    await witness.addCheckpoint(await log.offer(0, 5))
    expect(witness.see(await log.note(5))).toBe('known')
    expect(witness.see(await log.note(9))).toBe('noted')
    expect(witness.see(await log.note(9))).toBe('known')
    expect(witness.see(await log.note(3))).toBe('noted')
    const offer = async (from: number, size: number) =>
      await outcomeOf(async () => await witness.addCheckpoint(await log.offer(from, size)))
    expect(await offer(5, 12)).toEqual({ code: 'WITNESS_CONFLICT', from: 5, size: 9 })
    expect(await offer(9, 12)).toEqual({ code: 'WITNESS_CONFLICT', from: 9, size: 3 })
    expect(await offer(3, 12)).toEqual({ code: 'WITNESS_CONFLICT', from: 3, size: 5 })
    // One that is smaller than what is kept is not what was shown to be of that history.
    expect(await offer(5, 10)).toEqual({ code: 'WITNESS_CONFLICT', from: 5, size: 12 })
    expect(await offer(12, 12)).toEqual({ code: 'WITNESS_CONFLICT', from: 12, size: 5 })
    expect(await offer(7, 12)).toEqual({ code: 'WITNESS_CONFLICT', from: 7, size: 12 })
    expect(await offer(5, 12)).toMatchObject({ size: 12 })
    expect(store.get(logKey.origin)).toMatchObject({ size: 12, heads: [] })
  })

  it('are not shown away one by one by a log that has two histories', async () => {
    const { witness, branch } = await scene()
    await witness.addCheckpoint(await branch(A).offer(0, 9))
    expect(witness.see(await branch(B).note(8))).toBe('noted')
    const offer = async (from: number, size: number, named: string[]) =>
      await codeOf(async () => await witness.addCheckpoint(await branch(named).offer(from, size)))
    // The other history vouches for the head, this one for what was cosigned; no checkpoint does for both.
    expect(await offer(8, 12, B)).toBe('WITNESS_CONFLICT')
    expect(await offer(9, 13, A)).toBe('WITNESS_CONFLICT')
    expect(await offer(12, 13, A)).toBe('WITNESS_FORK')
  })

  it('of one size with another root are a fork, wherever they were seen', async () => {
    const { witness, branch } = await scene()
    await witness.addCheckpoint(await branch(A).offer(0, 9))
    expect(witness.see(await branch(TRUNK).note(4))).toBe('noted')
    expect(witness.see(await branch(B).note(8))).toBe('noted')
    expect(await outcomeOf(async () => witness.see(await branch(A).note(8)))).toMatchObject({
      code: 'WITNESS_FORK',
      first: 8,
    })
  })

  it('are so many at most, of logs that are known, signed by them', async () => {
    const { witness, branch } = await scene()
    const log = branch(TRUNK)
    for (let size = 1; size <= WITNESS_MAX_HEADS; size += 1) expect(witness.see(await log.note(size))).toBe('noted')
    expect(witness.see(await log.note(WITNESS_MAX_HEADS + 1))).toBe('ignored')
    const stranger = new Branch(TRUNK, { origin: 'log.example', signer: signerOf(9) })
    expect(await codeOf(async () => witness.see(await stranger.note()))).toBe('WITNESS_LOG_UNKNOWN')
  })
})

describe('the keys of a log', () => {
  const standings = new Map<Did, KeyStanding>()
  const agents: KnownAgents = { isSame: () => true, standingOf: (did) => standings.get(did) ?? 'current' }
  const origin = originOf(identity(10).did)
  const keyBy = async (by: number, logByte: number) =>
    openLogKey(await delegate({ by, logByte, origin }), { kernel, agents })

  it('may be several; one that a compromised key delegated counts no more, unless another one did as well', async () => {
    standings.clear()
    const { witness, branch } = await scene({ agents, historyOf: () => 'no key log' })
    expect(witness.learn(await keyBy(12, 13), PEER).keys).toHaveLength(2)
    expect(witness.learn(await keyBy(12, 13), PEER).version).toBe(2)
    const later = new Branch(TRUNK, { origin, signer: signerOf(13) })
    await witness.addCheckpoint(await branch(TRUNK).offer(0, 5))
    await witness.addCheckpoint(await later.offer(5, 7))
    standings.set(identity(10).did, 'compromised')
    expect(await codeOf(async () => await witness.addCheckpoint(await branch(TRUNK).offer(7, 8)))).toBe(
      'WITNESS_NOT_SIGNED',
    )
    await witness.addCheckpoint(await later.offer(7, 8))
    expect(witness.learn(await keyBy(10, 11), PEER).version).toBe(witness.record(origin)?.version)
    const { keys } = witness.learn(await keyBy(12, 11), PEER)
    expect(keys).toHaveLength(2)
    await witness.addCheckpoint(await branch(TRUNK).offer(8, 9))
  })

  it('blame nobody by a key that was compromised, or with a key log that does not fit', async () => {
    standings.clear()
    const { witness, branch } = await scene({ agents, historyOf: () => 'no key log' })
    witness.learn(await keyBy(12, 13), PEER)
    await witness.addCheckpoint(await branch(A).offer(0, 9))
    const later = new Branch(B, { origin, signer: signerOf(13) })
    expect(await codeOf(async () => await witness.addCheckpoint(await later.offer(9, 9)))).toBe('WITNESS_CONFLICT')
    standings.set(identity(10).did, 'compromised')
    expect(await codeOf(async () => await witness.addCheckpoint(await later.offer(9, 12)))).toBe('WITNESS_INCONSISTENT')
    expect(witness.record(origin)?.fork).toBeUndefined()
  })

  it('show no fork of a log whose history is not known, though nothing of it that contradicts is cosigned', async () => {
    standings.clear()
    const { witness, branch } = await scene({ agents })
    witness.trust(logVerifierKey({ origin, publicKey: signerOf(15).publicKey, kernel }), PEER)
    witness.learn(await keyBy(12, 13), PEER)
    const empty = { ...(await branch([]).offer(0)), root: undefined }
    const other = await signCheckpoint({
      origin,
      size: treeSize(0),
      root: branch(TRUNK).root(),
      signer: signerOf(11),
      kernel,
    })
    expect(await codeOf(async () => await witness.addCheckpoint({ ...empty, note: other }))).toBe('WITNESS_CONFLICT')
    await witness.addCheckpoint(await branch(A).offer(0, 9))
    const later = new Branch(B, { origin, signer: signerOf(13) })
    expect(await codeOf(async () => await witness.addCheckpoint(await later.offer(9, 9)))).toBe('WITNESS_CONFLICT')
  })

  it('are not blamed by evidence of others either where one is known as compromised', async () => {
    standings.clear()
    const one = await scene()
    await one.witness.addCheckpoint(await one.branch(A).offer(0, 9))
    const { fork } = (await one.witness
      .addCheckpoint(await one.branch(B).offer(9, 9))
      .catch((e: unknown) => e)) as LogForked
    const two = await scene({ agents })
    standings.set(identity(10).did, 'compromised')
    expect(await codeOf(() => two.witness.condemn(fork.text))).toBe('FORK_INVALID')
    standings.clear()
    expect(two.witness.condemn(fork.text)).toBeDefined()
  })

  it('are so many of one log, one introducer, strangers and all', async () => {
    const { witness, store } = await scene({ agents })
    standings.clear()
    for (let byte = 30; byte < 30 + WITNESS_MAX_LOG_KEYS - 1; byte += 1) witness.learn(await keyBy(10, byte), PEER)
    const more = await keyBy(10, 60)
    expect(await outcomeOf(() => witness.learn(more, PEER))).toEqual({
      code: 'WITNESS_FULL',
      what: 'keys of one log',
      limit: WITNESS_MAX_LOG_KEYS,
    })
    const epoch = async (number: number) =>
      openLogKey(await delegate({ by: 10, logByte: 11, origin: originOf(identity(10).did, number) }), { kernel })
    for (let number = 2; number <= WITNESS_MAX_LOGS_OF_ONE; number += 1) witness.learn(await epoch(number), PEER)
    const next = await epoch(WITNESS_MAX_LOGS_OF_ONE + 1)
    expect(await outcomeOf(() => witness.learn(next, PEER))).toMatchObject({ limit: WITNESS_MAX_LOGS_OF_ONE })
    store.more = WITNESS_MAX_STRANGE_LOGS - store.records.size
    const stranger = { introducer: 'did:key:stranger', isKnown: false }
    expect(await outcomeOf(() => witness.learn(next, stranger))).toMatchObject({ limit: WITNESS_MAX_STRANGE_LOGS })
    const friend = { introducer: 'did:key:friend', isKnown: true }
    witness.learn(next, friend)
    store.more = WITNESS_MAX_LOGS - store.records.size
    const last = await epoch(WITNESS_MAX_LOGS_OF_ONE + 2)
    expect(await outcomeOf(() => witness.learn(last, friend))).toMatchObject({ limit: WITNESS_MAX_LOGS })
  })
})
