/**
 * Grows one log to `ENTRIES`, reopens it and proves random entries from it: `node growth-worker.ts KERNEL ENTRIES`
 * prints what it found as one line of JSON.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { AuditReader, verifyLog } from '@talos/audit'
import { type Kernel, loadKernel, portableKernel } from '@talos/kernel'
import { leafHash, leafIndex, MAX_TILE_CACHE_BYTES, treeSize, type VerifierKey, verifyInclusion } from '@talos/merkle'
import { SqliteAuditStore } from '@talos/storage'
import { quantile } from '../harness/statistics.ts'
import { nextEvent, openLog } from './log.ts'

export interface Growth {
  readonly entries: number
  /** Entries a second of each fifth. */
  readonly perSecond: readonly number[]
  /** Processor time of an entry of each fifth, in microseconds: what the disk cannot disturb. */
  readonly cpuUs: readonly number[]
  readonly slowestCommitMs: number
  readonly openMs: number
  readonly coldUs: { readonly p50: number; readonly p99: number }
  readonly hotUs: { readonly p50: number; readonly p99: number }
  /** Resident memory after the first fifth and at the end, in bytes. */
  readonly residentBytes: readonly [first: number, last: number]
  readonly checkMs: number
  readonly sizeBytes: number
}

const FIFTHS = 5
const IN_FLIGHT = 1024
const OPENINGS = 5
const COLD_PROOFS = 1000
const HOT_PROOFS = 20_000
const US_PER_MS = 1000

async function grow(kernel: Kernel, entries: number): Promise<Growth> {
  const { log, folder, reopen, close } = await openLog(kernel)
  const part = Math.floor(entries / FIFTHS)
  const perSecond: number[] = []
  const cpuUs: number[] = []
  const resident: number[] = []
  let slowestCommitMs = 0
  for (let fifth = 0; fifth < FIFTHS; fifth += 1) {
    const begun = performance.now()
    const spent = process.cpuUsage()
    for (let done = 0; done < part; done += IN_FLIGHT) {
      const at = performance.now()
      await Promise.all(
        Array.from({ length: Math.min(IN_FLIGHT, part - done) }, async () => await log.append(nextEvent())),
      )
      slowestCommitMs = Math.max(slowestCommitMs, performance.now() - at)
    }
    perSecond.push(part / ((performance.now() - begun) / 1000))
    const { user, system } = process.cpuUsage(spent)
    cpuUs.push((user + system) / part)
    await log.checkpoint()
    globalThis.gc?.()
    resident.push(process.memoryUsage.rss())
  }
  await close()
  const openings: number[] = []
  for (let round = 0; round < OPENINGS; round += 1) {
    const at = performance.now()
    const again = await reopen()
    openings.push(performance.now() - at)
    await again.close()
  }
  const path = join(folder, 'audit.db')
  const proofs = prove(path, kernel)
  const last = await reopen()
  const checkMs = await check(path, { kernel, logKey: last.log.verifierKey })
  const sizeBytes = statSync(path).size
  await last.remove()
  return {
    entries: part * FIFTHS,
    perSecond,
    cpuUs,
    slowestCommitMs,
    openMs: quantile(openings, 0.5),
    ...proofs,
    residentBytes: [resident[0] ?? 0, resident.at(-1) ?? 0],
    checkMs,
    sizeBytes,
  }
}

/** Proofs of random entries: cold by a reader that has read nothing yet, hot by one that has them all in its cache. */
function prove(path: string, kernel: Kernel): Pick<Growth, 'coldUs' | 'hotUs'> {
  const store = SqliteAuditStore.open({ path, readOnly: true })
  const { size } = new AuditReader({ store, kernel })
  const cold = Array.from({ length: COLD_PROOFS }, () => {
    const reader = new AuditReader({ store, kernel })
    const index = Math.floor(Math.random() * size)
    const at = performance.now()
    const proof = reader.inclusion({ index })
    const us = (performance.now() - at) * US_PER_MS
    requireProof(reader, { index, proof, kernel })
    return us
  })
  const reader = new AuditReader({ store, kernel, cacheBytes: MAX_TILE_CACHE_BYTES })
  const first = size - Math.min(size, 65_536)
  const near = () => first + Math.floor(Math.random() * (size - first))
  for (let round = 0; round < HOT_PROOFS; round += 1) reader.inclusion({ index: near() })
  const hot = Array.from({ length: HOT_PROOFS }, () => {
    const index = near()
    const at = performance.now()
    reader.inclusion({ index })
    return (performance.now() - at) * US_PER_MS
  })
  store.close()
  return { coldUs: percentiles(cold), hotUs: percentiles(hot) }
}

/** What is fast and wrong counts for nothing. */
function requireProof(
  reader: AuditReader,
  { index, proof, kernel }: { readonly index: number; readonly proof: readonly Uint8Array[]; readonly kernel: Kernel },
): void {
  const { size, root } = reader
  const hash = leafHash(kernel, reader.entry(index).body)
  verifyInclusion({ index: leafIndex(index), size: treeSize(size), leafHash: hash, proof, root, kernel })
}

function percentiles(values: readonly number[]) {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99) }
}

async function check(path: string, keys: { readonly kernel: Kernel; readonly logKey: VerifierKey }): Promise<number> {
  const store = SqliteAuditStore.open({ path, readOnly: true })
  const at = performance.now()
  await verifyLog({ store, ...keys })
  store.close()
  return performance.now() - at
}

if (import.meta.main) {
  const [kernelName = '', entries] = process.argv.slice(2)
  const kernel = kernelName === 'native' ? loadKernel('native') : portableKernel()
  process.stdout.write(`${JSON.stringify(await grow(kernel, Number(entries)))}\n`)
}
