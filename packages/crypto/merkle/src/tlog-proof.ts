/**
 * The text of an offline inclusion proof (C2SP tlog-proof@v1): index, sibling hashes and the signed checkpoint.
 *
 * The optional `extra` line is carried and never trusted: nothing signs it.
 */
import { fromBase64, toBase64 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import {
  type OpenCheckpointOptions,
  openCheckpoint,
  parseDecimal,
  parseHashLine,
  type VerifiedCheckpoint,
} from './checkpoint.ts'
import { requireHash } from './hash.ts'
import { MAX_NOTE_CHARS } from './note.ts'
import { verifyInclusion } from './proof.ts'
import { type LeafIndex, leafIndex } from './range.ts'

/** First line of the text. */
export const TLOG_PROOF_HEADER = 'c2sp.org/tlog-proof@v1'
/** A path in a tree of at most 2^53 - 1 leaves has no more siblings. */
export const MAX_PROOF_HASHES = 53
/** Longest `extra` line that is read, in characters. */
export const MAX_EXTRA_CHARS = 65_536

export interface TlogProof {
  readonly index: LeafIndex
  /** Sibling hashes from the leaf upwards, 32 bytes each. */
  readonly proof: readonly Uint8Array[]
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string
  /** Bytes that nothing authenticates. */
  readonly extra?: Uint8Array
}

/** Writes the proof. Throws `MERKLE_HASH_LENGTH`. */
export function formatTlogProof({ index, proof, checkpoint, extra }: TlogProof): string {
  const lines = [TLOG_PROOF_HEADER]
  if (extra !== undefined) lines.push(`extra ${toBase64(extra)}`)
  lines.push(`index ${index}`, ...proof.map((hash) => toBase64(requireHash(hash))), '', checkpoint)
  return lines.join('\n')
}

/** Reads the form of a proof; nothing is verified. Throws `TLOG_PROOF_INVALID`. */
export function parseTlogProof(text: string): TlogProof {
  if (text.length > MAX_NOTE_CHARS + MAX_EXTRA_CHARS) throw invalid('it is too long')
  const end = text.indexOf('\n\n')
  if (end < 0) throw invalid('it has no checkpoint')
  const [header, ...lines] = text.slice(0, end).split('\n')
  if (header !== TLOG_PROOF_HEADER) throw invalid('its first line is not c2sp.org/tlog-proof@v1')
  const extra = lines[0]?.startsWith('extra ') ? parseExtra(String(lines.shift())) : undefined
  const index = parseIndex(lines.shift())
  if (lines.length > MAX_PROOF_HASHES) throw invalid('it has too many hashes')
  const parsed = { index, proof: lines.map(parseHash), checkpoint: text.slice(end + 2) }
  return extra === undefined ? parsed : { ...parsed, extra }
}

/**
 * Checks a whole proof: the log's signature, known witnesses' cosignatures, and that the leaf is in the tree.
 *
 * @param options `leafHash`: 32 bytes
 * @throws TalosError the codes of `parseTlogProof`, `openCheckpoint` and `verifyInclusion`
 */
export function verifyTlogProof(
  text: string,
  options: OpenCheckpointOptions & { readonly leafHash: Uint8Array },
): { readonly index: LeafIndex; readonly checkpoint: VerifiedCheckpoint } {
  const { index, proof, checkpoint: note } = parseTlogProof(text)
  const checkpoint = openCheckpoint(note, options)
  const { leafHash, kernel } = options
  verifyInclusion({ index, size: checkpoint.size, leafHash, proof, root: checkpoint.root, kernel })
  return { index, checkpoint }
}

function parseExtra(line: string): Uint8Array {
  if (line.length > MAX_EXTRA_CHARS) throw invalid('its extra line is too long')
  try {
    return fromBase64(line.slice('extra '.length))
  } catch (cause) {
    throw new TalosError('TLOG_PROOF_INVALID', { reason: 'its extra line is not base64' }, { cause })
  }
}

function parseIndex(line: string | undefined): LeafIndex {
  const index = line?.startsWith('index ') ? parseDecimal(line.slice('index '.length)) : undefined
  if (index === undefined || index === Number.MAX_SAFE_INTEGER) throw invalid('its index line is malformed')
  return leafIndex(index)
}

function parseHash(line: string): Uint8Array {
  const hash = parseHashLine(line)
  if (hash === undefined) throw invalid('a hash is not the base64 of 32 bytes')
  return hash
}

function invalid(reason: string): TalosError {
  return new TalosError('TLOG_PROOF_INVALID', { reason })
}
