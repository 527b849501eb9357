/**
 * A page overwritten, a row gone, a row changed, at every place of a log's database: each is found and named, and whatever is
 * signed afterwards is the tree of the entries as they were.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AuditLog, type AuditReader } from '@talos/audit'
import { concatBytes, equalBytes } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { portableKernel } from '@talos/kernel'
import { openCheckpoint } from '@talos/merkle'
import { tempFolder } from '@talos/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { auditFiles } from './audit-files.ts'

const kernel = portableKernel()
const PAGE_BYTES = 4096
/** Two whole tiles of level 0 and part of a third. */
const ENTRIES = 600
/** What a log says of damage, each by its own name. */
const NAMED = [
  'AUDIT_CORRUPT',
  'AUDIT_ROLLBACK',
  'STORE_CORRUPT',
  'AUDIT_STORE_FAILED',
  'STORE_WRITE_FAILED',
  'STORE_TOO_NEW',
]
/** An append to a damaged store fails with its cause. */
const REFUSED = [...NAMED, 'AUDIT_APPEND_FAILED']

const home = tempFolder()
const whole = join(home.path, 'whole')
let leaves: Uint8Array[] = []
let copies = 0

beforeAll(async () => {
  mkdirSync(whole, { mode: 0o700 })
  const log = await AuditLog.open(auditFiles(whole))
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(
      Array.from({ length: ENTRIES / 10 }, (_, number) => {
        const commit = number % 20 === 0 ? { commit: { content: { value: number } } } : {}
        return log.append({ kind: 'redact', cause: round.toString(16).padStart(64, '0'), ...commit })
      }),
    )
    if (round === 7) await log.checkpoint()
  }
  leaves = leavesOf(log.reader)
  await log.close()
  return () => home[Symbol.dispose]()
})

function leavesOf(reader: AuditReader): Uint8Array[] {
  return Array.from(reader.entries(), ({ leafHash }) => leafHash)
}

interface Outcome {
  /** What was found by opening, reading everything, and appending; empty where the damage hit nothing. */
  readonly found: readonly string[]
  readonly isSigned: boolean
}

/**
 * Damages two copies. One is checked first: where that finds anything, nothing is signed. The other appends and signs at
 * once, and a signature over anything but the entries as they were fails the test.
 */
async function damaged(damage: (database: string) => void): Promise<Outcome> {
  const checked = await tryOn(damage, true)
  const unchecked = await tryOn(damage, false)
  expect(checked.isSigned && checked.found.length > 0, 'signed what a check had found damaged').toBe(false)
  return { found: [...new Set([...checked.found, ...unchecked.found])], isSigned: checked.isSigned }
}

async function tryOn(damage: (database: string) => void, isChecked: boolean): Promise<Outcome> {
  copies += 1
  const folder = join(home.path, `copy-${copies}`)
  mkdirSync(folder, { mode: 0o700 })
  for (const name of ['audit.db', 'checkpoint.note']) copyFileSync(join(whole, name), join(folder, name))
  damage(join(folder, 'audit.db'))
  const found: string[] = []
  const codeOf = (error: unknown): undefined => {
    if (!isTalosError(error)) throw error
    found.push(error.code)
    return undefined
  }
  let log: AuditLog
  try {
    log = await AuditLog.open(auditFiles(folder))
  } catch (error) {
    codeOf(error)
    return { found, isSigned: false }
  }
  if (log.fault !== undefined) found.push(log.fault.code)
  if (isChecked) await log.verify().catch(codeOf)
  const appended = await log.append({ kind: 'key.prekeys' }).catch(codeOf)
  const note = await log.checkpoint().catch(codeOf)
  if (note !== undefined) {
    const { size, root } = openCheckpoint(note, { logKey: log.verifierKey, kernel })
    const all = appended === undefined ? leaves : [...leaves, appended.leafHash]
    expect([size, equalBytes(root, rootOf(all))], 'signed over damage').toEqual([all.length, true])
  }
  await log.close()
  rmSync(folder, { recursive: true })
  return { found, isSigned: note !== undefined }
}

function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  let level = [...hashes]
  while (level.length > 1) {
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, index) => {
      const [left, right] = level.slice(2 * index, 2 * index + 2)
      if (left === undefined) return new Uint8Array(0)
      return right === undefined ? left : kernel.sha256(concatBytes(Uint8Array.of(1), left, right))
    })
  }
  return level[0] ?? new Uint8Array(0)
}

describe('a damaged page', () => {
  const kinds: readonly [string, (page: Buffer, number: number) => void][] = [
    ['is emptied', (page) => page.fill(0)],
    ['holds something else', (page, number) => page.fill(number % 251)],
    [
      'has one bit flipped',
      (page, number) => page.writeUInt8(page.readUInt8((number * 997) % PAGE_BYTES) ^ 4, (number * 997) % PAGE_BYTES),
    ],
  ]
  it.each(kinds)('that %s is found and named, and nothing false is signed', async (_, change) => {
    const pages = readFileSync(join(whole, 'audit.db')).length / PAGE_BYTES
    let silent = 0
    for (let number = 0; number < pages; number += 1) {
      const { found } = await damaged((path) => {
        const bytes = readFileSync(path)
        change(bytes.subarray(number * PAGE_BYTES, (number + 1) * PAGE_BYTES), number)
        writeFileSync(path, bytes)
      })
      expect(REFUSED).toEqual(expect.arrayContaining([...found]))
      if (found.length === 0) silent += 1
    }
    expect(pages).toBeGreaterThan(30)
    // Pages, and parts of pages, that hold nothing of the log: room that is free, salt keys, the list of migrations.
    expect(silent).toBeLessThan(pages / 3)
  })
})

describe('a row', () => {
  function rows(table: string): number[] {
    const database = new DatabaseSync(join(whole, 'audit.db'), { readOnly: true })
    const found = database.prepare(`SELECT rowid AS id FROM ${table}`).all()
    database.close()
    return found.map(({ id }) => Number(id))
  }

  function change(sql: string): (path: string) => void {
    return (path) => {
      const database = new DatabaseSync(path)
      const { changes } = database.prepare(sql).run()
      database.close()
      expect(changes).toBe(1)
    }
  }

  it('of entries that is deleted is found wherever it stands', async () => {
    for (const id of rows('entries')) {
      const { found } = await damaged(change(`DELETE FROM entries WHERE rowid = ${id}`))
      expect(found[0]).toBe('AUDIT_CORRUPT')
    }
  })

  it('of entries that is changed is found wherever it stands', async () => {
    const letter = (column: string) => `CAST(replace(CAST(${column} AS TEXT), 'redact', 'rebact') AS BLOB)`
    const count = rows('entries').length
    for (const id of rows('entries')) {
      const { found } = await damaged(change(`UPDATE entries SET bodies = ${letter('bodies')} WHERE rowid = ${id}`))
      if (id === 0) continue
      expect(found[0]).toBe('AUDIT_CORRUPT')
    }
    expect(count).toBeGreaterThan(5)
  })

  it.each([
    ['a tile that is deleted', 'DELETE FROM tile WHERE level = 0 AND n = 1'],
    ['a tile that is changed', 'UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND n = 1'],
    ['the head that is deleted', 'DELETE FROM head'],
    ['the head that is set back', 'UPDATE head SET size = size - 1'],
    ['the head with another root', 'UPDATE head SET root = zeroblob(32)'],
    ['the head with another edge', 'UPDATE head SET edge = zeroblob(length(edge))'],
    ['the incomplete tile that is changed', 'UPDATE partial SET hashes = zeroblob(length(hashes)) WHERE level = 1'],
    ['a checkpoint that is changed', "UPDATE checkpoint SET note = 'x'"],
  ])('of %s is found', async (_, sql) => {
    const { found } = await damaged(change(sql))
    expect(found.length).toBeGreaterThan(0)
    expect(REFUSED).toEqual(expect.arrayContaining([...found]))
  })

  it('that is as it was is no damage', async () => {
    expect(await damaged(() => undefined)).toEqual({ found: [], isSigned: true })
  })
})
