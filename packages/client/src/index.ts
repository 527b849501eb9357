export type { AnchorKeeper, AnchorOverview } from './anchor/keeper.ts'
export { type AnchoredCheckpoint, type AnchoredLeaf, LogOfLogs } from './anchor/log-of-logs.ts'
export {
  ANCHOR_ENTRIES,
  ANCHOR_INTERVAL_MS,
  type Anchoring,
  type OpenAnchoring,
} from './anchor/options.ts'
export {
  type ApprovalRequest,
  type Approvals,
  type ApproveChoice,
  type PendingApproval,
  readApprovalRequest,
} from './approvals.ts'
export type { CapabilityStanding, LinkStanding, Standing } from './capability-standing.ts'
export { CHANNEL_FRAME_MAX_BYTES, MAX_CHANNELS_PER_PEER } from './channels.ts'
export { type SessionInfo, TalosClient } from './client.ts'
export type { ClientEvent } from './events.ts'
export { type CallFilter, MAX_CALLS, type ProvableCall } from './evidence/calls.ts'
export type { ExportProofOptions } from './evidence/keeper.ts'
export type { CallExplanation, ExplainRequest } from './explain.ts'
export type { DelegationRequest, Grant, GrantRequest } from './grants.ts'
export type {
  BackupIdentityOptions,
  IdentityBackup,
  RecoverIdentityOptions,
  RestoreIdentityOptions,
} from './identity/backup.ts'
export type { ChangedIdentity, RotateIdentityOptions } from './identity/change.ts'
export { KEY_LOG_FILE } from './identity/own-files.ts'
export type { Listening, ListenOptions } from './listening.ts'
export { type MerkleProof, type VerifiedMerkleProof, verifyMerkleProof } from './merkle-proof.ts'
export { MESSAGE_MAX_BYTES, type MessageHandler, type ReceivedMessage, type SentMessage } from './messages.ts'
export { PASSPHRASE_VARIABLE, type TalosClientOptions } from './options.ts'
export type { RevokeChoice } from './own-revocations.ts'
export type { Publication } from './publication.ts'
export { type AgentLogReport, type AgentReader, type LogKeys, openAgentReader } from './reader.ts'
export { type RevocationFork, revocationForks } from './revocation-forks.ts'
export type { CallReferral, McpStdio, ServeMcpOptions, ToolCall, ToolOutcome } from './tools.ts'
export type { Cosignature } from './witness/asking.ts'
export type { WitnessSettings } from './witness/keeper.ts'
export { readWitnessPolicy, WITNESS_POLICY_FILE, writeWitnessPolicy } from './witness/policy-file.ts'
export { type WitnessedHead, type WitnessLine, witnessedHeadOf } from './witness/witnessed.ts'
