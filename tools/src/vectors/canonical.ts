/** Vectors of contracts/spec/02-canonical.md. Every value is typed in here, none is computed by the code under test. */
import { cborCases } from './canonical-cbor.ts'
import { encodingCases } from './canonical-encodings.ts'
import { jcsCases } from './canonical-jcs.ts'
import type { VectorFile } from './vector-file.ts'

const SPEC = '02-canonical'

export function canonicalVectors(): readonly VectorFile[] {
  return [
    vectorFile({ name: 'cbor', subject: 'deterministic DAG-CBOR and links', cases: cborCases() }),
    vectorFile({ name: 'jcs', subject: 'canonical and ordinary JSON', cases: jcsCases() }),
    vectorFile({ name: 'encodings', subject: 'text forms of bytes', cases: encodingCases() }),
  ]
}

interface Area {
  readonly name: string
  readonly subject: string
  readonly cases: readonly object[]
}

function vectorFile({ name, subject, cases }: Area): VectorFile {
  const numbered = cases.map((entry, index) => ({ id: `${name}-${String(index + 1).padStart(3, '0')}`, ...entry }))
  return { path: `canonical/${name}.json`, file: { format: 'talos-vectors/1', subject, spec: SPEC, cases: numbered } }
}
