/** An agent whose making from a backup was cut off (spec 21-identity-lifecycle, 21.9). */
import { Secret } from '@talos/bytes'
import { TalosClient } from '@talos/client'
import { appendEntry, ed25519Signer, openBackup } from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import { AgentDatabase } from '@talos/storage'
import { tempFolder } from '@talos/testkit'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { optionsFor } from '../agents.ts'

const kernel = portableKernel()
const backupPassphrase = 'a passphrase for the safe'
const key = (fill: number) => ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(fill)) })

afterEach(() => vi.restoreAllMocks())

/** Options to make an agent from a backup in an empty home. */
async function lostAgent() {
  using home = tempFolder()
  const elsewhere = tempFolder()
  const client = await TalosClient.create('alice', optionsFor(home.path))
  const { did, keyLog } = client
  await client.close()
  const { text: backup } = await TalosClient.backupIdentity('alice', { ...optionsFor(home.path), backupPassphrase })
  const options = { ...optionsFor(elsewhere.path), backup, backupPassphrase }
  return { did, keyLog, options, [Symbol.dispose]: () => elsewhere[Symbol.dispose]() }
}

async function cutOff(run: () => Promise<unknown>): Promise<void> {
  const power = vi.spyOn(AgentDatabase.prototype, 'outdateOwn').mockImplementation(() => {
    throw new Error('power')
  })
  await expect(run()).rejects.toThrow('power')
  power.mockRestore()
}

describe('an agent that was begun from a backup', () => {
  it('to be restored is not taken for recovered: the key that counts as lost would go on', async () => {
    using lost = await lostAgent()
    await cutOff(async () => await TalosClient.restoreIdentity('alice', lost.options))
    const unfinished = { code: 'RESTORE_UNFINISHED' }
    await expect(TalosClient.recoverIdentity('alice', lost.options)).rejects.toMatchObject(unfinished)
    expect((await TalosClient.restoreIdentity('alice', lost.options)).did).toBe(lost.did)
  })

  it('to be recovered is not taken for restored', async () => {
    using lost = await lostAgent()
    await cutOff(async () => await TalosClient.recoverIdentity('alice', lost.options))
    const unfinished = { code: 'RESTORE_UNFINISHED' }
    await expect(TalosClient.restoreIdentity('alice', lost.options)).rejects.toMatchObject(unfinished)
    const recovered = await TalosClient.recoverIdentity('alice', lost.options)
    expect(recovered).toMatchObject({ before: lost.did, version: 2 })
    expect(recovered.did).not.toBe(lost.did)
  })

  it('goes on with the external signer of its next key, whatever held the one before', async () => {
    using lost = await lostAgent()
    const options = { ...lost.options, nextSigner: key(7) }
    await cutOff(async () => await TalosClient.recoverIdentity('alice', options))
    expect((await TalosClient.recoverIdentity('alice', options)).did).toBe(key(7).did)
  })

  it('goes on by no key log that is newer than the one that it was begun with', async () => {
    using lost = await lostAgent()
    await cutOff(async () => await TalosClient.restoreIdentity('alice', lost.options))
    const { nextSeed } = await openBackup({ text: lost.options.backup, passphrase: backupPassphrase, kernel })
    const { text: keyLog } = await appendEntry(lost.keyLog, {
      kind: 'rotate',
      signer: key(7),
      updateSigner: ed25519Signer({ kernel, seed: Secret.of(nextSeed) }),
      nextUpdateKeys: [key(8).did],
      nowMs: lost.keyLog.versionTimeMs + 1_000,
    })
    const unfinished = { code: 'RESTORE_UNFINISHED' }
    await expect(TalosClient.restoreIdentity('alice', { ...lost.options, keyLog })).rejects.toMatchObject(unfinished)
  })
})
