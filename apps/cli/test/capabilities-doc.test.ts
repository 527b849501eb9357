/** docs/capabilities.md and the command's own help: every command line parses, every rule compiles, every file is one. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type JsonValue, Secret } from '@talos/bytes'
import { delegate, openDelegation } from '@talos/capability'
import { cedarPolicy } from '@talos/cedar'
import { ed25519Signer } from '@talos/identity'
import { loadKernel } from '@talos/kernel'
import { parseMcpConfig } from '@talos/mcp'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addCapabilities } from '../src/commands/capabilities/index.ts'
import { rulesOf, TERMS_HELP, type TermOptions, termsOf } from '../src/commands/capabilities/terms.ts'
import { Output } from '../src/output.ts'
import { parseDidOption } from '../src/values.ts'

const DOC = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'capabilities.md'), 'utf8')
const DIDS = [
  'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
  'did:key:z6MkvHQKpv1V3MXnK99HhLD4MHyh3E1XSD11ZzA4j7q1c1UL',
  'did:key:z6MkjYELSMVxnWtYFp8yKBMzkoA3boFgYrs9LhLBuzPnHYKg',
]
const kernel = loadKernel()
const signer = ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(1)) })

function capabilities(): Command {
  const program = new Command('talos').exitOverride()
  addCapabilities(program, { output: new Output({ json: false }), exitCode: 0 })
  return program
}

/** Lines of the indented blocks; what ends in a backslash goes on. */
const lines = DOC.replaceAll(/ \\\n +/g, ' ')
  .split('\n')
  .filter((line) => /^ {4,}talos capabilities /.test(line))
  .map((line) => line.trim().replace(/ +#.*$/, ''))

/** As a shell would: quotes of both kinds, and each `$NAME` somebody's DID. */
function wordsOf(line: string): string[] {
  const names: string[] = []
  const didOf = (name: string) => {
    if (!names.includes(name)) names.push(name)
    return DIDS[names.indexOf(name) % DIDS.length] ?? ''
  }
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, plain = '']) => {
    return single ?? double ?? plain.replace(/^\$(.*)$/, (_, name: string) => didOf(name))
  })
}

function jsonOf(text: string): JsonValue {
  return JSON.parse(text) as JsonValue
}

async function opens(terms: object): Promise<void> {
  const about = { signer, audience: signer.did, subject: signer.did, command: '/mcp/s', expiresS: null }
  openDelegation((await delegate({ ...about, nonce: new Uint8Array(12), ...terms })).bytes, { kernel })
}

describe('docs/capabilities.md', () => {
  it('shows command lines', () => {
    expect(lines.length).toBeGreaterThan(15)
  })

  it.each(lines)('%s', async (line) => {
    const [, , name = '', ...words] = wordsOf(line)
    const command = capabilities()
      .commands.find((one) => one.name() === 'capabilities')
      ?.commands.find((one) => one.name() === name)
    if (command === undefined) throw new Error('there is no such command')
    const { operands, unknown } = command.parseOptions(words)
    const { registeredArguments } = command
    expect(unknown).toEqual([])
    const isVariadic = registeredArguments.some(({ variadic }) => variadic)
    expect(operands.length).toBeGreaterThanOrEqual(registeredArguments.filter(({ required }) => required).length)
    expect(operands.length).toBeLessThanOrEqual(isVariadic ? operands.length : registeredArguments.length)
    expect(words).toEqual(
      expect.arrayContaining(command.options.flatMap(({ mandatory, long }) => (mandatory ? long : []))),
    )
    if (name !== 'grant' && name !== 'delegate') return
    const { maxRenewals: _, ...terms } = termsOf(command.opts<TermOptions>(), (did) =>
      parseDidOption(did, '--approver'),
    )
    await opens({ rules: rulesOf(command.opts<TermOptions>()), ...terms })
  })

  it('shows rules that compile, and so does the help', async () => {
    const inTable = [...DOC.matchAll(/^\| `(\[.*\])` \|/gm)].map(([, rule = '']) => rule)
    const inHelp = [...TERMS_HELP.matchAll(/\["[a-z]+", ".*?\](?= {2,}|\n)/g)].map(([rule]) => rule)
    const inText = [...DOC.matchAll(/`(\["range", "\.head\?".*?\])`/g)].map(([, rule = '']) => rule)
    expect([inTable.length, inHelp.length, inText.length]).toEqual([10, 8, 1])
    for (const rule of [...inTable, ...inHelp, ...inText]) await opens({ rules: [jsonOf(rule)] })
  })

  it('shows a configuration and a policy that are taken', async () => {
    const [config = ''] = /^ {4}\{\n(?: {4}.*\n)+? {4}\}\n/m.exec(DOC) ?? []
    const { settings } = parseMcpConfig(config.replace('did:key:z6Mk…', DIDS[0] ?? ''))
    expect([settings.environment.get('stage'), [...settings.servers.keys()]]).toEqual(['test', ['files']])
    const [policies = ''] = /^ {4}permit .*;\n(?: {4}.*\n)+/m.exec(DOC) ?? []
    await cedarPolicy({ policies })
  })
})
