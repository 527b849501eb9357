/** The code in README and docs is regions of the programs in this folder, and these do what they assert. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

/** What stands between a line that begins a part and one that ends it. */
function partOf(file: string, { begin, end }: { readonly begin: string; readonly end: string }): string {
  const [, rest] = readFileSync(join(root, file), 'utf8').split(`\n${begin}\n`)
  const [part] = rest?.split(`\n${end}\n`) ?? []
  if (part === undefined) throw new Error(`${file} has no such part`)
  return part
}

const regionOf = (program: string, name: string) =>
  partOf(program, { begin: `// #region ${name}`, end: `// #endregion ${name}` })

describe.each([
  { page: 'README.md', program: 'examples/readme.ts', regions: { readme: '<!-- examples/readme.ts -->' } },
  {
    page: 'docs/proofs.md',
    program: 'examples/proof.ts',
    regions: { export: '<!-- examples/proof.ts export -->', verify: '<!-- examples/proof.ts verify -->' },
  },
])('the example of $page', ({ page, program, regions }) => {
  it.each(Object.entries(regions))('has the region %s of the program, character by character', (name, mark) => {
    expect(partOf(page, { begin: `${mark}\n\`\`\`ts`, end: '```' })).toBe(regionOf(program, name))
  })

  it('runs, and every assertion in it holds', async () => {
    const run = promisify(execFile)(process.execPath, ['--conditions=talos-source', program], { cwd: root })
    await expect(run).resolves.toMatchObject({ stdout: 'the example holds\n' })
  })
})
