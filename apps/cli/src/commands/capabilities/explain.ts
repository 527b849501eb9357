/** `talos capabilities explain`: why a call would be allowed or refused, without making it. */
import { type JsonValue, parseJson } from '@talos/bytes'
import { DELEGATION_MAX_BYTES, denialToJson, displayCommand, explainDenial, type ProofLevel } from '@talos/capability'
import type { CallExplanation, ExplainRequest } from '@talos/client'
import { type McpConfig, parseMcpConfig } from '@talos/mcp'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { EXIT_FAILED } from '../../exit-codes.ts'
import { readUserFile } from '../../files.ts'
import { agentKey } from '../../naming.ts'
import { printable } from '../../output.ts'
import { reading } from '../../reading.ts'
import { invalid } from '../../values.ts'
import { policyOf } from '../mcp-policy.ts'
import { leftOf, untilOf } from './standing.ts'
import { collect } from './terms.ts'

const ARGUMENTS_MAX_BYTES = 131_072
const ARGUMENTS_MAX_DEPTH = 24
const CONFIG_MAX_BYTES = 1_048_576
const PROOFS: readonly ProofLevel[] = ['channel', 'mac', 'signature']

const HELP = `
Examples:
  $ talos capabilities explain --from did:key:z6Mk… --server files --tool read_text_file --args '{"path":"/srv/docs/a"}' \\
      --config mcp.json                  what this agent would answer
  $ talos capabilities explain --at did:key:z6Mk… --server files --tool read_text_file --args '{"path":"/etc/passwd"}'
                                         what this agent's own capabilities are worth at another one
  $ talos capabilities explain --from did:key:z6Mk… --at did:key:z6Mk… --server files --tool read_text_file
                                         what somebody can do there with what this agent passed on

Nothing is called, recorded or charged. Exit code 0 when the call would be allowed, 1 when not. Of another executor only the
capability is known here: what its tools ask for, its policy, its environment and what is left of limits are not. What was
passed on to the caller by somebody else is not known here either: name the files with --chain.`

interface ExplainOptions {
  readonly from?: string
  readonly at?: string
  readonly server: string
  readonly tool: string
  readonly args?: string
  readonly chain?: readonly string[]
  readonly config?: string
  readonly why?: string
  readonly proof?: string
}

export function addExplain(capabilities: Command, shell: Shell): void {
  capabilities
    .command('explain')
    .description('tell why a call would be allowed or refused, without making it')
    .option('--from <did>', 'who would call (default: this agent, which needs --at)')
    .option('--at <did>', 'who would execute (default: this agent, which needs --from)')
    .requiredOption('--server <name>', 'the MCP server')
    .requiredOption('--tool <name>', 'the tool')
    .option('--args <json>', 'the arguments, a JSON object (default: none)')
    .option(
      '--chain <file>',
      'a signed capability to judge by, root first; repeatable (default: what is known here)',
      collect,
    )
    .option('--config <file>', 'the configuration of talos mcp serve: what tools ask for, and its policy')
    .option('--why <text>', 'the reason that the call would give')
    .option('--proof <level>', 'how the call would be proven: channel, mac or signature (default)')
    .addHelpText('after', HELP)
    .action(async (options: ExplainOptions, command: Command) => {
      const context = new Context(shell, command)
      const request = await requestOf(context, options)
      const explained = await reading(context, (reader) => reader.explainCall(request))
      if (explained.outcome !== 'allow') shell.exitCode = EXIT_FAILED
      shell.output.result(explanationJson(explained), () => explanationLines(explained, shell))
    })
}

/** @throws TalosError `CLI_OPTION_INVALID`, and what reads the files */
async function requestOf(context: Context, options: ExplainOptions): Promise<ExplainRequest> {
  const { from, at, server, tool, chain, config, why, proof } = options
  if (from === undefined && at === undefined) {
    throw invalid('--from', 'name who would call this agent, or with --at whom this agent would call')
  }
  const parsed = config === undefined ? undefined : parseMcpConfig(readUserFile(config, CONFIG_MAX_BYTES))
  const policy = parsed === undefined || config === undefined ? undefined : await policyOf(parsed, config)
  return {
    server,
    tool,
    arguments: argumentsOf(options.args),
    ...(from !== undefined && { holder: agentKey(context, from, '--from') }),
    ...(at !== undefined && { executor: agentKey(context, at, '--at') }),
    ...(chain !== undefined && { chain: chain.map((file) => readUserFile(file, DELEGATION_MAX_BYTES)) }),
    ...settingsOf(parsed),
    ...(policy !== undefined && { policy }),
    ...(why !== undefined && { justification: why }),
    ...(proof !== undefined && { proof: proofOf(proof) }),
  }
}

function settingsOf(config: McpConfig | undefined): Pick<ExplainRequest, 'settings'> {
  return config === undefined ? {} : { settings: config.settings }
}

function argumentsOf(text = '{}'): { readonly [name: string]: JsonValue } {
  let value: JsonValue
  try {
    value = parseJson(text, { maxBytes: ARGUMENTS_MAX_BYTES, maxDepth: ARGUMENTS_MAX_DEPTH })
  } catch {
    throw invalid('--args', 'it is not JSON, such as {"path":"/srv/docs/a"}')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('--args', 'it is not an object')
  return value as { readonly [name: string]: JsonValue }
}

function proofOf(text: string): ProofLevel {
  const found = PROOFS.find((level) => level === text)
  if (found === undefined) throw invalid('--proof', `it is not ${PROOFS.join(' or ')}`)
  return found
}

function explanationJson({ cause, ...explained }: CallExplanation): object {
  return { ...explained, ...(cause !== undefined && { denial: denialToJson(cause) }) }
}

const REVOCATIONS = {
  stale: 'what is known here of revocations is older than the tool would have it',
  unknown: 'whether a link was revoked is not known here: no list of its issuer has come',
} as const

function explanationLines(explained: CallExplanation, { output }: Shell): string[] {
  const { outcome, command, chain, cause, revocation, digest, missing, remaining } = explained
  const words = { allow: 'ALLOWED', deny: 'REFUSED', refer: 'NEEDS APPROVAL' } as const
  const tones = { allow: 'good', deny: 'bad', refer: 'warn' } as const
  return [
    `${output.tint(tones[outcome], words[outcome])}  ${printable(displayCommand(command))}`,
    ...(cause === undefined ? [] : explainDenial(cause).split('\n').map(printable)),
    ...(digest === undefined ? [] : [`digest of the call: ${digest}`]),
    ...missing.map(({ what, missing: count, askable }) => `${what} asks for ${count} more of ${askable.join(', ')}`),
    ...(revocation === undefined || revocation === 'fresh' ? [] : [REVOCATIONS[revocation]]),
    ...chain.flatMap((link, index) => [
      `delegation ${index}: ${link.issuer} gave ${link.audience} ${printable(link.display)} until ${untilOf(link)}`,
      ...leftLines(remaining.find(({ cid }) => cid === link.cid)),
    ]),
    ...assumedLines(explained),
  ]
}

/** What was taken for granted did not lead to a refusal. */
function assumedLines({ outcome, assumed }: CallExplanation): string[] {
  if (outcome === 'deny' || assumed.length === 0) return []
  return ['taken for granted, since only the executor knows:', ...assumed.map((line) => `   ${printable(line)}`)]
}

function leftLines(counted: CallExplanation['remaining'][number] | undefined): string[] {
  return (counted?.limits ?? []).map((limit) => `   ${printable(limit.requirement)} (${leftOf(limit)})`)
}
