/** `talos audit witness`: who cosigned the log, what counts as witnessed, and evidence of logs that forked. */
import { MAX_POLICY_CHARS, type WitnessPolicy } from '@talos/audit'
import {
  type AgentReader,
  readWitnessPolicy,
  revocationForks,
  WITNESS_POLICY_FILE,
  type WitnessedHead,
  witnessedHeadOf,
  writeWitnessPolicy,
} from '@talos/client'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import type { StoredWitness } from '@talos/storage'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { ask } from '../../control/ask.ts'
import { EXIT_FAILED } from '../../exit-codes.ts'
import { readUserFile } from '../../files.ts'
import { agentKey } from '../../naming.ts'
import { fields, type Output, printable, table } from '../../output.ts'
import { reading, readingLog } from '../../reading.ts'
import { addCheck, addForks } from './evidence.ts'

const WITNESS_HELP = `
Examples:
  $ talos audit witness
  $ talos audit witness --peer did:key:z6Mk…
  $ talos audit witness policy quorum.txt
  $ talos audit witness forks --out evidence.json
  $ talos audit witness check evidence.json

A witness is a peer that cosigns the log's checkpoints after it has verified that each extends the one before. Running agents
ask their peers by themselves; --peer asks one now. A policy is a C2SP tlog-policy ("group", "quorum"); without one, any one
witness is enough. Exit code 1 when a policy is set and no checkpoint meets it.`

interface StatusOptions {
  readonly peer?: string
  readonly resume?: boolean
}

export function addWitness(audit: Command, shell: Shell): void {
  const witness = audit
    .command('witness')
    .description('show who cosigned the log, and whether that is enough')
    .option('--peer <did>', 'ask this peer for its cosignature now')
    .option('--resume', "let a log sign that is held because the agent's database was put back; takes nobody's word")
    .addHelpText('after', WITNESS_HELP)
    .action(async ({ peer, resume }: StatusOptions, command: Command) => {
      const context = new Context(shell, command)
      if (resume === true) return await resumeLog(context)
      if (peer !== undefined) return await askPeer(context, peer)
      await readingLog(context, (reader) => showStatus(reader, shell))
    })
  witness.hook('preAction', (_, command) => {
    const [given] = Object.keys(witness.opts())
    if (command !== witness && given !== undefined) {
      throw new TalosError('CLI_USAGE', { reason: `--${given} does not go with ${command.name()}` })
    }
  })
  addPolicy(witness, shell)
  addForks(witness, shell)
  addCheck(witness, shell)
  addTrust(witness, shell)
}

function addPolicy(witness: Command, shell: Shell): void {
  witness
    .command('policy')
    .argument('[file]', 'a policy to set; without one, the policy is shown')
    .description('set or show what counts as witnessed')
    .addHelpText('after', '\nExamples:\n  $ talos audit witness policy\n  $ talos audit witness policy quorum.txt')
    .action(async (path: string | undefined, _options: object, command: Command) => {
      const context = new Context(shell, command)
      const text = path === undefined ? undefined : readUserFile(path, MAX_POLICY_CHARS).toString('utf8')
      await reading(context, (reader) => {
        const policy = text === undefined ? readWitnessPolicy(reader) : writeWitnessPolicy(reader, text)
        showPolicy(policy, shell.output)
      })
    })
}

function addTrust(witness: Command, shell: Shell): void {
  witness
    .command('trust')
    .argument('<key>', 'the verifier key of a log that is no agent, as name+id+base64')
    .description('cosign a log of another project, over `talos audit serve --witness`')
    .addHelpText(
      'after',
      "\nExamples:\n  $ talos audit witness trust 'log.example/a+1a2b3c4d+AQ…'\n\nLogs of agents need none of this.",
    )
    .action(async (vkey: string, _options: object, command: Command) => {
      const { origin } = await ask(new Context(shell, command), { method: 'trustLog', vkey }, 'trusted')
      shell.output.result({ origin }, () => [`The log ${printable(origin)} is cosigned from now on.`])
    })
}

async function askPeer(context: Context, text: string): Promise<void> {
  const { output } = context
  const { peer, size, timeS } = await ask(
    context,
    { method: 'witness', peer: agentKey(context, text, '--peer') },
    'witnessed',
  )
  output.result({ peer, size, timeS }, () => [`${peer} cosigned the log at ${size} entries.`])
}

async function resumeLog(context: Context): Promise<void> {
  await ask(context, { method: 'resumeLog' }, 'resumed')
  context.output.result({ resumed: true }, () => ['The log signs again.'])
}

function showStatus(reader: AgentReader, shell: Shell): void {
  const { database, kernel, log } = reader
  const policy = readWitnessPolicy(reader)
  const head = witnessedHeadOf(database.witness, { policy, kernel })
  const witnesses = database.witness.witnesses()
  const forks = database.witness.forks().length + revocationForks(reader).length
  if (policy !== undefined && !isMet(policy, head, kernel)) shell.exitCode = EXIT_FAILED
  const json = {
    size: log.size,
    witnessed: head?.isWitnessed === true ? head.size : null,
    policy: policy === undefined ? null : describe(policy),
    witnesses: witnesses.map(({ peer, vkey, size, timeS }) => ({ peer, vkey, size, timeS })),
    forks,
  }
  shell.output.result(json, () => statusLines({ size: log.size, head, policy, witnesses, forks }, shell.output))
}

/** A policy without a quorum is met by a log that nobody has cosigned. */
function isMet(policy: WitnessPolicy, head: WitnessedHead | undefined, kernel: Kernel): boolean {
  return head === undefined ? policy.satisfiedBy([]) : policy.evaluate(head.note, { kernel }).isSatisfied
}

interface Status {
  readonly size: number
  readonly head: WitnessedHead | undefined
  readonly policy: WitnessPolicy | undefined
  readonly witnesses: readonly StoredWitness[]
  readonly forks: number
}

function statusLines({ size, head, policy, witnesses, forks }: Status, output: Output): string[] {
  const witnessed = head?.isWitnessed === true ? `${head.size} entries, by ${head.witnesses.length}` : 'nothing yet'
  const rows = witnesses.map(({ peer, size: seen, timeS }) => [String(seen), timeOf(timeS), peer])
  return [
    ...fields([
      ['entries', String(size)],
      ['policy', policy === undefined ? 'any one witness' : describe(policy)],
      ['witnessed', output.tint(head?.isWitnessed === true ? 'good' : 'warn', witnessed)],
      ...(forks > 0 ? [['forks', output.tint('bad', `${forks}: talos audit witness forks`)] as const] : []),
    ]),
    ...(rows.length === 0 ? [] : ['', ...table([['SIZE', 'COSIGNED', 'WITNESS'], ...rows])]),
  ]
}

function showPolicy(policy: WitnessPolicy | undefined, output: Output): void {
  const json = policy === undefined ? null : { text: policy.text, quorum: describe(policy) }
  output.result({ policy: json, file: WITNESS_POLICY_FILE }, () =>
    policy === undefined
      ? ['No policy is set: any one witness is enough.']
      : policy.text.trimEnd().split('\n').map(printable),
  )
}

function describe({ quorum, witnesses }: WitnessPolicy): string {
  if (quorum.kind === 'none') return 'none'
  if (quorum.kind === 'witness') return printable(quorum.witness.name)
  return `${printable(quorum.name)}: ${quorum.threshold} of ${quorum.members.length} (${witnesses.length} witnesses)`
}

function timeOf(timeS: number): string {
  const date = new Date(timeS * 1000)
  return Number.isNaN(date.getTime()) ? String(timeS) : date.toISOString().replace('.000Z', 'Z')
}
