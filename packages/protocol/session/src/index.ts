export {
  publishBundle,
  type VerifiedBundle,
  type VerifyBundleInput,
  verifyBundle,
} from './bundle.ts'
export { type CertifySessionKeyInput, certifySessionKey } from './certificate.ts'
export {
  CONTENT_PQ_ANSWER,
  CONTENT_PQ_OFFER,
  CONTENT_STREAM,
  DEFAULT_ONE_TIME_PREKEYS,
  LEASE_MAX_MESSAGES,
  MAX_CHAIN_MESSAGES,
  MAX_GAP,
  MAX_MESSAGE_BYTES,
  MAX_OLD_CHAINS,
  MAX_ONE_TIME_PREKEYS,
  MAX_PREKEY_SECRETS_BYTES,
  MAX_PUBLISHED_BUNDLE_BYTES,
  MAX_RESET_BYTES,
  MAX_SESSION_MESSAGES,
  MAX_SESSION_RECORD_BYTES,
  MAX_SKIPPED_KEYS,
  MAX_STREAM_CHUNKS,
  NO_CONTEXT,
  PADDING_FLOOR_BYTES,
  PQ_OFFER_REPEAT_MS,
  PQ_STEP_AGE_MS,
  PQ_STEP_BYTES,
  PQ_STEP_MESSAGES,
  PREKEY_BACKDATE_S,
  PREKEY_LIFETIME_S,
  PREKEY_REFILL_SHARE,
  PREKEY_ROTATION_S,
  RESERVED_CONTENT_TYPE,
  RESET_WINDOW_S,
  SESSION_LIFETIME_MS,
  SESSION_OPEN_GRACE_MS,
  SESSION_SUITE,
  SKIPPED_KEY_LIFETIME_MS,
  STREAM_CHUNK_BYTES,
} from './constants.ts'
export { controlDue, type SealControlInput, sealControl } from './control.ts'
export { MAX_EXPORTER_LABEL_LENGTH, type SessionExporterOptions, sessionExporter } from './exporter.ts'
export { type Initiated, type InitiateInput, initiate, type SessionSelf } from './initiate.ts'
export type { PublishedOneTime } from './one-time-tree.ts'
export { type Opened, type OpenInput, open } from './open.ts'
export { type PaddingPolicy, paddedSize } from './padding.ts'
export {
  decodePrekeySecrets,
  encodePrekeySecrets,
  ONE_TIME_SECRET_BYTES,
  type PrekeySecrets,
} from './prekey-secrets.ts'
export {
  type CreatedPrekeys,
  type CreatePrekeysInput,
  createPrekeys,
  type OneTimePrekey,
  type PrekeysDueInput,
  prekeysDue,
} from './prekeys.ts'
export { decodeSessionState, encodeSessionState } from './record.ts'
export { type CreateResetInput, createReset, type OpenResetInput, openReset } from './reset.ts'
export { type OneTimeName, type Responded, type ResponderSelf, type RespondInput, respond } from './respond.ts'
export { type Route, routeOf } from './route.ts'
export { type Sealed, type SealInput, seal } from './seal.ts'
export type { SessionState, SessionSummary } from './state.ts'
export {
  isStreamHead,
  type OpenedStream,
  openStream,
  type SealedStream,
  type SealStreamInput,
  type StreamOpener,
  type StreamSealer,
  sealStream,
} from './stream.ts'
export type { SessionMode, SessionRole } from './transcript.ts'
