/**
 * Builds the native kernel where cargo is found: `crates/talos-node` becomes `packages/crypto/kernel/native/talos-kernel.node`.
 *
 * Runs after installation, on whatever Node npm has. Never fails an installation: without cargo, or where the build fails,
 * one line says that the portable kernel serves. `npm run native` passes `--strict`: cargo's own output is shown, and a
 * failure is one. TALOS_SKIP_NATIVE=1 leaves the native kernel alone. Unchanged sources cost cargo's look at them.
 */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildArtifact, findCargo, install } from './cargo.js'

const MODULE = join(import.meta.dirname, '..', '..', 'packages', 'crypto', 'kernel', 'native', 'talos-kernel.node')
/** The library, whatever the platform calls it. */
const LIBRARY = /\.(so|dylib|dll)$/

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
  const what = { package: 'talos-node', target: 'talos_node', file: LIBRARY, isLoud: strict }
  const library = buildArtifact(cargo, what)
  if (library === undefined || !install(library, MODULE)) {
    discardModule()
    giveUp('the native kernel did not build, so the portable kernel serves; npm run native shows why')
    return
  }
  say(`native kernel ready (${((Date.now() - startMs) / 1000).toFixed(1)} s)`)
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
