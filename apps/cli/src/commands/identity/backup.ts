/** `talos identity backup`, `restore`, `recover`: the agent in one encrypted file, and out of it. */
import { fromUtf8 } from '@talos/bytes'
import { type ChangedIdentity, TalosClient } from '@talos/client'
import { BACKUP_MAX_BYTES, KEY_LOG_MAX_BYTES, parseBackup } from '@talos/identity'
import { loadKernel } from '@talos/kernel'
import type { Command } from 'commander'
import { confirm } from '../../confirm.ts'
import { Context, type Shell } from '../../context.ts'
import { readUserFile, requireAbsent, writeNewFile } from '../../files.ts'
import { fields } from '../../output.ts'
import { obtainPassphrase } from '../../passphrase.ts'
import { parseMoment, showTime } from '../../values.ts'

/** Name of the environment variable that holds the passphrase of a backup. */
const BACKUP_VARIABLE = 'TALOS_BACKUP_PASSPHRASE'

const BACKUP_EXAMPLES = `
The file holds the agent's keys, those for rotation and recovery included, its key log, peers, capabilities and revocations,
under a passphrase of its own. It holds no session, no message and not the audit log. Scheduled rotations leave it good for
recovery; an emergency does not. Where the audit log refuses, as it was set back or is damaged, the backup is made all the same,
with a warning: restored from it, the agent goes on with a new log.

Examples:
  $ talos identity backup agent.talosbackup
  $ TALOS_BACKUP_PASSPHRASE=… talos identity backup agent.talosbackup --json`

const RESTORE_EXAMPLES = `
The agent goes on with the key that it had: for a machine that broke. The old one must not run any more. Where somebody else
may have the key, recover instead.

Examples:
  $ talos identity restore agent.talosbackup
  $ talos identity restore agent.talosbackup my-agent --log did.jsonl`

const RECOVER_EXAMPLES = `
The agent goes on with another key, and the one that it had counts as compromised: for a machine that was lost or stolen.
Give the newest key log of the agent (--log), from a peer or its web site, where it was rotated after the backup was made.

Example:
  $ talos identity recover agent.talosbackup --since 2031-05-01T08:00:00Z --yes`

interface FromBackupOptions {
  readonly backupPassphraseFile?: string
  readonly log?: string
  readonly since?: string
  readonly yes?: boolean
}

export function addBackup(identity: Command, shell: Shell): void {
  identity
    .command('backup')
    .argument('<file>', 'the file to write; never replaced')
    .description('write an encrypted backup of the identity')
    .option(
      '--backup-passphrase-file <file>',
      'the passphrase of the backup (default: TALOS_BACKUP_PASSPHRASE, else ask)',
    )
    .addHelpText('after', BACKUP_EXAMPLES)
    .action(async (file: string, { backupPassphraseFile }: FromBackupOptions, command: Command) => {
      const context = new Context(shell, command)
      requireAbsent(file)
      const name = context.agentName
      const passphrase = await context.passphrase({ name })
      const backupPassphrase = await passphraseOf({ file: backupPassphraseFile, isNew: true })
      if (shell.output.isLive) shell.output.note('Sealing the backup …')
      const options = { home: context.home.root, passphrase, backupPassphrase }
      const { text, refusal, signedSize } = await TalosClient.backupIdentity(name, options)
      writeNewFile(file, `${text}\n`)
      if (refusal !== undefined) shell.output.warn(refusal)
      const { id, did, version, madeS } = parseBackup(text, loadKernel())
      const log = { recorded: refusal === undefined, signedSize: signedSize ?? null }
      shell.output.result({ file, id, did, version, madeS, log }, () => [
        ...fields([
          ['file', file],
          ['id', id],
          ['did', did],
          ['version', String(version)],
          ['made', showTime(madeS * 1000)],
        ]),
        ...(refusal === undefined ? [] : [shell.output.tint('warn', notRecorded(signedSize))]),
      ])
    })
}

export function addRestore(identity: Command, shell: Shell): void {
  fromBackup(identity, 'restore')
    .description('make the agent anew from its backup, with the key that it had')
    .addHelpText('after', RESTORE_EXAMPLES)
    .action(async (file: string, name: string | undefined, options: FromBackupOptions, command: Command) => {
      const context = new Context(shell, command)
      const given = await givenOf(context, { file, name, options })
      const changed = await TalosClient.restoreIdentity(given.name, given)
      tell(shell, given.name, changed)
    })
}

export function addRecover(identity: Command, shell: Shell): void {
  fromBackup(identity, 'recover')
    .description('make the agent anew from its backup, with another key in place of the lost one')
    .option('--since <time>', 'from when on the lost key is compromised, as 2h (ago) or a time (default: now)')
    .option('--yes', 'do not ask')
    .addHelpText('after', RECOVER_EXAMPLES)
    .action(async (file: string, name: string | undefined, options: FromBackupOptions, command: Command) => {
      const context = new Context(shell, command)
      const { since } = options
      const fromMs = since === undefined ? undefined : parseMoment(since, { option: '--since', nowMs: Date.now() })
      const warning = 'The key that the agent had counts as compromised afterwards, everywhere.'
      await confirm({ yes: options.yes, command: 'talos identity recover', warning })
      const given = await givenOf(context, { file, name, options })
      const changed = await TalosClient.recoverIdentity(given.name, {
        ...given,
        ...(fromMs !== undefined && { compromisedFromMs: fromMs }),
      })
      tell(shell, given.name, changed)
    })
}

function notRecorded(signedSize: number | undefined): string {
  const known =
    signedSize === undefined ? 'no checkpoint of it is known' : `its last checkpoint is known (${signedSize} entries)`
  return `The audit log refuses: the backup is not recorded in it; ${known}.`
}

function fromBackup(identity: Command, word: string): Command {
  return identity
    .command(word)
    .argument('<file>', 'the backup')
    .argument('[name]', 'the name of the agent here (default: --agent, else "agent")')
    .option(
      '--backup-passphrase-file <file>',
      'the passphrase of the backup (default: TALOS_BACKUP_PASSPHRASE, else ask)',
    )
    .option('--log <file>', "the agent's newest key log (did.jsonl)")
}

async function givenOf(
  context: Context,
  given: { readonly file: string; readonly name: string | undefined; readonly options: FromBackupOptions },
) {
  const { file, options } = given
  const backup = fromUtf8(readUserFile(file, BACKUP_MAX_BYTES + 1))
  // Found out before anybody is asked for anything.
  parseBackup(backup, loadKernel())
  const name = given.name ?? context.namedAgent ?? 'agent'
  const backupPassphrase = await passphraseOf({ file: options.backupPassphraseFile, isNew: false })
  const passphrase = await context.passphrase({ name, isNew: true })
  const keyLog = options.log === undefined ? undefined : fromUtf8(readUserFile(options.log, KEY_LOG_MAX_BYTES))
  return {
    name,
    home: context.home.root,
    passphrase,
    backup,
    backupPassphrase,
    ...(keyLog !== undefined && { keyLog }),
  }
}

async function passphraseOf({ file, isNew }: { readonly file: string | undefined; readonly isNew: boolean }) {
  return await obtainPassphrase({ name: 'the backup', file, isNew, variable: BACKUP_VARIABLE })
}

function tell({ output }: Shell, name: string, changed: ChangedIdentity): void {
  const { id, did, before, version, toReissue } = changed
  output.result({ name, ...changed }, () => [
    ...fields([
      ['agent', name],
      ['id', id],
      ['did', did],
      ...(before === did ? [] : [['before', `${before} (compromised)`] as const]),
      ['version', String(version)],
    ]),
    'Sessions begin anew and a new audit log begins; limits of capabilities given before count from nothing.',
    ...(toReissue.length === 0
      ? []
      : [output.tint('warn', `${toReissue.length} capabilities are refused until they are given anew.`)]),
    ...(before === did ? [] : [output.tint('warn', 'Make a new backup now: talos identity backup FILE')]),
  ])
}
