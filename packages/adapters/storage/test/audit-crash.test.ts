/**
 * Real processes, killed at random moments: nothing that was acknowledged is lost, no place is given twice, and every
 * checkpoint that was ever released stays true. `TALOS_CRASH_KILLS` sets the number of kills, 20 where it is not set.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { AuditLog, verifyLog } from '@talos/audit'
import { openCheckpoint, treeSize, verifyConsistency } from '@talos/merkle'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { auditFiles } from './audit-files.ts'

const KILLS = Number(process.env['TALOS_CRASH_KILLS'] ?? 20)
const WORKER = fileURLToPath(new URL('./audit-worker.ts', import.meta.url))

interface Seen {
  /** Leaf hash of each acknowledged place. */
  readonly acknowledged: Map<number, string>
  readonly checkpoints: string[]
}

/** Starts a writer and kills it: in every fourth round at any moment of its start, else after its first checkpoint. */
async function runAndKill(folder: string, round: number, seen: Seen): Promise<void> {
  const child = spawn(process.execPath, ['--conditions=talos-source', '--no-warnings', WORKER, folder])
  let output = ''
  let errors = ''
  const ready = Promise.withResolvers<void>()
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output += part
    if (/^c .*\n/m.test(output)) ready.resolve()
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    errors += part
  })
  const closed = once(child, 'close')
  if (round % 4 !== 0) await Promise.race([ready.promise, closed])
  await sleep(Math.random() * (round % 4 === 0 ? 600 : 80))
  child.kill('SIGKILL')
  const [, signal] = (await closed) as [number | null, string | null]
  if (signal !== 'SIGKILL') throw new Error(`the writer ended on its own: ${errors}`)
  collect(output, seen)
}

/** Takes over what was printed whole; a line that was cut by the kill was not acknowledged. */
function collect(output: string, { acknowledged, checkpoints }: Seen): void {
  for (const line of output.split('\n').slice(0, -1)) {
    const [type, first = '', hash = ''] = line.split(' ')
    if (type === 'c') checkpoints.push(Buffer.from(first, 'base64').toString('utf8'))
    if (type !== 'a') continue
    expect(acknowledged.has(Number(first)), `place ${first} was given twice`).toBe(false)
    acknowledged.set(Number(first), hash)
  }
}

/** Opens the log as after a restart and holds it to everything that was seen. */
async function requireIntact(folder: string, seen: Seen): Promise<number> {
  const options = auditFiles(folder)
  const log = await AuditLog.open(options)
  expect(log.fault).toBeUndefined()
  const report = await log.verify()
  expect(report.root).toEqual(log.root)
  const hashes = log.reader.leafHashes({ from: 0, to: log.size })
  for (const [index, hash] of seen.acknowledged) {
    expect(Buffer.from(hashes.subarray(index * 32, index * 32 + 32)).toString('hex'), `entry ${index}`).toBe(hash)
  }
  const { kernel } = options
  for (const note of seen.checkpoints) {
    const { size, root } = openCheckpoint(note, { logKey: log.verifierKey, kernel })
    const proof = log.reader.consistency({ from: size })
    verifyConsistency({ from: size, to: treeSize(log.size), fromRoot: root, toRoot: log.root, proof, kernel })
  }
  const [index, hash] = [...seen.acknowledged].at(-1) ?? [0, Buffer.from(hashes.subarray(0, 32)).toString('hex')]
  expect(log.find(Buffer.from(hash, 'hex'))).toBe(index)
  await log.close()
  return log.size
}

describe('a log whose process is killed', () => {
  it(
    `keeps what it acknowledged and signed, over ${KILLS} kills`,
    async () => {
      using folder = tempFolder()
      const seen: Seen = { acknowledged: new Map(), checkpoints: [] }
      for (let round = 0; round < KILLS; round += 1) {
        await runAndKill(folder.path, round, seen)
        await requireIntact(folder.path, seen)
      }
      expect(seen.acknowledged.size).toBeGreaterThanOrEqual(KILLS / 2)
      expect(seen.checkpoints.length).toBeGreaterThanOrEqual(KILLS / 2)
    },
    60_000 + KILLS * 5_000,
  )
})

describe('a log whose write-ahead file is cut', () => {
  it('opens at the end of a whole batch, and signs nothing when that lies before its last checkpoint', async () => {
    using folder = tempFolder()
    const log = await AuditLog.open(auditFiles(folder.path))
    const sizes = new Set([0, log.size])
    for (let round = 0; round < 12; round += 1) {
      await Promise.all(Array.from({ length: 30 }, () => log.append({ kind: 'key.prekeys' })))
      sizes.add(log.size)
      if (round === 8) await log.checkpoint()
    }
    const signedSize = log.lastCheckpoint?.size ?? 0
    const names = ['audit.db', 'audit.db-wal', 'checkpoint.note']
    const wal = readFileSync(join(folder.path, 'audit.db-wal')).length
    expect(wal).toBeGreaterThan(100_000)
    let [rolledBack, kept] = [0, 0]
    for (let cut = wal; cut > 0; cut -= Math.ceil(wal / 25)) {
      using copy = tempFolder()
      for (const name of names) {
        const path = join(folder.path, name)
        if (existsSync(path)) copyFileSync(path, join(copy.path, name))
      }
      truncateSync(join(copy.path, 'audit.db-wal'), cut)
      const { size, fault } = await openCopy(copy.path)
      expect(sizes).toContain(size)
      if (size >= signedSize) kept += 1
      else rolledBack += 1
      expect(fault).toBe(size >= signedSize ? undefined : 'AUDIT_ROLLBACK')
    }
    expect([rolledBack > 3, kept > 3]).toEqual([true, true])
    await log.close()
  })
})

/** Size of the copy, which is whole, and why it signs nothing. */
async function openCopy(folder: string): Promise<{ size: number; fault: string | undefined }> {
  const options = auditFiles(folder)
  const log = await AuditLog.open(options)
  const { size } = log
  const { store, kernel } = options
  const report = await verifyLog({ store, kernel, logKey: log.verifierKey })
  expect(report.root).toEqual(log.root)
  const fault = log.fault?.code
  await log.close()
  return { size, fault }
}
