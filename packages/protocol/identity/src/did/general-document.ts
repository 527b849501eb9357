/**
 * DID documents of other people, by the rules of W3C DID 1.1, section 5, and Controlled Identifiers 1.0 (spec 18-key-log,
 * 18.13). Members that are not known are allowed and say nothing; what is known has to be right, for keys are taken from it.
 */
import { type JsonValue, parseJson } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { decodeMultikey, didKeyFromPublicKey } from '../did-key.ts'
import { isDid, parseDidUrl } from './did.ts'
import { isJsonArray, isJsonObject, type JsonObject, member } from './json.ts'
import { parseUtc } from './time.ts'

/** A document of 64 keys with post-quantum sizes fits. */
export const GENERAL_DOCUMENT_MAX_BYTES = 262_144
const MAX_DEPTH = 32
/** Verification methods, services, references of one relationship, other names: each alone. */
const MAX_ITEMS = 64
const MAX_TEXT_CHARACTERS = 8_192
const CONTEXTS: readonly (JsonValue | undefined)[] = ['https://www.w3.org/ns/did/v1.1', 'https://www.w3.org/ns/did/v1']
const RELATIONSHIPS = [
  'authentication',
  'assertionMethod',
  'keyAgreement',
  'capabilityInvocation',
  'capabilityDelegation',
] as const
/** Members of a JWK that only its owner may have. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

export type Relationship = (typeof RELATIONSHIPS)[number]

export interface VerificationMethod {
  /** Absolute DID URL. */
  readonly id: string
  readonly type: string
  readonly controller: string
  readonly publicKeyMultibase: string | undefined
  readonly publicKeyJwk: JsonObject | undefined
  /** From then on it must not be used; undefined where the document does not say. */
  readonly expiresMs: number | undefined
  /** From then on it must not be trusted. */
  readonly revokedMs: number | undefined
}

export interface GeneralService {
  /** Absolute URI. */
  readonly id: string
  readonly types: readonly string[]
  /** A URI, an object, or a list of these. */
  readonly endpoint: JsonValue
}

export interface GeneralDidDocument {
  readonly id: string
  readonly controllers: readonly string[]
  readonly alsoKnownAs: readonly string[]
  /** Embedded ones included. */
  readonly methods: readonly VerificationMethod[]
  /** Ids of methods; those of other documents as well. */
  readonly relationships: Readonly<Record<Relationship, readonly string[]>>
  readonly services: readonly GeneralService[]
  /** The document as it was received. */
  readonly json: JsonObject
}

/**
 * Reads a document: text, its bytes, or JSON that was parsed already.
 *
 * @param did the DID whose document it must be
 * @throws TalosError `DID_DOCUMENT_INVALID`, with what of `parseJson` as its cause
 */
export function readDidDocument(value: JsonValue | Uint8Array, did?: string): GeneralDidDocument {
  const json = typeof value === 'string' || value instanceof Uint8Array ? parseDocument(value) : value
  if (!isJsonObject(json)) throw invalid('it is not an object')
  const id = member(json, 'id')
  if (typeof id !== 'string' || !isDid(id)) throw invalid('its id is not a DID')
  if (did !== undefined && did !== id) throw invalid('it is the document of another DID')
  checkContext(member(json, '@context'))
  const own = listOf(json, 'verificationMethod').map((item) => readMethod(item, id))
  const embedded = RELATIONSHIPS.flatMap((name) => listOf(json, name).filter(isJsonObject))
  const methods = [...own, ...embedded.map((item) => readMethod(item, id))]
  const services = listOf(json, 'service').map((item) => readService(item, id))
  refuseShared([...methods, ...services].map((item) => item.id))
  const named = (name: Relationship) => listOf(json, name).map((item) => readReference(item, id))
  const relationships = {
    authentication: named('authentication'),
    assertionMethod: named('assertionMethod'),
    keyAgreement: named('keyAgreement'),
    capabilityInvocation: named('capabilityInvocation'),
    capabilityDelegation: named('capabilityDelegation'),
  }
  refuseDangling(id, { methods, named: Object.values(relationships).flat() })
  return {
    id,
    controllers: textsOf(json, 'controller', isDid),
    alsoKnownAs: textsOf(json, 'alsoKnownAs', (text) => URL.canParse(text)),
    methods,
    relationships,
    services,
    json,
  }
}

/**
 * The Ed25519 keys that a document names for a purpose, as `did:key`s: those of its own subject that are in force at that
 * time. Methods with other keys, and references into other documents, are passed over.
 */
export function keysFor(document: GeneralDidDocument, relationship: Relationship, nowMs: number): readonly Did[] {
  const named = document.relationships[relationship]
  return document.methods
    .filter((method) => named.includes(method.id) && method.controller === document.id && isInForce(method, nowMs))
    .map(({ publicKeyMultibase }) => didOf(publicKeyMultibase))
    .filter((key) => key !== undefined)
}

function isInForce({ expiresMs, revokedMs }: VerificationMethod, nowMs: number): boolean {
  return nowMs < Math.min(expiresMs ?? Number.POSITIVE_INFINITY, revokedMs ?? Number.POSITIVE_INFINITY)
}

function didOf(multikey: string | undefined): Did | undefined {
  try {
    return multikey === undefined ? undefined : didKeyFromPublicKey(decodeMultikey('ed25519', multikey))
  } catch {
    return undefined
  }
}

function parseDocument(input: string | Uint8Array): JsonValue {
  try {
    return parseJson(input, { maxBytes: GENERAL_DOCUMENT_MAX_BYTES, maxDepth: MAX_DEPTH })
  } catch (cause) {
    throw invalid('it is not JSON within bounds', cause)
  }
}

function checkContext(context: JsonValue | undefined): void {
  const [first] = isJsonArray(context) ? context : [context]
  if (context !== undefined && !CONTEXTS.includes(first))
    throw invalid('its first context is not that of DID documents')
}

function readMethod(item: JsonValue, subject: string): VerificationMethod {
  if (!isJsonObject(item)) throw invalid('a verification method is not an object')
  const [type, controller] = [member(item, 'type'), member(item, 'controller')]
  const multibase = member(item, 'publicKeyMultibase')
  const jwk = member(item, 'publicKeyJwk')
  if (typeof type !== 'string' || type === '') throw invalid('a verification method has no type')
  if (typeof controller !== 'string' || !isDid(controller)) throw invalid('a verification method has no controller')
  if (multibase !== undefined && typeof multibase !== 'string') throw invalid('a publicKeyMultibase is not a text')
  if (jwk !== undefined && !isJsonObject(jwk)) throw invalid('a publicKeyJwk is not an object')
  if (multibase !== undefined && jwk !== undefined) throw invalid('a verification method has its key twice')
  if (jwk !== undefined && SECRET_MEMBERS.some((name) => member(jwk, name) !== undefined))
    throw invalid('it holds a secret key')
  return {
    id: didUrl(member(item, 'id'), subject),
    type,
    controller,
    publicKeyMultibase: multibase,
    publicKeyJwk: jwk,
    expiresMs: timeOf(item, 'expires'),
    revokedMs: timeOf(item, 'revoked'),
  }
}

/** The id of the method that a relationship names, or has in it. */
function readReference(item: JsonValue, subject: string): string {
  return didUrl(isJsonObject(item) ? member(item, 'id') : item, subject)
}

function readService(item: JsonValue, subject: string): GeneralService {
  if (!isJsonObject(item)) throw invalid('a service is not an object')
  const id = member(item, 'id')
  const absolute = typeof id === 'string' && id.startsWith('#') ? `${subject}${id}` : id
  if (typeof absolute !== 'string' || !URL.canParse(absolute)) throw invalid('the id of a service is not a URI')
  const types = textsOf(item, 'type', (text) => text !== '')
  if (types.length === 0) throw invalid('a service has no type')
  const endpoint = member(item, 'serviceEndpoint')
  const endpoints = isJsonArray(endpoint) ? endpoint : [endpoint]
  const isEndpoint = (value: JsonValue | undefined) =>
    isJsonObject(value) || (typeof value === 'string' && URL.canParse(value))
  if (endpoint === undefined || endpoints.length === 0 || !endpoints.every(isEndpoint)) {
    throw invalid('the endpoint of a service is neither a URI nor an object')
  }
  return { id: absolute, types, endpoint }
}

/** An absolute DID URL, or `#fragment` of the subject. */
function didUrl(value: JsonValue | undefined, subject: string): string {
  if (typeof value !== 'string') throw invalid('a reference to a verification method is not a text')
  const absolute = value.startsWith('#') ? `${subject}${value}` : value
  try {
    parseDidUrl(absolute)
  } catch (cause) {
    throw invalid('a reference to a verification method is not a DID URL', cause)
  }
  return absolute
}

function timeOf(item: JsonObject, name: 'expires' | 'revoked'): number | undefined {
  const value = member(item, name)
  if (value === undefined) return undefined
  const timeMs = typeof value === 'string' ? parseUtc(value) : undefined
  if (timeMs === undefined) throw invalid('the time of a verification method is not in UTC')
  return timeMs
}

function listOf(json: JsonObject, name: string): readonly JsonValue[] {
  const value = member(json, name) ?? []
  if (!isJsonArray(value) || value.length > MAX_ITEMS) throw invalid(`${name} is not a list of at most ${MAX_ITEMS}`)
  return value
}

/** A text or a list of texts, each different. */
function textsOf(json: JsonObject, name: string, accept: (text: string) => boolean): readonly string[] {
  const value = member(json, name) ?? []
  const items = isJsonArray(value) ? value : [value]
  const isText = (item: JsonValue): item is string =>
    typeof item === 'string' && item.length <= MAX_TEXT_CHARACTERS && accept(item)
  const texts = items.filter(isText)
  if (items.length > MAX_ITEMS || texts.length !== items.length || new Set(texts).size !== texts.length) {
    throw invalid(`${name} has an item that does not belong there, or twice the same`)
  }
  return texts
}

function refuseShared(ids: readonly string[]): void {
  if (new Set(ids).size !== ids.length) throw invalid('two of its members share one id')
}

/** A reference into this very document has to lead somewhere; one into another document is that one's matter. */
function refuseDangling(
  id: string,
  { methods, named }: { readonly methods: readonly VerificationMethod[]; readonly named: readonly string[] },
): void {
  const ids = new Set(methods.map((method) => method.id))
  if (named.some((reference) => reference.startsWith(`${id}#`) && !ids.has(reference))) {
    throw invalid('a relationship names a verification method that is not there')
  }
}

function invalid(reason: string, cause?: unknown): TalosError {
  return new TalosError('DID_DOCUMENT_INVALID', { reason }, { cause })
}
