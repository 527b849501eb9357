/** Rows of a database that do not open: of a damaged file, of another key, of another version. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { utf8 } from '@talos/bytes'
import type { TalosClient } from '@talos/client'
import { AGENT_DATABASE_FILE } from '@talos/storage'
import { describe, expect, it } from 'vitest'
import { nextMessage, pairOfAgents } from './agents.ts'

const SESSIONS = 'UPDATE sessions SET sealed = zeroblob(200)'

function damage({ folder }: TalosClient, sql: string): void {
  using database = new DatabaseSync(join(folder.path, AGENT_DATABASE_FILE))
  database.exec(sql)
}

describe('a session whose record does not open', () => {
  it.each(['alice', 'bob'] as const)('at %s is lost, and replaced without a word of the program', async (name) => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    const before = await alice.establishSession(bobDid)
    await bob.close()
    await alice.close()
    damage(pair[name], SESSIONS)
    const [sender, receiver] = [await pair.reopen('alice'), await pair.reopen('bob')]
    sender.addPeer(await (await receiver.listen()).createInvitation())
    const arrived = nextMessage(receiver)
    expect(await sender.send(bobDid, utf8('after'))).toMatchObject({ delivered: true })
    expect((await arrived).text).toBe('after')
    expect(sender.session(bobDid)?.sessionId).not.toBe(before.sessionId)
    expect(pair.events.filter(({ type }) => type === 'session.reset')).toHaveLength(2)
  })
})

describe('a message that does not open', () => {
  it('in the inbox stays there, and holds up nothing', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    for (const text of ['one', 'two']) await alice.send(bobDid, utf8(text))
    await bob.close()
    damage(bob, 'UPDATE inbox SET sealed = zeroblob(200) WHERE position = (SELECT min(position) FROM inbox)')
    damage(
      bob,
      `INSERT INTO inbox (peer, message_id, session_id, content_type, kind, sealed, received_ms)
       VALUES ('${alice.did}', '${'0'.repeat(32)}', zeroblob(16), 0, 'effect', zeroblob(100), 1)`,
    )
    const again = await pair.reopen('bob')
    expect((await nextMessage(again)).text).toBe('two')
  })

  it('in the outbox is given up in its time, and holds up nothing', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    await bob.close()
    for (const text of ['one', 'two']) await alice.send(bobDid, utf8(text))
    await alice.close()
    damage(alice, 'UPDATE outbox SET sealed = zeroblob(200) WHERE position = (SELECT min(position) FROM outbox)')
    const [sender, receiver] = [await pair.reopen('alice'), await pair.reopen('bob')]
    sender.addPeer(await (await receiver.listen()).createInvitation())
    const arrived = nextMessage(receiver)
    await sender.connect(bobDid)
    expect((await arrived).text).toBe('two')
  })
})
