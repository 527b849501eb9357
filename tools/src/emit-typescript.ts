/** Writes one linked schema file as a TypeScript module: types, checks and parsers. */
import { docComment, key, literal, quote } from './emit-typescript-text.ts'
import { type LinkedDefinition, type LinkedSchemas, upperSnake } from './schema-link.ts'
import type { SchemaFile, SchemaNode } from './schema-model.ts'

/** A generated module and the names that the package's index lists, types marked as such. */
export interface EmittedModule {
  readonly name: string
  readonly text: string
  readonly exports: readonly string[]
}

export function emitSchemaModule(file: SchemaFile, schemas: LinkedSchemas): EmittedModule {
  return new Emitter(file, schemas).module()
}

class Emitter {
  readonly #file: SchemaFile
  readonly #schemas: LinkedSchemas
  /** Module specifier to the names imported from it. */
  readonly #imports = new Map<string, Set<string>>()

  constructor(file: SchemaFile, schemas: LinkedSchemas) {
    this.#file = file
    this.#schemas = schemas
  }

  module(): EmittedModule {
    const definitions = this.#schemas.definitionsOf(this.#file)
    const exports: string[] = []
    const body: string[] = []
    if (this.#file.tag !== undefined) {
      const name = `${upperSnake(this.#file.id)}_TAG`
      exports.push(name)
      body.push(docComment([`Payload tag of the signed envelope that carries ${this.#file.title}.`]))
      body.push(`export const ${name} = ${quote(this.#file.tag)}`)
    }
    for (const definition of definitions) {
      exports.push(`type ${definition.typeName}`, `parse${definition.typeName}`)
      body.push(...this.#definition(definition))
    }
    const source = `contracts/schemas/${this.#file.id}.schema.json`
    const head = [`// Generated from ${source} by tools/src/generate.ts; do not edit.`]
    this.#use('../check.ts', 'run')
    return { name: this.#file.id, text: [...head, ...this.#importLines(), '', ...body, ''].join('\n'), exports }
  }

  #definition(definition: LinkedDefinition): string[] {
    const { typeName, node, def } = definition
    const check = checkName(definition)
    const schema = def === undefined ? this.#file.id : `${this.#file.id}#${def}`
    const about =
      def === undefined
        ? [this.#file.description ?? this.#file.title, clauseLine(this.#file.clause)]
        : [definition.description]
    const type =
      node.kind === 'object'
        ? `export type ${typeName} = ${this.#objectType(node.members)}`
        : `export type ${typeName} = ${this.#namedType(definition)}`
    return [
      docComment(about),
      type,
      '',
      `${definition.usedElsewhere ? 'export ' : ''}const ${check}: Check = ${this.#check(node)}`,
      '',
      docComment([`Returns \`value\` typed as ${typeName}. @throws TalosError SCHEMA_INVALID {schema, path, reason}`]),
      `export function parse${typeName}(value: unknown): ${typeName} {`,
      `  run(${quote(schema)}, ${check}, value)`,
      `  return value as ${typeName}`,
      '}',
      '',
    ]
  }

  #namedType(definition: LinkedDefinition): string {
    const { brand, typeName } = definition
    if (brand === undefined) return this.#type(definition.node)
    if (brand === typeName) return `${this.#type(definition.node)} & { readonly __brand: ${quote(brand)} }`
    const owner = this.#schemas.files
      .flatMap((file) => this.#schemas.definitionsOf(file))
      .find((other) => other.typeName === brand)
    if (owner !== undefined && owner.file !== this.#file) this.#use(`./${owner.file.id}.ts`, `type ${brand}`)
    return brand
  }

  #type(node: SchemaNode): string {
    switch (node.kind) {
      case 'string':
        return 'string'
      case 'integer':
        return 'number'
      case 'boolean':
      case 'null':
        return node.kind
      case 'values':
        return node.values.map(literal).join(' | ')
      case 'array':
        return `readonly (${this.#type(node.items)})[]`
      case 'object':
        return this.#objectType(node.members)
      case 'map':
        return `{ readonly [name: string]: ${this.#type(node.values)} }`
      case 'nullable':
        return `${this.#type(node.inner)} | null`
      case 'variant':
      case 'byType':
        return node.branches.map((branch) => this.#type(branch)).join(' | ')
      case 'ref':
        return this.#refTo(node, (target) => [`type ${target.typeName}`, target.typeName])
      case 'bytes':
        return 'Uint8Array'
      case 'cid':
        return this.#bytesType('Cid')
      case 'any':
        return this.#bytesType(this.#file.encoding === 'dag-cbor' ? 'IpldValue' : 'JsonValue')
    }
  }

  #objectType(members: (SchemaNode & { kind: 'object' })['members']): string {
    const lines = members.flatMap(({ name, description, required, node }) => [
      ...(description === undefined ? [] : [docComment([description])]),
      `readonly ${key(name)}${required ? '' : '?'}: ${this.#type(node)}`,
    ])
    return `{\n${lines.join('\n')}\n}`
  }

  /** A type of `@talos/bytes`, under another name where this file defines one of the same name. */
  #bytesType(type: string): string {
    const taken = this.#schemas.definitionsOf(this.#file).some(({ typeName }) => typeName === type)
    this.#use('@talos/bytes', taken ? `type ${type} as ${type}Value` : `type ${type}`)
    return taken ? `${type}Value` : type
  }

  #check(node: SchemaNode): string {
    switch (node.kind) {
      case 'string':
        return this.#call('string', [stringRules(node)])
      case 'integer':
        return this.#call('integer', [literal(node.minimum), literal(node.maximum)])
      case 'boolean':
      case 'cid':
        return this.#helper(node.kind)
      case 'null':
        return this.#helper('nothing')
      case 'values':
        return this.#call('oneOfValues', node.values.map(literal))
      case 'array':
        return this.#call('array', [
          this.#check(node.items),
          `{ minItems: ${node.minItems}, maxItems: ${node.maxItems} }`,
        ])
      case 'object':
        return this.#call('object', [
          this.#table(
            node.members.map(({ name, required, node: child }) => {
              const check = this.#check(child)
              return [name, required ? check : this.#call('optional', [check])]
            }),
          ),
        ])
      case 'map':
        return this.#call('map', [this.#check(node.values), literal(node.maxProperties)])
      case 'nullable':
        return this.#call('nullable', [this.#check(node.inner)])
      case 'variant':
        return this.#call('variant', [
          quote(node.discriminator),
          this.#branches(this.#schemas.variants(node, this.#file)),
        ])
      case 'byType':
        return this.#call('byType', [this.#branches(this.#schemas.types(node, this.#file))])
      case 'ref':
        return this.#call('ref', [`() => ${this.#refTo(node, (target) => [checkName(target), checkName(target)])}`])
      case 'bytes':
        return this.#call('bytes', [literal(node.minLength), literal(node.maxLength)])
      case 'any':
        return this.#helper(this.#file.encoding === 'dag-cbor' ? 'anyIpld' : 'anyJson')
    }
  }

  #branches(branches: ReadonlyMap<string, SchemaNode>): string {
    return this.#table([...branches].map(([tag, branch]) => [tag, this.#check(branch)]))
  }

  #table(entries: readonly (readonly [string, string])[]): string {
    return `{\n${entries.map(([name, value]) => `${key(name)}: ${value},`).join('\n')}\n}`
  }

  #call(helper: string, parts: readonly string[]): string {
    return `${this.#helper(helper)}(${parts.join(', ')})`
  }

  #helper(name: string): string {
    this.#use('../check.ts', name)
    return name
  }

  /** The name to write for a reference, imported first where another file has it. */
  #refTo(node: SchemaNode & { kind: 'ref' }, names: (target: LinkedDefinition) => readonly [string, string]): string {
    const target = this.#schemas.resolve(node, this.#file)
    const [imported, written] = names(target)
    if (target.file !== this.#file) this.#use(`./${target.file.id}.ts`, imported)
    return written
  }

  #use(module: string, name: string): void {
    const names = this.#imports.get(module) ?? new Set()
    this.#imports.set(module, names.add(name))
  }

  #importLines(): string[] {
    this.#use('../check.ts', 'type Check')
    return [...this.#imports.keys()].sort(byModule).map((module) => {
      const names = [...(this.#imports.get(module) ?? [])].sort(byName)
      const typesAlone = names.every((name) => name.startsWith('type '))
      const list = typesAlone ? names.map((name) => name.slice('type '.length)) : names
      return `import ${typesAlone ? 'type ' : ''}{ ${list.join(', ')} } from ${quote(module)}`
    })
  }
}

function checkName({ typeName }: LinkedDefinition): string {
  return `check${typeName}`
}

function clauseLine(clause: string | undefined): string | undefined {
  return clause === undefined ? undefined : `Specified in ${clause}.`
}

function stringRules({ minLength, maxLength, pattern }: SchemaNode & { kind: 'string' }): string {
  const rules: string[] = []
  if (minLength > 0) rules.push(`minLength: ${literal(minLength)}`)
  rules.push(`maxLength: ${literal(maxLength)}`)
  if (pattern !== undefined) rules.push(`pattern: /${new RegExp(pattern, 'u').source}/u`)
  return `{ ${rules.join(', ')} }`
}

/** Packages before relative modules, the parent folder before this one. */
function byModule(a: string, b: string): number {
  const rank = (module: string): number => (module.startsWith('../') ? 1 : module.startsWith('./') ? 2 : 0)
  return rank(a) - rank(b) || (a < b ? -1 : 1)
}

function byName(a: string, b: string): number {
  return plain(a) < plain(b) ? -1 : 1
}

function plain(name: string): string {
  return name.replace(/^type /, '').toLowerCase()
}
