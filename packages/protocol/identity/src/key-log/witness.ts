/**
 * Approvals of witnesses (spec 18-key-log, 18.12; did:webvh 1.0, "DID Witnesses").
 *
 * A witness signs `{"versionId": ...}` of an entry and with it approves that entry and all before it. The signed text names
 * no DID, so only approvals of versions that stand in this very log count: the hash in a versionId binds them to it.
 */
import { type JsonValue, parseJson } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { checkProof } from '../did/data-integrity.ts'
import { isJsonArray, isJsonObject, member } from '../did/json.ts'
import { KEY_LOG_MAX_ENTRIES, KEY_LOG_MAX_LIST, KEY_LOG_MAX_WITNESS_BYTES } from './limits.ts'
import type { KeyLogEntry, WitnessTerms } from './types.ts'

/** Deepest container of a witness file: list, item, proofs, proof, and one within that. */
const MAX_DEPTH = 8

/**
 * Checks that every entry which must be approved is.
 *
 * @throws TalosError `KEY_LOG_WITNESS` for too few approvals, `KEY_LOG_MALFORMED` for a file of another form
 */
export function checkWitnesses(
  entries: readonly KeyLogEntry[],
  options: { readonly kernel: Kernel; readonly witnessFile: string | undefined },
): void {
  const needs = entries.map((entry, index) => ({ entry, terms: termsFor(entry, entries[index - 1]) }))
  if (needs.every(({ terms }) => terms === undefined)) return
  const approved = readApprovals(entries, options)
  for (const { entry, terms } of needs) {
    if (terms === undefined) continue
    const have = terms.witnesses.filter((did) => (approved.get(did) ?? 0) >= entry.number).length
    if (have < terms.threshold) {
      throw new TalosError('KEY_LOG_WITNESS', { entry: entry.number, have, need: terms.threshold })
    }
  }
}

/** New witnesses take over after the entry that names them; the first ones approve the very entry that does. */
function termsFor(entry: KeyLogEntry, before: KeyLogEntry | undefined): WitnessTerms | undefined {
  return before?.parameters.witness ?? entry.parameters.witness
}

/** The highest entry that each witness approved. */
function readApprovals(
  entries: readonly KeyLogEntry[],
  { kernel, witnessFile = '[]' }: { readonly kernel: Kernel; readonly witnessFile: string | undefined },
): ReadonlyMap<Did, number> {
  const numbers = new Map(entries.map(({ versionId, number }) => [versionId, number]))
  const witnesses = new Set(entries.flatMap(({ parameters }) => parameters.witness?.witnesses ?? []))
  const approved = new Map<Did, number>()
  for (const { versionId, proofs } of readFile(witnessFile)) {
    const number = numbers.get(versionId)
    if (number === undefined) continue
    for (const proof of proofs) {
      const did = signerOf(proof)
      if (did === undefined || !witnesses.has(did) || (approved.get(did) ?? 0) >= number) continue
      if (isApproval(kernel, { versionId, proof })) approved.set(did, number)
    }
  }
  return approved
}

/** Who says to have made the proof, before that is checked; spares the proofs of strangers. */
function signerOf(proof: JsonValue): Did | undefined {
  const method = isJsonObject(proof) ? member(proof, 'verificationMethod') : undefined
  return typeof method === 'string' ? (method.split('#', 1)[0] as Did) : undefined
}

function isApproval(
  kernel: Kernel,
  { versionId, proof }: { readonly versionId: string; readonly proof: JsonValue },
): boolean {
  try {
    checkProof({ kernel, document: { versionId }, proof, purpose: 'assertionMethod' })
    return true
  } catch {
    return false
  }
}

interface Approval {
  readonly versionId: string
  readonly proofs: readonly JsonValue[]
}

function readFile(text: string): readonly Approval[] {
  const malformed = (cause?: unknown) =>
    new TalosError('KEY_LOG_MALFORMED', { reason: 'the file of its witnesses is of another form' }, { cause })
  let file: JsonValue
  try {
    file = parseJson(text, { maxBytes: KEY_LOG_MAX_WITNESS_BYTES, maxDepth: MAX_DEPTH })
  } catch (cause) {
    throw malformed(cause)
  }
  if (!isJsonArray(file) || file.length > KEY_LOG_MAX_ENTRIES) throw malformed()
  return file.map((item) => {
    const versionId = isJsonObject(item) ? member(item, 'versionId') : undefined
    const proofs = isJsonObject(item) ? member(item, 'proof') : undefined
    if (typeof versionId !== 'string' || !isJsonArray(proofs) || proofs.length > KEY_LOG_MAX_LIST) throw malformed()
    return { versionId, proofs }
  })
}
