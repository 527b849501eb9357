/** `talos audit log`: entries, for people and for programs. */
import type { AuditFilter, AuditRecord, AuditSearch } from '@talos/audit'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { readingLog } from '../../reading.ts'
import { parseCount } from '../../values.ts'
import { addFilters, FILTER_HELP, type FilterOptions, filterOf, prepareSearch } from './filter.ts'
import {
  csvHeader,
  csvRow,
  FORMATS,
  type Format,
  formatOption,
  NO_ENTRIES,
  ndjsonLine,
  ROW_NAMES,
  recordJson,
  rowOf,
} from './format.ts'

const DEFAULT_LIMIT = '50'
/** What a terminal or a program takes at once; more is read with --until, or with talos audit export. */
const MAX_LIMIT = 100_000

const EXAMPLES = `${FILTER_HELP}

Examples:
  $ talos audit log                                  the last ${DEFAULT_LIMIT} entries, oldest first
  $ talos audit log --kind tool.deny --since 8h
  $ talos audit log --outcome CAPABILITY_EXPIRED --format csv
  $ talos audit log --tool mcp:files/tool/read_text_file --json

--json is --format json: {"size", "entries": [{"index", "hash", "entry"}, …]}, where size is that of the whole log. ndjson
has one entry in each line.`

export function addLog(audit: Command, shell: Shell): void {
  addFilters(audit.command('log').description('list entries'))
    .option('--limit <count>', 'the newest so many', DEFAULT_LIMIT)
    .addOption(formatOption(FORMATS, 'table'))
    .addHelpText('after', EXAMPLES)
    .action(async (options: FilterOptions & { limit: string; format: Format }, command: Command) => {
      const limit = parseCount(options.limit, { option: '--limit', minimum: 1, maximum: MAX_LIMIT })
      await readingLog(new Context(shell, command), (reader) => {
        const filter = filterOf(options, reader)
        prepareSearch(reader, filter)
        const records = newest(reader.search, { filter, limit })
        const { output } = shell
        const format = output.json ? 'json' : options.format
        if (format === 'table') return output.result({}, () => output.table(ROW_NAMES, records.map(rowOf), NO_ENTRIES))
        if (format === 'csv') return output.raw([csvHeader(), ...records.map(csvRow)].join(''))
        if (format === 'ndjson') return output.raw(records.map((record) => `${ndjsonLine(record)}\n`).join(''))
        output.object({ size: reader.log.size, entries: records.map(recordJson) })
      })
    })
}

/** The last entries that fit, oldest first. */
export function newest(
  search: AuditSearch,
  { filter, limit }: { readonly filter: AuditFilter; readonly limit: number },
): AuditRecord[] {
  const records: AuditRecord[] = []
  for (const record of search.entries({ ...filter, order: 'descending' })) {
    records.push(record)
    if (records.length === limit) break
  }
  return records.reverse()
}
