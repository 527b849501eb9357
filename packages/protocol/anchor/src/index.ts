export { ANCHORED_TOPIC, type AnchoredEvent, addressOf, decodeEvent } from './event.ts'
export { type AnchoredHead, type Growth, judgeGrowth } from './growth.ts'
export { type BlockHeader, decodeHeader, HEADER_MAX_BYTES, HEADER_MAX_MEMBERS } from './header.ts'
export { KECCAK_BYTES, keccak256 } from './keccak.ts'
export { completedNodes, type TreeNode } from './log-of-logs.ts'
export { decodeReceipt, RECEIPT_MAX_LOGS, type Receipt, type ReceiptLog } from './receipt.ts'
export {
  decodeRlp,
  decodeUint,
  encodeRlp,
  encodeUint,
  RLP_MAX_BYTES,
  RLP_MAX_DEPTH,
  RLP_MAX_ITEMS,
  type RlpItem,
} from './rlp.ts'
export {
  type CheckpointHead,
  checkpointStatement,
  decodeStatement,
  encodeStatement,
  identityStatement,
  revocationsStatement,
  STATEMENT_MAX_BYTES,
  statementLeaf,
} from './statement.ts'
export { proveReceipt, TRIE_MAX_NODE_BYTES, TRIE_MAX_NODES, type TrieProof, verifyTrieProof } from './trie.ts'
export {
  type BlockName,
  type ProvenEvent,
  type TrustedBlocks,
  type VerifiedAnchor,
  type VerifyAnchorOptions,
  verifyAnchorProof,
  verifyChainProof,
  verifyStatementAnchor,
} from './verify.ts'
