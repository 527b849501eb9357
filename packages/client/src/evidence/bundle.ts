/** Both halves of a call's evidence, joined into one bundle (spec 12-proof-bundle, clause 12.11). */
import { decodeJcs, toHex } from '@talos/bytes'
import type { VerifiedInvocation } from '@talos/capability'
import { type AnchorProof, type AppFrame, type AppFrameWitnessKey, parseAnchorProof } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { openLogKeyDelegation } from '@talos/identity'
import { buildProofBundle, type ProofParts, type ProofParty } from '@talos/proof'
import type { Agent } from '../agent.ts'
import { revocationsThatCount } from '../chain-revocations.ts'
import { discloseFields } from '../disclosure.ts'
import { historiesOf, partyOf } from '../identity/histories.ts'
import type { LogEvidence } from './own-log.ts'

export interface BundleOptions {
  readonly agent: Agent
  readonly call: VerifiedInvocation
  readonly invocation: Uint8Array
  readonly receipt: Uint8Array
  readonly proofs: readonly Uint8Array[]
  /** The caller's half. */
  readonly own: LogEvidence
  /** The executor's half, as it said it. */
  readonly answer: Extract<AppFrame, { t: 'answer' }>
  readonly disclose: readonly string[]
  readonly hideContents: boolean
}

/** Largest bundle has as many; each side gives half of them at most. */
const MAX_WITNESSES = 16

/**
 * Joins and verifies. What the executor adds beyond the call itself (lists, witnesses, anchors) must not cost the caller its
 * proof: where that does not hold, it is left out.
 *
 * @throws TalosError `EVIDENCE_MISSING`, `PROOF_PARTS_INVALID`, `DISCLOSURE_CHOICE`, `DISCLOSURE_DISAGREES`
 */
export function bundleOf(options: BundleOptions): string {
  const common = commonParts(options)
  const extra = extraParts(options)
  try {
    return buildProofBundle({ ...common, ...extra })
  } catch (error) {
    if (!isOfExtra(error)) throw error
  }
  try {
    return buildProofBundle({ ...common, ...extraParts({ ...options, answer: bare(options.answer) }) })
  } catch (error) {
    if (!isOfExtra(error)) throw error
    return buildProofBundle(common)
  }
}

function commonParts({ agent, call, answer, own, disclose, hideContents, ...made }: BundleOptions): ProofParts {
  const { issuer, audience: executor } = call
  const { proofs } = made
  const [outcome, invoked] = answer.inclusions
  const [intent] = own.inclusions
  if (outcome === undefined || intent === undefined) {
    throw new TalosError('EVIDENCE_MISSING', { missing: "the executor's entry" })
  }
  const recorded = answer.inclusions.map(({ entry }) => entry)
  return {
    kernel: agent.kernel,
    agent: partyOf(agent, { did: issuer, logKey: agent.logKey }),
    executor: partyOf(agent, { did: executor, logKey: answer.logKey }),
    histories: historiesOf(agent, { proofs, sides: [issuer, executor] }),
    proofs,
    revocations: revocationsThatCount(answer.revocations, { ...agent, proofs }),
    ...(!hideContents && { invocation: made.invocation }),
    intent,
    receipt: made.receipt,
    outcome,
    ...(invoked !== undefined && { invoked }),
    disclosures: discloseFields({ agent, invocation: call, intent: intent.entry, recorded, choices: disclose }),
  }
}

/** Lists of revocations, later checkpoints with their witnesses, and anchors. */
function extraParts({ agent, own, answer }: BundleOptions): Partial<ProofParts> {
  const anchors = [
    ...own.anchors.map((proof) => ({ side: 'agent', proof }) as const),
    ...answer.anchors.flatMap(anchorIn).map((proof) => ({ side: 'executor', proof }) as const),
  ]
  const sides = { ...(own.log && { agent: own.log }), ...(answer.log && { executor: answer.log }) }
  const ofOwn = own.witnesses.map(witnessOf)
  // One agent may have cosigned both logs, by one key.
  const known = new Set(ofOwn.map((witness) => keyOf(witness, agent)))
  const others = answer.witnesses.map(witnessOf).filter((witness) => !known.has(keyOf(witness, agent)))
  return {
    heads: answer.heads,
    logs: sides,
    witnesses: [...ofOwn, ...others].slice(0, MAX_WITNESSES),
    anchors,
  }
}

function witnessOf({ did, logKey, history }: AppFrameWitnessKey): ProofParty {
  return { did, logKey, ...(history !== '' && { history }) }
}

/** The key that a delegation is of; undefined where it does not open: then the bundle is refused for it. */
function keyOf({ logKey }: ProofParty, { kernel }: Agent): string | undefined {
  try {
    const { origin, logPublicKey } = openLogKeyDelegation(logKey, { kernel })
    return `${origin} ${toHex(logPublicKey)}`
  } catch (error) {
    if (!isTalosError(error)) throw error
    return undefined
  }
}

/** What is no anchor is none of the caller's. */
function anchorIn(bytes: Uint8Array): readonly AnchorProof[] {
  try {
    return [parseAnchorProof(decodeJcs(bytes))]
  } catch (error) {
    if (!isTalosError(error)) throw error
    return []
  }
}

/** The executor's half with nothing beyond the call itself. */
function bare({ log: _log, ...answer }: BundleOptions['answer']): BundleOptions['answer'] {
  return { ...answer, heads: [], witnesses: [], anchors: [] }
}

function isOfExtra(error: unknown): boolean {
  if (!isTalosError(error, 'PROOF_PARTS_INVALID')) return false
  return /^PROOF_(?:AUTHORITY_(?:HEADS|FORM)|LOGS|WITNESS|ANCHOR|TOO_LARGE)/.test(String(error.details['reason']))
}
