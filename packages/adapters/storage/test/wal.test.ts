/**
 * A write-ahead file that is cut at every sector, and one in which a bit is flipped in every sector: what is left ends with
 * a whole transaction, and where that is less than what was signed, or less than what had been durable, nothing is signed.
 */
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AuditLog, type AuditLogOptions, verifyLog } from '@talos/audit'
import { isTalosError } from '@talos/errors'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { hasLostTransactions } from '../src/wal-check.ts'
import { auditFiles } from './audit-files.ts'

/** A page of the log's database, and the head that stands before it. */
const FRAME_BYTES = 8192 + 24
const SECTOR_BYTES = 512
const NAMES = ['audit.db', 'audit.db-wal', 'checkpoint.note']
const ROUNDS = 10

interface Grown {
  readonly log: AuditLog
  /** Sizes at which a transaction ended, smallest first. */
  readonly sizes: readonly number[]
  readonly signedSize: number
  /** Length of the write-ahead file. */
  readonly walBytes: number
}

/** A log that grew by a transaction a round and was signed after one of them; it stays open, as if it were killed. */
async function grow(folder: string, signedAfter: number): Promise<Grown> {
  const log = await AuditLog.open(auditFiles(folder))
  const sizes = [0, log.size]
  for (let round = 0; round < ROUNDS; round += 1) {
    await Promise.all(Array.from({ length: 7 }, () => log.append({ kind: 'key.prekeys' })))
    sizes.push(log.size)
    if (round === signedAfter) await log.checkpoint()
  }
  const walBytes = readFileSync(join(folder, 'audit.db-wal')).length
  return { log, sizes, signedSize: log.lastCheckpoint?.size ?? 0, walBytes }
}

/** Opens a copy whose write-ahead file was damaged; what is there must be whole. */
async function openDamaged(
  folder: string,
  damage: (wal: string) => void,
): Promise<{ readonly size: number; readonly fault: string | undefined; readonly part: unknown }> {
  using copy = tempFolder()
  for (const name of NAMES) {
    if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(copy.path, name))
  }
  damage(join(copy.path, 'audit.db-wal'))
  let options: AuditLogOptions
  try {
    options = auditFiles(copy.path)
  } catch (error) {
    if (!isTalosError(error)) throw error
    return { size: 0, fault: error.code, part: error.details['part'] }
  }
  const log = await AuditLog.open(options)
  const { size, fault, verifierKey: logKey } = log
  const { store, kernel } = options
  expect((await verifyLog({ store, kernel, logKey })).root).toEqual(log.root)
  const signed = await log.checkpoint().catch((error: unknown) => (isTalosError(error) ? error.code : error))
  expect(signed).toBe(fault?.code ?? signed)
  await log.close()
  return { size, fault: fault?.code, part: fault?.details['part'] }
}

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path)
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 0x10, offset)
  writeFileSync(path, bytes)
}

describe('a write-ahead file that is cut', () => {
  it('ends with a whole transaction, and nothing is signed when that lies before the last checkpoint', async () => {
    using folder = tempFolder()
    const { log, sizes, signedSize, walBytes } = await grow(folder.path, 6)
    const seen = { rolledBack: 0, kept: 0 }
    for (let cut = 0; cut < walBytes; cut += SECTOR_BYTES) {
      const { size, fault } = await openDamaged(folder.path, (wal) => truncateSync(wal, cut))
      expect(sizes).toContain(size)
      expect(fault).toBe(size >= signedSize ? undefined : 'AUDIT_ROLLBACK')
      seen[fault === undefined ? 'kept' : 'rolledBack'] += 1
    }
    expect(seen.rolledBack).toBeGreaterThan(50)
    expect(seen.kept).toBeGreaterThan(20)
    await log.close()
  }, 120_000)
})

describe('a write-ahead file in which a bit is flipped', () => {
  it('is known to have lost transactions that were durable, unless the last one alone is hit', async () => {
    using folder = tempFolder()
    const { log, sizes, signedSize, walBytes } = await grow(folder.path, 2)
    const before = sizes.at(-2) ?? 0
    const seen = { found: 0, signed: 0, last: 0 }
    for (let offset = 0; offset < walBytes; offset += SECTOR_BYTES) {
      const { size, fault, part } = await openDamaged(folder.path, (wal) =>
        flip(wal, Math.min(walBytes - 1, offset + (offset % 499))),
      )
      expect(sizes).toContain(size)
      expect(size).toBeLessThan(log.size)
      // The limit of what can be known without a signature: the last transaction looks like one that was cut off.
      const isLast = fault === undefined
      expect([fault, part, isLast && size]).toEqual(
        isLast ? [undefined, undefined, before] : ['AUDIT_CORRUPT', 'wal', false],
      )
      seen[isLast ? 'last' : size < signedSize ? 'signed' : 'found'] += 1
    }
    expect(seen.found).toBeGreaterThan(50)
    expect(seen.signed).toBeGreaterThan(10)
    expect(seen.last).toBeGreaterThan(5)
    await log.close()
  }, 120_000)

  it('hits what was signed last, and then the checkpoint beside the log tells', async () => {
    using folder = tempFolder()
    const { log, walBytes } = await grow(folder.path, ROUNDS - 1)
    const opened = await openDamaged(folder.path, (wal) => {
      // Without the transaction that keeps the checkpoint, the last entries are those of the last transaction.
      truncateSync(wal, walBytes - FRAME_BYTES)
      flip(wal, walBytes - FRAME_BYTES - 100)
    })
    expect(opened).toMatchObject({ fault: 'AUDIT_ROLLBACK' })
    await log.close()
  })

  it('stays as it is, so that every later start refuses as well', async () => {
    using folder = tempFolder()
    using copy = tempFolder()
    const { log, walBytes } = await grow(folder.path, 2)
    for (const name of NAMES) copyFileSync(join(folder.path, name), join(copy.path, name))
    await log.close()
    flip(join(copy.path, 'audit.db-wal'), walBytes - 30_000)
    const files = () => NAMES.map((name) => readFileSync(join(copy.path, name)))
    const damaged = files()
    for (let start = 0; start < 2; start += 1) {
      const again = await AuditLog.open(auditFiles(copy.path))
      expect(again.fault).toMatchObject({ code: 'AUDIT_CORRUPT', details: { part: 'wal' } })
      await expect(again.append({ kind: 'key.prekeys' })).rejects.toMatchObject({ code: 'AUDIT_CORRUPT' })
      await again.close()
      expect(files()).toEqual(damaged)
    }
  })
})

describe('the look at a write-ahead file', () => {
  it('passes one that is missing, empty, or shorter than its header', () => {
    using folder = tempFolder()
    const path = join(folder.path, 'a.db-wal')
    expect(hasLostTransactions(path)).toBe(false)
    for (const length of [0, 31, 32, 55]) {
      writeFileSync(path, new Uint8Array(length))
      expect(hasLostTransactions(path)).toBe(false)
    }
    writeFileSync(path, new Uint8Array(56))
    expect(hasLostTransactions(path)).toBe(true)
  })

  it('reports what cannot be read', () => {
    using folder = tempFolder()
    expect(() => hasLostTransactions(join(folder.path, '\0'))).toThrow(expect.objectContaining({ code: 'FILE_FAILED' }))
  })

  it('passes frames of an earlier use of the file', async () => {
    using folder = tempFolder()
    const { log } = await grow(folder.path, 2)
    await log.close()
    expect(existsSync(join(folder.path, 'audit.db-wal'))).toBe(false)
    const again = await AuditLog.open(auditFiles(folder.path))
    const wal = join(folder.path, 'audit.db-wal')
    const { index } = await again.append({ kind: 'redact', commit: { content: { value: 1 } } })
    for (let round = 0; round < 5; round += 1) await again.append({ kind: 'key.prekeys' })
    const old = readFileSync(wal)
    await again.erase(index)
    await again.append({ kind: 'key.prekeys' })
    const now = readFileSync(wal)
    expect(now.length).toBeLessThan(old.length)
    const mixed = join(folder.path, 'mixed')
    writeFileSync(mixed, Buffer.concat([now, old.subarray(now.length)]))
    expect(hasLostTransactions(mixed)).toBe(false)
    await again.close()
    rmSync(mixed)
  })
})
