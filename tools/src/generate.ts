/**
 * Generates the checked-in code from `contracts/`: error codes, types, validators and codecs.
 *
 *     node tools/src/generate.ts            writes the files
 *     node tools/src/generate.ts --check    fails when a file on disk differs from what would be written
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { generateErrorCodes } from './generate-errors.ts'

/** One file to be written: its path from the repository's root and its whole text. */
export interface GeneratedFile {
  readonly path: string
  readonly text: string
}

const root = join(import.meta.dirname, '..', '..')

function run(check: boolean): number {
  const files: GeneratedFile[] = [...generateErrorCodes(root)]
  let stale = 0
  for (const file of files) {
    const target = join(root, file.path)
    const current = existsSync(target) ? readFileSync(target, 'utf8') : undefined
    if (current === file.text) continue
    if (check) {
      stale += 1
      process.stderr.write(`stale: ${relative(root, target)} (run "npm run generate")\n`)
      continue
    }
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, file.text)
    process.stdout.write(`wrote ${file.path}\n`)
  }
  return stale === 0 ? 0 : 1
}

process.exitCode = run(process.argv.includes('--check'))
