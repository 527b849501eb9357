/**
 * Joins parsed schema files: gives every definition its type name, resolves references, and checks what only the whole
 * shows (encodings that fit, branches of oneOf that can be told apart, brands with one owner).
 */

import { Refusal } from './schema-json.ts'
import type { Definition, Encoding, SchemaFile, SchemaNode, ValueType } from './schema-model.ts'

/** A definition under the name that it has in the generated code. */
export interface LinkedDefinition extends Definition {
  readonly typeName: string
  readonly file: SchemaFile
  /** Whether another file refers to it. */
  usedElsewhere: boolean
}

export interface LinkedSchemas {
  readonly files: readonly SchemaFile[]
  definitionsOf(file: SchemaFile): readonly LinkedDefinition[]
  /** What a reference found in `file` points to. */
  resolve(node: SchemaNode & { kind: 'ref' }, file: SchemaFile): LinkedDefinition
  /** The branches of a choice, each under the value that selects it. */
  variants(node: SchemaNode & { kind: 'variant' }, file: SchemaFile): ReadonlyMap<string, SchemaNode>
  types(node: SchemaNode & { kind: 'byType' }, file: SchemaFile): ReadonlyMap<ValueType, SchemaNode>
}

/** Definitions of this file keep their plain names; those of others carry their file's name in front. */
const LIBRARY = 'common'

export function pascal(name: string): string {
  return name.replaceAll(/(?:^|-)([a-z0-9])/g, (_, first: string) => first.toUpperCase())
}

export function upperSnake(name: string): string {
  return name.replaceAll('-', '_').toUpperCase()
}

/** @throws Refusal */
export function linkSchemas(files: readonly SchemaFile[]): LinkedSchemas {
  const linked = new Linker(files)
  for (const file of files) {
    for (const { node } of linked.definitionsOf(file)) {
      linked.assertProgress(node, file)
      linked.visit(node, file, file.encoding)
    }
  }
  return linked
}

class Linker implements LinkedSchemas {
  readonly files: readonly SchemaFile[]
  readonly #definitions = new Map<string, LinkedDefinition[]>()

  constructor(files: readonly SchemaFile[]) {
    this.files = files
    const names = new Set<string>()
    for (const file of files) {
      const definitions = file.definitions.map((definition) => ({
        ...definition,
        typeName: typeNameOf(file, definition),
        file,
        usedElsewhere: false,
      }))
      for (const { typeName } of definitions) {
        if (names.has(typeName)) throw new Refusal(`${file.id}.schema.json`, `the type name ${typeName} is taken`)
        names.add(typeName)
      }
      this.#definitions.set(file.id, definitions)
    }
    for (const { brand, file } of this.#all()) {
      if (brand !== undefined && !this.#all().some((other) => other.typeName === brand && other.brand === brand)) {
        throw new Refusal(
          `${file.id}.schema.json`,
          `no definition owns the brand ${brand} (its key is the brand in lower camel case)`,
        )
      }
    }
  }

  definitionsOf(file: SchemaFile): readonly LinkedDefinition[] {
    return this.#definitions.get(file.id) ?? []
  }

  resolve(node: SchemaNode & { kind: 'ref' }, file: SchemaFile): LinkedDefinition {
    const target = this.#definitions.get(node.file ?? file.id)?.find(({ def }) => def === node.def)
    if (target === undefined) throw new Refusal(node.at, '$ref points to nothing')
    return target
  }

  variants(node: SchemaNode & { kind: 'variant' }, file: SchemaFile): ReadonlyMap<string, SchemaNode> {
    const table = new Map<string, SchemaNode>()
    for (const branch of node.branches) {
      for (const tag of this.#tags(branch, { file, discriminator: node.discriminator, at: node.at })) {
        if (table.has(tag)) throw new Refusal(node.at, `two branches have ${node.discriminator} ${JSON.stringify(tag)}`)
        table.set(tag, branch)
      }
    }
    return table
  }

  types(node: SchemaNode & { kind: 'byType' }, file: SchemaFile): ReadonlyMap<ValueType, SchemaNode> {
    const table = new Map<ValueType, SchemaNode>()
    for (const branch of node.branches) {
      for (const type of this.#typesOf(branch, file, node.at)) {
        if (table.has(type)) throw new Refusal(node.at, `two branches are of type ${type}; use x-discriminator`)
        table.set(type, branch)
      }
    }
    return table
  }

  /** Checks `node` and what it holds, as a value of `encoding`; references are followed for the encoding's sake. */
  visit(node: SchemaNode, file: SchemaFile, encoding: Encoding | undefined, seen = new Set<SchemaNode>()): void {
    if (seen.has(node)) return
    seen.add(node)
    if ((node.kind === 'bytes' || node.kind === 'cid') && encoding !== undefined && encoding !== 'dag-cbor') {
      throw new Refusal(
        `${file.id}.schema.json`,
        `x-${node.kind} is reached from a schema whose encoding is ${encoding}`,
      )
    }
    if (node.kind === 'any') this.#assertAny(file, encoding)
    if (node.kind === 'ref') {
      const target = this.resolve(node, file)
      if (target.file !== file) target.usedElsewhere = true
      this.visit(target.node, target.file, encoding, seen)
    }
    if (node.kind === 'variant') this.variants(node, file)
    if (node.kind === 'byType') this.types(node, file)
    for (const child of childrenOf(node)) this.visit(child, file, encoding, seen)
  }

  /** Refuses a definition that comes back to itself without going one step down in the value. */
  assertProgress(node: SchemaNode, file: SchemaFile, above: readonly SchemaNode[] = []): void {
    if (above.includes(node)) throw new Refusal(`${file.id}.schema.json`, 'a reference leads back to itself')
    const next = [...above, node]
    if (node.kind === 'ref') {
      const target = this.resolve(node, file)
      this.assertProgress(target.node, target.file, next)
    } else if (node.kind === 'nullable' || node.kind === 'variant' || node.kind === 'byType') {
      for (const child of childrenOf(node)) this.assertProgress(child, file, next)
    }
  }

  /** What x-any lets through follows from the encoding of its own file, so whoever refers to it must have the same. */
  #assertAny(file: SchemaFile, encoding: Encoding | undefined): void {
    if (file.encoding === undefined || (encoding === 'dag-cbor') !== (file.encoding === 'dag-cbor')) {
      throw new Refusal(`${file.id}.schema.json`, 'x-any is reached from a schema of another encoding')
    }
  }

  #all(): readonly LinkedDefinition[] {
    return [...this.#definitions.values()].flat()
  }

  #tags(
    branch: SchemaNode,
    { file, discriminator, at }: { file: SchemaFile; discriminator: string; at: string },
  ): string[] {
    if (branch.kind === 'ref') {
      const target = this.resolve(branch, file)
      return this.#tags(target.node, { file: target.file, discriminator, at })
    }
    const member = branch.kind === 'object' ? branch.members.find(({ name }) => name === discriminator) : undefined
    if (member?.required !== true || member.node.kind !== 'values') {
      throw new Refusal(at, `each branch is an object that requires ${discriminator} with const or enum`)
    }
    return member.node.values.map((value) => {
      if (typeof value !== 'string') throw new Refusal(at, `${discriminator} is a text in each branch`)
      return value
    })
  }

  #typesOf(node: SchemaNode, file: SchemaFile, at: string): ValueType[] {
    if (node.kind === 'ref') {
      const target = this.resolve(node, file)
      return this.#typesOf(target.node, target.file, at)
    }
    if (node.kind === 'nullable') return ['null', ...this.#typesOf(node.inner, file, at)]
    if (node.kind === 'map' || node.kind === 'variant') return ['object']
    if (node.kind === 'byType' || node.kind === 'any') throw new Refusal(at, 'a branch of oneOf is of one type')
    return node.kind === 'values' ? [...new Set(node.values.map(typeOfLiteral))] : [node.kind]
  }
}

function typeOfLiteral(value: string | number | boolean | null): ValueType {
  if (value === null) return 'null'
  if (typeof value === 'number') return 'integer'
  return typeof value === 'string' ? 'string' : 'boolean'
}

function childrenOf(node: SchemaNode): readonly SchemaNode[] {
  if (node.kind === 'array') return [node.items]
  if (node.kind === 'map') return [node.values]
  if (node.kind === 'object') return node.members.map((member) => member.node)
  if (node.kind === 'nullable') return [node.inner]
  return node.kind === 'variant' || node.kind === 'byType' ? node.branches : []
}

function typeNameOf(file: SchemaFile, { def, brand }: Definition): string {
  const own = pascal(file.id)
  if (def === undefined) return own
  const name = pascal(def)
  return file.id === LIBRARY || name.startsWith(own) || name === brand ? name : `${own}${name}`
}
