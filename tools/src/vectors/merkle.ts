/**
 * Vectors of the tree and of signed notes. Made with `node:crypto` and the recursive definitions alone, so that they do
 * not repeat what the package under test believes.
 */
import { checkpointCases, keyCases, noteCases, tileCases, tlogProofCases } from './merkle-note.ts'
import { consistencyCases, inclusionCases, type MerkleCase, rootCases } from './merkle-tree.ts'
import type { VectorFile } from './vector-file.ts'

export function merkleVectors(): VectorFile[] {
  return [
    fileOf('tree', [...rootCases(), ...inclusionCases(), ...consistencyCases()]),
    fileOf('note', [...keyCases(), ...noteCases(), ...checkpointCases(), ...tlogProofCases(), ...tileCases()]),
  ]
}

function fileOf(subject: string, cases: readonly MerkleCase[]): VectorFile {
  const numbered = cases.map(({ clause, description, input, expected, error }, position) => ({
    id: `${subject}-${String(position + 1).padStart(3, '0')}`,
    clause,
    description,
    valid: error === undefined,
    input,
    ...(error === undefined ? { expected: expected ?? {} } : { error }),
  }))
  return {
    path: `merkle/${subject}.json`,
    file: { format: 'talos-vectors/1', subject, spec: '11-checkpoint', cases: numbered },
  }
}
