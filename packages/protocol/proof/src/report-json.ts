/** The report for machines (spec 12-proof-bundle, clause 12.10; schema `proof-report`). */
import type { ProofReportCheck, ProofReport as ReportJson } from '@talos/contracts'
import type { ProofCheck, ProofLayer } from './checks.ts'
import type { ProofReport } from './report.ts'

/** A report as plain JSON of the schema `proof-report`. */
export function proofReportJson(report: ProofReport): ReportJson {
  const { form, layers, disclosures, logs, anchors, facts, revocations, validation } = report
  return {
    format: 'talos-proof-report/v1',
    level: validation.level,
    verdict: report.verdict,
    valid: report.valid,
    proves: report.proves,
    code: report.code ?? null,
    ...(facts !== undefined && { facts }),
    evidence: {
      form: partOf(form),
      identity: partOf(layers.identity),
      intent: partOf(layers.intent),
      execution: partOf(layers.execution),
      authority: partOf(layers.authority),
      disclosures: partOf(disclosures),
      logs: partOf(logs),
      anchors: partOf(anchors),
    },
    validation: validation.layers.map(({ layer, verdict, code, durationUs, checks }) => ({
      layer,
      verdict,
      ...(code !== undefined && { code }),
      durationUs,
      checks: checks.map(checkOf),
    })),
    integrity: report.integrity,
    completeness: report.completeness,
    ...(revocations !== undefined && { revocations }),
    witnessed: report.witnessed,
    anchored: report.anchored,
  }
}

function partOf({ verdict, checks }: ProofLayer) {
  return { verdict, checks: checks.map(checkOf) }
}

/** Without its layer, which `validation` tells. */
function checkOf({ layer: _layer, ...check }: ProofCheck): ProofReportCheck {
  return check
}
