/**
 * Paths of the log service (spec 22-log-service, 22.2), those of C2SP tlog-tiles among them.
 *
 * A path has one spelling. Whatever else is asked for, with other digits, escapes, empty segments or a query, is none.
 */
import { MAX_TREE_SIZE, TILE_WIDTH } from '@talos/merkle'

/** What a path names. */
export type LogPath =
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'log-key' }
  | { readonly kind: 'key-log' }
  | { readonly kind: 'revocation-head' }
  | { readonly kind: 'add-checkpoint' }
  /** Revocations of the log's agent from position `after + 1` on. */
  | { readonly kind: 'revocations'; readonly after: number }
  /** `width` is 1 to 256; 256 is the whole tile. */
  | { readonly kind: 'tile'; readonly level: number | 'entries'; readonly index: number; readonly width: number }

const FIXED: Readonly<Record<string, LogPath>> = {
  '/checkpoint': { kind: 'checkpoint' },
  '/log-key': { kind: 'log-key' },
  '/did.jsonl': { kind: 'key-log' },
  '/revocations/head': { kind: 'revocation-head' },
  '/revocations': { kind: 'revocations', after: 0 },
  '/add-checkpoint': { kind: 'add-checkpoint' },
}

/** The longest path there is: an index of 16 digits is six groups. */
const MAX_PATH_CHARS = 64
const TILE = /^\/tile\/(entries|[0-6])\/((?:x[0-9]{3}\/)*)([0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/
const AFTER = /^\/revocations\?after=(0|[1-9][0-9]{0,15})$/

/** Reads the target of a request; undefined where it names nothing. */
export function parseLogPath(target: string): LogPath | undefined {
  if (target.length > MAX_PATH_CHARS) return undefined
  if (Object.hasOwn(FIXED, target)) return FIXED[target]
  const after = AFTER.exec(target)
  if (after !== null) return revocationsAfter(Number(after[1]))
  const tile = TILE.exec(target)
  return tile === null ? undefined : tileAt(tile)
}

function revocationsAfter(after: number): LogPath | undefined {
  return Number.isSafeInteger(after) ? { kind: 'revocations', after } : undefined
}

function tileAt([, level, upper = '', last = '', partial]: RegExpExecArray): LogPath | undefined {
  // A group of zeros at the front would be a second spelling of the same index.
  if (upper.startsWith('x000/')) return undefined
  const index = Number(`${upper.replaceAll(/[x/]/g, '')}${last}`)
  const width = partial === undefined ? TILE_WIDTH : Number(partial)
  if (index > MAX_TREE_SIZE || (partial !== undefined && width >= TILE_WIDTH)) return undefined
  return { kind: 'tile', level: level === 'entries' ? 'entries' : Number(level), index, width }
}
