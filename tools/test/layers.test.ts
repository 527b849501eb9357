/** The linter refuses what ARCHITECTURE.md, Layers, forbids: probes in a copy of the workspaces show that each rule bites. */
import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { tempFolder } from '@talos/testkit'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')
const BIOME = join(ROOT, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')

/** The layers from the innermost outward; packages of one layer do not know each other. */
const LAYERS: readonly (readonly string[])[] = [
  ['errors'],
  ['bytes'],
  ['contracts'],
  ['ports'],
  ['kernel'],
  ['merkle'],
  ['identity'],
  ['session', 'capability', 'audit', 'anchor'],
  ['proof'],
  ['storage', 'network', 'mcp', 'resolver', 'cedar', 'pkcs11', 'evm', 'proof-page'],
  ['tlog'],
  ['client'],
  ['cli'],
]
const PACKAGES = LAYERS.flat()
/** Neither opens the clock, the disk or the network: a port brings them. */
const PURE = 'errors bytes contracts ports merkle identity session capability audit anchor proof'.split(' ')

function layerOf(name: string): number {
  return LAYERS.findIndex((layer) => layer.includes(name))
}

/** Whether the source of one package may name another. A proof shows what was done under a session, not the session. */
function mayImport(from: string, target: string): boolean {
  if (from === 'proof' && target === 'session') return false
  if (from === 'testkit') return layerOf(target) <= layerOf('kernel')
  return target !== 'testkit' && layerOf(target) < layerOf(from)
}

const folderOf = new Map(
  globSync(['packages/*/*/package.json', 'packages/*/package.json', 'apps/*/package.json'], { cwd: ROOT })
    .map((path) => path.replaceAll('\\', '/'))
    .map((path) => [JSON.parse(readFileSync(join(ROOT, path), 'utf8')).name.replace('@talos/', ''), dirname(path)]),
)

interface Finding {
  readonly category: string
  readonly location: { readonly path: string; readonly start: { readonly line: number } }
}

/** Lints the given sources, by path, in a copy of the repository that holds its manifests and nothing else of it. */
function lint(sources: Readonly<Record<string, string>>): readonly Finding[] {
  using copy = tempFolder()
  const config = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8'))
  writeFileSync(join(copy.path, 'biome.json'), JSON.stringify({ ...config, vcs: { enabled: false } }))
  for (const path of ['.', ...folderOf.values()]) {
    cpSync(join(ROOT, path, 'package.json'), join(copy.path, path, 'package.json'))
  }
  for (const [path, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(copy.path, path)), { recursive: true })
    writeFileSync(join(copy.path, path), text)
  }
  const reportPath = join(copy.path, 'report.json')
  const report = ['--reporter=json', `--reporter-file=${reportPath}`, '--max-diagnostics=none']
  try {
    execFileSync(process.execPath, [BIOME, 'lint', ...report, '.'], { cwd: copy.path, stdio: 'ignore' })
  } catch {
    // Findings make the linter's exit code 1; the report tells them, and a report that is missing fails the test.
  }
  return JSON.parse(readFileSync(reportPath, 'utf8')).diagnostics
}

/** The specifiers of a probe, one import each on its line, that the given rule refused. */
function refused(findings: readonly Finding[], probe: Probe, rule: string): readonly string[] {
  const lines = findings
    .filter(({ category, location }) => category.endsWith(`/${rule}`) && location.path === probe.path)
    .map(({ location }) => location.start.line)
  return probe.specifiers.filter((_, index) => lines.includes(index + 1))
}

interface Probe {
  readonly path: string
  readonly specifiers: readonly string[]
}

const probes = new Map<string, Probe>(
  [...PACKAGES, 'testkit'].map((name) => {
    const others = [...PACKAGES, 'testkit'].filter((other) => other !== name).map((other) => `@talos/${other}`)
    return [name, { path: `${folderOf.get(name)}/src/probe.ts`, specifiers: [...others, 'left-pad', 'node:fs'] }]
  }),
)
const findings = lint(
  Object.fromEntries(
    [...probes.values()].map(({ path, specifiers }) => [path, specifiers.map((name) => `import '${name}'\n`).join('')]),
  ),
)

describe('the linter', () => {
  test('knows every package of the workspaces', () => {
    expect(new Set(folderOf.keys())).toEqual(new Set([...PACKAGES, 'testkit']))
  })

  test.each([...probes])('refuses in %s what does not stand below it, and nothing that does', (name, probe) => {
    const outward = probe.specifiers.filter(
      (specifier) => specifier.startsWith('@talos/') && !mayImport(name, specifier.replace('@talos/', '')),
    )
    const expected = PURE.includes(name) ? [...outward, 'node:fs'] : outward
    expect(refused(findings, probe, 'noRestrictedImports')).toEqual(expected)
  })

  test.each([...probes])('refuses in %s what its manifest does not declare', (name, probe) => {
    const manifest = JSON.parse(readFileSync(join(ROOT, folderOf.get(name) ?? '', 'package.json'), 'utf8'))
    const declared = [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})]
    const expected = probe.specifiers.filter((each) => each !== 'node:fs' && !declared.includes(each))
    expect(refused(findings, probe, 'noUndeclaredDependencies')).toEqual(expected)
    expect(expected).toContain('left-pad')
  })

  test('refuses a cycle of imports, and accepts the same files without it', () => {
    const [one, two] = ['packages/crypto/merkle/src/one.ts', 'packages/crypto/merkle/src/two.ts']
    const forth = "import { second } from './two.ts'\nexport const first = (): unknown => second\n"
    const cycle = lint({ [one]: forth, [two]: "import { first } from './one.ts'\nexport const second = first\n" })
    expect(cycle.map(({ category, location }) => [category, location.path])).toEqual([
      ['lint/suspicious/noImportCycles', one],
      ['lint/suspicious/noImportCycles', two],
    ])
    expect(lint({ [one]: forth, [two]: 'export const second = 2\n' })).toEqual([])
  })
})
