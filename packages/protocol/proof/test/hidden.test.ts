/** Bundles that hide the contents of their call: what they prove, what they leave open, and that nothing hidden is in them (12.17). */
import { loadKernel } from '@talos/kernel'
import { describeProof, type ProofReport, verifyProofBundle } from '@talos/proof'
import { repoVectors, type VectorCase } from '@talos/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bothForms, policy, ruled } from '../../../../tools/src/vectors/proof-hidden.ts'
import { optionsOf } from './options.ts'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')
const cases = repoVectors('proof/hidden.json').cases

function verify({ input }: VectorCase): ProofReport {
  return verifyProofBundle(String(input['bundle']), optionsOf(input, kernel))
}

describe('the report of hidden contents', () => {
  const linesOf = (description: string): readonly string[] => {
    const found = cases.find((one) => one.description === description)
    return found === undefined ? [] : describeProof(verify(found))
  }

  it('says that they are hidden, on whose word the call rests, and which conditions stay open', () => {
    const lines = linesOf('items of a list, all of which are asked about')
    expect(lines[0]).toBe('INCOMPLETE: proves a call and its outcome, with hidden contents')
    expect(lines).toContain('contents: hidden; that the agent made this call is said by its log alone')
    const start = lines.indexOf('not judged, since the arguments are hidden; the executor says that they held:')
    expect(lines.slice(start + 1, start + 3)).toEqual(['  delegation 0, pol[0]: tags', '  delegation 0, pol[1]: tags'])
    expect(linesOf('a closed world, of which the names of all arguments would have to be known')).toContain(
      '  delegation 0, args: that there are no other arguments',
    )
    expect(linesOf('a call without conditions on its arguments')[0]).toBe(
      'VALID: proves a call and its outcome, with hidden contents',
    )
    expect(linesOf('refused for its tool')[0]).toBe('VALID: proves a refusal, with hidden contents')
  })

  it('says no more at the level minimal than that form and signatures hold', () => {
    for (const { input, valid } of cases.filter((one) => one.valid)) {
      const report = verifyProofBundle(String(input['bundle']), { kernel, level: 'minimal' })
      expect({ valid, verdict: report.verdict, proves: report.proves }).toEqual({
        valid,
        verdict: 'valid',
        proves: 'nothing',
      })
    }
  })
})

/** The parts of a value, split to the bottom. */
function partsOf(value: unknown, pointer = ''): readonly (readonly [pointer: string, text: string])[] {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
    return [[pointer, JSON.stringify(value)]]
  }
  return Object.entries(value).flatMap(([name, member]) => partsOf(member, `${pointer}/${name}`))
}

describe('one call, with its invocation and without', () => {
  const leaf = fc.constantFrom<unknown>(0, 1, 'x', 'y', true, null, [], {}, ['x'], ['x', 'y'], { b: 1 }, { '0': 'x' })
  const names = fc.constantFrom('a', 'b', 'c')
  const args = fc.dictionary(names, leaf, { minKeys: 1, maxKeys: 3 })
  const selector = fc.constantFrom('.a', '.b', '.c', '.a.b', '.b[0]', '.c["0"]', '.a[]', '.b?')
  const compared = fc.oneof(
    fc.tuple(fc.constantFrom('==', '!='), selector, fc.constantFrom<unknown>(0, 1, 'x', null)),
    fc.tuple(fc.constantFrom('<', '>='), selector, fc.constantFrom(0, 1)),
    fc.tuple(fc.constantFrom('all', 'any'), selector, fc.constant(['==', '.', 'x'])),
  )
  const statement = fc.oneof(
    compared,
    fc.tuple(fc.constant('not'), compared),
    fc.tuple(fc.constantFrom('and', 'or'), fc.array(compared, { maxLength: 2 })),
  )
  const rule = fc.oneof(
    fc.tuple(fc.constant('known'), fc.constantFrom('.a?', '.b?', '.c?')),
    fc.tuple(fc.constant('enum'), fc.constantFrom('.a?', '.b', '.c[]?'), fc.constant(['x', 0, null])),
  )
  const delegation = fc.oneof(
    fc.array(statement, { minLength: 1, maxLength: 2 }).map((statements) => policy(...statements)),
    fc.array(rule, { minLength: 1, maxLength: 3 }).map((rules) => ruled(rules)),
  )

  it('is valid without it only where it is valid with it, and invalid only where it is invalid', () => {
    const seen = new Map<string, number>()
    fc.assert(
      fc.property(args, delegation, fc.infiniteStream(fc.boolean()), (given, named, keep) => {
        const parts = partsOf(given)
        const shows = parts.map(([pointer]) => pointer).filter(() => keep.next().value === true)
        const { whole, hidden } = bothForms({
          args: parts,
          shows,
          named: [named],
          invocation: { args: given as never },
          disclosures: [],
        })
        const [with_, without] = [whole, hidden].map((text) => verifyProofBundle(text, { kernel }).verdict)
        const kind = `${without} of ${with_}`
        seen.set(kind, (seen.get(kind) ?? 0) + 1)
        expect(without === 'incomplete' ? with_ : without).toBe(with_)
      }),
      { seed: 42, numRuns: 400 },
    )
    for (const kind of ['valid of valid', 'invalid of invalid', 'incomplete of valid', 'incomplete of invalid']) {
      expect([kind, (seen.get(kind) ?? 0) > 5]).toEqual([kind, true])
    }
  })
})
