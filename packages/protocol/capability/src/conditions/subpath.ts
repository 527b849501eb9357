/**
 * Judging file paths without touching a disk (spec 07-delegation, clause 7.7).
 *
 * A path is judged only if every reader must read it the same way; what could be read in two ways is refused. Symbolic
 * links are the executor's to resolve: see `resolvePath` of `authorize`.
 */
import { MAX_PATH_LENGTH } from '../limits.ts'

/** Resolves symbolic links: the real path of an absolute path, or undefined (or a throw) where that cannot be told. */
export type ResolvePath = (path: string) => string | undefined

/** `.`, `/`, `\`, NUL and `%` as percent-encodings: a reader that decodes them sees another path. */
const RISKY_ENCODING = /%(?:2e|2f|5c|00|25)/i
/** Control, format, surrogate, private and unassigned characters: they print nothing or mean nothing. */
const UNPRINTABLE = /\p{C}/u
/** Some file systems drop dots and spaces from the end of a name. */
const DROPPED_END = /[. ]$/

/**
 * Printable ASCII but backslash and percent sign, each segment with an end that no file system drops: needs no judging of
 * Unicode. What does not match is judged slowly.
 */
const PLAIN_PATH = /^(?:\/[ -$&-.0-[\]-~]*[!-$&-\-0-[\]-~])+$/

/**
 * The segments of an absolute path, or undefined where it cannot be judged.
 *
 * Refused: relative and empty paths, overlong ones, `.` and `..`, empty segments, names that end in a dot or a space,
 * backslashes, characters that do not print, text that is not in Unicode's form NFC, text that a compatibility
 * normalization (NFKC) would turn into any of these, and percent-encodings of dots, slashes, backslashes, NUL and `%`.
 * One slash at the end is dropped.
 */
export function judgePath(path: string): readonly string[] | undefined {
  const judged = withoutLastSlash(path)
  if (judged === undefined || judged === '') return judged === undefined ? undefined : []
  return judged.slice(1).split('/')
}

/** A directory that a rule allows. */
export interface Root {
  readonly path: string
  /** Without a slash at its end; empty for `/`. */
  readonly prefix: string
}

/** A root that a rule may name; undefined where it cannot be judged. */
export function rootOf(path: string): Root | undefined {
  const prefix = withoutLastSlash(path)
  return prefix === undefined ? undefined : { path, prefix }
}

/** Whether `path` is one of `roots` or below it, segment by segment; false where it cannot be judged. */
export function isWithin(path: string, roots: readonly Root[], resolvePath: ResolvePath | undefined): boolean {
  const judged = judgedAgain(path)
  if (judged === undefined) return false
  for (const root of roots) {
    if (isBelow(judged, root.prefix) && (resolvePath === undefined || isReallyWithin(path, { root, resolvePath })))
      return true
  }
  return false
}

function isReallyWithin(
  path: string,
  { root, resolvePath }: { readonly root: Root; readonly resolvePath: ResolvePath },
): boolean {
  const real = resolved(path, resolvePath)
  const realRoot = resolved(root.path, resolvePath)
  return real !== undefined && realRoot !== undefined && isBelow(real, realRoot)
}

/** The path that was judged last: each link of a chain asks about the same one. */
let last: { readonly path: string; readonly judged: string | undefined } = { path: '', judged: undefined }

function judgedAgain(path: string): string | undefined {
  if (last.path !== path) last = { path, judged: withoutLastSlash(path) }
  return last.judged
}

/** The judged path without a slash at its end, so that `/` is empty; undefined where it cannot be judged. */
function withoutLastSlash(path: string): string | undefined {
  if (path.length > MAX_PATH_LENGTH) return undefined
  const trimmed = path.endsWith('/') ? path.slice(0, -1) : path
  if (PLAIN_PATH.test(trimmed) || path === '/') return trimmed
  if (!path.startsWith('/') || path.normalize('NFC') !== path || !isPlain(trimmed)) return undefined
  const folded = trimmed.normalize('NFKC')
  return isPlain(folded) && folded.split('/').length === trimmed.split('/').length ? trimmed : undefined
}

/** Both without a slash at the end: the segments of `prefix` are the first of `path`. */
function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path.charAt(prefix.length) === '/')
}

function resolved(path: string, resolvePath: ResolvePath): string | undefined {
  try {
    const real = resolvePath(path)
    return real === undefined ? undefined : withoutLastSlash(real)
  } catch {
    // Whatever the executor's file system says, a path that cannot be resolved is not allowed.
    return undefined
  }
}

/** `text` begins with a slash and has none at its end, unless that is an empty segment. */
function isPlain(text: string): boolean {
  if (UNPRINTABLE.test(text) || RISKY_ENCODING.test(text) || text.includes('\\')) return false
  return text
    .slice(1)
    .split('/')
    .every((segment) => segment !== '' && !DROPPED_END.test(segment))
}
