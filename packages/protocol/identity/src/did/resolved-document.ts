/**
 * The document that resolving a did:webvh yields: the one of the log, with the two services that the method implies
 * (spec 18-key-log, 18.11; did:webvh 1.0, "DID URL Path Resolution" and "whois LinkedVP Service").
 */

import { readDid } from './did.ts'
import { isJsonArray, isJsonObject, type JsonObject, member, textMember } from './json.ts'
import { webFolder } from './place.ts'

/**
 * Adds `#files` and `#whois` where the document has no services of these names; a document of another method stays as it is.
 *
 * @param document one whose `id` was checked
 */
export function resolvedDocument(document: JsonObject): JsonObject {
  const did = readDid(textMember(document, 'id'))
  if (did.method !== 'webvh') return document
  const folder = webFolder(did.place)
  const service = member(document, 'service')
  const services = isJsonArray(service) ? service : []
  const ids = new Set(services.filter(isJsonObject).map((item) => member(item, 'id')))
  const implied = [
    { id: `${did.did}#files`, type: 'relativeRef', serviceEndpoint: folder },
    {
      '@context': 'https://identity.foundation/linked-vp/contexts/v1',
      id: `${did.did}#whois`,
      type: 'LinkedVerifiablePresentation',
      serviceEndpoint: `${folder}whois.vp`,
    },
  ]
  const missing = implied.filter(({ id }) => !ids.has(id) && !ids.has(id.slice(did.did.length)))
  return { ...document, service: [...services, ...missing] }
}
