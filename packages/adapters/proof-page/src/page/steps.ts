/** The layers of validation as the page shows them. */
import type { ProofCheck, ProofReport } from '@talos/proof'
import { LAYERS } from './words.ts'

export type LayerVerdict = ProofReport['validation']['layers'][number]['verdict']

export interface Step {
  readonly title: string
  readonly question: string
  readonly verdict: LayerVerdict
  readonly checks: readonly ProofCheck[]
  readonly durationUs: number
}

/** The layers in the order in which they are judged. */
export function stepsOf({ validation }: ProofReport): readonly Step[] {
  return validation.layers.map(({ layer, verdict, checks, durationUs }) => {
    const [title, question] = LAYERS[layer]
    return { title, question, verdict, checks, durationUs }
  })
}
