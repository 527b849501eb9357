/** One entry of a log and the proof that the log holds it (spec 12-proof-bundle, clause 12.5). */
import { type AuditEntry, decodeEntry } from '@talos/audit'
import { fromBase64url, toHex } from '@talos/bytes'
import type { ProofBundleInclusion } from '@talos/contracts'
import type { ErrorCode } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { leafHash, parseTlogProof, splitNote, type VerifierKey, verifyTlogProof } from '@talos/merkle'
import { type Checks, demand } from './checks.ts'

/** Where an entry stands, as the log signed it. */
export interface LogPlace {
  readonly origin: string
  readonly index: number
  /** Entries of the tree that the checkpoint signs. */
  readonly size: number
}

/** An entry that its log provably holds. */
export interface VerifiedEntry {
  readonly entry: AuditEntry
  /** 64 hex digits. */
  readonly leafHash: string
  readonly place: LogPlace
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string
}

export interface InclusionContext {
  readonly checks: Checks
  readonly kernel: Kernel
  /** The key of the log that must hold the entry. */
  readonly logKey: VerifierKey
  /** The layer's name, or a name below it: the checks are `<name>.entry` and `<name>.inclusion`. */
  readonly name: string
  readonly codes: { readonly entry: ErrorCode; readonly inclusion: ErrorCode }
}

export function checkInclusion(inclusion: ProofBundleInclusion, context: InclusionContext): VerifiedEntry {
  const { checks, kernel, logKey, name, codes } = context
  const { body, entry } = checks.ask(`${name}.entry`, codes.entry, () => {
    const bytes = fromBase64url(inclusion.entry)
    return { body: bytes, entry: decodeEntry(bytes) }
  })
  return checks.ask(`${name}.inclusion`, codes.inclusion, () => {
    const { checkpoint: note, extra } = parseTlogProof(inclusion.proof)
    const refuse = (reason: string) => ({ reason })
    demand(extra === undefined, codes.inclusion, refuse('it has an extra line, which nothing signs'))
    const hash = leafHash(kernel, body)
    const { index, checkpoint } = verifyTlogProof(inclusion.proof, { leafHash: hash, logKey, kernel })
    demand(splitNote(note).lines.length === 1, codes.inclusion, refuse('its checkpoint has further signatures'))
    demand(index === entry.seq, codes.inclusion, refuse('the entry belongs to another place'))
    const place = { origin: checkpoint.origin, index, size: checkpoint.size }
    return { entry, leafHash: toHex(hash), place, checkpoint: note }
  })
}
