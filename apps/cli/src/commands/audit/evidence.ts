/** `talos audit witness forks` and `check`: evidence that an agent contradicted itself, kept, written out and verified. */
import {
  isRevocationFork,
  MAX_REVOCATION_FORK_BYTES,
  type VerifiedFork,
  type VerifiedRevocationFork,
  verifyForkEvidence,
  verifyRevocationFork,
} from '@talos/audit'
import { toHex } from '@talos/bytes'
import { type AgentReader, type RevocationFork, revocationForks } from '@talos/client'
import { TalosError } from '@talos/errors'
import { loadKernel } from '@talos/kernel'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { readUserFile, writeNewFile } from '../../files.ts'
import { fields, type Output, printable } from '../../output.ts'
import { reading } from '../../reading.ts'
import { invalid, showTime } from '../../values.ts'

const CHECK_HELP = `
Examples:
  $ talos audit witness check evidence.json
  $ talos audit witness check box.json.evidence.json --json

Takes what talos audit witness forks --out and talos audit follow wrote: two checkpoints of one log, or two lists of
revocations by one key, that exclude each other. Needs no agent. Exit code 0 when they do, 1 when it shows nothing of the
kind, 2 when the file cannot be read.`

const FORKS_HELP = `
Examples:
  $ talos audit witness forks
  $ talos audit witness forks --out evidence.json
  $ talos audit witness forks --issuer did:key:z6Mk… --out evidence.json

Logs, and lists of revocations by one key, of which running agents have seen two versions that exclude each other.`

interface ForksOptions {
  readonly out?: string
  readonly origin?: string
  readonly issuer?: string
}

/** What is known here of those that contradicted themselves. */
interface Forks {
  readonly logs: readonly VerifiedFork[]
  readonly lists: readonly RevocationFork[]
}

export function addForks(witness: Command, shell: Shell): void {
  witness
    .command('forks')
    .description('list the logs and the lists of revocations that contradicted themselves')
    .option('--out <file>', 'write the evidence there, where there is that of one; else say of which')
    .option('--origin <name>', 'only the log of this name')
    .option('--issuer <did>', 'only the list of revocations that this key signed')
    .addHelpText('after', FORKS_HELP)
    .action(async ({ out, ...wanted }: ForksOptions, command: Command) => {
      const context = new Context(shell, command)
      await reading(context, (reader) => {
        const forks = forksOf(reader, wanted)
        if (out === undefined) showForks(forks, shell.output)
        else writeFork(out, forks, shell.output)
      })
    })
}

function forksOf(reader: AgentReader, { origin, issuer }: ForksOptions): Forks {
  const { database, kernel } = reader
  const stored = database.witness.forks().filter((fork) => origin === undefined || fork.origin === origin)
  const logs = stored.map(({ evidence }) => verifyForkEvidence(evidence, { kernel }))
  const lists = revocationForks(reader).filter((fork) => issuer === undefined || fork.issuer === issuer)
  return { logs: issuer === undefined ? logs : [], lists: origin === undefined ? lists : [] }
}

/** @throws TalosError `CLI_EVIDENCE_NONE`, `CLI_OPTION_INVALID` where it is that of several, `CLI_FILE_UNWRITABLE` */
function writeFork(file: string, { logs, lists }: Forks, output: Output): void {
  const ofLogs = logs.map((fork) => ({ text: fork.text, facts: { of: 'log', ...forkJson(fork) } }))
  const ofLists = lists.flatMap(({ evidence }) =>
    evidence === undefined ? [] : [{ text: evidence.text, facts: { of: 'revocations', ...listForkJson(evidence) } }],
  )
  const [fork, ...more] = [...ofLogs, ...ofLists]
  if (fork === undefined) throw new TalosError('CLI_EVIDENCE_NONE')
  if (more.length > 0) {
    const option = ofLogs.length > 1 ? '--origin' : '--issuer'
    throw invalid(option, 'there is evidence of several; say by --origin or --issuer which is meant')
  }
  writeNewFile(file, fork.text)
  output.result({ written: file, ...fork.facts }, () => [`Written to ${file}.`])
}

export function addCheck(witness: Command, shell: Shell): void {
  witness
    .command('check')
    .argument('<file>', 'evidence, as `forks --out` and `talos audit follow` write it')
    .description('verify evidence that an agent contradicted itself, with nothing but the file')
    .addHelpText('after', CHECK_HELP)
    .action((path: string) => {
      const { output } = shell
      const text = readUserFile(path, MAX_REVOCATION_FORK_BYTES).toString('utf8').trimEnd()
      const kernel = loadKernel()
      if (isRevocationFork(text)) showRevocationFork(verifyRevocationFork(text, { kernel }), output)
      else showFork(verifyForkEvidence(text, { kernel }), output)
    })
}

function showFork(fork: VerifiedFork, output: Output): void {
  const { first, second } = fork
  const isDoubtful = [first, second].some(({ standing }) => standing === 'compromised')
  output.result({ valid: true, of: 'log', ...forkJson(fork) }, () => [
    output.tint('bad', 'FORK'),
    ...forkLines(fork),
    'One log signed both, and neither is the past of the other.',
    ...(isDoubtful ? ['A key that signed is compromised: it may have been a thief.'] : []),
  ])
}

function showRevocationFork(fork: VerifiedRevocationFork, output: Output): void {
  output.result({ valid: true, of: 'revocations', ...listForkJson(fork) }, () => [
    output.tint('bad', 'FORK'),
    ...listForkLines(fork),
  ])
}

/** What is told of two lists, by the evidence or, without one, by their heads alone. */
type ListFork = Pick<VerifiedRevocationFork, 'issuer' | 'first' | 'second'> &
  Partial<Pick<VerifiedRevocationFork, 'agent' | 'standing'>>

function listForkJson({ issuer, agent, standing, first, second }: ListFork): object {
  const head = ({ n, digest, atS }: typeof first) => ({ items: n, digest: toHex(digest), atS })
  return { agent: agent ?? null, issuer, standing: standing ?? null, first: head(first), second: head(second) }
}

function listForkLines({ issuer, agent, standing, first, second }: ListFork): string[] {
  const text = ({ n, digest, atS }: typeof first) =>
    `${n} revocations, signed ${showTime(atS * 1000)}, digest ${toHex(digest)}`
  return [
    ...fields([
      ...(agent === undefined ? [] : [['agent', agent] as const]),
      ['key', standing === undefined ? issuer : `${issuer} (${standing})`],
      ['first', text(first)],
      ['second', text(second)],
    ]),
    first.n < second.n && first.atS > second.atS
      ? 'One key signed both lists, the shorter one later: revocations were taken back.'
      : 'One key signed both lists, and neither is the beginning of the other.',
    ...(standing === 'compromised' ? ['The key is compromised: it may have been a thief.'] : []),
  ]
}

function showForks({ logs, lists }: Forks, output: Output): void {
  const revocations = lists.map((fork) => ({
    ...listForkJson(fork.evidence ?? fork),
    hasEvidence: fork.evidence !== undefined,
  }))
  output.result({ forks: logs.map(forkJson), revocations }, () =>
    logs.length + lists.length === 0
      ? ['No log and no list of revocations is known to have contradicted itself.']
      : [
          ...logs.flatMap((fork) => [...forkLines(fork), '']),
          ...lists.flatMap((fork) => [
            ...listForkLines(fork.evidence ?? fork),
            ...(fork.evidence === undefined ? ['What shows it to others was not kept.'] : []),
            '',
          ]),
        ],
  )
}

function forkLines({ agent, origin, first, second }: VerifiedFork): string[] {
  return fields([
    ['agent', agent],
    ['log', printable(origin)],
    ['first', `${first.size} entries`],
    ['second', `${second.size} entries`],
  ])
}

function forkJson({ agent, origin, first, second }: VerifiedFork): object {
  const head = ({ size, note, standing }: VerifiedFork['first']) => ({ size, note, standing })
  return { agent, origin, first: head(first), second: head(second) }
}
