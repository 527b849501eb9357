import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assertLinearPattern } from '../src/pattern.ts'

function refusalOf(pattern: string): string {
  try {
    assertLinearPattern(pattern, 'at')
    return 'accepted'
  } catch (error) {
    return (error as Error).message
  }
}

describe('the linear-time check of patterns', () => {
  const accepted = [
    '^$',
    '^abc$',
    '^[0-9a-f]{64}$',
    '^(?:0|[1-9][0-9]*)$',
    '^[a-z0-9]+(?:-[a-z0-9]+)*$',
    '^(?:[A-Za-z0-9._-]|%[0-9A-F]{2})+(?::(?:[A-Za-z0-9._-]|%[0-9A-F]{2})+)*$',
    '^web(?:vh)?:[a-z]{2,}$',
    '^a{2,4}b{0,3}c?$',
    '^a{1,}b{0,}$',
    '^[^/]*/[!-~]{1,512}$',
    '^[^\\u0000-\\u001f\\u{1f600}]+$',
    '^\\^\\$\\.\\[[\\]\\-\\\\-]$',
    '^(a|b)(?:c)$',
    '^[-a][a-]?b$',
    '^(?:|a)b$',
  ]
  for (const pattern of accepted) test(`${pattern} passes`, () => expect(refusalOf(pattern)).toBe('accepted'))

  const refused: readonly (readonly [string, string])[] = [
    ['abc$', 'is anchored'],
    ['^abc', 'is anchored'],
    ['^[$', 'is not a regular expression'],
    ['^(?:a+)+$', 'repeats within a repetition'],
    ['^(?:a*)*$', 'repeats a part that matches nothing'],
    ['^(?:a?){3}$', 'repeats a part that matches nothing'],
    ['^(?:a|a)*$', 'can go on in two ways at "a"'],
    ['^a*a$', 'can go on in two ways at "a"'],
    ['^a{1,3}a$', 'can go on in two ways at "a"'],
    ['^[a-m]*[m-z]*$', 'can go on in two ways at "m"'],
    ['^[^b]*c$', 'can go on in two ways at "c"'],
    ['^(?:ab|ac)$', 'factor out what the branches share'],
    ['^(?:|b?)c$', 'has two branches that match nothing'],
    ['^[a-z]{5000}$', 'has more than 4096 positions'],
    ['^.$', 'uses the dot'],
    ['^a+?$', 'lazy quantifier'],
    ['^(?=a)a$', 'lookaround'],
    ['^(?<n>a)$', 'lookaround or a named group'],
    ['^(a)\\1$', 'escape \\1'],
    ['^\\d$', 'escape \\d'],
    ['^[\\w]$', 'escape \\w'],
    ['^a$|^b$', 'an anchor in the middle'],
  ]
  for (const [pattern, reason] of refused)
    test(`${pattern} is refused`, () => expect(refusalOf(pattern)).toContain(reason))

  test('what passes takes time in proportion to the input, also where the input fails at its end', () => {
    // The engine visits each position at most once per way to go on: 40,000 characters end at once, or never.
    const text = `${'a-'.repeat(20_000)}!`
    for (const pattern of ['^[a-z0-9]+(?:-[a-z0-9]+)*$', '^(?:[a-z]-)*$', '^(?:a|-)*$']) {
      assertLinearPattern(pattern, 'at')
      expect(new RegExp(pattern, 'u').test(text)).toBe(false)
    }
  })

  test('any pattern put together from nested repetitions is either refused or unambiguous', () => {
    const leaf = fc.constantFrom('a', 'b', '[ab]', '[b-d]', 'c')
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.tuple(tie('node'), tie('node')).map(([x, y]) => `(?:${String(x)}|${String(y)})`),
        fc.tuple(tie('node'), tie('node')).map(([x, y]) => `${String(x)}${String(y)}`),
        fc.tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}')).map(([x, q]) => `(?:${String(x)})${q}`),
      ),
    })).node
    const texts = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 6 }).map((chars) => chars.join(''))
    fc.assert(
      fc.property(tree, texts, (body, text) => {
        if (refusalOf(`^${String(body)}$`) !== 'accepted') return
        expect(countMatches(String(body), text)).toBeLessThanOrEqual(1)
      }),
      { seed: 42, numRuns: 4000 },
    )
  })
})

/** In how many ways the body matches the whole text, found by plain enumeration. */
function countMatches(body: string, text: string): number {
  let next = 0
  type Ends = (from: number) => number[]
  const choice = (): Ends => {
    const branches = [sequence()]
    while (body[next] === '|') {
      next += 1
      branches.push(sequence())
    }
    return (from) => branches.flatMap((branch) => branch(from))
  }
  const sequence = (): Ends => {
    let whole: Ends = (from) => [from]
    while (next < body.length && body[next] !== '|' && body[next] !== ')') {
      const left = whole
      const right = quantified()
      whole = (from) => left(from).flatMap(right)
    }
    return whole
  }
  const quantified = (): Ends => {
    const part = atom()
    const match = /^(?:\*|\+|\?|\{2\}|\{1,2\})/.exec(body.slice(next))
    if (match === null) return part
    next += match[0].length
    const [min, max] = { '*': [0, 9], '+': [1, 9], '?': [0, 1], '{2}': [2, 2], '{1,2}': [1, 2] }[match[0]] ?? [1, 1]
    const times = (from: number, count: number): number[] => [
      ...(count >= (min ?? 0) ? [from] : []),
      ...(count < (max ?? 0) ? part(from).flatMap((end) => times(end, count + 1)) : []),
    ]
    return (from) => times(from, 0)
  }
  const atom = (): Ends => {
    if (body.startsWith('(?:', next)) {
      next += 3
      const inner = choice()
      next += 1
      return inner
    }
    const end = body[next] === '[' ? body.indexOf(']', next) + 1 : next + 1
    const single = new RegExp(`^${body.slice(next, end)}$`, 'u')
    next = end
    return (from) => (from < text.length && single.test(text.charAt(from)) ? [from + 1] : [])
  }
  return choice()(0).filter((end) => end === text.length).length
}
