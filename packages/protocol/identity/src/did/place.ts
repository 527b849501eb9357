/**
 * The place on the web that a did:web or did:webvh names, and its URLs (spec 18-key-log, 18.11; did:webvh 1.0, "The DID to
 * HTTPS Transformation"; did:web, section 3.2).
 *
 * One place has one spelling: the host is a domain name in lower-case ASCII, only the port's colon is percent-encoded
 * in it, and nothing is percent-encoded in the path that need not be. So no spelling can smuggle an address, a
 * parent folder, a fragment or credentials past whoever reads the DID.
 */
import { TalosError } from '@talos/errors'

export interface WebPlace {
  /** Domain name: lower-case ASCII, at least two labels, no address. International names stand in their `xn--` form. */
  readonly host: string
  /** 1 to 65,535; undefined for the default port. */
  readonly port: number | undefined
  /** Decoded path segments. */
  readonly path: readonly string[]
}

/** Deeper paths are not needed by anybody; the bound keeps URLs short. */
const WEB_PATH_MAX_SEGMENTS = 16
/** RFC 1035, 2.3.4. */
const HOST_MAX_CHARACTERS = 253
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** A last label that URL parsers take for part of an IPv4 address: decimal, or hexadecimal after 0x. */
const NUMBER = /^(?:[0-9]+|0x[0-9a-f]*)$/
const PORT = /^[1-9][0-9]{0,4}$/
const MAX_PORT = 65_535
/** The characters of a DID's identifier beside the escape (DID 1.1, 3.1). */
const ID_CHARACTER = /[A-Za-z0-9._-]/
/** Separators of URLs and file paths, the escape itself, blanks, and what is invisible or unassigned. */
const FORBIDDEN = /[/\\%?#:;]|\p{White_Space}|\p{C}/u

/**
 * Reads what stands after `did:web:`, or after the SCID of a did:webvh.
 *
 * @throws TalosError `DID_LOCATION_INVALID`
 */
export function parseWebPlace(text: string): WebPlace {
  const [authority, ...segments] = text.split(':') as [string, ...string[]]
  if (segments.length > WEB_PATH_MAX_SEGMENTS) throw invalid(`more than ${WEB_PATH_MAX_SEGMENTS} path segments`)
  const [host, portText] = authority.split('%3A', 2) as [string, string?]
  if (authority.split('%3A').length > 2) throw invalid('two ports')
  return {
    host: checkHost(host),
    port: portText === undefined ? undefined : parsePort(portText),
    path: segments.map(decodeSegment),
  }
}

/**
 * What stands after `did:web:` for this place: the reverse of {@link parseWebPlace}.
 *
 * @throws TalosError `DID_LOCATION_INVALID` for a place that no DID can name
 */
export function formatWebPlace(place: WebPlace): string {
  const port = place.port === undefined ? '' : `%3A${place.port}`
  const text = [`${place.host}${port}`, ...place.path.map(encodeSegment)].join(':')
  const read = parseWebPlace(text)
  if (read.path.some((segment, index) => segment !== place.path[index]))
    throw invalid('a path segment with a lone surrogate')
  return text
}

/** `https://host[:port]/path/file`, with `.well-known` for a place without a path. */
export function webUrl(place: WebPlace, file: 'did.json' | 'did.jsonl' | 'did-witness.json'): string {
  return `${webFolder(place)}${place.path.length === 0 ? '.well-known/' : ''}${file}`
}

/** `https://host[:port]/path/`: where the files of the DID's subject lie. */
export function webFolder(place: WebPlace): string {
  const port = place.port === undefined ? '' : `:${place.port}`
  return [`https://${place.host}${port}`, ...place.path.map(encodeURIComponent), ''].join('/')
}

function checkHost(host: string): string {
  const labels = host.split('.')
  if (host.length > HOST_MAX_CHARACTERS || labels.length < 2 || !labels.every((label) => LABEL.test(label))) {
    throw invalid('its host is not a domain name in lower case')
  }
  if (NUMBER.test(labels.at(-1) as string)) throw invalid('its host is an address')
  return host
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!PORT.test(text) || port > MAX_PORT) throw invalid('its port is not 1 to 65535')
  return port
}

function decodeSegment(text: string): string {
  let segment: string
  try {
    segment = decodeURIComponent(text)
  } catch (cause) {
    throw invalid('a path segment that is not UTF-8', cause)
  }
  if (segment === '' || FORBIDDEN.test(segment)) throw invalid('a path segment is empty or has a character of paths')
  if (/^\.+$/.test(segment)) throw invalid('a path segment of dots')
  if (encodeSegment(segment) !== text) throw invalid('a path segment that is not in its one spelling')
  return segment
}

/** Everything but the characters that a DID's segment may show is percent-encoded, in upper-case digits. */
function encodeSegment(segment: string): string {
  return Array.from(segment, (character) =>
    ID_CHARACTER.test(character) ? character : encodeCharacter(character),
  ).join('')
}

function encodeCharacter(character: string): string {
  const bytes = new TextEncoder().encode(character)
  return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

function invalid(reason: string, cause?: unknown): TalosError {
  return new TalosError('DID_LOCATION_INVALID', { reason }, { cause })
}
