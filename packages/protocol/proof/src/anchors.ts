/** Anchors: that a public chain holds a checkpoint (spec 12-proof-bundle, clause 12.15; 25-anchor). */
import { type TrustedBlocks, type VerifiedAnchor, verifyAnchorProof } from '@talos/anchor'
import type { ProofBundleAnchor } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { type Checks, demand } from './checks.ts'
import type { Side } from './identity.ts'
import { CLOCK_TOLERANCE_S } from './intent.ts'
import type { ProvenLogs } from './logs.ts'

/** An anchor of one side's checkpoint. */
export interface ProvenAnchor extends VerifiedAnchor {
  readonly side: Side
}

/** The anchor layer: each anchor is of a checkpoint that the bundle has, and what it says of it holds. */
export function proveAnchors(
  anchors: readonly ProofBundleAnchor[],
  context: {
    readonly checks: Checks
    readonly kernel: Kernel
    readonly logs: ProvenLogs
    readonly trust: TrustedBlocks | undefined
  },
): readonly ProvenAnchor[] {
  const { checks, kernel, logs, trust } = context
  return anchors.map(({ side, proof }, index) => {
    const { place, root, recordedMs } = checks.ask(`anchors[${index}].side`, 'PROOF_ANCHOR_SIDE', () => {
      const head = logs[side]
      demand(head !== undefined, 'PROOF_ANCHOR_SIDE', { index, side })
      return head
    })
    const anchor = checks.ask(`anchors[${index}].proof`, 'PROOF_ANCHOR_INVALID', () =>
      verifyAnchorProof(proof, { kernel, checkpoint: { ...place, root }, ...(trust !== undefined && { trust }) }),
    )
    checks.ask(`anchors[${index}].time`, 'PROOF_ANCHOR_TIME', () => {
      const earliestS = Math.floor(recordedMs / 1000) - CLOCK_TOLERANCE_S
      demand(anchor.timestampS >= earliestS, 'PROOF_ANCHOR_TIME', { index })
    })
    return { ...anchor, side }
  })
}

/** Whether a side's checkpoint stands in a block that the verifier knows. */
export function isAnchored(anchors: readonly ProvenAnchor[], side: Side): boolean {
  return anchors.some((anchor) => anchor.side === side && anchor.trusted === 'header')
}
