/**
 * `npm run bench:capability`: capabilities of Talos against bare signatures and against other systems of tokens.
 *
 * How it is measured and how to read it: docs/benchmarks.md.
 */
import { CACHED, cachedScenario, nameOf } from './capability/cached.ts'
import { floor } from './capability/floor.ts'
import { findPeers, missingPeers } from './capability/peers.ts'
import { PROPAGATION, propagation } from './capability/propagation.ts'
import { tokenScenarios } from './capability/system.ts'
import { talosSystem } from './capability/talos.ts'
import { CACHED_TARGET, PROPAGATION_TARGET, TOKEN_TARGETS } from './capability/targets.ts'
import { type Bench, main, type Options, type Scenario } from './harness/command.ts'
import { findKernels, kernelList } from './harness/kernels.ts'
import { QUICK_EFFORT } from './harness/measure.ts'
import { spreadOf } from './harness/statistics.ts'
import { judgeRatio, judgeValue, type MeasuredScenario } from './harness/targets.ts'

async function prepare(options: Options | 'help'): Promise<Bench> {
  const kernels = findKernels()
  const peers = findPeers({ install: options !== 'help' && options.install })
  return {
    name: 'capability',
    about: 'Measures capabilities: minting, verifying cold, against bare signatures and other systems of tokens.',
    scenarios: [
      ...tokenScenarios([...kernelList(kernels).map(talosSystem), floor, ...peers]),
      cachedScenario(kernels),
      NO_SCENARIO,
    ],
    judge: async (measured) => {
      const found = isWanted(options) ? await propagation({ isQuick: options.effort === QUICK_EFFORT }) : undefined
      return {
        facts: found === undefined ? [] : [found.table],
        targets: [
          ...TOKEN_TARGETS.map((target) => judgeRatio(target, measured)),
          judgeValue(CACHED_TARGET, { unit: 'us', value: byChannelUs(measured) }),
          judgeValue(PROPAGATION_TARGET, { unit: 'us', value: found?.p99 }),
        ],
        notes: [
          ...missingPeers().map((name) => `${name} was not measured.`),
          ...(kernels.native === undefined ? ['The native kernel is not built: it was not measured.'] : []),
        ],
      }
    },
  }
}

/** Lets `--only` name what is measured beside the scenarios. */
const NO_SCENARIO: Scenario = {
  id: PROPAGATION,
  title: 'Revocation between connected agents',
  subjectNames: [],
  open: async () => ({ subjects: [] }),
}

function isWanted(options: Options | 'help'): options is Options {
  if (options === 'help') return false
  return options.only.length === 0 || options.only.some((word) => PROPAGATION.includes(word))
}

/** What a call by channel takes, by the fastest kernel of the run: none of them is asked for anything. */
function byChannelUs(measured: readonly MeasuredScenario[]) {
  const subjects = measured.find(({ id }) => id === CACHED)?.subjects ?? []
  const names = [nameOf({ name: 'native' }, 'channel'), nameOf({ name: 'portable' }, 'channel')]
  const found = names.map((name) => subjects.find((subject) => subject.name === name)).find(Boolean)
  return found === undefined ? undefined : spreadOf(found.rounds.map(({ wallUs }) => wallUs))
}

await main(prepare)
