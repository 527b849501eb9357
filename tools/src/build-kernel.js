/**
 * Builds the native kernel where cargo is found: `crates/talos-node` becomes `packages/crypto/kernel/native/talos-kernel.node`.
 *
 * Runs after installation, on whatever Node npm has. Never fails an installation: without cargo, or where the build fails,
 * one line says that the portable kernel serves. `npm run native` passes `--strict`: cargo's own output is shown, and a
 * failure is one. TALOS_SKIP_NATIVE=1 leaves the native kernel alone. Unchanged sources cost cargo's look at them.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const FOLDER = join(ROOT, 'packages', 'crypto', 'kernel', 'native')
const MODULE = join(FOLDER, 'talos-kernel.node')
const BUILD = ['build', '--release', '--locked', '-p', 'talos-node', '--message-format=json-render-diagnostics']
/** A first build on a slow machine and a slow line; cargo's own limits on the network are far below. */
const BUILD_TIMEOUT_MS = 1_800_000
/** Cargo's JSON lines: a few hundred bytes for each of a hundred crates. */
const OUTPUT_MAX_BYTES = 64 * 1_048_576

const strict = process.argv.includes('--strict')

if (process.env['TALOS_SKIP_NATIVE'] === '1') say('native kernel left alone (TALOS_SKIP_NATIVE=1)')
else build()

function build() {
  const startMs = Date.now()
  const cargo = findCargo()
  if (cargo === undefined) {
    const has = existsSync(MODULE) ? 'the native kernel built earlier stays' : 'the portable kernel serves'
    giveUp(`no cargo here, so ${has}; for a fresh native one install Rust (rustup.rs) and run npm run native`)
    return
  }
  const { status, stdout, error } = spawnSync(cargo, strict ? BUILD : [...BUILD, '--quiet'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', strict ? 'inherit' : 'ignore'],
    maxBuffer: OUTPUT_MAX_BYTES,
    timeout: BUILD_TIMEOUT_MS,
    windowsHide: true,
  })
  const library = status === 0 && error === undefined ? libraryIn(stdout) : undefined
  if (library === undefined || !install(library)) {
    discardModule()
    giveUp('the native kernel did not build, so the portable kernel serves; npm run native shows why')
    return
  }
  say(`native kernel ready (${((Date.now() - startMs) / 1000).toFixed(1)} s)`)
}

/** Cargo on the PATH, else where rustup puts it: an npm script may run with a shorter PATH than a shell. */
function findCargo() {
  const home = process.env['CARGO_HOME'] ?? join(homedir(), '.cargo')
  const candidates = ['cargo', join(home, 'bin', process.platform === 'win32' ? 'cargo.exe' : 'cargo')]
  return candidates.find(
    (cargo) => spawnSync(cargo, ['--version'], { stdio: 'ignore', windowsHide: true }).status === 0,
  )
}

/** The library as cargo names it, whatever the platform calls it (.so, .dylib, .dll) and wherever its target folder is. */
function libraryIn(stdout) {
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('{')) continue
    const { reason, target, filenames } = JSON.parse(line)
    if (reason !== 'compiler-artifact' || target.name !== 'talos_node') continue
    return filenames.find((name) => /\.(so|dylib|dll)$/.test(name))
  }
  return undefined
}

/** Puts the library in its place at once, so that no process ever loads half of it; leaves an equal one alone. */
function install(library) {
  const next = `${MODULE}.${process.pid}`
  try {
    if (existsSync(MODULE) && readFileSync(MODULE).equals(readFileSync(library))) return true
    mkdirSync(FOLDER, { recursive: true })
    copyFileSync(library, next)
    renameSync(next, MODULE)
    return true
  } catch {
    // Windows refuses to replace a module that a running process has loaded.
    rmSync(next, { force: true })
    return false
  }
}

/** A module of older sources would serve in silence what this build was to replace. */
function discardModule() {
  try {
    rmSync(MODULE, { force: true })
  } catch {
    // Windows keeps a module that a running process has loaded; the revision in it decides whether it serves.
  }
}

function giveUp(text) {
  say(text)
  if (strict) process.exitCode = 1
}

function say(text) {
  process.stdout.write(`talos: ${text}\n`)
}
