/** Turns `contracts/schemas` into the sources of `@talos/contracts`. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type EmittedModule, emitSchemaModule } from './emit-typescript.ts'
import { emitLayoutModule } from './emit-typescript-layout.ts'
import type { GeneratedFile } from './generated-file.ts'
import { type LayoutFile, parseLayoutFile } from './layout-model.ts'
import { parseContract, Refusal } from './schema-json.ts'
import { linkSchemas } from './schema-link.ts'
import { parseSchemaFile, type SchemaFile } from './schema-model.ts'

const PACKAGE = 'packages/foundation/contracts/src'

/** The folder that holds nothing but what this generator writes. */
export const CONTRACTS_OUTPUT = `${PACKAGE}/generated`

/** @throws Refusal with one line per contract that the profile does not allow */
export function generateContracts(root: string): GeneratedFile[] {
  const { schemas, layouts } = readContracts(join(root, 'contracts', 'schemas'))
  const linked = linkSchemas(schemas)
  const modules = [...schemas.map((file) => emitSchemaModule(file, linked)), ...layouts.map(emitLayoutModule)]
  modules.sort((a, b) => (a.name < b.name ? -1 : 1))
  assertDistinct(modules)
  const files = modules.map(({ name, text }) => ({ path: `${CONTRACTS_OUTPUT}/${name}.ts`, text }))
  return [...files, { path: `${PACKAGE}/index.ts`, text: indexText(modules) }]
}

function readContracts(folder: string): { schemas: SchemaFile[]; layouts: LayoutFile[] } {
  const schemas: SchemaFile[] = []
  const layouts: LayoutFile[] = []
  const refusals: string[] = []
  for (const name of readdirSync(folder).sort()) {
    try {
      const value: unknown = parseContract(name, readFileSync(join(folder, name), 'utf8'))
      if (name.endsWith('.schema.json')) schemas.push(parseSchemaFile(name, value))
      else if (name.endsWith('.layout.json')) layouts.push(parseLayoutFile(name, value))
      else throw new Refusal(name, 'a file here ends in .schema.json or .layout.json')
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      refusals.push(error.message)
    }
  }
  if (refusals.length > 0) throw new Refusal('contracts/schemas', `\n  ${refusals.join('\n  ')}`)
  return { schemas, layouts }
}

function assertDistinct(modules: readonly EmittedModule[]): void {
  const owners = new Map<string, string>()
  for (const { name, exports } of modules) {
    for (const item of exports) {
      const other = owners.get(item)
      if (other !== undefined) throw new Refusal(name, `${item} is exported by ${other} as well`)
      owners.set(item, name)
    }
  }
}

function indexText(modules: readonly EmittedModule[]): string {
  const lines = modules.map(({ name, exports }) => {
    const sorted = exports.toSorted((a, b) => (bare(a) < bare(b) ? -1 : 1))
    return `export { ${sorted.join(', ')} } from './generated/${name}.ts'`
  })
  return ['// Generated from contracts/schemas by tools/src/generate.ts; do not edit.', ...lines, ''].join('\n')
}

/** Sort key of an export: letter case does not matter first, as in Biome's order. */
function bare(name: string): string {
  return name.replace(/^type /, '').toLowerCase()
}
