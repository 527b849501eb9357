/** The later steps of a decision: freshness, risk, moment, policy, approvals; and that a refused call leaves no trace. */
import {
  approve,
  callDigest,
  type DelegateOptions,
  type ExecutorPolicy,
  type IdentityView,
  type PolicyRequest,
  type ToolRequirements,
  toolRequirements,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import type { SignedEnvelope, Signer } from '@talos/identity'
import { describe, expect, test } from 'vitest'
import { actor, alice, bob, COMMAND, call, codesOf, grant, kernel, leafCode, NOW_S, nonce, owner } from './actors.ts'
import { bare, byChannel, byMac, bySignature, Executor } from './executor.ts'

const BY_CHANNEL = { need: 'channel' } as const satisfies Partial<DelegateOptions>
const carol = actor(4)
const dave = actor(5)

async function throughBob(last: Partial<DelegateOptions> = {}): Promise<readonly [SignedEnvelope, SignedEnvelope]> {
  return [
    await grant({ ...BY_CHANNEL, audience: bob.did, depth: 1 }),
    await grant({ ...BY_CHANNEL, signer: bob, ...last }),
  ]
}

describe('how fresh revocations must be', () => {
  const ask = async (knownAtS: number | undefined, tool: Partial<ToolRequirements>) => {
    const executor = new Executor()
    executor.tool = toolRequirements({ proof: 'channel', ...tool })
    if (knownAtS !== undefined) executor.revocations.knownS.set(bob.did, knownAtS)
    const chain = await throughBob()
    const verdict = executor.decide(byChannel(bare(chain)), chain)
    return verdict.outcome === 'allow' ? verdict.revocation : leafCode(verdict)
  }

  test.each([
    ['write', 60, NOW_S - 60, 'fresh'],
    ['write', 60, NOW_S - 61, 'CAPABILITY_STALE'],
    ['write', 60, undefined, 'CAPABILITY_STALE'],
    ['read', 60, NOW_S - 60, 'fresh'],
    ['read', 60, NOW_S - 61, 'stale'],
    ['read', 60, undefined, 'CAPABILITY_STALE'],
    ['write', 0, NOW_S, 'fresh'],
    ['write', 0, NOW_S + 5, 'fresh'],
    ['write', undefined, 0, 'fresh'],
    ['write', undefined, undefined, 'unknown'],
    ['read', undefined, undefined, 'unknown'],
  ] as const)('a %s with %s seconds, known at %s: %s', async (effect, maxStaleS, knownAtS, expected) => {
    expect(await ask(knownAtS, { effect, maxStaleS })).toBe(expected)
  })

  test('the worst of all issuers counts, and the executor always knows its own', async () => {
    const executor = new Executor()
    executor.tool = toolRequirements({ proof: 'channel', effect: 'read', maxStaleS: 60 })
    const own = await grant(BY_CHANNEL)
    expect(executor.decide(byChannel(bare([own])), [own])).toMatchObject({ outcome: 'allow', revocation: 'fresh' })
    const chain = [
      await grant({ ...BY_CHANNEL, audience: bob.did, depth: 2 }),
      await grant({ ...BY_CHANNEL, signer: bob, audience: carol.did, depth: 1 }),
      await grant({ ...BY_CHANNEL, signer: carol }),
    ]
    const decided = () => executor.decide(byChannel(bare(chain)), chain)
    const { knownS } = executor.revocations
    knownS.set(bob.did, NOW_S - 100)
    expect(decided()).toMatchObject({ cause: { causes: [{ code: 'CAPABILITY_STALE', path: 'proofs[2]' }] } })
    knownS.set(carol.did, NOW_S)
    expect(decided()).toMatchObject({ outcome: 'allow', revocation: 'stale' })
    executor.tool = toolRequirements({ proof: 'channel', maxStaleS: 60 })
    expect(decided()).toMatchObject({
      cause: { causes: [{ code: 'CAPABILITY_STALE', path: 'proofs[1]', details: { state: 'stale', limitS: 60 } }] },
    })
    knownS.set(bob.did, NOW_S)
    expect(decided()).toMatchObject({ outcome: 'allow', revocation: 'fresh' })
  })

  test('comes after revocation itself, and before the scope', async () => {
    const executor = new Executor()
    executor.tool = toolRequirements({ proof: 'channel', maxStaleS: 60 })
    const chain = await throughBob()
    const outside = byChannel(bare(chain, { command: '/other' }))
    expect(leafCode(executor.decide(outside, chain))).toBe('CAPABILITY_STALE')
    executor.revocations.revoked.add(chain[1].cid.toString())
    expect(leafCode(executor.decide(outside, chain))).toBe('CAPABILITY_REVOKED')
  })
})

describe('a tool of high risk', () => {
  test('takes signed calls with a justification', async () => {
    const executor = new Executor()
    executor.tool = toolRequirements({ proof: 'channel', risk: 'high' })
    const link = await grant(BY_CHANNEL)
    const justified = bare([link], { justification: 'because' })
    expect(leafCode(executor.decide(byMac(justified), [link]))).toBe('CAPABILITY_PROOF_LEVEL')
    expect(leafCode(executor.decide(byChannel(justified), [link]))).toBe('CAPABILITY_PROOF_LEVEL')
    expect(leafCode(executor.decide(bySignature(await call([link])), [link]))).toBe('CAPABILITY_JUSTIFICATION')
    const signed = await call([link], { justification: 'because' })
    expect(leafCode(executor.decide(bySignature(signed), [link]))).toBe('allow')
    const handle = executor.authorizer.chain([link.bytes], alice.did)
    const fast = { command: COMMAND, args: {}, nowMs: executor.nowMs, bytes: 0 }
    expect(leafCode(executor.authorizer.authorizeChannel(handle, fast))).toBe('CAPABILITY_PROOF_LEVEL')
  })
})

describe('the executor’s own policy', () => {
  test('is asked about calls that the chain allows, and wins', async () => {
    const asked: PolicyRequest[] = []
    const policy: ExecutorPolicy = {
      decide(request) {
        asked.push(request)
        return request.args['n'] === 1
          ? { outcome: 'allow' }
          : { outcome: 'deny', reasons: ['no-n', 'policy 2', 'a sentence!'] }
      },
    }
    const environment = new Map([['zone', 'a']])
    const executor = new Executor({ policy, environment })
    const link = await grant({ ...BY_CHANNEL, rules: [['range', '.n', 0, 5]] })
    const decide = (n: number) => executor.decide(byChannel(bare([link], { args: { n } })), [link])
    expect(leafCode(decide(1))).toBe('allow')
    expect(asked).toMatchObject([
      { principal: alice.did, command: COMMAND, args: { n: 1 }, chain: [{ cid: link.cid }], nowS: NOW_S, environment },
    ])
    expect(decide(2)).toMatchObject({
      outcome: 'deny',
      cause: {
        causes: [
          { code: 'CAPABILITY_POLICY_DENIED', details: { reasons: 'no-n, policy 2, (a reason of 11 characters)' } },
        ],
      },
    })
    expect(leafCode(decide(9))).toBe('CAPABILITY_ARGUMENT')
    expect(asked).toHaveLength(2)
  })

  test('may give no reason, and no more than eight are told', async () => {
    const reasons: string[] = []
    const executor = new Executor({ policy: { decide: () => ({ outcome: 'deny', reasons }) } })
    const link = await grant(BY_CHANNEL)
    const told = () => {
      const verdict = executor.decide(byChannel(bare([link])), [link])
      return verdict.outcome === 'deny' ? verdict.cause.causes[0]?.details['reasons'] : 'allowed'
    }
    expect(told()).toBe('no policy permits it')
    reasons.push(...Array.from({ length: 9 }, (_, index) => `p${index}`))
    expect(told()).toBe('p0, p1, p2, p3, p4, p5, p6, p7')
  })
})

describe('one agent with several keys', () => {
  const group = (...dids: readonly Did[]): IdentityView => ({
    currentOf: (did) => (dids.includes(did) ? (dids[0] ?? did) : did),
    standingOf: (did) => (dids.includes(did) && did !== dids[0] ? 'rotated' : 'current'),
  })

  test('holds what its earlier key was given, and issued', async () => {
    // Carol is now who Alice was.
    const executor = new Executor({ identities: group(carol.did, alice.did) })
    const toAlice = await grant({ ...BY_CHANNEL, depth: 1 })
    const byCarol = bare([toAlice], { issuer: carol.did })
    expect(leafCode(executor.decide(byChannel(byCarol, carol.did), [toAlice]))).toBe('allow')
    expect(leafCode(executor.decide(byChannel(bare([toAlice])), [toAlice]))).toBe('CAPABILITY_KEY')
    const fromAlice = await grant({ ...BY_CHANNEL, signer: alice, audience: dave.did })
    const chain = [toAlice, fromAlice]
    const byDave = bare(chain, { issuer: dave.did })
    expect(leafCode(executor.decide(byChannel(byDave, dave.did), chain))).toBe('allow')
    const fromCarol = await grant({ ...BY_CHANNEL, signer: carol, audience: dave.did })
    const mixed = [toAlice, fromCarol]
    expect(leafCode(executor.decide(byChannel(bare(mixed, { issuer: dave.did }), dave.did), mixed))).toBe('allow')
    const plain = new Executor()
    expect(leafCode(plain.decide(byChannel(bare(mixed, { issuer: dave.did }), dave.did), mixed))).toBe(
      'CAPABILITY_DELEGATION',
    )
  })

  test.each(['compromised', 'deactivated'] as const)('a link by a %s key is worth nothing', async (standing) => {
    const identities: IdentityView = {
      currentOf: (did) => did,
      standingOf: (did) => (did === bob.did ? standing : 'current'),
    }
    const chain = await throughBob()
    expect(codesOf(new Executor({ identities }).decide(byChannel(bare(chain)), chain))).toEqual([
      'CAPABILITY_DENIED',
      'CAPABILITY_KEY',
    ])
  })

  test('an executor that rotated takes calls to its earlier DID, by grants of its earlier key', async () => {
    const link = await grant(BY_CHANNEL)
    const made = byChannel(bare([link]))
    expect(leafCode(new Executor({ executor: dave.did }).decide(made, [link]))).toBe('CAPABILITY_AUDIENCE')
    const rotated = new Executor({ executor: dave.did, formerExecutors: [owner.did] })
    expect(leafCode(rotated.decide(made, [link]))).toBe('allow')
    const chain = await throughBob()
    rotated.tool = toolRequirements({ proof: 'channel', maxStaleS: 5 })
    rotated.revocations.knownS.set(bob.did, NOW_S)
    expect(leafCode(rotated.decide(byChannel(bare(chain, { audience: dave.did })), chain))).toBe('allow')
    const known = new Executor({ executor: dave.did, identities: group(dave.did, owner.did) })
    expect(leafCode(known.decide(made, [link]))).toBe('allow')
  })

  test('an executor takes no call by its earlier DID, and one by its present DID', async () => {
    const rotated = new Executor({ executor: dave.did, formerExecutors: [owner.did] })
    const toDave = { audience: dave.did, subject: dave.did }
    const byOwner = byChannel(bare([], { issuer: owner.did, ...toDave }), owner.did)
    expect(leafCode(rotated.decide(byOwner, []))).toBe('CAPABILITY_KEY')
    const byDave = byChannel(bare([], { issuer: dave.did, ...toDave }), dave.did)
    expect(leafCode(rotated.decide(byDave, []))).toBe('allow')
    const chain = rotated.authorizer.chain([], owner.did)
    const call = { command: COMMAND, args: {}, nowMs: NOW_S * 1000, bytes: 0 }
    expect(leafCode(rotated.authorizer.authorizeChannel(chain, call))).toBe('CAPABILITY_KEY')
  })

  test('a root that names no subject stays refused, whoever is whose', async () => {
    const executor = new Executor({ identities: { currentOf: () => owner.did, standingOf: () => 'current' } })
    const link = await grant({ ...BY_CHANNEL, subject: null })
    expect(leafCode(executor.decide(byChannel(bare([link])), [link]))).toBe('CAPABILITY_DELEGATION')
  })
})

describe('approvals', () => {
  const terms = { m: 1, of: [carol.did, dave.did] }
  const args = { n: 1 }

  function consent(signer: Signer, changes: Partial<Parameters<typeof callDigest>[0]> = {}): Promise<SignedEnvelope> {
    const digest = callDigest(
      { issuer: alice.did, audience: owner.did, subject: owner.did, command: COMMAND, args, ...changes },
      kernel,
    )
    return approve({ signer, call: digest, atS: NOW_S, expiresS: NOW_S + 600, nonce: nonce() })
  }

  test('that a tool asks for refer the call to those who can give them, and nothing is spent', async () => {
    const executor = new Executor()
    executor.tool = toolRequirements({ proof: 'channel', approvals: terms })
    const link = await grant({ ...BY_CHANNEL, limits: [['calls', 1]] })
    const made = bare([link], { args })
    const verdict = executor.decide(byMac(made), [link])
    expect(verdict).toMatchObject({
      outcome: 'refer',
      cause: { code: 'CAPABILITY_DENIED', causes: [{ code: 'CAPABILITY_APPROVAL' }] },
      invocation: { issuer: alice.did },
      chain: [{ cid: link.cid }],
      requirements: executor.tool,
      missing: [{ what: 'the tool', missing: 1, askable: terms.of }],
    })
    expect(executor.replay.size).toBe(0)
    const approval = await consent(carol)
    expect('digest' in verdict && verdict.digest).toEqual(
      callDigest({ issuer: alice.did, audience: owner.did, subject: owner.did, command: COMMAND, args }, kernel),
    )
    expect(leafCode(executor.decide(byMac(made), [link], [approval]))).toBe('allow')
    expect(executor.record.used.size).toBe(1)
    expect(leafCode(executor.decide(byMac(bare([link], { args })), [link], [approval]))).toBe('CAPABILITY_CALLS')
  })

  test('count once, for the exact call', async () => {
    const executor = new Executor()
    const link = await grant({ ...BY_CHANNEL, approvals: terms })
    const decide = (approvals: readonly SignedEnvelope[], changes: Parameters<typeof bare>[1] = { args }) =>
      executor.decide(byMac(bare([link], changes)), [link], approvals)
    const approval = await consent(carol)
    expect(decide([approval], { args: { n: 2 } }).outcome).toBe('refer')
    expect(decide([await consent(bob)]).outcome).toBe('refer')
    expect(decide([approval]).outcome).toBe('allow')
    expect(decide([approval])).toMatchObject({ outcome: 'refer', missing: [{ what: 'delegation 0' }] })
    expect(decide([approval, await consent(dave)]).outcome).toBe('allow')
  })

  test('of a tool and of links are asked for together, and one may serve both', async () => {
    const executor = new Executor()
    executor.tool = toolRequirements({ proof: 'channel', approvals: terms })
    const link = await grant({ ...BY_CHANNEL, approvals: { m: 1, of: [carol.did] } })
    const decide = (approvals: readonly SignedEnvelope[]) =>
      executor.decide(byChannel(bare([link], { args })), [link], approvals)
    expect(decide([])).toMatchObject({
      outcome: 'refer',
      cause: { causes: [{ code: 'CAPABILITY_APPROVAL', causes: [{}, {}] }] },
      missing: [{ what: 'the tool' }, { what: 'delegation 0' }],
    })
    expect(decide([await consent(dave)])).toMatchObject({ missing: [{ what: 'delegation 0' }] })
    expect(decide([await consent(carol)]).outcome).toBe('allow')
    expect(executor.record.used.size).toBe(1)
  })

  test('are not asked for where the call is refused anyway', async () => {
    const executor = new Executor({ hasCommand: () => false })
    const link = await grant({ ...BY_CHANNEL, approvals: terms, limits: [['calls', 1]] })
    expect(leafCode(executor.decide(byMac(bare([link])), [link]))).toBe('CAPABILITY_UNKNOWN_TOOL')
    const other = new Executor()
    const approved = bare([link], { args })
    expect(leafCode(other.decide(byMac(approved), [link], [await consent(carol)]))).toBe('allow')
    expect(codesOf(other.decide(byMac(bare([link])), [link]))).toEqual(['CAPABILITY_DENIED', 'CAPABILITY_CALLS'])
    expect(codesOf(other.decide(byMac(approved), [link]))).toEqual(['CAPABILITY_DENIED', 'CAPABILITY_REPLAY'])
    const handle = other.authorizer.chain([link.bytes], alice.did)
    const fast = { command: COMMAND, args, nowMs: other.nowMs, bytes: 0 }
    expect(leafCode(other.authorizer.authorizeChannel(handle, fast))).toBe('CAPABILITY_CALLS')
  })

  test('are taken on the fast path as well', async () => {
    const executor = new Executor()
    executor.tool = toolRequirements({ proof: 'channel', approvals: terms })
    const { bytes } = await grant(BY_CHANNEL)
    const handle = executor.authorizer.chain([bytes], alice.did)
    const fast = { command: COMMAND, args, nowMs: executor.nowMs, bytes: 0 }
    expect(executor.authorizer.authorizeChannel(handle, fast)).toMatchObject({
      outcome: 'refer',
      missing: [{ what: 'the tool', missing: 1 }],
    })
    const approvals = [(await consent(carol)).bytes]
    expect(executor.authorizer.authorizeChannel(handle, { ...fast, approvals }).outcome).toBe('allow')
    expect(executor.authorizer.authorizeChannel(handle, { ...fast, approvals }).outcome).toBe('refer')
  })

  test('are bounded in number', async () => {
    const executor = new Executor()
    const link = await grant(BY_CHANNEL)
    const approval = await consent(carol)
    const decide = (count: number) =>
      executor.decide(
        byChannel(bare([link])),
        [link],
        Array.from({ length: count }, () => approval),
      )
    expect(leafCode(decide(32))).toBe('allow')
    expect(leafCode(decide(33))).toBe('CAPABILITY_LIMIT')
    const handle = executor.authorizer.chain([link.bytes], alice.did)
    const fast = (count: number) => {
      const approvals = Array.from({ length: count }, () => approval.bytes)
      const about = { command: COMMAND, args: {}, nowMs: executor.nowMs, bytes: 0, approvals }
      return leafCode(executor.authorizer.authorizeChannel(handle, about))
    }
    expect([fast(32), fast(33)]).toEqual(['allow', 'CAPABILITY_LIMIT'])
  })
})
