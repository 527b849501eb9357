export type { MissingApprovals } from './authorization/approving.ts'
export { DEFAULT_CACHE_LINKS, LIBRARY_MAX_BYTES } from './authorization/library.ts'
export type { Freshness } from './authorization/matter.ts'
export { type Metering, type Spent, UNMETERED } from './authorization/metering-port.ts'
export type { CallProof, CallToAuthorize } from './authorization/opening.ts'
export type { AuthorizerOptions } from './authorization/settings.ts'
export { judgeShownArguments, type ShownVerdict, type UnjudgedCondition } from './authorization/shown-arguments.ts'
export type { Allowed, ChannelVerdict, Denied, Referred, Verdict } from './authorization/verdict.ts'
export {
  type AuthorizeOpenedOptions,
  type AuthorizeOptions,
  authorize,
  authorizeOpened,
  type OpenedDelegation,
  type ReplayView,
} from './authorize.ts'
export { Authorizer, type CachingOptions, type ChainHandle, type ChannelCall } from './authorizer.ts'
export {
  CALL_MAC_BYTES,
  CALL_MAC_KEY_BYTES,
  type CallTerms,
  callMac,
  isCallMac,
  readCall,
  type VerifiedCall,
  type WriteCallOptions,
  writeCall,
} from './call.ts'
export {
  type ChainVerdict,
  type VerifiedChain,
  type VerifyChainOptions,
  verifyChain,
} from './chain.ts'
export {
  commandCovers,
  commandFromDisplay,
  displayCommand,
  type McpTool,
  mcpServerCommand,
  mcpToolCommand,
  mcpToolOf,
  parseCommand,
} from './command.ts'
export type { Conditions } from './conditions/conditions.ts'
export { requireParts, type ShownArguments, type ShownPart, shownArguments } from './conditions/shown.ts'
export type { ResolvePath } from './conditions/subpath.ts'
export {
  type CapabilityTerms,
  DELEGATION_ENVELOPE,
  type DelegateOptions,
  type DelegationDescription,
  delegate,
  delegationOf,
  describeDelegation,
  openDelegation,
  type VerifiedLink,
} from './delegation.ts'
export { type DenialCause, denial, denialPath, denialToJson, explainDenial, modelMessage } from './denial.ts'
export type { ExecutorPolicy, PolicyDecision, PolicyRequest } from './executor-policy.ts'
export { type IdentityStanding, type IdentityView, TEXTUAL_IDENTITIES } from './identity-view.ts'
export {
  INVOCATION_ENVELOPE,
  type InvokeOptions,
  invocationOf,
  invoke,
  openInvocation,
  type VerifiedInvocation,
} from './invocation.ts'
export { argumentsFromJson, argumentsToJson, sameArguments } from './json-arguments.ts'
export {
  ABSOLUTE_MAX_DEPTH,
  ARGUMENTS_MAX_BYTES,
  ARGUMENTS_MAX_DEPTH,
  CHAIN_MAX_BYTES,
  DEFAULT_INVOCATION_LIFETIME_S,
  DEFAULT_MAX_DEPTH,
  DELEGATION_MAX_BYTES,
  INVOCATION_MAX_BYTES,
  MAX_EVALUATION_STEPS,
  MAX_INVOCATION_LIFETIME_S,
  MAX_JUSTIFICATION_LENGTH,
  MAX_LEEWAY_S,
  MAX_REVOCATIONS,
  MAX_REVOCATIONS_PER_ISSUER,
  MAX_STATEMENTS,
  MIN_NONCE_BYTES,
  STATEMENT_MAX_BYTES,
} from './limits.ts'
export {
  type Account,
  accountsOf,
  LEASE_KEEP_S,
  type MeterChange,
  type MeterStore,
  type Remaining,
  type Use,
} from './metering/account.ts'
export type { Lease, RevocableNames } from './metering/lease.ts'
export { type Limit, type LimitKind, MAX_LIMITS, MAX_PERIOD_S } from './metering/limit.ts'
export { type ChargeResult, METER_MAX_ACCOUNTS, Meter, type MeterOptions, Ticket } from './metering/meter.ts'
export { type RenewOptions, renew, requireRenewal } from './metering/renew.ts'
export { checkWhen, MAX_WHEN, MAX_WINDOWS, type Moment, type WhenCondition } from './metering/when.ts'
export {
  type EarlierEpoch,
  EPOCH_BYTES,
  EPOCH_MEMORY_S,
  epochNonce,
  MAX_EARLIER_EPOCHS,
  REPLAY_MAX_CALLS,
  REPLAY_MAX_PER_ISSUER,
  type ReplayAnswer,
  type ReplayRecord,
  ReplaySet,
  type ReplaySetOptions,
  type Replays,
  type SingleUse,
} from './replay.ts'
export {
  type ApprovalTerms,
  checkApprovalTerms,
  DEFAULT_REQUIREMENTS,
  MAX_APPROVERS,
  MAX_COST_UNITS,
  type ProofLevel,
  satisfiesProof,
  type ToolEffect,
  type ToolRequirements,
  toolRequirements,
} from './requirements.ts'
export { type KnownRevocation, RevocationBook, type RevocationBookOptions } from './revocation/book.ts'
export { DigestChain } from './revocation/digest-chain.ts'
export {
  openRevocationHead,
  REVOCATION_HEAD_ENVELOPE,
  type RevocationHeadFacts,
  revocationHeadOf,
  signRevocationHead,
  type VerifiedRevocationHead,
} from './revocation/head.ts'
export {
  type ConflictingHeads,
  type ListClock,
  type ListPage,
  type ListStep,
  RevocationConflict,
  RevocationList,
} from './revocation/list.ts'
export {
  type OpenRevocationOptions,
  openRevocation,
  REVOCATION_ENVELOPE,
  type RevocationTarget,
  type RevokeOptions,
  revocationOf,
  revoke,
  type VerifiedRevocation,
} from './revocation/revocation.ts'
export {
  entitledToRevoke,
  isRevokedBy,
  NO_REVOCATIONS,
  type RevocableLink,
  type RevocationState,
  type RevocationView,
  revocableLink,
  revocableLinks,
} from './revocation/view.ts'
export {
  type ApproveOptions,
  approve,
  type CallToApprove,
  callDigest,
  MAX_APPROVAL_LIFETIME_S,
  openApproval,
  type VerifiedApproval,
} from './statements/approval.ts'
export {
  type ApprovalVerdict,
  type CheckApprovalsOptions,
  checkApprovals,
  MAX_APPROVALS,
  type ReceivedApproval,
  receiveApprovals,
} from './statements/approval-check.ts'
export {
  type IssueReceiptOptions,
  issueReceipt,
  openReceipt,
  type ReadReceipt,
  readReceipt,
  receiptOfRead,
  type VerifiedReceipt,
} from './statements/receipt.ts'
export { MAX_BATCH_RECEIPTS, type ReceiptBatchPlace } from './statements/receipt-batch.ts'
export type { Outcome, ReceiptContent } from './statements/receipt-body.ts'
export {
  DEFAULT_MAX_QUEUED_RECEIPTS,
  ReceiptSigner,
  type ReceiptSignerOptions,
  type SignedReceipt,
} from './statements/receipt-signer.ts'
