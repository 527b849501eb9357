/** `talos init`: a new agent. */

import { AUDIT_LEVELS, type AuditLevel, DEFAULT_AUDIT_LEVEL } from '@talos/audit'
import { TalosClient } from '@talos/client'
import { TalosError } from '@talos/errors'
import { type Command, Option } from 'commander'
import { Context, type Shell } from '../context.ts'
import { fields } from '../output.ts'

const EXAMPLES = `
Examples:
  $ talos init my-agent                                    asks for a passphrase, twice
  $ TALOS_PASSPHRASE=… talos init my-agent --json
  $ talos init my-agent --passphrase-file /run/secrets/my-agent

The keys lie in HOME/agents/NAME, encrypted under the passphrase. Without it nobody can use or restore them.`

export function addInit(program: Command, shell: Shell): void {
  program
    .command('init')
    .argument('<name>', 'a-z, 0-9, _ and -, up to 64 of them')
    .description('create an agent: its keys, its DID, its audit log')
    .addOption(
      new Option('--audit-level <level>', 'how much the audit log says')
        .choices([...AUDIT_LEVELS])
        .default(DEFAULT_AUDIT_LEVEL),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, { auditLevel }: { readonly auditLevel: AuditLevel }, command: Command) => {
      const context = new Context(shell, command)
      if (context.home.has(name)) throw new TalosError('AGENT_EXISTS', { name })
      const passphrase = await context.passphrase({ name, isNew: true })
      const client = await TalosClient.create(name, { home: context.home.root, passphrase, auditLevel })
      try {
        const { did } = client
        const folder = client.folder.path
        shell.output.result({ name, did, folder }, () =>
          fields([
            ['agent', name],
            ['did', did],
            ['folder', folder],
          ]),
        )
      } finally {
        await client.close()
      }
    })
}
