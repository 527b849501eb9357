/**
 * Compiles `contracts/solidity` with the compiler of npm, which downloads nothing: the code that is deployed comes from the
 * source in this repository, and the same source gives the same bytes.
 *
 *     node tools/src/contracts.ts            writes the files
 *     node tools/src/contracts.ts --check    fails when a file on disk differs from what would be written
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import solc from 'solc'
import { formatFiles } from './format.ts'
import type { GeneratedFile } from './generated-file.ts'

const SOURCE = 'contracts/solidity/TalosAnchor.sol'
const OUTPUT = 'packages/adapters/evm/src/generated/talos-anchor.ts'

/**
 * `paris`: no instruction that a chain may not have yet. No metadata behind the code: a comment that changes would change the
 * bytes.
 */
const SETTINGS = {
  evmVersion: 'paris',
  optimizer: { enabled: true, runs: 10_000 },
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
}

export interface CompiledContract {
  readonly abi: readonly object[]
  /** Code that deploys it, hexadecimal with 0x before it. */
  readonly bytecode: `0x${string}`
}

interface Output {
  readonly errors?: readonly { readonly formattedMessage: string }[]
  readonly contracts?: Readonly<
    Record<string, Readonly<Record<string, { readonly abi: object[]; readonly evm: { bytecode: { object: string } } }>>>
  >
}

/** Compiles one source; every warning is an error. */
export function compileSolidity(source: string): Readonly<Record<string, CompiledContract>> {
  const input = { language: 'Solidity', sources: { source: { content: source } }, settings: SETTINGS }
  const { errors = [], contracts = {} }: Output = JSON.parse(solc.compile(JSON.stringify(input)))
  if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join('\n'))
  return Object.fromEntries(
    Object.entries(contracts['source'] ?? {}).map(([name, { abi, evm }]) => [
      name,
      { abi, bytecode: `0x${evm.bytecode.object}` as const },
    ]),
  )
}

/** What the files are to say. */
export function compiledContracts(root: string): GeneratedFile[] {
  const compiled = compileSolidity(readFileSync(join(root, SOURCE), 'utf8'))['TalosAnchor']
  if (compiled === undefined) throw new Error(`${SOURCE} has no contract TalosAnchor`)
  const text = [
    `// Compiled from ${SOURCE} by tools/src/contracts.ts; do not edit.`,
    '',
    `export const TALOS_ANCHOR_ABI = ${JSON.stringify(compiled.abi)} as const`,
    '',
    '/** Code that deploys the contract. */',
    `export const TALOS_ANCHOR_BYTECODE = '${compiled.bytecode}'`,
    '',
  ].join('\n')
  return formatFiles(root, [{ path: OUTPUT, text }])
}

function main(check: boolean): number {
  const root = join(import.meta.dirname, '..', '..')
  const stale = compiledContracts(root).filter(({ path, text }) => {
    const target = join(root, path)
    return !existsSync(target) || readFileSync(target, 'utf8') !== text
  })
  for (const { path, text } of stale) {
    if (check) {
      process.stderr.write(`stale: ${path} (run "npm run build:contracts")\n`)
      continue
    }
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
    process.stdout.write(`wrote ${path}\n`)
  }
  return check && stale.length > 0 ? 1 : 0
}

if (import.meta.main) process.exitCode = main(process.argv.includes('--check'))
