/**
 * Format, lints and tests of the Rust crates, the second with every warning an error, the third with and without the
 * accelerated engine. Where cargo is absent one line says so: the portable kernel serves there, and nothing else is Rust.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

const STEPS: readonly (readonly string[])[] = [
  ['fmt', '--all', '--check'],
  ['fmt', '--manifest-path', 'fuzz/Cargo.toml', '--check'],
  ['clippy', '--workspace', '--all-targets', '--locked', '--quiet', '--', '-D', 'warnings'],
  ['test', '--workspace', '--locked', '--quiet'],
  ['test', '-p', 'talos-kernel', '--no-default-features', '--locked', '--quiet'],
]

function cargo(step: readonly string[], stdio: 'ignore' | 'inherit'): number | null {
  return spawnSync('cargo', step, { cwd: ROOT, stdio: ['ignore', stdio, stdio], windowsHide: true }).status
}

if (cargo(['--version'], 'ignore') === 0) {
  const failed = STEPS.find((step) => cargo(step, 'inherit') !== 0)
  if (failed !== undefined) {
    console.error(`cargo ${failed.join(' ')} failed`)
    process.exitCode = 1
  }
} else {
  console.error('no cargo here, so the Rust crates are not checked; rustup.rs has it')
}
