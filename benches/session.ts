/**
 * `npm run bench:session`: sessions of Talos against libsignal and against the floors of this machine.
 *
 * How it is measured and how to read it: docs/benchmarks.md.
 */
import { type Bench, main, type Options } from './harness/command.ts'
import { findKernels } from './harness/kernels.ts'
import { importPeer, installPeers, isInstalled, wantedVersion } from './harness/peers.ts'
import { judgeRatio } from './harness/targets.ts'
import type { Libsignal } from './session/libsignal-types.ts'
import { type SessionWorld, sessionScenarios } from './session/scenarios.ts'
import { SESSION_TARGETS } from './session/targets.ts'

const PEER = '@signalapp/libsignal-client'

async function prepare(options: Options | 'help'): Promise<Bench> {
  const libsignal = options === 'help' ? undefined : await findLibsignal(options)
  const world: SessionWorld = { kernels: findKernels(), ...(libsignal !== undefined && { libsignal }) }
  return {
    name: 'session',
    about: 'Measures sessions: set-up, seal, open and ping-pong, against libsignal and the floors of this machine.',
    scenarios: sessionScenarios(world),
    judge: (measured) => SESSION_TARGETS.map((target) => judgeRatio(target, measured)),
    notes: () => notesOn(world),
  }
}

/** Asked for only where a word of `--only` does not name other subjects alone. */
async function findLibsignal({ only, install }: Options): Promise<Libsignal | undefined> {
  const isWanted = !only.some((word) => word.includes('talos'))
  if (!isWanted) return undefined
  if (!isInstalled(PEER) && !(install && installPeers(PEER))) {
    process.stderr.write(`${PEER} is not there: its columns and the targets against it are left out\n`)
    return undefined
  }
  return await importPeer<Libsignal>(PEER)
}

function notesOn({ kernels, libsignal }: SessionWorld): readonly string[] {
  return [
    libsignal === undefined ? 'libsignal was not measured.' : `libsignal is ${PEER} ${wantedVersion(PEER)}.`,
    ...(kernels.native === undefined ? ['The native kernel is not built on this machine: it was not measured.'] : []),
  ]
}

await main(prepare)
