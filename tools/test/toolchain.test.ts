/** A fresh clone needs npm and git alone: what it installs is pinned, comes from the registry and brings its own Node. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')
/** The oldest Node with everything that the packages use; `engines` of each package names it. */
const NODE_FLOOR = [24, 7] as const

interface Locked {
  readonly name?: string
  readonly version?: string
  readonly resolved?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const locked = new Map<string, Locked>(
  Object.entries(JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages),
)
const workspaces = [...locked].filter(([path]) => !path.includes('node_modules'))
const installed = [...locked].filter(([path, { link }]) => path.includes('node_modules/') && link !== true)

/** The lockfile's entry for a dependency, looked up as Node does: in the package's own folder, then in each above. */
function resolve(from: string, name: string): Locked | undefined {
  const own = locked.get(`${from === '' ? '' : `${from}/`}node_modules/${name}`)
  if (own !== undefined || from === '') return own
  return resolve(from.includes('/node_modules/') ? from.slice(0, from.lastIndexOf('/node_modules/')) : '', name)
}

describe('the toolchain', () => {
  test('runs npm scripts on the Node that the packages bring, whatever Node the machine has', () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    expect(major).toBeGreaterThanOrEqual(NODE_FLOOR[0])
    expect(major > NODE_FLOOR[0] || minor >= NODE_FLOOR[1]).toBe(true)
  })

  test('installs from the registry that npm is set to, and from nowhere else', () => {
    expect(installed.length).toBeGreaterThan(100)
    expect(installed.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([])
  })

  test('runs no script of a dependency at installation', () => {
    expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path)).toEqual([])
  })

  test.each(workspaces)('locks of "%s" what its manifest declares', (path, entry) => {
    const manifest: Locked = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8'))
    for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'] as const) {
      expect(entry[kind] ?? {}, kind).toEqual(manifest[kind] ?? {})
    }
  })

  test('pins every direct dependency to one version', () => {
    const ranges = workspaces.flatMap(([path, { dependencies, devDependencies, optionalDependencies }]) =>
      Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
        .filter(([, range]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))
        .map(([name, range]) => `${path}: ${name} ${range}`),
    )
    expect(ranges).toEqual([])
  })

  test('locks the optional packages of every platform, without which npm ci refuses the lockfile', () => {
    const missing = [...locked].flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => resolve(path, name)?.version === undefined),
    )
    expect(missing).toEqual([])
  })
})

describe('the build', () => {
  const references = (folder: string): readonly string[] => {
    const config = JSON.parse(readFileSync(join(ROOT, folder, 'tsconfig.json'), 'utf8'))
    const paths: readonly { readonly path: string }[] = config.references ?? []
    return paths.map(({ path }) => relative(ROOT, join(ROOT, folder, path)).replaceAll('\\', '/'))
  }
  const packages = workspaces.filter(([path]) => path !== '' && path !== 'tools')
  const folderOf = new Map(packages.map(([path, { name }]) => [name, path]))

  test('covers every package', () => {
    expect(new Set(references(''))).toEqual(new Set(folderOf.values()))
  })

  test.each(packages)('builds %s after what its manifest declares, and after nothing else', (path) => {
    const manifest: Locked = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8'))
    const needed = Object.keys(manifest.dependencies ?? {}).flatMap((name) => folderOf.get(name) ?? [])
    expect(new Set(references(path))).toEqual(new Set(needed))
  })

  test('is tested by the command that the README gives', () => {
    const command = 'npm ci && npm test'
    expect(readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n')).toContain(`    ${command}`)
    expect(readFileSync(join(ROOT, '.ci', 'run'), 'utf8')).toContain(`\n{ ${command}; }`)
  })
})

describe('the files of the repository', () => {
  const self = 'tools/test/toolchain.test.ts'
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\0')
    .filter((path) => path !== '' && path !== self && existsSync(join(ROOT, path)))
  const texts = tracked.map((path): readonly [string, string] => [path, readFileSync(join(ROOT, path), 'utf8')])

  function holding(pattern: RegExp): readonly string[] {
    return texts.flatMap(([path, text]) => text.match(pattern)?.map((found) => `${path}: ${found}`) ?? [])
  }

  test('name no path of one machine', () => {
    expect(holding(/(?<![\w.~-])\/(?:work|root|home\/\w+|Users\/\w+)\/[\w.-]+/g)).toEqual([])
  })

  test('name no host of a registry', () => {
    expect(holding(/\b(?:registry|npm|mirror|proxy)s?\.[a-z0-9-]+\.(?:org|com|io|dev|net|internal|local)\b/gi)).toEqual(
      [],
    )
  })

  test('leave no work for later', () => {
    expect(holding(/\b(?:TODO|FIXME|XXX|HACK)\b|\bfor now\b|\bnot (?:yet )?implemented\b/g)).toEqual([])
  })
})
