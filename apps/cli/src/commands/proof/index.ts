/** `talos proof`: one call as a file that anybody can check, without an agent and without a network. */

import { loadKernel, systemClock } from '@talos/kernel'
import { describeProof, PROOF_BUNDLE_MAX_BYTES, type ProofReport, verifyProofBundle } from '@talos/proof'
import { proofPage } from '@talos/proof-page'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { ask } from '../../control/ask.ts'
import { EXIT_FAILED, EXIT_USAGE } from '../../exit-codes.ts'
import { readUserFile, requireAbsent, writeNewFile } from '../../files.ts'
import { printable } from '../../output.ts'
import { parseCidOption } from '../../values.ts'
import { collect } from '../capabilities/terms.ts'
import { addProofHtml, writePage } from './html.ts'

const VERIFY_HELP = `
Examples:
  $ talos proof verify call.talosproof
  $ talos proof verify call.talosproof --json

Needs no agent, no keys and no network. Exit code 0 when the proof is valid, 1 when it is not, 2 when the file cannot be
read as a proof.`

const EXPORT_HELP = `
Examples:
  $ talos audit log --kind tool.invoke --json        the member "ref" of an entry is the call's CID
  $ talos proof export bafyrei… --out call.talosproof
  $ talos proof export bafyrei… --disclose output:/content/0/text --html --out call.html

Whoever made the call exports it. What the other side has to add is asked for over the session, so the peer must be
reachable unless its evidence is here already.`

export function addProof(program: Command, shell: Shell): void {
  const proof = program.command('proof').description('export, show and check the proof of one call')
  for (const { name, description, help } of [
    {
      name: 'show',
      description: 'show what a proof says, check by check',
      help: '\nExample:\n  $ talos proof show call.talosproof',
    },
    { name: 'verify', description: 'check a proof offline', help: VERIFY_HELP },
  ]) {
    proof
      .command(name)
      .argument('<file>', 'a .talosproof file')
      .description(description)
      .addHelpText('after', help)
      .action((file: string) => judge(shell, { file, isBrief: name === 'verify' }))
  }
  proof
    .command('export')
    .argument('<invocation>', "the call's CID")
    .description('write the proof of a call')
    .option('--out <file>', 'to a new file (default: stdout)')
    .option('--html', 'as a page that verifies itself in a browser')
    .option(
      '--disclose <part>',
      'a part of the call to show, such as arguments:/path or output:/content/0/text, or result for all of it; repeatable',
      collect,
    )
    .addHelpText('after', EXPORT_HELP)
    .action(async (text: string, { out, html, disclose }: ExportOptions, command: Command) => {
      const invocation = parseCidOption(text, 'INVOCATION')
      if (out !== undefined) requireAbsent(out)
      const shown = disclose === undefined ? {} : { disclose: [...disclose] }
      const { bundle } = await ask(
        new Context(shell, command),
        { method: 'exportProof', invocation, ...shown },
        'proof',
      )
      if (out === undefined) return shell.output.raw(html === true ? proofPage(bundle) : bundle)
      if (html === true) return writePage(shell, { out, bundle })
      writeNewFile(out, bundle)
      const sizeBytes = Buffer.byteLength(bundle)
      shell.output.result({ file: out, invocation, sizeBytes }, () => [`wrote ${printable(out)} (${sizeBytes} bytes)`])
    })
  addProofHtml(proof, shell)
}

interface ExportOptions {
  readonly out?: string
  readonly html?: boolean
  readonly disclose?: readonly string[]
}

function judge(shell: Shell, { file, isBrief }: { readonly file: string; readonly isBrief: boolean }): void {
  const { output } = shell
  const bytes = readUserFile(file, PROOF_BUNDLE_MAX_BYTES)
  const report = verifyProofBundle(bytes, { kernel: loadKernel(), nowS: Math.floor(systemClock.nowMs() / 1000) })
  shell.exitCode = exitCodeOf(report, shell.exitCode)
  output.result({ ...report, code: report.code ?? null }, () => {
    const [verdict = '', ...lines] = describeProof(report).map(printable)
    const shown = isBrief ? lines.filter((line) => !line.startsWith('  ') || !report.valid) : lines
    return [output.tint(report.valid ? 'good' : 'bad', verdict), ...shown, ...checkLines(report, isBrief)]
  })
}

function exitCodeOf({ valid, form }: ProofReport, otherwise: number): number {
  if (valid) return otherwise
  return form.verdict === 'invalid' ? EXIT_USAGE : EXIT_FAILED
}

/** Every question that was asked, for `show`. An answer no without a code is what a refusal has to prove. */
function checkLines({ layers, disclosures }: ProofReport, isBrief: boolean): string[] {
  if (isBrief) return []
  const { identity, intent, execution, authority } = layers
  return [identity, intent, execution, authority, disclosures].flatMap(({ checks }) =>
    checks.map(({ name, ok, code }) => {
      if (ok) return `  ok    ${name}`
      return code === undefined ? `  no    ${name}` : `  FAIL  ${name} [${code}]`
    }),
  )
}
