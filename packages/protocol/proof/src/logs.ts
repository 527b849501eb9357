/**
 * Later checkpoints of both logs, and who saw them: that what was proven is still there, and that nobody was shown another log
 * (spec 12-proof-bundle, clauses 12.13 and 12.14).
 */
import { type Cosignature, type WitnessPolicy, witnessName } from '@talos/audit'
import { fromBase64 } from '@talos/bytes'
import type { Did, ProofBundle, ProofBundleLogHead, ProofBundleWitness } from '@talos/contracts'
import {
  LOG_KEY_ENVELOPE,
  type LogKeyDelegation,
  logKeyDelegationOf,
  newerKeyLog,
  type ReadEnvelope,
  type VerifiedKeyLog,
} from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { NOTE_COSIGNATURE, type VerifierKey, verifierKey, verifyConsistency, verifyNoteLine } from '@talos/merkle'
import { type Checks, demand } from './checks.ts'
import type { Envelopes } from './envelopes.ts'
import type { VerifiedExecution } from './execution.ts'
import { keysByAgent, readHistory } from './histories.ts'
import { isCompromised, lists, type OpenedIdentities, SIDES, type Side, type VerifiedIdentities } from './identity.ts'
import {
  isByKey,
  type LogPlace,
  type ReadCheckpoint,
  readCheckpoint,
  requireSigned,
  type VerifiedEntry,
} from './inclusion.ts'
import { CLOCK_TOLERANCE_S, type ProvenIntent } from './intent.ts'

interface ReadHead {
  readonly head: ReadCheckpoint
  readonly consistency: readonly Uint8Array[]
}

interface ReadWitness {
  readonly witness: ProofBundleWitness
  readonly logKey: ReadEnvelope
}

/** By side; a side without a later checkpoint is undefined. */
type BySide<T> = Readonly<Record<Side, T | undefined>>

export interface ReadLogs {
  readonly heads: BySide<ReadHead>
  readonly witnesses: readonly ReadWitness[]
}

interface OpenedWitness {
  readonly witness: ProofBundleWitness
  readonly delegation: LogKeyDelegation
  readonly key: VerifierKey
}

interface SeenHead extends ReadHead {
  readonly cosignatures: readonly Cosignature[]
}

export interface OpenedLogs {
  readonly heads: BySide<SeenHead>
  readonly witnesses: readonly OpenedWitness[]
}

/** A witness that saw a checkpoint. */
export interface WitnessFacts {
  readonly did: Did
  /** The name that it signs by. */
  readonly name: string
  /** When it saw it, by its own clock. */
  readonly timeS: number
}

/** A later checkpoint of a side's log, and who saw it. */
export interface ProvenHead {
  readonly place: Omit<LogPlace, 'index'>
  /** 32 bytes. */
  readonly root: Uint8Array
  readonly witnesses: readonly WitnessFacts[]
  readonly cosignatures: readonly Cosignature[]
  /** Of the newest entry of the side that the bundle shows, in milliseconds: nobody saw it before. */
  readonly recordedMs: number
}

export type ProvenLogs = BySide<ProvenHead>

interface PartContext {
  readonly checks: Checks
  readonly kernel: Kernel
  readonly envelopes: Envelopes
}

/** The structural layer. */
export function readLogs(
  { logs = {}, witnesses }: Pick<ProofBundle, 'logs' | 'witnesses'>,
  { checks, envelopes }: Omit<PartContext, 'kernel'>,
): ReadLogs {
  const read = (side: Side, head: ProofBundleLogHead | undefined): ReadHead | undefined => {
    if (head === undefined) return undefined
    return checks.ask(`logs.${side}.note`, 'PROOF_LOGS_CHECKPOINT', () => ({
      head: readCheckpoint(head.checkpoint),
      consistency: head.consistency.map(fromBase64),
    }))
  }
  const heads = { agent: read('agent', logs.agent), executor: read('executor', logs.executor) }
  const taken = witnesses.map((witness, index) => {
    const logKey = checks.ask(`witnesses[${index}].key`, 'PROOF_WITNESS_KEY', () =>
      envelopes.read(witness.logKey, LOG_KEY_ENVELOPE),
    )
    return { witness, logKey }
  })
  return { heads, witnesses: taken }
}

/** The cryptographic layer: the witnesses' delegations, the log's own line, and every cosignature. */
export function openLogs(
  { heads, witnesses }: ReadLogs,
  context: PartContext & { readonly identities: OpenedIdentities },
): OpenedLogs {
  const { checks, envelopes, kernel } = context
  const opened = witnesses.map(({ witness, logKey }, index): OpenedWitness => {
    const delegation = checks.ask(`witnesses[${index}].key.signature`, 'PROOF_WITNESS_KEY', () =>
      logKeyDelegationOf(envelopes.verified(logKey)),
    )
    const { origin: name, logPublicKey: publicKey } = delegation
    return { witness, delegation, key: verifierKey({ name, type: NOTE_COSIGNATURE, publicKey, kernel }) }
  })
  const see = (side: Side): SeenHead | undefined => {
    const head = heads[side]
    return head && { ...head, cosignatures: checkLines(head.head, { ...context, side, witnesses: opened }) }
  }
  return { heads: { agent: see('agent'), executor: see('executor') }, witnesses: opened }
}

/** The first line is the log's, every other one is a witness's; all of them are good. */
function checkLines(
  head: ReadCheckpoint,
  context: PartContext & {
    readonly side: Side
    readonly identities: OpenedIdentities
    readonly witnesses: readonly OpenedWitness[]
  },
): readonly Cosignature[] {
  const { checks, kernel, side, identities, witnesses } = context
  const { text, further } = head
  checks.ask(`logs.${side}.checkpoint`, 'PROOF_LOGS_CHECKPOINT', () =>
    requireSigned(head, { logKey: identities[side].logKey, kernel, code: 'PROOF_LOGS_CHECKPOINT' }),
  )
  const signed = checks.ask(`logs.${side}.cosigners`, 'PROOF_WITNESS_UNKNOWN', () => {
    const keys = new Set<VerifierKey>()
    return further.map((line) => {
      const key = witnesses.find((witness) => isByKey(line, witness.key))?.key
      demand(key !== undefined, 'PROOF_WITNESS_UNKNOWN', { side, reason: 'it is by no witness of the bundle' })
      demand(!keys.has(key), 'PROOF_WITNESS_UNKNOWN', { side, reason: 'one witness has two' })
      keys.add(key)
      return { key, line }
    })
  })
  return checks.ask(`logs.${side}.cosignatures`, 'PROOF_WITNESS_SIGNATURE', () =>
    signed.map(({ key, line }) => {
      const checked = verifyNoteLine({ key, line, text, kernel })
      demand(checked?.timeS !== undefined, 'PROOF_WITNESS_SIGNATURE', { side })
      return { key, timeS: checked.timeS }
    }),
  )
}

export interface ProveContext {
  readonly checks: Checks
  readonly kernel: Kernel
  readonly identities: VerifiedIdentities
  readonly intent: ProvenIntent
  readonly execution: VerifiedExecution
}

/** The chain layer: the later trees extend those of the inclusions, and the witnesses are who they say, and others. */
export function proveLogs({ heads, witnesses }: OpenedLogs, context: ProveContext): ProvenLogs {
  const { checks, intent, execution } = context
  const known = witnesses.map((witness, index) => checkWitness(witness, { ...context, index }))
  const used = new Set(SIDES.flatMap((side) => heads[side]?.cosignatures ?? []).map(({ key }) => key))
  if (witnesses.length > 0) {
    checks.ask('witnesses', 'PROOF_WITNESS_UNUSED', () => {
      for (const [index, { key }] of witnesses.entries()) demand(used.has(key), 'PROOF_WITNESS_UNUSED', { index })
    })
  }
  const prove = (side: Side, entry: VerifiedEntry): ProvenHead | undefined => {
    const head = heads[side]
    return head && proveHead(head, { ...context, side, entry, witnesses: known })
  }
  return { agent: prove('agent', intent.entry), executor: prove('executor', execution.entry) }
}

/** A witness whose identity is known. */
interface KnownWitness {
  readonly did: Did
  readonly key: VerifierKey
  /** All keys of its agent that are known. */
  readonly keys: readonly Did[]
}

/** The identity that a witness acts for let its key sign under the witness's name. */
function checkWitness(
  { witness, delegation, key }: OpenedWitness,
  { checks, kernel, identities, index }: ProveContext & { readonly index: number },
): KnownWitness {
  const { did } = witness
  const own = checks.ask(`witnesses[${index}].history`, 'PROOF_WITNESS_KEY', () => {
    const reason = 'its key log is of another agent'
    if (witness.history.length === 0) return undefined
    const log = readHistory(witness.history, kernel)
    demand(lists(log, did), 'PROOF_WITNESS_KEY', { index, reason })
    // Whoever has a lost key can begin another log with it, which does not know that it is lost.
    const isElsewhere = identities.histories.some(
      ({ scid, keys }) => scid !== log.scid && log.keys.some((key) => keys.some((one) => one.did === key.did)),
    )
    demand(!isElsewhere, 'PROOF_WITNESS_KEY', { index, reason: 'a key of it stands in another key log' })
    return newestOf(log, identities.histories)
  })
  const history = own ?? identities.histories.findLast((log) => lists(log, did))
  const keys = history === undefined ? [did] : history.keys.map((one) => one.did)
  checks.ask(`witnesses[${index}].issuer`, 'PROOF_WITNESS_KEY', () => {
    const { issuer, origin } = delegation
    const demandThat = (condition: boolean, reason: string) => demand(condition, 'PROOF_WITNESS_KEY', { index, reason })
    demandThat(keys.includes(issuer), 'another identity signed it')
    demandThat(
      keys.some((one) => origin === witnessName(one)),
      'its name is not that of its identity',
    )
    demandThat(!isCompromised(history, issuer), 'the key that signed it is compromised')
  })
  return { did, key, keys }
}

/** The newest state of a log that is known. @throws TalosError `KEY_LOG_FORK` */
function newestOf(log: VerifiedKeyLog, histories: readonly VerifiedKeyLog[]): VerifiedKeyLog {
  const [known = log] = histories.filter(({ scid }) => scid === log.scid).slice(-1)
  const [older, newer] = known.entries.length < log.entries.length ? [known, log] : [log, known]
  return newerKeyLog(older, newer)
}

function proveHead(
  { head, consistency, cosignatures }: SeenHead,
  context: ProveContext & {
    readonly side: Side
    readonly entry: VerifiedEntry
    readonly witnesses: readonly KnownWitness[]
  },
): ProvenHead {
  const { checks, kernel, side, entry, identities, witnesses } = context
  const { origin, size, root } = head.checkpoint
  checks.ask(`logs.${side}.consistency`, 'PROOF_LOGS_CONSISTENCY', () => {
    const { size: from, root: fromRoot } = entry.tree
    verifyConsistency({ from, to: size, fromRoot, toRoot: root, proof: consistency, kernel })
  })
  const facts = witnesses.flatMap(({ did, key, keys }) =>
    cosignatures
      .filter((cosignature) => cosignature.key === key)
      .map(({ timeS }) => ({ did, name: key.name, timeS, keys })),
  )
  checks.ask(`logs.${side}.independence`, 'PROOF_WITNESS_OWN', () => {
    const own = keysByAgent(identities.histories)(identities[side].did)
    const isOther = facts.every(({ keys }) => keys.every((key) => !own.includes(key)))
    demand(isOther, 'PROOF_WITNESS_OWN', { side })
  })
  return {
    place: { origin, size },
    root,
    witnesses: facts.map(({ did, name, timeS }) => ({ did, name, timeS })),
    cosignatures,
    recordedMs: entry.entry.ts,
  }
}

/** The semantic layer: nobody saw a call before it was recorded, nor will in the future. */
export function judgeLogs(
  proven: ProvenLogs,
  { checks, nowS }: { readonly checks: Checks; readonly nowS: number },
): ProvenLogs {
  for (const side of SIDES) {
    const head = proven[side]
    if (head === undefined) continue
    checks.ask(`logs.${side}.time`, 'PROOF_WITNESS_TIME', () => {
      const earliestS = Math.floor(head.recordedMs / 1000) - CLOCK_TOLERANCE_S
      for (const { timeS } of head.cosignatures) {
        demand(timeS >= earliestS, 'PROOF_WITNESS_TIME', { side, reason: 'it is earlier than the entry' })
        demand(timeS <= nowS + CLOCK_TOLERANCE_S, 'PROOF_WITNESS_TIME', { side, reason: 'it is in the future' })
      }
    })
  }
  return proven
}

/** Whether a policy is met; without one, one witness is enough. */
export function isWitnessed(head: ProvenHead | undefined, policy: WitnessPolicy | undefined): boolean {
  if (head === undefined) return false
  return policy === undefined ? head.cosignatures.length > 0 : policy.satisfiedBy(head.cosignatures)
}
