/** `talos doctor`: is this machine, this home, each agent as it should be. Changes nothing, needs no passphrase. */
import type { Command } from 'commander'
import { checkAgents } from '../checks/agents.ts'
import type { Finding } from '../checks/finding.ts'
import { checkMachine } from '../checks/machine.ts'
import { Context, type Shell } from '../context.ts'
import { EXIT_FAILED } from '../exit-codes.ts'
import { type Output, printable } from '../output.ts'

const HELP = `
Examples:
  $ talos doctor
  $ talos doctor --json

Checks Node.js, SQLite, the kernel by known answers, the home's permissions, and each agent's key file and log. Says which
kernel serves and why: the native one where it is built (npm run native), unless TALOS_KERNEL is portable. Exit code 1 when
a check fails; warnings do not count.`

const TONES = { ok: 'good', warn: 'warn', fail: 'bad' } as const

export function addDoctor(program: Command, shell: Shell): void {
  program
    .command('doctor')
    .description('check this machine and the agents on it')
    .addHelpText('after', HELP)
    .action(async (_options: object, command: Command) => {
      const { home } = new Context(shell, command)
      const findings = [...(await checkMachine()), ...(await checkAgents(home, shell.output))]
      const failed = findings.filter(({ status }) => status === 'fail').length
      if (failed > 0) shell.exitCode = EXIT_FAILED
      shell.output.result({ ok: failed === 0, findings }, () =>
        findings.flatMap((finding) => linesOf(finding, shell.output)),
      )
    })
}

function linesOf({ name, status, detail, remedy }: Finding, output: Output): string[] {
  const line = `${output.tint(TONES[status], status.padEnd(4))}  ${printable(name)}: ${printable(detail)}`
  return remedy === undefined ? [line] : [line, `      ${printable(remedy)}`]
}
