import { fromHex, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { describe, expect, it } from 'vitest'
import { nextMessage, pairOfAgents } from './agents.ts'
import { hostileTo } from './hostile.ts'

describe('sessions when answers are lost and sides cross', () => {
  it('are confirmed by a first flight that is sent again after its answer was lost', async () => {
    await using pair = await pairOfAgents()
    await using peer = await hostileTo(pair.bob)
    const flight = await peer.begin()
    await peer.deliver(flight)
    await peer.deliver(flight)
    expect(peer.isConfirmed()).toBe(true)
    expect([...pair.bob.log.reader.entries({ kinds: ['session.open'] })]).toHaveLength(1)
    await expect.poll(() => pair.bob.session(peer.did)?.confirmed).toBe(true)
  })

  it('begin by a bundle that came another way, with the link still to be dialled', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    const session = await alice.establishSession(bobDid, await bob.getPrekeyBundle())
    expect(session.confirmed).toBe(true)
    expect(alice.database.messages.outgoing(bobDid)).toEqual([])
    expect(pair.events.filter(({ type }) => type === 'message.undelivered')).toEqual([])
  })

  it('begun by both sides at once are confirmed on both and carry messages both ways', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    const [forAlice, forBob] = [await bob.getPrekeyBundle(), await alice.getPrekeyBundle()]
    await alice.connect(bobDid)
    await Promise.all([alice.establishSession(bobDid, forAlice), bob.establishSession(alice.did, forBob)])
    const arrived = Promise.all([nextMessage(alice), nextMessage(bob)])
    await Promise.all([alice.send(bobDid, utf8('to Bob')), bob.send(alice.did, utf8('to Alice'))])
    expect((await arrived).map(({ text }) => text)).toEqual(['to Alice', 'to Bob'])
    await expect.poll(() => [alice.session(bobDid)?.confirmed, bob.session(alice.did)?.confirmed]).toEqual([true, true])
  })

  it('are bounded in number for one peer', async () => {
    await using pair = await pairOfAgents()
    await using peer = await hostileTo(pair.bob)
    const flight = await peer.begin()
    for (let sent = 0; sent < 64; sent += 1) await peer.deliver(flight)
    await expect(peer.deliver(flight)).rejects.toMatchObject({
      code: 'PEER_REFUSED',
      details: { peerCode: 'PEER_QUOTA' },
    })
  })
})

describe('the outbox', () => {
  it('sends what follows a message that the peer refuses, and carries that one in the next session', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    for (const { sessionId } of bob.database.sessions.list(alice.did)) bob.database.sessions.remove(sessionId)
    await bob.close()
    expect((await alice.send(bobDid, utf8('one'))).delivered).toBe(false)
    const again = await pair.reopen('bob')
    alice.addPeer(await (await again.listen()).createInvitation())
    const texts: string[] = []
    again.onMessage(({ bytes }) => void texts.push(new TextDecoder().decode(bytes)))
    await alice.establishSession(bobDid)
    await alice.send(bobDid, utf8('two'))
    await expect.poll(() => texts.toSorted(), { timeout: 5_000 }).toEqual(['one', 'two'])
    // The application has it before the answer is here.
    await expect.poll(() => alice.database.messages.outgoing(bobDid)).toEqual([])
  })

  it('takes a message whose session is lost while its entry is written, and sends it in the next', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    const before = await alice.establishSession(bobDid)
    const append = alice.log.append.bind(alice.log)
    const loseMeanwhile: typeof append = async (entry) => {
      const appended = await append(entry)
      if (entry.kind !== 'message.send') return appended
      const sessionId = fromHex(before.sessionId)
      alice.database.sessions.retire(sessionId, { standing: 'reset', nowMs: Date.now() })
      return appended
    }
    Object.assign(alice.log, { append: loseMeanwhile })
    const arrived = nextMessage(bob)
    const sent = await alice.send(bobDid, utf8('there'))
    expect(sent).toMatchObject({ delivered: true })
    expect(sent.sessionId).not.toBe(before.sessionId)
    expect((await arrived).text).toBe('there')
  })

  it('lets nobody wait for a session beyond the end', async () => {
    await using pair = await pairOfAgents()
    const { alice, bobDid } = pair
    const { sessionId } = await alice.establishSession(bobDid)
    // The peer is to begin another one, and gets no bundle for that.
    alice.database.sessions.retire(fromHex(sessionId), { standing: 'frozen', nowMs: Date.now() })
    const failure = new TalosError('STORE_READ_FAILED', { store: 'agent', reason: 'the disk failed' })
    const latest = () => {
      throw failure
    }
    Object.assign(alice.database.prekeys, { latest })
    const sending = alice.send(bobDid, utf8('x'))
    const outcome = sending.catch((error: unknown) => error)
    await expect.poll(() => pair.events.filter(({ type }) => type === 'session.reset')).toHaveLength(2)
    await alice.close()
    expect(await outcome).toMatchObject({ code: 'CLIENT_CLOSED' })
  })
})

describe('handlers', () => {
  it('that go in the middle leave what follows to the next one', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    for (const text of ['one', 'two', 'three']) await alice.send(bobDid, utf8(text))
    expect((await nextMessage(bob)).text).toBe('one')
    expect((await nextMessage(bob)).text).toBe('two')
    expect((await nextMessage(bob)).text).toBe('three')
  })

  it('may answer from inside, both sides at once, and may close the agent', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    await alice.establishSession(bobDid)
    const closed = Promise.withResolvers<void>()
    let rounds = 0
    bob.onMessage(async ({ peer, bytes }) => void (await bob.send(peer, bytes)))
    alice.onMessage(async ({ peer, bytes }) => {
      rounds += 1
      if (rounds < 5) return void (await alice.send(peer, bytes))
      await alice.close()
      closed.resolve()
    })
    await alice.send(bobDid, utf8('ball'))
    await closed.promise
    const again = await pair.reopen('alice')
    expect(again.database.messages.incoming()).toEqual([])
  })

  it('that dial while the agent closes leave no link behind', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    const dialling = alice.connect(bobDid)
    await alice.close()
    await expect(dialling).rejects.toMatchObject({ code: expect.stringMatching(/^(CLIENT_CLOSED|NETWORK_)/) })
    await expect(alice.connect(bobDid)).rejects.toMatchObject({ code: 'CLIENT_CLOSED' })
    await expect.poll(() => bob.connectedPeers()).toEqual([])
  })
})
