// Generated from contracts/schemas/anchor-file.schema.json by tools/src/generate.ts; do not edit.
import { type Check, object, oneOfValues, optional, ref, run, string } from '../check.ts'
import { type AnchorProof, checkAnchorProof } from './anchor-proof.ts'
import { type AnchorStatement, checkAnchorStatement } from './anchor-statement.ts'

/**
 * An anchor for use elsewhere: what was anchored, and the proof that a block holds it.
 * Specified in 25-anchor 25.8.
 */
export type AnchorFile = {
  readonly format: 'talos-anchor/v1'
  /** What was anchored. */
  readonly statement: AnchorStatement
  /** The signed note that a statement of the kind `checkpoint` was made from. */
  readonly checkpoint?: string
  /** The envelope by which an identity lets the key sign that signed the note (03-identity 3.7), in base64url. */
  readonly logKey?: string
  readonly proof: AnchorProof
}

const checkAnchorFile: Check = object({
  format: oneOfValues('talos-anchor/v1'),
  statement: ref(() => checkAnchorStatement),
  checkpoint: optional(string({ minLength: 1, maxLength: 65_536 })),
  logKey: optional(string({ minLength: 1, maxLength: 8_192, pattern: /^[A-Za-z0-9_-]+$/u })),
  proof: ref(() => checkAnchorProof),
})

/** Returns `value` typed as AnchorFile. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAnchorFile(value: unknown): AnchorFile {
  run('anchor-file', checkAnchorFile, value)
  return value as AnchorFile
}
