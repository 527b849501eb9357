/** Puts generated texts into the repository's format, all of them in one run of Biome. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { GeneratedFile } from './generated-file.ts'

export function formatFiles(root: string, files: readonly GeneratedFile[]): GeneratedFile[] {
  const folder = mkdtempSync(join(tmpdir(), 'talos-generate-'))
  try {
    for (const { path, text } of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    copyFileSync(join(root, 'biome.json'), join(folder, 'biome.json'))
    const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')
    const flags = [
      'check',
      '--write',
      '--linter-enabled=false',
      '--vcs-enabled=false',
      '--colors=off',
      '--max-diagnostics=5',
    ]
    const run = spawnSync(process.execPath, [biome, ...flags, '.'], { cwd: folder, encoding: 'utf8' })
    if (run.status !== 0)
      throw new Error(`Biome refuses the generated texts:\n${run.stdout}${run.stderr}`, { cause: run.error })
    return files.map(({ path }) => ({ path, text: readFileSync(join(folder, path), 'utf8') }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
