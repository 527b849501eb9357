/**
 * Checkpoints (C2SP tlog-checkpoint v1.0.0) and their cosignatures (C2SP tlog-cosignature v1.0.1, Ed25519).
 *
 * A checkpoint is the text of a signed note: origin, size, base64 of the root. Logs of this project write no extension
 * lines; those of other logs are kept as they came, since signatures cover them.
 */
import { concatBytes, fromBase64, toBase64 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { HASH_BYTES, requireHash } from './hash.ts'
import {
  COSIGNATURE_TIME_BYTES,
  cosignedMessage,
  type NoteSigner,
  openNote,
  signatureLine,
  signNote,
  splitNote,
} from './note.ts'
import { isKeyName, NOTE_COSIGNATURE, NOTE_ED25519, type VerifierKey, verifierKey } from './note-key.ts'
import { checked, type TreeSize, treeSize } from './range.ts'

export interface Checkpoint {
  /** Name of the log, one line. */
  readonly origin: string
  readonly size: TreeSize
  /** 32 bytes. */
  readonly root: Uint8Array
  /** Further lines of other logs; empty in this project's own. */
  readonly extensions: readonly string[]
}

/** A checkpoint whose signature by the log was checked. */
export interface VerifiedCheckpoint extends Checkpoint {
  /** The whole signed note. */
  readonly note: string
  /** Witnesses that were known and whose cosignatures were checked, with the seconds at which they signed. */
  readonly cosignatures: readonly { readonly key: VerifierKey; readonly timeS: number }[]
}

export interface SignCheckpointOptions {
  /** Free of spaces and plus signs: it names the signing key as well. */
  readonly origin: string
  readonly size: TreeSize
  /** 32 bytes. */
  readonly root: Uint8Array
  readonly signer: NoteSigner
  readonly kernel: Kernel
}

export interface OpenCheckpointOptions {
  /** The log that is expected; its name must equal the checkpoint's origin. */
  readonly logKey: VerifierKey
  /** Witnesses whose cosignatures are checked and reported. */
  readonly witnessKeys?: readonly VerifierKey[]
  readonly kernel: Kernel
}

export interface CosignOptions {
  readonly note: string
  readonly name: string
  readonly signer: NoteSigner
  /** Seconds since the Unix epoch. */
  readonly timeS: number
  readonly kernel: Kernel
}

/** Text of a checkpoint without extension lines. Throws `CHECKPOINT_INVALID` or `MERKLE_HASH_LENGTH`. */
export function formatCheckpoint({ origin, size, root }: Omit<Checkpoint, 'extensions'>): string {
  if (!isKeyName(origin)) throw invalid('its origin is empty, too long, or holds a space or a plus')
  return `${origin}\n${size}\n${toBase64(requireHash(root))}\n`
}

/** Reads the text of a checkpoint. Throws `CHECKPOINT_INVALID`. */
export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith('\n')) throw invalid('its last line does not end')
  const [origin, size = '', root = '', ...extensions] = text.slice(0, -1).split('\n')
  if (!origin) throw invalid('its origin is empty')
  if (extensions.includes('')) throw invalid('an extension line is empty')
  return { origin, size: parseSize(size), root: parseRoot(root), extensions }
}

/** Signs a checkpoint with the log's key and returns the note. The rule of never signing back is the log's own. */
export function signCheckpoint({ origin, size, root, signer, kernel }: SignCheckpointOptions): Promise<string> {
  return signNote({ text: formatCheckpoint({ origin, size, root }), name: origin, signer, kernel })
}

/**
 * Checks that the log signed this checkpoint, and which of the known witnesses cosigned it.
 *
 * @throws TalosError `NOTE_INVALID`, `NOTE_SIGNATURE_INVALID`, `NOTE_UNSIGNED` (not by the log) or `CHECKPOINT_INVALID`
 */
export function openCheckpoint(note: string, options: OpenCheckpointOptions): VerifiedCheckpoint {
  const { logKey, witnessKeys = [], kernel } = options
  const { text, signatures } = openNote(note, { keys: [logKey, ...witnessKeys], kernel })
  if (!signatures.some(({ key }) => key === logKey)) throw new TalosError('NOTE_UNSIGNED')
  const checkpoint = parseCheckpoint(text)
  if (checkpoint.origin !== logKey.name) throw invalid('its origin is not that of the log')
  const cosignatures = signatures.flatMap(({ key, timeS }) => (timeS === undefined ? [] : [{ key, timeS }]))
  return { ...checkpoint, note, cosignatures }
}

/**
 * Adds a witness's cosignature to a checkpoint. The caller has checked the log's signature and the consistency with the
 * last checkpoint that it cosigned, and has stored this one.
 *
 * @throws TalosError `NOTE_INVALID`, `CHECKPOINT_INVALID`, `NOTE_KEY_INVALID`, `MERKLE_RANGE` (the time);
 *   `NOTE_SIGNATURE_INVALID` when the signer's answer is wrong
 */
export async function cosignCheckpoint({ note, name, signer, timeS, kernel }: CosignOptions): Promise<string> {
  const { text } = splitNote(note)
  parseCheckpoint(text)
  checked('time', timeS, Number.MAX_SAFE_INTEGER)
  const key = verifierKey({ name, type: NOTE_COSIGNATURE, publicKey: signer.publicKey, kernel })
  const signature = await signer.sign(cosignedMessage({ text, timeS }))
  const time = new Uint8Array(COSIGNATURE_TIME_BYTES)
  new DataView(time.buffer).setBigUint64(0, BigInt(timeS))
  const cosigned = `${note}${signatureLine(key, concatBytes(time, signature))}`
  openNote(cosigned, { keys: [key], kernel })
  return cosigned
}

/** The key that checks a log's checkpoints: Ed25519 under the log's origin. Throws `NOTE_KEY_INVALID`. */
export function logVerifierKey(options: {
  readonly origin: string
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  readonly kernel: Kernel
}): VerifierKey {
  return verifierKey({ ...options, name: options.origin, type: NOTE_ED25519 })
}

/** Reads a decimal without sign or leading zero, up to 2^53 - 1. */
export function parseDecimal(text: string): number | undefined {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Reads one base64 line of a 32-byte hash. */
export function parseHashLine(line: string): Uint8Array | undefined {
  try {
    const hash = fromBase64(line)
    return hash.length === HASH_BYTES ? hash : undefined
  } catch {
    return undefined
  }
}

function parseSize(line: string): TreeSize {
  const size = parseDecimal(line)
  if (size === undefined) throw invalid('its size is not a decimal up to 2^53 - 1')
  return treeSize(size)
}

function parseRoot(line: string): Uint8Array {
  const root = parseHashLine(line)
  if (root === undefined) throw invalid('its root is not the base64 of 32 bytes')
  return root
}

function invalid(reason: string): TalosError {
  return new TalosError('CHECKPOINT_INVALID', { reason })
}
