/**
 * What the post-quantum step costs a message, all of it: making, sealing and opening the offer and the answer, key
 * generation, encapsulation and decapsulation. Two messages that turn the ratchet are exchanged with a step between them
 * and without; the states are values, so every operation begins from the same ones.
 */
import { randomBytes } from 'node:crypto'
import type { Kernel } from '@talos/kernel'
import { PQ_STEP_MESSAGES } from '@talos/session'
import type { Scenario } from '../harness/command.ts'
import { type Kernels, kernelList } from '../harness/kernels.ts'
import { repeat } from '../harness/measure.ts'
import { type Spread, spreadOf } from '../harness/statistics.ts'
import type { MeasuredScenario } from '../harness/targets.ts'
import { TalosBench, TalosEnd, type TalosPair } from './talos.ts'

const ID = 'pq-step'
const CONTENT_BYTES = 1024

export function stepScenario(kernels: Kernels): Scenario {
  const makers = new Map<string, { readonly kernel: Kernel; readonly isStepping: boolean }>(
    kernelList(kernels).flatMap((kernel) => {
      const plain = `talos ${kernel.name}`
      return [
        [plain, { kernel, isStepping: false }],
        [`${plain}, with a step`, { kernel, isStepping: true }],
      ] as const
    }),
  )
  return {
    id: ID,
    title: 'Post-quantum step: two messages of 1 KiB that turn the ratchet, without a step and with one',
    subjectNames: [...makers.keys()],
    open: async (names) => {
      const chosen = [...makers].filter(([name]) => names.has(name))
      return {
        subjects: await Promise.all(
          chosen.map(async ([name, { kernel, isStepping }]) => {
            const due = await stepIsDue(new TalosBench(kernel))
            const content = randomBytes(CONTENT_BYTES)
            return repeat(name, () => {
              const alice = new TalosEnd(kernel, due.alice.state)
              const bob = new TalosEnd(kernel, due.bob.state)
              pass({ from: alice, to: bob, content, isStepping })
              pass({ from: bob, to: alice, content, isStepping })
            })
          }),
        ),
      }
    },
  }
}

/** Microseconds of a step, shared out over the messages between two steps: paired by round. */
export function stepCostUs(scenarios: readonly MeasuredScenario[], subject: string): Spread | undefined {
  const measured = scenarios.find(({ id }) => id === ID)?.subjects
  const plain = measured?.find(({ name }) => name === subject)
  const stepping = measured?.find(({ name }) => name === `${subject}, with a step`)
  if (plain === undefined || stepping === undefined) return undefined
  const costs = stepping.rounds.map(({ wallUs }, index) => wallUs - (plain.rounds[index]?.wallUs ?? Number.NaN))
  return spreadOf(costs.map((costUs) => costUs / PQ_STEP_MESSAGES))
}

/** A pair after as many messages as make a step due, of which nothing was sealed yet. */
async function stepIsDue(bench: TalosBench): Promise<TalosPair> {
  const pair = await bench.established()
  let [from, to] = [pair.alice, pair.bob]
  for (let count = 0; count < PQ_STEP_MESSAGES; count++) {
    to.receive(from.send(new Uint8Array(64)))
    ;[from, to] = [to, from]
  }
  return pair
}

/** What a side has to say: the frame of the step that is due first, then its message. */
function pass(options: {
  readonly from: TalosEnd
  readonly to: TalosEnd
  readonly content: Uint8Array
  readonly isStepping: boolean
}): void {
  const { from, to, content, isStepping } = options
  const frame = isStepping ? from.control() : undefined
  if (frame !== undefined) to.receive(frame)
  to.receive(from.send(content))
}
