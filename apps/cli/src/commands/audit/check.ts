/** `talos audit verify` and `talos audit root`: is the log whole, and what names it. */
import { toHex } from '@talos/bytes'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { ask } from '../../control/ask.ts'
import { fields } from '../../output.ts'
import { Progress } from '../../progress.ts'
import { reading } from '../../reading.ts'

const VERIFY_HELP = `
Examples:
  $ talos audit verify
  $ talos audit verify --agent tool-box --json

Reads the log from its first byte and recomputes everything. Exit code 1, with the index of the first bad entry, when it
is not as it was written.`

export function addVerify(audit: Command, shell: Shell): void {
  audit
    .command('verify')
    .description('recompute the whole log')
    .addHelpText('after', VERIFY_HELP)
    .action(async (_options: object, command: Command) => {
      const progress = new Progress(shell.output, 'checked')
      const report = await reading(new Context(shell, command), async (reader) => {
        try {
          return await reader.verifyLog(({ checked, size }) => progress.update({ done: checked, total: size }))
        } finally {
          progress.end()
        }
      })
      const { size, checkpoints, openInvocations } = report
      const root = toHex(report.root)
      const agent = report.agent ?? null
      shell.output.result({ valid: true, agent, size, root, checkpoints, openInvocations }, () => [
        shell.output.tint('good', 'VALID'),
        ...fields([
          ['entries', String(size)],
          ['root', root],
          ['checkpoints', `${checkpoints} signed, all of this log`],
          ['calls without an outcome', openInvocations.length === 0 ? 'none' : openInvocations.join(', ')],
        ]),
      ])
    })
}

export function addRoot(audit: Command, shell: Shell): void {
  audit
    .command('root')
    .description('show the number of entries and the root that names them all')
    .option('--sign', 'as a signed checkpoint (a C2SP signed note); asks the process that runs the agent')
    .addHelpText('after', '\nExamples:\n  $ talos audit root\n  $ talos audit root --sign > checkpoint.txt')
    .action(async ({ sign }: { readonly sign?: boolean }, command: Command) => {
      const context = new Context(shell, command)
      if (sign === true) {
        const { note } = await ask(context, { method: 'checkpoint' }, 'checkpoint')
        return shell.output.json ? shell.output.result({ checkpoint: note }, () => []) : shell.output.raw(note)
      }
      await reading(context, ({ log, did }) => {
        const { size } = log
        const root = toHex(log.root)
        shell.output.result({ agent: did, size, root }, () =>
          fields([
            ['entries', String(size)],
            ['root', root],
          ]),
        )
      })
    })
}
