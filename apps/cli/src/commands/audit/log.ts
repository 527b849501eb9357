/** `talos audit log`: entries, for people and for programs. */

import type { AuditFilter, AuditReader, AuditRecord } from '@talos/audit'
import { commandFromDisplay, displayCommand } from '@talos/capability'
import type { AgentReader } from '@talos/client'
import { type AuditEntryKind, parseAuditEntryKind } from '@talos/contracts'
import { systemClock } from '@talos/kernel'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { isDurable, keyOf } from '../../naming.ts'
import { printable, table } from '../../output.ts'
import { reading } from '../../reading.ts'
import { invalid, parseCount, parseDidOption, parseMoment, shorten, showTime } from '../../values.ts'
import { recordJson } from './show.ts'

const DEFAULT_LIMIT = '50'
/** What a terminal or a program takes at once; more is read with --until. */
const MAX_LIMIT = 100_000

const EXAMPLES = `
Examples:
  $ talos audit log                                  the last ${DEFAULT_LIMIT} entries, oldest first
  $ talos audit log --kind tool.deny --since 8h
  $ talos audit log --tool mcp:files/tool/read_text_file --json`

interface LogOptions {
  readonly kind?: readonly string[]
  readonly peer?: string
  readonly tool?: string
  readonly since?: string
  readonly until?: string
  readonly limit: string
}

export function addLog(audit: Command, shell: Shell): void {
  audit
    .command('log')
    .description('list entries')
    .option('--kind <kind>', 'only this kind, such as tool.invoke; repeatable', collect)
    .option('--peer <did>', 'only with this peer; by its did:talos, under any of its keys')
    .option('--tool <command>', 'only of this tool, such as mcp:files/tool/read_text_file')
    .option('--since <time>', 'from this time on: 2031-05-01T12:00:00Z, or 15m for so long ago')
    .option('--until <time>', 'before this time')
    .option('--limit <count>', 'the newest so many', DEFAULT_LIMIT)
    .addHelpText('after', EXAMPLES)
    .action(async (options: LogOptions, command: Command) => {
      const filter = filterOf(options)
      const limit = parseCount(options.limit, { option: '--limit', minimum: 1, maximum: MAX_LIMIT })
      await reading(new Context(shell, command), (reader) => {
        const { log } = reader
        const records = newest(log, { filter, limit, isMeant: peerTest(reader, options.peer) })
        shell.output.result({ size: log.size, entries: records.map(recordJson) }, () => table(records.map(rowOf)))
      })
    })
}

/** The last entries that fit, oldest first. */
function newest(
  log: AuditReader,
  {
    filter,
    limit,
    isMeant,
  }: { readonly filter: AuditFilter; readonly limit: number; readonly isMeant: (record: AuditRecord) => boolean },
) {
  const records: AuditRecord[] = []
  for (const record of log.entries({ ...filter, order: 'descending' })) {
    if (isMeant(record)) records.push(record)
    if (records.length === limit) break
  }
  return records.reverse()
}

/** For a peer by its durable name, which entries do not have: those under any of its keys. @throws TalosError `CLI_OPTION_INVALID` */
function peerTest({ identities }: AgentReader, peer: string | undefined): (record: AuditRecord) => boolean {
  if (peer === undefined || !isDurable(peer)) return () => true
  const key = keyOf(identities, peer, '--peer')
  return ({ entry }) => entry.peer !== undefined && identities.isSame(entry.peer, key)
}

/** @throws TalosError `CLI_OPTION_INVALID` */
function filterOf({ kind, peer, tool, since, until }: LogOptions): AuditFilter {
  const nowMs = systemClock.nowMs()
  return {
    ...(kind !== undefined && { kinds: kind.map(kindOf) }),
    ...(peer !== undefined && !isDurable(peer) && { peer: parseDidOption(peer, '--peer') }),
    ...(tool !== undefined && { tool: commandFromDisplay(tool) }),
    ...(since !== undefined && { fromMs: parseMoment(since, { option: '--since', nowMs }) }),
    ...(until !== undefined && { toMs: parseMoment(until, { option: '--until', nowMs }) }),
  }
}

function kindOf(text: string): AuditEntryKind {
  try {
    return parseAuditEntryKind(text)
  } catch {
    throw invalid('--kind', 'there is no such kind of entry; see contracts/spec/10-audit-entry.md')
  }
}

function rowOf({ index, entry }: AuditRecord): string[] {
  const { ts, kind, decision, tool, reason, peer } = entry
  const what = [decision, tool && displayCommand(tool), reason].filter((word) => word !== undefined).join(' ')
  return [String(index), showTime(ts), kind, peer === undefined ? '' : shorten(peer), printable(what)]
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value]
}
