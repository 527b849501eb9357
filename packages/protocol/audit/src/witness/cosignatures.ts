/**
 * Cosignature lines of a checkpoint, collected and checked (contracts/spec/11-checkpoint.md, clause 11.5;
 * contracts/spec/23-witness.md, clause 23.4).
 */
import { concatBytes, equalBytes, toBase64 } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { openNote, type SignatureLine, splitNote, type VerifierKey } from '@talos/merkle'

/** Lines of witnesses that one note takes: a proof bundle has room for half of them. */
export const MAX_COSIGNATURES = 32
/** How far a witness's clock may be ahead of the reader's. */
export const COSIGNATURE_LEEWAY_S = 300

/** A cosignature that was checked. */
export interface Cosignature {
  readonly key: VerifierKey
  /** When the witness signed, in seconds, by its own clock. */
  readonly timeS: number
}

export interface NewCosignature {
  /** The signature line with its line feed. */
  readonly line: string
  /** The witness that it is expected of. */
  readonly key: VerifierKey
  /** The reader's clock: a time that is later than that and the leeway is refused. */
  readonly nowS: number
  readonly kernel: Kernel
}

/** The note with the first line of each of these keys alone, in the order of the keys. Throws `NOTE_INVALID`. */
export function onlySignedBy(note: string, keys: readonly VerifierKey[]): string {
  const { text, lines } = splitNote(note)
  return join(
    text,
    keys.flatMap((key) => lines.filter((line) => isBy(line, key)).slice(0, 1)),
  )
}

/**
 * The cosignatures of a note by these witnesses, each checked, one for each key.
 *
 * @throws TalosError `NOTE_INVALID`, `NOTE_SIGNATURE_INVALID`
 */
export function cosignaturesOf(
  note: string,
  { keys, kernel }: { readonly keys: readonly VerifierKey[]; readonly kernel: Kernel },
): readonly Cosignature[] {
  try {
    const { signatures } = openNote(note, { keys, kernel })
    // A signature without a time is a log's own.
    return signatures.flatMap(({ key, timeS }) => (timeS === undefined ? [] : [{ key, timeS }]))
  } catch (error) {
    if (isTalosError(error, 'NOTE_UNSIGNED')) return []
    throw error
  }
}

/**
 * Adds a witness's line to a note after checking it; an earlier line by the same key goes.
 *
 * @throws TalosError `WITNESS_LINE_INVALID`, `NOTE_INVALID` (the note), `WITNESS_FULL`
 */
export function addCosignature(note: string, { line, key, nowS, kernel }: NewCosignature): string {
  const { text, lines } = splitNote(note)
  const [cosignature] = checkLine(`${text}\n${line}`, { key, kernel })
  if (cosignature === undefined) throw refused('it is by another key')
  if (cosignature.timeS > nowS + COSIGNATURE_LEEWAY_S) throw refused('its time is in the future')
  const others = lines.filter((other) => !isBy(other, key))
  if (others.length > MAX_COSIGNATURES) {
    throw new TalosError('WITNESS_FULL', { what: 'lines of one checkpoint', limit: MAX_COSIGNATURES })
  }
  return `${join(text, others)}${line}`
}

/** The cosignature in a note of one line; none where it is by another key. */
function checkLine(
  note: string,
  { key, kernel }: { readonly key: VerifierKey; readonly kernel: Kernel },
): readonly Cosignature[] {
  try {
    if (splitNote(note).lines.length > 1) throw refused('it is more than one line')
    return cosignaturesOf(note, { keys: [key], kernel })
  } catch (cause) {
    throw refused('it does not verify', cause)
  }
}

function isBy({ name, keyId }: SignatureLine, key: VerifierKey): boolean {
  return name === key.name && equalBytes(keyId, key.keyId)
}

/** Base64 has one form, so that a line made again is the line that was read. */
function join(text: string, lines: readonly SignatureLine[]): string {
  const texts = lines.map(({ name, keyId, signature }) => `— ${name} ${toBase64(concatBytes(keyId, signature))}\n`)
  return `${text}\n${texts.join('')}`
}

function refused(reason: string, cause?: unknown): TalosError {
  return new TalosError('WITNESS_LINE_INVALID', { reason }, { cause })
}
