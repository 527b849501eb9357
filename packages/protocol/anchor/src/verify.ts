/**
 * Verifying an anchor offline (contracts/spec/25-anchor.md, clause 25.7): statement, log of logs, event, receipt, block.
 *
 * Everything up to the block's hash is recomputed. That the block belongs to the chain is not in the proof, and nothing in a
 * block says which chain it is of: a verifier knows it from elsewhere, or does not. The result says which.
 */
import { fromBase64url } from '@talos/bytes'
import type { AnchorProof, AnchorProofChain, AnchorStatement } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { leafIndex, treeSize, verifyInclusion } from '@talos/merkle'
import { type AnchoredEvent, addressOf, decodeEvent } from './event.ts'
import { decodeHeader } from './header.ts'
import { decodeReceipt } from './receipt.ts'
import { type CheckpointHead, checkpointStatement, statementLeaf } from './statement.ts'
import { verifyTrieProof } from './trie.ts'

/** A block by what names it. */
export interface BlockName {
  readonly chainId: number
  readonly number: number
  /** 32 bytes. */
  readonly hash: Uint8Array
}

/** The blocks that a verifier knows to be final, from a source of its own. */
export interface TrustedBlocks {
  has(block: BlockName): boolean
}

export interface VerifyAnchorOptions {
  readonly kernel: Kernel
  /** Without it, no header is trusted. */
  readonly trust?: TrustedBlocks
}

export interface VerifiedAnchor {
  readonly chainId: number
  /** Addresses in lower-case hexadecimal with 0x before them. */
  readonly contract: string
  /** Who sent the transaction. */
  readonly by: string
  readonly blockNumber: number
  /** 32 bytes. */
  readonly blockHash: Uint8Array
  /** The block's time: what was anchored was there then. */
  readonly timestampS: number
  /** Leaves of the log of logs. */
  readonly rootSize: number
  /** Its root, 32 bytes. */
  readonly root: Uint8Array
  /** `header`: the verifier knows the block. `unverified-header`: it holds only if the block is one of the chain's. */
  readonly trusted: 'header' | 'unverified-header'
}

/**
 * Verifies the anchor of a checkpoint.
 *
 * @param proof of the schema `anchor-proof`, parsed
 * @param options.checkpoint what the anchor is of; that its log signed it is the caller's to verify
 * @throws TalosError `ANCHOR_FORM_INVALID`, `ANCHOR_HEADER_INVALID`, `ANCHOR_RECEIPT_UNPROVEN`, `ANCHOR_RECEIPT_INVALID`,
 *   `RLP_INVALID`, `ANCHOR_EVENT_MISMATCH`, `ANCHOR_LEAF_UNPROVEN`
 */
export function verifyAnchorProof(
  proof: AnchorProof,
  options: VerifyAnchorOptions & { readonly checkpoint: CheckpointHead },
): VerifiedAnchor {
  return verifyStatementAnchor(proof, { ...options, statement: checkpointStatement(options.checkpoint) })
}

/** Verifies the anchor of any statement. @throws TalosError as {@link verifyAnchorProof}, and `SCHEMA_INVALID` */
export function verifyStatementAnchor(
  { leaf, chain }: AnchorProof,
  { statement, kernel, trust }: VerifyAnchorOptions & { readonly statement: AnchorStatement },
): VerifiedAnchor {
  const { event, ...block } = verifyChainProof(chain)
  const { number, hash, timestampS } = block
  requireLeaf({ leaf, event, leafHash: statementLeaf(statement, kernel), kernel })
  const { chainId, contract } = chain
  const isTrusted = trust?.has({ chainId, number, hash }) === true
  return {
    chainId,
    contract,
    by: event.by,
    blockNumber: number,
    blockHash: hash,
    timestampS,
    rootSize: event.size,
    root: event.root,
    trusted: isTrusted ? 'header' : 'unverified-header',
  }
}

export interface ProvenEvent {
  readonly event: AnchoredEvent
  readonly number: number
  /** 32 bytes. */
  readonly hash: Uint8Array
  readonly timestampS: number
}

/** Verifies that a block has the event; that the block is one of the chain's is not in it. @throws TalosError as {@link verifyAnchorProof} */
export function verifyChainProof({ contract, header, receipt }: AnchorProofChain): ProvenEvent {
  const { receiptsRoot, number, hash, timestampS } = decodeHeader(bytesOf(header))
  const nodes = receipt.nodes.map(bytesOf)
  const { succeeded, logs } = decodeReceipt(verifyTrieProof({ root: receiptsRoot, index: receipt.index, nodes }))
  const log = logs[receipt.log]
  if (!succeeded) throw mismatch('its transaction failed')
  if (log === undefined) throw mismatch('there is no such event')
  if (addressOf(log.address) !== contract) throw mismatch('it is the event of another contract')
  return { event: decodeEvent(log), number, hash, timestampS }
}

function requireLeaf(options: {
  readonly leaf: AnchorProof['leaf']
  readonly event: AnchoredEvent
  readonly leafHash: Uint8Array
  readonly kernel: Kernel
}): void {
  const { leaf, event, leafHash, kernel } = options
  const proof = leaf.path.map(bytesOf)
  try {
    const [index, size] = [leafIndex(leaf.index), treeSize(event.size)]
    verifyInclusion({ index, size, leafHash, proof, root: event.root, kernel })
  } catch (cause) {
    throw new TalosError('ANCHOR_LEAF_UNPROVEN', {}, { cause })
  }
}

function bytesOf(text: string): Uint8Array {
  try {
    return fromBase64url(text)
  } catch (cause) {
    throw new TalosError('ANCHOR_FORM_INVALID', { reason: 'a part of it is no base64url' }, { cause })
  }
}

function mismatch(reason: string): TalosError {
  return new TalosError('ANCHOR_EVENT_MISMATCH', { reason })
}
