import { utf8 } from '@talos/bytes'
import { describe, expect, it } from 'vitest'
import { nextMessage, pairOfAgents } from './agents.ts'

describe('messages between two agents over TLS', () => {
  it('carries a message each way, once, with the sender that proved itself', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    const session = await alice.establishSession(bobDid, await alice.fetchPrekeyBundle(bobDid))
    expect(session.confirmed).toBe(true)
    const atBob = nextMessage(bob)
    const sent = await alice.send(bobDid, utf8('Hello!'))
    expect(sent.delivered).toBe(true)
    expect(await atBob).toMatchObject({ text: 'Hello!', peer: alice.did })
    const atAlice = nextMessage(alice)
    await bob.send(alice.did, utf8('Hello yourself.'))
    expect(await atAlice).toMatchObject({ text: 'Hello yourself.', peer: bob.did })
    expect(bob.session(alice.did)?.confirmed).toBe(true)
  })

  it('proves a message by the log of either side, to anybody', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const atBob = nextMessage(bob)
    const sent = await alice.send(bobDid, utf8('Keep this.'))
    const received = await atBob
    const verified = bob.verifyProof(await alice.getMerkleProof(sent.messageHash))
    expect(verified).toMatchObject({ agent: alice.did, leafHash: sent.messageHash })
    expect(verified.entry).toMatchObject({ kind: 'message.send', message: sent.messageId, peer: bob.did })
    expect(alice.verifyProof(await bob.getMerkleProof(received.messageHash)).entry).toMatchObject({
      kind: 'message.receive',
      message: sent.messageId,
    })
  })

  it('keeps a message in the outbox while the peer is away, and delivers it when a link is up', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    await bob.close()
    const sent = await alice.send(bobDid, utf8('Later.'))
    expect(sent.delivered).toBe(false)
    const again = await pair.reopen('bob')
    const listening = await again.listen()
    alice.addPeer(await listening.createInvitation())
    const atBob = nextMessage(again)
    await alice.connect(bobDid)
    expect(await atBob).toMatchObject({ text: 'Later.' })
    await expect.poll(() => alice.database.messages.outgoing(bobDid).length).toBe(0)
  })

  it('hands over, after a restart, what arrived while no handler was there, with one entry in the log', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const sent = await alice.send(bobDid, utf8('Stored.'))
    expect(sent.delivered).toBe(true)
    await bob.close()
    const again = await pair.reopen('bob')
    expect(await nextMessage(again)).toMatchObject({ text: 'Stored.' })
    const entries = [...again.log.reader.entries({ kinds: ['message.receive'] })]
    expect(entries).toHaveLength(1)
  })

  it('continues a session after both sides were restarted', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    const first = await alice.establishSession(bobDid)
    await alice.close()
    await bob.close()
    const a = await pair.reopen('alice')
    const b = await pair.reopen('bob')
    a.addPeer(await (await b.listen()).createInvitation())
    const atBob = nextMessage(b)
    const sent = await a.send(bobDid, utf8('Still here.'))
    expect(sent.sessionId).toBe(first.sessionId)
    expect(await atBob).toMatchObject({ text: 'Still here.' })
  })
})
