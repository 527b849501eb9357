/**
 * Signed notes (C2SP signed-note v1.0.0): a text, an empty line, and signature lines `— name base64(id || signature)`.
 *
 * Signatures of unknown keys are ignored, one wrong signature of a known key refuses the whole note, and a note without
 * a good signature of a known key is refused. Cosignatures (type 0x04) are read here as well, since they stand among the
 * note's lines; `checkpoint.ts` makes them.
 */
import { concatBytes, equalBytes, fromBase64, toBase64, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { ED25519_SIGNATURE_BYTES, type Kernel } from '@talos/kernel'
import { isKeyName, NOTE_ED25519, type VerifierKey, verifierKey } from './note-key.ts'

/** Longest note that is read: 100 lines with post-quantum signatures of 5 kB fit. */
export const MAX_NOTE_CHARS = 524_288
/** Most signature lines; the specification asks for 16 at least. */
export const MAX_NOTE_SIGNATURES = 100
/** Bytes of a cosignature's time, before its Ed25519 signature. */
export const COSIGNATURE_TIME_BYTES = 8

const KEY_ID_BYTES = 4
const SEPARATOR = '\n\n'
const LINE_FEED = 0x0a
const SPACE = 0x20

/** Holds a log's or witness's Ed25519 key; `@talos/identity` has implementations, a KMS may be another. */
export interface NoteSigner {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64-byte Ed25519 signature of the message. */
  sign(message: Uint8Array): Promise<Uint8Array>
}

export interface SignNoteOptions {
  /** Ends with a line feed. */
  readonly text: string
  /** Name on the signature line: for a checkpoint, its origin. */
  readonly name: string
  readonly signer: NoteSigner
  readonly kernel: Kernel
}

/** A signature that was checked. */
export interface NoteSignature {
  readonly key: VerifierKey
  /** Seconds since the Unix epoch; cosignatures only. */
  readonly timeS?: number
}

export interface OpenedNote {
  /** The signed text with its last line feed. */
  readonly text: string
  /** One for each known key that signed; never empty. */
  readonly signatures: readonly NoteSignature[]
  /** Number of lines by keys that were not passed. */
  readonly unknown: number
}

/** A note taken apart, nothing checked but its form. */
export interface SplitNote {
  readonly text: string
  readonly lines: readonly SignatureLine[]
}

export interface SignatureLine {
  readonly name: string
  /** 4 bytes. */
  readonly keyId: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Signs a text with Ed25519 (type 0x01) and returns the whole note.
 *
 * @throws TalosError `NOTE_INVALID` or `NOTE_KEY_INVALID`; `NOTE_SIGNATURE_INVALID` when the signer's answer is wrong
 */
export async function signNote({ text, name, signer, kernel }: SignNoteOptions): Promise<string> {
  const key = verifierKey({ name, type: NOTE_ED25519, publicKey: signer.publicKey, kernel })
  requireText(text)
  const signature = await signer.sign(utf8(text))
  const note = `${text}\n${signatureLine(key, signature)}`
  openNote(note, { keys: [key], kernel })
  return note
}

/** The line `— name base64(id || signature)` with its line feed. */
export function signatureLine(key: VerifierKey, signature: Uint8Array): string {
  return `— ${key.name} ${toBase64(concatBytes(key.keyId, signature))}\n`
}

/**
 * Checks a note against the keys that the caller knows.
 *
 * @throws TalosError `NOTE_INVALID`, `NOTE_SIGNATURE_INVALID` (a known key's signature is wrong) or `NOTE_UNSIGNED`
 */
export function openNote(
  note: string,
  { keys, kernel }: { readonly keys: readonly VerifierKey[]; readonly kernel: Kernel },
): OpenedNote {
  const { text, lines } = splitNote(note)
  const signatures: NoteSignature[] = []
  let unknown = 0
  for (const [position, line] of lines.entries()) {
    const key = keys.find((candidate) => candidate.name === line.name && equalBytes(candidate.keyId, line.keyId))
    if (key === undefined) {
      unknown += 1
      continue
    }
    const signature = verifyLine({ key, line, text, kernel })
    if (signature === undefined) throw new TalosError('NOTE_SIGNATURE_INVALID', { line: position + 1 })
    if (!signatures.some((earlier) => earlier.key === key)) signatures.push(signature)
  }
  if (signatures.length === 0) throw new TalosError('NOTE_UNSIGNED')
  return { text, signatures, unknown }
}

/** Takes a note apart at its last empty line. Throws `NOTE_INVALID`. */
export function splitNote(note: string): SplitNote {
  if (note.length > MAX_NOTE_CHARS) throw invalidNote('it is too long')
  const end = note.lastIndexOf(SEPARATOR)
  if (end < 0) throw invalidNote('it has no empty line before its signatures')
  const text = note.slice(0, end + 1)
  requireText(text)
  const rest = note.slice(end + SEPARATOR.length)
  if (!rest.endsWith('\n')) throw invalidNote('its last line does not end')
  const lines = rest.slice(0, -1).split('\n', MAX_NOTE_SIGNATURES + 1)
  if (lines.length > MAX_NOTE_SIGNATURES) throw invalidNote('it has too many signatures')
  return { text, lines: lines.map(parseLine) }
}

/** Refuses what may not be a note's text. Throws `NOTE_INVALID`. */
function requireText(text: string): void {
  if (!text.isWellFormed()) throw invalidNote('it is not well-formed Unicode')
  if (!text.endsWith('\n')) throw invalidNote('its text does not end with a line feed')
  for (let place = 0; place < text.length; place += 1) {
    const code = text.charCodeAt(place)
    if (code < SPACE && code !== LINE_FEED) throw invalidNote('it holds a control character')
  }
}

/** The bytes that a cosignature signs (C2SP tlog-cosignature, Ed25519 signed message). */
export function cosignedMessage({ text, timeS }: { readonly text: string; readonly timeS: number }): Uint8Array {
  return utf8(`cosignature/v1\ntime ${timeS}\n${text}`)
}

function parseLine(line: string): SignatureLine {
  const match = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line)
  if (match === null) throw invalidNote('a signature line is malformed')
  const name = String(match[1])
  if (!isKeyName(name)) throw invalidNote('a signature line has an impossible name')
  const bytes = decodeSignature(String(match[2]))
  if (bytes.length <= KEY_ID_BYTES) throw invalidNote('a signature is empty')
  return { name, keyId: bytes.subarray(0, KEY_ID_BYTES), signature: bytes.subarray(KEY_ID_BYTES) }
}

function decodeSignature(encoded: string): Uint8Array {
  try {
    return fromBase64(encoded)
  } catch (cause) {
    throw new TalosError('NOTE_INVALID', { reason: 'a signature is not base64' }, { cause })
  }
}

/** One signature line to check against the key that it names. */
export interface LineCheck {
  readonly key: VerifierKey
  readonly line: SignatureLine
  readonly text: string
  readonly kernel: Kernel
}

/** The checked signature, or undefined when it is wrong. That the line names this key is for the caller to see. */
export function verifyLine({ key, line, text, kernel }: LineCheck): NoteSignature | undefined {
  if (key.type === NOTE_ED25519) {
    return kernel.ed25519Verify(key.publicKey, utf8(text), line.signature) ? { key } : undefined
  }
  if (line.signature.length !== COSIGNATURE_TIME_BYTES + ED25519_SIGNATURE_BYTES) return undefined
  const timeS = Number(new DataView(line.signature.buffer, line.signature.byteOffset).getBigUint64(0))
  if (!Number.isSafeInteger(timeS)) return undefined
  const signature = line.signature.subarray(COSIGNATURE_TIME_BYTES)
  return kernel.ed25519Verify(key.publicKey, cosignedMessage({ text, timeS }), signature) ? { key, timeS } : undefined
}

function invalidNote(reason: string): TalosError {
  return new TalosError('NOTE_INVALID', { reason })
}
