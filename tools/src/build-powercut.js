/**
 * Builds the shim of the power-cut tests: `crates/talos-powercut` becomes `packages/adapters/storage/native/libtalos_powercut.so`.
 * Linux alone has it. No installation runs this: `npm run native:powercut` does, and where there is no cargo the tests that need
 * the shim are skipped and say so.
 */
import { join } from 'node:path'
import { buildArtifact, findCargo, install } from './cargo.js'

const SHIM = join(import.meta.dirname, '..', '..', 'packages', 'adapters', 'storage', 'native', 'libtalos_powercut.so')
const WHAT = { package: 'talos-powercut', target: 'talos_powercut', file: /libtalos_powercut\.so$/, isLoud: true }

const cargo = process.platform === 'linux' ? findCargo() : undefined
if (process.platform !== 'linux') giveUp('power cuts are simulated on Linux only')
else if (cargo === undefined) giveUp('no cargo here; install Rust (rustup.rs)')
else {
  const built = buildArtifact(cargo, WHAT)
  if (built === undefined || !install(built, SHIM)) giveUp('the shim did not build')
}

function giveUp(text) {
  process.stdout.write(`talos: ${text}\n`)
  process.exitCode = 1
}
