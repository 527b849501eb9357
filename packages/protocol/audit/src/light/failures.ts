/** How a light client refuses (contracts/spec/24-light-client.md, clause 24.7): what convicts the agent comes with evidence. */
import { equalBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { LogKeyDelegation, VerifiedKeyLog } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { logVerifierKey, type VerifiedCheckpoint } from '@talos/merkle'
import { onlySignedBy } from '../witness/cosignatures.ts'
import { makeForkEvidence, type SignedHead } from '../witness/fork.ts'
import { type MakeRevocationForkOptions, makeRevocationFork } from './revocation-fork.ts'
import type { RevocationHeadFacts } from './revocation-head.ts'
import type { Contradiction } from './tree.ts'

/** What anybody can check who was not there. */
export type LightEvidence =
  /** Two signed checkpoints of one log that exclude each other: the text of a `talos-fork/v1` file (23-witness, 23.6). */
  | { readonly kind: 'checkpoints'; readonly text: string }
  /** Two signed lists of revocations that exclude each other: the text of a `talos-revocation-fork/v1` file (24.8). */
  | { readonly kind: 'revocations'; readonly text: string }

/** The agent contradicts itself: `LIGHT_FORK`, `LIGHT_REVOCATIONS_FORK`, or a `LIGHT_REVOCATIONS_ROLLBACK` that it signed. */
export class LightConflict extends TalosError {
  /** Undefined where it cannot be written down: of an agent whose key log is larger than evidence may be. */
  readonly evidence: LightEvidence | undefined

  constructor(
    code: 'LIGHT_FORK' | 'LIGHT_REVOCATIONS_FORK' | 'LIGHT_REVOCATIONS_ROLLBACK',
    details: Readonly<Record<string, number>>,
    evidence: LightEvidence | undefined,
  ) {
    super(code, details)
    this.evidence = evidence
  }
}

interface SignedTree {
  readonly logKey: LogKeyDelegation
  readonly checkpoint: VerifiedCheckpoint
}

/** The refusal of a tree that is not of the known history, with what shows it. */
export function forkOf(options: {
  readonly known: SignedTree
  readonly offer: SignedTree & { readonly keyLog: VerifiedKeyLog }
  readonly contradiction: Contradiction
  readonly kernel: Kernel
}): LightConflict {
  const { known, offer, contradiction, kernel } = options
  // A key that two of the agent's keys delegated is named by the newer delegation alone.
  const isOneKey = equalBytes(known.logKey.logPublicKey, offer.logKey.logPublicKey)
  const heads: [SignedHead, SignedHead] = [
    headOf(isOneKey ? { ...known, logKey: offer.logKey } : known, kernel),
    headOf(offer, kernel),
  ]
  const { root, proof } = contradiction
  const split = root === undefined ? undefined : { root, proof }
  const made = { heads, ...(split !== undefined && { split }), ...historyOf(offer.keyLog), kernel }
  const evidence = evidenceOf('checkpoints', () => makeForkEvidence(made))
  const [first = 0, second = 0] = heads.map(({ checkpoint }) => checkpoint.size).sort((a, b) => a - b)
  return new LightConflict('LIGHT_FORK', { first, second }, evidence)
}

/** The refusal of a list that the agent's own head contradicts, with what shows it. */
export function revocationsForkOf(
  code: 'LIGHT_REVOCATIONS_FORK' | 'LIGHT_REVOCATIONS_ROLLBACK',
  options: {
    readonly known: RevocationHeadFacts
    readonly head: RevocationHeadFacts
    readonly split?: NonNullable<MakeRevocationForkOptions['split']>
    readonly keyLog: VerifiedKeyLog
    readonly kernel: Kernel
  },
): LightConflict {
  const { known, head, split, keyLog, kernel } = options
  const made = { heads: [known, head] as const, ...(split !== undefined && { split }), ...historyOf(keyLog), kernel }
  const evidence = evidenceOf('revocations', () => makeRevocationFork(made))
  return new LightConflict(code, { known: known.n, offered: head.n }, evidence)
}

/** Who delegated, and how a key stands, follows from one key without a key log. */
function historyOf({ keys, text }: VerifiedKeyLog): { readonly history?: string } {
  return keys.length > 1 ? { history: text } : {}
}

/** What contradicts itself is refused as such, whether or not there is room for what shows it. */
function evidenceOf(kind: LightEvidence['kind'], make: () => { readonly text: string }): LightEvidence | undefined {
  try {
    return { kind, text: make().text }
  } catch {
    return undefined
  }
}

function headOf({ logKey, checkpoint }: SignedTree, kernel: Kernel): SignedHead {
  const { origin, logPublicKey: publicKey, bytes: delegation } = logKey
  const note = onlySignedBy(checkpoint.note, [logVerifierKey({ origin, publicKey, kernel })])
  return { checkpoint: { ...checkpoint, note }, delegation }
}

/** Gives a failure below a name of the light client's. */
export function refusing<T>(work: () => T, refuse: (cause: unknown) => TalosError): T {
  try {
    return work()
  } catch (cause) {
    throw refuse(cause)
  }
}
