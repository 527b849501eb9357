/** Finds and reads test vectors: the repository's own in `contracts/vectors`, and the public ones beside the repository. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const REPOSITORY_ROOT = join(import.meta.dirname, '..', '..', '..')

interface VectorCaseCommon {
  /** Unique within the file, such as `cbor-001`. */
  readonly id: string
  /** The clause of the specification page that the case tests. */
  readonly clause: string
  readonly description: string
  readonly input: Readonly<Record<string, unknown>>
}

export interface ValidVectorCase extends VectorCaseCommon {
  readonly valid: true
  readonly expected: Readonly<Record<string, unknown>>
}

export interface InvalidVectorCase extends VectorCaseCommon {
  readonly valid: false
  /** The stable error code that an implementation reports. */
  readonly error: string
}

export type VectorCase = ValidVectorCase | InvalidVectorCase

/** A file of `contracts/vectors`. Binary values are lower-case hex in members whose names end in `Hex`. */
export interface VectorDocument {
  readonly format: 'talos-vectors/1'
  readonly subject: string
  /** Name of the page in `contracts/spec`, without its ending. */
  readonly spec: string
  readonly cases: readonly VectorCase[]
}

/**
 * Reads one of the repository's own vector files.
 *
 * @param path below `contracts/vectors`, such as `canonical/cbor.json`
 * @throws Error where the file is missing, is of another format, has no case, or repeats an id
 */
export function repoVectors(path: string): VectorDocument {
  const document: VectorDocument = JSON.parse(readFileSync(join(REPOSITORY_ROOT, 'contracts', 'vectors', path), 'utf8'))
  if (document.format !== 'talos-vectors/1') throw new Error(`${path} is not a file of talos-vectors/1`)
  const ids = new Set(document.cases.map((vector) => vector.id))
  if (ids.size === 0) throw new Error(`${path} has no case`)
  if (ids.size !== document.cases.length) throw new Error(`${path} repeats an id`)
  return document
}

/**
 * Finds a folder of public vectors, which are not part of the repository: below `$TALOS_VECTORS`, else below
 * `../shared/vectors` next to it.
 *
 * @param folder such as `jcs`
 * @returns its absolute path, or undefined where it is missing, so that a test can skip and say so
 */
export function publicVectors(folder: string): string | undefined {
  const base = process.env['TALOS_VECTORS'] ?? join(REPOSITORY_ROOT, '..', 'shared', 'vectors')
  const path = resolve(base, folder)
  return existsSync(path) ? path : undefined
}
