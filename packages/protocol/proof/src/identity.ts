/** Identity: who both sides are, and which key signs their logs (spec 12-proof-bundle, clause 12.4). */
import type { Did, ProofBundleIdentity, ProofBundleParty } from '@talos/contracts'
import {
  LOG_KEY_ENVELOPE,
  type LogKeyDelegation,
  logKeyDelegationOf,
  newerKeyLog,
  plainDidDocument,
  type ReadEnvelope,
  type VerifiedKeyLog,
} from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { logVerifierKey, type VerifierKey } from '@talos/merkle'
import { type Checks, demand } from './checks.ts'
import type { Envelopes } from './envelopes.ts'
import { readHistory } from './histories.ts'

/** The two sides of a call. */
export type Side = 'agent' | 'executor'

export const SIDES = ['agent', 'executor'] as const

interface ReadParty {
  readonly party: ProofBundleParty
  readonly logKey: ReadEnvelope
}

/** Both sides as the bundle names them. */
export interface ReadIdentities {
  readonly agent: ReadParty
  readonly executor: ReadParty
  readonly others: readonly { readonly entries: readonly string[] }[]
}

interface OpenedParty {
  readonly party: ProofBundleParty
  readonly delegation: LogKeyDelegation
  /** Checks the checkpoints of this side's log; its name is the log's origin. */
  readonly logKey: VerifierKey
}

/** Both sides with the keys of their logs; whose keys those are is still to be seen. */
export interface OpenedIdentities {
  readonly agent: OpenedParty
  readonly executor: OpenedParty
  readonly others: ReadIdentities['others']
}

/** A side whose document and log key were checked. */
interface VerifiedParty {
  readonly did: Did
  /** The key that the side's log is named by, which its entries name: the same, or another one of the same agent. */
  readonly logDid: Did
  /** All keys of the side's agent that are known. */
  readonly keys: readonly Did[]
}

export interface VerifiedIdentities {
  readonly agent: VerifiedParty
  readonly executor: VerifiedParty
  /** Key logs of both sides and of others, each in the newest state that is known. */
  readonly histories: readonly VerifiedKeyLog[]
}

/** The name of a log: the key that it began with, and a decimal from 1 on (11-checkpoint 11.4). */
const ORIGIN = /^talos\/(z[1-9A-HJ-NP-Za-km-z]{1,64})\/[1-9][0-9]{0,15}$/

/** The structural layer: documents, and the form of the delegations. */
export function readIdentities(
  identity: ProofBundleIdentity,
  { checks, envelopes }: { readonly checks: Checks; readonly envelopes: Envelopes },
): ReadIdentities {
  const read = (side: Side): ReadParty => {
    const party = identity[side]
    checks.ask(`identity.${side}.document`, 'PROOF_IDENTITY_DOCUMENT', () => {
      const derived = plainDidDocument(party.did)
      // It was read from canonical JSON, so that its members stand in their order.
      demand(JSON.stringify(party.document) === derived, 'PROOF_IDENTITY_DOCUMENT', { side })
    })
    const logKey = checks.ask(`identity.${side}.logKey`, 'PROOF_IDENTITY_LOG_KEY', () =>
      envelopes.read(party.logKey, LOG_KEY_ENVELOPE),
    )
    return { party, logKey }
  }
  return { agent: read('agent'), executor: read('executor'), others: identity.others ?? [] }
}

/** The cryptographic layer: the delegations' signatures. */
export function openIdentities(
  read: ReadIdentities,
  context: { readonly checks: Checks; readonly envelopes: Envelopes; readonly kernel: Kernel },
): OpenedIdentities {
  const { checks, envelopes, kernel } = context
  const open = (side: Side): OpenedParty => {
    const { party, logKey } = read[side]
    const delegation = checks.ask(`identity.${side}.logKey.signature`, 'PROOF_IDENTITY_LOG_KEY', () =>
      logKeyDelegationOf(envelopes.verified(logKey)),
    )
    const { origin, logPublicKey: publicKey } = delegation
    return { party, delegation, logKey: logVerifierKey({ origin, publicKey, kernel }) }
  }
  return { agent: open('agent'), executor: open('executor'), others: read.others }
}

export interface IdentityContext {
  readonly checks: Checks
  readonly kernel: Kernel
  /** Key logs that the verifier has: what they say beyond the bundle's counts as well. */
  readonly keyLogs: readonly VerifiedKeyLog[]
}

/** The chain layer: key logs, and whose the log keys are. */
export function proveIdentities(opened: OpenedIdentities, context: IdentityContext): VerifiedIdentities {
  const { checks, kernel } = context
  const own = SIDES.map((side) => checkHistory(opened[side].party, { side, checks, kernel }))
  const others = opened.others.length === 0 ? [] : checkOthers(opened.others, { checks, kernel })
  const carried = [...own, ...others].filter((log) => log !== undefined)
  const newer = checkKeyLogs(carried, context)
  const prove = (side: Side): VerifiedParty => {
    const { did } = opened[side].party
    // The verifier's own comes last: it is at least as new, and lists every key that an older state lists.
    const history = [own[SIDES.indexOf(side)], ...newer].findLast((log) => lists(log, did))
    return checkParty(opened[side], { side, history, checks })
  }
  return { agent: prove('agent'), executor: prove('executor'), histories: [...carried, ...newer] }
}

interface LogContext {
  readonly checks: Checks
  readonly kernel: Kernel
}

/** A did:key that has had no other needs no history. */
function checkHistory(
  { did, history }: ProofBundleParty,
  { side, checks, kernel }: LogContext & { readonly side: Side },
): VerifiedKeyLog | undefined {
  if (history.length === 0) return undefined
  return checks.ask(`identity.${side}.history`, 'PROOF_IDENTITY_HISTORY', () => {
    const log = readHistory(history, kernel)
    demand(lists(log, did), 'PROOF_IDENTITY_HISTORY', { side, reason: 'it is of another agent' })
    return log
  })
}

function checkOthers(others: ReadIdentities['others'], { checks, kernel }: LogContext): readonly VerifiedKeyLog[] {
  return checks.ask('identity.others', 'PROOF_IDENTITY_HISTORY', () =>
    others.map(({ entries }) => readHistory(entries, kernel)),
  )
}

/** Those of the verifier's key logs that say more than the bundle's: none may contradict it. */
function checkKeyLogs(
  carried: readonly VerifiedKeyLog[],
  { checks, keyLogs }: IdentityContext,
): readonly VerifiedKeyLog[] {
  if (keyLogs.length === 0) return []
  return checks.ask('identity.keyLogs', 'PROOF_IDENTITY_KEY_LOGS', () =>
    keyLogs.filter((known) => {
      const same = carried.filter(({ scid }) => scid === known.scid)
      const isNewest = same.every(({ entries }) => entries.length <= known.entries.length)
      for (const log of same) {
        const [older, newer] = log.entries.length <= known.entries.length ? [log, known] : [known, log]
        newerKeyLog(older, newer)
      }
      return isNewest
    }),
  )
}

function checkParty(
  { party, delegation }: OpenedParty,
  context: { readonly side: Side; readonly checks: Checks; readonly history: VerifiedKeyLog | undefined },
): VerifiedParty {
  const { did } = party
  const { side, history, checks } = context
  checks.ask(`identity.${side}.logKey.issuer`, 'PROOF_IDENTITY_LOG_KEY', () => {
    const { issuer } = delegation
    const isOwn = issuer === did || lists(history, issuer)
    demand(isOwn, 'PROOF_IDENTITY_LOG_KEY', { side, reason: 'another identity signed it' })
    // Whoever has a compromised key could name a log key of their own.
    const isLost = isCompromised(history, issuer)
    demand(!isLost, 'PROOF_IDENTITY_LOG_KEY', { side, reason: 'the key that signed it is compromised' })
  })
  const logDid = checks.ask(`identity.${side}.origin`, 'PROOF_IDENTITY_ORIGIN', () => {
    const named = `did:key:${ORIGIN.exec(delegation.origin)?.[1]}` as Did
    demand(named === did || lists(history, named), 'PROOF_IDENTITY_ORIGIN', { side })
    return named
  })
  return { did, logDid, keys: history === undefined ? [did] : history.keys.map((key) => key.did) }
}

export function lists(history: VerifiedKeyLog | undefined, did: Did): boolean {
  return history?.keys.some((key) => key.did === did) === true
}

export function isCompromised(history: VerifiedKeyLog | undefined, did: Did): boolean {
  return history?.keys.some((key) => key.did === did && key.standing === 'compromised') === true
}
