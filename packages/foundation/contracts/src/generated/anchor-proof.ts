// Generated from contracts/schemas/anchor-proof.schema.json by tools/src/generate.ts; do not edit.
import { array, type Check, integer, object, ref, run, string } from '../check.ts'
import { type Base64url32, checkBase64url32 } from './common.ts'

/**
 * The way from a statement (a checkpoint, the state of a list of revocations, the state of a key log) through the log
 * of logs into one event of one block of an EVM chain. The statement itself is not in it: the verifier has it.
 * Specified in 25-anchor 25.7.
 */
export type AnchorProof = {
  /** Where the statement stands in the log of logs whose size and root the event has. */
  readonly leaf: AnchorProofLeaf
  /** Where the event stands in the chain. */
  readonly chain: AnchorProofChain
}

export const checkAnchorProof: Check = object({
  leaf: ref(() => checkAnchorProofLeaf),
  chain: ref(() => checkAnchorProofChain),
})

/** Returns `value` typed as AnchorProof. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAnchorProof(value: unknown): AnchorProof {
  run('anchor-proof', checkAnchorProof, value)
  return value as AnchorProof
}

export type AnchorProofLeaf = {
  /** Index of the leaf. */
  readonly index: number
  /** RFC 6962 inclusion path of the leaf, its own sibling first. */
  readonly path: readonly Base64url32[]
}

const checkAnchorProofLeaf: Check = object({
  index: integer(0, 9_007_199_254_740_990),
  path: array(
    ref(() => checkBase64url32),
    { minItems: 0, maxItems: 53 },
  ),
})

/** Returns `value` typed as AnchorProofLeaf. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAnchorProofLeaf(value: unknown): AnchorProofLeaf {
  run('anchor-proof#leaf', checkAnchorProofLeaf, value)
  return value as AnchorProofLeaf
}

export type AnchorProofChain = {
  /** EIP-155 id of the chain. Nothing in a block says it: it tells the verifier which chain to ask. */
  readonly chainId: number
  /** Address of the contract whose event it is. */
  readonly contract: AnchorProofAddress
  /** RLP of the block's header, unpadded base64url; its Keccak-256 is the block's hash. */
  readonly header: string
  /** The receipt that has the event. */
  readonly receipt: AnchorProofReceipt
}

const checkAnchorProofChain: Check = object({
  chainId: integer(1, Number.MAX_SAFE_INTEGER),
  contract: ref(() => checkAnchorProofAddress),
  header: string({ minLength: 1, maxLength: 5_462, pattern: /^[A-Za-z0-9_-]+$/u }),
  receipt: ref(() => checkAnchorProofReceipt),
})

/** Returns `value` typed as AnchorProofChain. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAnchorProofChain(value: unknown): AnchorProofChain {
  run('anchor-proof#chain', checkAnchorProofChain, value)
  return value as AnchorProofChain
}

export type AnchorProofReceipt = {
  /** The transaction's index in the block: the key in the trie of receipts. */
  readonly index: number
  /** Nodes of that trie from the root to the receipt, RLP in unpadded base64url. */
  readonly nodes: readonly string[]
  /** Which event of the receipt it is, from 0. */
  readonly log: number
}

const checkAnchorProofReceipt: Check = object({
  index: integer(0, 1_048_575),
  nodes: array(string({ minLength: 1, maxLength: 174_763, pattern: /^[A-Za-z0-9_-]+$/u }), {
    minItems: 1,
    maxItems: 8,
  }),
  log: integer(0, 4_095),
})

/** Returns `value` typed as AnchorProofReceipt. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAnchorProofReceipt(value: unknown): AnchorProofReceipt {
  run('anchor-proof#receipt', checkAnchorProofReceipt, value)
  return value as AnchorProofReceipt
}

/** A 20-byte address in lower-case hexadecimal with 0x before it. */
export type AnchorProofAddress = string

export const checkAnchorProofAddress: Check = string({ maxLength: 42, pattern: /^0x[0-9a-f]{40}$/u })

/** Returns `value` typed as AnchorProofAddress. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAnchorProofAddress(value: unknown): AnchorProofAddress {
  run('anchor-proof#address', checkAnchorProofAddress, value)
  return value as AnchorProofAddress
}
