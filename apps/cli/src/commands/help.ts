/** `talos help`: a command's help, or a topic. */
import { TalosError } from '@talos/errors'
import type { Command } from 'commander'
import type { Shell } from '../context.ts'
import { EXIT_CODES_HELP } from '../exit-codes.ts'

export function addHelp(program: Command, shell: Shell): void {
  program.helpCommand(false)
  program
    .command('help')
    .argument('[words...]', 'a command, or exit-codes')
    .description('show the help of a command, or of exit-codes')
    .action((words: readonly string[]) => {
      if (words[0] === 'exit-codes') return shell.output.raw(EXIT_CODES_HELP)
      find(program, words).outputHelp()
    })
}

/** @throws TalosError `CLI_USAGE` */
function find(program: Command, words: readonly string[]): Command {
  let found = program
  for (const word of words) {
    const next = found.commands.find((command) => command.name() === word)
    if (next === undefined) throw new TalosError('CLI_USAGE', { reason: 'there is no such command' })
    found = next
  }
  return found
}
