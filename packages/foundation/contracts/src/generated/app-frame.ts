// Generated from contracts/schemas/app-frame.schema.json by tools/src/generate.ts; do not edit.
import type { Cid } from '@talos/bytes'
import {
  array,
  boolean,
  bytes,
  type Check,
  cid,
  integer,
  object,
  oneOfValues,
  optional,
  ref,
  run,
  string,
  variant,
} from '../check.ts'
import { checkDidKey, checkHash32, type DidKey, type Hash32 } from './common.ts'

/**
 * What travels sealed inside a session: a message, a greeting, authority, evidence, or a channel's frame.
 * Specified in 15-frames 15.1.
 */
export type AppFrame =
  | AppFrameGreeting
  | AppFrameMessage
  | AppFrameAuthority
  | AppFramePull
  | AppFrameRevocations
  | AppFrameRenew
  | AppFrameConsult
  | AppFrameAsk
  | AppFrameAnswer
  | AppFrameObserve
  | AppFrameRecall
  | AppFrameCosigned
  | AppFrameBehind
  | AppFrameHeads
  | AppFrameFork
  | AppFrameChannelOpen
  | AppFrameChannelData
  | AppFrameChannelClose

const checkAppFrame: Check = variant('t', {
  greeting: ref(() => checkAppFrameGreeting),
  message: ref(() => checkAppFrameMessage),
  authority: ref(() => checkAppFrameAuthority),
  pull: ref(() => checkAppFramePull),
  revocations: ref(() => checkAppFrameRevocations),
  renew: ref(() => checkAppFrameRenew),
  consult: ref(() => checkAppFrameConsult),
  ask: ref(() => checkAppFrameAsk),
  answer: ref(() => checkAppFrameAnswer),
  observe: ref(() => checkAppFrameObserve),
  recall: ref(() => checkAppFrameRecall),
  cosigned: ref(() => checkAppFrameCosigned),
  behind: ref(() => checkAppFrameBehind),
  heads: ref(() => checkAppFrameHeads),
  fork: ref(() => checkAppFrameFork),
  open: ref(() => checkAppFrameChannelOpen),
  data: ref(() => checkAppFrameChannelData),
  close: ref(() => checkAppFrameChannelClose),
})

/** Returns `value` typed as AppFrame. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrame(value: unknown): AppFrame {
  run('app-frame', checkAppFrame, value)
  return value as AppFrame
}

/** Opens or confirms a session and says nothing else. */
export type AppFrameGreeting = {
  readonly t: 'greeting'
}

const checkAppFrameGreeting: Check = object({
  t: oneOfValues('greeting'),
})

/** Returns `value` typed as AppFrameGreeting. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameGreeting(value: unknown): AppFrameGreeting {
  run('app-frame#greeting', checkAppFrameGreeting, value)
  return value as AppFrameGreeting
}

/** A message of the application. */
export type AppFrameMessage = {
  readonly t: 'message'
  readonly body: Uint8Array
}

const checkAppFrameMessage: Check = object({
  t: oneOfValues('message'),
  body: bytes(0, 1_040_384),
})

/** Returns `value` typed as AppFrameMessage. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameMessage(value: unknown): AppFrameMessage {
  run('app-frame#message', checkAppFrameMessage, value)
  return value as AppFrameMessage
}

/** A signed delegation or approval for the recipient, or a signed revocation that concerns it. */
export type AppFrameAuthority = {
  readonly t: 'authority'
  readonly kind: 'delegation' | 'revocation' | 'approval'
  readonly label: string
  readonly bytes: Uint8Array
}

const checkAppFrameAuthority: Check = object({
  t: oneOfValues('authority'),
  kind: oneOfValues('delegation', 'revocation', 'approval'),
  label: string({ maxLength: 128 }),
  bytes: bytes(1, 65_536),
})

/** Returns `value` typed as AppFrameAuthority. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameAuthority(value: unknown): AppFrameAuthority {
  run('app-frame#authority', checkAppFrameAuthority, value)
  return value as AppFrameAuthority
}

/** Asks for an issuer's list of revocations, from the position after `after` on. */
export type AppFramePull = {
  readonly t: 'pull'
  readonly issuer: DidKey
  readonly after: number
}

const checkAppFramePull: Check = object({
  t: oneOfValues('pull'),
  issuer: ref(() => checkDidKey),
  after: integer(0, Number.MAX_SAFE_INTEGER),
})

/** Returns `value` typed as AppFramePull. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFramePull(value: unknown): AppFramePull {
  run('app-frame#pull', checkAppFramePull, value)
  return value as AppFramePull
}

/** Signed revocations at the positions after `after` of their issuer's list, and a signed head. */
export type AppFrameRevocations = {
  readonly t: 'revocations'
  readonly issuer: DidKey
  readonly after: number
  readonly items: readonly Uint8Array[]
  readonly head: Uint8Array
}

const checkAppFrameRevocations: Check = object({
  t: oneOfValues('revocations'),
  issuer: ref(() => checkDidKey),
  after: integer(0, Number.MAX_SAFE_INTEGER),
  items: array(bytes(1, 16_384), { minItems: 0, maxItems: 256 }),
  head: bytes(1, 16_384),
})

/** Returns `value` typed as AppFrameRevocations. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameRevocations(value: unknown): AppFrameRevocations {
  run('app-frame#revocations', checkAppFrameRevocations, value)
  return value as AppFrameRevocations
}

/** Asks for the newest renewal of a lease, from its issuer or from whoever passed it on. */
export type AppFrameRenew = {
  readonly t: 'renew'
  readonly capability: Cid
}

const checkAppFrameRenew: Check = object({
  t: oneOfValues('renew'),
  capability: cid,
})

/** Returns `value` typed as AppFrameRenew. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameRenew(value: unknown): AppFrameRenew {
  run('app-frame#renew', checkAppFrameRenew, value)
  return value as AppFrameRenew
}

/** Asks for the recipient's approval of one exact call, a value of schema call-to-approve. */
export type AppFrameConsult = {
  readonly t: 'consult'
  readonly call: Uint8Array
}

const checkAppFrameConsult: Check = object({
  t: oneOfValues('consult'),
  call: bytes(1, 1_032_192),
})

/** Returns `value` typed as AppFrameConsult. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameConsult(value: unknown): AppFrameConsult {
  run('app-frame#consult', checkAppFrameConsult, value)
  return value as AppFrameConsult
}

/** Asks for the evidence of one invocation between the two sides. */
export type AppFrameAsk = {
  readonly t: 'ask'
  readonly request: number
  readonly invocation: Cid
}

const checkAppFrameAsk: Check = object({
  t: oneOfValues('ask'),
  request: integer(1, Number.MAX_SAFE_INTEGER),
  invocation: cid,
})

/** Returns `value` typed as AppFrameAsk. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameAsk(value: unknown): AppFrameAsk {
  run('app-frame#ask', checkAppFrameAsk, value)
  return value as AppFrameAsk
}

/** The evidence: log-key delegation, the entries that record the call with their proofs, known revocations. */
export type AppFrameAnswer = {
  readonly t: 'answer'
  readonly request: number
  readonly found: boolean
  readonly logKey: Uint8Array
  readonly inclusions: readonly AppFrameInclusion[]
  readonly revocations: readonly Uint8Array[]
  /** What the executor knew of revocations when it decided. */
  readonly heads: readonly AppFrameRevocationList[]
  /** A later checkpoint of the log, as witnesses saw it. */
  readonly log?: AppFrameLogHead
  readonly witnesses: readonly AppFrameWitnessKey[]
  /** Anchors of that checkpoint: canonical JSON of schema anchor-proof. */
  readonly anchors: readonly Uint8Array[]
}

const checkAppFrameAnswer: Check = object({
  t: oneOfValues('answer'),
  request: integer(1, Number.MAX_SAFE_INTEGER),
  found: boolean,
  logKey: bytes(0, 8_192),
  inclusions: array(
    ref(() => checkAppFrameInclusion),
    { minItems: 0, maxItems: 4 },
  ),
  revocations: array(bytes(1, 65_536), { minItems: 0, maxItems: 32 }),
  heads: array(
    ref(() => checkAppFrameRevocationList),
    { minItems: 0, maxItems: 16 },
  ),
  log: optional(ref(() => checkAppFrameLogHead)),
  witnesses: array(
    ref(() => checkAppFrameWitnessKey),
    { minItems: 0, maxItems: 16 },
  ),
  anchors: array(bytes(1, 262_144), { minItems: 0, maxItems: 2 }),
})

/** Returns `value` typed as AppFrameAnswer. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameAnswer(value: unknown): AppFrameAnswer {
  run('app-frame#answer', checkAppFrameAnswer, value)
  return value as AppFrameAnswer
}

/** A signed head of an issuer's list of revocations, and the list's envelopes in their order. */
export type AppFrameRevocationList = {
  readonly head: Uint8Array
  readonly items: readonly Uint8Array[]
}

const checkAppFrameRevocationList: Check = object({
  head: bytes(1, 16_384),
  items: array(bytes(1, 16_384), { minItems: 0, maxItems: 256 }),
})

/** Returns `value` typed as AppFrameRevocationList. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameRevocationList(value: unknown): AppFrameRevocationList {
  run('app-frame#revocationList', checkAppFrameRevocationList, value)
  return value as AppFrameRevocationList
}

/** A signed note with cosignatures, and the consistency proof from the checkpoint of the inclusions to it. */
export type AppFrameLogHead = {
  readonly checkpoint: string
  readonly consistency: readonly Hash32[]
}

const checkAppFrameLogHead: Check = object({
  checkpoint: string({ minLength: 1, maxLength: 16_384 }),
  consistency: array(
    ref(() => checkHash32),
    { minItems: 0, maxItems: 106 },
  ),
})

/** Returns `value` typed as AppFrameLogHead. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameLogHead(value: unknown): AppFrameLogHead {
  run('app-frame#logHead', checkAppFrameLogHead, value)
  return value as AppFrameLogHead
}

/** Who cosigned, by which key; the text of its key log where it has one. */
export type AppFrameWitnessKey = {
  readonly did: DidKey
  readonly logKey: Uint8Array
  readonly history: string
}

const checkAppFrameWitnessKey: Check = object({
  did: ref(() => checkDidKey),
  logKey: bytes(1, 8_192),
  history: string({ maxLength: 1_040_384 }),
})

/** Returns `value` typed as AppFrameWitnessKey. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameWitnessKey(value: unknown): AppFrameWitnessKey {
  run('app-frame#witnessKey', checkAppFrameWitnessKey, value)
  return value as AppFrameWitnessKey
}

/** Asks for the cosignature of a checkpoint that extends what the recipient knows of the log. */
export type AppFrameObserve = {
  readonly t: 'observe'
  readonly request: number
  readonly checkpoint: string
  readonly from: number
  /** The log's root at `from`. */
  readonly root: Hash32
  readonly proof: readonly Hash32[]
  readonly logKey: Uint8Array
}

const checkAppFrameObserve: Check = object({
  t: oneOfValues('observe'),
  request: integer(1, Number.MAX_SAFE_INTEGER),
  checkpoint: string({ minLength: 1, maxLength: 16_384 }),
  from: integer(0, Number.MAX_SAFE_INTEGER),
  root: ref(() => checkHash32),
  proof: array(
    ref(() => checkHash32),
    { minItems: 0, maxItems: 63 },
  ),
  logKey: bytes(1, 8_192),
})

/** Returns `value` typed as AppFrameObserve. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameObserve(value: unknown): AppFrameObserve {
  run('app-frame#observe', checkAppFrameObserve, value)
  return value as AppFrameObserve
}

/** Asks how far the recipient has seen a log, and signs nothing. */
export type AppFrameRecall = {
  readonly t: 'recall'
  readonly request: number
  readonly origin: string
}

const checkAppFrameRecall: Check = object({
  t: oneOfValues('recall'),
  request: integer(1, Number.MAX_SAFE_INTEGER),
  origin: string({ minLength: 1, maxLength: 255 }),
})

/** Returns `value` typed as AppFrameRecall. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameRecall(value: unknown): AppFrameRecall {
  run('app-frame#recall', checkAppFrameRecall, value)
  return value as AppFrameRecall
}

/** The recipient's checkpoint is cosigned. */
export type AppFrameCosigned = {
  readonly t: 'cosigned'
  readonly request: number
  readonly line: string
  /** The envelope by which the sender lets the witness's key sign. */
  readonly logKey: Uint8Array
}

const checkAppFrameCosigned: Check = object({
  t: oneOfValues('cosigned'),
  request: integer(1, Number.MAX_SAFE_INTEGER),
  line: string({ minLength: 1, maxLength: 1_024 }),
  logKey: bytes(1, 8_192),
})

/** Returns `value` typed as AppFrameCosigned. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameCosigned(value: unknown): AppFrameCosigned {
  run('app-frame#cosigned', checkAppFrameCosigned, value)
  return value as AppFrameCosigned
}

/** How far the sender has seen the log; what was asked for is to be proven from there. */
export type AppFrameBehind = {
  readonly t: 'behind'
  readonly request: number
  readonly size: number
  /** The checkpoint of that size, as the log signed it; absent where there is none. */
  readonly note?: string
  /** Why nothing is cosigned, where it is not that the proof begins elsewhere. */
  readonly code?: string
}

const checkAppFrameBehind: Check = object({
  t: oneOfValues('behind'),
  request: integer(1, Number.MAX_SAFE_INTEGER),
  size: integer(0, Number.MAX_SAFE_INTEGER),
  note: optional(string({ minLength: 1, maxLength: 16_384 })),
  code: optional(string({ maxLength: 64, pattern: /^[A-Z][A-Z0-9_]*$/u })),
})

/** Returns `value` typed as AppFrameBehind. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameBehind(value: unknown): AppFrameBehind {
  run('app-frame#behind', checkAppFrameBehind, value)
  return value as AppFrameBehind
}

/** The newest checkpoints that the sender has of others' logs. */
export type AppFrameHeads = {
  readonly t: 'heads'
  readonly heads: readonly AppFrameSeenHead[]
}

const checkAppFrameHeads: Check = object({
  t: oneOfValues('heads'),
  heads: array(
    ref(() => checkAppFrameSeenHead),
    { minItems: 0, maxItems: 16 },
  ),
})

/** Returns `value` typed as AppFrameHeads. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameHeads(value: unknown): AppFrameHeads {
  run('app-frame#heads', checkAppFrameHeads, value)
  return value as AppFrameHeads
}

/** A signed checkpoint, and the envelope by which its agent lets the log's key sign. */
export type AppFrameSeenHead = {
  readonly note: string
  readonly logKey: Uint8Array
}

const checkAppFrameSeenHead: Check = object({
  note: string({ minLength: 1, maxLength: 16_384 }),
  logKey: bytes(1, 8_192),
})

/** Returns `value` typed as AppFrameSeenHead. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameSeenHead(value: unknown): AppFrameSeenHead {
  run('app-frame#seenHead', checkAppFrameSeenHead, value)
  return value as AppFrameSeenHead
}

/** Evidence that a log contradicted itself, a value of schema fork-evidence. */
export type AppFrameFork = {
  readonly t: 'fork'
  readonly evidence: Uint8Array
}

const checkAppFrameFork: Check = object({
  t: oneOfValues('fork'),
  evidence: bytes(1, 1_032_192),
})

/** Returns `value` typed as AppFrameFork. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameFork(value: unknown): AppFrameFork {
  run('app-frame#fork', checkAppFrameFork, value)
  return value as AppFrameFork
}

/** The exact bytes of a log entry, and its tlog-proof. */
export type AppFrameInclusion = {
  readonly entry: Uint8Array
  readonly proof: string
}

const checkAppFrameInclusion: Check = object({
  entry: bytes(1, 16_384),
  proof: string({ minLength: 1, maxLength: 16_384 }),
})

/** Returns `value` typed as AppFrameInclusion. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameInclusion(value: unknown): AppFrameInclusion {
  run('app-frame#inclusion', checkAppFrameInclusion, value)
  return value as AppFrameInclusion
}

/** Opens a channel: an ordered exchange of frames under a protocol's name. */
export type AppFrameChannelOpen = {
  readonly t: 'open'
  readonly channel: AppFrameChannelId
  readonly protocol: string
  readonly name: string
}

const checkAppFrameChannelOpen: Check = object({
  t: oneOfValues('open'),
  channel: ref(() => checkAppFrameChannelId),
  protocol: string({ minLength: 1, maxLength: 64, pattern: /^[a-z0-9/]+$/u }),
  name: string({ minLength: 1, maxLength: 128 }),
})

/** Returns `value` typed as AppFrameChannelOpen. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameChannelOpen(value: unknown): AppFrameChannelOpen {
  run('app-frame#channelOpen', checkAppFrameChannelOpen, value)
  return value as AppFrameChannelOpen
}

/** One piece of a channel's frame; `last` ends the frame. */
export type AppFrameChannelData = {
  readonly t: 'data'
  readonly channel: AppFrameChannelId
  readonly sequence: number
  readonly last: boolean
  readonly body: Uint8Array
}

const checkAppFrameChannelData: Check = object({
  t: oneOfValues('data'),
  channel: ref(() => checkAppFrameChannelId),
  sequence: integer(0, Number.MAX_SAFE_INTEGER),
  last: boolean,
  body: bytes(0, 1_040_384),
})

/** Returns `value` typed as AppFrameChannelData. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameChannelData(value: unknown): AppFrameChannelData {
  run('app-frame#channelData', checkAppFrameChannelData, value)
  return value as AppFrameChannelData
}

/** Ends a channel from either side. */
export type AppFrameChannelClose = {
  readonly t: 'close'
  readonly channel: AppFrameChannelId
  readonly reason: 'done' | 'refused' | 'failed' | 'protocol'
}

const checkAppFrameChannelClose: Check = object({
  t: oneOfValues('close'),
  channel: ref(() => checkAppFrameChannelId),
  reason: oneOfValues('done', 'refused', 'failed', 'protocol'),
})

/** Returns `value` typed as AppFrameChannelClose. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameChannelClose(value: unknown): AppFrameChannelClose {
  run('app-frame#channelClose', checkAppFrameChannelClose, value)
  return value as AppFrameChannelClose
}

/** Odd numbers are opened by the side with the smaller DID, even ones by the other. */
export type AppFrameChannelId = number

const checkAppFrameChannelId: Check = integer(1, Number.MAX_SAFE_INTEGER)

/** Returns `value` typed as AppFrameChannelId. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseAppFrameChannelId(value: unknown): AppFrameChannelId {
  run('app-frame#channelId', checkAppFrameChannelId, value)
  return value as AppFrameChannelId
}
