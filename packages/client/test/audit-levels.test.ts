/** Levels of the audit log with real agents: what is left out, what never is, and that everything else works as before. */
import { writeFileSync } from 'node:fs'
import { TalosClient } from '@talos/client'
import { isTalosError } from '@talos/errors'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { optionsFor } from './agents.ts'

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    return isTalosError(error) ? error.code : 'a foreign error'
  }
  return 'accepted'
}

function kindsOf(client: TalosClient): Set<string> {
  return new Set(Array.from(client.log.reader.entries(), ({ entry }) => entry.kind))
}

/** Sends one message from a new agent of that level to a new agent of the same; gives both, and what was sent and received. */
async function exchange(home: string, auditLevel: 'minimal' | 'standard' | 'verbose') {
  const options = optionsFor(home, { auditLevel })
  const alice = await TalosClient.create('alice', options)
  const bob = await TalosClient.create('bob', options)
  const received = Promise.withResolvers<{ text: string; messageHash: string }>()
  bob.onMessage(({ bytes, messageHash }) => received.resolve({ text: new TextDecoder().decode(bytes), messageHash }))
  const listening = await bob.listen()
  const bobDid = alice.addPeer(await listening.createInvitation())
  await alice.establishSession(bobDid)
  const sent = await alice.send(bobDid, new TextEncoder().encode('hello'))
  return { alice, bob, sent, received: await received.promise }
}

describe('the audit level of an agent', () => {
  it('minimal leaves sessions and messages out, which arrive all the same and cannot be proven', async () => {
    using folder = tempFolder()
    const { alice, bob, sent, received } = await exchange(folder.path, 'minimal')
    expect(received).toEqual({ text: 'hello', messageHash: '' })
    expect(sent).toMatchObject({ delivered: true, messageHash: '', logIndex: undefined })
    expect([...kindsOf(alice)]).toEqual(['log.open', 'identity.create'])
    expect([...kindsOf(bob)]).toEqual(['log.open', 'identity.create'])
    expect(await codeOf(() => alice.getMerkleProof(sent.messageHash))).toBe('MESSAGE_NOT_RECORDED')
    expect(await codeOf(() => alice.getMerkleProof('ab'.repeat(32)))).toBe('MESSAGE_NOT_RECORDED')
    expect(await alice.log.checkpoint()).toContain('talos/')
    expect(await alice.log.verify()).toMatchObject({ size: 2 })
    await alice.close()
    await bob.close()
  })

  it('standard records them, and is what an agent has that is told nothing', async () => {
    using folder = tempFolder()
    const { alice, bob, sent } = await exchange(folder.path, 'standard')
    const kinds = ['log.open', 'identity.create', 'session.open', 'message.send']
    expect([...kindsOf(alice)]).toEqual(expect.arrayContaining(kinds))
    expect([...kindsOf(bob)]).toEqual(expect.arrayContaining(['message.receive', 'key.prekeys']))
    expect(alice.verifyProof(await alice.getMerkleProof(sent.messageHash))).toBeDefined()
    expect(await codeOf(() => alice.getMerkleProof('ab'.repeat(32)))).toBe('MESSAGE_UNKNOWN')
    await alice.close()
    await bob.close()
    const other = await TalosClient.create('other', optionsFor(folder.path))
    expect(other.log.level).toBe('standard')
    await other.close()
  })

  it('is kept in the folder, goes over to whoever opens the agent next, and can be changed', async () => {
    using folder = tempFolder()
    const first = await TalosClient.create('carol', optionsFor(folder.path, { auditLevel: 'minimal' }))
    const path = first.folder.filePath('audit.level')
    await first.close()
    const again = await TalosClient.open('carol', optionsFor(folder.path))
    expect(again.log.level).toBe('minimal')
    await again.close()
    const verbose = await TalosClient.open('carol', optionsFor(folder.path, { auditLevel: 'verbose' }))
    expect(verbose.log.level).toBe('verbose')
    await verbose.close()
    writeFileSync(path, 'loud\n', { mode: 0o600 })
    expect(await codeOf(() => TalosClient.open('carol', optionsFor(folder.path)))).toBe('AUDIT_LEVEL_INVALID')
  })
})
