/**
 * Where a path really leads: symbolic links for the rule `subpath` (contracts/spec/07-delegation, clause 7.7).
 *
 * The answer is true for the moment of asking. Whoever can write within a root can put a link in place between the check
 * and the tool's own opening of the path; only the tool can close that gap, by opening without following links below a
 * directory that it holds open (`openat2` with `RESOLVE_BENEATH`), or by running confined to the root. Give write access
 * to a root only to those who may read what its links could lead to. Hard links and mounts look like what they are: files
 * and directories of the root.
 */
import { lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/**
 * The real path of an absolute, plain path; undefined where that cannot be told.
 *
 * What does not exist yet, such as a file that is about to be written, is at its deepest directory that does, followed by
 * the rest of the path. A link that leads nowhere, a loop, a file where a directory must be, and a directory that may not
 * be read are not resolved. Paths of Windows, which begin with a drive, are not either.
 */
export function resolveRealPath(path: string): string | undefined {
  const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  // Empty segments, `.` and `..` must be gone before a missing directory could give them another meaning.
  if (resolve(plain) !== plain) return undefined
  let existing = plain
  let missing = ''
  for (;;) {
    const found = realPathOf(existing)
    if (found === 'unknown') return undefined
    if (found !== 'missing') return join(found.path, missing)
    missing = join(basename(existing), missing)
    existing = dirname(existing)
  }
}

/** `missing` where there is no entry at all, so that its parent decides; `unknown` for every other failure. */
function realPathOf(path: string): { readonly path: string } | 'missing' | 'unknown' {
  try {
    return { path: realpathSync.native(path) }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) return 'unknown'
    // The entry is there and leads nowhere: whoever creates its target decides where a write would go.
    return isThere(path) ? 'unknown' : 'missing'
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
