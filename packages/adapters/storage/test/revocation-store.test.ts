import { DatabaseSync } from 'node:sqlite'
import type { Did } from '@talos/contracts'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { AGENT_MIGRATIONS } from '../src/agent-schema.ts'
import { Database } from '../src/database.ts'
import { REVOCATIONS_MAX_PER_ISSUER, RevocationStore } from '../src/index.ts'
import { ALICE, BOB, bytes, cidOf, codeOf, openAgent, text } from './support.ts'

const TARGET = cidOf('grant').toString()
const revocation = (label: string, changes: { issuer?: Did; target?: string; atS?: number; reason?: string } = {}) => ({
  cid: cidOf(label),
  issuer: ALICE,
  target: TARGET,
  reason: undefined,
  bytes: bytes(label),
  atS: 1,
  ...changes,
})
const namesOf = (rows: readonly { readonly bytes: Uint8Array }[]) => rows.map((row) => text(row.bytes))

describe('revocations at rest', () => {
  it('are kept once each, found by what they revoke and by whom, and never lost in a restart', () => {
    using agent = openAgent()
    const { revocations } = agent.database
    revocations.put(revocation('a', { atS: 2, reason: 'left' }), revocation('b', { issuer: BOB }))
    revocations.put(revocation('a', { atS: 9 }), revocation('all', { target: BOB }))
    const again = agent.reopen().revocations
    expect(again.of(cidOf('grant')).map(({ issuer, atS, reason }) => [issuer, atS, reason])).toEqual([
      [BOB, 1, undefined],
      [ALICE, 2, 'left'],
    ])
    expect(namesOf(again.by(ALICE))).toEqual(['a', 'all'])
    expect(again.find(cidOf('all'))).toMatchObject({ target: BOB, issuer: ALICE })
    expect(again.find(cidOf('none'))).toBeUndefined()
    const first = again.all({ limit: 2 })
    expect([...namesOf(first), ...namesOf(again.all({ last: first.at(-1), limit: 2 }))]).toEqual(['a', 'b', 'all'])
  })

  it('have places in the list of their issuer, in order, and wait for one in the order in which they came', () => {
    using agent = openAgent()
    const { revocations } = agent.database
    revocations.put(revocation('a'), revocation('b'), revocation('c'), revocation('other', { issuer: BOB }))
    expect(revocations.unplaced(ALICE)).toEqual([cidOf('a'), cidOf('b'), cidOf('c')])
    revocations.place({ issuer: ALICE, after: 0, names: [cidOf('c')] })
    // An issuer may list one twice: that is its own affair.
    revocations.place({ issuer: ALICE, after: 1, names: [cidOf('a'), cidOf('c')] })
    expect(revocations.unplaced(ALICE)).toEqual([cidOf('b')])
    expect(revocations.names(ALICE)).toEqual([cidOf('c'), cidOf('a'), cidOf('c')])
    expect(revocations.listed()).toEqual([ALICE])
    expect(namesOf(revocations.page({ issuer: ALICE, after: 1, limit: 1 }))).toEqual(['a'])
    expect(revocations.page({ issuer: ALICE, after: 1, limit: 5 }).map(({ position }) => position)).toEqual([2, 3])
    expect(revocations.page({ issuer: ALICE, after: 3, limit: 5 })).toEqual([])
  })

  it('take no place twice, and none for what is not there: nothing changes then', () => {
    using agent = openAgent()
    const { revocations } = agent.database
    revocations.put(revocation('a'), revocation('b'))
    revocations.place({ issuer: ALICE, after: 0, names: [cidOf('a')] })
    for (const names of [[cidOf('b')], [cidOf('none')]]) {
      const code = codeOf(() => revocations.place({ issuer: ALICE, after: 0, names }))
      expect(code).toBe('STORE_WRITE_FAILED')
    }
    const code = codeOf(() => revocations.place({ issuer: ALICE, after: 1, names: [cidOf('b'), cidOf('none')] }))
    expect(code).toBe('STORE_WRITE_FAILED')
    expect(revocations.names(ALICE)).toEqual([cidOf('a')])
  })

  it('keep the newest head of each list, and both where an issuer contradicts itself', () => {
    using agent = openAgent()
    const { revocations } = agent.database
    revocations.putHead({ issuer: ALICE, bytes: bytes('1') })
    revocations.putHead({ issuer: ALICE, bytes: bytes('2') })
    revocations.putHead({ issuer: BOB, bytes: bytes('3') })
    revocations.condemn({ issuer: BOB, bytes: bytes('3'), contradiction: bytes('4') })
    const again = agent.reopen().revocations
    expect(
      again
        .heads()
        .map(({ issuer, bytes: one, contradiction }) => [issuer, text(one), contradiction && text(contradiction)]),
    ).toEqual([
      [ALICE, '2', undefined],
      [BOB, '3', '4'],
    ])
    expect(again.offered(BOB)).toBeUndefined()
    const names = ['one', 'two'].map((label) => revocation(label).cid)
    again.condemn({ issuer: BOB, bytes: bytes('3'), contradiction: bytes('5') }, { after: 7, names })
    const kept = agent.reopen().revocations.offered(BOB)
    expect([kept?.after, kept?.names.map(String)]).toEqual([7, names.map(String)])
  })

  it('of one issuer are bounded, to the last one', () => {
    using agent = openAgent()
    const { revocations } = agent.database
    const many = Array.from({ length: REVOCATIONS_MAX_PER_ISSUER }, (_, index) => revocation(`${index}`))
    revocations.put(...many)
    expect(codeOf(() => revocations.put(revocation('one more')))).toBe('STORE_FULL')
    revocations.put(revocation('0'), revocation('by another', { issuer: BOB }))
    expect(revocations.by(ALICE)).toHaveLength(REVOCATIONS_MAX_PER_ISSUER)
  })

  it('remember that the own list is suspended, and how far it is known to go', () => {
    using agent = openAgent()
    const { revocations } = agent.database
    expect(revocations.suspended()).toBeUndefined()
    revocations.suspend(0)
    revocations.suspend(5)
    revocations.suspend(3)
    expect(agent.reopen().revocations.suspended()).toBe(5)
    agent.database.revocations.resume()
    expect(agent.database.revocations.suspended()).toBeUndefined()
  })

  it('make a copy from before count as older', () => {
    using agent = openAgent()
    const { revocations } = agent.database
    revocations.put(revocation('a'))
    const before = generationOf(agent)
    revocations.place({ issuer: ALICE, after: 0, names: [cidOf('a')] })
    expect(generationOf(agent)).toBe(before + 1)
  })
})

describe('grants', () => {
  it('tell whether there are any, and who is the other side of one', () => {
    using agent = openAgent()
    const { grants } = agent.database
    expect([grants.has('issued'), grants.has('received'), grants.knows(BOB)]).toEqual([false, false, false])
    grants.put({ cid: cidOf('one'), direction: 'received', peer: BOB, label: '', bytes: bytes('one'), nowMs: 1 })
    expect([grants.has('issued'), grants.has('received'), grants.knows(BOB), grants.knows(ALICE)]).toEqual([
      false,
      true,
      true,
      false,
    ])
  })
})

describe('what an earlier version kept', () => {
  it('is still there, waits for its name, and is named once', () => {
    using folder = tempFolder()
    const path = `${folder.path}/agent.db`
    Database.open({ path, store: 'agent', migrations: AGENT_MIGRATIONS.slice(0, 3) }).close()
    const old = new DatabaseSync(path)
    const insert = old.prepare('INSERT INTO revocations (revoked, issuer, bytes, at_s) VALUES (?, ?, ?, ?)')
    insert.run(TARGET, ALICE, bytes('a'), 2)
    insert.run(TARGET, BOB, bytes('b'), 1)
    old.close()
    using database = Database.open({ path, store: 'agent', migrations: AGENT_MIGRATIONS })
    const store = new RevocationStore(database)
    expect(store.of(cidOf('grant')).map(({ issuer, cid }) => [issuer, cid])).toEqual([
      [BOB, undefined],
      [ALICE, undefined],
    ])
    const [first, second] = store.unnamed()
    expect(namesOf([first, second].flatMap((row) => row ?? []))).toEqual(['b', 'a'])
    // It came again, from a peer, before it was named.
    store.put(revocation('b', { issuer: BOB }))
    if (first !== undefined) store.name({ id: first.id, cid: cidOf('b'), reason: undefined })
    if (second !== undefined) store.name({ id: second.id, cid: cidOf('a'), reason: 'left' })
    expect(store.unnamed()).toEqual([])
    expect(store.of(cidOf('grant')).map(({ cid, reason }) => [cid, reason])).toEqual([
      [cidOf('b'), undefined],
      [cidOf('a'), 'left'],
    ])
    expect(store.unplaced(ALICE)).toEqual([cidOf('a')])
  })
})

function generationOf(agent: ReturnType<typeof openAgent>): number {
  using reader = new DatabaseSync(agent.folder.filePath('agent.db'), { readOnly: true })
  return Number(reader.prepare('SELECT value FROM generation').get()?.['value'])
}
