/**
 * `npm run bench:session`: sessions of Talos against libsignal and against the floors of this machine.
 *
 * How it is measured and how to read it: docs/benchmarks.md.
 */
import { type Bench, type Judgement, main, type Options, type Scenario, select } from './harness/command.ts'
import { findKernels } from './harness/kernels.ts'
import { importPeer, installPeers, isInstalled, wantedVersion } from './harness/peers.ts'
import { judgeRatio, judgeValue, type MeasuredScenario } from './harness/targets.ts'
import { clientScenario } from './session/client.ts'
import { durableScenarios } from './session/durable.ts'
import type { Libsignal } from './session/libsignal-types.ts'
import { LIBSIGNAL_SUBJECTS, type SessionWorld, sessionScenarios } from './session/scenarios.ts'
import { stepCostUs, stepScenario } from './session/step.ts'
import { SESSION_TARGETS, STEP_TARGET, WIRE_TARGET } from './session/targets.ts'
import { wireOverhead } from './session/wire.ts'

const PEER = '@signalapp/libsignal-client'

async function prepare(options: Options | 'help'): Promise<Bench> {
  const libsignal = options === 'help' ? undefined : await findLibsignal(options)
  const world: SessionWorld = { kernels: findKernels(), ...(libsignal !== undefined && { libsignal }) }
  return {
    name: 'session',
    about: 'Measures sessions: set-up, seal, open and ping-pong, against libsignal and the floors of this machine.',
    scenarios: scenariosOf(world),
    judge: async (measured) => await judge(world, measured),
  }
}

async function judge(world: SessionWorld, measured: readonly MeasuredScenario[]): Promise<Judgement> {
  const wire = await wireOverhead(world.libsignal)
  const exact = { median: wire.talosBytes, low: wire.talosBytes, high: wire.talosBytes }
  return {
    facts: [wire.table],
    targets: [
      ...SESSION_TARGETS.map((target) => judgeRatio(target, measured)),
      judgeValue(STEP_TARGET, { unit: 'us', value: stepCostUs(measured, 'talos native') }),
      judgeValue(WIRE_TARGET, { unit: 'B', value: exact }),
    ],
    notes: notesOn(world),
  }
}

/** Looked for only where `--only` leaves a subject that needs it. */
async function findLibsignal({ only, install }: Options): Promise<Libsignal | undefined> {
  const { subjects } = select(scenariosOf({ kernels: findKernels() }), only)
  if (!LIBSIGNAL_SUBJECTS.some((name) => subjects.has(name))) return undefined
  if (!isInstalled(PEER) && !(install && installPeers(PEER))) {
    process.stderr.write(`${PEER} is not there: its columns and the targets against it are left out\n`)
    return undefined
  }
  return await importPeer<Libsignal>(PEER)
}

function scenariosOf(world: SessionWorld): readonly Scenario[] {
  const { kernels } = world
  return [...sessionScenarios(world), stepScenario(kernels), ...durableScenarios(kernels), clientScenario(kernels)]
}

function notesOn({ kernels, libsignal }: SessionWorld): readonly string[] {
  return [
    libsignal === undefined ? 'libsignal was not measured.' : `libsignal is ${PEER} ${wantedVersion(PEER)}.`,
    ...(kernels.native === undefined ? ['The native kernel is not built on this machine: it was not measured.'] : []),
  ]
}

await main(prepare)
