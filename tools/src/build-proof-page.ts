/**
 * Bundles the script of the proof page for browsers, after `tsc -b`: one file without imports, made of what tsc wrote. The same
 * sources give the same bytes, so that anybody can build it again and compare the hash that the page's policy names.
 */
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

const PACKAGE = join(import.meta.dirname, '../../packages/adapters/proof-page')

/** Text of the script; fails where anything of Node is reached. */
export async function bundleProofPage(): Promise<string> {
  const build = await rolldown({
    input: join(PACKAGE, 'dist/page/main.js'),
    cwd: PACKAGE,
    platform: 'browser',
    // Modules of ours and of noble do nothing when they are loaded but define.
    treeshake: { moduleSideEffects: (id) => id.endsWith('dist/page/main.js') },
    onLog: (_level, log) => {
      throw new Error(log.message)
    },
  })
  const { output } = await build.generate({ format: 'iife', minify: true, comments: false })
  const [chunk, ...others] = output
  if (others.length > 0 || chunk.imports.length > 0) throw new Error('the page is to be one file without imports')
  return embeddable(chunk.code)
}

/**
 * The script as it may stand between tags: a reader of HTML changes NUL and carriage returns, which stand in literals as they
 * are once a minifier is done, and would end or begin something at these tags.
 */
function embeddable(script: string): string {
  const text = script.trim().replaceAll('\0', '\\x00').replaceAll('\r', '\\r')
  if (/<\/script|<script|<!--/i.test(text)) throw new Error('the script holds a tag')
  return text
}

if (import.meta.main) {
  writeFileSync(join(PACKAGE, 'dist/page.js'), await bundleProofPage())
  copyFileSync(join(PACKAGE, 'src/page/page.css'), join(PACKAGE, 'dist/page.css'))
}
