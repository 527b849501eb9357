/** What one peer can make this side keep. */
import { DatabaseSync } from 'node:sqlite'
import { Cid } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { describe, expect, it } from 'vitest'
import {
  AGENT_DATABASE_FILE,
  GRANTS_MAX_RECEIVED,
  INBOX_IDS_KEEP_MS,
  INBOX_IDS_MAX_PER_PEER,
  INBOX_MAX_PER_PEER,
  SESSIONS_MAX_PER_PEER,
} from '../src/index.ts'
import { ALICE, BOB, bytes, codeOf, messageId, type OpenAgent, openAgent } from './support.ts'

const MESSAGE = { sessionId: new Uint8Array(16), contentType: 0, plaintext: bytes('x'), nowMs: 1 }

function rows({ folder }: OpenAgent, sql: string) {
  using raw = new DatabaseSync(folder.filePath(AGENT_DATABASE_FILE))
  return raw.prepare(sql).all()
}

function put(agent: OpenAgent, { peer, id, kind = 'message' }: { peer: Did; id: number; kind?: 'message' | 'effect' }) {
  return agent.database.messages.putIncoming({ ...MESSAGE, peer, kind, messageId: messageId(id) })
}

describe('a peer', () => {
  it('has room in the inbox for so much of each kind, and takes none from others', () => {
    using agent = openAgent()
    agent.database.transaction(() => {
      for (let id = 1; id < INBOX_MAX_PER_PEER; id += 1) put(agent, { peer: ALICE, id })
    })
    expect(put(agent, { peer: ALICE, id: INBOX_MAX_PER_PEER })).toBe(true)
    const beyond = { peer: ALICE, id: INBOX_MAX_PER_PEER + 1 }
    expect(codeOf(() => put(agent, beyond))).toBe('STORE_FULL')
    expect(agent.database.messages.hasArrived({ peer: ALICE, messageId: messageId(beyond.id) })).toBe(false)
    expect(put(agent, { ...beyond, kind: 'effect' })).toBe(true)
    expect(put(agent, { ...beyond, peer: BOB })).toBe(true)
    expect(put(agent, { peer: ALICE, id: 1 })).toBe(false)
  })

  it('is refused when as many of its ids are kept as may be, and known ids stay known', () => {
    using agent = openAgent()
    const { messages } = agent.database
    const note = (peer: Did, id: number) => messages.noteArrived({ peer, messageId: messageId(id), nowMs: 1 })
    expect([note(ALICE, 1), note(ALICE, 1)]).toEqual([true, false])
    expect(rows(agent, 'SELECT * FROM inbox_id_counts')).toEqual([{ peer: ALICE, n: 1 }])
    rows(agent, `UPDATE inbox_id_counts SET n = ${INBOX_IDS_MAX_PER_PEER - 1}`)
    expect(note(ALICE, 2)).toBe(true)
    expect(codeOf(() => note(ALICE, 3))).toBe('PEER_QUOTA')
    expect(codeOf(() => put(agent, { peer: ALICE, id: 3 }))).toBe('PEER_QUOTA')
    expect([note(ALICE, 2), note(BOB, 3)]).toEqual([false, true])
  })

  it('is counted again when its ids are old enough to go', () => {
    using agent = openAgent()
    put(agent, { peer: ALICE, id: 1 })
    agent.database.messages.removeExpired(INBOX_IDS_KEEP_MS)
    expect(rows(agent, 'SELECT * FROM inbox_id_counts')).toEqual([{ peer: ALICE, n: 1 }])
    agent.database.messages.removeExpired(INBOX_IDS_KEEP_MS + 1)
    expect(rows(agent, 'SELECT * FROM inbox_id_counts')).toEqual([])
    expect(put(agent, { peer: ALICE, id: 2 })).toBe(true)
  })

  it('leaves room for the grants that this agent gives, whatever others sent', () => {
    using agent = openAgent()
    rows(
      agent,
      `WITH RECURSIVE each (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM each WHERE n < ${GRANTS_MAX_RECEIVED - 1})
       INSERT INTO grants (cid, direction, peer, label, bytes, created_ms)
       SELECT 'grant ' || n, 'received', '${BOB}', '', x'00', 1 FROM each`,
    )
    const { grants } = agent.database
    const put = (direction: 'issued' | 'received', byte: number) => {
      const cid = Cid.fromSha256(new Uint8Array(32).fill(byte))
      grants.put({ cid, direction, peer: ALICE, label: '', bytes: bytes('x'), nowMs: 1 })
      return grants.get(cid)?.direction
    }
    expect(put('received', 1)).toBe('received')
    expect(codeOf(() => put('received', 2))).toBe('STORE_FULL')
    expect(put('issued', 3)).toBe('issued')
    // What is known is known.
    expect(put('received', 1)).toBe('received')
    expect(grants.knows(ALICE, 'issued') && grants.knows(ALICE, 'received') && grants.knows(BOB)).toBe(true)
    expect(grants.knows(BOB, 'issued')).toBe(false)
  })

  it('has so many sessions, whatever instances it names, and the newest of them', () => {
    using agent = openAgent()
    const { sessions } = agent.database
    const state = bytes('state')
    const idOf = (number: number) => new Uint8Array(16).fill(number)
    sessions.create({ sessionId: idOf(255), peer: BOB, instance: 'main', state, nowMs: 1 })
    for (let number = 1; number <= SESSIONS_MAX_PER_PEER + 2; number += 1) {
      sessions.create({ sessionId: idOf(number), peer: ALICE, instance: `${number}`, state, nowMs: number })
    }
    const kept = sessions.list(ALICE)
    expect(kept.length).toBeLessThanOrEqual(SESSIONS_MAX_PER_PEER)
    expect(kept[0]?.sessionId).toEqual(idOf(SESSIONS_MAX_PER_PEER + 2))
    expect(sessions.list(BOB)).toHaveLength(1)
  })
})
