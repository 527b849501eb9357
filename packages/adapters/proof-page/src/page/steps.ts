/** The layers of validation as the page shows them. */
import type { ProofCheck, ProofReport } from '@talos/proof'
import { LAYERS } from './words.ts'

export type Verdict = 'valid' | 'invalid' | 'incomplete'

export interface Step {
  readonly title: string
  readonly question: string
  readonly verdict: Verdict | 'absent'
  readonly checks: readonly ProofCheck[]
  readonly durationUs: number | undefined
}

interface Judged {
  readonly verdict: Step['verdict']
  readonly checks: readonly ProofCheck[]
  readonly durationUs?: number
}

/** The layers in the order in which they are judged. */
export function stepsOf(report: ProofReport): readonly Step[] {
  const { validation } = report as ProofReport & { readonly validation?: Readonly<Record<string, Judged>> }
  const layers: Readonly<Record<string, Judged>> = validation ?? {
    structural: report.form,
    ...{ cryptographic: report.layers.identity, chain: report.layers.intent, semantic: report.layers.authority },
  }
  return Object.entries(LAYERS).map(([name, [title, question]]) => {
    const { verdict, checks, durationUs } = layers[name] ?? { verdict: 'absent', checks: [] }
    return { title, question, verdict, checks, durationUs }
  })
}

export function verdictOf(report: ProofReport): Verdict {
  const { verdict } = report as ProofReport & { readonly verdict?: Verdict }
  return verdict ?? (report.valid ? 'valid' : 'invalid')
}
