/** `talos proof list`: the calls of this agent that can be proven. */
import { displayCommand } from '@talos/capability'
import { MAX_CALLS } from '@talos/client'
import type { ControlRequestCalls, ControlResponseCalls } from '@talos/contracts'
import { systemClock } from '@talos/kernel'
import { type Command, Option } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { ask } from '../../control/ask.ts'
import { jsonLine, printable } from '../../output.ts'
import { parseCidOption, parseCount, parseDidOption, parseMoment, parseTool, shorten, showTime } from '../../values.ts'
import { csvLine, exactTime, FORMATS, type Format, formatOption } from '../audit/format.ts'

const DEFAULT_LIMIT = '50'
const OUTCOMES = ['allow', 'deny', 'refer', 'error'] as const

const HELP = `
Filters narrow together. Times are as in 2031-05-01T12:00:00Z, or 15m for so long ago (s, m, h, d).

Examples:
  $ talos proof list                                 the last ${DEFAULT_LIMIT} calls, newest first
  $ talos proof list --outcome deny --since 8h
  $ talos proof list --tool mcp:files/tool/read_text_file --format csv

The last column but one says whether the other side's part is here, or has to be asked for, so that the peer must be reachable.

--json is --format json: {"calls": [{"invocation", "peer", "command", "capabilities", "outcome", "decidedAtMs", "isWhole"}]};
isWhole says that the other side's part is here, so that the proof can be made without it.`

type Call = ControlResponseCalls['calls'][number]

interface ListOptions {
  readonly peer?: string
  readonly tool?: string
  readonly cap?: string
  readonly outcome?: ControlRequestCalls['outcome']
  readonly since?: string
  readonly until?: string
  readonly limit: string
  readonly format: Format
}

export function addProofList(proof: Command, shell: Shell): void {
  proof
    .command('list')
    .description('list the calls that can be proven')
    .option('--peer <did>', 'only with this executor')
    .option('--tool <command>', 'only of this tool, such as mcp:files/tool/read_text_file')
    .option('--cap <cid>', 'only under this capability')
    .addOption(new Option('--outcome <outcome>', 'only with this outcome').choices(OUTCOMES))
    .option('--since <time>', 'from this time on')
    .option('--until <time>', 'before this time')
    .option('--limit <count>', 'the newest so many', DEFAULT_LIMIT)
    .addOption(formatOption(FORMATS, 'table'))
    .addHelpText('after', HELP)
    .action(async (options: ListOptions, command: Command) => {
      const { calls } = await ask(new Context(shell, command), requestOf(options), 'calls')
      write(shell, { calls, format: shell.output.json ? 'json' : options.format })
    })
}

/** @throws TalosError `CLI_OPTION_INVALID` */
function requestOf({ peer, tool, cap, outcome, since, until, limit }: ListOptions): ControlRequestCalls {
  const nowMs = systemClock.nowMs()
  return {
    method: 'calls',
    limit: parseCount(limit, { option: '--limit', minimum: 1, maximum: MAX_CALLS }),
    ...(peer !== undefined && { peer: parseDidOption(peer, '--peer') }),
    ...(tool !== undefined && { command: parseTool(tool, '--tool') }),
    ...(cap !== undefined && { capability: parseCidOption(cap, '--cap') }),
    ...(outcome !== undefined && { outcome }),
    ...(since !== undefined && { sinceMs: parseMoment(since, { option: '--since', nowMs }) }),
    ...(until !== undefined && { untilMs: parseMoment(until, { option: '--until', nowMs }) }),
  }
}

function write(
  { output }: Shell,
  { calls, format }: { readonly calls: readonly Call[]; readonly format: Format },
): void {
  if (format === 'table') output.result({}, () => output.table(ROW_NAMES, calls.map(rowOf), 'no calls'))
  else if (format === 'json') output.raw(`${jsonLine({ calls })}\n`)
  else if (format === 'ndjson') output.raw(calls.map((call) => `${jsonLine(call)}\n`).join(''))
  else output.raw([csvLine(COLUMNS.map(([name]) => name)), ...calls.map(csvRow)].join(''))
}

const ROW_NAMES = ['TIME', 'OUTCOME', 'PEER', 'TOOL', 'PART', 'INVOCATION'] as const

function rowOf({ invocation, peer, command, outcome, decidedAtMs, isWhole }: Call): string[] {
  const state = isWhole ? 'here' : 'ask'
  return [showTime(decidedAtMs), outcome, shorten(peer), printable(displayCommand(command)), state, invocation]
}

const COLUMNS: readonly (readonly [name: string, read: (call: Call) => string])[] = [
  ['invocation', ({ invocation }) => invocation],
  ['time', ({ decidedAtMs }) => exactTime(decidedAtMs)],
  ['peer', ({ peer }) => peer],
  ['tool', ({ command }) => displayCommand(command)],
  ['outcome', ({ outcome }) => outcome],
  ['cap', ({ capabilities }) => capabilities.at(-1) ?? ''],
  ['whole', ({ isWhole }) => String(isWhole)],
]

function csvRow(call: Call): string {
  return csvLine(COLUMNS.map(([, read]) => read(call)))
}
