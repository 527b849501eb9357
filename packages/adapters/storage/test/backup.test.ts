/** A log that comes from a backup: older than what it signed, with the checkpoint beside it or without. */
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { AuditLog } from '@talos/audit'
import { isTalosError } from '@talos/errors'
import { portableKernel } from '@talos/kernel'
import { signCheckpoint, treeSize } from '@talos/merkle'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { auditFiles } from './audit-files.ts'

const DATABASE = ['audit.db']
const GUARD = ['checkpoint.note']

async function grow(folder: string, count: number): Promise<string> {
  const log = await AuditLog.open(auditFiles(folder))
  await Promise.all(Array.from({ length: count }, () => log.append({ kind: 'key.prekeys' })))
  const note = await log.checkpoint()
  await log.close()
  return note
}

function copy(names: readonly string[], from: string, to: string): void {
  for (const name of names) copyFileSync(join(from, name), join(to, name))
}

async function codesOf(log: AuditLog): Promise<(string | undefined)[]> {
  const codeOf = (error: unknown): string => (isTalosError(error) ? error.code : String(error))
  const appended = await log.append({ kind: 'key.prekeys' }).then(() => 'appended', codeOf)
  const signed = await log.checkpoint().then(() => 'signed', codeOf)
  return [log.fault?.code, appended, signed]
}

const REFUSED = ['AUDIT_ROLLBACK', 'AUDIT_ROLLBACK', 'AUDIT_ROLLBACK']
const HEALTHY = [undefined, 'appended', 'signed']

describe('a log from a backup that is older than its last checkpoint', () => {
  it('signs nothing, whatever it was that was restored', async () => {
    for (const left of [[...DATABASE], []]) {
      using folder = tempFolder()
      using backup = tempFolder()
      await grow(folder.path, 300)
      copy([...DATABASE, ...GUARD], folder.path, backup.path)
      await grow(folder.path, 20)
      rmSync(join(folder.path, 'audit.db'))
      copy(left, backup.path, folder.path)
      await using log = await AuditLog.open(auditFiles(folder.path))
      expect(await codesOf(log)).toEqual(REFUSED)
    }
  })

  it('goes on when nothing was signed since: the last checkpoint knows of no entry after it', async () => {
    using folder = tempFolder()
    using backup = tempFolder()
    await grow(folder.path, 30)
    copy(DATABASE, folder.path, backup.path)
    const grown = await AuditLog.open(auditFiles(folder.path))
    await grown.append({ kind: 'key.prekeys' })
    await grown.close()
    copy(DATABASE, backup.path, folder.path)
    await using log = await AuditLog.open(auditFiles(folder.path))
    expect(await codesOf(log)).toEqual(HEALTHY)
  })
})

describe('a log that was set back together with the checkpoint beside it', () => {
  it('is as it was before, until a checkpoint of its own comes back; then it signs nothing any more', async () => {
    using folder = tempFolder()
    using backup = tempFolder()
    const older = await grow(folder.path, 30)
    copy([...DATABASE, ...GUARD], folder.path, backup.path)
    const newer = await grow(folder.path, 5)
    copy([...DATABASE, ...GUARD], backup.path, folder.path)
    const log = await AuditLog.open(auditFiles(folder.path))
    expect([log.fault, await log.confront(older)]).toEqual([undefined, undefined])
    expect(await log.confront(newer)).toMatchObject({ code: 'AUDIT_ROLLBACK', details: { size: 36 } })
    expect(await codesOf(log)).toEqual(REFUSED)
    await log.close()
    await using again = await AuditLog.open(auditFiles(folder.path))
    expect(await codesOf(again)).toEqual(REFUSED)
  })

  it('is told by another root at a size that it has, once it has grown past it', async () => {
    using folder = tempFolder()
    using backup = tempFolder()
    await grow(folder.path, 30)
    copy([...DATABASE, ...GUARD], folder.path, backup.path)
    const newer = await grow(folder.path, 5)
    copy([...DATABASE, ...GUARD], backup.path, folder.path)
    await grow(folder.path, 50)
    await using log = await AuditLog.open(auditFiles(folder.path))
    expect(await log.confront(newer)).toMatchObject({ details: { reason: 'its entries are others' } })
    expect(await codesOf(log)).toEqual(REFUSED)
  })

  it('is not stopped by a checkpoint that another key signed', async () => {
    using folder = tempFolder()
    await grow(folder.path, 3)
    const kernel = portableKernel()
    const seed = new Uint8Array(32).fill(9)
    const sign = async (message: Uint8Array) => kernel.ed25519Sign(seed, message)
    const signer = { publicKey: kernel.ed25519PublicKey(seed), sign }
    const options = auditFiles(folder.path)
    const { origin } = options
    const forged = await signCheckpoint({ origin, size: treeSize(99), root: new Uint8Array(32), signer, kernel })
    await using log = await AuditLog.open(options)
    await expect(log.confront(forged)).rejects.toMatchObject({ code: 'NOTE_UNSIGNED' })
    expect(await codesOf(log)).toEqual(HEALTHY)
  })
})
