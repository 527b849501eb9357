/** `talos anchor status` and `talos anchor now`: how the anchors of a log stand, and one at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ControlResponse, ControlResponseAnchorHead } from '@talos/contracts'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { ask } from '../../control/ask.ts'
import { EXIT_INCOMPLETE } from '../../exit-codes.ts'
import { fields, table } from '../../output.ts'
import { Progress } from '../../progress.ts'
import { parseDuration } from '../../values.ts'

const POLL_MS = 1_000

type Standing = Extract<ControlResponse, { answer: 'anchors' }>

const STATUS_HELP = `
Example:
  $ talos anchor status --json

Exit code 0 when the newest anchor is final, or nothing was anchored yet; 3 when it is not final yet.`

const NOW_HELP = `
Examples:
  $ talos anchor now
  $ talos anchor now --wait 30m --json
  $ talos anchor now --no-wait

Anchors the log as it is now, whatever the interval says, and waits until that is final. Exit code 3 when it is not final by
then: it goes on from the process that runs the agent, or at the next start of one.`

export function addAnchorStatus(anchor: Command, shell: Shell): void {
  anchor
    .command('status')
    .description('show the newest anchors and how far they are')
    .addHelpText('after', STATUS_HELP)
    .action(async (_options: object, command: Command) => {
      const context = new Context(shell, command)
      report(shell, await ask(context, { method: 'anchors', now: false }, 'anchors'))
    })
}

export function addAnchorNow(anchor: Command, shell: Shell): void {
  anchor
    .command('now')
    .description('anchor the log as it is, and wait until that is final')
    .option('--wait <duration>', 'how long to wait at most', '15m')
    .option('--no-wait', 'do not wait')
    .addHelpText('after', NOW_HELP)
    .action(async ({ wait }: { readonly wait: string | false }, command: Command) => {
      const context = new Context(shell, command)
      const waitMs = wait === false ? 0 : parseDuration(wait, '--wait') * 1000
      const lastMs = performance.now() + waitMs
      const progress = new Progress(context.output, 'blocks above the anchor:')
      let standing = await ask(context, { method: 'anchors', now: true }, 'anchors')
      try {
        while (!isFinal(standing) && performance.now() < lastMs) {
          const [newest] = standing.heads
          progress.update({ done: newest?.confirmations ?? 0, total: newest?.needed ?? 0 })
          await sleep(POLL_MS)
          standing = await ask(context, { method: 'anchors', now: false }, 'anchors')
        }
      } finally {
        progress.end()
      }
      report(shell, standing)
    })
}

function isFinal({ heads }: Standing): boolean {
  const [newest] = heads
  return newest === undefined || newest.state === 'final'
}

function report(shell: Shell, standing: Standing): void {
  const { output } = shell
  const { chainId, contract, by, heads, failure } = standing
  if (!isFinal(standing)) shell.exitCode = EXIT_INCOMPLETE
  output.result(
    { chainId, contract, by, heads, final: isFinal(standing), ...(failure !== undefined && { failure }) },
    () => [
      ...fields([
        ['chain', String(chainId)],
        ['contract', contract],
        ['paid by', by],
        ...(failure === undefined ? [] : [['last failure', failure] as const]),
      ]),
      ...(heads.length === 0 ? ['nothing is anchored yet'] : table(heads.map(rowOf))),
    ],
  )
}

function rowOf(head: ControlResponseAnchorHead): readonly string[] {
  const { size, root, state, block, confirmations = 0, needed = 0 } = head
  const place = block === undefined ? '' : `block ${block}`
  const depth = state === 'included' ? `${confirmations}${needed === 0 ? '' : ` of ${needed}`} blocks` : ''
  return [`${size} heads`, `${root.slice(0, 16)}…`, state, place, depth]
}
