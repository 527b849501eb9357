export {
  type Checkpoint,
  type CosignOptions,
  cosignCheckpoint,
  formatCheckpoint,
  logVerifierKey,
  type OpenCheckpointOptions,
  openCheckpoint,
  parseCheckpoint,
  type SignCheckpointOptions,
  signCheckpoint,
  type VerifiedCheckpoint,
} from './checkpoint.ts'
export { CompactRange, rootOf } from './compact-range.ts'
export { at as hashAt, emptyRoot, HASH_BYTES, leafHash, requireHash } from './hash.ts'
export {
  type LineCheck,
  MAX_NOTE_CHARS,
  MAX_NOTE_SIGNATURES,
  type NoteSignature,
  type NoteSigner,
  type OpenedNote,
  openNote,
  type SignatureLine,
  type SignNoteOptions,
  type SplitNote,
  signNote,
  splitNote,
  verifyLine as verifyNoteLine,
} from './note.ts'
export {
  formatVerifierKey,
  MAX_KEY_NAME_CHARS,
  NOTE_COSIGNATURE,
  NOTE_ED25519,
  type NoteKeyType,
  parseVerifierKey,
  type VerifierKey,
  type VerifierKeyOptions,
  verifierKey,
} from './note-key.ts'
export {
  type ConsistencyClaim,
  type ConsistencyProofOptions,
  consistencyProof,
  type InclusionClaim,
  type InclusionProofOptions,
  inclusionProof,
  type ReadNode,
  rootAt,
  verifyConsistency,
  verifyInclusion,
} from './proof.ts'
export { type LeafIndex, leafIndex, MAX_TREE_SIZE, splitPoint, type TreeSize, treeSize } from './range.ts'
export {
  DEFAULT_TILE_CACHE_BYTES,
  EXPANDED_TILE_BYTES,
  MAX_TILE_CACHE_BYTES,
  nodeReader,
  TileCache,
  type TileCacheOptions,
} from './tile-cache.ts'
export {
  type LeafRun,
  MAX_TILE_LEVEL,
  type ReadTile,
  TILE_BYTES,
  TILE_HEIGHT,
  TILE_WIDTH,
  type Tile,
  TileBuilder,
  type TileId,
  tilePath,
  tileWidth,
} from './tiles.ts'
export {
  formatTlogProof,
  MAX_EXTRA_CHARS,
  MAX_PROOF_HASHES,
  parseTlogProof,
  TLOG_PROOF_HEADER,
  type TlogProof,
  verifyTlogProof,
} from './tlog-proof.ts'
