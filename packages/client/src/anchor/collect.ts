/** What an agent answers for at this moment, as leaves of its log of logs (spec 25-anchor, clause 25.2). */
import { checkpointStatement, encodeStatement, identityStatement, revocationsStatement } from '@talos/anchor'
import { utf8 } from '@talos/bytes'
import { openRevocationHead } from '@talos/capability'
import { parseCheckpoint, splitNote } from '@talos/merkle'
import type { AnchorLeaf } from '@talos/storage'
import type { Agent } from '../agent.ts'
import { ANCHOR_OTHERS_MAX } from './options.ts'

export interface CollectOptions {
  readonly agent: Agent
  /** The checkpoint of the agent's own log. */
  readonly note: string
  /** Whether logs that this agent witnessed are covered. */
  readonly others: boolean
}

/** Leaves that the log of logs does not have yet, the own log's first. */
export function collect({ agent, note, others }: CollectOptions): readonly AnchorLeaf[] {
  const { anchors } = agent.database
  const leaves = [
    checkpointLeaf(note),
    revocationsLeaf(agent),
    identityLeaf(agent),
    ...(others ? witnessed(agent) : []),
  ]
  return leaves
    .filter((leaf) => leaf !== undefined)
    .filter(({ kind, subject, size }) => (anchors.newest(kind, subject)?.size ?? -1) < size)
}

function checkpointLeaf(note: string): AnchorLeaf {
  const { origin, size, root } = parseCheckpoint(splitNote(note).text)
  const statement = encodeStatement(checkpointStatement({ origin, size, root }))
  return { kind: 'checkpoint', subject: origin, size, statement, note }
}

/** The agent's own list; none where it has revoked nothing. */
function revocationsLeaf({ did, database, kernel }: Agent): AnchorLeaf | undefined {
  const stored = database.revocations.heads().find(({ issuer }) => issuer === did)
  if (stored === undefined) return undefined
  const { issuer, n, digest } = openRevocationHead(stored.bytes, { kernel })
  return {
    kind: 'revocations',
    subject: issuer,
    size: n,
    statement: encodeStatement(revocationsStatement({ issuer, n, digest })),
  }
}

function identityLeaf({ keyLog, kernel }: Agent): AnchorLeaf {
  const { name: did, version, text } = keyLog
  const hash = kernel.sha256(utf8(text.trimEnd().split('\n').at(-1) ?? ''))
  return {
    kind: 'identity',
    subject: did,
    size: version,
    statement: encodeStatement(identityStatement({ did, version, hash })),
  }
}

/** The newest checkpoints of others' logs that this agent cosigned. */
function witnessed({ database }: Agent): readonly AnchorLeaf[] {
  return database.witness
    .newest(ANCHOR_OTHERS_MAX)
    .flatMap(({ note }) => (note === undefined ? [] : [checkpointLeaf(note)]))
}
