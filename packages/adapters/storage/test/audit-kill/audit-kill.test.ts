/**
 * Real processes, killed at random moments: nothing that was acknowledged is lost, nothing stands twice, and every
 * checkpoint that was ever released stays true. `npm run kill:audit -- --kills 1000` does more of the same.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { AuditLog } from '@talos/audit'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { auditFiles } from '../audit-files.ts'
import { isSound, killRun } from './harness.ts'
import { judge } from './judge.ts'
import { Ledger } from './ledger.ts'
import { entryName } from './order.ts'

const KILLS = 40
const LOGS = 4

describe('a log whose writers are killed', () => {
  it(`keeps what it acknowledged and signed, over ${KILLS} kills`, async () => {
    using home = tempFolder()
    const run = (seed: number) => killRun({ kills: KILLS / LOGS, seed, compiled: home.path })
    const results = await Promise.all(Array.from({ length: LOGS }, (_, index) => run(index + 1)))
    expect(results.map((result) => [isSound(result), result.breaches])).toEqual(results.map(() => [true, {}]))
    const sum = (of: 'acknowledged' | 'published' | 'killsAtStart') => results.reduce((total, r) => total + r[of], 0)
    expect(sum('acknowledged')).toBeGreaterThan(10 * KILLS)
    expect(sum('published')).toBeGreaterThan(KILLS)
  }, 180_000)

  it('is found out when it acknowledges before it has written', async () => {
    using home = tempFolder()
    const result = await killRun({ kills: 6, seed: 1, defect: 'early', compiled: home.path })
    expect(result.breaches.lost).toBeGreaterThan(0)
  }, 60_000)
})

describe('the judge of a log', () => {
  it('sees what is lost, what stands twice, what is out of order and what was said not to be there', async () => {
    using home = tempFolder()
    const folder = join(home.path, 'log')
    mkdirSync(folder, { mode: 0o700 })
    const log = await AuditLog.open(auditFiles(folder))
    const peer = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp' as const
    const names = [0, 1, 3, 2, 2].map((number) => entryName(0, 0, number))
    for (const message of names) await log.append({ kind: 'message.send', peer: peer as never, message })
    const note = await log.checkpoint()
    await log.close()
    const ledger = new Ledger()
    ledger.hear(`r\na ${names[0]} 1 ${'0'.repeat(64)}\nno ${names[1]}\nyes ${entryName(0, 1, 0)}\nc `)
    ledger.hear(`${Buffer.from(note).toString('base64')}\ne 4\nf X\nunknown ${entryName(0, 2, 0)}\na cut`)
    ledger.cut()
    const { breaches, fault } = await judge(folder, ledger)
    expect(breaches).toEqual({ lost: 2, twice: 1, disordered: 3, refusedButThere: 1 })
    expect(fault).toBeUndefined()
    expect([ledger.opened, ledger.acknowledged.size, ledger.unknown.size]).toEqual([1, 1, 1])
  })
})
