/** The authorizer: proof levels, what is kept, and that no verdict is. */
import {
  Authorizer,
  type DelegateOptions,
  type IdentityStanding,
  MAX_LEEWAY_S,
  NO_REVOCATIONS,
  ReplaySet,
  toolRequirements,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import type { SignedEnvelope } from '@talos/identity'
import { describe, expect, test } from 'vitest'
import { alice, bob, COMMAND, call, codesOf, grant, kernel, leafCode, mallory, NOW_S, nonce, owner } from './actors.ts'
import { bare, byChannel, byMac, bySignature, EPOCH, Executor, KEY, MemoryRecord, twoLinks } from './executor.ts'

const BY_CHANNEL = { need: 'channel', rules: [['known', '.path?']] } as const satisfies Partial<DelegateOptions>

describe('the level of a proof', () => {
  test.each([
    ['channel', 'channel', ['allow', 'allow', 'allow']],
    ['mac', 'channel', ['CAPABILITY_PROOF_LEVEL', 'allow', 'allow']],
    ['channel', 'mac', ['CAPABILITY_PROOF_LEVEL', 'allow', 'allow']],
    ['signature', 'channel', ['CAPABILITY_PROOF_LEVEL', 'CAPABILITY_PROOF_LEVEL', 'allow']],
    ['channel', 'signature', ['CAPABILITY_PROOF_LEVEL', 'CAPABILITY_PROOF_LEVEL', 'allow']],
  ] as const)('is the strongest of what the tool (%s) and the link (%s) ask for', async (tool, need, expected) => {
    const executor = new Executor()
    executor.tool = toolRequirements({ proof: tool })
    const link = await grant({ ...BY_CHANNEL, need })
    const verdicts = [byChannel(bare([link])), byMac(bare([link])), bySignature(await call([link]))].map((proof) =>
      executor.decide(proof, [link]),
    )
    expect(verdicts.map(leafCode)).toEqual(expected)
  })

  test('is asked of each link, whichever of them it is', async () => {
    for (const chain of [await twoLinks({ need: 'mac' }), await twoLinks({}, { need: 'mac' })]) {
      const executor = new Executor()
      expect(leafCode(executor.decide(byChannel(bare(chain)), chain))).toBe('CAPABILITY_PROOF_LEVEL')
      expect(leafCode(executor.decide(byMac(bare(chain)), chain))).toBe('allow')
    }
  })

  test('a grant in UCAN’s own terms is invoked by signature alone', async () => {
    const executor = new Executor()
    const link = await grant()
    expect(leafCode(executor.decide(byMac(bare([link])), [link]))).toBe('CAPABILITY_PROOF_LEVEL')
    expect(leafCode(executor.decide(bySignature(await call([link])), [link]))).toBe('allow')
  })

  test('is told in the verdict, with what else was found', async () => {
    const executor = new Executor()
    const chain = await twoLinks()
    const made = bare(chain, { args: { path: 'x' } })
    expect(executor.decide(byMac(made), chain)).toMatchObject({
      outcome: 'allow',
      level: 'mac',
      invocation: { issuer: alice.did, args: { path: 'x' }, bytes: made.bytes },
      chain: [{ issuer: owner.did }, { issuer: bob.did }],
      ticket: undefined,
      revocation: 'unknown',
      requirements: executor.tool,
    })
  })
})

describe('a proof by the session', () => {
  test('is good for the other end of the session alone', async () => {
    const executor = new Executor()
    const link = await grant(BY_CHANNEL)
    for (const prove of [byChannel, byMac]) {
      const codes = codesOf(executor.decide(prove(bare([link]), mallory.did), [link]))
      expect(codes).toEqual(['CAPABILITY_DENIED', 'CAPABILITY_PROOF_INVALID'])
      expect(codesOf(executor.decide(prove(bare([link], { issuer: mallory.did }), mallory.did), [link]))).toEqual([
        'CAPABILITY_DENIED',
        'CAPABILITY_DELEGATION',
      ])
    }
    const relayed = { ...bySignature(await call([link])), holder: mallory.did }
    expect(leafCode(executor.decide(relayed, [link]))).toBe('CAPABILITY_PROOF_INVALID')
    expect(leafCode(executor.decide({ ...relayed, holder: alice.did }, [link]))).toBe('allow')
  })

  test('by mac is refused before the call is decoded', async () => {
    const executor = new Executor()
    const link = await grant(BY_CHANNEL)
    const proof = byMac(bare([link]))
    if (proof.level !== 'mac') throw new Error('not by mac')
    const forged = { ...proof, mac: proof.mac.map((byte) => byte ^ 1) }
    expect(codesOf(executor.decide(forged, [link])).at(-1)).toBe('CAPABILITY_PROOF_INVALID')
    expect(codesOf(executor.decide({ ...forged, call: new Uint8Array(3) }, [link]))).toEqual([
      'CAPABILITY_DENIED',
      'CAPABILITY_PROOF_INVALID',
    ])
    const garbage = { level: 'channel', call: new Uint8Array(3), holder: alice.did } as const
    expect(codesOf(executor.decide(garbage, [link]))).toEqual([
      'CAPABILITY_DENIED',
      'CAPABILITY_INVOCATION_INVALID',
      'CBOR_INVALID',
    ])
    expect(leafCode(executor.decide(proof, [link]))).toBe('allow')
  })

  test('is bounded as an invocation is', async () => {
    const executor = new Executor()
    const large = { level: 'channel', call: new Uint8Array(1_048_577), holder: alice.did } as const
    expect(codesOf(executor.decide(large, []))).toEqual(['CAPABILITY_DENIED', 'CAPABILITY_LIMIT'])
  })

  test('by mac is recorded as used, by channel it is not', async () => {
    const executor = new Executor()
    const link = await grant(BY_CHANNEL)
    const made = bare([link])
    expect(leafCode(executor.decide(byMac(made), [link]))).toBe('allow')
    expect(leafCode(executor.decide(byMac(made), [link]))).toBe('CAPABILITY_REPLAY')
    expect(leafCode(executor.decide(byChannel(made), [link]))).toBe('allow')
    expect(leafCode(executor.decide(byChannel(made), [link]))).toBe('allow')
    expect(executor.replay.size).toBe(1)
    expect(executor.record.steps).toBe(0)
  })
})

describe('an earlier epoch', () => {
  test('refuses a call by mac or signature, before its chain is looked at, and none by channel', async () => {
    const other = new Uint8Array(16).fill(8)
    const replay = new ReplaySet({
      epoch: other,
      earlier: [{ epoch: EPOCH, endedS: NOW_S - 1 }],
      record: new MemoryRecord(),
    })
    const executor = new Executor({ replay })
    const link = await grant(BY_CHANNEL)
    const made = bare([link])
    expect(codesOf(executor.decide(byMac(made), []))).toEqual(['CAPABILITY_DENIED', 'CAPABILITY_EPOCH'])
    const signed = await call([link], { nonce: Uint8Array.of(...EPOCH, ...nonce()) })
    expect(leafCode(executor.decide(bySignature(signed), [link]))).toBe('CAPABILITY_EPOCH')
    expect(leafCode(executor.decide(byChannel(made), [link]))).toBe('allow')
    const fresh = bare([link], { nonce: Uint8Array.of(...other, ...nonce()) })
    expect(leafCode(executor.decide(byMac(fresh), [link]))).toBe('allow')
  })
})

describe('what is kept from one call to the next', () => {
  test('are links by which a call was allowed, and their signatures are not checked again', async () => {
    const batches: number[] = []
    const verifyEnvelopes: typeof kernel.verifyEnvelopes = (items) => {
      batches.push(items.length)
      return kernel.verifyEnvelopes(items)
    }
    const executor = new Executor({ kernel: { ...kernel, verifyEnvelopes } })
    const chain = await twoLinks()
    const refused = bare(chain, { args: { other: 1 } })
    expect(leafCode(executor.decide(byMac(refused), chain))).toBe('CAPABILITY_ARGUMENT_UNKNOWN')
    expect(executor.authorizer.cachedLinks).toBe(0)
    for (let round = 0; round < 3; round += 1) {
      expect(leafCode(executor.decide(byMac(bare(chain)), chain))).toBe('allow')
      expect(executor.authorizer.cachedLinks).toBe(2)
    }
    expect(leafCode(executor.decide(bySignature(await call(chain)), chain))).toBe('allow')
    expect(batches).toEqual([2, 2, 1])
  })

  test('are not taken for links that were not sent, or were changed on the way', async () => {
    const executor = new Executor()
    const chain = await twoLinks()
    expect(leafCode(executor.decide(byMac(bare(chain)), chain))).toBe('allow')
    const [root, leaf] = chain
    expect(leafCode(executor.decide(byMac(bare(chain)), [leaf]))).toBe('CAPABILITY_PROOF_MISSING')
    for (const at of [-1, 3, 70, 200]) {
      const changed = { ...leaf, bytes: leaf.bytes.with(at, Number(leaf.bytes.at(at)) ^ 1) }
      expect(leafCode(executor.decide(byMac(bare(chain)), [root, changed]))).toBe('CAPABILITY_PROOF_MISSING')
    }
    const cut = { ...leaf, bytes: leaf.bytes.subarray(0, -1) }
    expect(leafCode(executor.decide(byMac(bare(chain)), [root, cut]))).toBe('CAPABILITY_PROOF_MISSING')
    expect(leafCode(executor.decide(byMac(bare(chain)), [root, { ...leaf, bytes: new Uint8Array(0) }]))).toBe(
      'CAPABILITY_PROOF_MISSING',
    )
    expect(leafCode(executor.decide(byMac(bare(chain)), chain))).toBe('allow')
  })

  test('serve whoever holds them, in the order that the call names, and nobody else', async () => {
    const executor = new Executor()
    const chain = await twoLinks()
    const [root, leaf] = chain
    expect(leafCode(executor.decide(byMac(bare(chain)), chain))).toBe('allow')
    expect(leafCode(executor.decide(byMac(bare([leaf, root])), chain))).toBe('CAPABILITY_DELEGATION')
    const byBob = byMac(bare(chain, { issuer: bob.did }), bob.did)
    expect(leafCode(executor.decide(byBob, chain))).toBe('CAPABILITY_DELEGATION')
    const asBob = byMac(bare([root], { issuer: bob.did }), bob.did)
    expect(leafCode(executor.decide(asBob, [root]))).toBe('allow')
    // A second root to the same leaf: the chain that was kept for the leaf is another one.
    const second = await grant({ ...BY_CHANNEL, audience: bob.did, depth: 1, rules: [['enum', '.path', ['a']]] })
    const narrow = [second, leaf]
    expect(leafCode(executor.decide(byMac(bare(narrow)), narrow))).toBe('CAPABILITY_ARGUMENT_ABSENT')
    expect(leafCode(executor.decide(byMac(bare(narrow, { args: { path: 'a' } })), narrow))).toBe('allow')
    expect(leafCode(executor.decide(byMac(bare(chain)), chain))).toBe('allow')
  })

  test('are as many as the executor lets it be', async () => {
    const chain = await twoLinks()
    for (const [cacheLinks, kept] of [
      [0, 0],
      [1, 0],
      [2, 2],
      [4, 2],
    ] as const) {
      const executor = new Executor({ cacheLinks })
      expect(leafCode(executor.decide(byMac(bare(chain)), chain))).toBe('allow')
      expect(leafCode(executor.decide(byMac(bare(chain)), chain))).toBe('allow')
      expect(executor.authorizer.cachedLinks).toBe(kept)
    }
    for (const cacheLinks of [-1, 1.5, Number.NaN]) {
      expect(() => new Executor({ cacheLinks })).toThrow(/cacheLinks/)
    }
  })
})

describe('a hit is no verdict: on the second call', () => {
  /** One call is allowed, then something changes, and the next is decided by links that are kept. */
  async function secondCall(
    change: (executor: Executor, chain: readonly SignedEnvelope[]) => void,
    second: Parameters<typeof bare>[1] = {},
    options: ConstructorParameters<typeof Executor>[0] = {},
  ): Promise<readonly [string, string]> {
    const executor = new Executor(options)
    const chain = await twoLinks(
      { limits: [['calls', 2]], when: [['env', 'zone', ['a']]] },
      { rules: [['enum', '.path?', ['x']]] },
    )
    const handle = executor.authorizer.chain(
      chain.map(({ bytes }) => bytes),
      alice.did,
    )
    expect(leafCode(executor.decide(byMac(bare(chain)), chain))).toBe('allow')
    change(executor, chain)
    const { command = COMMAND, args = {} } = second
    const fast = executor.authorizer.authorizeChannel(handle, { command, args, nowMs: executor.nowMs, bytes: 1 })
    const slow = executor.decide(byMac(bare(chain, second)), chain)
    return [leafCode(slow), leafCode(fast)]
  }

  const environment = new Map([['zone', 'a']])

  test('nothing has changed', async () => {
    const limits = { environment }
    expect(await secondCall(() => undefined, {}, limits)).toEqual(['CAPABILITY_CALLS', 'allow'])
  })

  test('the time has come to its end', async () => {
    const late = (executor: Executor) => {
      executor.nowMs += 3_601_000
    }
    const codes = await secondCall(late, { issuedAtS: NOW_S + 3_601 }, { environment })
    expect(codes).toEqual(['CAPABILITY_EXPIRED', 'CAPABILITY_EXPIRED'])
  })

  test.each([0, 1])('link %i was revoked', async (index) => {
    const codes = await secondCall(
      ({ revocations }, chain) => revocations.revoked.add(String(chain[index]?.cid)),
      {},
      { environment },
    )
    expect(codes).toEqual(['CAPABILITY_REVOKED', 'CAPABILITY_REVOKED'])
  })

  test('the arguments are others', async () => {
    const codes = await secondCall(() => undefined, { args: { path: 'y' } }, { environment })
    expect(codes).toEqual(['CAPABILITY_ARGUMENT', 'CAPABILITY_ARGUMENT'])
  })

  test('the command is another', async () => {
    const codes = await secondCall(() => undefined, { command: '/mcp/git/tool/other' }, { environment })
    expect(codes).toEqual(['CAPABILITY_SCOPE', 'CAPABILITY_SCOPE'])
  })

  test('the counters are used up', async () => {
    const spendAll = (executor: Executor, chain: readonly SignedEnvelope[]) => {
      expect(leafCode(executor.decide(byMac(bare(chain)), chain))).toBe('allow')
    }
    expect(await secondCall(spendAll, {}, { environment })).toEqual(['CAPABILITY_CALLS', 'CAPABILITY_CALLS'])
  })

  test('the tool asks for a stronger proof', async () => {
    const stronger = (executor: Executor) => {
      executor.tool = toolRequirements()
    }
    const codes = await secondCall(stronger, {}, { environment })
    expect(codes).toEqual(['CAPABILITY_PROOF_LEVEL', 'CAPABILITY_PROOF_LEVEL'])
  })

  test('the knowledge of revocations has become stale', async () => {
    const stale = (executor: Executor) => {
      executor.tool = toolRequirements({ proof: 'channel', maxStaleS: 60 })
      executor.revocations.knownS.set(bob.did, NOW_S - 61)
    }
    expect(await secondCall(stale, {}, { environment })).toEqual(['CAPABILITY_STALE', 'CAPABILITY_STALE'])
  })

  test('the environment is another', async () => {
    const facts = new Map([['zone', 'a']])
    const codes = await secondCall(() => facts.set('zone', 'b'), {}, { environment: facts })
    expect(codes).toEqual(['CAPABILITY_ENVIRONMENT', 'CAPABILITY_ENVIRONMENT'])
  })

  test.each<[string, Did, IdentityStanding]>([
    ['of an issuer is in other hands', bob.did, 'compromised'],
    ['of the caller was replaced', alice.did, 'rotated'],
  ])('the key %s', async (_, whose, standing) => {
    const standings = new Map<Did, IdentityStanding>()
    const identities = {
      currentOf: (did: Did) => did,
      standingOf: (did: Did) => standings.get(did) ?? 'current',
    }
    const codes = await secondCall(() => standings.set(whose, standing), {}, { environment, identities })
    expect(codes).toEqual(['CAPABILITY_KEY', 'CAPABILITY_KEY'])
  })

  test('the executor’s policy denies, or its tool is gone', async () => {
    let isDenied = false
    const policy = {
      decide: () => (isDenied ? { outcome: 'deny', reasons: [] } : { outcome: 'allow' }) as never,
    }
    const deny = () => {
      isDenied = true
    }
    const denied = await secondCall(deny, {}, { environment, policy })
    expect(denied).toEqual(['CAPABILITY_POLICY_DENIED', 'CAPABILITY_POLICY_DENIED'])
    const tools = new Set([COMMAND])
    const gone = await secondCall(() => tools.clear(), {}, { environment, hasCommand: (name) => tools.has(name) })
    expect(gone).toEqual(['CAPABILITY_UNKNOWN_TOOL', 'CAPABILITY_UNKNOWN_TOOL'])
  })
})

test('options that would weaken the decision are refused', () => {
  const replay = new ReplaySet({ epoch: EPOCH, earlier: [], record: new MemoryRecord() })
  const make = (changes: object) => () =>
    new Authorizer({ executor: owner.did, kernel, revocations: NO_REVOCATIONS, replay, ...changes })
  expect(make({ maxDepth: 17 })).toThrow(/maxDepth/)
  expect(make({ leewayS: MAX_LEEWAY_S + 1 })).toThrow(/leewayS/)
  expect(make({ maxLifetimeS: 0 })).toThrow(/maxLifetimeS/)
  expect(make({ maxDepth: 16, leewayS: MAX_LEEWAY_S, maxLifetimeS: null })).not.toThrow()
})

test('the key of a session is never printed with a proof', () => {
  expect(JSON.stringify(byMac(bare([])))).not.toContain(KEY.use((bytes) => [...bytes].join(',')))
})
