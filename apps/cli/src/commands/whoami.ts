/** `talos whoami`: which agent, which DID, where. Needs no passphrase. */

import { parseKeyFile } from '@talos/identity'
import { loadKernel } from '@talos/kernel'
import type { Command } from 'commander'
import { Context, type Shell } from '../context.ts'
import { fields } from '../output.ts'

const EXAMPLES = `
Examples:
  $ talos whoami
  $ talos whoami --agent tool-box --json`

export function addWhoami(program: Command, shell: Shell): void {
  program
    .command('whoami')
    .description('show the agent and its DID')
    .addHelpText('after', EXAMPLES)
    .action((_options: object, command: Command) => {
      const agent = new Context(shell, command).openFolder()
      const { name, path: folder } = agent
      const { did } = parseKeyFile(agent.readKeyFile(), loadKernel())
      shell.output.result({ name, did, folder }, () =>
        fields([
          ['agent', name],
          ['did', did],
          ['folder', folder],
        ]),
      )
    })
}
