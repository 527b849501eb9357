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
 * The segments of an absolute path, or undefined where it cannot be judged.
 *
 * Refused: relative and empty paths, overlong ones, `.` and `..`, empty segments, names that end in a dot or a space,
 * backslashes, characters that do not print, text that is not in Unicode's form NFC, text that a compatibility
 * normalization (NFKC) would turn into any of these, and percent-encodings of dots, slashes, backslashes, NUL and `%`.
 * One slash at the end is dropped.
 */
export function judgePath(path: string): readonly string[] | undefined {
  if (path.length > MAX_PATH_LENGTH || !path.startsWith('/') || path.normalize('NFC') !== path) return undefined
  if (path === '/') return []
  const trimmed = path.endsWith('/') ? path.slice(1, -1) : path.slice(1)
  if (!isPlain(trimmed)) return undefined
  const folded = trimmed.normalize('NFKC')
  const segments = trimmed.split('/')
  return isPlain(folded) && folded.split('/').length === segments.length ? segments : undefined
}

/** A directory that a rule allows. */
export interface Root {
  readonly path: string
  readonly segments: readonly string[]
}

/** Whether `path` is one of `roots` or below it, segment by segment; false where it cannot be judged. */
export function isWithin(path: string, roots: readonly Root[], resolvePath: ResolvePath | undefined): boolean {
  const segments = judgePath(path)
  if (segments === undefined) return false
  return roots.some((root) => {
    if (!startsWith(segments, root.segments)) return false
    if (resolvePath === undefined) return true
    const real = resolved(path, resolvePath)
    const realRoot = resolved(root.path, resolvePath)
    return real !== undefined && realRoot !== undefined && startsWith(real, realRoot)
  })
}

function startsWith(segments: readonly string[], beginning: readonly string[]): boolean {
  return beginning.length <= segments.length && beginning.every((segment, index) => segment === segments[index])
}

function resolved(path: string, resolvePath: ResolvePath): readonly string[] | undefined {
  try {
    const real = resolvePath(path)
    return real === undefined ? undefined : judgePath(real)
  } catch {
    // Whatever the executor's file system says, a path that cannot be resolved is not allowed.
    return undefined
  }
}

function isPlain(text: string): boolean {
  if (UNPRINTABLE.test(text) || RISKY_ENCODING.test(text) || text.includes('\\')) return false
  return text.split('/').every((segment) => segment !== '' && !DROPPED_END.test(segment))
}
