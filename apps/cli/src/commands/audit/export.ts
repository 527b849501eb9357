/** `talos audit export`: entries in a file, on their own or with what it takes to verify them anywhere. */
import type { AuditFilter, AuditRecord } from '@talos/audit'
import { fromUtf8, toBase64url } from '@talos/bytes'
import type { AgentReader } from '@talos/client'
import { TalosError } from '@talos/errors'
import type { VerifiedCheckpoint } from '@talos/merkle'
import { type Command, Option } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { ask } from '../../control/ask.ts'
import { EXIT_FAILED, EXIT_INCOMPLETE } from '../../exit-codes.ts'
import { jsonLine, printable } from '../../output.ts'
import { Progress } from '../../progress.ts'
import { readingLog } from '../../reading.ts'
import { invalid } from '../../values.ts'
import { addFilters, FILTER_HELP, type FilterOptions, filterOf, prepareSearch } from './filter.ts'
import { csvHeader, csvRow, formatOption, recordJson } from './format.ts'
import { fileTarget, outputTarget, TextWriter } from './text-writer.ts'

export const EXPORT_FORMAT = 'talos-audit-export/1'
/** Entries between two looks at the progress. */
const PROGRESS_ENTRIES = 256

const HELP = `${FILTER_HELP}

Examples:
  $ talos audit export --out audit.ndjson
  $ talos audit export --format csv --since 7d > week.csv
  $ talos audit export --include-proofs --sign --out proven.ndjson
  $ talos audit verify --export proven.ndjson

Without --out it goes to standard output. CSV is as in RFC 4180; a cell that a spreadsheet would take for a formula begins
with an apostrophe.

With --include-proofs the first line holds the checkpoint, the delegations of the log's keys and the agent's key log, each
entry's line its exact bytes and its proof, the last line how many there are: talos audit verify --export needs nothing else.
Entries behind the last signed checkpoint cannot be proven and are left out; the exit code is then 3. With --sign the process
that runs the agent signs a checkpoint first, and this one does where none runs it (which needs the passphrase).

Exit code 3 also where nobody reads standard output to its end, as in | head.`

interface ExportOptions extends FilterOptions {
  readonly out?: string
  readonly format: 'csv' | 'ndjson'
  readonly includeProofs?: boolean
  readonly sign?: boolean
}

export function addExport(audit: Command, shell: Shell): void {
  addFilters(audit.command('export').description('write entries into a file, with proofs where they are asked for'))
    .option('--out <file>', 'a new file (default: standard output)')
    .addOption(formatOption(['ndjson', 'csv'], 'ndjson'))
    .option('--include-proofs', 'with everything that it takes to verify them')
    .addOption(new Option('--sign', 'have a checkpoint signed first').implies({ includeProofs: true }))
    .addHelpText('after', HELP)
    .action(async (options: ExportOptions, command: Command) => {
      const context = new Context(shell, command)
      const { out, format, includeProofs = false, sign = false } = options
      if (includeProofs && format === 'csv') throw invalid('--include-proofs', 'CSV has no room for proofs')
      if (sign) await ask(context, { method: 'checkpoint' }, 'checkpoint')
      const write = async (reader: AgentReader) => {
        const filter = filterOf(options, reader)
        prepareSearch(reader, filter)
        const writer = new TextWriter(out === undefined ? outputTarget(shell.output) : fileTarget(out))
        try {
          const written = await writeAll(writer, { reader, filter, format, includeProofs, shell })
          const isRead = (await writer.finish()) && written.isRead
          tell(shell, { ...written, isRead, sizeBytes: writer.sizeBytes, out })
        } catch (error) {
          writer.abandon()
          throw error
        }
      }
      // A log that was set back proves nothing.
      const fault = await readingLog(context, write, { refuses: includeProofs })
      if (fault !== undefined) shell.exitCode = EXIT_FAILED
    })
}

interface Writing {
  readonly reader: AgentReader
  readonly filter: AuditFilter
  readonly format: 'csv' | 'ndjson'
  readonly includeProofs: boolean
  readonly shell: Shell
}

/** What became of an export. */
interface Written {
  readonly entries: number
  /** Entries that could not be proven. */
  readonly left: number
  /** False where nobody read on. */
  readonly isRead: boolean
}

function tell(shell: Shell, written: Written & { readonly sizeBytes: number; readonly out: string | undefined }): void {
  const { output } = shell
  const { entries, left, isRead, sizeBytes, out } = written
  if (left > 0 || !isRead) shell.exitCode = EXIT_INCOMPLETE
  if (left > 0) output.note(`${left} entries are behind the last signed checkpoint and were left out; see --sign`)
  if (out === undefined) return
  output.result({ file: out, entries, left, sizeBytes }, () => [
    `wrote ${printable(out)} (${entries} entries, ${sizeBytes} bytes)`,
  ])
}

async function writeAll(writer: TextWriter, writing: Writing): Promise<Written> {
  const { format, includeProofs } = writing
  if (includeProofs) return await writeProven(writer, writing)
  const isCsv = format === 'csv'
  if (isCsv) await writer.write(csvHeader())
  const lineOf = isCsv ? csvRow : (record: AuditRecord) => `${jsonLine(recordJson(record))}\n`
  return { ...(await writeEntries(writer, { ...writing, lineOf })), left: 0 }
}

/** Writes a line for each entry, as long as somebody wants more. */
async function writeEntries(
  writer: TextWriter,
  {
    reader,
    filter,
    shell,
    lineOf,
  }: Pick<Writing, 'reader' | 'filter' | 'shell'> & { readonly lineOf: (record: AuditRecord) => string },
): Promise<Omit<Written, 'left'>> {
  const progress = new Progress(shell.output, 'read')
  const total = filter.toIndex ?? reader.log.size
  let entries = 0
  try {
    for (const record of reader.search.entries(filter)) {
      if (!(await writer.write(lineOf(record)))) return { entries, isRead: false }
      entries += 1
      if (entries % PROGRESS_ENTRIES === 0) progress.update({ done: record.index + 1, total })
    }
  } finally {
    progress.end()
  }
  return { entries, isRead: true }
}

async function writeProven(writer: TextWriter, writing: Writing): Promise<Written> {
  const { reader, filter } = writing
  const checkpoint = await signedPart(reader)
  const { size, note } = checkpoint
  await writer.write(`${jsonLine(headerOf(reader, checkpoint))}\n`)
  const lineOf = (record: AuditRecord) => {
    const proof = reader.log.tlogProof({ index: record.index, checkpoint: note })
    return `${jsonLine({ ...recordJson(record), bytes: fromUtf8(record.body), proof })}\n`
  }
  const written = await writeEntries(writer, { ...writing, filter: { ...filter, toIndex: size }, lineOf })
  const { entries, isRead } = written
  if (!isRead) return { ...written, left: 0 }
  await writer.write(`${jsonLine({ end: { entries } })}\n`)
  let left = 0
  for (const _ of reader.search.entries({ ...filter, fromIndex: size })) left += 1
  return { ...written, left }
}

/** @throws TalosError `CLI_NOTHING_SIGNED`, `AUDIT_ROLLBACK` */
async function signedPart(reader: AgentReader): Promise<VerifiedCheckpoint> {
  const checkpoint = await reader.lastCheckpoint()
  if (checkpoint === undefined) throw new TalosError('CLI_NOTHING_SIGNED')
  reader.log.refresh()
  return checkpoint
}

function headerOf(reader: AgentReader, { origin, size, note }: VerifiedCheckpoint): object {
  const { delegations } = reader.logKeys()
  return {
    format: EXPORT_FORMAT,
    origin,
    size,
    checkpoint: note,
    logKeys: delegations.map(({ bytes }) => toBase64url(bytes)),
    keyLog: reader.keyLog?.text ?? '',
  }
}
