/** Properties of patterns: they match what JavaScript's own expressions match, in linear time. */
import { isTalosError } from '@talos/errors'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePattern } from '../src/conditions/regexp.ts'

const SEED = 42

function pattern(text: string) {
  return compilePattern(text, { path: 'rules[0]', quota: { rules: 0, patternSize: 0 } })
}

describe('patterns', () => {
  /** A pattern in both languages: RFC 9485's and JavaScript's. */
  interface Both {
    readonly own: string
    readonly js: string
  }
  const same = (text: string): Both => ({ own: text, js: text })
  const atoms = fc.constantFrom<Both>(
    ...['a', 'b', 'c', '\\.', '\\n', '\\\\', '[ab]', '[^a]', '[a-c]', '[-b]', '[^-a]', '\\p{L}', '\\P{Ll}', '😀'].map(
      same,
    ),
    ...['[\\p{L}.]', '[😀-😂]', '-', '()', '[a\\-c]', '\\t'].map(same),
    { own: '.', js: '[^\\n\\r]' },
    { own: '\\-', js: '-' },
  )
  const quantifiers = fc.constantFrom('', '', '*', '+', '?', '{2}', '{0}', '{1,2}', '{0,2}', '{1,}', '{2,}', '{0,}')
  const patterns = fc.letrec<{ pattern: Both; branch: Both; piece: Both }>((tie) => ({
    pattern: fc
      .array(tie('branch'), { minLength: 1, maxLength: 3 })
      .map((list) => ({ own: list.map(({ own }) => own).join('|'), js: list.map(({ js }) => js).join('|') })),
    branch: fc
      .array(tie('piece'), { maxLength: 3 })
      .map((list) => ({ own: list.map(({ own }) => own).join(''), js: list.map(({ js }) => js).join('') })),
    piece: fc
      .tuple(
        fc.oneof(
          { depthSize: 'small', withCrossShrink: true },
          atoms,
          tie('pattern').map(({ own, js }) => ({ own: `(${own})`, js: `(?:${js})` })),
        ),
        quantifiers,
      )
      .map(([{ own, js }, quantifier]) => ({ own: own + quantifier, js: js + quantifier })),
  })).pattern
  const texts = fc
    .array(fc.constantFrom('a', 'b', 'c', '.', '-', '\n', '\\', '😀', '\u2028'), { maxLength: 6 })
    .map((list) => list.join(''))

  test('match what JavaScript’s own expressions match', () => {
    let matched = 0
    fc.assert(
      fc.property(patterns, texts, ({ own, js }, text) => {
        if (own.length > 60) return
        const expected = new RegExp(`^(?:${js})$`, 'u').test(text)
        if (expected) matched += 1
        expect(pattern(own).run(text).matched).toBe(expected)
      }),
      { seed: SEED, numRuns: 10_000 },
    )
    expect(matched).toBeGreaterThan(500)
  })

  test('that are accepted are accepted by JavaScript as well, whatever the text', () => {
    const junk = fc
      .array(fc.constantFrom(...'abc.*+?()[]{}|^$\\-,12npPL: '.split(''), '\\p{L}', '{2}', '[^', '(?:'), {
        maxLength: 10,
      })
      .map((list) => list.join(''))
    let accepted = 0
    fc.assert(
      fc.property(junk, texts, (own, text) => {
        const run = patternOrCode(own)
        if (run === 'CAPABILITY_POLICY_INVALID') return
        if (typeof run === 'string') throw new Error(`${own} was refused with ${run}`)
        accepted += 1
        expect(run(text).matched).toBe(new RegExp(`^(?:${inJavaScript(own)})$`, 'u').test(text))
      }),
      { seed: SEED, numRuns: 30_000 },
    )
    expect(accepted).toBeGreaterThan(2_000)
  })

  function patternOrCode(text: string): ReturnType<typeof pattern>['run'] | string {
    try {
      return pattern(text).run
    } catch (error) {
      return isTalosError(error) ? error.code : 'a foreign error'
    }
  }

  /** RFC 9485, section 5.3, and `\-`, which JavaScript knows in classes only. */
  function inJavaScript(text: string): string {
    return text.replaceAll(/\\[pP]\{[^}]*\}|\[(?:\\.|[^\]\\])*\]|\\?[\s\S]/gu, (token) => {
      if (token === '.') return '[^\\n\\r]'
      return token === '\\-' ? '-' : token
    })
  }

  test('visit no more states than their size times the text’s length, whatever the pattern', () => {
    fc.assert(
      fc.property(patterns, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 200 }), ({ own }, text) => {
        if (own.length > 200) return
        const { size, run } = pattern(own)
        expect(run(text).visits).toBeLessThanOrEqual((size + 1) * (text.length + 1))
      }),
      { seed: SEED, numRuns: 3_000 },
    )
  })
})
