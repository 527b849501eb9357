/** Which entries are meant: the options that `log`, `tail` and `export` share. */
import type { AuditFilter } from '@talos/audit'
import type { AgentReader } from '@talos/client'
import { type AuditEntryKind, type Did, parseAuditEntryKind } from '@talos/contracts'
import { systemClock } from '@talos/kernel'
import type { Command } from 'commander'
import { isDurable, keyOf } from '../../naming.ts'
import { isErrorCode } from '../../output.ts'
import { invalid, parseCidOption, parseDidOption, parseMoment, parseTool } from '../../values.ts'
import { KINDS } from './kinds.ts'

/** Entries of the search database that one command adds before it searches: about a second. The rest is read instead. */
const CATCH_UP_ENTRIES = 16_384
/** Of a line of a help text, less the word before the list. */
const HELP_CHARS = 110
const SESSION = /^[0-9a-f]{16,64}$/
const MESSAGE = /^[0-9a-f]{32}$/
const DECISIONS = ['allow', 'deny'] as const

export interface FilterOptions {
  readonly kind?: readonly string[]
  readonly type?: readonly string[]
  readonly peer?: string
  readonly tool?: string
  readonly cap?: string
  readonly session?: string
  readonly message?: string
  readonly since?: string
  readonly until?: string
  readonly outcome?: string
}

export const FILTER_HELP = `
Filters narrow together. --kind may be repeated; --type is another word for it. --outcome is allow, deny, or the error code
that an entry gives as its reason. Times are as in 2031-05-01T12:00:00Z, or 15m for so long ago (s, m, h, d).
Kinds: ${wrapped(KINDS)}.`

/** A list in lines of a help text. */
function wrapped(words: readonly string[]): string {
  const lines = ['']
  for (const word of words) {
    const line = lines.at(-1) ?? ''
    if (line.length + word.length > HELP_CHARS) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line}, ${word}`
  }
  return lines.join(',\n')
}

/** Adds the options by which entries are chosen. */
export function addFilters(command: Command): Command {
  return command
    .option('--kind <kind>', 'only this kind, such as tool.invoke; repeatable', collect)
    .option('--type <kind>', 'the same', collect)
    .option('--peer <did>', 'only with this peer; by its did:talos, under any of its keys')
    .option('--tool <command>', 'only of this tool, such as mcp:files/tool/read_text_file')
    .option('--cap <cid>', 'only under this capability')
    .option('--session <id>', 'only of this session, 16 to 64 hex digits')
    .option('--message <id>', 'only of this message, 32 hex digits')
    .option('--outcome <outcome>', 'only with this outcome: allow, deny or an error code')
    .option('--since <time>', 'from this time on')
    .option('--until <time>', 'before this time')
}

/** @throws TalosError `CLI_OPTION_INVALID` */
export function filterOf(options: FilterOptions, reader: Pick<AgentReader, 'identities'>): AuditFilter {
  const nowMs = systemClock.nowMs()
  const { peer, tool, cap, session, message, outcome } = options
  const kinds = [
    ...(options.kind ?? []).map((kind) => kindOf(kind, '--kind')),
    ...(options.type ?? []).map((kind) => kindOf(kind, '--type')),
  ]
  return {
    ...(kinds.length > 0 && { kinds }),
    ...(peer !== undefined && { peers: peersOf(peer, reader) }),
    ...(tool !== undefined && { tool: parseTool(tool, '--tool') }),
    ...(cap !== undefined && { cap: parseCidOption(cap, '--cap') }),
    ...(session !== undefined && { session: hex(session, { option: '--session', form: SESSION, digits: '16 to 64' }) }),
    ...(message !== undefined && { message: hex(message, { option: '--message', form: MESSAGE, digits: '32' }) }),
    ...timesOf(options, nowMs),
    ...(outcome !== undefined && outcomeOf(outcome)),
  }
}

function timesOf(
  { since, until }: Pick<FilterOptions, 'since' | 'until'>,
  nowMs: number,
): Pick<AuditFilter, 'fromMs' | 'toMs'> {
  const fromMs = since === undefined ? undefined : parseMoment(since, { option: '--since', nowMs })
  const toMs = until === undefined ? undefined : parseMoment(until, { option: '--until', nowMs })
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) throw invalid('--until', 'it is not after --since')
  return { ...(fromMs !== undefined && { fromMs }), ...(toMs !== undefined && { toMs }) }
}

/** Brings the search database nearer to the log before it is asked: a step of bounded work. Whoever asks for all needs none. */
export function prepareSearch({ search }: AgentReader, filter: AuditFilter): void {
  if (Object.keys(filter).length > 0) search.catchUp({ limit: CATCH_UP_ENTRIES })
}

/** The key as it was typed, or every key of a durable name, as far as this agent knows. */
function peersOf(text: string, { identities }: Pick<AgentReader, 'identities'>): readonly Did[] {
  if (!isDurable(text)) return [parseDidOption(text, '--peer')]
  const current = keyOf(identities, text, '--peer')
  return identities.find(current)?.keys.map(({ did }) => did) ?? [current]
}

function outcomeOf(text: string): Pick<AuditFilter, 'decision' | 'reason'> {
  for (const decision of DECISIONS) if (text === decision) return { decision }
  if (isErrorCode(text)) return { reason: text }
  throw invalid('--outcome', 'write allow, deny or an error code such as CAPABILITY_EXPIRED')
}

function hex(
  text: string,
  { option, form, digits }: { readonly option: string; readonly form: RegExp; readonly digits: string },
): string {
  if (!form.test(text)) throw invalid(option, `it is not ${digits} hex digits in lower case`)
  return text
}

function kindOf(text: string, option: string): AuditEntryKind {
  try {
    return parseAuditEntryKind(text)
  } catch {
    throw invalid(option, `there is no such kind of entry; those are ${KINDS.join(', ')}`)
  }
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value]
}
