/** `talos audit show`: one entry, whole. */

import type { AuditRecord } from '@talos/audit'
import { fromHex, fromUtf8, toHex } from '@talos/bytes'
import type { AgentReader } from '@talos/client'
import { TalosError } from '@talos/errors'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { fields, printable } from '../../output.ts'
import { readingLog } from '../../reading.ts'
import { invalid } from '../../values.ts'
import { exactTime, recordJson } from './format.ts'

const HASH = /^[0-9a-f]{64}$/
const INDEX = /^(?:0|[1-9][0-9]{0,14})$/

/** Members of an entry that stand above the others, or that the index says already. */
const SHOWN_FIRST: ReadonlySet<string> = new Set(['v', 'seq', 'ts', 'kind'])

export function addShow(audit: Command, shell: Shell): void {
  audit
    .command('show')
    .argument('<entry>', 'its index, or the 64 hex digits of its hash')
    .description('show one entry whole')
    .addHelpText('after', '\nExamples:\n  $ talos audit show 0\n  $ talos audit show 3f9c… --json')
    .action(async (place: string, _options: object, command: Command) => {
      await readingLog(new Context(shell, command), ({ log, search }) => {
        const record = find({ log, search }, place)
        shell.output.result(recordJson(record), () => showLines(record))
      })
    })
}

/** @throws TalosError `CLI_OPTION_INVALID`, `CLI_ENTRY_UNKNOWN`, `AUDIT_RANGE` */
function find({ log, search }: Pick<AgentReader, 'log' | 'search'>, place: string): AuditRecord {
  if (!HASH.test(place)) {
    if (!INDEX.test(place)) throw invalid('ENTRY', 'write the index of an entry, or the 64 hex digits of its hash')
    return log.entry(Number(place))
  }
  const index = search.find(fromHex(place))
  if (index === undefined) throw new TalosError('CLI_ENTRY_UNKNOWN')
  return log.entry(index)
}

function showLines({ index, leafHash, body, entry }: AuditRecord): string[] {
  const rows = Object.entries(entry)
    .filter(([name]) => !SHOWN_FIRST.has(name))
    .map(([name, value]): [string, string] => [
      name,
      printable(typeof value === 'string' ? value : JSON.stringify(value)),
    ])
  return fields([
    ['index', String(index)],
    ['hash', toHex(leafHash)],
    ['time', exactTime(entry.ts)],
    ['kind', entry.kind],
    ...rows,
    ['bytes', printable(fromUtf8(body))],
  ])
}
