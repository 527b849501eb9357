/**
 * Issuers whose lists of revocations contradict each other, as running agents found and kept them (spec 09-receipt-revocation,
 * 9.7), and the evidence of it (spec 24-light-client, 24.8).
 */
import { makeRevocationFork, type VerifiedRevocationFork } from '@talos/audit'
import {
  type ConflictingHeads,
  openRevocationHead,
  RevocationList,
  type VerifiedRevocationHead,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import type { AgentReader } from './reader.ts'

export interface RevocationFork {
  readonly issuer: Did
  /** The head of the shorter list. */
  readonly first: VerifiedRevocationHead
  readonly second: VerifiedRevocationHead
  /** What shows it to anybody; undefined where that was not kept, or is larger than evidence may be. */
  readonly evidence: VerifiedRevocationFork | undefined
}

type ForkReader = Pick<AgentReader, 'database' | 'kernel' | 'identities' | 'keyLog'>

/** All of them, in the order of the keys that signed. @throws TalosError store codes */
export function revocationForks(reader: ForkReader): readonly RevocationFork[] {
  const { database, kernel } = reader
  return database.revocations.heads().flatMap(({ issuer, bytes, contradiction }) => {
    if (contradiction === undefined) return []
    const heads = [openRevocationHead(bytes, { kernel }), openRevocationHead(contradiction, { kernel })] as const
    const [first, second] = heads[0].n > heads[1].n ? [heads[1], heads[0]] : heads
    return [{ issuer, first, second, evidence: evidenceOf(reader, { issuer, heads, first, second }) }]
  })
}

interface ForkedLists {
  readonly issuer: Did
  readonly heads: ConflictingHeads
  readonly first: VerifiedRevocationHead
  readonly second: VerifiedRevocationHead
}

function evidenceOf(reader: ForkReader, lists: ForkedLists): VerifiedRevocationFork | undefined {
  const { heads, issuer } = lists
  const split = splitOf(reader, lists)
  const made = { heads, kernel: reader.kernel, ...(split !== undefined && { split }) }
  const history = historyOf(reader, issuer)
  const attempt = (more: object) => {
    try {
      return makeRevocationFork({ ...made, ...more })
    } catch (error) {
      if (isTalosError(error, 'FORK_INVALID') || isTalosError(error, 'INPUT_TOO_LARGE')) return undefined
      throw error
    }
  }
  return (history === undefined ? undefined : attempt({ history })) ?? attempt({})
}

/** What the longer list passes at the length of the shorter one, and its names from there on, where the heads alone show nothing. */
function splitOf({ database, kernel }: ForkReader, { issuer, heads, first, second }: ForkedLists) {
  if (first.n === second.n || first.atS > second.atS) return undefined
  const known = database.revocations.names(issuer)
  const offered = second === heads[1] ? database.revocations.offered(issuer) : { after: second.n, names: [] }
  if (offered === undefined) return undefined
  const longer = [...known.slice(0, offered.after), ...offered.names]
  const list = new RevocationList({ issuer, kernel })
  for (const name of longer.slice(0, first.n)) list.append(name)
  return { digest: list.digest, items: longer.slice(first.n, second.n).map(({ digest }) => digest) }
}

/** The text of the issuer's key log, where it has had more than one key. */
function historyOf({ database, identities, keyLog }: ForkReader, issuer: Did): string | undefined {
  const identity = identities.find(issuer)
  if (identity === undefined || identity.versionIds.length < 2) return undefined
  return identity.id === keyLog?.name ? keyLog.text : database.identities.log(identity.id)
}
