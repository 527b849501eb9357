/** Entries as text: a table for people, JSON and CSV for programs. */
import type { AuditRecord } from '@talos/audit'
import { toHex } from '@talos/bytes'
import { displayCommand } from '@talos/capability'
import type { AuditEntry } from '@talos/contracts'
import { Option } from 'commander'
import { jsonLine, printable } from '../../output.ts'
import { shorten, showTime } from '../../values.ts'

export const FORMATS = ['table', 'json', 'csv', 'ndjson'] as const
export type Format = (typeof FORMATS)[number]

export function formatOption(choices: readonly Format[], defaultFormat: Format): Option {
  return new Option('--format <format>', 'how entries are written').choices(choices).default(defaultFormat)
}

/** An entry for programs. */
export function recordJson({ index, leafHash, entry }: AuditRecord): object {
  return { index, hash: toHex(leafHash), entry }
}

/** One line of JSON without its end. */
export function ndjsonLine(record: AuditRecord): string {
  return jsonLine(recordJson(record))
}

export function rowOf({ index, entry }: AuditRecord): string[] {
  const { ts, kind, decision, tool, reason, peer } = entry
  const what = [decision, tool && displayCommand(tool), reason].filter((word) => word !== undefined).join(' ')
  return [String(index), showTime(ts), kind, peer === undefined ? '' : shorten(peer), printable(what)]
}

/** What the columns of {@link rowOf} are. */
export const ROW_NAMES = ['INDEX', 'TIME', 'KIND', 'PEER', 'WHAT'] as const
export const NO_ENTRIES = 'no entries'

/** Columns of CSV; the first line names them. */
const COLUMNS: readonly (readonly [name: string, read: (record: AuditRecord) => string | number | undefined])[] = [
  ['index', ({ index }) => index],
  ['time', ({ entry }) => exactTime(entry.ts)],
  ['kind', ({ entry }) => entry.kind],
  ['peer', member('peer')],
  ['tool', ({ entry }) => entry.tool && displayCommand(entry.tool)],
  ['decision', member('decision')],
  ['reason', member('reason')],
  ['cap', member('cap')],
  ['session', member('session')],
  ['message', member('message')],
  ['cause', member('cause')],
  ['ref', member('ref')],
  ['id', member('id')],
  ['hash', ({ leafHash }) => toHex(leafHash)],
]

/** The line of names, with its end. */
export function csvHeader(): string {
  return csvLine(COLUMNS.map(([name]) => name))
}

export function csvRow(record: AuditRecord): string {
  return csvLine(COLUMNS.map(([, read]) => String(read(record) ?? '')))
}

/** A line as RFC 4180 has it, with its end. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

/** What a spreadsheet would take for a formula gets an apostrophe before it; what a terminal would obey is written as its number. */
function csvCell(text: string): string {
  const shown = printable(text)
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${shown}` : shown
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** With milliseconds; a number that no calendar has is written as it is. */
export function exactTime(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString()
}

function member(name: keyof AuditEntry): (record: AuditRecord) => string | undefined {
  return ({ entry }) => {
    const value = entry[name]
    return typeof value === 'string' ? value : undefined
  }
}
