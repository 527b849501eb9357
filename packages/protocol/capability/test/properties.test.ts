/** Properties: what holds for every chain, policy, path and argument, not only for those that somebody thought of. */
import { posix } from 'node:path'
import { encodeCbor, type IpldValue, toHex } from '@talos/bytes'
import {
  argumentsFromJson,
  argumentsToJson,
  commandCovers,
  delegate,
  invoke,
  mcpToolCommand,
  mcpToolOf,
  openDelegation,
  openInvocation,
  openReceipt,
  openRevocation,
} from '@talos/capability'
import { isTalosError } from '@talos/errors'
import type { IpldMap, SignedEnvelope, Signer } from '@talos/identity'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Budget } from '../src/conditions/budget.ts'
import { type Conditions, refusals, talosConditions, ucanConditions } from '../src/conditions/conditions.ts'
import { compileGlob } from '../src/conditions/glob.ts'
import { isWithin, judgePath, type Root, rootOf } from '../src/conditions/subpath.ts'
import { actor, alice, bob, COMMAND, call, decide, grant, kernel, memoryReplay, NOW_S, nonce, owner } from './actors.ts'

const SEED = 42

const names = fc.constantFrom('a', 'b', 'c')
const scalars = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom('x', 'xy', '/srv/a', '', true, null),
  fc.constantFrom(new TextEncoder().encode('1.0'), new TextEncoder().encode('-0')),
)
const values: fc.Arbitrary<IpldValue> = fc.letrec<{ value: IpldValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 3 }),
  ),
})).value
const argumentMaps: fc.Arbitrary<IpldMap> = fc.dictionary(names, values, { maxKeys: 3 })

const outerSelectors = fc
  .tuple(names, fc.constantFrom('', '?', '[0]', '[]', '[-1]?', '[0:2]', '.b', '["a"]'))
  .map(([name, rest]) => `.${name}${rest}`)
const innerSelectors = fc.oneof(fc.constant('.'), outerSelectors)
const statements = (selectors: fc.Arbitrary<string>, depth: number): fc.Arbitrary<IpldValue> => {
  const leaves = fc.oneof(
    fc.tuple(fc.constantFrom('==', '!='), selectors, values),
    fc.tuple(fc.constantFrom('<', '<=', '>', '>='), selectors, fc.integer({ min: -3, max: 3 })),
    fc.tuple(fc.constant('like'), selectors, fc.constantFrom('*', 'x*', '*y', '/srv/*', 'x')),
  )
  if (depth === 0) return leaves
  const same = fc.constant(undefined).chain(() => statements(selectors, depth - 1))
  const inner = fc.constant(undefined).chain(() => statements(innerSelectors, depth - 1))
  return fc.oneof(
    leaves,
    fc.tuple(fc.constant('not'), same),
    fc.tuple(fc.constantFrom('and', 'or'), fc.array(same, { maxLength: 3 })),
    fc.tuple(fc.constantFrom('all', 'any'), selectors, inner),
  )
}
const policies = fc.array(statements(outerSelectors, 2), { maxLength: 2 })
const rules = fc.array(
  fc.oneof(
    fc.tuple(fc.constant('range'), outerSelectors, fc.constantFrom(null, -2), fc.constantFrom(null, 2)),
    fc.tuple(fc.constant('enum'), outerSelectors, fc.constant([1, 2, 'x', true])),
    fc.tuple(fc.constant('len'), outerSelectors, fc.constant(0), fc.constant(2)),
    fc.tuple(fc.constant('known'), outerSelectors),
    fc.tuple(fc.constant('subpath'), outerSelectors, fc.constant(['/srv'])),
  ),
  { maxLength: 3 },
)

/** The code of what is thrown; undefined where nothing is. */
function codeOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    return isTalosError(error) ? error.code : 'a foreign error'
  }
  return undefined
}

function allows(conditions: Conditions, args: IpldMap): boolean {
  return refusals(conditions, args, { budget: new Budget(), resolvePath: undefined }).length === 0
}

describe('attenuation', () => {
  const often = <T>(usual: fc.Arbitrary<T>, seldom: fc.Arbitrary<T>): fc.Arbitrary<T> =>
    fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: seldom })
  const links = fc.record({
    command: often(
      fc.constantFrom('/', '/mcp', '/mcp/git', COMMAND),
      fc.constantFrom('/mcp/git/tool/git_show', '/mcp/gitx'),
    ),
    policy: often(fc.array(statements(outerSelectors, 1), { maxLength: 1 }), policies),
    rules: often(fc.constant(undefined), rules),
    depth: often(fc.constantFrom(undefined, 3), fc.constantFrom(0, 1)),
    expiresS: often(fc.constantFrom(null, NOW_S, NOW_S + 9), fc.constant(NOW_S - 1)),
    powerline: fc.boolean(),
  })

  test('adding a link never widens: what the longer chain allows, the shorter one allows as well', async () => {
    const actors = [owner, actor(21), actor(22), actor(23)]
    let allowed = 0
    await fc.assert(
      fc.asyncProperty(fc.array(links, { minLength: 1, maxLength: 3 }), argumentMaps, async (chosen, args) => {
        const chain: SignedEnvelope[] = []
        for (const [index, { powerline, depth, rules: ruleList, ...link }] of chosen.entries()) {
          const made = await delegate({
            ...link,
            signer: actors[index] as Signer,
            audience: (actors[index + 1] as Signer).did,
            subject: powerline && index > 0 ? null : owner.did,
            nonce: nonce(),
            ...(ruleList === undefined ? {} : { rules: ruleList }),
            ...(depth === undefined ? {} : { depth }),
          })
          chain.push(made)
        }
        const verdict = async (length: number): Promise<string> => {
          const part = chain.slice(0, length)
          return decide(await call(part, { signer: actors[length] as Signer, args }), part).outcome
        }
        if ((await verdict(chain.length)) !== 'allow') return
        allowed += 1
        const shorter = await Promise.all(chain.map((_, length) => verdict(length)))
        expect(shorter).toEqual(chain.map(() => 'allow'))
      }),
      { seed: SEED, numRuns: 600 },
    )
    // Were nothing ever allowed, the property would hold and mean nothing.
    expect(allowed).toBeGreaterThan(20)
  })
})

describe('policies', () => {
  test('are total: a compiled policy judges every argument without an error', () => {
    fc.assert(
      fc.property(policies, rules, argumentMaps, (policy, ruleList, args) => {
        expect(typeof allows(ucanConditions(policy), args)).toBe('boolean')
        expect(typeof allows(talosConditions(policy, ruleList), args)).toBe('boolean')
      }),
      { seed: SEED, numRuns: 2_000 },
    )
  })

  test('any other value is refused with one code, whatever it is', () => {
    const junk = fc.array(
      fc.oneof(values, fc.array(fc.oneof(values, fc.constantFrom('==', 'not', 'and', 'all', '.a'))), policies),
    )
    fc.assert(
      fc.property(junk, (policy) => {
        for (const compile of [ucanConditions, (value: IpldValue) => talosConditions([], value)]) {
          expect([undefined, 'CAPABILITY_POLICY_INVALID']).toContain(codeOf(() => compile(policy)))
        }
      }),
      { seed: SEED, numRuns: 2_000 },
    )
  })

  test('the strict reading allows nothing that UCAN’s reading refuses', () => {
    let strictAllowed = 0
    fc.assert(
      fc.property(policies, argumentMaps, (policy, args) => {
        if (!allows(talosConditions(policy, []), args)) return
        strictAllowed += 1
        expect(allows(ucanConditions(policy), args)).toBe(true)
      }),
      { seed: SEED, numRuns: 5_000 },
    )
    expect(strictAllowed).toBeGreaterThan(100)
  })

  test('globs agree with an expression that says the same', () => {
    const characters = fc.constantFrom('a', 'b', '*', '\\*', '\\', '.')
    const patterns = fc.array(characters, { maxLength: 8 }).map((parts) => parts.join(''))
    const texts = fc.array(fc.constantFrom('a', 'b', '*', '\\', '.'), { maxLength: 10 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(patterns, texts, (pattern, text) => {
        const source = pattern.replaceAll(/\\\*|[\s\S]/g, (piece) =>
          piece === '*' ? '[\\s\\S]*' : `\\u${unit(piece.slice(-1))}`,
        )
        expect(compileGlob(pattern)(text)).toBe(new RegExp(`^${source}$`).test(text))
      }),
      { seed: SEED, numRuns: 5_000 },
    )
  })

  function unit(character: string): string {
    return character.charCodeAt(0).toString(16).padStart(4, '0')
  }
})

describe('paths', () => {
  const pieces = fc.constantFrom(
    '/',
    '/',
    '..',
    '.',
    'srv',
    'data',
    'a',
    '%2e',
    '\\',
    '\u0000',
    ' ',
    '\uff0e',
    '\u2215',
    'é',
    'e\u0301',
  )
  const paths = fc.array(pieces, { maxLength: 10 }).map((parts) => `/srv/data${parts.join('')}`)

  test('a path that is allowed stays below its root when the platform resolves it', () => {
    const root = rootOf('/srv/data') as Root
    let allowed = 0
    fc.assert(
      fc.property(paths, (path) => {
        if (!isWithin(path, [root], undefined)) return
        allowed += 1
        for (const read of [path, decodeURIComponent(path), path.normalize('NFKC')]) {
          expect(`${posix.resolve('/elsewhere', read)}/`.startsWith('/srv/data/')).toBe(true)
        }
      }),
      { seed: SEED, numRuns: 5_000 },
    )
    expect(allowed).toBeGreaterThan(100)
  })

  test('judging ends for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        expect(judgePath(`/${text}`) ?? []).not.toContain('')
      }),
      { seed: SEED, numRuns: 3_000 },
    )
  })
})

describe('arguments', () => {
  const objects = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 })

  test('survive the way to IPLD and back', () => {
    fc.assert(
      fc.property(objects, (object) => {
        const json = JSON.stringify(object)
        if (!json.isWellFormed() || /\\ud[89a-f]/i.test(json)) return
        const args = argumentsFromJson(json)
        expect(JSON.parse(argumentsToJson(args))).toEqual(JSON.parse(json))
        expect(toHex(encodeCbor(argumentsFromJson(argumentsToJson(args))))).toBe(toHex(encodeCbor(args)))
      }),
      { seed: SEED, numRuns: 2_000 },
    )
  })

  test('two numbers that are written differently are two arguments', () => {
    const digits = fc.constantFrom('0', '1', '10', '100', '9007199254740991', '9007199254740992')
    const numbers = fc
      .tuple(
        fc.constantFrom('', '-'),
        digits,
        fc.constantFrom('', '.0', '.00', '.5'),
        fc.constantFrom('', 'e0', 'E0', 'e+0', 'e1'),
      )
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(numbers, numbers, (left, right) => {
        const encoded = (number: string): string => toHex(encodeCbor(argumentsFromJson(`{"n":${number}}`)))
        expect(encoded(left) === encoded(right)).toBe(left === right)
      }),
      { seed: SEED, numRuns: 3_000 },
    )
  })
})

describe('commands', () => {
  test('two tools never share a command, and none covers another', () => {
    const tools = fc.record({
      server: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
      tool: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
    })
    fc.assert(
      fc.property(tools, tools, (left, right) => {
        const commands = [mcpToolCommand(left), mcpToolCommand(right)] as const
        expect(mcpToolOf(commands[0])).toEqual(left)
        const same = left.server === right.server && left.tool === right.tool
        expect(commandCovers(commands[0], commands[1])).toBe(same)
      }),
      { seed: SEED, numRuns: 1_000 },
    )
  })
})

describe('hostile bytes', () => {
  test('one changed byte, anywhere in invocation or delegations, is never allowed and never an error', async () => {
    const chain = [await grant({ audience: bob.did, rules: [['known', '.a']], depth: 2 }), await grant({ signer: bob })]
    const invocation = await call(chain, { args: { a: 1 } })
    expect(decide(invocation, chain).outcome).toBe('allow')
    const parts = [invocation, ...chain]
    fc.assert(
      fc.property(fc.nat(2), fc.nat(2_000), fc.integer({ min: 1, max: 255 }), (which, at, change) => {
        const spoilt = parts.map(({ bytes, cid }, index) => {
          const copy = bytes.slice()
          const place = at % copy.length
          if (index === which) copy[place] = Number(copy[place]) ^ change
          return { bytes: copy, cid }
        })
        const [first, ...proofs] = spoilt
        expect(decide(first as SignedEnvelope, proofs, { replay: memoryReplay() }).outcome).toBe('deny')
      }),
      { seed: SEED, numRuns: 1_500 },
    )
  })

  test('no parser lets a foreign error escape', async () => {
    const made = await invoke({
      signer: alice,
      audience: owner.did,
      subject: owner.did,
      command: '/',
      args: {},
      proofs: [],
      nonce: nonce(),
      issuedAtS: NOW_S,
    })
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.nat(made.bytes.length), fc.uint8Array({ maxLength: 20 }))
        .map(([cut, tail]) => Uint8Array.of(...made.bytes.slice(0, cut), ...tail)),
    )
    fc.assert(
      fc.property(bytes, (input) => {
        for (const open of [openDelegation, openInvocation, openReceipt, openRevocation]) {
          expect(codeOf(() => open(input, { kernel }))).not.toBe('a foreign error')
        }
      }),
      { seed: SEED, numRuns: 1_000 },
    )
  })
})
