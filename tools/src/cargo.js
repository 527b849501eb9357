/** What the scripts that build Rust have in common. Plain JavaScript: installation runs it on whatever Node npm has. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
/** A first build on a slow machine and a slow line; cargo's own limits on the network are far below. */
const BUILD_TIMEOUT_MS = 1_800_000
/** Cargo's JSON lines: a few hundred bytes for each of a hundred crates. */
const OUTPUT_MAX_BYTES = 64 * 1_048_576

/** Cargo on the PATH, else where rustup puts it: an npm script may run with a shorter PATH than a shell. */
export function findCargo() {
  const home = process.env['CARGO_HOME'] ?? join(homedir(), '.cargo')
  const candidates = ['cargo', join(home, 'bin', process.platform === 'win32' ? 'cargo.exe' : 'cargo')]
  return candidates.find(
    (cargo) => spawnSync(cargo, ['--version'], { stdio: 'ignore', windowsHide: true }).status === 0,
  )
}

/**
 * Builds one package of the workspace for release.
 *
 * @param {string} cargo as `findCargo` found it
 * @param {{ package: string, target: string, file: RegExp, isLoud: boolean }} what package, target, and which of its files
 * @returns {string | undefined} the file as cargo names it, wherever its target folder is; undefined when the build failed
 */
export function buildArtifact(cargo, what) {
  const build = ['build', '--release', '--locked', '-p', what.package, '--message-format=json-render-diagnostics']
  const { status, stdout, error } = spawnSync(cargo, what.isLoud ? build : [...build, '--quiet'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', what.isLoud ? 'inherit' : 'ignore'],
    maxBuffer: OUTPUT_MAX_BYTES,
    timeout: BUILD_TIMEOUT_MS,
    windowsHide: true,
  })
  if (status !== 0 || error !== undefined) return undefined
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('{')) continue
    const { reason, target, filenames } = JSON.parse(line)
    if (reason !== 'compiler-artifact' || target.name !== what.target) continue
    return filenames.find((name) => what.file.test(name))
  }
  return undefined
}

/** Puts a file in its place at once, so that no process ever loads half of it; leaves an equal one alone. */
export function install(from, to) {
  const next = `${to}.${process.pid}`
  try {
    if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) return true
    mkdirSync(dirname(to), { recursive: true })
    copyFileSync(from, next)
    renameSync(next, to)
    return true
  } catch {
    // Windows refuses to replace a file that a running process has loaded.
    rmSync(next, { force: true })
    return false
  }
}
