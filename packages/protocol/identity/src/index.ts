export {
  AGENT_SECRET_BYTES,
  type AgentSecrets,
  createAgentSecrets,
  createKeyReserve,
  disposeAgentSecrets,
  disposeKeyReserve,
  type KeyReserve,
  type RunningSecrets,
} from './agent-secrets.ts'
export {
  checkProof,
  makeProof,
  type ProofOptions,
  signDocument,
  type VerifiedProof,
  verifyDocument,
} from './did/data-integrity.ts'
export {
  DID_MAX_CHARACTERS,
  DID_URL_MAX_CHARACTERS,
  isDid,
  type ParsedDid,
  type ParsedDidUrl,
  parseDidUrl,
  readDid,
} from './did/did.ts'
export {
  GENERAL_DOCUMENT_MAX_BYTES,
  type GeneralDidDocument,
  type GeneralService,
  keysFor,
  type Relationship,
  readDidDocument,
  type VerificationMethod,
} from './did/general-document.ts'
export type { JsonObject } from './did/json.ts'
export { formatWebPlace, parseWebPlace, type WebPlace, webFolder, webUrl } from './did/place.ts'
export { resolvedDocument } from './did/resolved-document.ts'
export type { DidResolution, DidResolver, ResolveOptions } from './did/resolver.ts'
export {
  DID_DOCUMENT_MAX_BYTES,
  type DidDocumentParts,
  type DidService,
  didDocument,
  encodeDidDocument,
  keyAgreementKey,
  parseDidDocument,
  plainDidDocument,
} from './did-document.ts'
export { decodeMultikey, didKeyFromPublicKey, encodeMultikey, parseDidKey, publicKeyFromDidKey } from './did-key.ts'
export {
  ENVELOPE_MAX_BYTES,
  ENVELOPE_MAX_DEPTH,
  type EnvelopeToOpen,
  envelopeCid,
  type IpldMap,
  isIpldMap,
  type OpenEnvelopeOptions,
  type OpenedEnvelope,
  openEnvelope,
  openEnvelopes,
  openRead,
  type ReadEnvelope,
  readEnvelope,
  type SignEnvelopeOptions,
  type SignedEnvelope,
  signEnvelope,
  type UnverifiedEnvelope,
  type VerifiedEnvelope,
} from './envelope.ts'
export {
  type CreateInvitationOptions,
  createInvitation,
  INVITATION_MAX_BYTES,
  INVITATION_MAX_LIFETIME_S,
  type Invitation,
  parseInvitation,
} from './invitation.ts'
export {
  KEY_FILE_MAX_BYTES,
  type KeyFile,
  type KeyFileIdentity,
  type OpenedSecrets,
  openKeyFile,
  openKeyFileSecrets,
  openKeyReserve,
  parseKeyFile,
  type SealKeyFileOptions,
  sealKeyFile,
} from './key-file.ts'
export {
  KEY_LOG_LEEWAY_MS,
  KEY_LOG_MAX_BYTES,
  KEY_LOG_MAX_ENTRIES,
  KEY_LOG_MAX_ENTRY_BYTES,
  KEY_LOG_MAX_WITNESS_BYTES,
} from './key-log/limits.ts'
export type {
  CompromisedKey,
  CreateKeyLogOptions,
  DocumentChanges,
  EntryAuthority,
  KeyLogChange,
  KeyLogEntry,
  KeyLogLocation,
  KeyLogParameters,
  KeyLogService,
  KeyStanding,
  LogKey,
  VerifiedKeyLog,
  WitnessTerms,
} from './key-log/types.ts'
export { extendKeyLog, keyOfLog, newerKeyLog, type VerifyKeyLogOptions, verifyKeyLog } from './key-log/verify.ts'
export { appendEntry, createKeyLog, MAX_NEXT_UPDATE_KEYS } from './key-log/write.ts'
export {
  BACKUP_CONTENTS_MAX_BYTES,
  BACKUP_MAX_BYTES,
  openBackup,
  parseBackup,
  type SealBackupOptions,
  sealBackup,
} from './lifecycle/backup.ts'
export {
  IdentityBook,
  type IdentityChange,
  identityOf,
  type KnownIdentity,
  representativeOf,
} from './lifecycle/identity-book.ts'
export {
  type DelegateLogKeyOptions,
  delegateLogKey,
  LOG_KEY_ENVELOPE,
  type LogKeyDelegation,
  logKeyDelegationOf,
  openLogKeyDelegation,
} from './log-key.ts'
export {
  DEFAULT_KEY_FILE_PARAMETERS,
  KEY_FILE_PARAMETER_LIMITS,
  type KeyFileParameters,
  PASSPHRASE_MAX_CHARACTERS,
} from './passphrase.ts'
export { ed25519Signer, type Signer, signWith } from './signer.ts'
export {
  type LinkRole,
  signTransportBinding,
  type TransportBinding,
  verifyTransportBinding,
} from './transport-binding.ts'
