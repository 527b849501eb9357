/** One entry of a log and the proof that the log holds it (spec 12-proof-bundle, clause 12.5). */
import { type AuditEntry, decodeEntry } from '@talos/audit'
import { equalBytes, fromBase64url, toHex } from '@talos/bytes'
import type { ProofBundleInclusion } from '@talos/contracts'
import type { ErrorCode } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import {
  type Checkpoint,
  type LeafIndex,
  leafHash,
  parseCheckpoint,
  parseTlogProof,
  type SignatureLine,
  splitNote,
  type VerifierKey,
  verifyInclusion,
  verifyNoteLine,
} from '@talos/merkle'
import { type Checks, demand } from './checks.ts'

/** Where an entry stands, as the log signed it. */
export interface LogPlace {
  readonly origin: string
  readonly index: number
  /** Entries of the tree that the checkpoint signs. */
  readonly size: number
}

/** A signed note that holds a checkpoint, taken apart. */
export interface ReadCheckpoint {
  /** Verbatim. */
  readonly note: string
  /** What is signed. */
  readonly text: string
  /** The log's own line. */
  readonly line: SignatureLine
  readonly further: readonly SignatureLine[]
  readonly checkpoint: Checkpoint
}

/** An entry and a proof that were read. */
export interface ReadInclusion {
  readonly body: Uint8Array
  readonly entry: AuditEntry
  readonly index: LeafIndex
  readonly proof: readonly Uint8Array[]
  readonly head: ReadCheckpoint
}

/** An entry that its log provably holds. */
export interface VerifiedEntry {
  readonly entry: AuditEntry
  /** 64 hex digits. */
  readonly leafHash: string
  readonly place: LogPlace
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string
  /** What it says. */
  readonly tree: Checkpoint
}

export interface InclusionContext {
  readonly checks: Checks
  readonly kernel: Kernel
  /** The part's name, or a name below it: the checks are `<name>.entry`, `.proof`, `.checkpoint` and `.inclusion`. */
  readonly name: string
  readonly codes: { readonly entry: ErrorCode; readonly inclusion: ErrorCode }
}

/** The structural layer. */
export function readInclusion(
  inclusion: ProofBundleInclusion,
  { checks, name, codes }: Omit<InclusionContext, 'kernel'>,
): ReadInclusion {
  const { body, entry } = checks.ask(`${name}.entry`, codes.entry, () => {
    const bytes = fromBase64url(inclusion.entry)
    return { body: bytes, entry: decodeEntry(bytes) }
  })
  return checks.ask(`${name}.proof`, codes.inclusion, () => {
    const { index, proof, checkpoint, extra } = parseTlogProof(inclusion.proof)
    const refuse = (reason: string) => ({ reason })
    demand(extra === undefined, codes.inclusion, refuse('it has an extra line, which nothing signs'))
    const head = readCheckpoint(checkpoint)
    demand(head.further.length === 0, codes.inclusion, refuse('its checkpoint has further signatures'))
    return { body, entry, index, proof, head }
  })
}

/** Takes a signed checkpoint apart. @throws TalosError `NOTE_INVALID`, `CHECKPOINT_INVALID` */
export function readCheckpoint(note: string): ReadCheckpoint {
  const { text, lines } = splitNote(note)
  const [line, ...further] = lines
  return { note, text, line: line as SignatureLine, further, checkpoint: parseCheckpoint(text) }
}

/** The cryptographic layer: that the log signed the checkpoint. */
export function signedInclusion(
  { head }: ReadInclusion,
  { checks, kernel, name, codes, logKey }: InclusionContext & { readonly logKey: VerifierKey },
): void {
  checks.ask(`${name}.checkpoint`, codes.inclusion, () =>
    requireSigned(head, { logKey, kernel, code: codes.inclusion }),
  )
}

/** @throws TalosError `code` unless the first line is the log's signature */
export function requireSigned(
  { text, line, checkpoint }: ReadCheckpoint,
  { logKey, kernel, code }: { readonly logKey: VerifierKey; readonly kernel: Kernel; readonly code: ErrorCode },
): void {
  const isOfLog = checkpoint.origin === logKey.name && isByKey(line, logKey)
  demand(isOfLog, code, { reason: 'its checkpoint is of another log' })
  const isGood = verifyNoteLine({ key: logKey, line, text, kernel }) !== undefined
  demand(isGood, code, { reason: 'the signature of its checkpoint is wrong' })
}

/** Whether a line says that it is by a key; its signature is still to be checked. */
export function isByKey({ name, keyId }: SignatureLine, key: VerifierKey): boolean {
  return name === key.name && equalBytes(keyId, key.keyId)
}

/** The chain layer: that the signed tree holds the entry, at the place that the entry names. */
export function proveInclusion(
  { body, entry, index, proof, head }: ReadInclusion,
  { checks, kernel, name, codes }: InclusionContext,
): VerifiedEntry {
  return checks.ask(`${name}.inclusion`, codes.inclusion, () => {
    const { origin, size, root } = head.checkpoint
    const hash = leafHash(kernel, body)
    verifyInclusion({ index, size, leafHash: hash, proof, root, kernel })
    demand(index === entry.seq, codes.inclusion, { reason: 'the entry belongs to another place' })
    const place = { origin, index, size }
    return { entry, leafHash: toHex(hash), place, checkpoint: head.note, tree: head.checkpoint }
  })
}
