/**
 * Builds the program that speaks to PKCS #11 tokens: `crates/talos-pkcs11` becomes `packages/adapters/pkcs11/native/talos-pkcs11`.
 * No installation runs it: who keeps keys in a token does, by `npm run native:pkcs11`. Unchanged sources cost cargo's look at them.
 */
import { join } from 'node:path'
import { buildArtifact, findCargo, install } from './cargo.js'

const NAME = process.platform === 'win32' ? 'talos-pkcs11.exe' : 'talos-pkcs11'
const PROGRAM = join(import.meta.dirname, '..', '..', 'packages', 'adapters', 'pkcs11', 'native', NAME)
const WHAT = { package: 'talos-pkcs11', target: 'talos-pkcs11', file: /talos-pkcs11(\.exe)?$/, isLoud: true }

const cargo = findCargo()
if (cargo === undefined) giveUp('no cargo here; install Rust (rustup.rs)')
else {
  const built = buildArtifact(cargo, WHAT)
  if (built === undefined || !install(built, PROGRAM)) giveUp('the program did not build')
}

function giveUp(text) {
  process.stdout.write(`talos: ${text}\n`)
  process.exitCode = 1
}
