/** How a light client refuses (contracts/spec/24-light-client.md, clause 24.7): what convicts the agent comes with evidence. */
import { equalBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { LogKeyDelegation, VerifiedKeyLog } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { logVerifierKey, type VerifiedCheckpoint } from '@talos/merkle'
import { onlySignedBy } from '../witness/cosignatures.ts'
import { type MakeForkOptions, makeForkEvidence, type SignedHead } from '../witness/fork.ts'
import type { Contradiction } from './tree.ts'

/** What anybody can check who was not there. */
export type LightEvidence =
  /** Two signed checkpoints of one log that exclude each other: the text of a `talos-fork/v1` file (23-witness, 23.6). */
  | { readonly kind: 'checkpoints'; readonly text: string }
  /** Two signed heads of one list of revocations that exclude each other (09, 9.7): the exact bytes of each. */
  | { readonly kind: 'revocations'; readonly heads: readonly [known: Uint8Array, offered: Uint8Array] }

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
  const evidence = evidenceOf({
    heads,
    ...(root !== undefined && { split: { root, proof } }),
    ...(offer.keyLog.keys.length > 1 && { history: offer.keyLog.text }),
    kernel,
  })
  const [first = 0, second = 0] = heads.map(({ checkpoint }) => checkpoint.size).sort((a, b) => a - b)
  return new LightConflict('LIGHT_FORK', { first, second }, evidence)
}

/** Two histories are refused as such, whether or not there is room for what shows it. */
function evidenceOf(options: MakeForkOptions): LightEvidence | undefined {
  try {
    return { kind: 'checkpoints', text: makeForkEvidence(options).text }
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
