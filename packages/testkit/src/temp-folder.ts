/** A folder for one test. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TempFolder extends Disposable {
  /** Absolute, with symbolic links resolved. */
  readonly path: string
}

/** Makes an empty folder, which disposal removes with everything in it: `using folder = tempFolder()`. */
export function tempFolder(): TempFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'talos-test-')))
  return {
    path,
    [Symbol.dispose](): void {
      rmSync(path, { recursive: true, force: true })
    },
  }
}
