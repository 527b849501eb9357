/** What makes a log stop for good: a checkpoint of its own that it does not contain, and damage that somebody found. */
import { AuditLog } from '@talos/audit'
import { TalosError } from '@talos/errors'
import { openCheckpoint } from '@talos/merkle'
import { describe, expect, it } from 'vitest'
import { appendMany, codeOf, filledLog, kernel, setup, signerOf } from './fixtures.ts'
import { MemoryAuditStore, MemoryCheckpointGuard } from './memory-store.ts'

async function stateOf(log: AuditLog): Promise<(string | undefined)[]> {
  const append = await codeOf(() => log.append({ kind: 'key.prekeys' }))
  return [log.fault?.code, append, await codeOf(() => log.checkpoint())]
}

const HEALTHY = [undefined, 'accepted', 'accepted']

describe('a log that is held against a checkpoint of its own', () => {
  it('goes on when it contains it, however old it is', async () => {
    const log = await filledLog(setup(), 5)
    const note = await log.checkpoint()
    await appendMany(log, 5)
    expect(await log.confront(note)).toBeUndefined()
    expect(await stateOf(log)).toEqual(HEALTHY)
  })

  it('stops for good when it is smaller, or has other entries, and leaves the note with the guard', async () => {
    for (const count of [3, 20]) {
      const newer = await (await filledLog(setup(), 10)).checkpoint()
      const options = setup({ signer: signerOf(1), clock: { ...setup().clock, nowMs: () => 7 } })
      const log = await filledLog(options, count)
      expect(await log.confront(newer)).toMatchObject({ code: 'AUDIT_ROLLBACK', details: { size: 11 } })
      expect(await stateOf(log)).toEqual(['AUDIT_ROLLBACK', 'AUDIT_ROLLBACK', 'AUDIT_ROLLBACK'])
      expect(await options.guard.read()).toBe(newer)
      expect(await stateOf(await AuditLog.open(options))).toEqual([
        'AUDIT_ROLLBACK',
        'AUDIT_ROLLBACK',
        'AUDIT_ROLLBACK',
      ])
    }
  })

  it('stops as well when the note cannot be kept, and says why it could not', async () => {
    const newer = await (await filledLog(setup(), 10)).checkpoint()
    class BrokenGuard extends MemoryCheckpointGuard {
      override async write(): Promise<void> {
        throw new TalosError('FILE_FAILED', { operation: 'write', path: 'guard', reason: 'EIO' })
      }
    }
    const log = await filledLog(setup({ guard: new BrokenGuard() }), 2)
    expect(await log.confront(newer)).toMatchObject({ code: 'AUDIT_ROLLBACK', cause: { code: 'FILE_FAILED' } })
    expect(await codeOf(() => log.checkpoint())).toBe('AUDIT_ROLLBACK')
  })

  it('is not stopped by a key that does not sign for it, an earlier one included', async () => {
    const foreign = await (await filledLog(setup({ signer: signerOf(2) }), 10)).checkpoint()
    const log = await filledLog(setup(), 2)
    expect(await codeOf(() => log.confront(foreign))).toBe('NOTE_UNSIGNED')
    expect(await stateOf(log)).toEqual(HEALTHY)
  })

  it('is not stopped by a medium that fails', async () => {
    const options = setup()
    const first = await filledLog(options, 90)
    const note = await first.checkpoint()
    await appendMany(first, 300)
    const log = await AuditLog.open(options)
    options.store.isReadable = false
    expect(await codeOf(() => log.confront(note))).toBe('AUDIT_STORE_FAILED')
    options.store.isReadable = true
    expect(await log.confront(note)).toBeUndefined()
    expect(await stateOf(log)).toEqual(HEALTHY)
  })

  it('keeps the fault that it has', async () => {
    const newer = await (await filledLog(setup(), 10)).checkpoint()
    const log = await filledLog(setup(), 2)
    await log.close()
    expect(await log.confront(newer)).toMatchObject({ code: 'AUDIT_ROLLBACK' })
    expect(log.fault?.code).toBe('AUDIT_CLOSED')
  })
})

class DamagedStore extends MemoryAuditStore {
  damage?: TalosError
  failure?: TalosError

  override async append(...batch: Parameters<MemoryAuditStore['append']>): Promise<void> {
    if (this.failure !== undefined) throw this.failure
    await super.append(...batch)
  }
}

describe('a log that is damaged', () => {
  it('is there for reading only when its store knows so', async () => {
    const store = new DamagedStore()
    await filledLog(setup({ store }), 5)
    store.damage = new TalosError('AUDIT_CORRUPT', { index: 6, part: 'wal' })
    const log = await AuditLog.open(setup({ store }))
    expect(await stateOf(log)).toEqual(['AUDIT_CORRUPT', 'AUDIT_CORRUPT', 'AUDIT_CORRUPT'])
    expect(log.reader.entry(3).index).toBe(3)
    expect(log.reader.inclusion({ index: 3 })).toHaveLength(3)
  })

  it.each([
    new TalosError('STORE_CORRUPT', { store: 'audit', reason: 'a page' }),
    new TalosError('AUDIT_CORRUPT', { index: 5, part: 'missing' }),
  ])('builds nothing more on what an append found', async (failure) => {
    const store = new DamagedStore()
    const log = await filledLog(setup({ store }), 5)
    const note = await log.checkpoint()
    store.failure = failure
    expect(await codeOf(() => log.append({ kind: 'key.prekeys' }))).toBe('AUDIT_APPEND_FAILED')
    expect(await stateOf(log)).toEqual([failure.code, failure.code, failure.code])
    expect(openCheckpoint(note, { logKey: log.verifierKey, kernel }).size).toBe(log.size)
  })

  it('signs nothing any more once a check has found it', async () => {
    const options = setup()
    const log = await filledLog(options, 300)
    expect(await codeOf(() => log.verify())).toBe('accepted')
    options.store.rewrite(7, (bodies, position) => bodies.with(position, bodies[position + 1] ?? new Uint8Array(1)))
    expect(await codeOf(() => log.verify())).toBe('AUDIT_CORRUPT')
    expect(await stateOf(log)).toEqual(['AUDIT_CORRUPT', 'AUDIT_CORRUPT', 'AUDIT_CORRUPT'])
  })

  it('goes on after a check that the medium did not let end', async () => {
    const options = setup()
    const log = await filledLog(options, 3)
    options.store.isReadable = false
    expect(await codeOf(() => log.verify())).toBe('AUDIT_STORE_FAILED')
    options.store.isReadable = true
    expect(await stateOf(log)).toEqual(HEALTHY)
  })
})
