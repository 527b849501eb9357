/** `talos demo`: the whole journey on one machine, with real parts. */
import type { Command } from 'commander'
import type { Shell } from '../context.ts'
import { reportOf } from '../output.ts'
import { Actor } from './actor.ts'
import { playJourney } from './journey.ts'
import { Show } from './show.ts'
import { setStage } from './stage.ts'

const EXAMPLES = `
Two agents in processes of their own, a real MCP filesystem server, a capability, calls that are allowed and refused,
and a third process that verifies the proof. Everything happens in a temporary folder, which is removed at the end.

Examples:
  $ talos demo
  $ talos demo --verbose
  $ talos demo --json`

export function demoCommand(program: Command, shell: Shell): void {
  program
    .command('demo')
    .description('show the whole journey on this machine')
    .option('--verbose', 'also show key material (public parts), ratchet state and proofs')
    .addHelpText('after', EXAMPLES)
    .action(async ({ verbose = false }: { readonly verbose?: boolean }) => await demo(shell, verbose))
}

async function demo(shell: Shell, verbose: boolean): Promise<void> {
  const { output } = shell
  const show = new Show(output, { verbose })
  const start = performance.now()
  let failure: unknown
  try {
    using stage = setStage()
    await using toolBox = new Actor('tool-box')
    await using agent = new Actor('my-agent')
    await playJourney({ toolBox, agent, stage, show })
  } catch (error) {
    failure = error
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const ok = failure === undefined
  output.result({ ok, seconds: Number(seconds), steps: show.steps }, () =>
    ok ? [`${show.steps.length} steps in ${seconds} s, all as they should be`] : [],
  )
  if (ok) return
  shell.exitCode = 1
  output.error(reportOf(failure))
}
