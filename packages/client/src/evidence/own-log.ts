/**
 * This agent's half of a proof: entries with their inclusion, a later checkpoint with who saw it, and its anchor (spec
 * 12-proof-bundle, clauses 12.5, 12.13 to 12.15).
 */
import { onlySignedBy, type WitnessPolicy } from '@talos/audit'
import type { AnchorProof, AppFrameInclusion, AppFrameLogHead, AppFrameWitnessKey } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { parseCheckpoint, splitNote } from '@talos/merkle'
import type { Agent } from '../agent.ts'
import type { AnchorKeeper } from '../anchor/keeper.ts'
import { isSignedBy, witnessedLog } from '../witness/bundle-parts.ts'

/** What one side's log says of a call. */
export interface LogEvidence {
  /** In the order of the leaf hashes, all under one checkpoint. */
  readonly inclusions: readonly AppFrameInclusion[]
  /** Undefined where nobody saw a checkpoint that covers the entries, and no chain has one. */
  readonly log: AppFrameLogHead | undefined
  /** Who cosigned `log`. */
  readonly witnesses: readonly AppFrameWitnessKey[]
  readonly anchors: readonly AnchorProof[]
}

export interface LogEvidenceOptions {
  readonly agent: Agent
  readonly anchors: Pick<AnchorKeeper, 'anchorsFor'>
  /** What counts as witnessed, as it is set now. */
  readonly policy: () => WitnessPolicy | undefined
}

/** A checkpoint that others saw. */
interface Later extends Omit<LogEvidence, 'inclusions' | 'log'> {
  readonly size: number
  readonly checkpoint: string
}

/** @throws TalosError `EVIDENCE_MISSING` where an entry is not found; log and store codes */
export async function logEvidence(
  leafHashes: readonly Uint8Array[],
  options: LogEvidenceOptions,
): Promise<LogEvidence> {
  const { log } = options.agent
  const indexes = leafHashes.map((leafHash) => {
    const index = log.find(leafHash)
    if (index === undefined) throw new TalosError('EVIDENCE_MISSING', { missing: 'an entry of the log' })
    return index
  })
  const last = Math.max(...indexes)
  const later = laterOf(last, options)
  const checkpoint = later === undefined ? await log.checkpoint() : earliestOf(last, { later, ...options })
  const inclusions = indexes.map((index) => ({
    entry: log.reader.entry(index).body,
    proof: log.reader.tlogProof({ index, checkpoint }),
  }))
  if (later === undefined) return { inclusions, log: undefined, witnesses: [], anchors: [] }
  const { size: from } = parseCheckpoint(splitNote(checkpoint).text)
  const consistency = log.reader.consistency({ from, to: later.size })
  const { witnesses, anchors } = later
  return { inclusions, log: { checkpoint: later.checkpoint, consistency }, witnesses, anchors }
}

/**
 * A checkpoint that covers an entry and is anchored and witnessed alike, where there is one; else the newest that enough witnesses
 * cosigned, else the anchored one.
 */
function laterOf(index: number, { agent, anchors, policy }: LogEvidenceOptions): Later | undefined {
  const { verifierKey } = agent.log
  const asked = { index, policy: policy() }
  const [anchored] = anchors.anchorsFor({ origin: verifierKey.name, size: index + 1 })
  const newest = witnessedLog(agent, asked)
  const seen = newest && { ...newest, anchors: [] }
  if (anchored === undefined || !isSignedBy(anchored.note, verifierKey)) return seen
  const { checkpoint, proof, note } = anchored
  const { size } = checkpoint
  const both = witnessedLog(agent, { ...asked, size })
  if (newest?.isEnough === true && both?.isEnough !== true) return seen
  const plain = { checkpoint: onlySignedBy(note, [verifierKey]), witnesses: [] }
  return { size, ...(both ?? plain), anchors: [proof] }
}

/** The first checkpoint that others saw and that covers an entry, with the log's line alone. */
function earliestOf(
  index: number,
  { agent, later }: Pick<LogEvidenceOptions, 'agent'> & { readonly later: Later },
): string {
  const { database, log } = agent
  const { verifierKey: key } = log
  const earlier = database.witness
    .heads()
    .findLast(({ size, note }) => size > index && size < later.size && isSignedBy(note, key))
  return onlySignedBy(earlier === undefined ? later.checkpoint : earlier.note, [key])
}
