import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { differences } from '../src/generate.ts'
import { REPOSITORY } from './compile.ts'

const GENERATED = 'packages/foundation/contracts/src/generated'
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A copy of what the generator reads and writes, so that tests may break it. */
function workshop(): string {
  const root = mkdtempSync(join(tmpdir(), 'talos-workshop-'))
  folders.push(root)
  for (const folder of ['contracts/errors', 'contracts/schemas', 'tools/src']) {
    cpSync(join(REPOSITORY, folder), join(root, folder), { recursive: true })
  }
  cpSync(join(REPOSITORY, 'biome.json'), join(root, 'biome.json'))
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'))
  mkdirSync(join(root, GENERATED), { recursive: true })
  return root
}

async function generate(root: string, ...flags: string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, [join(root, 'tools/src/generate.ts'), ...flags], { cwd: root })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const status = await new Promise<number | null>((resolve) => {
    child.on('close', resolve)
  })
  return { status, output }
}

function snapshot(root: string): Record<string, string> {
  const entries = readdirSync(join(root, GENERATED)).map((name) => [
    name,
    readFileSync(join(root, GENERATED, name), 'utf8'),
  ])
  return Object.fromEntries(entries) as Record<string, string>
}

describe('the generator', () => {
  test('finds no difference between the contracts and the checked-in code', () => {
    const { stale, orphans } = differences(REPOSITORY)
    expect({ stale: stale.map(({ path }) => path), orphans }).toEqual({ stale: [], orphans: [] })
  })

  test('writes what is missing, and then a check finds nothing to say', async () => {
    const root = workshop()
    expect((await generate(root, '--check')).status).toBe(1)
    expect((await generate(root)).output).toContain(`wrote ${GENERATED}/common.ts`)
    expect(await generate(root, '--check')).toEqual({ status: 0, output: '' })
    expect(await generate(root)).toEqual({ status: 0, output: '' })
  })

  test('reports a changed file and one that no contract owns, and mends both', async () => {
    const root = workshop()
    await generate(root)
    const before = snapshot(root)
    writeFileSync(join(root, GENERATED, 'common.ts'), '// by hand\n')
    writeFileSync(join(root, GENERATED, 'stray.ts'), 'export {}\n')
    const check = await generate(root, '--check')
    expect(check.status).toBe(1)
    expect(check.output).toContain(`stale: ${GENERATED}/common.ts`)
    expect(check.output).toContain(`no contract owns ${GENERATED}/stray.ts`)
    expect((await generate(root)).output).toContain(`deleted ${GENERATED}/stray.ts`)
    expect(snapshot(root)).toEqual(before)
  })

  test('gives the same files when several run at once', async () => {
    const root = workshop()
    const runs = await Promise.all([generate(root), generate(root), generate(root), generate(root)])
    expect(runs.map(({ status }) => status)).toEqual([0, 0, 0, 0])
    expect(await generate(root, '--check')).toEqual({ status: 0, output: '' })
  })

  const broken: readonly (readonly [string, string, string])[] = [
    [
      'contracts/schemas/bad.schema.json',
      '{"$id": "bad", "title": "x", "colour": 1}',
      'bad.schema.json: x-encoding must be',
    ],
    ['contracts/schemas/bad.json', '{}', 'bad.json: a file here ends in .schema.json or .layout.json'],
    ['contracts/schemas/bad.layout.json', '{', 'bad.layout.json: is not JSON'],
    ['contracts/errors/bad.json', '{"area": "other", "errors": {}}', "bad.json: area must equal the file's name"],
    [
      'contracts/errors/bad.json',
      '{"area": "bad", "errors": {"Low": {}}}',
      'bad.json#/errors/Low: a code is in upper snake case',
    ],
    [
      'contracts/errors/bad.json',
      '{"area": "bad", "errors": {"SCHEMA_INVALID": {"message": "m", "remedy": "r"}}}',
      'encoding.json#/errors/SCHEMA_INVALID: bad.json defines the code as well',
    ],
    [
      'contracts/errors/bad.json',
      '{"area": "bad", "errors": {"A": {"message": "m"}}}',
      '#/errors/A: remedy must be a text',
    ],
    [
      'contracts/errors/bad.json',
      '{"area": "bad", "errors": {"A": {"message": "{A b}", "remedy": "r"}}}',
      'a placeholder is {name}',
    ],
    [
      'contracts/errors/bad.json',
      '{"area": "bad", "errors": {"A": {"message": "m", "remedy": "r", "hint": "h"}}}',
      'unknown keyword "hint" here',
    ],
  ]
  for (const [path, text, refusal] of broken) {
    test(`writes nothing and says where when ${path} is ${text}`, async () => {
      const root = workshop()
      writeFileSync(join(root, path), text)
      const run = await generate(root)
      expect(run.status).toBe(1)
      expect(run.output).toContain(refusal)
      expect(run.output).not.toContain('at file:')
      expect(snapshot(root)).toEqual({})
    })
  }
})
