// Generated from contracts/schemas/did-document.schema.json by tools/src/generate.ts; do not edit.
import { array, type Check, object, oneOfValues, optional, ref, run, string } from '../check.ts'
import { checkDidKey, type DidKey } from './common.ts'

/**
 * The W3C DID 1.1 document of a `did:key`: its signing key under every relationship that signs, its X25519 key under
 * `keyAgreement`, and where it can be reached.
 * Specified in 03-identity 3.5.
 */
export type DidDocument = {
  /** Exactly the DID 1.1 context, which defines Multikey as well. */
  readonly '@context': readonly 'https://www.w3.org/ns/did/v1.1'[]
  readonly id: DidKey
  /** The Ed25519 key, then the X25519 key where there is one. */
  readonly verificationMethod: readonly DidDocumentVerificationMethod[]
  readonly authentication: DidDocumentRelationship
  readonly assertionMethod: DidDocumentRelationship
  readonly capabilityInvocation: DidDocumentRelationship
  readonly capabilityDelegation: DidDocumentRelationship
  readonly keyAgreement?: DidDocumentRelationship
  /** Where the agent can be reached; absent when it is nowhere. */
  readonly service?: readonly DidDocumentService[]
}

export const checkDidDocument: Check = object({
  '@context': array(oneOfValues('https://www.w3.org/ns/did/v1.1'), { minItems: 1, maxItems: 1 }),
  id: ref(() => checkDidKey),
  verificationMethod: array(
    ref(() => checkDidDocumentVerificationMethod),
    { minItems: 1, maxItems: 2 },
  ),
  authentication: ref(() => checkDidDocumentRelationship),
  assertionMethod: ref(() => checkDidDocumentRelationship),
  capabilityInvocation: ref(() => checkDidDocumentRelationship),
  capabilityDelegation: ref(() => checkDidDocumentRelationship),
  keyAgreement: optional(ref(() => checkDidDocumentRelationship)),
  service: optional(
    array(
      ref(() => checkDidDocumentService),
      { minItems: 1, maxItems: 8 },
    ),
  ),
})

/** Returns `value` typed as DidDocument. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseDidDocument(value: unknown): DidDocument {
  run('did-document', checkDidDocument, value)
  return value as DidDocument
}

/** One public key as Multikey. */
export type DidDocumentVerificationMethod = {
  readonly id: DidDocumentDidUrl
  readonly type: 'Multikey'
  readonly controller: DidKey
  /** `z6Mk…` for Ed25519, `z6LS…` for X25519. */
  readonly publicKeyMultibase: string
}

const checkDidDocumentVerificationMethod: Check = object({
  id: ref(() => checkDidDocumentDidUrl),
  type: oneOfValues('Multikey'),
  controller: ref(() => checkDidKey),
  publicKeyMultibase: string({ maxLength: 48, pattern: /^z6(?:Mk|LS)[1-9A-HJ-NP-Za-km-z]{44}$/u }),
})

/** Returns `value` typed as DidDocumentVerificationMethod. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseDidDocumentVerificationMethod(value: unknown): DidDocumentVerificationMethod {
  run('did-document#verificationMethod', checkDidDocumentVerificationMethod, value)
  return value as DidDocumentVerificationMethod
}

/** References the one verification method of this relationship. */
export type DidDocumentRelationship = readonly DidDocumentDidUrl[]

const checkDidDocumentRelationship: Check = array(
  ref(() => checkDidDocumentDidUrl),
  { minItems: 1, maxItems: 1 },
)

/** Returns `value` typed as DidDocumentRelationship. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseDidDocumentRelationship(value: unknown): DidDocumentRelationship {
  run('did-document#relationship', checkDidDocumentRelationship, value)
  return value as DidDocumentRelationship
}

/** One endpoint of the agent. */
export type DidDocumentService = {
  readonly id: DidDocumentDidUrl
  /** What is served, such as `TalosEndpoint`. */
  readonly type: string
  /** An absolute URL. */
  readonly serviceEndpoint: string
}

const checkDidDocumentService: Check = object({
  id: ref(() => checkDidDocumentDidUrl),
  type: string({ maxLength: 64, pattern: /^[A-Z][A-Za-z0-9]*$/u }),
  serviceEndpoint: string({ maxLength: 200, pattern: /^[a-z][a-z0-9+.-]*:[!-~]+$/u }),
})

/** Returns `value` typed as DidDocumentService. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseDidDocumentService(value: unknown): DidDocumentService {
  run('did-document#service', checkDidDocumentService, value)
  return value as DidDocumentService
}

/** The document's DID and a fragment. */
export type DidDocumentDidUrl = string

const checkDidDocumentDidUrl: Check = string({
  maxLength: 121,
  pattern: /^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}#[A-Za-z0-9_-]{1,64}$/u,
})

/** Returns `value` typed as DidDocumentDidUrl. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseDidDocumentDidUrl(value: unknown): DidDocumentDidUrl {
  run('did-document#didUrl', checkDidDocumentDidUrl, value)
  return value as DidDocumentDidUrl
}
