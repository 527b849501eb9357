/** Every case of contracts/vectors/proof, valid and invalid. */
import { loadKernel } from '@talos/kernel'
import { type ProofReport, verifyProofBundle } from '@talos/proof'
import { repoVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { optionsOf } from './options.ts'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')

interface Refusal {
  readonly error: string
  readonly layer: string
}

function layerOf(report: ProofReport, name: string) {
  const { form, disclosures, logs, anchors, layers } = report
  return { form, disclosures, logs, anchors, ...layers }[name]
}

function verify(input: Readonly<Record<string, unknown>>): ProofReport {
  return verifyProofBundle(String(input['bundle']), optionsOf(input, kernel))
}

describe.each(['proof/valid.json', 'proof/history.json'])('the valid bundles of %s', (path) => {
  it.each(repoVectors(path).cases.map((vector) => ({ ...vector })))('$id: $description', (vector) => {
    expect(vector.valid).toBe(true)
    const report = verify(vector.input)
    expect(report).toMatchObject({ valid: true, code: undefined, integrity: { intact: true, failed: [] } })
    const { proves, gaps, ...facts } = 'expected' in vector ? vector.expected : {}
    expect({ proves: report.proves, gaps: report.completeness.gaps }).toEqual({ proves, gaps })
    const { capabilities: _capabilities, display: _display, decidedAtMs: _decided, ...proven } = { ...report.facts }
    expect(proven).toEqual(facts)
  })
})

describe('the whole bundles of proof/full.json', () => {
  it.each(repoVectors('proof/full.json').cases.map((vector) => ({ ...vector })))('$id: $description', (vector) => {
    const report = verify(vector.input)
    const expected = 'expected' in vector ? vector.expected : {}
    const { integrity, completeness, revocations, anchored, witnessed } = report
    const didsOf = (log: typeof witnessed.agent) => log?.witnesses.map(({ did }) => did)
    const { agent, executor } = witnessed
    expect(integrity).toEqual({ intact: true, failed: [] })
    expect({
      verdict: report.verdict,
      missing: completeness.missing.toSorted(),
      witnessed: {
        ...(agent !== undefined && { agent: didsOf(agent) }),
        ...(executor !== undefined && { executor: didsOf(executor) }),
      },
      freshness: revocations?.freshness,
      anchored: anchored.known,
    }).toMatchObject(expected)
    expect(report.valid).toBe(report.verdict === 'valid')
  })
})

describe.each(['proof/form.json', 'proof/layers.json', 'proof/history-refused.json', 'proof/full-refused.json'])(
  'the refused bundles of %s',
  (path) => {
    it.each(repoVectors(path).cases.map((vector) => ({ ...vector })))('$id: $description', (vector) => {
      expect(vector.valid).toBe(false)
      const { error, layer } = vector as unknown as Refusal
      const report = verify(vector.input)
      expect({ valid: report.valid, proves: report.proves, code: report.code }).toEqual({
        valid: false,
        proves: 'nothing',
        code: error,
      })
      expect(report.facts).toBeUndefined()
      const failures = layerOf(report, layer)?.checks.filter(({ ok }) => !ok)
      expect(failures?.map(({ code }) => code)).toContain(error)
      expect(layerOf(report, layer)?.verdict).toBe(error.endsWith('_ABSENT') ? 'absent' : 'invalid')
    })
  },
)

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
  const { cases } = repoVectors('proof/hidden.json')

  it.each(cases.filter(({ valid }) => valid).map((one) => ({ ...one })))('$id holds: $description', (vector) => {
    const report = verify(vector.input)
    expect(report.integrity).toEqual({ intact: true, failed: [] })
    expect(told(report)).toEqual('expected' in vector ? vector.expected : {})
    expect(report.facts?.contents).toBe('hidden')
  })

  it.each(cases.filter(({ valid }) => !valid).map((one) => ({ ...one })))('$id is refused: $description', (vector) => {
    const report = verify(vector.input)
    const { error, layer } = vector as unknown as { readonly error: string; readonly layer: string }
    expect([report.verdict, report.proves, report.code]).toEqual(['invalid', 'nothing', error])
    const parts = { ...report.layers, disclosures: report.disclosures }
    const part = Object.entries(parts).find(([name]) => name === layer)?.[1]
    expect(part?.checks.filter(({ ok }) => !ok).map(({ code }) => code)).toContain(error)
    expect(report.facts).toBeUndefined()
  })
})
