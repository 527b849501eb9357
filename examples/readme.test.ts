/** README's code is the region of `examples/readme.ts`, and that program does what it asserts. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const REGION = /^\/\/ #region readme\n(.*?)^\/\/ #endregion readme$/ms
const BLOCK = /^<!-- examples\/readme\.ts -->\n```ts\n(.*?)^```$/ms

function partOf(file: string, pattern: RegExp): string {
  const [, part] = pattern.exec(readFileSync(join(root, file), 'utf8')) ?? []
  if (part === undefined) throw new Error(`${file} has no such part`)
  return part
}

describe('the example of the README', () => {
  it('is the region of the program, character by character', () => {
    expect(partOf('README.md', BLOCK)).toBe(partOf('examples/readme.ts', REGION))
  })

  it('runs, and every assertion in it holds', async () => {
    const run = promisify(execFile)(process.execPath, ['--conditions=talos-source', 'examples/readme.ts'], {
      cwd: root,
    })
    await expect(run).resolves.toMatchObject({ stdout: 'the example holds\n' })
  })
})
