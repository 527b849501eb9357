/** That a refused call spends nothing and leaves no trace, whatever fails; and that an explanation changes nothing. */
import { approve, callDigest, type DelegateOptions, toolRequirements } from '@talos/capability'
import { describe, expect, test } from 'vitest'
import { actor, alice, COMMAND, grant, kernel, leafCode, NOW_S, nonce, owner } from './actors.ts'
import { bare, byChannel, byMac, Executor } from './executor.ts'

const BY_CHANNEL = { need: 'channel' } as const satisfies Partial<DelegateOptions>
const carol = actor(4)

describe('a call that is refused', () => {
  const limits = [['calls', 1]] as const

  test('for a limit leaves no trace in the record', async () => {
    const executor = new Executor()
    const link = await grant({ ...BY_CHANNEL, limits })
    expect(leafCode(executor.decide(byMac(bare([link])), [link]))).toBe('allow')
    for (const changes of [{}, { nonce: nonce() }]) {
      const again = bare([link], changes)
      expect(leafCode(executor.decide(byMac(again), [link]))).toBe('CAPABILITY_CALLS')
      expect(leafCode(executor.decide(byMac(again), [link]))).toBe('CAPABILITY_CALLS')
    }
    expect([executor.replay.size, executor.record.steps]).toEqual([1, 0])
  })

  test('for replay spends nothing', async () => {
    const executor = new Executor()
    const link = await grant({ ...BY_CHANNEL, limits: [['calls', 2]] })
    const made = bare([link])
    expect(leafCode(executor.decide(byMac(made), [link]))).toBe('allow')
    for (let round = 0; round < 5; round += 1) {
      expect(leafCode(executor.decide(byMac(made), [link]))).toBe('CAPABILITY_REPLAY')
    }
    expect(leafCode(executor.decide(byMac(bare([link])), [link]))).toBe('allow')
  })

  test('for a full record spends nothing, whether memory or the disk is full', async () => {
    const executor = new Executor()
    executor.record.places = 0
    const link = await grant({ ...BY_CHANNEL, limits })
    expect(leafCode(executor.decide(byMac(bare([link], { nonce: nonce() })), [link]))).toBe('CAPABILITY_REPLAY_FULL')
    expect(leafCode(executor.decide(byMac(bare([link])), [link]))).toBe('allow')
  })

  test.each(['not stored', 'stored'] as const)('since the record failed and was %s spends nothing', async (failure) => {
    const executor = new Executor()
    const link = await grant({ ...BY_CHANNEL, limits })
    const made = byMac(bare([link], { nonce: nonce() }))
    executor.record.failure = failure
    expect(() => executor.decide(made, [link])).toThrow(/failed/)
    // What a disk says that it did not write, and did, is used: the caller makes another call.
    expect(leafCode(executor.decide(made, [link]))).toBe(failure === 'stored' ? 'CAPABILITY_REPLAY' : 'allow')
    const other = leafCode(executor.decide(byMac(bare([link])), [link]))
    expect(other).toBe(failure === 'stored' ? 'allow' : 'CAPABILITY_CALLS')
  })

  test('since the counters failed leaves no trace in the record', async () => {
    const executor = new Executor()
    const link = await grant({ ...BY_CHANNEL, limits })
    for (const changes of [{}, { nonce: nonce() }]) {
      const made = byMac(bare([link], changes))
      executor.meters.failure = 'not stored'
      expect(() => executor.decide(made, [link])).toThrow(/failed/)
      executor.meters.isFull = true
      expect(leafCode(executor.decide(made, [link]))).toBe('CAPABILITY_ACCOUNTS')
      executor.meters.isFull = false
      expect([executor.replay.size, executor.record.used.size]).toEqual([0, 0])
    }
    expect(leafCode(executor.decide(byMac(bare([link])), [link]))).toBe('allow')
  })

  test('since one of several uses cannot be recorded forgets the others', async () => {
    const executor = new Executor()
    const link = await grant({ ...BY_CHANNEL, approvals: { m: 1, of: [carol.did] } })
    const digest = callDigest(
      { issuer: alice.did, audience: owner.did, subject: owner.did, command: COMMAND, args: {} },
      kernel,
    )
    const approval = await approve({ signer: carol, call: digest, atS: NOW_S, expiresS: NOW_S + 9, nonce: nonce() })
    executor.record.places = 1
    const onDisk = byMac(bare([link], { nonce: nonce() }))
    expect(leafCode(executor.decide(onDisk, [link], [approval]))).toBe('CAPABILITY_REPLAY_FULL')
    expect(executor.record.used.size).toBe(0)
    expect(leafCode(executor.decide(byMac(bare([link])), [link], [approval]))).toBe('allow')
  })

  test('since neither the counters nor the undoing works stays used, and spends nothing', async () => {
    const executor = new Executor()
    const link = await grant({ ...BY_CHANNEL, limits })
    const made = byMac(bare([link], { nonce: nonce() }))
    executor.meters.failure = 'not stored'
    executor.record.canRelease = false
    expect(() => executor.decide(made, [link])).toThrow(/failed/)
    expect(leafCode(executor.decide(made, [link]))).toBe('CAPABILITY_REPLAY')
    expect(leafCode(executor.decide(byMac(bare([link])), [link]))).toBe('allow')
  })

  test('since a view failed is no verdict, and leaves no trace', async () => {
    const link = await grant({ ...BY_CHANNEL, limits })
    const fail = (): never => {
      throw new Error('the view failed')
    }
    for (const broken of [
      { revocations: { stateOf: fail, knownAtS: () => NOW_S } },
      { identities: { currentOf: fail, standingOf: fail } },
      { policy: { decide: fail } },
      { hasCommand: fail },
      { requirements: fail },
    ]) {
      const executor = new Executor(broken)
      expect(() => executor.decide(byMac(bare([link])), [link])).toThrow(/view failed/)
      expect([executor.replay.size, executor.meters.writes, executor.authorizer.cachedLinks]).toEqual([0, 0, 0])
    }
  })

  test('since nobody counts is refused before anything is recorded', async () => {
    const executor = new Executor({ meter: undefined } as object)
    const link = await grant({ ...BY_CHANNEL, limits })
    const plain = await grant(BY_CHANNEL)
    for (const prove of [byMac, byChannel]) {
      expect(leafCode(executor.decide(prove(bare([link])), [link]))).toBe('CAPABILITY_UNMETERED')
      expect(leafCode(executor.decide(prove(bare([plain])), [plain]))).toBe('allow')
    }
    expect(executor.replay.size).toBe(1)
  })
})

describe('an explanation', () => {
  test('says what a decision would, and changes nothing', async () => {
    const executor = new Executor()
    const link = await grant({ ...BY_CHANNEL, limits: [['calls', 1]] })
    const made = bare([link])
    for (let round = 0; round < 3; round += 1) expect(leafCode(executor.explain(byMac(made), [link]))).toBe('allow')
    expect([executor.replay.size, executor.meters.writes, executor.authorizer.cachedLinks]).toEqual([0, 0, 0])
    expect(leafCode(executor.decide(byMac(made), [link]))).toBe('allow')
    expect(leafCode(executor.explain(byMac(made), [link]))).toBe('CAPABILITY_REPLAY')
    expect(leafCode(executor.explain(byMac(bare([link])), [link]))).toBe('CAPABILITY_CALLS')
    expect(leafCode(executor.explain(byChannel(made), []))).toBe('CAPABILITY_PROOF_MISSING')
    const unmetered = new Executor({ meter: undefined } as object)
    expect(leafCode(unmetered.explain(byMac(made), [link]))).toBe('CAPABILITY_UNMETERED')
  })

  test('can ask about a call that is yet to be proven', async () => {
    const executor = new Executor()
    executor.tool = toolRequirements()
    const link = await grant()
    const given = { proof: byChannel(bare([link])), proofs: [link.bytes], bytes: 1, nowMs: executor.nowMs }
    expect(leafCode(executor.authorizer.explain(given))).toBe('CAPABILITY_PROOF_LEVEL')
    expect(executor.authorizer.explain(given, { assume: 'signature' })).toMatchObject({
      outcome: 'allow',
      level: 'signature',
    })
  })
})
