/** Judging arguments of which only parts are shown: nothing is said that the hidden ones could change (spec 12, clause 12.17). */
import { type IpldValue, utf8 } from '@talos/bytes'
import {
  judgeShownArguments,
  openDelegation,
  type ShownArguments,
  type ShownPart,
  shownArguments,
  type VerifiedLink,
} from '@talos/capability'
import { isTalosError } from '@talos/errors'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Budget } from '../src/conditions/budget.ts'
import { refusals } from '../src/conditions/conditions.ts'
import { compilePolicy } from '../src/conditions/policy.ts'
import { type Certainty, ruleHolds, statementHolds } from '../src/conditions/possible.ts'
import { compileRules } from '../src/conditions/rules.ts'
import { argumentsFromJson } from '../src/json-arguments.ts'
import { call, decide, grant, kernel, leafCode } from './actors.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const part = (pointer: string, value: Json): ShownPart => ({ pointer, text: utf8(JSON.stringify(value)) })

/** The parts of a value: what is not an empty container, split to the bottom. */
function partsOf(value: Json, pointer = ''): readonly ShownPart[] {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return [part(pointer, value)]
  return Object.entries(value).flatMap(([name, member]) => partsOf(member, `${pointer}/${name}`))
}

function shown(members: Readonly<Record<string, Json>>): ShownArguments {
  return shownArguments(Object.entries(members).map(([pointer, value]) => part(pointer, value)))
}

function statement(policy: IpldValue, value: ShownArguments, unjudged?: false): Certainty {
  return statementHolds(policy, value, { unjudged, budget: new Budget() })
}

function rule(one: IpldValue, value: ShownArguments): Certainty {
  return ruleHolds(one, value, { budget: new Budget(), resolvePath: undefined })
}

async function link(options: Parameters<typeof grant>[0]): Promise<VerifiedLink> {
  const { bytes } = await grant(options)
  return openDelegation(bytes, { kernel })
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return isTalosError(error) ? error.code : String(error)
  }
  return 'accepted'
}

describe('parts', () => {
  it('make up a map, and say of containers within no more than their names do', () => {
    expect(shown({})).toEqual({ kind: 'parts', isMap: true, parts: new Map() })
    expect(shown({ '': { a: 1 } })).toMatchObject({ kind: 'known', value: { a: 1 } })
    const { parts } = shown({ '/0': 1, '/a/0': 1, '/b/x': 1, '/b/0': 2, '/c~1d/e~01': 1 }) as never as {
      readonly parts: ReadonlyMap<string, { readonly kind: string; readonly isMap?: boolean }>
    }
    expect([...parts].map(([name, { isMap }]) => [name, isMap])).toEqual([
      ['0', undefined],
      ['a', false],
      ['b', true],
      ['c/d', true],
    ])
  })

  it('that contradict each other are refused', () => {
    const refuse = (...parts: readonly ShownPart[]) => codeOf(() => shownArguments(parts))
    expect(refuse(part('/a', 1), part('/a', 1))).toBe('accepted')
    expect(refuse(part('/a', 1), part('/a', 2))).toBe('CAPABILITY_ARGUMENTS_INVALID')
    expect(refuse(part('/a', {}), part('/a/b', 2))).toBe('CAPABILITY_ARGUMENTS_INVALID')
    expect(refuse(part('/a/b', 2), part('/a', {}))).toBe('CAPABILITY_ARGUMENTS_INVALID')
    expect(refuse(part('', {}), part('/a', 1))).toBe('CAPABILITY_ARGUMENTS_INVALID')
    expect(refuse(part('', 7))).toBe('CAPABILITY_ARGUMENTS_INVALID')
    expect(refuse({ pointer: '/a', text: utf8('1,"b":2') })).toBe('CAPABILITY_ARGUMENTS_INVALID')
    expect(refuse({ pointer: '/a', text: utf8('[') })).toBe('CAPABILITY_ARGUMENTS_INVALID')
  })
})

describe('a statement', () => {
  const ab = shown({ '/a': 1, '/b/c': 'x', '/b/0': 2 })

  it('is judged where what it asks for is shown', () => {
    expect(statement(['==', '.a', 1], ab)).toBe(true)
    expect(statement(['!=', '.a', 1], ab)).toBe(false)
    expect(statement(['like', '.b.c', 'x*'], ab)).toBe(true)
    expect(statement(['==', '.b["0"]', 2], ab)).toBe(true)
    expect(statement(['not', ['<', '.a', 1]], ab)).toBe(true)
    expect(statement(['and', []], ab)).toBe(true)
    expect(statement(['or', []], ab)).toBe(true)
    expect(statement(['==', '.', 1], shown({ '': {} }))).toBe(false)
  })

  it('is not judged where what it asks for is hidden, nor is its contrary, nor that something is absent', () => {
    for (const one of [
      ['==', '.z', null],
      ['!=', '.z', 1],
      ['not', ['==', '.z', 1]],
      ['==', '.z?', null],
      ['==', '.b.z', null],
      ['==', '.b', { c: 'x' }],
      ['==', '.z.y[0]', 1],
      ['any', '.z', ['==', '.', 1]],
      ['all', '.z', ['==', '.', 1]],
      ['not', ['any', '.b', ['==', '.', 9]]],
    ]) {
      expect([one, statement(one, ab)]).toEqual([one, undefined])
    }
  })

  it('does not take a member named 0 for an item, nor an item for a member', () => {
    const either = shown({ '/a/0': 1, '/a/1': 2 })
    for (const one of [
      ['==', '.a[0]', 1],
      ['==', '.a["0"]', 1],
      ['==', '.a[0:1]', [1]],
      ['==', '.a', [1, 2]],
    ]) {
      expect([one, statement(one, either)]).toEqual([one, undefined])
    }
  })

  it('over items is false for one that breaks it, and true for one that is enough, whatever the others are', () => {
    const items = shown({ '/a/0': 1, '/a/1': 2 })
    expect(statement(['all', '.a', ['<', '.', 2]], items)).toBe(false)
    expect(statement(['all', '.a', ['<', '.', 9]], items)).toBe(undefined)
    expect(statement(['any', '.a', ['==', '.', 2]], items)).toBe(true)
    expect(statement(['any', '.a', ['==', '.', 3]], items)).toBe(undefined)
    expect(statement(['not', ['any', '.a[]', ['==', '.', 2]]], items)).toBe(false)
    expect(statement(['all', '.a', ['any', '.', ['==', '.', 2]]], items, false)).toBe(false)
  })

  it('is true or false by one part of it where that suffices', () => {
    expect(
      statement(
        [
          'or',
          [
            ['==', '.a', 1],
            ['==', '.z', 1],
          ],
        ],
        ab,
      ),
    ).toBe(true)
    expect(
      statement(
        [
          'and',
          [
            ['==', '.a', 2],
            ['==', '.z', 1],
          ],
        ],
        ab,
      ),
    ).toBe(false)
    expect(
      statement(
        [
          'and',
          [
            ['==', '.a', 1],
            ['==', '.z', 1],
          ],
        ],
        ab,
      ),
    ).toBe(undefined)
    expect(
      statement(
        [
          'or',
          [
            ['==', '.a', 2],
            ['==', '.z', 1],
          ],
        ],
        ab,
      ),
    ).toBe(undefined)
  })

  it('that leads nowhere is worth what its payload says', () => {
    expect(statement(['not', ['==', '.a.b', 1]], ab, undefined)).toBe(false)
    expect(statement(['not', ['==', '.a.b', 1]], ab, false)).toBe(true)
    expect(statement(['==', '.a.b?', null], ab)).toBe(true)
  })

  it('is not judged without steps', () => {
    for (const steps of [0, 1]) {
      expect(statementHolds(['==', '.a', 1], ab, { unjudged: undefined, budget: new Budget(steps) })).toBe(undefined)
    }
  })
})

describe('a rule', () => {
  const some = shown({
    '/path': '/srv/a',
    '/files/0': '/srv/b',
    '/files/1': '/etc/x',
    '/deep/a/b': 1,
    '/list': ['/srv'],
  })

  it('is judged where its argument is shown', () => {
    expect(rule(['subpath', '.path', ['/srv']], some)).toBe(true)
    expect(rule(['subpath', '.path', ['/etc']], some)).toBe(false)
    expect(rule(['subpath', '.path?', ['/etc']], some)).toBe(false)
    expect(rule(['subpath', '.list[]', ['/srv']], some)).toBe(true)
    expect(rule(['subpath', '.list[]', ['/etc']], some)).toBe(false)
    expect(rule(['enum', '.path[]?', [null]], some)).toBe(true)
    expect(rule(['enum', '.path.x', [null]], some)).toBe(false)
    expect(rule(['known', '.zz'], some)).toBe(true)
  })

  it('is not judged where it is hidden, or where others may be beside what is shown', () => {
    expect(rule(['subpath', '.zz', ['/srv']], some)).toBe(undefined)
    expect(rule(['subpath', '.zz?', ['/srv']], some)).toBe(undefined)
    expect(rule(['len', '.files', 0, 2], some)).toBe(undefined)
    expect(rule(['known', '.deep.zz'], some)).toBe(undefined)
    expect(rule(['len', '.files[]', 0, 9], some)).toBe(undefined)
    expect(rule(['known', '.deep[]'], some)).toBe(undefined)
  })

  it('for every item is broken by one that is shown', () => {
    expect(rule(['subpath', '.files[]', ['/srv']], some)).toBe(false)
  })
})

describe('a chain', () => {
  it('is judged with what is certain and what is not, told by link and place', async () => {
    const links = [
      await link({
        policy: [
          ['==', '.a', 1],
          ['like', '.b', '*'],
        ],
      }),
      await link({
        rules: [
          ['range', '.a', 0, 5],
          ['known', '.b?'],
        ],
        policy: [['>', '.c', 3]],
      }),
    ]
    expect(judgeShownArguments(links, shown({ '/a': 1 }))).toEqual({
      refused: undefined,
      unjudged: [
        { link: 0, path: 'pol[1]', selectors: ['b'] },
        { link: 1, path: 'args', selectors: [] },
        { link: 1, path: 'pol[0]', selectors: ['c'] },
      ],
    })
    const broken = judgeShownArguments(links, shown({ '/a': 9, '/d': 1 }))
    expect(broken.refused).toMatchObject({ code: 'CAPABILITY_ARGUMENTS', path: 'proofs[0]' })
    expect(broken.refused?.causes).toMatchObject([{ code: 'CAPABILITY_ARGUMENT', path: 'pol[0]' }])
    const [, second] = links
    const alone = judgeShownArguments(second === undefined ? [] : [second], shown({ '/a': 9, '/d': 1 }))
    expect(alone.refused?.causes).toMatchObject([
      { code: 'CAPABILITY_ARGUMENT_UNKNOWN', path: 'args' },
      { code: 'CAPABILITY_ARGUMENT', path: 'rules[0]' },
    ])
    expect(alone.unjudged).toEqual([{ link: 0, path: 'pol[0]', selectors: ['c'] }])
  })

  it('is judged by all of it where all of it is shown', async () => {
    const links = [await link({ rules: [['range', '.a', 0, 5]] })]
    expect(judgeShownArguments(links, shown({ '': { a: 1 } }))).toEqual({ refused: undefined, unjudged: [] })
    expect(judgeShownArguments(links, shown({ '': { a: 9 } })).refused?.causes).toMatchObject([
      { code: 'CAPABILITY_ARGUMENT' },
    ])
    expect(judgeShownArguments(links, shown({ '': {} })).refused?.causes).toMatchObject([
      { code: 'CAPABILITY_ARGUMENT_ABSENT' },
      { code: 'CAPABILITY_ARGUMENT' },
    ])
  })

  it('is decided by the judge that looking back is given', async () => {
    const given = await grant({ rules: [['range', '.a', 0, 5]] })
    const made = await call([given], { args: {} })
    const back = (parts: Readonly<Record<string, Json>>) => {
      const judgeArguments = (links: readonly VerifiedLink[]) => judgeShownArguments(links, shown(parts)).refused
      return leafCode(decide(made, [given], { lookingBack: true, judgeArguments }))
    }
    expect(back({})).toBe('allow')
    expect(back({ '/a': 1 })).toBe('allow')
    expect(back({ '/a': 9 })).toBe('CAPABILITY_ARGUMENT')
  })
})

describe('whatever is hidden', () => {
  const leaf = fc.constantFrom<Json>(0, 1, 2, 'x', '/srv/a', null, true, [], {}, '/etc')
  const names = fc.constantFrom('a', 'b', '0', '1')
  const nested = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(names, tie('value'), { maxKeys: 3 }),
    ),
  })).value
  const args = fc.dictionary(names, nested, { maxKeys: 3 })
  const selectors = fc.constantFrom(
    '.a',
    '.b',
    '.a.b',
    '.a["0"]',
    '.a[0]',
    '.a[]',
    '.b[-1]',
    '.a[0:1]',
    '.a?',
    '.b.a?',
    '.["0"]',
    '.a[].b',
  )
  const inner = fc.constantFrom('.', '.a', '.[0]', '.["0"]')
  const compared = (selector: fc.Arbitrary<string>) =>
    fc.oneof(
      fc.tuple(fc.constantFrom('==', '!='), selector, fc.constantFrom<IpldValue>(1, 'x', null, [], {}, [1])),
      fc.tuple(fc.constantFrom('<', '>='), selector, fc.constantFrom(0, 1, 2)),
      fc.tuple(fc.constant('like'), selector, fc.constantFrom('*', '/srv/*')),
    )
  const statements = fc.letrec<{ one: IpldValue; item: IpldValue }>((tie) => {
    const more = (self: 'one' | 'item', selector: fc.Arbitrary<string>) =>
      fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        compared(selector),
        fc.tuple(fc.constant('not'), tie(self)),
        fc.tuple(fc.constantFrom('and', 'or'), fc.array(tie(self), { maxLength: 3 })),
        fc.tuple(fc.constantFrom('all', 'any'), selector, tie('item')),
      )
    return { one: more('one', selectors), item: more('item', inner) }
  }).one
  const rules = fc.oneof(
    fc.tuple(fc.constant('enum'), selectors, fc.constant<IpldValue>([0, 1, 'x', null])),
    fc.tuple(fc.constant('subpath'), selectors, fc.constant<IpldValue>(['/srv'])),
    fc.tuple(fc.constant('len'), selectors, fc.constant<IpldValue>(0), fc.constant<IpldValue>(2)),
    fc.tuple(fc.constant('known'), selectors),
  )
  const cases = fc.tuple(args, fc.infiniteStream(fc.boolean()))

  function chosen([value, keep]: readonly [Json, Iterator<boolean>]) {
    const all = partsOf(value)
    const kept = all.filter(() => keep.next().value === true)
    // That there are no arguments at all would say all of them.
    return shownArguments(kept.filter(({ pointer }) => pointer !== ''))
  }

  it('a statement that is judged is what it is of the whole, and with everything shown most are', () => {
    const seen = new Map<unknown, number>()
    fc.assert(
      fc.property(cases, statements, fc.constantFrom(false, undefined), (given, one, unjudged) => {
        const whole = argumentsFromJson(JSON.stringify(given[0]))
        const [compiled] = compilePolicy([one], { unjudged, path: 'pol' })
        const truth = compiled?.evaluate(whole, new Budget())
        const certainty = statement(one, chosen(given), unjudged)
        seen.set(certainty, (seen.get(certainty) ?? 0) + 1)
        expect(certainty ?? truth === true).toBe(truth === true)
      }),
      { seed: 42, numRuns: 20_000 },
    )
    for (const certainty of [true, false, undefined]) expect(seen.get(certainty)).toBeGreaterThan(500)
  })

  it('a rule that is judged is what it is of the whole', () => {
    const seen = new Map<unknown, number>()
    fc.assert(
      fc.property(cases, rules, (given, one) => {
        const whole = argumentsFromJson(JSON.stringify(given[0]))
        const holds = compileRules([one], 'rules', { rules: 0, patternSize: 0 }).every((compiled) =>
          compiled.holds(whole, { budget: new Budget(), resolvePath: undefined }),
        )
        const certainty = rule(one, chosen(given))
        seen.set(certainty, (seen.get(certainty) ?? 0) + 1)
        expect(certainty ?? holds).toBe(holds)
      }),
      { seed: 42, numRuns: 20_000 },
    )
    for (const certainty of [true, false, undefined]) expect(seen.get(certainty)).toBeGreaterThan(300)
  })

  it('a link that refuses what is shown refuses the whole, and one without anything unjudged that allows it allows the whole', async () => {
    const links = await Promise.all(
      [
        {
          rules: [
            ['enum', '.a?', [0, 1]],
            ['known', '.b?'],
            ['known', '.["0"]?'],
          ],
        },
        { policy: [['any', '.a', ['==', '.', 1]]] },
        {
          policy: [['not', ['==', '.b', 1]]],
          rules: [
            ['known', '.a?'],
            ['known', '.b?'],
          ],
        },
      ].map(link),
    )
    fc.assert(
      fc.property(cases, fc.constantFrom(...links), (given, one) => {
        const whole = argumentsFromJson(JSON.stringify(given[0]))
        const reasons = refusals(one.conditions, whole, { budget: new Budget(), resolvePath: undefined })
        const { refused, unjudged } = judgeShownArguments([one], chosen(given))
        const isRefused = reasons.length > 0
        const certainty = refused !== undefined || (unjudged.length === 0 ? false : undefined)
        expect(certainty ?? isRefused).toBe(isRefused)
      }),
      { seed: 42, numRuns: 5_000 },
    )
  })
})
