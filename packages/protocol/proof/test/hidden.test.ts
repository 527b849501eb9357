/** Bundles that hide the contents of their call: what they prove, what they leave open, and that nothing hidden is in them (12.17). */
import { loadKernel } from '@talos/kernel'
import { type ProofReport, verifyProofBundle } from '@talos/proof'
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
