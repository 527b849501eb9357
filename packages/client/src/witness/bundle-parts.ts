/** What goes into a proof bundle of the witnesses of this agent's log (spec 12-proof-bundle, 23-witness). */
import { onlySignedBy, type WitnessPolicy } from '@talos/audit'
import type { Did } from '@talos/contracts'
import { parseVerifierKey } from '@talos/merkle'
import type { Agent } from '../agent.ts'
import { historyOf } from '../identity/histories.ts'
import { witnessedHeadOf } from './witnessed.ts'

/** Witnesses of one log in a bundle: half of those that a bundle has room for, as there are two logs. */
const MAX_BUNDLE_WITNESSES = 8

/** Who cosigned a checkpoint of a bundle. */
interface BundleWitness {
  /** Whose key delegated. */
  readonly did: Did
  /** The delegation of the witness's key. */
  readonly logKey: Uint8Array
  /** The text of its key log; empty where it never had another key. */
  readonly history: string
}

export interface WitnessedLog {
  readonly size: number
  /** The log's line first, then the lines of `witnesses` alone. */
  readonly checkpoint: string
  /** The same with the log's line alone: what inclusions can be proven under. */
  readonly plain: string
  readonly witnesses: readonly BundleWitness[]
}

/**
 * The newest checkpoint of this agent's log that witnesses cosigned, by the policy where there is one, and that covers an
 * entry; undefined where there is none.
 */
export function witnessedLog(
  agent: Agent,
  { index, policy }: { readonly index: number; readonly policy: WitnessPolicy | undefined },
): WitnessedLog | undefined {
  const { kernel, database, log } = agent
  const head = witnessedHeadOf(database.witness, { policy, kernel })
  if (head === undefined || head.size <= index) return undefined
  const chosen = head.witnesses.slice(0, MAX_BUNDLE_WITNESSES)
  const keys = chosen.map(({ vkey }) => parseVerifierKey(vkey, kernel))
  return {
    size: head.size,
    checkpoint: onlySignedBy(head.note, [log.verifierKey, ...keys]),
    plain: onlySignedBy(head.note, [log.verifierKey]),
    witnesses: chosen.map(({ peer: did, delegation: logKey }) => ({
      did,
      logKey,
      history: historyOf(agent, did) ?? '',
    })),
  }
}
