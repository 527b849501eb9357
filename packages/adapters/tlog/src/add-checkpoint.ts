/**
 * The call `add-checkpoint` of C2SP tlog-witness v1.0.0 (spec 22-log-service, 22.6): how its body is read, and which status
 * says what a witness refused.
 */
import { fromBase64, fromUtf8, toBase64 } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import { HASH_BYTES } from '@talos/merkle'

/** One checkpoint with 63 hashes and some dozens of signature lines; a post-quantum one has 3.5 kB. */
export const ADD_CHECKPOINT_MAX_BYTES = 65_536
/** What the specification allows. */
export const ADD_CHECKPOINT_MAX_HASHES = 63

/** What is asked of a witness. */
export interface CheckpointRequest {
  /** The signed checkpoint, verbatim. */
  readonly note: string
  /** Size from which `proof` leads to the checkpoint. */
  readonly from: number
  /** 32 bytes each. */
  readonly proof: readonly Uint8Array[]
}

/** A witness. What it signs it has kept durably before; it refuses with the codes `WITNESS_*`. */
export interface CheckpointWitness {
  /** @returns `line`: signature lines, each with its line feed */
  addCheckpoint(request: CheckpointRequest): Promise<{ readonly line: string }>
}

/** What is answered. */
export interface WitnessAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
}

const SIZE_TYPE = 'text/x.tlog.size'
const TEXT_TYPE = 'text/plain; charset=utf-8'
const OLD = /^old (0|[1-9][0-9]{0,15})$/

/** Reads the body of a request. @throws TalosError `LOG_REQUEST_INVALID` */
export function parseAddCheckpoint(body: Uint8Array): CheckpointRequest {
  const text = textOf(body)
  const end = text.indexOf('\n\n')
  if (end < 0) throw invalid('it has no empty line before the checkpoint')
  const [first = '', ...lines] = text.slice(0, end).split('\n')
  const from = Number(OLD.exec(first)?.[1] ?? Number.NaN)
  if (!Number.isSafeInteger(from)) throw invalid('its first line is not old and a size')
  if (lines.length > ADD_CHECKPOINT_MAX_HASHES) throw invalid(`it has more than ${ADD_CHECKPOINT_MAX_HASHES} hashes`)
  return { from, proof: lines.map(hashOf), note: text.slice(end + 2) }
}

/** Writes the body of a request. */
export function formatAddCheckpoint({ from, proof, note }: CheckpointRequest): string {
  const hashes = proof.map((hash) => `${toBase64(hash)}\n`).join('')
  return `old ${from}\n${hashes}\n${note}`
}

/** Asks the witness. @throws TalosError what is no answer of a witness: its store failed, or it cannot be reached */
export async function answerAddCheckpoint(body: Uint8Array, witness: CheckpointWitness): Promise<WitnessAnswer> {
  try {
    const { line } = await witness.addCheckpoint(parseAddCheckpoint(body))
    return { status: 200, type: TEXT_TYPE, body: line }
  } catch (error) {
    const refused = isTalosError(error) ? refusalOf(error) : undefined
    if (refused === undefined) throw error
    return refused
  }
}

function refusalOf(error: TalosError): WitnessAnswer | undefined {
  const plain = (status: number) => ({ status, type: TEXT_TYPE, body: `${error.code}\n` })
  switch (error.code) {
    case 'WITNESS_LOG_UNKNOWN':
      return plain(404)
    case 'WITNESS_NOT_SIGNED':
      return plain(403)
    case 'LOG_REQUEST_INVALID':
    case 'NOTE_INVALID':
    case 'CHECKPOINT_INVALID':
    case 'MERKLE_RANGE':
    case 'WITNESS_RANGE':
      return plain(400)
    case 'WITNESS_CONFLICT':
      return { status: 409, type: SIZE_TYPE, body: `${error.details['size']}\n` }
    case 'WITNESS_FORK':
      return plain(error.details['first'] === error.details['second'] ? 409 : 422)
    case 'WITNESS_INCONSISTENT':
      return plain(422)
    default:
      return undefined
  }
}

function textOf(body: Uint8Array): string {
  try {
    return fromUtf8(body)
  } catch (cause) {
    throw invalid('it is not UTF-8', cause)
  }
}

function hashOf(line: string): Uint8Array {
  try {
    const hash = fromBase64(line)
    if (hash.length === HASH_BYTES) return hash
  } catch (cause) {
    throw invalid('a hash is not base64', cause)
  }
  throw invalid('a hash does not have 32 bytes')
}

function invalid(reason: string, cause?: unknown): TalosError {
  return new TalosError('LOG_REQUEST_INVALID', { reason }, { cause })
}
