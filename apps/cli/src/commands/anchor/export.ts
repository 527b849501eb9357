/** `talos anchor export`: an anchor as a file that anybody can check. */

import { decodeStatement } from '@talos/anchor'
import { encodeJcs, toBase64url } from '@talos/bytes'
import { LogOfLogs, openAgentReader } from '@talos/client'
import type { AnchorFile } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { requireAbsent, writeNewFile } from '../../files.ts'
import { printable } from '../../output.ts'
import { parseCount } from '../../values.ts'

const HELP = `
Examples:
  $ talos anchor export --out log.talosanchor
  $ talos anchor export --size 120 --out log.talosanchor     the first anchor that covers entry 119

Reads the agent's folder alone: no passphrase, no network. Exit code 3 while no final anchor covers so many entries.`

export function addAnchorExport(anchor: Command, shell: Shell): void {
  anchor
    .command('export')
    .description('write the anchor of a checkpoint of the log')
    .requiredOption('--out <file>', 'a new file')
    .option('--size <entries>', 'the log up to this many entries, or the first anchor after it', '1')
    .addHelpText('after', HELP)
    .action((options: { readonly out: string; readonly size: string }, command: Command) => {
      const context = new Context(shell, command)
      const size = parseCount(options.size, { option: '--size', minimum: 1, maximum: Number.MAX_SAFE_INTEGER })
      requireAbsent(options.out)
      const file = read(context, size)
      const text = encodeJcs(file)
      writeNewFile(options.out, text)
      const { statement, proof } = file
      shell.output.result(
        { file: options.out, statement, chainId: proof.chain.chainId, sizeBytes: text.length },
        () => [`wrote ${printable(options.out)} (${text.length} bytes)`],
      )
    })
}

function read(context: Context, size: number): AnchorFile {
  using reader = openAgentReader(context.agentName, { home: context.home.root })
  const { delegations, logKey } = reader.logKeys()
  const found = new LogOfLogs(reader).anchored({ kind: 'checkpoint', subject: logKey.name, size })
  const delegation = delegations.at(-1)
  if (found === undefined || delegation === undefined)
    throw new TalosError('ANCHOR_NOT_FINAL', { state: `none covers entry ${size - 1} of this log` })
  const { leaf, proof } = found
  return {
    format: 'talos-anchor/v1',
    statement: decodeStatement(leaf.statement),
    ...(leaf.note !== undefined && { checkpoint: leaf.note }),
    logKey: toBase64url(delegation.bytes),
    proof,
  }
}
