/**
 * The documents that logs of ours hold (spec 18-key-log, 18.7 and 18.9): the form of 03-identity 3.5 under the log's name, with the
 * agreement of the signing key, and with the compromised keys as revoked methods that no relationship names.
 */
import { encodeJcs, type JsonValue } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { isJsonArray, isJsonObject, type JsonObject, member, textMember } from '../did/json.ts'
import { encodeMultikey } from '../did-key.ts'
import type { DocumentChanges, KeyLogService } from './types.ts'

const CONTEXT = 'https://www.w3.org/ns/did/v1.1'
/** Compromised keys that a document goes on naming; the log remembers all of them. */
const MAX_REVOKED_METHODS = 16
/** As in 03-identity, 3.5. */
const MAX_SERVICES = 8
const MAX_NAMES = 16
const MAX_URL_CHARACTERS = 512
const FRAGMENT = /^[A-Za-z0-9_-]{1,64}$/

/** What a document says, apart from its name. */
export interface DocumentParts {
  /** The signing key and its agreement; undefined in the document of a deactivated log. */
  readonly signing: { readonly multikey: string; readonly acceptance: string } | undefined
  /** Multikey of the session key. */
  readonly agreement: string | undefined
  readonly services: readonly KeyLogService[]
  readonly alsoKnownAs: readonly string[]
  /** Newest first. */
  readonly revoked: readonly RevokedMethod[]
}

interface RevokedMethod {
  readonly multikey: string
  /** ISO 8601 in UTC. */
  readonly since: string
}

/** The document of these parts under that name. */
export function buildDocument(did: string, parts: DocumentParts): JsonObject {
  const { signing, agreement, services, alsoKnownAs, revoked } = parts
  const signingId = signing === undefined ? undefined : `${did}#${signing.multikey}`
  const methods: JsonObject[] = []
  if (signing !== undefined) methods.push({ ...method(did, signing.multikey), acceptance: signing.acceptance })
  if (agreement !== undefined) methods.push(method(did, agreement))
  for (const { multikey, since } of revoked.slice(0, MAX_REVOKED_METHODS)) {
    methods.push({ ...method(did, multikey), revoked: since })
  }
  return {
    '@context': [CONTEXT],
    id: did,
    ...(alsoKnownAs.length > 0 && { alsoKnownAs }),
    ...(methods.length > 0 && { verificationMethod: methods }),
    ...(signingId !== undefined && {
      authentication: [signingId],
      assertionMethod: [signingId],
      capabilityInvocation: [signingId],
      capabilityDelegation: [signingId],
    }),
    ...(agreement !== undefined && { keyAgreement: [`${did}#${agreement}`] }),
    ...(services.length > 0 && { service: services.map((service) => serviceEntry(did, service)) }),
  }
}

/**
 * What the caller wants said, checked.
 *
 * @throws TalosError `KEY_LOG_CHANGE`, `DID_INVALID` for a session key of another length
 */
export function checkChanges(
  changes: DocumentChanges,
): Partial<Pick<DocumentParts, 'agreement' | 'alsoKnownAs' | 'services'>> {
  const { keyAgreement, services, alsoKnownAs } = changes
  if (services !== undefined) checkServices(services)
  if (alsoKnownAs !== undefined) checkNames(alsoKnownAs)
  return {
    ...(keyAgreement !== undefined && { agreement: encodeMultikey('x25519', keyAgreement) }),
    ...(services !== undefined && { services }),
    ...(alsoKnownAs !== undefined && { alsoKnownAs }),
  }
}

/**
 * The parts of a document that {@link buildDocument} made.
 *
 * @throws TalosError `KEY_LOG_CHANGE` for another document: what is not understood cannot be carried on
 */
export function readParts(did: Did, document: JsonObject): DocumentParts {
  const prefix = `${did}#`
  const methods = objects(document, 'verificationMethod')
  const [agreementId] = list(document, 'keyAgreement')
  const signing = methods.find((item) => member(item, 'acceptance') !== undefined)
  const agreement = methods.find((item) => member(item, 'id') === agreementId)
  const parts: DocumentParts = {
    signing: signing && {
      multikey: textMember(signing, 'publicKeyMultibase'),
      acceptance: textMember(signing, 'acceptance'),
    },
    agreement: agreement && textMember(agreement, 'publicKeyMultibase'),
    services: objects(document, 'service').map((service) => ({
      fragment: textMember(service, 'id').slice(prefix.length),
      type: textMember(service, 'type'),
      endpoint: textMember(service, 'serviceEndpoint'),
    })),
    alsoKnownAs: list(document, 'alsoKnownAs').filter((name) => typeof name === 'string'),
    revoked: methods
      .filter((item) => member(item, 'revoked') !== undefined)
      .map((item) => ({ multikey: textMember(item, 'publicKeyMultibase'), since: textMember(item, 'revoked') })),
  }
  if (encodeJcs(buildDocument(did, parts)) !== encodeJcs(document))
    throw refusal('its document is not of the form of Talos')
  return parts
}

function checkServices(services: readonly KeyLogService[]): void {
  const fragments = services.map(({ fragment }) => fragment)
  if (services.length > MAX_SERVICES || new Set(fragments).size !== fragments.length) {
    throw refusal(`there may be ${MAX_SERVICES} services, each with a name of its own`)
  }
  const isGood = ({ fragment, type, endpoint }: KeyLogService) =>
    FRAGMENT.test(fragment) && FRAGMENT.test(type) && URL.canParse(endpoint) && endpoint.length <= MAX_URL_CHARACTERS
  if (!services.every(isGood)) throw refusal('a service has a name, a type or an endpoint that is not allowed')
}

function checkNames(names: readonly string[]): void {
  if (names.length > MAX_NAMES || new Set(names).size !== names.length)
    throw refusal(`there may be ${MAX_NAMES} different other names`)
  if (!names.every((name) => URL.canParse(name) && name.length <= MAX_URL_CHARACTERS))
    throw refusal('another name is not a URI')
}

function method(did: string, multikey: string): JsonObject {
  return { id: `${did}#${multikey}`, type: 'Multikey', controller: did, publicKeyMultibase: multikey }
}

function serviceEntry(did: string, { fragment, type, endpoint }: KeyLogService): JsonObject {
  return { id: `${did}#${fragment}`, type, serviceEndpoint: endpoint }
}

function list(document: JsonObject, name: string): readonly JsonValue[] {
  const value = member(document, name)
  return isJsonArray(value) ? value : []
}

function objects(document: JsonObject, name: string): readonly JsonObject[] {
  return list(document, name).filter(isJsonObject)
}

function refusal(reason: string): TalosError {
  return new TalosError('KEY_LOG_CHANGE', { reason })
}
