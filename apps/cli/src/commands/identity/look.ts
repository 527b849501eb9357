/** `talos identity show`, `log`, `verify`: who the agent is and was. Needs no passphrase. */
import { fromUtf8 } from '@talos/bytes'
import { KEY_LOG_FILE } from '@talos/client'
import { TalosError } from '@talos/errors'
import { KEY_LOG_MAX_BYTES, type VerifiedKeyLog, verifyKeyLog } from '@talos/identity'
import { loadKernel } from '@talos/kernel'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { readUserFile } from '../../files.ts'
import { fields, table } from '../../output.ts'
import { reading } from '../../reading.ts'
import { showTime } from '../../values.ts'

const SHOW_EXAMPLES = `
Examples:
  $ talos identity show
  $ talos identity show --agent tool-box --json`

const LOG_EXAMPLES = `
The text is the log in the form of did:webvh (did.jsonl): it may lie on a web site as it is.

Examples:
  $ talos identity log
  $ talos identity log --raw > did.jsonl`

const VERIFY_EXAMPLES = `
Examples:
  $ talos identity verify                       the agent's own log
  $ talos identity verify did.jsonl --json      somebody else's, from a file`

export function addShow(identity: Command, shell: Shell): void {
  identity
    .command('show')
    .description('show the durable name, the key that signs, and earlier keys')
    .addHelpText('after', SHOW_EXAMPLES)
    .action(async (_options: object, command: Command) => {
      const context = new Context(shell, command)
      const log = await ownLog(context)
      shell.output.result({ name: context.agentName, ...factsOf(log) }, () => [
        ...fields([['agent', context.agentName], ...rowsOf(log)]),
        ...keyLines(log),
      ])
    })
}

export function addLog(identity: Command, shell: Shell): void {
  identity
    .command('log')
    .description('list the entries of the key log')
    .option('--raw', 'the log itself, as text')
    .addHelpText('after', LOG_EXAMPLES)
    .action(async ({ raw }: { readonly raw?: boolean }, command: Command) => {
      const log = await ownLog(new Context(shell, command))
      if (raw === true) return shell.output.raw(log.text)
      const entries = log.entries.map(({ number, versionId, versionTimeMs, parameters: { deactivated } }) => ({
        number,
        versionId,
        timeMs: versionTimeMs,
        deactivated,
      }))
      shell.output.result({ id: log.name, entries }, () =>
        table(
          entries.map(({ number, versionId, timeMs, deactivated }) => [
            String(number),
            showTime(timeMs),
            deactivated ? 'deactivated' : kindOf(number),
            versionId,
          ]),
        ),
      )
    })
}

export function addVerify(identity: Command, shell: Shell): void {
  identity
    .command('verify')
    .argument('[file]', "a key log (did.jsonl); the agent's own unless given")
    .description('verify every entry of a key log')
    .addHelpText('after', VERIFY_EXAMPLES)
    .action(async (file: string | undefined, _options: object, command: Command) => {
      const log = file === undefined ? await ownLog(new Context(shell, command)) : logOf(file)
      shell.output.result({ valid: true, ...factsOf(log) }, () => [
        shell.output.tint('good', `VALID: ${log.version} ${log.version === 1 ? 'entry' : 'entries'}`),
        ...fields(rowsOf(log)),
        ...keyLines(log),
      ])
    })
}

/** @throws TalosError `CLI_FILE_UNREADABLE`, `KEY_LOG_*` */
function logOf(file: string): VerifiedKeyLog {
  const text = fromUtf8(readUserFile(file, KEY_LOG_MAX_BYTES))
  return verifyKeyLog({ kernel: loadKernel(), text, nowMs: Date.now() })
}

/** What a verified log says, for JSON. */
export function factsOf(log: VerifiedKeyLog) {
  const { name: id, did, signingKey, version, versionId, deactivated, createdMs, versionTimeMs, keys } = log
  return { id, did, signingKey: signingKey ?? null, version, versionId, deactivated, createdMs, versionTimeMs, keys }
}

function rowsOf(log: VerifiedKeyLog): readonly (readonly [string, string])[] {
  return [
    ['id', log.name],
    ['did', log.signingKey ?? (log.deactivated ? 'none: deactivated' : 'none')],
    ['version', `${log.version}, of ${showTime(log.versionTimeMs)}`],
    ['created', showTime(log.createdMs)],
  ]
}

function keyLines({ keys }: VerifiedKeyLog): string[] {
  const rows = keys.map(({ did, standing, fromMs, toMs }) => [
    `  ${did}`,
    standing,
    `${showTime(fromMs)} to ${toMs === undefined ? 'now' : showTime(toMs)}`,
  ])
  return ['keys', ...table(rows)]
}

function kindOf(number: number): string {
  return number === 1 ? 'created' : 'changed'
}

async function ownLog(context: Context): Promise<VerifiedKeyLog> {
  return await reading(context, ({ keyLog, name }) => {
    if (keyLog === undefined)
      throw new TalosError('IDENTITY_LOG_MISSING', { name, reason: `there is no ${KEY_LOG_FILE}` })
    return keyLog
  })
}
