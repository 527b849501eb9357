/** Layer 1, identity: who both sides are, and which key signs their logs (spec 12-proof-bundle, clause 12.4). */
import { fromBase64url } from '@talos/bytes'
import type { Did, ProofBundleIdentity, ProofBundleParty } from '@talos/contracts'
import { didDocument, encodeDidDocument, openLogKeyDelegation } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { logVerifierKey, type VerifierKey } from '@talos/merkle'
import { type Checks, demand } from './checks.ts'

/** A side whose document and log key were checked. */
interface VerifiedParty {
  readonly did: Did
  /** Checks the checkpoints of this side's log; its name is the log's origin. */
  readonly logKey: VerifierKey
}

export interface VerifiedIdentities {
  readonly agent: VerifiedParty
  readonly executor: VerifiedParty
}

type Side = keyof VerifiedIdentities

/** A decimal from 1 on (11-checkpoint 11.4). */
const EPOCH = /^[1-9][0-9]{0,15}$/

export function checkIdentity(
  identity: ProofBundleIdentity,
  { checks, kernel }: { readonly checks: Checks; readonly kernel: Kernel },
): VerifiedIdentities {
  const check = (side: Side): VerifiedParty => checkParty(identity[side], { side, checks, kernel })
  return { agent: check('agent'), executor: check('executor') }
}

function checkParty(
  party: ProofBundleParty,
  { side, checks, kernel }: { readonly side: Side; readonly checks: Checks; readonly kernel: Kernel },
): VerifiedParty {
  const { did, document, logKey } = party
  checks.ask(`identity.${side}.document`, 'PROOF_IDENTITY_DOCUMENT', () => {
    const derived = encodeDidDocument(didDocument({ did }))
    demand(encodeDidDocument(document) === derived, 'PROOF_IDENTITY_DOCUMENT', { side })
  })
  const delegation = checks.ask(`identity.${side}.logKey`, 'PROOF_IDENTITY_LOG_KEY', () => {
    const opened = openLogKeyDelegation(fromBase64url(logKey), { kernel })
    demand(opened.issuer === did, 'PROOF_IDENTITY_LOG_KEY', { side, reason: 'another identity signed it' })
    return opened
  })
  checks.ask(`identity.${side}.origin`, 'PROOF_IDENTITY_ORIGIN', () => {
    const name = `talos/${did.slice('did:key:'.length)}/`
    const isNamed = delegation.origin.startsWith(name) && EPOCH.test(delegation.origin.slice(name.length))
    demand(isNamed, 'PROOF_IDENTITY_ORIGIN', { side })
  })
  const { origin, logPublicKey: publicKey } = delegation
  return { did, logKey: logVerifierKey({ origin, publicKey, kernel }) }
}
