/** Turns `contracts/errors/*.json` into the closed union of error codes with their messages and remedies. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GeneratedFile } from './generate.ts'

interface ErrorArea {
  readonly area: string
  readonly errors: Record<string, { readonly message: string; readonly remedy: string }>
}

const OUTPUT = 'packages/foundation/errors/src/generated/codes.ts'

export function generateErrorCodes(root: string): GeneratedFile[] {
  const folder = join(root, 'contracts', 'errors')
  const seen = new Set<string>()
  const lines: string[] = []
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.json')) continue
    const area = JSON.parse(readFileSync(join(folder, name), 'utf8')) as ErrorArea
    if (`${area.area}.json` !== name) throw new Error(`${name}: the area must equal the file's name`)
    for (const [code, { message, remedy }] of Object.entries(area.errors)) {
      if (!/^[A-Z][A-Z0-9_]*$/.test(code)) throw new Error(`${name}: ${code} is not in upper snake case`)
      if (seen.has(code)) throw new Error(`${name}: ${code} is defined twice`)
      if (!message || !remedy) throw new Error(`${name}: ${code} lacks a message or a remedy`)
      seen.add(code)
      lines.push(`  ${code}: { area: ${quote(area.area)}, message: ${quote(message)}, remedy: ${quote(remedy)} },`)
    }
  }
  const text = [
    '// Generated from contracts/errors by tools/src/generate.ts; do not edit.',
    '',
    'export const ERROR_TABLE = {',
    ...lines,
    '} as const',
    '',
    '/** Every error code of Talos; stable once published. */',
    'export type ErrorCode = keyof typeof ERROR_TABLE',
    '',
  ].join('\n')
  return [{ path: OUTPUT, text }]
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
