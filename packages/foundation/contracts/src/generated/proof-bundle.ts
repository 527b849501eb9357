// Generated from contracts/schemas/proof-bundle.schema.json by tools/src/generate.ts; do not edit.
import type { JsonValue } from '@talos/bytes'
import { anyJson, array, type Check, integer, object, oneOfValues, optional, ref, run, string } from '../check.ts'
import { type AnchorProof, checkAnchorProof } from './anchor-proof.ts'
import { type Base64url32, checkBase64url32, checkDidKey, type DidKey } from './common.ts'
import { checkDidDocument, type DidDocument } from './did-document.ts'

/**
 * One call, provable offline: who asked whom, by whose leave, what became of it, that both wrote it down, and who else
 * saw their logs. Signed objects travel as their exact bytes in base64url.
 * Specified in 12-proof-bundle 12.1.
 */
export type ProofBundle = {
  readonly format: 'talos-proof/v1'
  /** Both sides: who they are, and which key signs their logs. */
  readonly identity?: ProofBundleIdentity
  /** By whose leave the call was made. */
  readonly authority?: ProofBundleAuthority
  /** The call as its author signed it, unless that is hidden, and its place in the author's log. */
  readonly intent?: ProofBundleIntent
  /** What became of it as the executor signed it, and its place in the executor's log. */
  readonly execution?: ProofBundleExecution
  /** Later checkpoints of both logs, as others saw them. */
  readonly logs?: ProofBundleLogs
  /** Whose cosignatures stand under the checkpoints in `logs`; each has one there at least. */
  readonly witnesses: readonly ProofBundleWitness[]
  /** Openings of commitments. */
  readonly disclosures: readonly ProofBundleDisclosure[]
  /** Paths from checkpoints in `logs` to public chains. */
  readonly anchors: readonly ProofBundleAnchor[]
}

const checkProofBundle: Check = object({
  format: oneOfValues('talos-proof/v1'),
  identity: optional(ref(() => checkProofBundleIdentity)),
  authority: optional(ref(() => checkProofBundleAuthority)),
  intent: optional(ref(() => checkProofBundleIntent)),
  execution: optional(ref(() => checkProofBundleExecution)),
  logs: optional(ref(() => checkProofBundleLogs)),
  witnesses: array(
    ref(() => checkProofBundleWitness),
    { minItems: 0, maxItems: 16 },
  ),
  disclosures: array(
    ref(() => checkProofBundleDisclosure),
    { minItems: 0, maxItems: 64 },
  ),
  anchors: array(
    ref(() => checkProofBundleAnchor),
    { minItems: 0, maxItems: 4 },
  ),
})

/** Returns `value` typed as ProofBundle. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundle(value: unknown): ProofBundle {
  run('proof-bundle', checkProofBundle, value)
  return value as ProofBundle
}

/** Bytes in unpadded base64url; the bundle's own size bounds them. */
export type ProofBundleBytes = string

const checkProofBundleBytes: Check = string({ minLength: 1, maxLength: 1_048_576, pattern: /^[A-Za-z0-9_-]+$/u })

/** Returns `value` typed as ProofBundleBytes. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleBytes(value: unknown): ProofBundleBytes {
  run('proof-bundle#bytes', checkProofBundleBytes, value)
  return value as ProofBundleBytes
}

export type ProofBundleIdentity = {
  /** Who called. */
  readonly agent: ProofBundleParty
  /** Who was called. */
  readonly executor: ProofBundleParty
  /** Key logs of others whose keys stand in the delegations, each as in `history`. */
  readonly others?: readonly ProofBundleKeyLog[]
}

const checkProofBundleIdentity: Check = object({
  agent: ref(() => checkProofBundleParty),
  executor: ref(() => checkProofBundleParty),
  others: optional(
    array(
      ref(() => checkProofBundleKeyLog),
      { minItems: 0, maxItems: 16 },
    ),
  ),
})

/** Returns `value` typed as ProofBundleIdentity. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleIdentity(value: unknown): ProofBundleIdentity {
  run('proof-bundle#identity', checkProofBundleIdentity, value)
  return value as ProofBundleIdentity
}

/** One side of the call. */
export type ProofBundleParty = {
  readonly did: DidKey
  /** The document that follows from the DID alone: no session key, no services. */
  readonly document: DidDocument
  /** The envelope by which the identity lets its log key sign (03-identity 3.7). */
  readonly logKey: ProofBundleBytes
  /** The entries of the agent's key log (18-key-log), oldest first, in base64url; empty where `did` alone says all. */
  readonly history: readonly ProofBundleBytes[]
}

const checkProofBundleParty: Check = object({
  did: ref(() => checkDidKey),
  document: ref(() => checkDidDocument),
  logKey: ref(() => checkProofBundleBytes),
  history: array(
    ref(() => checkProofBundleBytes),
    { minItems: 0, maxItems: 4096 },
  ),
})

/** Returns `value` typed as ProofBundleParty. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleParty(value: unknown): ProofBundleParty {
  run('proof-bundle#party', checkProofBundleParty, value)
  return value as ProofBundleParty
}

export type ProofBundleAuthority = {
  /** The delegations that the invocation names, from the root to the caller. */
  readonly proofs: readonly ProofBundleBytes[]
  /** Revocations of these delegations that were known at export. */
  readonly revocations: readonly ProofBundleBytes[]
  /** The lists of revocations of the issuers of these delegations, as a signed head tells of them. */
  readonly heads: readonly ProofBundleRevocationList[]
}

const checkProofBundleAuthority: Check = object({
  proofs: array(
    ref(() => checkProofBundleBytes),
    { minItems: 0, maxItems: 16 },
  ),
  revocations: array(
    ref(() => checkProofBundleBytes),
    { minItems: 0, maxItems: 16 },
  ),
  heads: array(
    ref(() => checkProofBundleRevocationList),
    { minItems: 0, maxItems: 16 },
  ),
})

/** Returns `value` typed as ProofBundleAuthority. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleAuthority(value: unknown): ProofBundleAuthority {
  run('proof-bundle#authority', checkProofBundleAuthority, value)
  return value as ProofBundleAuthority
}

/** One issuer's list of revocations at one time, whole: its digest is the head's. */
export type ProofBundleRevocationList = {
  /** The envelope of the head (09-receipt-revocation 9.6). */
  readonly head: ProofBundleBytes
  /** Each revocation of the list in its order: its envelope in base64url, or its CID where the content is withheld. */
  readonly items: readonly ProofBundleListed[]
}

const checkProofBundleRevocationList: Check = object({
  head: ref(() => checkProofBundleBytes),
  items: array(
    ref(() => checkProofBundleListed),
    { minItems: 0, maxItems: 256 },
  ),
})

/** Returns `value` typed as ProofBundleRevocationList. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleRevocationList(value: unknown): ProofBundleRevocationList {
  run('proof-bundle#revocationList', checkProofBundleRevocationList, value)
  return value as ProofBundleRevocationList
}

/** An envelope begins with the byte 82 and so with `g`, a CID with `b`. */
export type ProofBundleListed = string

const checkProofBundleListed: Check = string({
  maxLength: 21_846,
  pattern: /^(?:bafyrei[a-z2-7]{52}|g[A-Za-z0-9_-]+)$/u,
})

/** Returns `value` typed as ProofBundleListed. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleListed(value: unknown): ProofBundleListed {
  run('proof-bundle#listed', checkProofBundleListed, value)
  return value as ProofBundleListed
}

export type ProofBundleIntent = {
  /** The envelope of the invocation (08-invocation 8.1); absent where `contents` is there. */
  readonly invocation?: ProofBundleBytes
  /** In place of `invocation`: arguments and result are hidden but for what is disclosed (12.17). */
  readonly contents?: 'hidden'
  readonly inclusion: ProofBundleInclusion
}

const checkProofBundleIntent: Check = object({
  invocation: optional(ref(() => checkProofBundleBytes)),
  contents: optional(oneOfValues('hidden')),
  inclusion: ref(() => checkProofBundleInclusion),
})

/** Returns `value` typed as ProofBundleIntent. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleIntent(value: unknown): ProofBundleIntent {
  run('proof-bundle#intent', checkProofBundleIntent, value)
  return value as ProofBundleIntent
}

export type ProofBundleExecution = {
  /** The envelope of the receipt (09-receipt-revocation 9.1). */
  readonly receipt: ProofBundleBytes
  /** Of the entry that records the receipt. */
  readonly inclusion: ProofBundleInclusion
  /** Of the entry by which the executor recorded that it began. */
  readonly invoked?: ProofBundleInclusion
}

const checkProofBundleExecution: Check = object({
  receipt: ref(() => checkProofBundleBytes),
  inclusion: ref(() => checkProofBundleInclusion),
  invoked: optional(ref(() => checkProofBundleInclusion)),
})

/** Returns `value` typed as ProofBundleExecution. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleExecution(value: unknown): ProofBundleExecution {
  run('proof-bundle#execution', checkProofBundleExecution, value)
  return value as ProofBundleExecution
}

/** An entry of a log, and the proof that the log holds it. */
export type ProofBundleInclusion = {
  /** The exact bytes of the entry (10-audit-entry 10.1). */
  readonly entry: ProofBundleBytes
  /** The text of a C2SP tlog-proof without an extra line, its checkpoint signed by the log alone. */
  readonly proof: string
}

const checkProofBundleInclusion: Check = object({
  entry: ref(() => checkProofBundleBytes),
  proof: string({ minLength: 1, maxLength: 16_384 }),
})

/** Returns `value` typed as ProofBundleInclusion. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleInclusion(value: unknown): ProofBundleInclusion {
  run('proof-bundle#inclusion', checkProofBundleInclusion, value)
  return value as ProofBundleInclusion
}

export type ProofBundleLogs = {
  readonly agent?: ProofBundleLogHead
  readonly executor?: ProofBundleLogHead
}

const checkProofBundleLogs: Check = object({
  agent: optional(ref(() => checkProofBundleLogHead)),
  executor: optional(ref(() => checkProofBundleLogHead)),
})

/** Returns `value` typed as ProofBundleLogs. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleLogs(value: unknown): ProofBundleLogs {
  run('proof-bundle#logs', checkProofBundleLogs, value)
  return value as ProofBundleLogs
}

/** A checkpoint, and that its tree extends the one of the inclusion. */
export type ProofBundleLogHead = {
  /** The signed note: the log's line first, then cosignatures of `witnesses` alone. */
  readonly checkpoint: string
  /**
   * The hashes of the proof (RFC 6962, 2.1.2) from the inclusion's checkpoint to this one, in padded base64; empty where
   * both have one size.
   */
  readonly consistency: readonly ProofBundleHash64[]
}

const checkProofBundleLogHead: Check = object({
  checkpoint: string({ minLength: 1, maxLength: 16_384 }),
  consistency: array(
    ref(() => checkProofBundleHash64),
    { minItems: 0, maxItems: 106 },
  ),
})

/** Returns `value` typed as ProofBundleLogHead. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleLogHead(value: unknown): ProofBundleLogHead {
  run('proof-bundle#logHead', checkProofBundleLogHead, value)
  return value as ProofBundleLogHead
}

/** 32 bytes in padded base64; the last digit carries four bits, the two below it are zero. */
export type ProofBundleHash64 = string

const checkProofBundleHash64: Check = string({ maxLength: 44, pattern: /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/u })

/** Returns `value` typed as ProofBundleHash64. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleHash64(value: unknown): ProofBundleHash64 {
  run('proof-bundle#hash64', checkProofBundleHash64, value)
  return value as ProofBundleHash64
}

/** An agent that cosigned, and its key for that. */
export type ProofBundleWitness = {
  readonly did: DidKey
  /** The envelope by which the identity lets its witness key sign (23-witness). */
  readonly logKey: ProofBundleBytes
  /** The entries of the agent's key log (18-key-log), oldest first, in base64url; empty where `did` alone says all. */
  readonly history: readonly ProofBundleBytes[]
}

const checkProofBundleWitness: Check = object({
  did: ref(() => checkDidKey),
  logKey: ref(() => checkProofBundleBytes),
  history: array(
    ref(() => checkProofBundleBytes),
    { minItems: 0, maxItems: 4096 },
  ),
})

/** Returns `value` typed as ProofBundleWitness. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleWitness(value: unknown): ProofBundleWitness {
  run('proof-bundle#witness', checkProofBundleWitness, value)
  return value as ProofBundleWitness
}

/** The proof that a chain holds the checkpoint of one side in `logs`. */
export type ProofBundleAnchor = {
  readonly side: 'agent' | 'executor'
  readonly proof: AnchorProof
}

const checkProofBundleAnchor: Check = object({
  side: oneOfValues('agent', 'executor'),
  proof: ref(() => checkAnchorProof),
})

/** Returns `value` typed as ProofBundleAnchor. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleAnchor(value: unknown): ProofBundleAnchor {
  run('proof-bundle#anchor', checkProofBundleAnchor, value)
  return value as ProofBundleAnchor
}

/**
 * One opening: exactly one of `value` and `bytes`; with `pointer`, `index` and `proof` of one leaf of `arguments` or
 * `output` (10-audit-entry 10.8), without them of any other path.
 */
export type ProofBundleDisclosure = {
  readonly layer: 'intent' | 'execution'
  /** The path that the commitment was made under. */
  readonly path: 'params' | 'result' | 'content' | 'request' | 'arguments' | 'output'
  readonly salt: Base64url32
  /** The JSON value that was committed to: a leaf's text is its canonical text. */
  readonly value?: JsonValue
  /** The exact bytes that were committed to, in unpadded base64url; may be empty. Of a leaf, its text. */
  readonly bytes?: string
  /** Where in the arguments or the output the opened value stands (RFC 6901). */
  readonly pointer?: string
  /** The place of its leaf among the sorted leaves. */
  readonly index?: number
  /** The hashes of the inclusion proof (RFC 6962, 2.1.1), its own sibling first, in padded base64. */
  readonly proof?: readonly ProofBundleHash64[]
}

const checkProofBundleDisclosure: Check = object({
  layer: oneOfValues('intent', 'execution'),
  path: oneOfValues('params', 'result', 'content', 'request', 'arguments', 'output'),
  salt: ref(() => checkBase64url32),
  value: optional(anyJson),
  bytes: optional(string({ maxLength: 1_048_576, pattern: /^[A-Za-z0-9_-]*$/u })),
  pointer: optional(string({ maxLength: 512 })),
  index: optional(integer(0, 255)),
  proof: optional(
    array(
      ref(() => checkProofBundleHash64),
      { minItems: 3, maxItems: 8 },
    ),
  ),
})

/** Returns `value` typed as ProofBundleDisclosure. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleDisclosure(value: unknown): ProofBundleDisclosure {
  run('proof-bundle#disclosure', checkProofBundleDisclosure, value)
  return value as ProofBundleDisclosure
}

/** The entries of one key log, oldest first. */
export type ProofBundleKeyLog = {
  readonly entries: readonly ProofBundleBytes[]
}

const checkProofBundleKeyLog: Check = object({
  entries: array(
    ref(() => checkProofBundleBytes),
    { minItems: 1, maxItems: 4096 },
  ),
})

/** Returns `value` typed as ProofBundleKeyLog. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleKeyLog(value: unknown): ProofBundleKeyLog {
  run('proof-bundle#keyLog', checkProofBundleKeyLog, value)
  return value as ProofBundleKeyLog
}
