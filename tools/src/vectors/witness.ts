/**
 * Vectors of witnessing (contracts/spec 23-witness): policies, what a witness cosigns, evidence of forks. Trees, notes and
 * envelopes are made by the code that the vectors of merkle and envelope test.
 */

import type { VectorFile } from './vector-file.ts'
import { changedFork, forkCases } from './witness-fork.ts'
import { offerCases } from './witness-offer.ts'
import { policyCases } from './witness-policy.ts'
import type { WitnessCase } from './witness-scene.ts'

export async function witnessVectors(): Promise<VectorFile[]> {
  return [
    vectorFile('policy', 'C2SP tlog-policy, read and evaluated', await policyCases()),
    vectorFile('offer', 'What a witness does with a checkpoint', await offerCases()),
    vectorFile('fork', 'Evidence that a log contradicted itself', [...(await forkCases()), ...(await changedFork())]),
  ]
}

function vectorFile(name: string, subject: string, cases: readonly WitnessCase[]): VectorFile {
  return {
    path: `witness/${name}.json`,
    file: {
      format: 'talos-vectors/1',
      subject,
      spec: '23-witness',
      cases: cases.map(({ expected, error, ...rest }, index) => ({
        id: `${name}-${String(index + 1).padStart(3, '0')}`,
        clause: rest.clause,
        description: rest.description,
        valid: error === undefined,
        input: rest.input,
        ...(error === undefined ? { expected } : { error }),
      })),
    },
  }
}
