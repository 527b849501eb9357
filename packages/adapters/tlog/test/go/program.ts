/** Go programs of conformance/go, built outside of the repository; where Go or its modules are missing, tests say so. */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const SOURCES = join(import.meta.dirname, '..', '..', '..', '..', '..', 'conformance', 'go')
/** Where Go's own archive is unpacked by its instructions. */
const GO_FOLDER = '/usr/local/go/bin'
const MAX_OUTPUT_BYTES = 67_108_864

export interface GoProgram {
  /** Why it cannot be run here; undefined where it can. */
  readonly missing: string | undefined
  /** What to add to the title of a test. */
  readonly note: string
  /** Runs it and reads what it prints as JSON. Rejects where its exit code is not 0. */
  run<T>(args: readonly string[], input?: string): Promise<T>
  remove(): void
}

/**
 * Builds a program.
 *
 * @param folder below conformance/go
 * @throws Error where its sources do not compile: only a missing Go or network is a reason to skip
 */
export function goProgram(folder: string): GoProgram {
  const cwd = join(SOURCES, folder)
  const output = mkdtempSync(join(tmpdir(), 'talos-go-'))
  const path = join(output, 'program')
  const missing = build(cwd, path)
  return {
    missing,
    note: missing === undefined ? '' : ` (skipped: ${missing})`,
    async run<T>(args: readonly string[], input = ''): Promise<T> {
      const running = promisify(execFile)(path, args, { maxBuffer: MAX_OUTPUT_BYTES })
      running.child.stdin?.end(input)
      const { stdout } = await running
      return JSON.parse(stdout) as T
    },
    remove: () => rmSync(output, { recursive: true, force: true }),
  }
}

/** Why it could not be built. */
function build(cwd: string, path: string): string | undefined {
  const version = go(cwd, ['env', 'GOVERSION'])
  if (version.error !== undefined || version.status !== 0) return 'there is no go'
  const needed = go(cwd, ['mod', 'download'])
  if (needed.status !== 0) {
    const isOld = /requires go|invalid go version|unknown directive/.test(needed.stderr)
    return isOld ? `${version.stdout.trim()} is too old` : 'its modules cannot be fetched'
  }
  const built = go(cwd, ['build', '-o', path, '.'])
  if (built.status !== 0) throw new Error(`conformance/go does not compile: ${built.stderr}`)
  return undefined
}

function go(cwd: string, args: readonly string[]) {
  return spawnSync('go', args, {
    cwd,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${process.env['PATH'] ?? ''}${delimiter}${GO_FOLDER}`,
      // No other Go than the one that is there, no change of the module's files, and no commit's name in the program.
      GOTOOLCHAIN: 'local',
      GOFLAGS: '-mod=readonly -buildvcs=false',
    },
  })
}
