import { chmodSync, cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { utf8 } from '@talos/bytes'
import type { ClientEvent, TalosClient } from '@talos/client'
import type { Did } from '@talos/contracts'
import { AGENT_DATABASE_FILE } from '@talos/storage'
import { describe, expect, it } from 'vitest'
import { type Pair, pairOfAgents } from './agents.ts'

const HEALS = { timeout: 8_000 }

/** Texts in the order in which the application got them. */
function textsAt(client: TalosClient): string[] {
  const texts: string[] = []
  client.onMessage(({ bytes }) => void texts.push(new TextDecoder().decode(bytes)))
  return texts
}

function resets(events: readonly ClientEvent[]) {
  return events.flatMap((event) => (event.type === 'session.reset' ? [event] : []))
}

/** Bob stops, something happens to his folder, he runs again, and Alice knows where. */
async function restartBob(pair: Pair, meanwhile: (folder: string) => void): Promise<TalosClient> {
  const { path } = pair.bob.folder
  await pair.bob.close()
  await expect.poll(() => pair.alice.connectedPeers()).toEqual([])
  meanwhile(path)
  const bob = await pair.reopen('bob')
  pair.alice.addPeer(await (await bob.listen()).createInvitation())
  return bob
}

function wipe(folder: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `${AGENT_DATABASE_FILE}${end}`), { force: true })
}

async function expectHealthy(alice: TalosClient, bob: TalosClient): Promise<void> {
  const [atAlice, atBob] = [textsAt(alice), textsAt(bob)]
  await alice.send(bob.did, utf8('there'))
  await bob.send(alice.did, utf8('and back'))
  await expect.poll(() => [atBob.at(-1), atAlice.at(-1)], HEALS).toEqual(['there', 'and back'])
  expect(alice.session(bob.did)?.sessionId).toBe(bob.session(alice.did)?.sessionId)
  await expect.poll(() => [waitingOf(alice, bob.did), waitingOf(bob, alice.did)], HEALS).toEqual([[], []])
}

function waitingOf(client: TalosClient, peer: Did): string[] {
  return client.database.messages.outgoing(peer).map(({ messageId }) => messageId)
}

describe('a side that lost its database', () => {
  it('says so by a reset, and gets what waits in a new session, once, with both users told', async () => {
    await using pair = await pairOfAgents()
    const { alice, bobDid } = pair
    const first = await alice.establishSession(bobDid)
    await alice.send(bobDid, utf8('before'))
    const bob = await restartBob(pair, wipe)
    const texts = textsAt(bob)
    const sent = await alice.send(bobDid, utf8('one'))
    await expect.poll(() => texts, HEALS).toEqual(['one'])
    expect(sent.delivered).toBe(true)
    expect(alice.session(bobDid)?.sessionId).not.toBe(first.sessionId)
    expect(resets(pair.events)).toEqual([
      expect.objectContaining({ peer: bobDid, sessionId: first.sessionId, reason: 'missing', by: 'peer' }),
      expect.objectContaining({ peer: alice.did, sessionId: first.sessionId, reason: 'missing', by: 'self' }),
    ])
    for (const { log } of [alice, bob]) expect([...log.reader.entries({ kinds: ['session.reset'] })]).toHaveLength(1)
    await expectHealthy(alice, bob)
    expect(texts).toEqual(['one', 'there'])
  })

  it('gets every message of a full outbox once, in a new session, under its old id', async () => {
    await using pair = await pairOfAgents()
    const { alice, bobDid } = pair
    await alice.establishSession(bobDid)
    await pair.bob.close()
    const ids: string[] = []
    for (let count = 0; count < 12; count += 1) ids.push((await alice.send(bobDid, utf8(`${count}`))).messageId)
    wipe(pair.bob.folder.path)
    const bob = await pair.reopen('bob')
    const got: string[] = []
    bob.onMessage(({ messageId }) => void got.push(messageId))
    alice.addPeer(await (await bob.listen()).createInvitation())
    await alice.connect(bobDid)
    await expect.poll(() => got.toSorted(), HEALS).toEqual(ids.toSorted())
    await expect.poll(() => waitingOf(alice, bobDid), HEALS).toEqual([])
    await expectHealthy(alice, bob)
    expect(got).toHaveLength(ids.length + 1)
  })

  it('answers capabilities and calls as before, without a word of the caller', async () => {
    await using pair = await pairOfAgents()
    const { alice, bobDid } = pair
    await alice.establishSession(bobDid)
    const bob = await restartBob(pair, wipe)
    await alice.connect(bobDid)
    const grant = await alice.grantCapability({ to: bobDid, tool: { server: 'files' }, expiresInS: 60 })
    await alice.sendCapability(bobDid, grant.cid)
    expect(bob.listCapabilities('received').map(({ cid }) => cid)).toEqual([grant.cid])
  })
})

describe('a channel in a session that is lost', () => {
  const open = async (pair: Pair) =>
    await pair.alice.openChannel(pair.bobDid, { protocol: 'test/echo/1', name: 'echo' })
  const serve = (bob: TalosClient) =>
    bob.onChannel('test/echo/1', (channel) => channel.onFrame(async (frame) => await channel.send(frame)))

  it('runs in the next session at once: nothing of the caller fails', async () => {
    await using pair = await pairOfAgents()
    const { alice, bobDid } = pair
    await alice.establishSession(bobDid)
    const bob = await restartBob(pair, wipe)
    serve(bob)
    const channel = await open(pair)
    const echoed = new Promise((resolve) => channel.onFrame(resolve))
    await channel.send(utf8('again'))
    expect(await echoed).toEqual(utf8('again'))
    expect(alice.connectedPeers()).toHaveLength(1)
  })

  it('ends, not in silence, where that came up on the way, and the next one runs', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    const { sessionId } = await alice.establishSession(bobDid)
    serve(bob)
    const first = await open(pair)
    const load = bob.database.sessions
    for (const head of load.list(alice.did)) load.retire(head.sessionId, { standing: 'frozen', nowMs: 1 })
    await bob.connect(alice.did)
    await bob.send(alice.did, utf8('not in the old one'))
    expect(await first.closed).toBe('failed')
    const channel = await open(pair)
    const echoed = new Promise((resolve) => channel.onFrame(resolve))
    await channel.send(utf8('again'))
    expect(await echoed).toEqual(utf8('again'))
    expect(alice.session(bobDid)?.sessionId).not.toBe(sessionId)
  })
})

describe('a side that was put back to an older copy', () => {
  it('of its database notices it itself, seals nothing with old keys, and is back by a reset', async () => {
    await using pair = await pairOfAgents()
    const { alice, bobDid } = pair
    const { sessionId } = await alice.establishSession(bobDid)
    const copy = join(pair.home, 'copy.db')
    const again = await restartBob(pair, (folder) => cpSync(join(folder, AGENT_DATABASE_FILE), copy))
    await alice.connect(bobDid)
    await again.send(alice.did, utf8('after the copy'))
    const { path } = again.folder
    await again.close()
    await expect.poll(() => alice.connectedPeers()).toEqual([])
    wipe(path)
    cpSync(copy, join(path, AGENT_DATABASE_FILE))
    const bob = await pair.reopen('bob')
    expect(pair.events).toContainEqual({ type: 'session.restored', sessions: 1 })
    expect(bob.database.sessions.list(alice.did)).toEqual([
      expect.objectContaining({ role: 'receive-only', standing: 'frozen' }),
    ])
    alice.addPeer(await (await bob.listen()).createInvitation())
    await alice.connect(bobDid)
    await expect.poll(() => bob.session(alice.did)?.confirmed, HEALS).toBe(true)
    expect(resets(pair.events).map(({ by, reason }) => [by, reason])).toEqual([
      ['peer', 'rollback'],
      ['self', 'rollback'],
    ])
    expect(bob.session(alice.did)?.sessionId).not.toBe(sessionId)
    await expectHealthy(alice, bob)
  })

  it('of its whole folder is noticed by its peer, which refuses used keys and asks for a new session', async () => {
    await using pair = await pairOfAgents()
    const { alice, bobDid } = pair
    await alice.establishSession(bobDid)
    const copy = join(pair.home, 'copy')
    const again = await restartBob(pair, (folder) => cpSync(folder, copy, { recursive: true }))
    await alice.connect(bobDid)
    const texts = textsAt(alice)
    for (let count = 0; count < 4; count += 1) await again.send(alice.did, utf8(`lost ${count}`))
    const { path } = again.folder
    await again.close()
    await expect.poll(() => alice.connectedPeers()).toEqual([])
    rmSync(path, { recursive: true })
    cpSync(copy, path, { recursive: true })
    chmodSync(path, 0o700)
    const bob = await pair.reopen('bob')
    expect(pair.events.filter(({ type }) => type === 'session.restored')).toEqual([])
    alice.addPeer(await (await bob.listen()).createInvitation())
    await alice.connect(bobDid)
    await bob.send(alice.did, utf8('again'))
    await expect.poll(() => texts.at(-1), HEALS).toBe('again')
    expect(texts).toEqual(['lost 0', 'lost 1', 'lost 2', 'lost 3', 'again'])
    expect(resets(pair.events).map(({ peer, by, reason }) => [peer, by, reason])).toEqual([
      [alice.did, 'peer', 'rollback'],
      [bobDid, 'self', 'rollback'],
    ])
    await expectHealthy(alice, bob)
  })
})

describe('two sides that both lost what they had', () => {
  it('come together again: a reset of what the peer does not know leads to a session from here', async () => {
    await using pair = await pairOfAgents()
    const { alice, bobDid } = pair
    await alice.establishSession(bobDid)
    const copy = join(pair.home, 'copy.db')
    const again = await restartBob(pair, (folder) => cpSync(join(folder, AGENT_DATABASE_FILE), copy))
    const [atBob, atAlice] = [again.folder.path, alice.folder.path]
    await Promise.all([again.close(), alice.close()])
    wipe(atBob)
    cpSync(copy, join(atBob, AGENT_DATABASE_FILE))
    wipe(atAlice)
    const [bob, newAlice] = [await pair.reopen('bob'), await pair.reopen('alice')]
    expect(pair.events.flatMap((event) => (event.type === 'session.restored' ? [event.sessions] : []))).toEqual([1, 0])
    await expect(newAlice.send(bobDid, utf8('x'))).rejects.toMatchObject({ code: 'SESSION_MISSING' })
    newAlice.addPeer(await (await bob.listen()).createInvitation())
    await newAlice.connect(bobDid)
    await expect.poll(() => newAlice.session(bobDid)?.confirmed, HEALS).toBe(true)
    expect(resets(pair.events)).toEqual([])
    await expectHealthy(newAlice, bob)
  })
})

describe('sessions that both sides begin at once', () => {
  it('are both kept, and the one with the lower id sends on both sides', async () => {
    await using pair = await pairOfAgents()
    const { alice, bob, bobDid } = pair
    const [forAlice, forBob] = [await bob.getPrekeyBundle(), await alice.getPrekeyBundle()]
    await alice.connect(bobDid)
    await Promise.all([alice.establishSession(bobDid, forAlice), bob.establishSession(alice.did, forBob)])
    await expect.poll(() => alice.database.sessions.list(bobDid).length).toBe(2)
    const ids = bob.database.sessions.list(alice.did).map(({ sessionId }) => Buffer.from(sessionId).toString('hex'))
    const [lower] = ids.toSorted()
    expect(alice.session(bobDid)?.sessionId).toBe(lower)
    expect(bob.session(alice.did)?.sessionId).toBe(lower)
    await expectHealthy(alice, bob)
    expect(resets(pair.events)).toEqual([])
  })
})

describe('a first flight that is lost', () => {
  it('is sent again before what follows it', async () => {
    await using pair = await pairOfAgents()
    const { alice, bobDid } = pair
    const bundle = await pair.bob.getPrekeyBundle()
    await pair.bob.close()
    await expect(alice.establishSession(bobDid, bundle)).rejects.toMatchObject({ code: 'NETWORK_UNREACHABLE' })
    expect((await alice.send(bobDid, utf8('follows'))).delivered).toBe(false)
    const bob = await pair.reopen('bob')
    const texts = textsAt(bob)
    alice.addPeer(await (await bob.listen()).createInvitation())
    await alice.connect(bobDid)
    await expect.poll(() => texts, HEALS).toEqual(['follows'])
    expect(resets(pair.events)).toEqual([])
    await expectHealthy(alice, bob)
  })

  it('whose keys are gone at the peer is replaced by another', async () => {
    await using pair = await pairOfAgents()
    const { alice, bobDid } = pair
    const bundle = await pair.bob.getPrekeyBundle()
    const { path } = pair.bob.folder
    await pair.bob.close()
    await expect(alice.establishSession(bobDid, bundle)).rejects.toMatchObject({ code: 'NETWORK_UNREACHABLE' })
    await alice.send(bobDid, utf8('follows'))
    wipe(path)
    const bob = await pair.reopen('bob')
    const texts = textsAt(bob)
    alice.addPeer(await (await bob.listen()).createInvitation())
    await alice.connect(bobDid)
    await expect.poll(() => texts, HEALS).toEqual(['follows'])
    await expectHealthy(alice, bob)
  })
})
