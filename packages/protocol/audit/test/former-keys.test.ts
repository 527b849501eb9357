/** A log that goes on under another key (spec 21-identity-lifecycle, 21.5): what the one before signed counts, and no more. */
import { logVerifierKey } from '@talos/merkle'
import { describe, expect, it } from 'vitest'
import { AuditLog, openLogCheckpoint } from '../src/index.ts'
import { appendMany, codeOf, filledLog, kernel, ORIGIN, setup, signerOf } from './fixtures.ts'

const keyOf = (byte: number) => logVerifierKey({ origin: ORIGIN, publicKey: signerOf(byte).publicKey, kernel })

/** A log of which the key 1 signed the beginning and the key 2 the rest. */
async function changedLog() {
  const options = setup({ signer: signerOf(1) })
  const first = await filledLog(options, 5)
  const note = await first.checkpoint()
  const next = { ...options, signer: signerOf(2), formerKeys: [keyOf(1)] }
  const log = await AuditLog.open(next)
  await appendMany(log, 3)
  return { options, next, log, note }
}

describe('a log under its second key', () => {
  it('opens, signs by that, and verifies as a whole', async () => {
    const { log, note } = await changedLog()
    expect(log.fault).toBeUndefined()
    const signed = await log.checkpoint()
    const keys = { logKey: keyOf(2), formerKeys: [keyOf(1)], kernel }
    expect(openLogCheckpoint(signed, { logKey: keyOf(2), kernel }).size).toBe(log.size)
    expect(openLogCheckpoint(note, keys).size).toBeLessThan(log.size)
    expect(await codeOf(() => openLogCheckpoint(note, { logKey: keyOf(2), kernel }))).toBe('NOTE_UNSIGNED')
    expect(await log.verify()).toMatchObject({ size: log.size, checkpoints: 2 })
  })

  it('does not open where the first key is not known for one of its own', async () => {
    const { options } = await changedLog()
    const log = await AuditLog.open({ ...options, signer: signerOf(3), formerKeys: [keyOf(4)] })
    expect(log.fault?.code).toBe('AUDIT_ROLLBACK')
  })

  it('is corrupt where the first key signs after the second', async () => {
    const { options, next, log } = await changedLog()
    await log.checkpoint()
    const thief = await AuditLog.open({ ...options, formerKeys: [keyOf(2)] })
    await appendMany(thief, 1)
    await thief.checkpoint()
    const again = await AuditLog.open(next)
    expect(again.fault).toBeUndefined()
    expect(await codeOf(async () => await again.verify())).toBe('AUDIT_CORRUPT')
  })
})
