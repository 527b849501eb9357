/** `talos proof export`: the proof of a call as a file, or as a page. */
import { loadKernel } from '@talos/kernel'
import { describeUnjudged, verifyProofBundle } from '@talos/proof'
import { proofPage } from '@talos/proof-page'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { ask } from '../../control/ask.ts'
import { requireAbsent, writeNewFile } from '../../files.ts'
import { printable } from '../../output.ts'
import { invalid, parseCidOption } from '../../values.ts'
import { collect } from '../capabilities/terms.ts'
import { writePage } from './html.ts'

const HELP = `
Examples:
  $ talos proof list                                 the last column is the call's CID
  $ talos proof export bafyrei… --out call.talosproof
  $ talos proof export bafyrei… --disclose output:/content/0/text --html --out call.html
  $ talos proof export bafyrei… --hide-contents --disclose arguments:/path --out call.talosproof

Whoever made the call exports it. What the other side has to add is asked for over the session, so the peer must be
reachable unless its evidence is here already.

A proof holds the signed call, and with it all arguments; of the result it shows what is disclosed. With --hide-contents the
signed call is left out, and what is not disclosed cannot be read out of the proof, nor guessed. It then rests on what both sides
wrote into their logs. Where the capability has conditions on arguments that are not disclosed, whether they held is the other side's
word: the proof is then incomplete (exit code 3 of verify), and says which conditions these are.`

interface ExportOptions {
  readonly out?: string
  readonly html?: boolean
  readonly disclose?: readonly string[]
  readonly hideContents?: boolean
}

export function addProofExport(proof: Command, shell: Shell): void {
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
    .option('--hide-contents', 'leave out the signed call, in which all arguments stand')
    .addHelpText('after', HELP)
    .action(async (text: string, { out, html, disclose, hideContents }: ExportOptions, command: Command) => {
      const invocation = parseCidOption(text, 'INVOCATION')
      if (out !== undefined) requireAbsent(out)
      const shown = disclose === undefined ? {} : { disclose: choicesOf(disclose) }
      const hidden = hideContents === true ? { hideContents } : {}
      const { bundle } = await ask(
        new Context(shell, command),
        { method: 'exportProof', invocation, ...shown, ...hidden },
        'proof',
      )
      if (out === undefined) return shell.output.raw(html === true ? proofPage(bundle) : bundle)
      if (html === true) return writePage(shell, { out, bundle })
      writeNewFile(out, bundle)
      const sizeBytes = Buffer.byteLength(bundle)
      const { verdict, completeness } = verifyProofBundle(bundle, { kernel: loadKernel() })
      const { unjudged } = completeness
      shell.output.result({ file: out, invocation, sizeBytes, verdict, unjudged }, () => [
        `wrote ${printable(out)} (${sizeBytes} bytes)`,
        ...describeUnjudged({ unjudged }).map(printable),
      ])
    })
}

/** As many parts as a proof has room for. */
const MAX_CHOICES = 64
/** Longest part that is asked for: a pointer has 512 characters at most. */
const MAX_CHOICE_CHARS = 1024
const CHOICE = /^(?:(?:arguments|output):|result$)/

/** Whether such parts are there, the agent knows. @throws TalosError `CLI_OPTION_INVALID` */
function choicesOf(texts: readonly string[]): string[] {
  if (texts.length > MAX_CHOICES) throw invalid('--disclose', `a proof shows at most ${MAX_CHOICES} parts`)
  const isGood = texts.every((text) => CHOICE.test(text) && text.length <= MAX_CHOICE_CHARS)
  if (isGood) return [...texts]
  throw invalid('--disclose', 'write arguments: or output: and a pointer, such as output:/content/0/text, or result')
}
