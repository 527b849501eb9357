// Generated from contracts/schemas/proof-bundle.schema.json by tools/src/generate.ts; do not edit.
import type { JsonValue } from '@talos/bytes'
import { anyJson, array, type Check, object, oneOfValues, optional, ref, run, string } from '../check.ts'
import { type Base64url32, checkBase64url32, checkDidKey, type DidKey } from './common.ts'
import { checkDidDocument, type DidDocument } from './did-document.ts'

/**
 * One call, provable offline: who asked whom, by whose leave, what became of it, and that both wrote it down. Signed
 * objects travel as their exact bytes in base64url.
 * Specified in 12-proof-bundle 12.1.
 */
export type ProofBundle = {
  readonly format: 'talos-proof/v1'
  /** Both sides: who they are, and which key signs their logs. */
  readonly identity?: ProofBundleIdentity
  /** By whose leave the call was made. */
  readonly authority?: ProofBundleAuthority
  /** The call as its author signed it, and its place in the author's log. */
  readonly intent?: ProofBundleIntent
  /** What became of it as the executor signed it, and its place in the executor's log. */
  readonly execution?: ProofBundleExecution
  /** Openings of commitments. */
  readonly disclosures: readonly ProofBundleDisclosure[]
  /** Paths from checkpoints to public chains; none in this version. */
  readonly anchors: readonly ProofBundleBytes[]
}

const checkProofBundle: Check = object({
  format: oneOfValues('talos-proof/v1'),
  identity: optional(ref(() => checkProofBundleIdentity)),
  authority: optional(ref(() => checkProofBundleAuthority)),
  intent: optional(ref(() => checkProofBundleIntent)),
  execution: optional(ref(() => checkProofBundleExecution)),
  disclosures: array(
    ref(() => checkProofBundleDisclosure),
    { minItems: 0, maxItems: 8 },
  ),
  anchors: array(
    ref(() => checkProofBundleBytes),
    { minItems: 0, maxItems: 0 },
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
})

/** Returns `value` typed as ProofBundleAuthority. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofBundleAuthority(value: unknown): ProofBundleAuthority {
  run('proof-bundle#authority', checkProofBundleAuthority, value)
  return value as ProofBundleAuthority
}

export type ProofBundleIntent = {
  /** The envelope of the invocation (08-invocation 8.1). */
  readonly invocation: ProofBundleBytes
  readonly inclusion: ProofBundleInclusion
}

const checkProofBundleIntent: Check = object({
  invocation: ref(() => checkProofBundleBytes),
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

/** One opening: exactly one of `value` and `bytes`. */
export type ProofBundleDisclosure = {
  readonly layer: 'intent' | 'execution'
  /** The path that the commitment was made under. */
  readonly path: 'params' | 'result' | 'content' | 'request'
  readonly salt: Base64url32
  /** The JSON value that was committed to. */
  readonly value?: JsonValue
  /** The exact bytes that were committed to, in unpadded base64url; may be empty. */
  readonly bytes?: string
}

const checkProofBundleDisclosure: Check = object({
  layer: oneOfValues('intent', 'execution'),
  path: oneOfValues('params', 'result', 'content', 'request'),
  salt: ref(() => checkBase64url32),
  value: optional(anyJson),
  bytes: optional(string({ maxLength: 1_048_576, pattern: /^[A-Za-z0-9_-]*$/u })),
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
