/**
 * Reading a URL only where every reader reads it the same way (spec 07-delegation, clause 7.6.3).
 *
 * The form is a small part of the WHATWG URL standard's and of RFC 3986: what is judged here, a WHATWG parser leaves as
 * it is. Everything that parsers are known to disagree on has no place in the form at all.
 */
import { MAX_URL_LENGTH } from '../limits.ts'
import { type Network, parseIpv4, parseIpv6 } from './address.ts'
import { isEncodedLabel } from './punycode.ts'
import { judgePath } from './subpath.ts'

/** A host: its name, or the address that it is. */
export type UrlHost =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'address'; readonly address: Network }

/** A URL, taken apart. */
export interface JudgedUrl {
  readonly scheme: string
  readonly host: UrlHost
  /** The scheme's own where the URL has none. */
  readonly port: number
  /** As it is written, without a slash at its end; empty for `/`. */
  readonly path: string
  readonly hasQuery: boolean
}

/** The schemes that can be judged, each with its own port. */
export const SCHEME_PORTS: ReadonlyMap<string, number> = new Map([
  ['https', 443],
  ['http', 80],
  ['wss', 443],
  ['ws', 80],
])
export const MAX_PORT = 65_535

const FORM =
  /^([a-z]{2,5}):\/\/([a-z0-9.-]+|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?(\/[\w.~!$&'()*+,=:@%/-]*)?(\?[\w.~!$&()*+,=:@%/;?-]*)?$/
const NAME = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const MAX_NAME_LENGTH = 253
/** Labels with hyphens in their third and fourth place: only `xn--` has a meaning. */
const RESERVED_LABEL = /(?:^|\.)[^.]{2}--/
/** Encodings of letters, digits, `-._~` (which need none), and of `/`, `\`, `%`, `;`, `?`, `#`. */
const RISKY_IN_PATH = /%(?:2[35d-f]|3[0-9bf]|4[1-9a-f]|5[0-9acf]|6[1-9a-f]|7[0-9ae])/i
const RISKY_IN_QUERY = /%(?![0-9a-f]{2})|%(?:[01]|7f)/i
const DELIMITER = /[;?#]/

/** Takes a URL apart; undefined where it cannot be judged. */
export function judgeUrl(text: string): JudgedUrl | undefined {
  const match = text.length > MAX_URL_LENGTH ? null : FORM.exec(text)
  if (match === null) return undefined
  const [, scheme, hostText, portText, path, query] = match
  const ownPort = SCHEME_PORTS.get(String(scheme))
  const host = judgeHost(String(hostText))
  if (ownPort === undefined || host === undefined) return undefined
  const port = portText === undefined ? ownPort : Number(portText)
  if (port > MAX_PORT) return undefined
  if (query !== undefined && (path === undefined || RISKY_IN_QUERY.test(query))) return undefined
  const judged = judgeUrlPath(path ?? '/')
  if (judged === undefined) return undefined
  return { scheme: String(scheme), host, port, path: judged, hasQuery: query !== undefined }
}

/** A host as it stands in a URL; undefined where it cannot be judged. */
function judgeHost(text: string): UrlHost | undefined {
  const address = text.startsWith('[') ? parseIpv6(text.slice(1, -1)) : parseIpv4(text)
  if (address !== undefined) return { kind: 'address', address }
  return isHostName(text) ? { kind: 'name', name: text } : undefined
}

/** Whether a text is a host's name that every reader takes for the same name. */
export function isHostName(text: string): boolean {
  if (text.length > MAX_NAME_LENGTH || !NAME.test(text)) return false
  if (!RESERVED_LABEL.test(text)) return true
  return text
    .split('.')
    .every((label) => label.slice(2, 4) !== '--' || (label.startsWith('xn--') && isEncodedLabel(label)))
}

/**
 * The path as it is written, without a slash at its end (so `/` is empty); undefined where it cannot be judged.
 *
 * What the path says once it is decoded must be a path that `subpath` would judge as well.
 */
export function judgeUrlPath(path: string): string | undefined {
  const decoded = path.includes('%') ? decodePath(path) : path
  if (decoded === undefined || judgePath(decoded) === undefined) return undefined
  return path.endsWith('/') ? path.slice(0, -1) : path
}

function decodePath(path: string): string | undefined {
  if (RISKY_IN_PATH.test(path)) return undefined
  try {
    const decoded = decodeURIComponent(path)
    return DELIMITER.test(decoded.normalize('NFKC')) ? undefined : decoded
  } catch {
    // Not two hexadecimal digits, or not UTF-8.
    return undefined
  }
}
