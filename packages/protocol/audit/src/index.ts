export type { AuditEntry, AuditEntryCommitments, AuditEntryKind } from '@talos/contracts'
export { openLogCheckpoint } from './checkpointer.ts'
export {
  type CommitOptions,
  type CommitPath,
  type Committable,
  commitTo,
  deriveSalt,
  SALT_BYTES,
  type SaltOptions,
  saltScope,
  verifyCommitment,
} from './commitment.ts'
export type { AuditEvent, CommitInput } from './drafts.ts'
export { decodeEntry, encodeEntry, entryId, MAX_ENTRY_BYTES } from './entry.ts'
export {
  type ExactArray,
  type ExactJson,
  type ExactLimits,
  type ExactNumber,
  type ExactObject,
  isExactObject,
  parseExactJson,
  writeExactJson,
} from './fields/exact-json.ts'
export {
  FIELD_POINTER_MAX_CHARS,
  FIELDS_MAX_BYTES,
  FIELDS_MAX_DEPTH,
  FIELDS_MAX_LEAVES,
  FIELDS_MIN_LEAVES,
  type Field,
  type FieldClaim,
  type FieldOpening,
  type FieldsName,
  FieldTree,
  type FieldTreeOptions,
  isField,
  readField,
  readFields,
  splitFields,
  verifyField,
} from './fields/fields.ts'
export type { AuditFilter } from './filter.ts'
export { entriesOf, groupsOf } from './group.ts'
export {
  AUDIT_LEVELS,
  type AuditLevel,
  auditLevelOf,
  DEFAULT_AUDIT_LEVEL,
  isRecordedAt,
  type OptionalKind,
} from './levels.ts'
export { LightClient, type LightClientOptions, type LightUpdate } from './light/client.ts'
export { LightConflict, type LightEvidence } from './light/failures.ts'
export {
  isRevocationFork,
  MAX_REVOCATION_FORK_BYTES,
  type MakeRevocationForkOptions,
  makeRevocationFork,
  REVOCATION_FORK_FORMAT,
  type VerifiedRevocationFork,
  verifyRevocationFork,
} from './light/revocation-fork.ts'
export { MAX_FOLLOWED_REVOCATIONS, type RevocationHeadFacts } from './light/revocation-head.ts'
export { REVOCATION_LEEWAY_S, type RevocationNews } from './light/revocations.ts'
export type { LogSource, RevocationPage } from './light/source.ts'
export { type FollowedLog, LIGHT_NOTE_MAX_CHARS, LIGHT_STATE_MAX_BYTES } from './light/state.ts'
export { type AppendedOf, AuditLog, type AuditLogOptions } from './log.ts'
export { AuditReader, type AuditRecord } from './reader.ts'
export type { AuditIndex, IndexQuery, IndexRange } from './search/audit-index.ts'
export { AuditSearch, type AuditSearchOptions, INDEX_BATCH_ENTRIES, type SearchComparison } from './search/search.ts'
export type {
  AuditBatch,
  AuditHead,
  AuditStore,
  CheckpointGuard,
  EntryGroup,
  PartialTile,
  SaltKey,
  StoredCheckpoint,
  StoredEntry,
  StoreQuery,
} from './store.ts'
export { type LogReport, PROGRESS_STEP, type VerifyLogOptions, type VerifyProgress, verifyLog } from './verify.ts'
export { LogForked, WitnessConflict } from './witness/conflicts.ts'
export {
  addCosignature,
  COSIGNATURE_LEEWAY_S,
  type Cosignature,
  cosignaturesOf,
  MAX_COSIGNATURES,
  type NewCosignature,
  onlySignedBy,
} from './witness/cosignatures.ts'
export {
  FORK_FORMAT,
  type ForkedHead,
  impliedRoot,
  MAX_FORK_BYTES,
  type MakeForkOptions,
  makeForkEvidence,
  type SignedHead,
  type VerifiedFork,
  verifyForkEvidence,
} from './witness/fork.ts'
export {
  type KnownAgents,
  type LogSigningKey,
  NO_AGENTS,
  type OpenKeyOptions,
  openLogKey,
  openWitnessKey,
  type WitnessKey,
  witnessName,
} from './witness/log-keys.ts'
export {
  anyWitnessPolicy,
  MAX_POLICY_CHARS,
  MAX_POLICY_DEPTH,
  MAX_POLICY_ITEMS,
  type PolicyLog,
  type PolicyVerdict,
  type PolicyWitness,
  parseWitnessPolicy,
  type Quorum,
  WitnessPolicy,
} from './witness/policy.ts'
export type { KeptLogKey, WitnessRecord, WitnessStore } from './witness/store.ts'
export {
  type CheckpointOffer,
  type Cosigned,
  type Introduction,
  type Seen,
  WITNESS_MAX_HEADS,
  WITNESS_MAX_LOG_KEYS,
  WITNESS_MAX_LOGS,
  WITNESS_MAX_LOGS_OF_ONE,
  WITNESS_MAX_STRANGE_LOGS,
  Witness,
  type WitnessOptions,
} from './witness/witness.ts'
export { type AppendedEntry, MAX_BATCH_ENTRIES, MAX_QUEUED_ENTRIES } from './writer.ts'
