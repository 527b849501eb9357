/** Bundles that hide the contents of their call: what they prove, what they leave open, and that nothing hidden is in them (12.17). */
import { loadKernel } from '@talos/kernel'
import { describeProof, type ProofReport, verifyProofBundle } from '@talos/proof'
import { repoVectors, type VectorCase } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { optionsOf } from './options.ts'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')
const cases = repoVectors('proof/hidden.json').cases

function verify({ input }: VectorCase): ProofReport {
  return verifyProofBundle(String(input['bundle']), optionsOf(input, kernel))
}

function told(report: ProofReport) {
  const { facts, completeness } = report
  return {
    verdict: report.verdict,
    proves: report.proves,
    missing: completeness.missing,
    unjudged: completeness.unjudged.map(({ link, path, selectors }) => `${link} ${path}: ${selectors.join(', ')}`),
    invocation: facts?.invocation,
    receipt: facts?.receipt,
    agent: facts?.agent,
    executor: facts?.executor,
    command: facts?.command,
    issuedAtS: facts?.issuedAtS,
    freshness: report.revocations?.freshness,
    ...(facts?.refusal !== undefined && { refusal: facts.refusal }),
  }
}

describe('the bundles of proof/hidden.json', () => {
  it.each(cases.filter(({ valid }) => valid).map((one) => ({ ...one })))('$id holds: $description', (vector) => {
    const report = verify(vector)
    expect(report.integrity).toEqual({ intact: true, failed: [] })
    expect(told(report)).toEqual('expected' in vector ? vector.expected : {})
    expect(report.facts?.contents).toBe('hidden')
  })

  it.each(cases.filter(({ valid }) => !valid).map((one) => ({ ...one })))('$id is refused: $description', (vector) => {
    const report = verify(vector)
    const { error, layer } = vector as unknown as { readonly error: string; readonly layer: string }
    expect([report.verdict, report.proves, report.code]).toEqual(['invalid', 'nothing', error])
    const parts = { ...report.layers, disclosures: report.disclosures }
    const part = Object.entries(parts).find(([name]) => name === layer)?.[1]
    expect(part?.checks.filter(({ ok }) => !ok).map(({ code }) => code)).toContain(error)
    expect(report.facts).toBeUndefined()
  })
})

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
