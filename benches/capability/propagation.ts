/**
 * How long a revocation takes between two agents that are connected: over TLS on loopback and a session, with log, list and head
 * durable on both sides, until the first call is refused. Percentiles of single revocations, so no scenario of the harness.
 */
import { rmSync } from 'node:fs'
import { TalosClient } from '@talos/client'
import { measurePropagation, type Propagation, percentile } from '../../packages/client/test/propagation.ts'
import type { FactTable } from '../harness/report.ts'
import type { Spread } from '../harness/statistics.ts'
import { temporaryFolder } from '../session/store.ts'

export const PROPAGATION = 'propagation'

const ROUNDS = 500
const QUICK_ROUNDS = 50
/** The least that a key file accepts: opening it is not what is measured. */
const KEY_FILE = { memoryKib: 64, passes: 1, parallelism: 1 }

export interface MeasuredPropagation {
  readonly table: FactTable
  /** The 99th percentile, in microseconds. */
  readonly p99: Spread
}

export async function propagation({ isQuick }: { readonly isQuick: boolean }): Promise<MeasuredPropagation> {
  const { refusedMs } = await measured(isQuick ? QUICK_ROUNDS : ROUNDS)
  const at = (part: number) => percentile(refusedMs, part)
  const rounded = (ms: number) => Number(ms.toPrecision(3))
  const row = { name: 'first refused call', values: [refusedMs.length, ...[0.5, 0.9, 0.99, 1].map(at).map(rounded)] }
  const p99 = at(0.99) * 1000
  return {
    table: {
      title: 'Revocation between connected agents: milliseconds from the order',
      columns: ['rounds', 'p50', 'p90', 'p99', 'max'],
      rows: [row],
    },
    p99: { median: p99, low: p99, high: p99 },
  }
}

async function measured(rounds: number): Promise<Propagation> {
  const home = temporaryFolder()
  const options = { home, passphrase: 'of a benchmark', keyFileParameters: KEY_FILE }
  try {
    await using owner = await TalosClient.create('owner', options)
    await using holder = await TalosClient.create('holder', options)
    const listening = await owner.listen()
    const peer = holder.addPeer(await listening.createInvitation())
    await holder.establishSession(peer)
    return await measurePropagation({ owner, holder, rounds })
  } finally {
    rmSync(home, { recursive: true })
  }
}
