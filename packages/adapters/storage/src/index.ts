export {
  AGENT_DATABASE_FILE,
  AgentDatabase,
  type AgentDatabaseKeys,
  type OpenAgentDatabaseOptions,
  type ReceiveCommit,
  type ReceiveResult,
  type SendCommit,
  type SessionChange,
} from './agent-database.ts'
export { AGENT_FILE_MAX_BYTES, AgentFolder, AgentHome, type AgentHomeOptions, HOME_VARIABLE } from './agent-home.ts'
export { AgentLock } from './agent-lock.ts'
export {
  type AnchorLeaf,
  type AnchorNode,
  AnchorStore,
  type StoredAnchorHead,
  type StoredAnchorLeaf,
} from './anchor-store.ts'
export { FileCheckpointGuard } from './audit-guard.ts'
export { SqliteAuditIndex } from './audit-index.ts'
export { type OpenAuditStoreOptions, SqliteAuditStore } from './audit-store.ts'
export {
  EVIDENCE_MAX_PER_INVOCATION,
  EvidenceStore,
  GRANTS_MAX,
  GRANTS_MAX_RECEIVED,
  type GrantDirection,
  GrantStore,
  INVOCATIONS_MAX_PER_ISSUER,
  InvocationReplayStore,
  type NewEvidence,
  type NewGrant,
  type ReplayVerdict,
  type StoredEvidence,
  type StoredGrant,
} from './authority-store.ts'
export { Database, type Migrations, type OpenDatabaseOptions, SQLITE_MINIMUM } from './database.ts'
export { FILE_MODE, FOLDER_MODE } from './files.ts'
export { GENERATION_FILE } from './generation.ts'
export { IDENTITIES_MAX, IDENTITIES_MAX_BYTES, IdentityStore } from './identity-store.ts'
export {
  INBOX_IDS_KEEP_MS,
  INBOX_IDS_MAX_PER_PEER,
  INBOX_MAX,
  INBOX_MAX_PER_PEER,
  type IncomingKind,
  type IncomingMessage,
  type MessageName,
  MessageStore,
  OUTBOX_KEEP_MS,
  OUTBOX_MAX_PER_PEER,
  type OutgoingMessage,
  type StoredIncoming,
  type StoredOutgoing,
} from './message-store.ts'
export {
  type EndedEpoch,
  EPOCH_KEEP_S,
  EPOCHS_MAX,
  EpochStore,
  METERS_MAX_PER_TREE,
  type MeterValue,
  SqliteMeterStore,
} from './meter-store.ts'
export {
  PEER_ENDPOINTS_MAX,
  PEER_INSTANCES_MAX,
  PEERS_MAX,
  type PeerInstance,
  type PeerRecord,
  PeerStore,
  SETTINGS_MAX,
  SettingStore,
  type StoredPeer,
} from './peer-store.ts'
export {
  FIRST_FLIGHTS_MAX,
  type NewPrekeys,
  ONE_TIME_KEYS_MAX,
  type OneTimeKeyName,
  type OneTimePrekey,
  PrekeyStore,
  type StoredBundle,
} from './prekey-store.ts'
export {
  type ListPart,
  type NewRevocation,
  type PlacedRevocation,
  REVOCATIONS_MAX,
  REVOCATIONS_MAX_PER_ISSUER,
  RevocationStore,
  type StoredHead,
  type StoredRevocation,
} from './revocation-store.ts'
export { STORE_MAX_VALUE_BYTES } from './rows.ts'
export {
  type NewSession,
  RECEIVE_ONLY_SESSIONS,
  type Retirement,
  SESSIONS_MAX_PER_PEER,
  type SessionHead,
  type SessionRole,
  type SessionStanding,
  SessionStore,
  type SessionUpdate,
  type StoredSession,
} from './session-store.ts'
export {
  OWN_WITNESSES_MAX,
  SqliteWitnessStore,
  type StoredWitness,
  type StoredWitnessedHead,
  WITNESSED_HEADS_MAX,
} from './witness-store.ts'
