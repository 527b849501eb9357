/** A question before what cannot be taken back. */
import { createInterface } from 'node:readline/promises'
import { TalosError } from '@talos/errors'

/**
 * Asks on the terminal unless `--yes` was given. Anything but `yes` is no.
 *
 * @throws TalosError `CLI_NOT_CONFIRMED`, also where there is no terminal to ask on
 */
export async function confirm(options: {
  readonly yes: boolean | undefined
  /** The command, for the error. */
  readonly command: string
  /** What will happen, in one sentence. */
  readonly warning: string
}): Promise<void> {
  const { yes, command, warning } = options
  if (yes === true) return
  const refusal = new TalosError('CLI_NOT_CONFIRMED', { command })
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw refusal
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await reader.question(`${warning}\nType yes to go on: `)
    if (answer.trim().toLowerCase() !== 'yes') throw refusal
  } finally {
    reader.close()
  }
}
