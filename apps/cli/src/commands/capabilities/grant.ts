/** `talos capabilities grant`, `delegate` and `renew`: giving somebody a tool, passing on what one was given, for longer. */
import { fromBase64url } from '@talos/bytes'
import { describeDelegation, openDelegation } from '@talos/capability'
import type { ControlRequest, ControlRequestDelegate, ControlRequestGrant } from '@talos/contracts'
import { loadKernel } from '@talos/kernel'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { ask } from '../../control/ask.ts'
import { requireAbsent, writeNewFile } from '../../files.ts'
import { agentKey } from '../../naming.ts'
import { fields, printable } from '../../output.ts'
import { invalid, parseCidOption, parseCount, parseDuration } from '../../values.ts'
import { untilOf } from './standing.ts'
import { addTermOptions, rulesOf, TERMS_HELP, type TermOptions, termsOf } from './terms.ts'

const MAX_NAME_CHARS = 128
/** Further links after this one; more than any chain may have. */
const MAX_DEPTH = 15

const GRANT_HELP = `
Examples:
  $ talos capabilities grant --to did:key:z6Mk… --server files --tool read_text_file --under path=./docs --for 15m
  $ talos capabilities grant --to did:key:z6Mk… --server git --for 8h --out git.taloscap
  $ talos capabilities grant --to did:key:z6Mk… --server db --tool query --rule '["len", ".sql", 0, 2000]' \\
      --calls 100 --rate 10/1m --hours "mon-fri 09:00-17:00 +01:00" --for 7d
  $ talos capabilities grant --to did:key:z6Mk… --server pay --tool send --budget usd-cent=5000:.amount \\
      --rule '["known", ".to"]' --renewals 100 --for 15m
  $ talos capabilities grant --to did:key:z6Mk… --server db --tool drop --approvals 2 --approver did:key:z6Mk… \\
      --approver did:key:z6Mk… --for 1h
${TERMS_HELP}
Works beside a running talos mcp serve: that process then signs, and hands the capability over where the receiver is
connected.`

const DELEGATE_HELP = `
Examples:
  $ talos capabilities delegate bafyrei… --to did:key:z6Mk… --for 1h
  $ talos capabilities delegate bafyrei… --to did:key:z6Mk… --server git --tool git_log --calls 20 --for 15m
${TERMS_HELP}
What is passed on never gives more than what it was made from: every link of the chain must allow a call. The capability
must allow further links (--depth of its grant).`

const RENEW_HELP = `
Example:
  $ talos capabilities renew bafyrei…

Only leases (grant --renewals) can be renewed, by who gave them. Their holders ask for it by themselves while they are
connected; this is for one who is not. What was passed on below a lease holds on, and limits are not filled up again.`

interface GiveOptions extends TermOptions {
  readonly to: string
  readonly server?: string
  readonly tool?: string
  readonly for: string
  readonly depth?: string
  readonly label?: string
  readonly out?: string
}

export function addGrant(capabilities: Command, shell: Shell): void {
  const command = capabilities
    .command('grant')
    .description('give a tool of this agent to another agent')
    .requiredOption('--to <did>', 'who receives it')
    .requiredOption('--server <name>', 'the MCP server, as the configuration names it')
    .option('--tool <name>', 'one tool of it (default: all of them)')
  addGiveOptions(command)
    .addHelpText('after', GRANT_HELP)
    .action(async (options: GiveOptions & { readonly server: string }, self: Command) => {
      const server = nameOf(options.server, '--server')
      const context = new Context(shell, self)
      const request: ControlRequestGrant = { method: 'grant', server, ...givenOf(context, options) }
      await give(context, { request, out: options.out, shell })
    })
}

export function addDelegate(capabilities: Command, shell: Shell): void {
  const command = capabilities
    .command('delegate')
    .argument('<cid>', 'a capability that this agent was given, as list shows it')
    .description('pass on a capability, narrowed')
    .requiredOption('--to <did>', 'who receives it')
    .option('--server <name>', 'an MCP server (default: what the capability is for)')
    .option('--tool <name>', 'one tool of it')
  addGiveOptions(command)
    .addHelpText('after', DELEGATE_HELP)
    .action(async (cid: string, options: GiveOptions, self: Command) => {
      const { server, tool } = options
      if (tool !== undefined && server === undefined) throw invalid('--tool', 'name its server with --server')
      const context = new Context(shell, self)
      const request: ControlRequestDelegate = {
        method: 'delegate',
        parent: parseCidOption(cid, 'CID'),
        ...(server !== undefined && { server: nameOf(server, '--server') }),
        ...givenOf(context, options),
      }
      await give(context, { request, out: options.out, shell })
    })
}

export function addRenew(capabilities: Command, shell: Shell): void {
  capabilities
    .command('renew')
    .argument('<cid>', 'a lease that this agent gave, or a renewal of it')
    .description('renew a lease that this agent gave')
    .option('--for <duration>', 'how long the renewal is valid, at most the term of the lease (default: all of it)')
    .option('--out <file>', 'write the renewal to a new file, to hand it over')
    .addHelpText('after', RENEW_HELP)
    .action(async (cid: string, options: { readonly for?: string; readonly out?: string }, self: Command) => {
      const request = {
        method: 'renew',
        cid: parseCidOption(cid, 'CID'),
        ...(options.for !== undefined && { expiresInS: parseDuration(options.for, '--for') }),
      } as const
      await give(new Context(shell, self), { request, out: options.out, shell })
    })
}

function addGiveOptions(command: Command): Command {
  return addTermOptions(command)
    .requiredOption('--for <duration>', 'how long it is valid, such as 90s, 15m, 8h, 7d')
    .option('--depth <count>', 'how many further links the receiver may add (default: none)')
    .option('--label <text>', 'a note for people')
    .option('--out <file>', 'write the signed capability to a new file, to hand it over')
}

/** What both have in common. @throws TalosError `CLI_OPTION_INVALID` */
function givenOf(context: Context, options: GiveOptions) {
  const { tool, depth, label = '' } = options
  if (label.length > MAX_NAME_CHARS) throw invalid('--label', `it has more than ${MAX_NAME_CHARS} characters`)
  return {
    to: agentKey(context, options.to, '--to'),
    ...(tool !== undefined && { tool: nameOf(tool, '--tool') }),
    rules: rulesOf(options),
    expiresInS: parseDuration(options.for, '--for'),
    ...(depth !== undefined && { depth: parseCount(depth, { option: '--depth', minimum: 0, maximum: MAX_DEPTH }) }),
    label,
    terms: termsOf(options, (did) => agentKey(context, did, '--approver')),
  }
}

async function give(
  context: Context,
  given: { readonly request: ControlRequest; readonly out: string | undefined; readonly shell: Shell },
): Promise<void> {
  const { request, out, shell } = given
  if (out !== undefined) requireAbsent(out)
  const { cid, bytes, delivered } = await ask(context, request, 'granted')
  const signed = fromBase64url(bytes)
  if (out !== undefined) writeNewFile(out, signed)
  const description = describeDelegation(openDelegation(signed, { kernel: loadKernel() }))
  const { audience: to, display: command, expiresS, summary } = description
  shell.output.result({ cid, to, command, expiresS, summary, delivered, file: out ?? null }, () => [
    ...fields([
      ['capability', cid],
      ['to', to],
      ['command', printable(command)],
      ['until', untilOf(description)],
    ]),
    ...summary.map((line) => `  ${printable(line)}`),
    handOver(delivered, out),
  ])
}

function nameOf(name: string, option: string): string {
  if (name === '' || name.length > MAX_NAME_CHARS)
    throw invalid(option, `it does not have 1 to ${MAX_NAME_CHARS} characters`)
  return name
}

function handOver(delivered: boolean, file: string | undefined): string {
  if (delivered) return 'The receiver has it.'
  if (file !== undefined)
    return `Hand over ${printable(file)}; the receiver runs: talos capabilities import ${printable(file)}`
  return 'The receiver gets it when it connects to this agent; or write it to a file with --out and hand that over.'
}
