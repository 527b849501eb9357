/** Building a proof bundle out of one call's evidence (spec 12-proof-bundle, clause 12.11). */
import { encodeJcs, type JsonValue, toBase64, toBase64url, utf8 } from '@talos/bytes'
import type {
  Did,
  ProofBundle,
  ProofBundleAnchor,
  ProofBundleDisclosure,
  ProofBundleInclusion,
  ProofBundleLogHead,
  ProofBundleLogs,
  ProofBundleParty,
  ProofBundleRevocationList,
  ProofBundleWitness,
} from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { didDocument } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { type FieldDisclosure, fieldDisclosureOf } from './disclosures.ts'
import { verifyProofBundle } from './verify.ts'

/** One side of the call. */
export interface ProofParty {
  readonly did: Did
  /** The newest delegation of the log key. */
  readonly logKey: Uint8Array
  /** The text of the side's key log; absent where the side never had another key. */
  readonly history?: string
}

/** An entry, and the proof that its log holds it. */
export interface ProofInclusion {
  /** The exact bytes of the entry. */
  readonly entry: Uint8Array
  /** What `formatTlogProof` of @talos/merkle writes, with a checkpoint that the log alone signed. */
  readonly proof: string
}

/** What opens one salted commitment. */
export type ProofDisclosure = WholeDisclosure | FieldDisclosure

/** Opens the whole of what an entry or a receipt commits to. */
export type WholeDisclosure = {
  /** Whose: the agent's entry, or the executor's entries and receipt. */
  readonly layer: 'intent' | 'execution'
  /** The path that the commitment was made under. */
  readonly path: 'params' | 'result' | 'content' | 'request'
  /** 32 bytes. */
  readonly salt: Uint8Array
} & ({ readonly value: JsonValue } | { readonly bytes: Uint8Array })

/** An issuer's list of revocations at one time. */
export interface ProofRevocationList {
  /** The envelope of the head. */
  readonly head: Uint8Array
  /** The envelopes of all its revocations in their order; the text of a CID where the content is withheld. */
  readonly items: readonly (Uint8Array | string)[]
}

/** A later checkpoint of one side's log. */
export interface ProofLogHead {
  /** The signed note: the log's line first, then lines of {@link ProofParts.witnesses} alone. */
  readonly checkpoint: string
  /** From the checkpoint of the inclusion to this one, 32 bytes each. */
  readonly consistency: readonly Uint8Array[]
}

export interface ProofParts {
  /** Who called. */
  readonly agent: ProofParty
  /** Who was called. */
  readonly executor: ProofParty
  /** Texts of key logs of others whose keys stand in the delegations; none when absent. */
  readonly histories?: readonly string[]
  /** The delegations that the invocation names, in its order: from the root to the caller. */
  readonly proofs: readonly Uint8Array[]
  /** Revocations of these delegations that are known; none when absent. */
  readonly revocations?: readonly Uint8Array[]
  /** Absent where the contents of the call are to be hidden (12.17). */
  readonly invocation?: Uint8Array
  /** The agent's `tool.invoke`, whose `ref` is the invocation. */
  readonly intent: ProofInclusion
  readonly receipt: Uint8Array
  /** The executor's `tool.result`, `tool.lost` or `tool.deny`, whose `ref` is the receipt. */
  readonly outcome: ProofInclusion
  /** The executor's `tool.invoke`, whose `ref` is the invocation, proven under the checkpoint of `outcome`. */
  readonly invoked?: ProofInclusion
  /** Lists of revocations of those who gave leave; none when absent. */
  readonly heads?: readonly ProofRevocationList[]
  /** Later checkpoints; none when absent. */
  readonly logs?: { readonly agent?: ProofLogHead; readonly executor?: ProofLogHead }
  /** Who cosigned them, each with the delegation of its witness key; none when absent. */
  readonly witnesses?: readonly ProofParty[]
  /** Anchors of these checkpoints; none when absent. */
  readonly anchors?: readonly ProofBundleAnchor[]
  readonly disclosures?: readonly ProofDisclosure[]
  readonly kernel: Kernel
}

/**
 * Builds the text of a bundle, and verifies it before it is given away.
 *
 * @returns the exact text of the file: nothing is to be added, no line feed either
 * @throws TalosError `PROOF_PARTS_INVALID` with the first check that failed as its reason; `DID_INVALID`
 */
export function buildProofBundle(parts: ProofParts): string {
  const text = encode(bundleOf(parts))
  const { integrity, completeness } = verifyProofBundle(text, { kernel: parts.kernel })
  // What hidden arguments leave unjudged is the choice of whoever hides them.
  const missing = completeness.missing.filter((code) => code !== 'PROOF_ARGUMENTS_HIDDEN')
  const [reason] = [...integrity.failed, ...missing]
  if (reason !== undefined) throw new TalosError('PROOF_PARTS_INVALID', { reason })
  return text
}

function bundleOf(parts: ProofParts): ProofBundle {
  const { agent, executor, histories = [], proofs, revocations = [], disclosures = [], invocation, invoked } = parts
  const { heads = [], logs = {}, witnesses = [], anchors = [] } = parts
  const later = logsOf(logs)
  const others = histories.map((text) => ({ entries: entriesOf(text) }))
  return {
    format: 'talos-proof/v1',
    identity: {
      agent: partyOf(agent),
      executor: partyOf(executor),
      ...(others.length > 0 && { others }),
    },
    authority: {
      proofs: proofs.map(toBase64url),
      revocations: revocations.map(toBase64url),
      heads: heads.map(listOf),
    },
    intent: {
      ...(invocation === undefined ? { contents: 'hidden' } : { invocation: toBase64url(invocation) }),
      inclusion: inclusionOf(parts.intent),
    },
    execution: {
      receipt: toBase64url(parts.receipt),
      inclusion: inclusionOf(parts.outcome),
      ...(invoked !== undefined && { invoked: inclusionOf(invoked) }),
    },
    ...(later !== undefined && { logs: later }),
    witnesses: witnesses.map(witnessOf),
    disclosures: disclosures.map(disclosureOf),
    anchors,
  }
}

/** A value that canonical JSON cannot say is the caller's mistake, as every other part that does not fit. */
function encode(bundle: ProofBundle): string {
  try {
    return encodeJcs(bundle)
  } catch (error) {
    if (!isTalosError(error)) throw error
    throw new TalosError('PROOF_PARTS_INVALID', { reason: error.code }, { cause: error })
  }
}

function partyOf({ did, logKey, history = '' }: ProofParty): ProofBundleParty {
  return { did, document: didDocument({ did }), logKey: toBase64url(logKey), history: entriesOf(history) }
}

function witnessOf({ did, logKey, history = '' }: ProofParty): ProofBundleWitness {
  return { did, logKey: toBase64url(logKey), history: entriesOf(history) }
}

function listOf({ head, items }: ProofRevocationList): ProofBundleRevocationList {
  return { head: toBase64url(head), items: items.map((item) => (typeof item === 'string' ? item : toBase64url(item))) }
}

function logsOf({ agent, executor }: NonNullable<ProofParts['logs']>): ProofBundleLogs | undefined {
  if (agent === undefined && executor === undefined) return undefined
  return {
    ...(agent !== undefined && { agent: headOf(agent) }),
    ...(executor !== undefined && { executor: headOf(executor) }),
  }
}

function headOf({ checkpoint, consistency }: ProofLogHead): ProofBundleLogHead {
  return { checkpoint, consistency: consistency.map(toBase64) }
}

/** A key log has one entry in a line, each with its line feed. */
function entriesOf(text: string): string[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => toBase64url(utf8(line)))
}

function inclusionOf({ entry, proof }: ProofInclusion): ProofBundleInclusion {
  return { entry: toBase64url(entry), proof }
}

function disclosureOf(disclosure: ProofDisclosure): ProofBundleDisclosure {
  if ('pointer' in disclosure) return fieldDisclosureOf(disclosure)
  const { layer, path } = disclosure
  const opening = { layer, path, salt: toBase64url(disclosure.salt) }
  if ('value' in disclosure) return { ...opening, value: disclosure.value }
  return { ...opening, bytes: toBase64url(disclosure.bytes) }
}
