/** Symbolic links of this machine, for rules on paths (spec 07-delegation 7.7). */
import { realpathSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** Folders that are looked at above a path that does not exist: none nests as deep. */
const MAX_PARENTS = 64

/**
 * The real path of an absolute path. What does not exist yet, such as a file that is about to be written, is where its
 * nearest existing folder really is. Undefined where that cannot be told: links in circles, folders that may not be read.
 *
 * Left out: a link that is set between this look and the tool's own. Who can write where the tool reads can do as the tool.
 */
export function resolveLinks(path: string): string | undefined {
  let parent = path
  for (let count = 0; count < MAX_PARENTS; count += 1) {
    try {
      return join(realpathSync.native(parent), relative(parent, path))
    } catch (error) {
      if (!isAbsent(error) || parent === dirname(parent)) return undefined
      parent = dirname(parent)
    }
  }
  return undefined
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
