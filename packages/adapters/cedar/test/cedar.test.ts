/** Real policies on the real engine: what is permitted, what is denied, and everything that fails to be evaluated. */
import { Cid, Secret, utf8 } from '@talos/bytes'
import {
  argumentsFromJson,
  delegate,
  mcpToolCommand,
  openDelegation,
  type PolicyDecision,
  type PolicyRequest,
} from '@talos/capability'
import { isTalosError } from '@talos/errors'
import { ed25519Signer, type IpldMap } from '@talos/identity'
import { loadKernel } from '@talos/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide } from '../src/cedar-policy.ts'
import { loadCedar } from '../src/engine.ts'
import { CEDAR_VERSION, cedarPolicy, MAX_POLICY_ENTITIES, MAX_POLICY_LENGTH, type PolicyFiles } from '../src/index.ts'
import { preparePolicies } from '../src/policy-files.ts'

const kernel = loadKernel('portable')
const actor = (byte: number) => ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(byte)) })
const [owner, alice, bob] = [actor(1), actor(2), actor(3)]
const PUSH = mcpToolCommand({ server: 'git', tool: 'git_push' })
const PERMIT = 'permit (principal, action, resource);'

function request(changes: Partial<PolicyRequest> = {}): PolicyRequest {
  return {
    principal: alice.did,
    command: PUSH,
    args: {},
    chain: [],
    nowS: 1_767_225_600,
    environment: new Map(),
    ...changes,
  }
}

async function ask(files: string | PolicyFiles, changes: Partial<PolicyRequest> = {}): Promise<PolicyDecision> {
  const policy = await cedarPolicy(typeof files === 'string' ? { policies: files } : files)
  return policy.decide(request(changes))
}

const ALLOW = { outcome: 'allow' }
const deny = (...reasons: readonly string[]): object => ({ outcome: 'deny', reasons })

async function refusalOf(files: PolicyFiles): Promise<object> {
  try {
    await cedarPolicy(files)
  } catch (error) {
    if (isTalosError(error)) return { code: error.code, ...error.details }
    throw error
  }
  return { code: 'accepted' }
}

describe('a policy in Cedar', () => {
  it('denies what nothing permits, and allows what something permits', async () => {
    expect(await ask('')).toEqual(deny('no policy permits it'))
    expect(await ask(PERMIT)).toEqual(ALLOW)
    expect(await ask(`permit (principal == Talos::Agent::"${bob.did}", action, resource);`)).toEqual(
      deny('no policy permits it'),
    )
    expect(await ask(`permit (principal == Talos::Agent::"${alice.did}", action, resource);`)).toEqual(ALLOW)
  })

  it('denies by one forbid whatever is permitted, and names it', async () => {
    const named = `${PERMIT} @id("no pushes") forbid (principal, action == Talos::Action::"${PUSH}", resource);`
    expect(await ask(named)).toEqual(deny('no pushes'))
    expect(await ask(`${PERMIT} forbid (principal, action, resource);`)).toEqual(deny('policy 2'))
    expect(await ask(named, { command: mcpToolCommand({ server: 'git', tool: 'git_log' }) })).toEqual(ALLOW)
  })

  it('finds a command in each of its places, by whole segments', async () => {
    const within = (place: string) => ask(`permit (principal, action in Talos::Action::"${place}", resource);`)
    for (const place of ['/', '/mcp', '/mcp/git', '/mcp/git/tool', PUSH]) expect(await within(place)).toEqual(ALLOW)
    for (const place of ['/mc', '/mcp/gi', '/mcp/git/', '/mcp/git/tool/git_pus', `${PUSH}/x`, '']) {
      expect(await within(place)).toEqual(deny('no policy permits it'))
    }
    expect(await ask(PERMIT, { command: '/' })).toEqual(ALLOW)
    expect(await ask('permit (principal, action == Talos::Action::"/", resource);', { command: '/' })).toEqual(ALLOW)
  })

  it('knows whose resource it is, who issued the links, the time and the environment', async () => {
    const made = await delegate({
      signer: owner,
      audience: alice.did,
      subject: owner.did,
      command: PUSH,
      expiresS: null,
      nonce: new Uint8Array(12),
    })
    const chain = [openDelegation(made.bytes, { kernel })]
    const environment = new Map([['shift', 'day']])
    const holds = (condition: string, changes: Partial<PolicyRequest>) =>
      ask(`permit (principal, action, resource) when { ${condition} };`, { environment, ...changes })
    const ofOwner = `resource == Talos::Agent::"${owner.did}" && context.issuers == [resource] && context.links == 1`
    expect(await holds(ofOwner, { chain })).toEqual(ALLOW)
    expect(await holds('resource == principal && context.issuers.isEmpty() && context.links == 0', {})).toEqual(ALLOW)
    expect(await holds('context.nowS == 1767225600 && context.env.shift == "day"', {})).toEqual(ALLOW)
    expect(await holds('context.env has place', {})).toEqual(deny('no policy permits it'))
  })

  it('finds agents in groups that the executor names', async () => {
    const group = { type: 'Talos::Group', id: 'admins' }
    const entities = [
      { uid: group, attrs: {}, parents: [] },
      { uid: { type: 'Talos::Agent', id: alice.did }, attrs: { level: 3 }, parents: [group] },
    ]
    const policies = 'permit (principal in Talos::Group::"admins", action, resource) when { principal.level >= 3 };'
    expect(await ask({ policies, entities })).toEqual(ALLOW)
    expect(await ask({ policies, entities }, { principal: bob.did })).toEqual(deny('no policy permits it'))
  })

  it('denies where any policy cannot be evaluated, even a forbid beside a permit', async () => {
    const rule = `${PERMIT} @id("small") forbid (principal, action, resource) when { context.args.size > 5 };`
    const args = (json: string) => ({ args: argumentsFromJson(json) })
    expect(await ask(rule, args('{"size":5}'))).toEqual(ALLOW)
    expect(await ask(rule, args('{"size":6}'))).toEqual(deny('small'))
    expect(await ask(rule, args('{}'))).toEqual(deny('small cannot be evaluated'))
    expect(await ask(rule, args('{"size":"5"}'))).toEqual(deny('small cannot be evaluated'))
  })
})

describe('arguments in Cedar', () => {
  const holds = (condition: string, args: IpldMap) =>
    ask(`permit (principal, action, resource) when { ${condition} };`, { args })

  it.each([
    ['a text', '{"a":"x"}', 'context.args.a == "x"'],
    ['a truth', '{"a":true}', 'context.args.a'],
    ['the largest integer', '{"a":9007199254740991}', 'context.args.a == 9007199254740991'],
    ['the smallest integer', '{"a":-9007199254740991}', 'context.args.a == -9007199254740991'],
    ['a decimal', '{"a":-1.50}', 'context.args.a == decimal("-1.5") && context.args.a.lessThan(decimal("0.0"))'],
    ['a number with too many digits', '{"a":1.23456}', 'context.args.a == Talos::Number::"1.23456"'],
    ['a number with an exponent', '{"a":1e400}', 'context.args.a == Talos::Number::"1e400"'],
    ['an integer beyond 53 bits', '{"a":9007199254740993}', 'context.args.a == Talos::Number::"9007199254740993"'],
    ['a negative zero', '{"a":-0}', 'context.args.a == Talos::Number::"-0"'],
    ['nothing', '{"a":null}', 'context.args has a && context.args.a == Talos::Null::"null"'],
    ['a list', '{"a":[1,"x",[true],1]}', 'context.args.a == [[true], "x", 1]'],
    ['an object', '{"a":{"b":{"c":1}}}', 'context.args.a.b.c == 1'],
    [
      'names of every kind',
      '{"__proto__":{"x":1},"":2,"a b":3}',
      'context.args["__proto__"].x == 1 && context.args[""] == 2',
    ],
    ['NUL in a text', '{"a":"\\u0000"}', 'context.args.a == "\\0"'],
  ])('are %s', async (_name, json, condition) => {
    expect(await holds(condition, argumentsFromJson(json))).toEqual(ALLOW)
    expect(await holds(`!(${condition})`, argumentsFromJson(json))).toEqual(deny('no policy permits it'))
  })

  it('are bytes and links of callers that speak no JSON', async () => {
    const cid = Cid.fromSha256(new Uint8Array(32))
    expect(await holds('context.args.a == Talos::Bytes::"00ff"', { a: Uint8Array.of(0, 255) })).toEqual(ALLOW)
    expect(await holds('context.args.a == Talos::Bytes::""', { a: new Uint8Array(0) })).toEqual(ALLOW)
    expect(await holds('context.args.a == Talos::Bytes::"2e35"', { a: utf8('.5') })).toEqual(ALLOW)
    expect(await holds('context.args.a == Talos::Bytes::"30312e35"', { a: utf8('01.5') })).toEqual(ALLOW)
    expect(await holds(`context.args.a == Talos::Link::"${cid.toString()}"`, { a: cid })).toEqual(ALLOW)
  })

  it('pose as no entity and as no call of an extension, wherever they stand', async () => {
    const admin = { type: 'Talos::Group', id: 'admins' }
    const posing: readonly IpldMap[] = [
      { __entity: admin },
      { __extn: { fn: 'decimal', arg: '1.0' } },
      { __expr: 'principal' },
    ]
    for (const value of posing) {
      for (const args of [value, { a: value }, { a: [1, value] }, { a: { b: [value] } }]) {
        expect(await holds('true', args)).toEqual(deny('an argument has a name that Cedar reserves'))
      }
    }
    const environment = new Map([['__entity', 'x']])
    expect(await ask(PERMIT, { environment })).toEqual(deny('an argument has a name that Cedar reserves'))
  })

  it('are told apart wherever they differ, but for the order of lists', async () => {
    const cedar = await loadCedar()
    const ready = preparePolicies(cedar, {
      policies: 'permit (principal, action, resource) when { context.args.one == context.args.other };',
    })
    const scalars = fc.oneof(
      fc.integer(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array({ maxLength: 4 }),
    )
    const letters = fc.constantFrom('a', 'b', 'c')
    const values = fc.oneof(scalars, fc.dictionary(letters, scalars, { maxKeys: 3 }))
    const text = (value: unknown): string =>
      JSON.stringify(value, (_, item: unknown) =>
        item instanceof Uint8Array ? `bytes ${Buffer.from(item).toString('hex')}` : item,
      )
    const sorted = (value: unknown): string =>
      typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
        ? text(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
        : text(value)
    fc.assert(
      fc.property(values, values, (one, other) => {
        const { outcome } = decide(cedar, { ready, request: request({ args: { one, other } }) })
        expect(outcome).toBe(sorted(one) === sorted(other) ? 'allow' : 'deny')
        expect(decide(cedar, { ready, request: request({ args: { one, other: one } }) })).toEqual(ALLOW)
      }),
      { seed: 42, numRuns: 300 },
    )
  })
})

describe('a schema', () => {
  const schema = `namespace Talos {
    entity Agent;
    action "/mcp/git";
    action "${PUSH}" in ["/mcp/git"] appliesTo {
      principal: Agent,
      resource: Agent,
      context: { args: { branch: String, force?: Bool }, issuers: Set<Agent>, links: Long, nowS: Long, env: {} },
    };
  }`
  const policies = `permit (principal, action in Talos::Action::"/mcp/git", resource)
    when { context.args.branch like "feature/*" && !(context.args has force && context.args.force) };`
  const push = (json: string) => ask({ policies, schema }, { args: argumentsFromJson(json) })
  const MISFIT = deny('the call does not fit the schema')

  it('denies calls that do not fit it, and says how its actions stand in each other', async () => {
    expect(await push('{"branch":"feature/x"}')).toEqual(ALLOW)
    expect(await push('{"branch":"feature/x","force":false}')).toEqual(ALLOW)
    expect(await push('{"branch":"feature/x","force":true}')).toEqual(deny('no policy permits it'))
    expect(await push('{"branch":"main"}')).toEqual(deny('no policy permits it'))
    for (const json of [
      '{}',
      '{"branch":1}',
      '{"branch":"feature/x","more":1}',
      '{"branch":"feature/x","force":null}',
    ]) {
      expect(await push(json)).toEqual(MISFIT)
    }
    const args = argumentsFromJson('{"branch":"feature/x"}')
    expect(await ask({ policies, schema }, { args, command: '/mcp/git/tool/git_log' })).toEqual(MISFIT)
    expect(await ask({ policies, schema }, { args, environment: new Map([['shift', 'day']]) })).toEqual(MISFIT)
  })

  it('refuses policies that do not fit it, when they are read', async () => {
    const misspelt = 'permit (principal, action, resource) when { context.args.brnch == "x" };'
    expect(await refusalOf({ policies: misspelt, schema })).toMatchObject({ code: 'POLICY_INVALID', part: 'policies' })
    expect(await refusalOf({ policies, schema: 'namespace {' })).toMatchObject({
      code: 'POLICY_INVALID',
      part: 'schema',
    })
    const entities = [{ uid: { type: 'Talos::Group', id: 'x' }, attrs: {}, parents: [] }]
    expect(await refusalOf({ policies, schema, entities })).toMatchObject({ code: 'POLICY_INVALID', part: 'entities' })
  })
})

describe('reading policies', () => {
  it('refuses what cannot be parsed or named, and says why in one plain line', async () => {
    const refusal = await refusalOf({ policies: 'permit (principal' })
    expect(refusal).toMatchObject({ code: 'POLICY_INVALID', part: 'policies', reason: /^[\x20-\x7e]{1,200}$/ })
    const odd = await refusalOf({ policies: 'permit (principal, action, resource) when { "é\n' })
    expect(odd).toMatchObject({ code: 'POLICY_INVALID', reason: expect.stringMatching(/^[\x20-\x7e]{1,200}$/) })
    const template = 'permit (principal == ?principal, action, resource);'
    const reasons = [
      [template, 'there is a template among them'],
      [`@id("a") ${PERMIT} @id("a") ${PERMIT}`, 'two of them have the same @id'],
      [`@id("policy 2") ${PERMIT} ${PERMIT}`, 'two of them have the same @id'],
      [`@id("") ${PERMIT}`, 'an @id is not 1 to 64 plain characters'],
      [`@id("${'a'.repeat(65)}") ${PERMIT}`, 'an @id is not 1 to 64 plain characters'],
      [`@id("a\\nb") ${PERMIT}`, 'an @id is not 1 to 64 plain characters'],
    ] as const
    for (const [policies, reason] of reasons) {
      expect(await refusalOf({ policies })).toEqual({ code: 'POLICY_INVALID', part: 'policies', reason })
    }
    expect(await refusalOf({ policies: `@id("${'a'.repeat(64)}") ${PERMIT}` })).toEqual({ code: 'accepted' })
  })

  it('holds to its limits', async () => {
    const filled = (length: number) => `${PERMIT}//${' '.repeat(length - PERMIT.length - 2)}`
    expect(await refusalOf({ policies: filled(MAX_POLICY_LENGTH) })).toEqual({ code: 'accepted' })
    const large = await refusalOf({ policies: filled(MAX_POLICY_LENGTH + 1) })
    expect(large).toMatchObject({ code: 'POLICY_INVALID', part: 'policies' })
    const schema = `//${' '.repeat(MAX_POLICY_LENGTH - 1)}`
    expect(await refusalOf({ policies: '', schema })).toMatchObject({ code: 'POLICY_INVALID', part: 'schema' })
    const entities = Array.from({ length: MAX_POLICY_ENTITIES + 1 }, (_, index) => {
      return { uid: { type: 'Talos::Agent', id: String(index) }, attrs: {}, parents: [] }
    })
    expect(await refusalOf({ policies: '', entities: entities.slice(1) })).toEqual({ code: 'accepted' })
    expect(await refusalOf({ policies: '', entities })).toMatchObject({ code: 'POLICY_INVALID', part: 'entities' })
    const nonsense = [{ uid: 1 }]
    expect(await refusalOf({ policies: '', entities: nonsense })).toMatchObject({ code: 'POLICY_INVALID' })
  })

  it('keeps the policies of several executors apart', async () => {
    const first = await cedarPolicy({ policies: PERMIT })
    const second = await cedarPolicy({ policies: '' })
    expect([first.decide(request()), second.decide(request()), first.decide(request())]).toEqual([
      ALLOW,
      deny('no policy permits it'),
      ALLOW,
    ])
  })
})

describe('the engine', () => {
  it('is asked for by name and version where it is not installed', async () => {
    const missing = loadCedar(() => Promise.reject(new Error('Cannot find package')))
    await expect(missing).rejects.toMatchObject({
      code: 'POLICY_ENGINE_MISSING',
      details: { package: '@cedar-policy/cedar-wasm', version: CEDAR_VERSION },
    })
  })

  it('has denied when it throws', async () => {
    const ready = preparePolicies(await loadCedar(), { policies: PERMIT })
    const broken = {
      statefulIsAuthorized: () => {
        throw new Error('unreachable')
      },
    }
    expect(decide(broken, { ready, request: request() })).toEqual(deny('the policy engine failed'))
  })
})
