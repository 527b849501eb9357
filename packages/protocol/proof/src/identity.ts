/** Layer 1, identity: who both sides are, and which key signs their logs (spec 12-proof-bundle, clause 12.4). */
import { fromBase64url } from '@talos/bytes'
import type { Did, ProofBundleIdentity, ProofBundleParty } from '@talos/contracts'
import { didDocument, encodeDidDocument, openLogKeyDelegation, type VerifiedKeyLog } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { logVerifierKey, type VerifierKey } from '@talos/merkle'
import { type Checks, demand } from './checks.ts'
import { readHistory } from './histories.ts'

/** A side whose document and log key were checked. */
interface VerifiedParty {
  readonly did: Did
  /** The key that the side's log is named by, which its entries name: the same, or another one of the same agent. */
  readonly logDid: Did
  /** Checks the checkpoints of this side's log; its name is the log's origin. */
  readonly logKey: VerifierKey
}

export interface VerifiedIdentities {
  readonly agent: VerifiedParty
  readonly executor: VerifiedParty
  /** Key logs that the bundle holds, of both sides and of others. */
  readonly histories: readonly VerifiedKeyLog[]
}

type Side = 'agent' | 'executor'

/** The name of a log: the key that it began with, and a decimal from 1 on (11-checkpoint 11.4). */
const ORIGIN = /^talos\/(z[1-9A-HJ-NP-Za-km-z]{1,64})\/[1-9][0-9]{0,15}$/

export function checkIdentity(
  identity: ProofBundleIdentity,
  { checks, kernel }: { readonly checks: Checks; readonly kernel: Kernel },
): VerifiedIdentities {
  const histories: VerifiedKeyLog[] = []
  const check = (side: Side): VerifiedParty => {
    const history = checkHistory(identity[side], { side, checks, kernel })
    if (history !== undefined) histories.push(history)
    return checkParty(identity[side], { side, history, checks, kernel })
  }
  const [agent, executor] = [check('agent'), check('executor')]
  const { others = [] } = identity
  if (others.length > 0) {
    checks.ask('identity.others', 'PROOF_IDENTITY_HISTORY', () => {
      for (const { entries } of others) histories.push(readHistory(entries, kernel))
    })
  }
  return { agent, executor, histories }
}

interface PartyContext {
  readonly side: Side
  readonly checks: Checks
  readonly kernel: Kernel
}

/** A did:key that has had no other needs no history. */
function checkHistory({ did, history }: ProofBundleParty, context: PartyContext): VerifiedKeyLog | undefined {
  const { side, checks, kernel } = context
  if (history.length === 0) return undefined
  return checks.ask(`identity.${side}.history`, 'PROOF_IDENTITY_HISTORY', () => {
    const log = readHistory(history, kernel)
    demand(lists(log, did), 'PROOF_IDENTITY_HISTORY', { side, reason: 'it is of another agent' })
    return log
  })
}

function checkParty(
  party: ProofBundleParty,
  context: PartyContext & { readonly history: VerifiedKeyLog | undefined },
): VerifiedParty {
  const { did, document, logKey } = party
  const { side, history, checks, kernel } = context
  checks.ask(`identity.${side}.document`, 'PROOF_IDENTITY_DOCUMENT', () => {
    const derived = encodeDidDocument(didDocument({ did }))
    demand(encodeDidDocument(document) === derived, 'PROOF_IDENTITY_DOCUMENT', { side })
  })
  const delegation = checks.ask(`identity.${side}.logKey`, 'PROOF_IDENTITY_LOG_KEY', () => {
    const opened = openLogKeyDelegation(fromBase64url(logKey), { kernel })
    const isOwn = opened.issuer === did || lists(history, opened.issuer)
    demand(isOwn, 'PROOF_IDENTITY_LOG_KEY', { side, reason: 'another identity signed it' })
    // Whoever has a compromised key could name a log key of their own.
    const isGood = history?.keys.every((key) => key.did !== opened.issuer || key.standing !== 'compromised') ?? true
    demand(isGood, 'PROOF_IDENTITY_LOG_KEY', { side, reason: 'the key that signed it is compromised' })
    return opened
  })
  const logDid = checks.ask(`identity.${side}.origin`, 'PROOF_IDENTITY_ORIGIN', () => {
    const named = `did:key:${ORIGIN.exec(delegation.origin)?.[1]}` as Did
    demand(named === did || lists(history, named), 'PROOF_IDENTITY_ORIGIN', { side })
    return named
  })
  const { origin, logPublicKey: publicKey } = delegation
  return { did, logDid, logKey: logVerifierKey({ origin, publicKey, kernel }) }
}

function lists(history: VerifiedKeyLog | undefined, did: Did): boolean {
  return history?.keys.some((key) => key.did === did) === true
}
