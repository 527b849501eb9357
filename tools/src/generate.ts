/**
 * Generates the checked-in code from `contracts/`: error codes, types, validators and codecs.
 *
 *     node tools/src/generate.ts            writes the files
 *     node tools/src/generate.ts --check    fails when a file on disk differs from what would be written
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { formatFiles } from './format.ts'
import { CONTRACTS_OUTPUT, generateContracts } from './generate-contracts.ts'
import { generateErrorCodes } from './generate-errors.ts'
import type { GeneratedFile } from './generated-file.ts'
import { Refusal } from './schema-json.ts'

/** What stands on disk against what the contracts say. */
export interface Difference {
  readonly stale: readonly GeneratedFile[]
  /** Files in a folder of generated code that no contract owns. */
  readonly orphans: readonly string[]
}

export function differences(root: string): Difference {
  const files = formatFiles(root, [...generateErrorCodes(root), ...generateContracts(root)])
  const owned = new Set(files.map(({ path }) => path))
  const stale = files.filter(({ path, text }) => {
    const target = join(root, path)
    return !existsSync(target) || readFileSync(target, 'utf8') !== text
  })
  const folder = join(root, CONTRACTS_OUTPUT)
  const present = existsSync(folder) ? readdirSync(folder).map((name) => `${CONTRACTS_OUTPUT}/${name}`) : []
  return { stale, orphans: present.filter((path) => !owned.has(path)) }
}

/** Writes a file whole or not at all, so that several runs at once leave one of their texts and never a mixture. */
function replaceFile(root: string, { path, text }: GeneratedFile): void {
  const target = join(root, path)
  mkdirSync(dirname(target), { recursive: true })
  const temporary = join(dirname(dirname(target)), `.${process.pid}.generated.tmp`)
  writeFileSync(temporary, text)
  renameSync(temporary, target)
  process.stdout.write(`wrote ${path}\n`)
}

function main(check: boolean): number {
  const root = join(import.meta.dirname, '..', '..')
  try {
    const { stale, orphans } = differences(root)
    if (check) {
      for (const { path } of stale) process.stderr.write(`stale: ${path} (run "npm run generate")\n`)
      for (const path of orphans) process.stderr.write(`no contract owns ${path} (run "npm run generate")\n`)
      return stale.length + orphans.length === 0 ? 0 : 1
    }
    for (const file of stale) replaceFile(root, file)
    for (const path of orphans) {
      rmSync(join(root, path), { force: true })
      process.stdout.write(`deleted ${path}\n`)
    }
    return 0
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

if (import.meta.main) process.exitCode = main(process.argv.includes('--check'))
