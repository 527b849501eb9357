/** What was kept, and by which way a call came, never changes what is decided. */
import { Authorizer, authorize, type DelegateOptions, type IdentityStanding, toolRequirements } from '@talos/capability'
import type { Did } from '@talos/contracts'
import type { SignedEnvelope, Signer } from '@talos/identity'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { actor, alice, bob, COMMAND, call, codesOf, grant, kernel, memoryReplay, NOW_S, owner } from './actors.ts'
import { bare, byChannel, byMac, Executor, MemoryRevocations } from './executor.ts'

const SEED = 42
const carol = actor(4)

/** Links between four agents; chains of them are good and bad. */
const POOL: readonly Partial<DelegateOptions>[] = [
  { need: 'channel', depth: 2 },
  { need: 'channel', depth: 0, rules: [['enum', '.a', [1, 2]]] },
  { need: 'mac', depth: 1, command: '/mcp/git' },
  { need: 'channel', depth: 1, expiresS: NOW_S + 20, subject: null },
  {
    need: 'channel',
    depth: 1,
    when: [['env', 'zone', ['a']]],
    rules: [
      ['known', '.a?'],
      ['known', '.b?'],
    ],
  },
  { need: 'channel', depth: 1, notBeforeS: NOW_S + 5 },
  { depth: 1, policy: [['==', '.a', 1]] },
]
const WAYS: readonly (readonly [Signer, Signer])[] = [
  [owner, alice],
  [owner, bob],
  [bob, alice],
  [alice, carol],
  [bob, carol],
]

async function poolOfLinks(): Promise<readonly SignedEnvelope[]> {
  return await Promise.all(
    POOL.flatMap((terms) => WAYS.map(([signer, { did: audience }]) => grant({ signer, audience, ...terms }))),
  )
}

/** Ways from the owner to somebody, by their places in {@link WAYS}, and who is at the end. */
const ROUTES: readonly (readonly [readonly number[], Signer])[] = [
  [[0], alice],
  [[1], bob],
  [[1, 2], alice],
  [[0, 3], carol],
  [[1, 4], carol],
  [[1, 2, 3], carol],
]
const place = (way: number) => fc.nat(POOL.length - 1).map((terms) => terms * WAYS.length + way)
const walked = fc
  .constantFrom(...ROUTES)
  .chain(([ways, caller]) => fc.record({ places: fc.tuple(...ways.map(place)), caller: fc.constant(caller) }))
const stray = fc.record({
  places: fc.array(fc.nat(POOL.length * WAYS.length - 1), { maxLength: 3 }),
  caller: fc.constantFrom(alice, bob, carol),
})

const scenes = fc.record({
  chain: fc.oneof({ weight: 5, arbitrary: walked }, { weight: 1, arbitrary: stray }),
  command: fc.constantFrom('/mcp/git', COMMAND, COMMAND, COMMAND, '/mcp/other'),
  args: fc.constantFrom({}, { a: 1 }, { a: 3 }, { b: 1 }),
  afterS: fc.constantFrom(0, 10, 10, 25),
  revoked: fc.option(fc.nat(2), { freq: 2, nil: undefined }),
  standing: fc.constantFrom<IdentityStanding>('current', 'current', 'current', 'rotated', 'compromised'),
  knownS: fc.constantFrom(undefined, NOW_S, NOW_S - 100),
  maxStaleS: fc.constantFrom(undefined, undefined, 50),
  zone: fc.constantFrom('a', 'b'),
})

test('a call is decided the same with links that were kept and without, by handle and by bytes', async () => {
  const links = await poolOfLinks()
  const standings = new Map<Did, IdentityStanding>()
  const environment = new Map<string, string>()
  const identities = { currentOf: (did: Did) => did, standingOf: (did: Did) => standings.get(did) ?? 'current' }
  const warm = new Executor({ identities, environment, maxLifetimeS: 600 })
  const cold = new Authorizer({
    executor: owner.did,
    kernel,
    revocations: warm.revocations,
    replay: warm.replay,
    requirements: () => warm.tool,
    identities,
    environment,
    maxLifetimeS: 600,
    cacheLinks: 0,
  })
  const outcomes = new Set<string>()
  fc.assert(
    fc.property(scenes, (scene) => {
      const { command, args, afterS, revoked, standing, knownS, maxStaleS, zone } = scene
      const { places, caller } = scene.chain
      const chain = places.flatMap((place) => links[place] ?? [])
      standings.set(bob.did, standing)
      environment.set('zone', zone)
      warm.tool = toolRequirements({ proof: 'channel', maxStaleS })
      warm.nowMs = (NOW_S + afterS) * 1000
      warm.revocations.revoked.clear()
      if (revoked !== undefined) warm.revocations.revoked.add(String(chain[revoked]?.cid))
      for (const did of [alice.did, bob.did]) {
        if (knownS === undefined) warm.revocations.knownS.delete(did)
        else warm.revocations.knownS.set(did, knownS)
      }
      const made = bare(chain, { issuer: caller.did, command, args, expiresS: NOW_S + 60 })
      const given = { proof: byChannel(made, caller.did), proofs: chain.map(({ bytes }) => bytes), bytes: 1 }
      const expected = codesOf(cold.explain({ ...given, nowMs: warm.nowMs }))
      outcomes.add(String(expected.at(-1)))
      expect(codesOf(warm.decide(given.proof, chain))).toEqual(expected)
      expect(codesOf(warm.decide(given.proof, chain))).toEqual(expected)
      // What only a call that names its links can be refused for, and what only another proof would do for.
      const handle = warm.authorizer.chain(given.proofs, caller.did)
      const fast = codesOf(warm.authorizer.authorizeChannel(handle, { command, args, nowMs: warm.nowMs, bytes: 1 }))
      expect(expected.includes('CAPABILITY_PROOF_DUPLICATE') ? expected : fast).toEqual(expected)
      const byCode = codesOf(warm.decide(byMac(made, caller.did), chain))
      expect(expected.includes('CAPABILITY_PROOF_LEVEL') ? expected : byCode).toEqual(expected)
    }),
    { seed: SEED, numRuns: 800 },
  )
  // The scenes reach every kind of answer that they are made for.
  expect([...outcomes].sort()).toEqual([
    'CAPABILITY_ARGUMENT',
    'CAPABILITY_ARGUMENT_ABSENT',
    'CAPABILITY_ARGUMENT_UNKNOWN',
    'CAPABILITY_DELEGATION',
    'CAPABILITY_DEPTH',
    'CAPABILITY_ENVIRONMENT',
    'CAPABILITY_EXPIRED',
    'CAPABILITY_KEY',
    'CAPABILITY_MISSING',
    'CAPABILITY_NOT_YET_VALID',
    'CAPABILITY_PROOF_DUPLICATE',
    'CAPABILITY_PROOF_LEVEL',
    'CAPABILITY_REVOKED',
    'CAPABILITY_SCOPE',
    'CAPABILITY_STALE',
    'allow',
  ])
})

test('an authorizer and the decision that stands alone agree on signed calls', async () => {
  const links = await poolOfLinks()
  const calls = new Map<string, SignedEnvelope>()
  for (const first of links.slice(0, 10)) {
    for (const second of [undefined, ...links.slice(10, 14)]) {
      const chain = second === undefined ? [first] : [first, second]
      for (const args of [{}, { a: 1 }]) {
        const made = await call(chain, { args })
        const executor = new Executor()
        executor.tool = toolRequirements()
        const proofs = chain.map(({ bytes }) => bytes)
        const alone = authorize({
          invocation: made.bytes,
          proofs,
          executor: owner.did,
          nowS: NOW_S,
          kernel,
          revocations: new MemoryRevocations(),
          replay: memoryReplay(),
        })
        const proof = { level: 'signature', invocation: made.bytes } as const
        expect(codesOf(executor.decide(proof, chain))).toEqual(codesOf(alone))
        calls.set(codesOf(alone).join(), made)
      }
    }
  }
  expect(calls.size).toBeGreaterThan(3)
})
