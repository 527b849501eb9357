/** Every check has its layer and its code, every code of the area is reached, and every report is what its schema says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseProofReport } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { loadKernel } from '@talos/kernel'
import {
  buildProofBundle,
  CHECK_TABLE,
  checkName,
  describeProof,
  PROOF_BUNDLE_MAX_BYTES,
  ProofMetrics,
  type ProofParts,
  type ProofReport,
  proofMetricsText,
  proofReportJson,
  proofReportMarkdown,
  signaturesOf,
  VALIDATION_LAYERS,
  VALIDATION_LEVELS,
  verifyProofBundle,
} from '@talos/proof'
import { repoVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { Checks } from '../src/checks.ts'
import { Envelopes } from '../src/envelopes.ts'
import { optionsOf } from './options.ts'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')
const FILES = ['valid', 'history', 'full', 'form', 'layers', 'history-refused', 'full-refused', 'hidden']
const cases = FILES.flatMap((name) => repoVectors(`proof/${name}.json`).cases)
const whole = String(repoVectors('proof/full.json').cases.find(({ id }) => id === 'full-002')?.input['bundle'])
const most = repoVectors('proof/full.json').cases.find(({ id }) => id === 'full-002')?.input ?? {}

const reports: readonly ProofReport[] = [
  ...cases.map(({ input }) => verifyProofBundle(String(input['bundle']), optionsOf(input, kernel))),
  verifyProofBundle('a'.repeat(PROOF_BUNDLE_MAX_BYTES + 1), { kernel }),
]
const checks = reports.flatMap(({ validation }) => validation.layers.flatMap((layer) => layer.checks))

function codesOf(file: string): readonly string[] {
  const path = join(import.meta.dirname, '..', '..', '..', '..', 'contracts', 'errors', file)
  return Object.keys(JSON.parse(readFileSync(path, 'utf8')).errors)
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (isTalosError(error)) return error.code
    return String(error)
  }
  return 'accepted'
}

describe('the checks', () => {
  it('are those of the table, with its layers and its codes', () => {
    for (const { name, layer, ok, code } of checks) {
      const row = CHECK_TABLE.get(checkName(name))
      expect({ name, layer }).toEqual({ name, layer: row?.layer })
      const expected = ok || code === undefined ? code : row?.code
      expect({ name, code }).toEqual({ name, code: expected })
    }
  })

  it('are all asked by some vector, and answered with no by another', () => {
    const asked = new Set(checks.map(({ name }) => checkName(name)))
    expect([...CHECK_TABLE.keys()].filter((name) => !asked.has(name))).toEqual([])
    const refused = new Set(checks.filter(({ ok }) => !ok).map(({ name }) => checkName(name)))
    expect([...CHECK_TABLE.keys()].filter((name) => !refused.has(name))).toEqual([])
  })

  it('reach every code of the area', () => {
    const reached = new Set<string>(checks.flatMap(({ ok, code }) => (ok || code === undefined ? [] : [code])))
    reached.add(codeOf(() => buildProofBundle({ ...partsOfNothing(), kernel })))
    expect(codesOf('proof.json').filter((code) => !reached.has(code))).toEqual([])
  })

  it('stand in the layers and in the parts of the evidence alike', () => {
    for (const { form, layers, disclosures, logs, anchors, validation } of reports) {
      const parts = [form, ...Object.values(layers), disclosures, logs, anchors].flatMap((part) => part.checks)
      const layered = validation.layers.flatMap((layer) => layer.checks)
      expect(new Set(layered)).toEqual(new Set(parts))
      expect(layered.length).toBe(parts.length)
      expect(validation.layers.map(({ layer }) => layer)).toEqual(VALIDATION_LAYERS)
    }
  })

  it('of another name are a defect of ours, as is an envelope that nobody verified', () => {
    expect(() => new Checks().ask('identity.mood', 'PROOF_FORM_INVALID', () => true)).toThrow(TypeError)
    expect(() => new Envelopes().opened({ bytes: new Uint8Array(1), error: undefined })).toThrow(TypeError)
  })
})

/** Parts of no call at all. */
function partsOfNothing(): Omit<ProofParts, 'kernel'> {
  const did = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp' as ProofParts['agent']['did']
  const bytes = new Uint8Array(1)
  const inclusion = { entry: bytes, proof: 'x' }
  const party = { did, logKey: bytes }
  return {
    agent: party,
    executor: party,
    proofs: [],
    invocation: bytes,
    intent: inclusion,
    receipt: bytes,
    outcome: inclusion,
  }
}

describe('the levels', () => {
  it('ask for more and more', () => {
    const verdicts = (blocks: unknown) =>
      VALIDATION_LEVELS.map(
        (level) => verifyProofBundle(whole, { ...optionsOf({ ...most, blocks }, kernel), level }).verdict,
      )
    expect(verdicts(most['blocks'])).toEqual(['valid', 'valid', 'valid', 'valid'])
    expect(verdicts([])).toEqual(['valid', 'valid', 'valid', 'incomplete'])
  })

  it('of form and signatures alone proves nothing, and skips the rest', () => {
    const report = verifyProofBundle(whole, { kernel, level: 'minimal' })
    expect(report).toMatchObject({ verdict: 'valid', proves: 'nothing' })
    expect(report.facts).toBeUndefined()
    const verdicts = report.validation.layers.map(({ verdict }) => verdict)
    expect(verdicts).toEqual(['valid', 'valid', 'skipped', 'skipped', 'skipped'])
  })

  it('leave what comes after a failure unchecked', () => {
    const bad = repoVectors('proof/layers.json').cases.find(({ id }) => id === 'layers-001')?.input ?? {}
    const { validation } = verifyProofBundle(String(bad['bundle']), optionsOf(bad, kernel))
    expect(validation.layers.map(({ verdict }) => verdict)).toEqual([
      'valid',
      'invalid',
      'unchecked',
      'unchecked',
      'unchecked',
    ])
    const { intent: _intent, ...rest } = JSON.parse(whole)
    const lacking = verifyProofBundle(JSON.stringify(rest), { kernel })
    expect(lacking).toMatchObject({ verdict: 'incomplete', proves: 'nothing', code: 'PROOF_INTENT_ABSENT' })
    expect(lacking.validation.layers.map(({ verdict }) => verdict)).toEqual([
      'incomplete',
      'unchecked',
      'unchecked',
      'unchecked',
      'unchecked',
    ])
  })
})

describe('the reports', () => {
  it('are JSON of the schema', () => {
    for (const report of reports) {
      const json = JSON.parse(JSON.stringify(proofReportJson(report)))
      expect(parseProofReport(json)).toEqual(json)
    }
  })

  it('say in Markdown what they say in lines', () => {
    for (const report of reports) {
      const text = proofReportMarkdown(report)
      expect(text.startsWith('# Proof: ')).toBe(true)
      const rows = text
        .split('\n')
        .filter((line) => /^\| (?:structural|cryptographic|chain|semantic|anchor) /.test(line))
      const count = report.validation.layers.reduce((sum, layer) => sum + layer.checks.length, 0)
      expect(rows.length).toBe(VALIDATION_LAYERS.length + count)
    }
  })

  it('let no name break out of a table', () => {
    const [report] = reports
    if (report?.facts === undefined) throw new Error('the first vector is valid')
    const text = proofReportMarkdown({ ...report, facts: { ...report.facts, display: '| [x](y) `z`\n# no' } })
    expect(text).toContain('command: \\| \\[x\\](y) \\`z\\` \\# no')
  })

  it('tell witnesses, anchors and lists to people', () => {
    const lines = describeProof(verifyProofBundle(whole, optionsOf(most, kernel))).join('\n')
    expect(lines).toContain('VALID: proves a call and its outcome')
    expect(lines).toContain('level: paranoid')
    expect(lines).toContain('revocations of those who gave leave: fresh')
    expect(lines).toContain('witnessed: by 2')
    expect(lines).toContain('log of the executor at 9: enough by the policy')
    expect(lines).toContain('anchored: yes')
    expect(lines).toContain('which you know')
    const unsure = describeProof(verifyProofBundle(whole, { ...optionsOf({ ...most, blocks: [] }, kernel) })).join('\n')
    expect(unsure).toContain('INCOMPLETE: proves a call and its outcome')
    expect(unsure).toContain('level: paranoid, which asks for more (PROOF_UNANCHORED, PROOF_UNANCHORED)')
    expect(unsure).toContain('anchored: not for sure')
    const answers = reports.map((report) => proofReportMarkdown(report)).join('')
    expect(answers).toContain('| no, and it was refused |')
    const all = reports.map((report) => describeProof(report).join('\n')).join('\n')
    expect(all).toContain('2 of them without content')
    expect(all).toContain('not enough by the policy')
  })

  it('measure each layer with the clock that is given', () => {
    let nowMs = 0
    const stopwatch = () => (nowMs += 1)
    const report = verifyProofBundle(whole, { kernel, stopwatch })
    expect(report.validation.layers.map(({ durationUs }) => durationUs)).toEqual([2000, 1000, 1000, 1000, 1000])
    expect(verifyProofBundle(whole, { kernel }).validation.layers.every(({ durationUs }) => durationUs === 0)).toBe(
      true,
    )
  })

  it('are counted as Prometheus text', () => {
    const metrics = new ProofMetrics()
    expect(metrics.text()).toContain('talos_proof_layer_seconds_total{layer="chain"} 0\n')
    for (const report of reports) metrics.observe(report)
    const text = metrics.text()
    expect(text.endsWith('\n')).toBe(true)
    for (const line of text.trim().split('\n')) {
      expect(line).toMatch(
        /^(?:# (?:HELP|TYPE) talos_proof_\w+ .+|talos_proof_\w+\{[a-z]+="[^"]+"(?:,[a-z]+="[^"]+")*\} [0-9.e-]+)$/,
      )
    }
    const total = [...text.matchAll(/^talos_proof_verifications_total\{.*\} (\d+)$/gm)]
    expect(total.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(reports.length)
    expect(text).toContain('talos_proof_checks_total{layer="anchor",check="anchors[].proof",answer="no"}')
    let nowMs = 0
    const report = verifyProofBundle(whole, { kernel, stopwatch: () => (nowMs += 500) })
    expect(proofMetricsText(report)).toContain('talos_proof_layer_seconds_total{layer="chain"} 0.5\n')
  })
})

describe('the signatures of a bundle', () => {
  it('are told, each once, and all of them are good', () => {
    const signatures = signaturesOf(whole, { kernel })
    expect(signatures).toHaveLength(17)
    expect(new Set(signatures.map(({ signature }) => Buffer.from(signature).toString('hex'))).size).toBe(17)
    for (const { publicKey, message, signature } of signatures) {
      expect(kernel.ed25519Verify(publicKey, message, signature)).toBe(true)
    }
  })
})
