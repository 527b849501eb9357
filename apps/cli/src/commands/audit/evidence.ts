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

export function addForks(witness: Command, shell: Shell): void {
  witness
    .command('forks')
    .description('list the logs that contradicted themselves')
    .option('--out <file>', 'write the evidence there: of one log, or with --origin of the one that is meant')
    .option('--origin <name>', "the log's name")
    .addHelpText(
      'after',
      '\nExamples:\n  $ talos audit witness forks\n  $ talos audit witness forks --out evidence.json',
    )
    .action(async (options: { readonly out?: string; readonly origin?: string }, command: Command) => {
      const context = new Context(shell, command)
      await reading(context, ({ database, kernel }) => {
        const wanted = database.witness.forks().filter(({ origin }) => (options.origin ?? origin) === origin)
        const forks = wanted.map(({ evidence }) => verifyForkEvidence(evidence, { kernel }))
        if (options.out === undefined) return showForks(forks, shell.output)
        const [fork, ...more] = forks
        if (fork === undefined) throw new TalosError('CLI_EVIDENCE_NONE')
        if (more.length > 0) throw invalid('--origin', 'there is evidence of several logs; name the one that is meant')
        writeNewFile(options.out, fork.text)
        shell.output.result({ written: options.out, ...forkJson(fork) }, () => [`Written to ${options.out}.`])
      })
    })
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

function showRevocationFork({ issuer, agent, standing, first, second }: VerifiedRevocationFork, output: Output): void {
  const json = ({ n, digest, atS }: typeof first) => ({ items: n, digest: toHex(digest), atS })
  const text = ({ n, digest, atS }: typeof first) =>
    `${n} revocations, signed ${showTime(atS * 1000)}, digest ${toHex(digest)}`
  const facts = { agent: agent ?? null, issuer, standing, first: json(first), second: json(second) }
  output.result({ valid: true, of: 'revocations', ...facts }, () => [
    output.tint('bad', 'FORK'),
    ...fields([
      ...(agent === undefined ? [] : [['agent', agent] as const]),
      ['key', `${issuer} (${standing})`],
      ['first', text(first)],
      ['second', text(second)],
    ]),
    first.n < second.n && first.atS > second.atS
      ? 'One key signed both lists, the shorter one later: revocations were taken back.'
      : 'One key signed both lists, and neither is the beginning of the other.',
    ...(standing === 'compromised' ? ['The key is compromised: it may have been a thief.'] : []),
  ])
}

function showForks(forks: readonly VerifiedFork[], output: Output): void {
  output.result({ forks: forks.map(forkJson) }, () =>
    forks.length === 0
      ? ['No log is known to have contradicted itself.']
      : forks.flatMap((fork) => [...forkLines(fork), '']),
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
