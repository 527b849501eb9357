/** A peer, or this agent, goes by another DID (spec 21-identity-lifecycle, 21.4 and 21.6). */
import type { Did } from '@talos/contracts'
import { describe, expect, it } from 'vitest'
import { ALICE, BOB, bytes, cidOf, codeOf, messageId, type OpenAgent, openAgent, text } from './support.ts'

const CAROL = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as Did
const NOW_MS = 1_800_000_000_000
const sessionId = (byte: number) => new Uint8Array(16).fill(byte)

function outgoing(peer: Did, number: number, body: string) {
  const sealed = { contentType: 0, plaintext: bytes(body), wire: bytes(`sealed ${body}`), nowMs: NOW_MS }
  return { peer, messageId: messageId(number), sessionId: sessionId(1), ...sealed }
}

function incoming(peer: Did, number: number, body: string) {
  const { wire: _, ...rest } = outgoing(peer, number, body)
  return { ...rest, kind: 'message' as const }
}

function talkTo(agent: OpenAgent, peer: Did) {
  const { database } = agent
  database.peers.put(
    { did: peer, name: 'al', endpoints: ['tls://127.0.0.1:1'], transportKey: new Uint8Array(32) },
    NOW_MS,
  )
  database.sessions.create({ sessionId: sessionId(1), peer, instance: 'main', state: bytes('state'), nowMs: NOW_MS })
  database.messages.putOutgoing(outgoing(peer, 1, 'waits'))
  database.messages.putIncoming(incoming(peer, 2, 'came'))
  database.messages.noteArrived({ peer, messageId: messageId(3), nowMs: NOW_MS })
  const cid = cidOf('grant')
  database.grants.put({ cid, direction: 'issued', peer, label: '', bytes: bytes('grant'), nowMs: NOW_MS })
  database.identities.noteTold(peer, '1-a')
}

describe('a peer that has another DID', () => {
  it('keeps its address, what waits for it, what came from it, its ids and its grants, and no session', () => {
    using agent = openAgent()
    talkTo(agent, ALICE)
    agent.database.movePeer({ from: ALICE, to: BOB }, NOW_MS + 1)
    const database = agent.reopen()
    expect(database.peers.list()).toMatchObject([{ did: BOB, name: 'al', endpoints: ['tls://127.0.0.1:1'] }])
    expect(database.messages.outgoing(ALICE)).toEqual([])
    expect(database.messages.outgoing(BOB).map(({ plaintext }) => text(plaintext))).toEqual(['waits'])
    expect(database.messages.incoming().map(({ peer, plaintext }) => [peer, text(plaintext)])).toEqual([[BOB, 'came']])
    for (const number of [2, 3])
      expect(database.messages.hasArrived({ peer: BOB, messageId: messageId(number) })).toBe(true)
    expect(database.messages.putIncoming(incoming(BOB, 2, 'again'))).toBe(false)
    expect(database.sessions.list(ALICE)).toEqual([])
    expect(database.sessions.list(BOB)).toMatchObject([{ role: 'receive-only', standing: 'reset' }])
    expect(database.sessions.active(BOB)).toBeUndefined()
    expect(database.grants.list('issued')).toMatchObject([{ peer: BOB }])
    expect([database.identities.told(ALICE), database.identities.told(BOB)]).toEqual([undefined, undefined])
    expect(database.restored).toBeUndefined()
  })

  it('keeps the newer address where that DID was known, under the name that it had', () => {
    using agent = openAgent()
    talkTo(agent, ALICE)
    const { database } = agent
    database.peers.put({ did: BOB, endpoints: ['tls://127.0.0.1:2'] }, NOW_MS)
    database.messages.noteArrived({ peer: BOB, messageId: messageId(3), nowMs: NOW_MS })
    database.movePeer({ from: ALICE, to: BOB }, NOW_MS)
    expect(database.peers.list()).toMatchObject([{ did: BOB, name: 'al', endpoints: ['tls://127.0.0.1:2'] }])
  })

  it('moves nothing of others, and does nothing the second time', () => {
    using agent = openAgent()
    talkTo(agent, ALICE)
    const { database } = agent
    database.messages.putOutgoing(outgoing(CAROL, 9, 'for carol'))
    database.movePeer({ from: ALICE, to: BOB }, NOW_MS)
    database.movePeer({ from: ALICE, to: BOB }, NOW_MS)
    expect(database.messages.waitingPeers()).toEqual([CAROL, BOB].sort())
  })

  it('is forgotten in what waits when it is no more', () => {
    using agent = openAgent()
    talkTo(agent, ALICE)
    agent.database.endPeer(ALICE, NOW_MS)
    expect(agent.database.messages.outgoing(ALICE)).toEqual([])
    expect(agent.database.sessions.active(ALICE)).toBeUndefined()
    expect(agent.database.messages.incoming()).toHaveLength(1)
  })
})

describe('this agent under another DID', () => {
  it('seals in no session of before, and hands no prekey of before out', () => {
    using agent = openAgent()
    talkTo(agent, ALICE)
    agent.database.outdateOwn(NOW_MS)
    agent.database.outdateOwn(NOW_MS)
    expect(agent.database.sessions.list()).toMatchObject([{ role: 'receive-only', standing: 'reset' }])
    expect(agent.database.prekeys.unserved()).toBe(0)
    expect(codeOf(() => agent.database.sessions.activate(sessionId(1), NOW_MS))).toBe('STORE_CONFLICT')
  })

  it('refuses calls that end before a time that may have seen them', () => {
    using agent = openAgent()
    const { replay } = agent.database
    const nowS = NOW_MS / 1000
    replay.advance(nowS + 300)
    replay.advance(nowS)
    const call = { cid: cidOf('call'), issuer: ALICE, nowS }
    expect(replay.claim({ ...call, expiresS: nowS + 299 })).toBe('expired')
    expect(replay.claim({ ...call, expiresS: nowS + 300 })).toBe('fresh')
  })
})
