/** Writes one layout as a TypeScript module: its type, encoder and decoder. */
import type { EmittedModule } from './emit-typescript.ts'
import { docComment, literal, quote } from './emit-typescript-text.ts'
import type { LayoutField, LayoutFile } from './layout-model.ts'
import { pascal, upperSnake } from './schema-link.ts'

export function emitLayoutModule(layout: LayoutFile): EmittedModule {
  const type = pascal(layout.id)
  const size = `${upperSnake(layout.id)}_SIZE_BYTES`
  const exports = [`type ${type}`, `encode${type}`, `decode${type}`]
  const lines = [
    `// Generated from contracts/schemas/${layout.id}.layout.json by tools/src/generate.ts; do not edit.`,
    `import { LayoutReader, LayoutWriter } from '../layout.ts'`,
    '',
  ]
  if (layout.sizeBytes !== undefined) {
    exports.unshift(size)
    lines.push(
      docComment([`Length of an encoded ${type} in bytes.`]),
      `export const ${size} = ${literal(layout.sizeBytes)}`,
      '',
    )
  }
  const clause = layout.clause === undefined ? undefined : `Specified in ${layout.clause}.`
  lines.push(docComment([layout.description ?? layout.title, clause]), `export interface ${type} {`)
  for (const field of layout.fields) if (!isConstant(field)) lines.push(...memberLines(field))
  lines.push('}', '')
  for (const field of layout.fields) {
    if (field.kind === 'constant')
      lines.push(`const ${constantName(field)} = Uint8Array.of(${field.bytes.map(hexByte).join(', ')})`, '')
  }
  lines.push(...encoder(layout, type), '', ...decoder(layout, type), '')
  return { name: layout.id, text: lines.join('\n'), exports }
}

function isConstant(field: LayoutField): boolean {
  return field.kind === 'constant' || (field.kind === 'integer' && field.constant)
}

function memberLines(field: LayoutField): string[] {
  return [
    docComment([field.description, sizeText(field)]),
    `readonly ${field.name}: ${field.kind === 'integer' ? 'number' : 'Uint8Array'}`,
  ]
}

function sizeText(field: LayoutField): string | undefined {
  if (field.kind === 'fixed') return `${field.length} bytes.`
  return field.kind === 'prefixed' || field.kind === 'rest' ? `${field.min} to ${field.max} bytes.` : undefined
}

function encoder(layout: LayoutFile, type: string): string[] {
  return [
    docComment([`Encodes ${type}. @throws TalosError LAYOUT_INVALID {layout, field, reason}`]),
    `export function encode${type}(value: ${type}): Uint8Array {`,
    `const writer = new LayoutWriter(${quote(layout.id)})`,
    ...layout.fields.map(writeLine),
    'return writer.finish()',
    '}',
  ]
}

function writeLine(field: LayoutField): string {
  const name = quote(field.name)
  switch (field.kind) {
    case 'integer': {
      const value = field.constant ? literal(field.min) : `value.${field.name}`
      return `writer.integer(${name}, ${quote(field.type)}, { value: ${value}, min: ${literal(field.min)}, max: ${literal(field.max)} })`
    }
    case 'constant':
      return `writer.bytes(${name}, ${constantName(field)}, ${bounds({ min: field.bytes.length, max: field.bytes.length })})`
    case 'fixed':
      return `writer.bytes(${name}, value.${field.name}, ${bounds({ min: field.length, max: field.length })})`
    case 'prefixed':
      return `writer.bytes(${name}, value.${field.name}, { min: ${literal(field.min)}, max: ${literal(field.max)}, prefix: ${quote(field.prefix)} })`
    case 'rest':
      return `writer.bytes(${name}, value.${field.name}, ${bounds(field)})`
  }
}

function decoder(layout: LayoutFile, type: string): string[] {
  const reads = layout.fields.map((field) =>
    isConstant(field) ? readCall(field) : `const ${variable(field)} = ${readCall(field)}`,
  )
  const members = layout.fields
    .filter((field) => !isConstant(field))
    .map((field) => `${field.name}: ${variable(field)}`)
  return [
    docComment([`Decodes ${type}. @throws TalosError LAYOUT_INVALID {layout, field, reason}`]),
    `export function decode${type}(bytes: Uint8Array): ${type} {`,
    `const reader = new LayoutReader(${quote(layout.id)}, bytes)`,
    ...reads,
    ...(layout.fields.at(-1)?.kind === 'rest' ? [] : ['reader.end()']),
    `return { ${members.join(', ')} }`,
    '}',
  ]
}

function readCall(field: LayoutField): string {
  const name = quote(field.name)
  switch (field.kind) {
    case 'integer':
      return `reader.integer(${name}, ${quote(field.type)}, ${bounds(field)})`
    case 'constant':
      return `reader.constant(${name}, ${constantName(field)})`
    case 'fixed':
      return `reader.fixed(${name}, ${literal(field.length)})`
    case 'prefixed':
      return `reader.prefixed(${name}, ${quote(field.prefix)}, ${bounds(field)})`
    case 'rest':
      return `reader.rest(${name}, ${bounds(field)})`
  }
}

/** The suffix keeps fields apart from the decoder's own names and from reserved words. */
function variable(field: LayoutField): string {
  return `${field.name}Field`
}

function constantName(field: LayoutField): string {
  return upperSnake(field.name.replaceAll(/[A-Z]/g, (letter) => `-${letter}`))
}

function bounds({ min, max }: { readonly min: number; readonly max: number }): string {
  return `{ min: ${literal(min)}, max: ${literal(max)} }`
}

function hexByte(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}
