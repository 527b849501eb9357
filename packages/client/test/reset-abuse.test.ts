import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, utf8 } from '@talos/bytes'
import { createReset } from '@talos/session'
import { AGENT_DATABASE_FILE } from '@talos/storage'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { closeAgent, openAgent } from '../src/agent.ts'
import { FAILURES_BEFORE_RESET } from '../src/healing.ts'
import { nextMessage, optionsFor, pairOfAgents } from './agents.ts'
import { hostileTo } from './hostile.ts'

const refusedWith = (peerCode: string) => ({ code: 'PEER_REFUSED', details: { peerCode } })

/** Everything that the agent's database holds, in the file and in its log of changes. */
function databaseOf(folder: string): Buffer {
  return Buffer.concat(['', '-wal'].map((end) => readFileSync(join(folder, `${AGENT_DATABASE_FILE}${end}`))))
}

describe('a peer that sends resets', () => {
  it('that are forged, of another agent, for another one, or old is refused, and nothing changes', async () => {
    await using pair = await pairOfAgents()
    await using peer = await hostileTo(pair.bob)
    const flight = await peer.begin()
    await peer.deliver(flight)
    using folder = tempFolder()
    const other = await openAgent({ ...optionsFor(folder.path), name: 'other', create: true })
    const nowS = Math.floor(Date.now() / 1000)
    const common = {
      random: other.random,
      nowS,
      instance: 'main',
      session: flight.sessionId,
      reason: 'header',
    } as const
    const byOther = await createReset({ ...common, signer: other.signer, peer: pair.bob.did })
    const before = databaseOf(pair.bob.folder.path)
    for (const bytes of [byOther, utf8('no reset at all'), new Uint8Array(4_096)]) {
      await expect(peer.tellReset(bytes)).rejects.toMatchObject(refusedWith('SESSION_RESET_INVALID'))
    }
    const old = peer.reset({ session: flight.sessionId, nowS: nowS - 3_600 })
    await expect(old).rejects.toMatchObject(refusedWith('SESSION_RESET_INVALID'))
    expect(databaseOf(pair.bob.folder.path)).toEqual(before)
    expect(pair.bob.session(peer.did)?.sessionId).toBe(Buffer.from(flight.sessionId).toString('hex'))
    await closeAgent(other)
  })

  it('of a session or an instance that is not there is refused, and spends nothing of the right to send one', async () => {
    await using pair = await pairOfAgents()
    await using peer = await hostileTo(pair.bob)
    const { sessionId: session, ...flight } = await peer.begin()
    await peer.deliver({ ...flight, sessionId: session })
    const unknown = [peer.reset({ session: new Uint8Array(16) }), peer.reset({ session, instance: 'second' })]
    for (const one of unknown) await expect(one).rejects.toMatchObject(refusedWith('SESSION_MISSING'))
    await peer.reset({ session })
    expect(pair.bob.database.sessions.get(session)).toMatchObject({ standing: 'reset', role: 'receive-only' })
  })

  it('cannot reset the session of two others', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    const { sessionId } = await alice.establishSession(bobDid)
    await using peer = await hostileTo(bob)
    const theirs = peer.reset({ session: fromHex(sessionId) })
    await expect(theirs).rejects.toMatchObject(refusedWith('SESSION_MISSING'))
    expect(bob.session(alice.did)?.sessionId).toBe(sessionId)
  })

  it('too often is refused; the same one again is not, because its answer may have been lost', async () => {
    await using pair = await pairOfAgents()
    await using peer = await hostileTo(pair.bob)
    const first = await peer.begin()
    await peer.deliver(first)
    await peer.reset({ session: first.sessionId })
    await peer.reset({ session: first.sessionId })
    await expect
      .poll(() => pair.bob.session(peer.did)?.sessionId)
      .not.toBe(Buffer.from(first.sessionId).toString('hex'))
    const second = await peer.begin()
    await peer.deliver(second)
    await expect(peer.reset({ session: second.sessionId })).rejects.toMatchObject(refusedWith('PEER_QUOTA'))
    expect(pair.events.filter((event) => event.type === 'session.reset')).toHaveLength(1)
  })
})

describe('bytes that do not open', () => {
  it('change nothing in the database, and lead to one reset after three in a row', async () => {
    await using pair = await pairOfAgents()
    await using peer = await hostileTo(pair.bob)
    await peer.deliver(await peer.begin())
    await expect.poll(() => pair.bob.session(peer.did)?.confirmed).toBe(true)
    const before = databaseOf(pair.bob.folder.path)
    const { wire } = peer.sealed({ t: 'message', body: utf8('whole') })
    const flipped = (index: number) => wire.map((byte, at) => (at === index ? byte ^ 1 : byte))
    await expect(peer.request(flipped(wire.length - 1))).rejects.toMatchObject(refusedWith('SESSION_AUTHENTICATION'))
    await expect(peer.request(flipped(40))).rejects.toMatchObject(refusedWith('SESSION_HEADER'))
    expect(databaseOf(pair.bob.folder.path).equals(before)).toBe(true)
    expect(peer.resets).toEqual([])
    await expect(peer.request(flipped(40))).rejects.toMatchObject(refusedWith('SESSION_HEADER'))
    await expect.poll(() => peer.resets.length).toBe(1)
    await expect.poll(() => pair.bob.session(peer.did)).toBeUndefined()
    // What is on its way in that session still arrives, once.
    await peer.request(wire)
    expect(await nextMessage(pair.bob)).toMatchObject({ text: 'whole', peer: peer.did })
    for (let count = 0; count < FAILURES_BEFORE_RESET; count += 1) {
      await expect(peer.request(wire)).rejects.toMatchObject(refusedWith('SESSION_DUPLICATE'))
    }
    expect(peer.resets).toHaveLength(1)
  })

  it('in between what opens never add up to a reset', async () => {
    await using pair = await pairOfAgents()
    await using peer = await hostileTo(pair.bob)
    await peer.deliver(await peer.begin())
    for (let count = 0; count < 2 * FAILURES_BEFORE_RESET; count += 1) {
      const { wire } = peer.sealed({ t: 'message', body: utf8('x') })
      wire[wire.length - 1] = (wire.at(-1) ?? 0) ^ 1
      await expect(peer.request(wire)).rejects.toMatchObject(refusedWith('SESSION_AUTHENTICATION'))
      await peer.ask({ t: 'message', body: utf8('y') })
    }
    expect(peer.resets).toEqual([])
  })

  it('of a session that never was are answered with a reset at once', async () => {
    await using pair = await pairOfAgents()
    await using peer = await hostileTo(pair.bob)
    await peer.deliver(await peer.begin())
    const { wire } = peer.sealed({ t: 'message', body: utf8('x') })
    wire.fill(7, 3, 19)
    await expect(peer.request(wire)).rejects.toMatchObject(refusedWith('SESSION_MISSING'))
    await expect.poll(() => peer.resets.length).toBe(1)
  })

  it('that travel the wrong way are refused, and open when they come the right way', async () => {
    await using pair = await pairOfAgents()
    await using peer = await hostileTo(pair.bob)
    await peer.deliver(await peer.begin())
    const { wire } = peer.sealed({ t: 'open', channel: 1, protocol: 'test/1', name: 'x' })
    await expect(peer.request(wire)).rejects.toMatchObject(refusedWith('FRAME_INVALID'))
    await peer.post({ t: 'message', body: utf8('one way') })
    await expect.poll(() => peer.link.isOpen).toBe(false)
    expect(pair.bob.database.messages.incoming()).toEqual([])
  })
})
