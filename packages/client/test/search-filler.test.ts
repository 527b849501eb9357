/** The search database of a running agent follows its log by itself, and stops where the log is damaged. */
import { AuditLog } from '@talos/audit'
import { afterEach, describe, expect, it } from 'vitest'
import { appendMany, setup } from '../../protocol/audit/test/fixtures.ts'
import { MemoryAuditIndex } from '../../protocol/audit/test/memory-store.ts'
import { SearchFiller } from '../src/search-filler.ts'

const LOOK_MS = 10
const opened: SearchFiller[] = []

async function filled() {
  const index = new MemoryAuditIndex()
  const options = setup({ index })
  const log = await AuditLog.open(options)
  const filler = new SearchFiller({ log, lookMs: LOOK_MS })
  opened.push(filler)
  return { index, log, filler, store: options.store }
}

const until = async (holds: () => boolean) => await expect.poll(holds, { timeout: 5_000, interval: 5 }).toBe(true)

afterEach(() => {
  for (const filler of opened.splice(0)) filler[Symbol.dispose]()
})

describe('the filler', () => {
  it('adds what was appended, in steps, and goes on with what comes', async () => {
    const { index, log } = await filled()
    await appendMany(log, 1000)
    await until(() => index.size === 1001)
    await appendMany(log, 1)
    await until(() => index.size === 1002)
  })

  it('adds no more than a step at a look while entries keep coming', async () => {
    const { index, log } = await filled()
    await appendMany(log, 600)
    const grown = index.add.bind(index)
    index.add = (records) => {
      grown(records)
      void log.append({ kind: 'key.prekeys' })
    }
    await until(() => index.size > 600)
  })

  it('adds nothing after its end', async () => {
    const { index, log, filler } = await filled()
    filler[Symbol.dispose]()
    await appendMany(log, 5)
    await new Promise((resolve) => setTimeout(resolve, 5 * LOOK_MS))
    expect(index.size).toBe(0)
  })

  it('ends at a log that is damaged', async () => {
    const { index, log, store } = await filled()
    await appendMany(log, 5)
    await until(() => index.size === 6)
    await appendMany(log, 5)
    const whole = [...store.rows]
    for (const [first, group] of store.rows) store.rows.set(first, { ...group, bodies: group.bodies.slice(1) })
    index.clear()
    await new Promise((resolve) => setTimeout(resolve, 5 * LOOK_MS))
    for (const [first, group] of whole) store.rows.set(first, group)
    await new Promise((resolve) => setTimeout(resolve, 5 * LOOK_MS))
    expect(index.size).toBe(0)
  })
})
