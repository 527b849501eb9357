/** Turns `contracts/errors/*.json` into the closed union of error codes (contracts/spec/01-forms.md, clause 1.10). */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { quote } from './emit-typescript-text.ts'
import type { GeneratedFile } from './generated-file.ts'
import { fields, only, parseContract, Refusal, text } from './schema-json.ts'

const OUTPUT = 'packages/foundation/errors/src/generated/codes.ts'

/** @throws Refusal */
export function generateErrorCodes(root: string): GeneratedFile[] {
  const folder = join(root, 'contracts', 'errors')
  const owners = new Map<string, string>()
  const lines: string[] = []
  for (const name of readdirSync(folder).sort()) {
    const file = fields(parseContract(name, readFileSync(join(folder, name), 'utf8')), name)
    only(file, ['area', 'errors'], name)
    const area = text(file, 'area', name)
    if (`${area}.json` !== name) throw new Refusal(name, "area must equal the file's name")
    for (const [code, value] of Object.entries(fields(file['errors'], name))) {
      const at = `${name}#/errors/${code}`
      if (!/^[A-Z][A-Z0-9_]*$/.test(code)) throw new Refusal(at, 'a code is in upper snake case')
      const owner = owners.get(code)
      if (owner !== undefined) throw new Refusal(at, `${owner} defines the code as well`)
      owners.set(code, name)
      lines.push(`  ${code}: ${errorText(area, value, at)},`)
    }
  }
  return [
    {
      path: OUTPUT,
      text: [
        '// Generated from contracts/errors by tools/src/generate.ts; do not edit.',
        '',
        'export const ERROR_TABLE = {',
        ...lines,
        '} as const',
        '',
        '/** Every error code of Talos; stable once published. */',
        'export type ErrorCode = keyof typeof ERROR_TABLE',
        '',
      ].join('\n'),
    },
  ]
}

function errorText(area: string, value: unknown, at: string): string {
  const error = fields(value, at)
  only(error, ['message', 'remedy'], at)
  const message = text(error, 'message', at)
  if (/[{}]/.test(message.replaceAll(/\{[a-z][A-Za-z0-9]*\}/g, ''))) {
    throw new Refusal(at, 'a placeholder is {name} in lower camel case')
  }
  return `{ area: ${quote(area)}, message: ${quote(message)}, remedy: ${quote(text(error, 'remedy', at))} }`
}
