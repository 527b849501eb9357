/** `talos audit tail`: the newest entries, and those that come while it runs. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditFilter, AuditRecord } from '@talos/audit'
import type { AgentReader } from '@talos/client'
import { TalosError } from '@talos/errors'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import type { Output } from '../../output.ts'
import { untilStopped } from '../../owner.ts'
import { readingLog } from '../../reading.ts'
import { parseCount } from '../../values.ts'
import { addFilters, FILTER_HELP, type FilterOptions, filterOf, prepareSearch } from './filter.ts'
import { csvHeader, csvRow, type Format, formatOption, ndjsonLine, rowOf } from './format.ts'
import { newest } from './log.ts'

const DEFAULT_LINES = '10'
const MAX_LINES = 100_000
/** How often it is looked whether entries came. */
const LOOK_MS = 250

/** Columns of what comes one by one: of the longest kind that is common, and of a name that was shortened. */
const KIND_CHARS = 15
const PEER_CHARS = 25

const HELP = `${FILTER_HELP}

Examples:
  $ talos audit tail
  $ talos audit tail -f --kind tool.deny
  $ talos audit tail -n 0 -f --json | jq .entry.kind

With -f it goes on until Ctrl-C, which ends it with exit code 0, and prints each entry once it is durable, beside the process
that runs the agent. --json is --format ndjson: one object in each line. Exit code 1 when entries that were there are gone.`

interface TailOptions extends FilterOptions {
  readonly lines: string
  readonly follow?: boolean
  readonly format: Exclude<Format, 'json'>
}

export function addTail(audit: Command, shell: Shell): void {
  addFilters(audit.command('tail').description('show the newest entries, and those that come'))
    .option('-n, --lines <count>', 'begin with the newest so many', DEFAULT_LINES)
    .option('-f, --follow', 'go on until Ctrl-C')
    .addOption(formatOption(['table', 'ndjson', 'csv'], 'table'))
    .addHelpText('after', HELP)
    .action(async (options: TailOptions, command: Command) => {
      const limit = parseCount(options.lines, { option: '--lines', minimum: 0, maximum: MAX_LINES })
      // Before anything is printed: whoever has seen it may end it.
      const stopped = options.follow === true ? untilStopped() : undefined
      await readingLog(new Context(shell, command), async (reader) => {
        const { output } = shell
        const filter = filterOf(options, reader)
        prepareSearch(reader, filter)
        const size = reader.log.size
        const lineOf = linesOf(output.json ? 'ndjson' : options.format)
        if (options.format === 'csv' && !output.json) output.raw(csvHeader())
        const records = limit === 0 ? [] : newest(reader.search, { filter: { ...filter, toIndex: size }, limit })
        for (const record of records) output.raw(lineOf(record))
        if (stopped !== undefined) await follow(reader, { filter, from: size, output, lineOf, stopped })
      })
    })
}

/** Prints what comes until a signal does. @throws TalosError `AUDIT_ROLLBACK` */
async function follow(
  { log }: AgentReader,
  options: {
    readonly filter: AuditFilter
    readonly from: number
    readonly output: Output
    readonly lineOf: (record: AuditRecord) => string
    readonly stopped: Promise<void>
  },
): Promise<void> {
  const { filter, output, lineOf } = options
  const ended = new AbortController()
  const stopped = options.stopped.then(() => ended.abort())
  for (let from = options.from; !ended.signal.aborted; ) {
    await Promise.race([stopped, sleep(LOOK_MS)])
    const { size } = log.refresh()
    if (size < from) throw new TalosError('AUDIT_ROLLBACK', { size: from, reason: `it has ${size} entries` })
    for (const record of log.entries({ ...filter, fromIndex: from, toIndex: size })) await output.stream(lineOf(record))
    from = size
  }
}

function linesOf(format: 'table' | 'ndjson' | 'csv'): (record: AuditRecord) => string {
  if (format === 'csv') return csvRow
  if (format === 'ndjson') return (record) => `${ndjsonLine(record)}\n`
  return (record) => {
    const [index = '', time = '', kind = '', peer = '', what = ''] = rowOf(record)
    return `${[index, time, kind.padEnd(KIND_CHARS), peer.padEnd(PEER_CHARS), what].join('  ').trimEnd()}\n`
  }
}
