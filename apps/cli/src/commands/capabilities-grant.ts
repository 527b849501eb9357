/** `talos capabilities grant`: gives somebody a tool of this agent, for a time, within rules. */
import { resolve } from 'node:path'
import { fromBase64url, type JsonValue, parseJson } from '@talos/bytes'
import { displayCommand, mcpServerCommand, mcpToolCommand } from '@talos/capability'
import type { ControlRequestGrant } from '@talos/contracts'
import type { Command } from 'commander'
import { Context, type Shell } from '../context.ts'
import { ask } from '../control/ask.ts'
import { requireAbsent, writeNewFile } from '../files.ts'
import { fields, printable } from '../output.ts'
import { invalid, parseCount, parseDidOption, parseDuration } from '../values.ts'

const RULE_MAX_BYTES = 8_192
const RULE_MAX_DEPTH = 8
/** As the request's schema bounds it. */
const MAX_RULES = 64
const MAX_NAME_CHARS = 128
/** Further links after this one; more than any chain may have. */
const MAX_DEPTH = 15
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

const EXAMPLES = `
Examples:
  $ talos capabilities grant --to did:key:z6Mk… --server files --tool read_text_file --under path=./docs --for 15m
  $ talos capabilities grant --to did:key:z6Mk… --server git --for 8h --out git.taloscap
  $ talos capabilities grant --to did:key:z6Mk… --server db --tool query --rule '["len", ".sql", 0, 2000]' --for 1h

Once a rule names an argument, arguments that no rule names are refused. Rules: ["subpath", selector, [folder, …]],
["enum", selector, [value, …]], ["len", selector, min, max], ["range", selector, min, max], ["known", selector].
Works beside a running talos mcp serve: that process then signs, and hands the capability over where the receiver is
connected.`

interface GrantOptions {
  readonly to: string
  readonly server: string
  readonly tool?: string
  readonly under?: readonly string[]
  readonly rule?: readonly string[]
  readonly for: string
  readonly depth?: string
  readonly label?: string
  readonly out?: string
}

export function addGrant(capabilities: Command, shell: Shell): void {
  capabilities
    .command('grant')
    .description('give a tool of this agent to another agent')
    .requiredOption('--to <did>', 'who receives it')
    .requiredOption('--server <name>', 'the MCP server, as the configuration names it')
    .option('--tool <name>', 'one tool of it (default: all of them)')
    .option('--under <argument=folder>', 'the argument must be a path at or below the folder; repeatable', collect)
    .option('--rule <json>', 'a typed rule on the arguments; repeatable', collect)
    .requiredOption('--for <duration>', 'how long it is valid, such as 90s, 15m, 8h, 7d')
    .option('--depth <count>', 'how many further links the receiver may add (default: none)')
    .option('--label <text>', 'a note for people')
    .option('--out <file>', 'write the signed capability to a new file, to hand it over')
    .addHelpText('after', EXAMPLES)
    .action(async (options: GrantOptions, command: Command) => {
      const context = new Context(shell, command)
      const request = requestOf(options)
      if (options.out !== undefined) requireAbsent(options.out)
      const { cid, bytes, delivered } = await ask(context, request, 'granted')
      if (options.out !== undefined) writeNewFile(options.out, fromBase64url(bytes))
      const { to, server, tool, expiresInS } = request
      const display = displayCommand(tool === undefined ? mcpServerCommand(server) : mcpToolCommand({ server, tool }))
      shell.output.result({ cid, to, command: display, expiresInS, delivered, file: options.out ?? null }, () => [
        ...fields([
          ['capability', cid],
          ['to', to],
          ['command', display],
          ['valid for', options.for],
        ]),
        handOver(delivered, options.out),
      ])
    })
}

/** @throws TalosError `CLI_OPTION_INVALID` */
function requestOf(options: GrantOptions): ControlRequestGrant {
  const { tool, depth, label = '' } = options
  const rules = [...subpathRules(options.under ?? []), ...(options.rule ?? []).map(ruleOf)]
  if (rules.length > MAX_RULES) throw invalid('--rule', `there are more than ${MAX_RULES}`)
  if (label.length > MAX_NAME_CHARS) throw invalid('--label', `it has more than ${MAX_NAME_CHARS} characters`)
  return {
    method: 'grant',
    to: parseDidOption(options.to, '--to'),
    server: nameOf(options.server, '--server'),
    ...(tool !== undefined && { tool: nameOf(tool, '--tool') }),
    rules,
    expiresInS: parseDuration(options.for, '--for'),
    ...(depth !== undefined && { depth: parseCount(depth, { option: '--depth', minimum: 0, maximum: MAX_DEPTH }) }),
    label,
  }
}

function nameOf(name: string, option: string): string {
  if (name === '' || name.length > MAX_NAME_CHARS)
    throw invalid(option, `it does not have 1 to ${MAX_NAME_CHARS} characters`)
  return name
}

/** Folders for the same argument are alternatives of one rule: rules are all to be met. */
function subpathRules(pairs: readonly string[]): JsonValue[] {
  const folders = new Map<string, string[]>()
  for (const pair of pairs) {
    const [, argument, folder] = /^([^=]+)=(.+)$/s.exec(pair) ?? []
    if (argument === undefined || folder === undefined)
      throw invalid('--under', 'write ARGUMENT=FOLDER, as in path=./docs')
    folders.set(argument, [...(folders.get(argument) ?? []), resolve(folder)])
  }
  return [...folders].map(([argument, roots]) => ['subpath', selectorOf(argument), roots])
}

function selectorOf(argument: string): string {
  return PLAIN_NAME.test(argument) ? `.${argument}` : `.[${JSON.stringify(argument)}]`
}

function ruleOf(text: string): JsonValue {
  try {
    return parseJson(text, { maxBytes: RULE_MAX_BYTES, maxDepth: RULE_MAX_DEPTH })
  } catch {
    throw invalid('--rule', 'it is not JSON, such as ["subpath", ".path", ["/srv/docs"]]')
  }
}

function handOver(delivered: boolean, file: string | undefined): string {
  if (delivered) return 'The receiver has it.'
  if (file !== undefined)
    return `Hand over ${printable(file)}; the receiver runs: talos capabilities import ${printable(file)}`
  return 'The receiver gets it when it connects to this agent; or write it to a file with --out and hand that over.'
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value]
}
