/** `talos proof verify` and `talos proof show`: what a proof is worth, offline and without an agent. */
import type { TrustedBlocks } from '@talos/anchor'
import { MAX_POLICY_CHARS, parseWitnessPolicy, type WitnessPolicy } from '@talos/audit'
import { fromUtf8, toHex } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import { KEY_LOG_MAX_BYTES, type VerifiedKeyLog } from '@talos/identity'
import { type Kernel, loadKernel, systemClock } from '@talos/kernel'
import {
  DEFAULT_MAX_STALE_S,
  describeProof,
  PROOF_BUNDLE_MAX_BYTES,
  ProofMetrics,
  type ProofReport,
  proofReportJson,
  proofReportMarkdown,
  readKeyLog,
  VALIDATION_LEVELS,
  type ValidationLevel,
  type VerifyProofOptions,
  verifyProofBundle,
} from '@talos/proof'
import { type Command, Option } from 'commander'
import type { Shell } from '../../context.ts'
import { EXIT_FAILED, EXIT_INCOMPLETE, EXIT_OK, EXIT_USAGE } from '../../exit-codes.ts'
import { readUserFile, requireAbsent, writeNewFile } from '../../files.ts'
import { printable } from '../../output.ts'
import { invalid, parseDuration } from '../../values.ts'
import { collect } from '../capabilities/terms.ts'
import { type Contents, contentsOf } from './shown.ts'

const VERIFY_HELP = `
Levels, each asking for all of those before it:
  minimal    the file has its form, and every signature in it is good
  standard   the call was allowed, made and answered as it says, and both sides wrote it down
  strict     both logs are witnessed, revocations were known afresh, nothing is missing
  paranoid   both logs are anchored in blocks that you know, nothing is the word of one side alone

Examples:
  $ talos proof verify call.talosproof
  $ talos proof verify *.talosproof --level strict --policy witnesses.txt
  $ talos proof verify call.talosproof --key-log did.jsonl --report markdown
  $ talos proof verify call.talosproof --level strict --max-stale 1m
  $ talos proof verify call.talosproof --level paranoid --block 1:21000000:0x…

Needs no agent, no keys and no network. Exit code 0 when every proof is valid, 1 when one is not, 2 when a file cannot be read as
a proof, 3 when nothing is wrong and something is missing that the level asks for.`

const SHOW_HELP = `
Example:
  $ talos proof show call.talosproof

The same as verify, with the arguments, the parts of the call that the proof discloses, and every check that was made. The exit
codes are those of verify.`

const REPORTS = ['text', 'json', 'markdown'] as const

interface VerifyOptions {
  readonly level: ValidationLevel
  readonly policy?: string
  readonly keyLog?: readonly string[]
  readonly block?: readonly string[]
  readonly maxStale?: string
  readonly report: (typeof REPORTS)[number]
  readonly metrics?: string
}

export function addProofVerify(proof: Command, shell: Shell): void {
  options(proof.command('verify').argument('<files...>', '.talosproof files').description('check proofs offline'))
    .addOption(new Option('--report <form>', 'how the result is written').choices(REPORTS).default('text'))
    .option('--metrics <file>', 'write counters as Prometheus text to a new file')
    .addHelpText('after', VERIFY_HELP)
    .action((files: readonly string[], given: VerifyOptions) => verify(shell, { files, given }))
}

export function addProofShow(proof: Command, shell: Shell): void {
  const command = proof.command('show').argument('<file>', 'a .talosproof file')
  options(command.description('show what a proof says, check by check'))
    .addHelpText('after', SHOW_HELP)
    .action((file: string, given: Omit<VerifyOptions, 'report'>) => show(shell, { file, given }))
}

function options(command: Command): Command {
  return command
    .addOption(new Option('--level <level>', 'how much is asked for').choices(VALIDATION_LEVELS).default('standard'))
    .option('--policy <file>', 'what counts as witnessed, as C2SP tlog-policy (default: one witness)')
    .option('--key-log <file>', 'a newer key log (did.jsonl) of somebody in the proof; repeatable', collect)
    .option(
      '--block <chain:number:hash>',
      'a block that you know to be final, from a source of your own; repeatable',
      collect,
    )
    .option(
      '--max-stale <time>',
      `how old a list of revocations may be at the time of the call (default: ${DEFAULT_MAX_STALE_S / 60}m)`,
    )
}

function verify(
  shell: Shell,
  { files, given }: { readonly files: readonly string[]; readonly given: VerifyOptions },
): void {
  const { output } = shell
  const form = output.json ? 'json' : given.report
  if (given.metrics !== undefined) requireAbsent(given.metrics)
  const settings = settingsOf(given)
  const metrics = new ProofMetrics()
  const codes = files.map((file) => {
    const report = verifyProofBundle(readUserFile(file, PROOF_BUNDLE_MAX_BYTES), settings)
    metrics.observe(report)
    if (form === 'json') output.object({ file, ...proofReportJson(report) })
    else if (form === 'markdown') output.raw(proofReportMarkdown(report))
    else for (const line of brief(shell, { report, ...(files.length > 1 && { file }) })) output.raw(`${line}\n`)
    return exitCodeOf(report)
  })
  if (given.metrics !== undefined) writeNewFile(given.metrics, metrics.text())
  end(shell, codes)
}

function brief(
  { output }: Shell,
  { report, file }: { readonly report: ProofReport; readonly file?: string },
): string[] {
  const [verdict = '', ...lines] = describeProof(report).map(printable)
  const shown = lines.filter((line) => !line.startsWith('  ') || !report.valid)
  const name = file === undefined ? '' : `${printable(file)}: `
  return [`${name}${output.tint(report.valid ? 'good' : 'bad', verdict)}`, ...shown]
}

function show(
  shell: Shell,
  { file, given }: { readonly file: string; readonly given: Omit<VerifyOptions, 'report'> },
): void {
  const { output } = shell
  const bundle = readUserFile(file, PROOF_BUNDLE_MAX_BYTES)
  const settings = settingsOf(given)
  const report = verifyProofBundle(bundle, settings)
  end(shell, [exitCodeOf(report)])
  // Nothing is quoted of a proof that does not hold, or that is not asked whether it does.
  const contents = report.facts && contentsOf(bundle, settings.kernel)
  output.result({ file, ...proofReportJson(report), ...contents }, () => {
    const [verdict = '', ...lines] = describeProof(report).map(printable)
    const shown = contents === undefined ? [] : contentLines(contents)
    return [output.tint(report.valid ? 'good' : 'bad', verdict), ...shown, ...lines, ...checkLines(report)]
  })
}

/** What a call's parties wrote is quoted as it is, on one line each. */
function contentLines({ arguments: sent, shown }: Contents): readonly string[] {
  return [
    ...(sent === undefined ? [] : [`arguments: ${printable(sent)}`]),
    ...shown.map(({ part, by, text }) => `shown by the ${by}: ${printable(part)} = ${printable(text)}`),
  ]
}

/** @throws TalosError `CLI_OPTION_INVALID`, `CLI_FILE_UNREADABLE`, `CLI_FILE_TOO_LARGE` */
function settingsOf(options: Omit<VerifyOptions, 'report'>): VerifyProofOptions {
  const { level, policy, keyLog = [], block = [], maxStale } = options
  const kernel = loadKernel()
  return {
    kernel,
    nowS: Math.floor(systemClock.nowMs() / 1000),
    level,
    stopwatch: () => performance.now(),
    ...(policy !== undefined && { policy: policyIn(policy, kernel) }),
    keyLogs: keyLog.map((file) => keyLogIn(file, kernel)),
    chains: blocksIn(block),
    ...(maxStale !== undefined && { maxStaleS: parseDuration(maxStale, '--max-stale') }),
  }
}

/** Chain id and number without leading zeros, and the hash: as a report names a block. */
const BLOCK = /^[1-9][0-9]{0,15}:(?:0|[1-9][0-9]{0,15}):0x[0-9a-f]{64}$/

/** @throws TalosError `CLI_OPTION_INVALID` */
function blocksIn(texts: readonly string[]): TrustedBlocks {
  const known = new Set(texts)
  if (texts.some((text) => !BLOCK.test(text)))
    throw invalid(
      '--block',
      'write the chain id, the number and the hash, such as 1:21000000:0x and 64 hexadecimal digits',
    )
  return { has: ({ chainId, number, hash }) => known.has(`${chainId}:${number}:0x${toHex(hash)}`) }
}

function policyIn(file: string, kernel: Kernel): WitnessPolicy {
  return given('--policy', () => parseWitnessPolicy(fromUtf8(readUserFile(file, 4 * MAX_POLICY_CHARS)), { kernel }))
}

/** The key log that `--key-log` names. @throws TalosError `CLI_OPTION_INVALID`, `CLI_FILE_UNREADABLE`, `CLI_FILE_TOO_LARGE` */
export function keyLogIn(file: string, kernel: Kernel): VerifiedKeyLog {
  return given('--key-log', () => readKeyLog(fromUtf8(readUserFile(file, KEY_LOG_MAX_BYTES)), kernel))
}

/** A file that is not what an option asks for is the command line's fault, not the proof's. */
function given<T>(option: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!isTalosError(cause) || cause.code.startsWith('CLI_')) throw cause
    throw new TalosError('CLI_OPTION_INVALID', { option, reason: cause.message }, { cause })
  }
}

/** The worst of all files: one that is wrong, then one that cannot be read, then one that lacks something. */
function end(shell: Shell, codes: readonly number[]): void {
  for (const code of [EXIT_FAILED, EXIT_USAGE, EXIT_INCOMPLETE]) {
    if (!codes.includes(code)) continue
    shell.exitCode = code
    return
  }
}

function exitCodeOf({ verdict, form }: ProofReport): number {
  if (verdict === 'valid') return EXIT_OK
  if (verdict === 'incomplete') return EXIT_INCOMPLETE
  return form.verdict === 'invalid' ? EXIT_USAGE : EXIT_FAILED
}

/** Every question that was asked. An answer no without a code is what a refusal has to prove. */
function checkLines({ validation }: ProofReport): string[] {
  return validation.layers.flatMap(({ layer, verdict, checks }) => [
    `${layer}: ${verdict}`,
    ...checks.map(({ name, ok, code, wanting }) => {
      if (ok) return `  ok    ${name}`
      if (code === undefined) return `  no    ${name}`
      return wanting === true ? `  lacks ${name} [${code}]` : `  FAIL  ${name} [${code}]`
    }),
  ])
}
