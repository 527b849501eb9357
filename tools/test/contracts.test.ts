/** The contracts hold together: codes are raised, schemas and vectors name clauses that exist, vectors name codes that exist. */
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')

interface Case {
  readonly id: string
  readonly clause: string
  readonly valid: boolean
  readonly error?: string
  readonly codes?: readonly string[]
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function files(pattern: string): readonly string[] {
  const found = globSync(pattern, { cwd: ROOT, exclude: ['**/node_modules/**', '**/dist/**', '**/generated/**'] })
  return found.map((path) => path.replaceAll('\\', '/'))
}

/** The numbered headings of each page of the specification, by the page's name. */
const clauses = new Map(
  files('contracts/spec/[0-9]*.md').map((path) => [
    basename(path, '.md'),
    new Set([...read(path).matchAll(/^##+ (\d+(?:\.\d+)+) /gm)].map(([, number = '']) => number)),
  ]),
)

/** The page whose clauses begin with the number: `7.9` is of `07-delegation`. */
function pageOf(clause: string): string | undefined {
  const [number = ''] = clause.split('.')
  return [...clauses.keys()].find((page) => page.startsWith(`${number.padStart(2, '0')}-`))
}

function exists(clause: string): boolean {
  return clauses.get(pageOf(clause) ?? '')?.has(clause) ?? false
}

const codes = files('contracts/errors/*.json').flatMap((path) => Object.keys(JSON.parse(read(path)).errors))
const source = files('{packages,apps}/**/src/**/*.ts').map(read).join('\n')

describe('error codes', () => {
  test('belong to one area each', () => {
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([])
  })

  test('are each raised or read somewhere in the source', () => {
    expect(codes.length).toBeGreaterThan(100)
    expect(codes.filter((code) => !source.includes(`'${code}'`))).toEqual([])
  })
})

describe('schemas and layouts', () => {
  test.each(files('contracts/schemas/*.json'))('%s names a clause that exists', (path) => {
    const schema: { readonly 'x-clause': string; readonly $id: string } = JSON.parse(read(path))
    const [page = '', clause = ''] = schema['x-clause'].split(' ')
    expect(clauses.get(page) ?? new Set(), `${path}: ${schema['x-clause']}`).toContain(clause)
    expect(basename(path)).toMatch(new RegExp(`^${schema.$id}\\.(schema|layout)\\.json$`))
  })
})

describe.each(files('contracts/vectors/**/*.json'))('%s', (path) => {
  const { format, spec, cases }: { format: string; spec: string; cases: readonly Case[] } = JSON.parse(read(path))

  test('names a page that exists, and has cases with names of their own', () => {
    expect(format).toBe('talos-vectors/1')
    expect([...clauses.keys()]).toContain(spec)
    expect(cases.length).toBeGreaterThan(0)
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length)
    expect(cases.filter(({ id }) => !/^[a-z0-9-]+-\d{3,}$/.test(id))).toEqual([])
  })

  test('names in every case a clause that exists', () => {
    expect(cases.filter(({ clause }) => !exists(clause)).map(({ id, clause }) => [id, clause])).toEqual([])
  })

  test('has in every case what was expected or the code of the refusal, and no member beyond the format', () => {
    const common = ['id', 'clause', 'description', 'valid', 'input']
    const optional = ['codes', 'layer']
    const odd = cases.filter((each) => {
      const members = Object.keys(each).filter((name) => each.valid || !optional.includes(name))
      const expected = [...common, each.valid ? 'expected' : 'error']
      return members.length !== expected.length || expected.some((name) => !members.includes(name))
    })
    expect(odd.map(({ id }) => id)).toEqual([])
  })

  test('names only error codes that exist', () => {
    const named = cases.flatMap(({ error, codes: below = [] }) => (error === undefined ? [] : [error, ...below]))
    expect(named.filter((code) => !codes.includes(code))).toEqual([])
  })
})
