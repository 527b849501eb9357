/** Backups of agents whose log refuses (spec 21-identity-lifecycle, 21.8): what of the log goes into them, and what does not. */
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { TalosClient } from '@talos/client'
import { isTalosError } from '@talos/errors'
import { openBackup } from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import { AgentDatabase } from '@talos/storage'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it, vi } from 'vitest'
import { optionsFor } from '../agents.ts'

const kernel = portableKernel()
const backupPassphrase = 'a passphrase for the safe'

/** An agent that does not run, of whose log two checkpoints were signed; the first lies beside the folder with its database. */
async function refusable() {
  const home = tempFolder()
  const path = (name: string) => join(home.path, 'agents', 'alice', name)
  const options = optionsFor(home.path)
  const sign = async () => {
    await using client = await TalosClient.open('alice', options)
    await client.log.append({ kind: 'identity.backup' })
    return await client.log.checkpoint()
  }
  await (await TalosClient.create('alice', options)).close()
  const notes = [await sign()]
  copyFileSync(path('audit.db'), join(home.path, 'earlier.db'))
  notes.push(await sign())
  const backUp = async () => {
    const made = await TalosClient.backupIdentity('alice', { ...options, backupPassphrase })
    const { checkpoint } = await openBackup({ text: made.text, passphrase: backupPassphrase, kernel })
    return { ...made, checkpoint, code: made.refusal?.code }
  }
  const setBack = () => copyFileSync(join(home.path, 'earlier.db'), path('audit.db'))
  return { home: home.path, path, options, notes, backUp, setBack, [Symbol.dispose]: () => home[Symbol.dispose]() }
}

describe('the backup of an agent whose log refuses', () => {
  it('names the checkpoint in the file beside the log, which is later than the log', async () => {
    using agent = await refusable()
    agent.setBack()
    expect(await agent.backUp()).toMatchObject({ code: 'AUDIT_ROLLBACK', checkpoint: agent.notes[1], signedSize: 4 })
  })

  it('names the checkpoint in the log where the file is missing, older, or signed by nobody of the log', async () => {
    using agent = await refusable()
    const [first = '', second = ''] = agent.notes
    const named = { code: 'AUDIT_ROLLBACK', checkpoint: second }
    rmSync(agent.path('checkpoint.txt'))
    expect(await agent.backUp()).toMatchObject(named)
    for (const note of [
      first,
      second.replace(/^.*/, 'talos/other/1'),
      second.replace('\n4\n', '\n5\n'),
      '',
      '\u0000',
    ]) {
      writeFileSync(agent.path('checkpoint.txt'), note, { mode: 0o600 })
      expect(await agent.backUp()).toMatchObject(named)
    }
  })

  it('has the line of the log alone, whoever else signed the checkpoint', async () => {
    using agent = await refusable()
    agent.setBack()
    const note = `${agent.notes[1]}${`— witness ${'A'.repeat(96)}\n`.repeat(16)}`
    writeFileSync(agent.path('checkpoint.txt'), note)
    expect((await agent.backUp()).checkpoint).toBe(agent.notes[1])
  })

  it.each(['a database without its first pages', 'no database', 'a log without its entries'])(
    'is made over %s',
    async (what) => {
      using agent = await refusable()
      const file = agent.path('audit.db')
      if (what === 'no database') writeFileSync(file, 'x'.repeat(10_000))
      else if (what === 'a log without its entries') {
        using database = new DatabaseSync(file)
        database.exec('DELETE FROM entries')
      } else writeFileSync(file, readFileSync(file).fill(0, 0, 16_384))
      const before = readFileSync(agent.path('checkpoint.txt'))
      const made = await agent.backUp()
      expect(made.code).toMatch(/^(AUDIT|STORE)_CORRUPT$/)
      expect(made.checkpoint).toBe(agent.notes[1])
      expect(readFileSync(agent.path('checkpoint.txt'))).toEqual(before)
      const elsewhere = { ...optionsFor(join(agent.home, 'elsewhere')), backup: made.text, backupPassphrase }
      await TalosClient.restoreIdentity('alice', elsewhere)
      await using again = await TalosClient.open('alice', elsewhere)
      expect(again.log.reader.entry(0).entry.log?.previous).toBe(agent.notes[1])
    },
  )

  it('names no checkpoint where none is known, and goes on', async () => {
    using agent = await refusable()
    writeFileSync(agent.path('audit.db'), 'x'.repeat(10_000))
    truncateSync(agent.path('checkpoint.txt'))
    expect(await agent.backUp()).toMatchObject({ code: 'STORE_CORRUPT', checkpoint: undefined, signedSize: undefined })
  })

  it('follows an emergency: the checkpoint that an earlier key of the log signed still counts', async () => {
    using agent = await refusable()
    agent.setBack()
    await TalosClient.rotateIdentity('alice', { ...agent.options, reason: 'compromised' })
    expect(await agent.backUp()).toMatchObject({ code: 'AUDIT_ROLLBACK', checkpoint: agent.notes[1] })
  })

  it('is not made of an agent that is not whole yet, or whose own database is damaged', async () => {
    using agent = await refusable()
    const { text } = await agent.backUp()
    const restored = { ...optionsFor(join(agent.home, 'elsewhere')), backup: text, backupPassphrase }
    const power = vi.spyOn(AgentDatabase.prototype, 'outdateOwn').mockImplementation(() => {
      throw new Error('power')
    })
    await expect(TalosClient.restoreIdentity('alice', restored)).rejects.toThrow('power')
    power.mockRestore()
    writeFileSync(join(agent.home, 'elsewhere/agents/alice/audit.db'), 'x'.repeat(10_000))
    const unfinished = TalosClient.backupIdentity('alice', restored)
    await expect(unfinished).rejects.toSatisfy((error) => isTalosError(error, 'STORE_CORRUPT'))
    writeFileSync(agent.path('agent.db'), 'x'.repeat(10_000))
    await expect(agent.backUp()).rejects.toSatisfy(
      (error) => isTalosError(error, 'STORE_CORRUPT') && error.details['store'] === 'agent',
    )
  })
})
