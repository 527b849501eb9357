/** Truth of three values: what is undecided never allows, wherever it stands (spec 07-delegation, clause 7.5). */
import type { IpldValue } from '@talos/bytes'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Budget } from '../src/conditions/budget.ts'
import { refusals, talosConditions } from '../src/conditions/conditions.ts'
import { compilePolicy } from '../src/conditions/policy.ts'

const SEED = 42

describe('truth of three values', () => {
  const leaves = fc.oneof(
    fc.tuple(fc.constantFrom('==', '!='), fc.constantFrom('.a', '.b.c'), fc.constantFrom<IpldValue>(1, 'x')),
    fc.tuple(fc.constantFrom('<', '>='), fc.constantFrom('.a', '.b'), fc.constantFrom(0, 2)),
    fc.tuple(fc.constant('like'), fc.constantFrom('.a', '.b'), fc.constantFrom('*', 'x')),
  )
  type Statement = readonly [string, ...IpldValue[]]
  const statements = fc.letrec<{ statement: Statement }>((tie) => ({
    statement: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaves,
      fc.tuple(fc.constant('not'), tie('statement')),
      fc.tuple(fc.constantFrom('and', 'or'), fc.array(tie('statement'), { maxLength: 3 })),
    ),
  })).statement
  const values = fc.constantFrom<IpldValue>(1, 3, 'x', null, [1], new TextEncoder().encode('1.0'), { c: 1 })

  /** What a statement could turn out to be, were each undecided leaf decided in either way. */
  function possible([operator, operand, ...rest]: Statement, args: IpldValue): ReadonlySet<boolean> {
    if (operator === 'not') return new Set([...possible(operand as Statement, args)].map((truth) => !truth))
    if (operator === 'and' || operator === 'or') {
      const parts = (operand as readonly Statement[]).map((part) => possible(part, args))
      // Undecided leaves are decided each for itself: every combination can be.
      const combine = (left: boolean, right: boolean): boolean =>
        operator === 'and' || parts.length === 0 ? left && right : left || right
      let sum: readonly boolean[] = [operator === 'and' || parts.length === 0]
      for (const part of parts) sum = sum.flatMap((left) => [...part].map((right) => combine(left, right)))
      return new Set(sum)
    }
    const truth = truthOf([operator, operand as IpldValue, ...rest], args)
    return truth === undefined ? new Set([true, false]) : new Set([truth])
  }

  function truthOf(statement: Statement, args: IpldValue): boolean | undefined {
    const [compiled] = compilePolicy([statement], { unjudged: undefined, path: 'pol' })
    return compiled?.evaluate(args, new Budget())
  }

  test('what allows would allow however each undecided part turned out', () => {
    const seen = new Map<unknown, number>()
    fc.assert(
      fc.property(statements, values, values, (statement, a, b) => {
        const args = { a, b }
        const truth = truthOf(statement, args)
        seen.set(truth, (seen.get(truth) ?? 0) + 1)
        const outcomes = possible(statement, args)
        expect(truth === undefined ? truth : [...outcomes]).toEqual(truth === undefined ? truth : [truth])
        const isRefused =
          refusals(
            talosConditions(
              [statement],
              [
                ['known', '.a'],
                ['known', '.b'],
              ],
            ),
            args,
            {
              budget: new Budget(),
              resolvePath: undefined,
            },
          ).length > 0
        expect(isRefused || !outcomes.has(false)).toBe(true)
      }),
      { seed: SEED, numRuns: 10_000 },
    )
    for (const truth of [true, false, undefined]) expect(seen.get(truth)).toBeGreaterThan(300)
  })
})
