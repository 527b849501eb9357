/** `talos proof html`: a proof as one page that verifies itself in its reader's browser. */
import { PROOF_BUNDLE_MAX_BYTES } from '@talos/proof'
import { proofPage } from '@talos/proof-page'
import type { Command } from 'commander'
import type { Shell } from '../../context.ts'
import { readUserFile, requireAbsent, writeNewFile } from '../../files.ts'
import { printable } from '../../output.ts'

const HELP = `
Examples:
  $ talos proof html call.talosproof --out call.html

The page is one file. It loads nothing, needs no network, and verifies the proof anew whenever it is opened. It is made of the file
as it is: a proof that is not valid gives a page that says so.`

export function addProofHtml(proof: Command, shell: Shell): void {
  proof
    .command('html')
    .argument('<file>', 'a .talosproof file')
    .description('write a proof as a page that verifies itself in a browser')
    .requiredOption('--out <file>', 'the new page')
    .addHelpText('after', HELP)
    .action((file: string, { out }: { readonly out: string }) => {
      requireAbsent(out)
      writePage(shell, { out, bundle: readUserFile(file, PROOF_BUNDLE_MAX_BYTES).toString('utf8') })
    })
}

/** @throws TalosError `CLI_FILE_UNWRITABLE`, `PROOF_PAGE_UNBUILT` */
export function writePage(shell: Shell, { out, bundle }: { readonly out: string; readonly bundle: string }): void {
  const page = proofPage(bundle)
  writeNewFile(out, page)
  const sizeBytes = Buffer.byteLength(page)
  shell.output.result({ file: out, sizeBytes }, () => [
    `wrote ${printable(out)} (${sizeBytes} bytes): open it in a browser`,
  ])
}
