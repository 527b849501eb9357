/**
 * `npm run bench:audit`: logs, proofs and anchors against bare rows, plain hashes, signatures, and other libraries.
 *
 * How it is measured and how to read it: docs/benchmarks.md.
 */
import type { AnchorGas } from './audit/anchor-gas.ts'
import { APPENDING, appending } from './audit/appending.ts'
import { bundleScenario } from './audit/bundle.ts'
import { GROWTH, growth, growthTable } from './audit/growth.ts'
import type { Growth } from './audit/growth-worker.ts'
import { MERKLETREEJS } from './audit/merkletreejs.ts'
import { AGENTS, BUNDLE_TARGETS, GAS_TARGET, type KernelName, logTargets, TREE_TARGETS } from './audit/targets.ts'
import { treeScenarios } from './audit/tree.ts'
import { type Bench, main, type Options, type Scenario, select } from './harness/command.ts'
import { findKernels, type Kernels } from './harness/kernels.ts'
import { QUICK_EFFORT } from './harness/measure.ts'
import { installPeers, isInstalled } from './harness/peers.ts'
import type { FactTable } from './harness/report.ts'
import type { Spread } from './harness/statistics.ts'
import { type JudgedTarget, judgeRatio, judgeValue } from './harness/targets.ts'

const US_PER_MS = 1000
const ANCHORS = 'anchors'

async function prepare(options: Options | 'help'): Promise<Bench> {
  const kernels = findKernels()
  const isHelp = options === 'help'
  const hasPeer = !isHelp && findPeer(kernels, options)
  return {
    name: 'audit',
    about: 'Measures audit logs: durable appends, trees, proofs, a log of ten million entries, anchors.',
    scenarios: scenariosOf(kernels),
    judge: async (measured) => {
      const beside = isHelp ? NOTHING : await measureBeside(kernels, options)
      return {
        facts: beside.facts,
        targets: [
          ...[...TREE_TARGETS, ...BUNDLE_TARGETS].map((target) => judgeRatio(target, measured)),
          ...beside.targets,
        ],
        notes: [
          ...(hasPeer ? [] : [`${MERKLETREEJS} was not measured.`]),
          ...(kernels.native === undefined ? ['The native kernel is not built: it was not measured.'] : []),
        ],
      }
    },
  }
}

function scenariosOf(kernels: Kernels): readonly Scenario[] {
  return [
    ...treeScenarios(kernels),
    bundleScenario(kernels),
    named(APPENDING, 'Durable appends'),
    named(GROWTH, 'A log that grows'),
    named(ANCHORS, 'Anchors'),
  ]
}

/** Installed only where `--only` leaves a scenario that has it. */
function findPeer(kernels: Kernels, { only, install }: Options): boolean {
  const { scenarios, subjects } = select(scenariosOf(kernels), only)
  const isWanted =
    subjects.has(MERKLETREEJS) && scenarios.some(({ subjectNames }) => subjectNames.includes(MERKLETREEJS))
  return isInstalled(MERKLETREEJS) || (isWanted && install && installPeers(MERKLETREEJS))
}

/** Lets `--only` name what is measured beside the scenarios. */
function named(id: string, title: string): Scenario {
  return { id, title, subjectNames: [], open: async () => ({ subjects: [] }) }
}

interface Beside {
  readonly facts: readonly FactTable[]
  readonly targets: readonly JudgedTarget[]
}

const NOTHING: Beside = { facts: [], targets: [] }

/** What needs percentiles, a process of its own, or ten million entries. */
async function measureBeside({ native }: Kernels, { only, effort }: Options): Promise<Beside> {
  const effortOf = { isQuick: effort === QUICK_EFFORT }
  const isWanted = (name: string) => only.length === 0 || only.some((word) => name.includes(word))
  const names: readonly KernelName[] = native === undefined ? ['portable'] : ['native', 'portable']
  const facts: FactTable[] = []
  const targets: JudgedTarget[] = []
  for (const name of isWanted(APPENDING) ? names : []) {
    const { table, single, many, manyP99Us } = await appending(name, effortOf)
    const bounds = logTargets(name)
    facts.push(table)
    targets.push(
      judgeValue(bounds.single, { unit: 'x', value: single }),
      judgeValue(bounds.many, { unit: 'x', value: many }),
      judgeValue(bounds.manyP99, { unit: 'us', value: manyP99Us }),
    )
  }
  const grown = new Map<string, Growth>()
  for (const name of isWanted(GROWTH) ? names : []) {
    const found = await growth(name, effortOf)
    grown.set(name, found)
    const bounds = logTargets(name)
    targets.push(
      judgeValue(bounds.cold, { unit: 'us', value: { ...exactly(found.coldUs.p50), high: found.coldUs.p99 } }),
      judgeValue(bounds.evenness, {
        unit: 'x',
        value: exactly((found.perSecond.at(-1) ?? 0) / (found.perSecond[0] ?? 1)),
      }),
      judgeValue(bounds.open, { unit: 'us', value: exactly(found.openMs * US_PER_MS) }),
    )
  }
  if (grown.size > 0) facts.push(growthTable(grown))
  if (isWanted(ANCHORS)) {
    const { measureAnchorGas } = await import('./audit/anchor-gas.ts')
    const gas = await measureAnchorGas()
    facts.push(gasTable(gas))
    const most = Math.max(...gas.byAgents.map(({ rootOfRoots }) => rootOfRoots))
    targets.push(judgeValue(GAS_TARGET, { unit: 'gas', value: exactly(most) }))
  }
  return { facts, targets }
}

function gasTable({ byAgents, deploy, storedHead, namedBefore }: AnchorGas): FactTable {
  const row = (name: string, values: readonly number[]) => ({ name, values })
  const same = (name: string, value: number) =>
    row(
      name,
      AGENTS.map(() => value),
    )
  return {
    title: 'Gas of an anchor, by the number of agents',
    columns: AGENTS.map((agents) => agents.toLocaleString('en')),
    rows: [
      row(
        'root of roots',
        byAgents.map(({ rootOfRoots }) => rootOfRoots),
      ),
      row(
        'root of roots, for each agent',
        byAgents.map(({ perAgent }) => Number(perAgent.toPrecision(4))),
      ),
      row(
        'an event for each log',
        byAgents.map(({ eventPerLog }) => eventPerLog),
      ),
      same('a contract that keeps the last size, first', storedHead.first),
      same('a contract that keeps the last size, next', storedHead.next),
      same('a contract that is told the size before', namedBefore),
      same('deploying', deploy),
    ],
  }
}

/** A number that was found once. */
function exactly(value: number): Spread {
  return { median: value, low: value, high: value }
}

await main(prepare)
