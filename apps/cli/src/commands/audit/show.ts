/** `talos audit show`: one entry, whole. */

import type { AuditReader, AuditRecord } from '@talos/audit'
import { fromUtf8, toHex } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { fields, printable } from '../../output.ts'
import { reading } from '../../reading.ts'
import { parseCount, showTime } from '../../values.ts'

const HASH = /^[0-9a-f]{64}$/

export function addShow(audit: Command, shell: Shell): void {
  audit
    .command('show')
    .argument('<entry>', 'its index, or the 64 hex digits of its hash')
    .description('show one entry whole')
    .addHelpText('after', '\nExamples:\n  $ talos audit show 0\n  $ talos audit show 3f9c… --json')
    .action(async (place: string, _options: object, command: Command) => {
      await reading(new Context(shell, command), ({ log }) => {
        const record = find(log, place)
        shell.output.result(recordJson(record), () => showLines(record))
      })
    })
}

export function recordJson({ index, leafHash, entry }: AuditRecord): object {
  return { index, hash: toHex(leafHash), entry }
}

/** @throws TalosError `CLI_OPTION_INVALID`, `CLI_ENTRY_UNKNOWN`, `AUDIT_RANGE` */
function find(log: AuditReader, place: string): AuditRecord {
  if (!HASH.test(place)) {
    return log.entry(parseCount(place, { option: 'ENTRY', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))
  }
  for (const record of log.entries({ order: 'descending' })) if (toHex(record.leafHash) === place) return record
  throw new TalosError('CLI_ENTRY_UNKNOWN')
}

function showLines({ index, leafHash, body, entry }: AuditRecord): string[] {
  const rows = Object.entries(entry)
    .filter(([name]) => name !== 'v' && name !== 'seq')
    .map(([name, value]): [string, string] => {
      if (name === 'ts') return ['time', showTime(entry.ts)]
      return [name, printable(typeof value === 'string' ? value : JSON.stringify(value))]
    })
  return fields([['index', String(index)], ['hash', toHex(leafHash)], ...rows, ['bytes', printable(fromUtf8(body))]])
}
