/** Test helper: runs contracts through the generator and loads the modules that come out. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isTalosError } from '@talos/errors'
import { afterAll } from 'vitest'
import { emitSchemaModule } from '../src/emit-typescript.ts'
import { emitLayoutModule } from '../src/emit-typescript-layout.ts'
import { parseLayoutFile } from '../src/layout-model.ts'
import { linkSchemas } from '../src/schema-link.ts'
import { parseSchemaFile } from '../src/schema-model.ts'

export const REPOSITORY = join(import.meta.dirname, '..', '..')

export type Parse = (value: unknown) => unknown
type Module = Readonly<Record<string, Parse>>

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** Loads the modules of contracts given by file name; `$id` and `title` are filled in. */
export async function compile(
  contracts: Readonly<Record<string, object>>,
): Promise<(file: string, name: string) => Parse> {
  const modules = new Map<string, string>()
  const schemas = Object.entries(contracts).filter(([name]) => name.endsWith('.schema.json'))
  const linked = linkSchemas(schemas.map(([name, body]) => parseSchemaFile(name, complete(name, body))))
  for (const file of linked.files) modules.set(file.id, emitSchemaModule(file, linked).text)
  for (const [name, body] of Object.entries(contracts)) {
    if (!name.endsWith('.layout.json')) continue
    const { name: id, text } = emitLayoutModule(parseLayoutFile(name, complete(name, body)))
    modules.set(id, text)
  }
  const loaded = await load(modules)
  return (file, name) => {
    const found = loaded.get(file)?.[name]
    if (found === undefined) throw new Error(`${file} does not export ${name}`)
    return found
  }
}

/** A parser for one schema in a file of its own; `shape` holds its keywords. */
export async function parserOf(shape: object, encoding = 'dag-cbor'): Promise<Parse> {
  const find = await compile({ 'sample.schema.json': { 'x-encoding': encoding, ...shape } })
  return find('sample', 'parseSample')
}

/** Path and reason of the refusal, or undefined where the value is accepted. */
export function refusalOf(parse: Parse, value: unknown): string | undefined {
  try {
    parse(value)
    return undefined
  } catch (error) {
    if (!isTalosError(error, 'SCHEMA_INVALID') && !isTalosError(error, 'LAYOUT_INVALID')) throw error
    return `${error.details['path'] ?? error.details['field']}: ${error.details['reason']}`
  }
}

function complete(name: string, body: object): object {
  return { $id: name.replace(/\.(?:schema|layout)\.json$/, ''), title: 'Sample', ...body }
}

async function load(texts: ReadonlyMap<string, string>): Promise<Map<string, Module>> {
  const folder = mkdtempSync(join(tmpdir(), 'talos-compile-'))
  folders.push(folder)
  mkdirSync(join(folder, 'generated'))
  for (const shared of ['check.ts', 'layout.ts']) {
    const source = join(REPOSITORY, 'packages', 'foundation', 'contracts', 'src', shared)
    writeFileSync(join(folder, shared), `export * from ${JSON.stringify(source)}\n`)
  }
  for (const [id, text] of texts) writeFileSync(join(folder, 'generated', `${id}.ts`), text)
  const modules = new Map<string, Module>()
  for (const id of texts.keys()) {
    const url = pathToFileURL(join(folder, 'generated', `${id}.ts`)).href
    modules.set(id, (await import(/* @vite-ignore */ url)) as Module)
  }
  return modules
}
