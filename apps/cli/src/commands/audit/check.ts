/** `talos audit verify` and `talos audit root`: is the log whole, and what names it. */
import { toHex } from '@talos/bytes'
import type { AgentLogReport, AgentReader } from '@talos/client'
import { TalosError } from '@talos/errors'
import { loadKernel, systemClock } from '@talos/kernel'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { ask } from '../../control/ask.ts'
import { EXIT_FAILED, EXIT_INCOMPLETE } from '../../exit-codes.ts'
import { fields } from '../../output.ts'
import { Progress } from '../../progress.ts'
import { reading, readingLog } from '../../reading.ts'
import { parseName } from '../../values.ts'
import { keyLogIn } from '../proof/verify.ts'
import { verifyExport } from './verify-export.ts'

/** How long a call may be without an outcome before that is a gap. */
const OPEN_CALL_MS = 60_000

const VERIFY_HELP = `
Examples:
  $ talos audit verify
  $ talos audit verify --agent tool-box --json
  $ talos audit verify --signed
  $ talos audit verify --export proven.ndjson --did did:talos:Qm…
  $ talos audit verify --export proven.ndjson --key-log did.jsonl

Reads the log from its first byte and recomputes everything: entries, tiles, root, and each checkpoint that was signed. The
search database is compared as well; one that is wrong is emptied, and filled again from the log, which alone counts.

With --export it verifies a file of talos audit export --include-proofs instead, offline and without an agent: whose log it
is (say whom you expect with --did), the checkpoint, and that each entry stands in the signed tree. An export says itself which
keys were lost until it was made: with --key-log counts what you know since.

Exit codes: 0 valid. 1 invalid: the log is not as it was written (with the index of the first bad entry), or the export is not
what the log signed. 2 it cannot be read. 3 incomplete: what is there holds, but a call of more than a minute ago has no
outcome, or (--signed) entries are behind the last signed checkpoint, or the export was cut off.`

const ROOT_HELP = `
Examples:
  $ talos audit root
  $ talos audit root --sign > checkpoint.txt

Exit code 1 where the log does not hold what was last signed of it: the root is then of something else.`

interface VerifyOptions {
  readonly export?: string
  readonly did?: string
  readonly keyLog?: string
  readonly signed?: boolean
}

export function addVerify(audit: Command, shell: Shell): void {
  audit
    .command('verify')
    .description('recompute the whole log, or verify an export of one')
    .option('--export <file>', 'verify this export instead')
    .option('--did <did>', 'with --export: whose log it has to be; a did:talos, or any key of the agent')
    .option('--key-log <file>', 'with --export: a newer key log (did.jsonl) of the agent')
    .option('--signed', 'incomplete too while entries are behind the last signed checkpoint')
    .addHelpText('after', VERIFY_HELP)
    .action(async (options: VerifyOptions, command: Command) => {
      const { export: path, signed, ...given } = options
      if (path !== undefined && signed === true) throw usage('--signed is not for exports: what is in one is signed')
      if (path !== undefined) return await checkExport(shell, { path, ...given })
      if (given.did !== undefined) throw usage('--did needs --export; --agent says whose log is meant')
      if (given.keyLog !== undefined) throw usage('--key-log needs --export')
      await reading(new Context(shell, command), async (reader) => await checkLog(shell, { reader, ...options }))
    })
}

function usage(reason: string): TalosError {
  return new TalosError('CLI_USAGE', { reason })
}

async function checkLog(
  shell: Shell,
  { reader, signed = false }: { readonly reader: AgentReader; readonly signed?: boolean },
): Promise<void> {
  const progress = new Progress(shell.output, 'checked')
  let report: AgentLogReport
  try {
    report = await reader.verifyLog(({ checked, size }) => progress.update({ done: checked, total: size }))
  } finally {
    progress.end()
  }
  const { size, checkpoints, openInvocations, lastCheckpoint, isSearchRight } = report
  const unsigned = size - (lastCheckpoint?.size ?? 0)
  const isOpen = hasOldCall(reader, openInvocations)
  const isIncomplete = isOpen || (signed && unsigned > 0)
  if (isIncomplete) shell.exitCode = EXIT_INCOMPLETE
  const root = toHex(report.root)
  const agent = report.agent ?? null
  const verdict = isIncomplete ? 'incomplete' : 'valid'
  const facts = { agent, size, root, checkpoints, openInvocations, unsigned: Math.max(0, unsigned), isSearchRight }
  shell.output.result({ valid: true, verdict, ...facts }, () => [
    isIncomplete ? shell.output.tint('warn', 'INCOMPLETE') : shell.output.tint('good', 'VALID'),
    ...fields([
      ...(agent === null ? [] : [['agent', agent] as const]),
      ['entries', String(size)],
      ['root', root],
      ['checkpoints', `${checkpoints} signed, all of this log`],
      ['not signed yet', `${Math.max(0, unsigned)} entries`],
      ['calls without an outcome', openInvocations.length === 0 ? 'none' : openInvocations.join(', ')],
      ...(isSearchRight ? [] : [['search database', 'was wrong; it is filled again from the log'] as const]),
    ]),
  ])
}

/** A call that was made just now may still be answered. */
function hasOldCall({ log }: AgentReader, openInvocations: readonly number[]): boolean {
  const lateMs = systemClock.nowMs() - OPEN_CALL_MS
  return openInvocations.some((index) => log.entry(index).entry.ts < lateMs)
}

async function checkExport(
  shell: Shell,
  { path, did, keyLog }: { readonly path: string; readonly did?: string; readonly keyLog?: string },
): Promise<void> {
  const progress = new Progress(shell.output, 'checked')
  const kernel = loadKernel()
  const update = (state: { readonly done: number; readonly total: number }) => progress.update(state)
  const report = await verifyExport({
    path,
    kernel,
    onProgress: update,
    ...(did !== undefined && { did: parseName(did, '--did') }),
    ...(keyLog !== undefined && { known: keyLogIn(keyLog, kernel) }),
  }).finally(() => progress.end())
  const { agent, identity, checkpoint, entries, isWhole, isEnded } = report
  const { origin, size } = checkpoint
  const root = toHex(checkpoint.root)
  if (!isEnded) shell.exitCode = EXIT_INCOMPLETE
  const verdict = isEnded ? 'valid' : 'incomplete'
  shell.output.result({ valid: true, verdict, agent, identity, origin, size, root, entries, isWhole, isEnded }, () => [
    isEnded ? shell.output.tint('good', 'VALID') : shell.output.tint('warn', 'INCOMPLETE'),
    ...fields([
      ['agent', identity],
      ['log', origin],
      ['signed tree', `${size} entries, root ${root}`],
      ['in this export', isWhole ? 'all of them' : `${entries} of them`],
      ...(isEnded ? [] : [['end', 'missing: the export was cut off'] as const]),
    ]),
  ])
}

export function addRoot(audit: Command, shell: Shell): void {
  audit
    .command('root')
    .description('show the number of entries and the root that names them all')
    .option('--sign', 'as a signed checkpoint (a C2SP signed note); asks the process that runs the agent')
    .addHelpText('after', ROOT_HELP)
    .action(async ({ sign }: { readonly sign?: boolean }, command: Command) => {
      const context = new Context(shell, command)
      if (sign === true) {
        const { note } = await ask(context, { method: 'checkpoint' }, 'checkpoint')
        return shell.output.json ? shell.output.result({ checkpoint: note }, () => []) : shell.output.raw(note)
      }
      const fault = await readingLog(context, ({ log, did }) => {
        const { size } = log
        const root = toHex(log.root)
        shell.output.result({ agent: did, size, root }, () =>
          fields([
            ['entries', String(size)],
            ['root', root],
          ]),
        )
      })
      // It names something, but not the log that was signed.
      if (fault !== undefined) shell.exitCode = EXIT_FAILED
    })
}
