/** The Rust half: cargo-fuzz on fuzz/, seeded from the vectors. Installs nothing. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeCorpus } from './corpus.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const FOLDER = join(ROOT, 'fuzz')
const CARGO_FUZZ = ['+nightly', 'fuzz']
/** Inputs grow no further: a handshake has 3 KiB, and the engines of the AEAD change at 3.5 KiB. */
const MAX_LENGTH_BYTES = 16_384
const MAX_CASE_S = 10
const MAX_MEMORY_MIB = 2_048

export interface RustReport {
  readonly name: string
  readonly executions: number
  readonly failed: boolean
  /** What libFuzzer said last, of a target that failed. */
  readonly tail: string
}

/** What is missing to run them, in a line; undefined where nothing is. */
export function missingForRust(): string | undefined {
  if (spawnSync('cargo', ['+nightly', '--version'], { stdio: 'ignore' }).status !== 0) {
    return 'The Rust targets need the nightly compiler: rustup toolchain install nightly'
  }
  if (spawnSync('cargo', [...CARGO_FUZZ, '--version'], { stdio: 'ignore' }).status !== 0) {
    return 'The Rust targets need cargo-fuzz: cargo install cargo-fuzz --locked'
  }
  return undefined
}

/** @param only beginning of the names of those that are wanted */
export function rustTargets(only: string): readonly string[] {
  return readdirSync(join(FOLDER, 'fuzz_targets'))
    .filter((file) => file.endsWith('.rs'))
    .map((file) => `rust/${file.slice(0, -'.rs'.length)}`)
    .filter((name) => name.startsWith(only))
    .sort()
}

/** Makes the corpus and builds every target. @throws Error where that fails */
export function prepareRust(): void {
  writeCorpus(join(FOLDER, 'corpus'))
  const { status } = cargoFuzz('build')
  if (status !== 0) throw new Error('the Rust targets do not build: run `cargo +nightly fuzz build --fuzz-dir fuzz`')
}

/** Runs one target for some seconds, at least one. */
export function runRust(
  name: string,
  { seconds, seed }: { readonly seconds: number; readonly seed: number },
): RustReport {
  const { status, stderr } = cargoFuzz(
    'run',
    name.slice('rust/'.length),
    '--',
    `-max_total_time=${Math.max(1, Math.round(seconds))}`,
    `-max_len=${MAX_LENGTH_BYTES}`,
    `-timeout=${MAX_CASE_S}`,
    `-rss_limit_mb=${MAX_MEMORY_MIB}`,
    // libFuzzer takes 0 for a seed of its own choice.
    `-seed=${seed === 0 ? 1 : seed}`,
    '-print_final_stats=1',
  )
  const executions = Number(/stat::number_of_executed_units:\s*(\d+)/.exec(stderr)?.[1] ?? 0)
  const failed = status !== 0
  return { name, executions, failed, tail: failed ? stderr.split('\n').slice(-40).join('\n') : '' }
}

function cargoFuzz(command: string, ...args: readonly string[]) {
  const given = [...CARGO_FUZZ, command, '--fuzz-dir', FOLDER, ...args]
  return spawnSync('cargo', given, { cwd: ROOT, encoding: 'utf8', maxBuffer: 268_435_456 })
}
