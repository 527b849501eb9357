// Generated from contracts/schemas by tools/src/generate.ts; do not edit.
export { type AnchorFile, parseAnchorFile } from './generated/anchor-file.ts'
export {
  type AnchorProof,
  type AnchorProofAddress,
  type AnchorProofChain,
  type AnchorProofLeaf,
  type AnchorProofReceipt,
  parseAnchorProof,
  parseAnchorProofAddress,
  parseAnchorProofChain,
  parseAnchorProofLeaf,
  parseAnchorProofReceipt,
} from './generated/anchor-proof.ts'
export {
  type AnchorStatement,
  type AnchorStatementCheckpoint,
  type AnchorStatementIdentity,
  type AnchorStatementRevocations,
  parseAnchorStatement,
  parseAnchorStatementCheckpoint,
  parseAnchorStatementIdentity,
  parseAnchorStatementRevocations,
} from './generated/anchor-statement.ts'
export {
  type AppFrame,
  type AppFrameAnswer,
  type AppFrameAsk,
  type AppFrameAuthority,
  type AppFrameBehind,
  type AppFrameChannelClose,
  type AppFrameChannelData,
  type AppFrameChannelId,
  type AppFrameChannelOpen,
  type AppFrameConsult,
  type AppFrameCosigned,
  type AppFrameFork,
  type AppFrameGreeting,
  type AppFrameHeads,
  type AppFrameInclusion,
  type AppFrameLogHead,
  type AppFrameMessage,
  type AppFrameObserve,
  type AppFramePull,
  type AppFrameRecall,
  type AppFrameRenew,
  type AppFrameRevocationList,
  type AppFrameRevocations,
  type AppFrameSeenHead,
  type AppFrameWitnessKey,
  parseAppFrame,
  parseAppFrameAnswer,
  parseAppFrameAsk,
  parseAppFrameAuthority,
  parseAppFrameBehind,
  parseAppFrameChannelClose,
  parseAppFrameChannelData,
  parseAppFrameChannelId,
  parseAppFrameChannelOpen,
  parseAppFrameConsult,
  parseAppFrameCosigned,
  parseAppFrameFork,
  parseAppFrameGreeting,
  parseAppFrameHeads,
  parseAppFrameInclusion,
  parseAppFrameLogHead,
  parseAppFrameMessage,
  parseAppFrameObserve,
  parseAppFramePull,
  parseAppFrameRecall,
  parseAppFrameRenew,
  parseAppFrameRevocationList,
  parseAppFrameRevocations,
  parseAppFrameSeenHead,
  parseAppFrameWitnessKey,
} from './generated/app-frame.ts'
export { APPROVAL_TAG, type Approval, parseApproval } from './generated/approval.ts'
export {
  type AuditEntry,
  type AuditEntryAnchor,
  type AuditEntryCommitments,
  type AuditEntryKind,
  type AuditEntryOpening,
  parseAuditEntry,
  parseAuditEntryAnchor,
  parseAuditEntryCommitments,
  parseAuditEntryKind,
  parseAuditEntryOpening,
} from './generated/audit-entry.ts'
export { type Backup, parseBackup } from './generated/backup.ts'
export {
  type BackupContents,
  type BackupContentsGrant,
  type BackupContentsPeer,
  parseBackupContents,
  parseBackupContentsGrant,
  parseBackupContentsPeer,
} from './generated/backup-contents.ts'
export { type CallToApprove, parseCallToApprove } from './generated/call-to-approve.ts'
export { CAPABILITY_TAG, type Capability, parseCapability } from './generated/capability.ts'
export {
  type Base64url,
  type Base64url32,
  type Base64url64,
  type Cid,
  type CidText,
  type Did,
  type DidKey,
  type Hash32,
  type Hex32,
  type Hex64,
  type Key32,
  parseBase64url,
  parseBase64url32,
  parseBase64url64,
  parseCid,
  parseCidText,
  parseDid,
  parseDidKey,
  parseHash32,
  parseHex32,
  parseHex64,
  parseKey32,
  parseSignature64,
  parseTimestampMs,
  parseTimestampS,
  parseUuid,
  type Signature64,
  type TimestampMs,
  type TimestampS,
  type Uuid,
} from './generated/common.ts'
export {
  type ControlRequest,
  type ControlRequestAnchors,
  type ControlRequestApprovalRequest,
  type ControlRequestApprovals,
  type ControlRequestApprovalTerms,
  type ControlRequestApprove,
  type ControlRequestApproveAsked,
  type ControlRequestCheckpoint,
  type ControlRequestDeclineAsked,
  type ControlRequestDelegate,
  type ControlRequestExportProof,
  type ControlRequestGrant,
  type ControlRequestImport,
  type ControlRequestRenew,
  type ControlRequestRevoke,
  type ControlRequestRevokeAll,
  type ControlRequestStatus,
  type ControlRequestTakeApproval,
  type ControlRequestTerms,
  parseControlRequest,
  parseControlRequestAnchors,
  parseControlRequestApprovalRequest,
  parseControlRequestApprovals,
  parseControlRequestApprovalTerms,
  parseControlRequestApprove,
  parseControlRequestApproveAsked,
  parseControlRequestCheckpoint,
  parseControlRequestDeclineAsked,
  parseControlRequestDelegate,
  parseControlRequestExportProof,
  parseControlRequestGrant,
  parseControlRequestImport,
  parseControlRequestRenew,
  parseControlRequestRevoke,
  parseControlRequestRevokeAll,
  parseControlRequestStatus,
  parseControlRequestTakeApproval,
  parseControlRequestTerms,
} from './generated/control-request.ts'
export {
  type ControlResponse,
  type ControlResponseAnchorHead,
  type ControlResponseAnchors,
  type ControlResponseApprovalRequest,
  type ControlResponseApprovals,
  type ControlResponseApprovalTaken,
  type ControlResponseApproved,
  type ControlResponseCheckpoint,
  type ControlResponseDeclined,
  type ControlResponseFailed,
  type ControlResponseGranted,
  type ControlResponseImported,
  type ControlResponseProof,
  type ControlResponseRevoked,
  type ControlResponseStatus,
  type ControlResponseWaitingCall,
  parseControlResponse,
  parseControlResponseAnchorHead,
  parseControlResponseAnchors,
  parseControlResponseApprovalRequest,
  parseControlResponseApprovals,
  parseControlResponseApprovalTaken,
  parseControlResponseApproved,
  parseControlResponseCheckpoint,
  parseControlResponseDeclined,
  parseControlResponseFailed,
  parseControlResponseGranted,
  parseControlResponseImported,
  parseControlResponseProof,
  parseControlResponseRevoked,
  parseControlResponseStatus,
  parseControlResponseWaitingCall,
} from './generated/control-response.ts'
export { DELEGATION_TAG, type Delegation, parseDelegation } from './generated/delegation.ts'
export { type Denial, type DenialCause, parseDenial, parseDenialCause } from './generated/denial.ts'
export {
  type DidDocument,
  type DidDocumentDidUrl,
  type DidDocumentRelationship,
  type DidDocumentService,
  type DidDocumentVerificationMethod,
  parseDidDocument,
  parseDidDocumentDidUrl,
  parseDidDocumentRelationship,
  parseDidDocumentService,
  parseDidDocumentVerificationMethod,
} from './generated/did-document.ts'
export { decodeFirstFlight, encodeFirstFlight, type FirstFlight } from './generated/first-flight.ts'
export { decodeFirstPayload, encodeFirstPayload, type FirstPayload } from './generated/first-payload.ts'
export { type ForkEvidence, parseForkEvidence } from './generated/fork-evidence.ts'
export { INVITATION_TAG, type Invitation, parseInvitation } from './generated/invitation.ts'
export { INVOCATION_TAG, type Invocation, parseInvocation } from './generated/invocation.ts'
export {
  type KeyFile,
  type KeyFileAead,
  type KeyFileKdf,
  parseKeyFile,
  parseKeyFileAead,
  parseKeyFileKdf,
} from './generated/key-file.ts'
export {
  decodeKeyFileReserve,
  encodeKeyFileReserve,
  KEY_FILE_RESERVE_SIZE_BYTES,
  type KeyFileReserve,
} from './generated/key-file-reserve.ts'
export {
  decodeKeyFileSecrets,
  encodeKeyFileSecrets,
  KEY_FILE_SECRETS_SIZE_BYTES,
  type KeyFileSecrets,
} from './generated/key-file-secrets.ts'
export {
  decodeKeyFileSecretsExternal,
  encodeKeyFileSecretsExternal,
  KEY_FILE_SECRETS_EXTERNAL_SIZE_BYTES,
  type KeyFileSecretsExternal,
} from './generated/key-file-secrets-external.ts'
export {
  type KeyFileV2,
  type KeyFileV2Aead,
  type KeyFileV2Kdf,
  type KeyFileV2Reserve,
  parseKeyFileV2,
  parseKeyFileV2Aead,
  parseKeyFileV2Kdf,
  parseKeyFileV2Reserve,
} from './generated/key-file-v2.ts'
export { type LightState, parseLightState } from './generated/light-state.ts'
export { decodeLinkClose, encodeLinkClose, LINK_CLOSE_SIZE_BYTES, type LinkClose } from './generated/link-close.ts'
export {
  decodeLinkContent,
  encodeLinkContent,
  LINK_CONTENT_SIZE_BYTES,
  type LinkContent,
} from './generated/link-content.ts'
export { decodeLinkCredit, encodeLinkCredit, LINK_CREDIT_SIZE_BYTES, type LinkCredit } from './generated/link-credit.ts'
export { decodeLinkFrame, encodeLinkFrame, LINK_FRAME_SIZE_BYTES, type LinkFrame } from './generated/link-frame.ts'
export { decodeLinkHello, encodeLinkHello, type LinkHello } from './generated/link-hello.ts'
export { decodeLinkPing, encodeLinkPing, LINK_PING_SIZE_BYTES, type LinkPing } from './generated/link-ping.ts'
export { LOG_KEY_TAG, type LogKey, parseLogKey } from './generated/log-key.ts'
export {
  type McpFrame,
  type McpFrameApprovals,
  type McpFrameBare,
  type McpFrameCall,
  type McpFrameData,
  type McpFrameLevel,
  type McpFrameMessage,
  type McpFrameProofs,
  type McpFrameReady,
  type McpFrameResult,
  type McpFrameSalt,
  type McpFrameToolTerms,
  parseMcpFrame,
  parseMcpFrameApprovals,
  parseMcpFrameBare,
  parseMcpFrameCall,
  parseMcpFrameData,
  parseMcpFrameLevel,
  parseMcpFrameMessage,
  parseMcpFrameProofs,
  parseMcpFrameReady,
  parseMcpFrameResult,
  parseMcpFrameSalt,
  parseMcpFrameToolTerms,
} from './generated/mcp-frame.ts'
export {
  decodeMessageHeader,
  encodeMessageHeader,
  MESSAGE_HEADER_SIZE_BYTES,
  type MessageHeader,
} from './generated/message-header.ts'
export {
  decodeOneTimeLeaf,
  encodeOneTimeLeaf,
  ONE_TIME_LEAF_SIZE_BYTES,
  type OneTimeLeaf,
} from './generated/one-time-leaf.ts'
export {
  type PendingChange,
  type PendingChangeNewLog,
  parsePendingChange,
  parsePendingChangeNewLog,
} from './generated/pending-change.ts'
export { decodePqAnswer, encodePqAnswer, PQ_ANSWER_SIZE_BYTES, type PqAnswer } from './generated/pq-answer.ts'
export { decodePqOffer, encodePqOffer, PQ_OFFER_SIZE_BYTES, type PqOffer } from './generated/pq-offer.ts'
export {
  PREKEY_BUNDLE_TAG,
  type PrekeyBundle,
  type PrekeyBundleInstanceName,
  type PrekeyBundleSignedKemPrekey,
  type PrekeyBundleSignedPrekey,
  parsePrekeyBundle,
  parsePrekeyBundleInstanceName,
  parsePrekeyBundleSignedKemPrekey,
  parsePrekeyBundleSignedPrekey,
} from './generated/prekey-bundle.ts'
export { type PrekeySecrets, parsePrekeySecrets } from './generated/prekey-secrets.ts'
export {
  type ProofBundle,
  type ProofBundleAnchor,
  type ProofBundleAuthority,
  type ProofBundleBytes,
  type ProofBundleDisclosure,
  type ProofBundleExecution,
  type ProofBundleHash64,
  type ProofBundleIdentity,
  type ProofBundleInclusion,
  type ProofBundleIntent,
  type ProofBundleKeyLog,
  type ProofBundleListed,
  type ProofBundleLogHead,
  type ProofBundleLogs,
  type ProofBundleParty,
  type ProofBundleRevocationList,
  type ProofBundleWitness,
  parseProofBundle,
  parseProofBundleAnchor,
  parseProofBundleAuthority,
  parseProofBundleBytes,
  parseProofBundleDisclosure,
  parseProofBundleExecution,
  parseProofBundleHash64,
  parseProofBundleIdentity,
  parseProofBundleInclusion,
  parseProofBundleIntent,
  parseProofBundleKeyLog,
  parseProofBundleListed,
  parseProofBundleLogHead,
  parseProofBundleLogs,
  parseProofBundleParty,
  parseProofBundleRevocationList,
  parseProofBundleWitness,
} from './generated/proof-bundle.ts'
export {
  type PublishedBundle,
  type PublishedBundlePublishedOneTime,
  parsePublishedBundle,
  parsePublishedBundlePublishedOneTime,
} from './generated/published-bundle.ts'
export { parseReceipt, RECEIPT_TAG, type Receipt } from './generated/receipt.ts'
export { parseReceiptBatch, RECEIPT_BATCH_TAG, type ReceiptBatch } from './generated/receipt-batch.ts'
export { parseRevocation, REVOCATION_TAG, type Revocation } from './generated/revocation.ts'
export { parseRevocationHead, REVOCATION_HEAD_TAG, type RevocationHead } from './generated/revocation-head.ts'
export { decodeRoutingEnvelope, encodeRoutingEnvelope, type RoutingEnvelope } from './generated/routing-envelope.ts'
export {
  parseSessionKeyCertificate,
  SESSION_KEY_CERTIFICATE_TAG,
  type SessionKeyCertificate,
} from './generated/session-key-certificate.ts'
export { decodeSessionMessage, encodeSessionMessage, type SessionMessage } from './generated/session-message.ts'
export {
  parseSessionRecord,
  parseSessionRecordOldChain,
  parseSessionRecordPqAnswer,
  parseSessionRecordPqOffer,
  parseSessionRecordPqStep,
  parseSessionRecordReceivingChain,
  parseSessionRecordSendingChain,
  type SessionRecord,
  type SessionRecordOldChain,
  type SessionRecordPqAnswer,
  type SessionRecordPqOffer,
  type SessionRecordPqStep,
  type SessionRecordReceivingChain,
  type SessionRecordSendingChain,
} from './generated/session-record.ts'
export { parseSessionReset, SESSION_RESET_TAG, type SessionReset } from './generated/session-reset.ts'
export { decodeStreamHead, encodeStreamHead, STREAM_HEAD_SIZE_BYTES, type StreamHead } from './generated/stream-head.ts'
export {
  decodeTransportBinding,
  encodeTransportBinding,
  TRANSPORT_BINDING_SIZE_BYTES,
  type TransportBinding,
} from './generated/transport-binding.ts'
