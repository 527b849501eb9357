/**
 * DIDs and DID URLs of any method, by the syntax of W3C DID 1.1, section 3, and the identifiers of the methods that are
 * known here (spec 18-key-log, 18.10): `did:key`, `did:web`, `did:webvh`, `did:talos`.
 */
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { publicKeyFromDidKey } from '../did-key.ts'
import { isMultihash } from './multihash.ts'
import { parseWebPlace, type WebPlace } from './place.ts'

/** The longest DID that is read: a host of 253 characters and a path of several segments fit. */
export const DID_MAX_CHARACTERS = 512
/** The longest DID URL that is read. */
export const DID_URL_MAX_CHARACTERS = 2_048

/** A DID whose method-specific part was checked; `other` for methods whose identifiers are not known here. */
export type ParsedDid =
  | { readonly method: 'key'; readonly did: Did; readonly publicKey: Uint8Array }
  | { readonly method: 'web'; readonly did: Did; readonly place: WebPlace }
  | { readonly method: 'webvh'; readonly did: Did; readonly scid: string; readonly place: WebPlace }
  | { readonly method: 'talos'; readonly did: Did; readonly scid: string }
  | { readonly method: 'other'; readonly did: string; readonly name: string }

/** A DID URL taken apart; absent parts are undefined, an empty path is the empty text. */
export interface ParsedDidUrl {
  readonly did: string
  /** Begins with `/`, or is empty. */
  readonly path: string
  readonly query: string | undefined
  readonly fragment: string | undefined
}

const DID = /^did:([a-z0-9]+):((?:(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})*:)*(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+)$/
/** RFC 3986 pchar, and what a query and a fragment have beside it. */
const PATH = /^(?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*$/
const QUERY = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*$/

/**
 * Reads a DID and, for the methods that are known here, its identifier.
 *
 * @throws TalosError `DID_SYNTAX`; `DID_INVALID` for a `did:key` of another key type; `DID_LOCATION_INVALID` for a place
 *   that did:web and did:webvh do not allow
 */
export function readDid(text: string): ParsedDid {
  const { name, identifier } = splitDid(text)
  // The parts below are checked by method, so that the brand is earned.
  const did = text as Did
  if (name === 'key') return { method: 'key', did, publicKey: publicKeyFromDidKey(text) }
  if (name === 'web') return { method: 'web', did, place: parseWebPlace(identifier) }
  if (name === 'talos') return { method: 'talos', did, scid: checkScid(identifier) }
  if (name !== 'webvh') return { method: 'other', did: text, name }
  const colon = identifier.indexOf(':')
  if (colon === -1) throw new TalosError('DID_SYNTAX', { reason: 'a did:webvh without a host' })
  return {
    method: 'webvh',
    did,
    scid: checkScid(identifier.slice(0, colon)),
    place: parseWebPlace(identifier.slice(colon + 1)),
  }
}

/** Tells whether `text` is a DID of any method. */
export function isDid(text: string): boolean {
  return text.length <= DID_MAX_CHARACTERS && DID.test(text)
}

/**
 * Takes a DID URL apart. The DID in it is checked by syntax only.
 *
 * @throws TalosError `DID_SYNTAX`
 */
export function parseDidUrl(text: string): ParsedDidUrl {
  if (text.length > DID_URL_MAX_CHARACTERS) throw new TalosError('DID_SYNTAX', { reason: 'it is too long' })
  const [beforeFragment, fragment] = splitOnce(text, '#')
  const [beforeQuery, query] = splitOnce(beforeFragment, '?')
  const [did, afterSlash] = splitOnce(beforeQuery, '/')
  splitDid(did)
  const path = afterSlash === undefined ? '' : `/${afterSlash}`
  if (!PATH.test(path)) throw new TalosError('DID_SYNTAX', { reason: 'its path has a character that is not allowed' })
  for (const part of [query, fragment]) {
    if (part !== undefined && !QUERY.test(part)) {
      throw new TalosError('DID_SYNTAX', { reason: 'its query or fragment has a character that is not allowed' })
    }
  }
  return { did, path, query, fragment }
}

function splitDid(text: string): { readonly name: string; readonly identifier: string } {
  if (!isDid(text)) throw new TalosError('DID_SYNTAX', { reason: 'not did:, a method and an identifier' })
  const colon = text.indexOf(':', 'did:'.length)
  return { name: text.slice('did:'.length, colon), identifier: text.slice(colon + 1) }
}

function checkScid(text: string): string {
  if (!isMultihash(text)) throw new TalosError('DID_SYNTAX', { reason: 'its SCID is not a multihash of SHA-256' })
  return text
}

/** What stands before the first `mark`, and what after it; undefined where there is none. */
function splitOnce(text: string, mark: string): readonly [string, string | undefined] {
  const at = text.indexOf(mark)
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
