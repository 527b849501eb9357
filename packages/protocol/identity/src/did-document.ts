/**
 * The W3C DID document of an agent (spec 03-identity, 3.5; DID 1.1, sections 5 and 6).
 *
 * A document follows wholly from three things: the DID, the X25519 session key and the services. So the parser reads
 * those three out, builds the document again and demands the same bytes: nothing else fits in. Left out: documents of
 * other DID methods, other key types, more than one key per relationship.
 */
import { decodeJcs, encodeJcs } from '@talos/bytes'
import { type Did, type DidDocument, parseDidDocument as parseShape } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { decodeMultikey, encodeMultikey, publicKeyFromDidKey } from './did-key.ts'

/** A document of eight services stays below 4 KiB (3.5). */
export const DID_DOCUMENT_MAX_BYTES = 8_192
const CONTEXT = 'https://www.w3.org/ns/did/v1.1'

export interface DidService {
  /** What follows `#` in the service's id; 1 to 64 of `A-Z a-z 0-9 _ -`, unique. */
  readonly fragment: string
  /** What is served, such as `TalosEndpoint`. */
  readonly type: string
  /** An absolute URL of 200 characters at most. */
  readonly endpoint: string
}

export interface DidDocumentParts {
  readonly did: Did
  /** 32-byte X25519 public key. */
  readonly keyAgreement?: Uint8Array
  /** 8 at most. */
  readonly services?: readonly DidService[]
}

/**
 * The document of an agent.
 *
 * @throws TalosError `DID_INVALID`, `DID_DOCUMENT_INVALID`
 */
export function didDocument(parts: DidDocumentParts): DidDocument {
  const { did, keyAgreement, services = [] } = parts
  publicKeyFromDidKey(did)
  const signingKey = multikeyMethod(did, did.slice('did:key:'.length))
  const agreementKey = keyAgreement === undefined ? [] : [multikeyMethod(did, encodeMultikey('x25519', keyAgreement))]
  const document = {
    '@context': [CONTEXT],
    id: did,
    verificationMethod: [signingKey, ...agreementKey],
    authentication: [signingKey.id],
    assertionMethod: [signingKey.id],
    capabilityInvocation: [signingKey.id],
    capabilityDelegation: [signingKey.id],
    ...(agreementKey.length > 0 && { keyAgreement: agreementKey.map(({ id }) => id) }),
    ...(services.length > 0 && { service: services.map((service) => serviceEntry(did, service)) }),
  }
  const checked = checkShape(document)
  refuseSharedIds(checked)
  return checked
}

/**
 * What {@link encodeDidDocument} writes of the document of a DID alone, without services and without a session key.
 *
 * @throws TalosError `DID_INVALID`
 */
export function plainDidDocument(did: Did): string {
  publicKeyFromDidKey(did)
  const multikey = did.slice('did:key:'.length)
  const key = `["${did}#${multikey}"]`
  return (
    `{"@context":["${CONTEXT}"],"assertionMethod":${key},"authentication":${key},"capabilityDelegation":${key},` +
    `"capabilityInvocation":${key},"id":"${did}","verificationMethod":[{"controller":"${did}",` +
    `"id":"${did}#${multikey}","publicKeyMultibase":"${multikey}","type":"Multikey"}]}`
  )
}

/** The document as it is published and hashed: RFC 8785 JSON. */
export function encodeDidDocument(document: DidDocument): string {
  return encodeJcs(document)
}

/**
 * Parses a document that came from outside: canonical JSON text or bytes, or a value that was parsed already.
 *
 * @throws TalosError `JSON_INVALID`, `INPUT_TOO_LARGE`, `INPUT_TOO_DEEP` (text), `DID_DOCUMENT_INVALID`
 */
export function parseDidDocument(value: unknown): DidDocument {
  const isText = typeof value === 'string' || value instanceof Uint8Array
  const document = checkShape(isText ? decodeJcs(value, { maxBytes: DID_DOCUMENT_MAX_BYTES }) : value)
  if (encodeDidDocument(rebuild(document)) !== encodeDidDocument(document)) {
    throw invalid('its members do not follow from its DID, its session key and its services')
  }
  return document
}

/** The 32-byte X25519 public key under `keyAgreement`, where the document has one. */
export function keyAgreementKey(document: DidDocument): Uint8Array | undefined {
  const [, method] = document.verificationMethod
  return method === undefined ? undefined : decodeMultikey('x25519', method.publicKeyMultibase)
}

function rebuild(document: DidDocument): DidDocument {
  try {
    const key = keyAgreementKey(document)
    const prefixLength = document.id.length + 1
    return didDocument({
      did: document.id,
      ...(key !== undefined && { keyAgreement: key }),
      services: (document.service ?? []).map(({ id, type, serviceEndpoint }) => ({
        fragment: id.slice(prefixLength),
        type,
        endpoint: serviceEndpoint,
      })),
    })
  } catch (cause) {
    throw invalid('a key or an id in it is malformed', cause)
  }
}

function checkShape(value: unknown): DidDocument {
  try {
    return parseShape(value)
  } catch (cause) {
    throw invalid('it does not have the members of the schema did-document', cause)
  }
}

function refuseSharedIds(document: DidDocument): void {
  const ids = [...document.verificationMethod, ...(document.service ?? [])].map(({ id }) => id)
  if (new Set(ids).size !== ids.length) throw invalid('two of its members share one id')
}

function multikeyMethod(did: Did, multikey: string) {
  return { id: `${did}#${multikey}`, type: 'Multikey', controller: did, publicKeyMultibase: multikey } as const
}

function serviceEntry(did: Did, service: DidService) {
  return { id: `${did}#${service.fragment}`, type: service.type, serviceEndpoint: service.endpoint }
}

function invalid(reason: string, cause?: unknown): TalosError {
  return new TalosError('DID_DOCUMENT_INVALID', { reason }, { cause })
}
