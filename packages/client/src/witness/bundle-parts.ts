/** What goes into a proof bundle of the witnesses of this agent's log (spec 12-proof-bundle, 23-witness). */
import { onlySignedBy, type WitnessPolicy } from '@talos/audit'
import { equalBytes } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { parseVerifierKey, splitNote, type VerifierKey } from '@talos/merkle'
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
  /** Whether these are enough by the policy; without one, any is. */
  readonly isEnough: boolean
}

/**
 * The newest checkpoint of this agent's log that witnesses cosigned, by the policy where there is one, and that covers an
 * entry, or the one of that size; undefined where there is none that the log's present key signed.
 */
export function witnessedLog(
  agent: Agent,
  {
    index,
    policy,
    size,
  }: { readonly index: number; readonly policy: WitnessPolicy | undefined; readonly size?: number },
): WitnessedLog | undefined {
  const { kernel, database, log } = agent
  const { witness } = database
  const heads = () => witness.heads().filter((one) => size === undefined || one.size === size)
  const head = witnessedHeadOf({ witnesses: () => witness.witnesses(), heads }, { policy, kernel })
  if (head === undefined || head.size <= index || !isSignedBy(head.note, log.verifierKey)) return undefined
  const chosen = head.witnesses.slice(0, MAX_BUNDLE_WITNESSES)
  const keys = chosen.map(({ vkey }) => parseVerifierKey(vkey, kernel))
  return {
    size: head.size,
    checkpoint: onlySignedBy(head.note, [log.verifierKey, ...keys]),
    plain: onlySignedBy(head.note, [log.verifierKey]),
    isEnough: head.isWitnessed,
    witnesses: chosen.map(({ peer: did, delegation: logKey }) => ({
      did,
      logKey,
      history: historyOf(agent, did) ?? '',
    })),
  }
}

/** Whether one line of a note says that it is by a key: a log goes on under its name with another key after a theft. */
export function isSignedBy(note: string, key: VerifierKey): boolean {
  return splitNote(note).lines.some(({ name, keyId }) => name === key.name && equalBytes(keyId, key.keyId))
}
