import type { WitnessRecord } from '@talos/audit'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { witnessStoreCompliance } from '../../../protocol/audit/test/witness/store-compliance.ts'
import { AGENT_MIGRATIONS } from '../src/agent-schema.ts'
import { Database } from '../src/database.ts'
import { OWN_WITNESSES_MAX, SqliteWitnessStore, WITNESSED_HEADS_MAX } from '../src/index.ts'
import { ALICE, BOB, bytes, codeOf, openAgent } from './support.ts'

const ORIGIN = 'talos/z6Mk/1'
const record = (changes: Partial<WitnessRecord> = {}): WitnessRecord => ({
  origin: ORIGIN,
  version: 1,
  introducer: ALICE,
  keys: [{ vkey: 'a+0+0', delegation: bytes('a') }, { vkey: 'b+0+0' }],
  size: 0,
  heads: [],
  ...changes,
})

witnessStoreCompliance('SQLite', () => {
  const agent = openAgent()
  return {
    store: agent.database.witness,
    reopen: () => agent.reopen().witness,
    [Symbol.dispose]: () => agent[Symbol.dispose](),
  }
})

describe('what a witness has seen, at rest', () => {
  it('is listed by what changed last, and evidence by the names of the logs', () => {
    using agent = openAgent()
    const { witness } = agent.database
    for (const origin of ['one', 'two', 'three']) witness.swap(record({ origin }))
    witness.swap(record({ origin: 'one', version: 2, size: 1 }))
    expect(witness.newest(2).map(({ origin }) => origin)).toEqual(['one', 'three'])
    expect(witness.forks()).toEqual([])
    witness.swap(record({ origin: 'two', version: 2, fork: 'evidence' }))
    witness.swap(record({ origin: 'two', version: 3, fork: 'other' }))
    expect(agent.reopen().witness.forks()).toEqual([{ origin: 'two', evidence: 'other' }])
  })

  it('tells, within the transaction, of what an older copy must not take back', () => {
    using folder = tempFolder()
    const path = `${folder.path}/agent.db`
    const database = Database.open({ path, store: 'agent', migrations: AGENT_MIGRATIONS })
    const changes: string[] = []
    const store = new SqliteWitnessStore(database, { onChange: () => changes.push('one') })
    store.swap(record())
    store.swap(record())
    expect(changes).toEqual(['one'])
    const failing = new SqliteWitnessStore(database, {
      onChange: () => {
        throw new Error('the count failed')
      },
    })
    expect(() => failing.swap(record({ version: 2, size: 5 }))).toThrow('the count failed')
    expect(store.get(ORIGIN)?.size).toBe(0)
    for (const [column, value] of [
      ['keys', 'no list'],
      ['keys', '[1]'],
      ['keys', '[{"vkey":1}]'],
      ['heads', '{}'],
    ]) {
      database.run(`UPDATE witness_logs SET ${column} = :value`, { value: String(value) })
      expect(codeOf(() => store.get(ORIGIN))).toBe('STORE_CORRUPT')
      database.run("UPDATE witness_logs SET keys = '[]', heads = '[]'")
    }
    database.close()
    expect(codeOf(() => store.swap(record({ version: 2 })))).toBe('STORE_WRITE_FAILED')
  })
})

describe('what witnesses signed of the own log, at rest', () => {
  it('is the largest size of each, and the newest checkpoints with their lines', () => {
    using agent = openAgent()
    const { witness } = agent.database
    const stored = { vkey: 'w+0+0', peer: BOB, delegation: bytes('d'), size: 9, timeS: 5 }
    witness.putWitness(stored)
    witness.putWitness({ ...stored, delegation: bytes('e'), size: 3, timeS: 4 })
    witness.putWitness({ ...stored, vkey: 'v+0+0', timeS: 7 })
    witness.putHead({ size: 9, note: 'one line' })
    witness.putHead({ size: 9, note: 'two lines' })
    witness.putHead({ size: 12, note: 'another' })
    const again = agent.reopen().witness
    expect(again.witnesses().map(({ vkey, size, timeS }) => [vkey, size, timeS])).toEqual([
      ['v+0+0', 9, 7],
      ['w+0+0', 9, 5],
    ])
    expect(again.witnesses().at(1)?.delegation).toEqual(bytes('e'))
    expect(again.heads().map(({ note }) => note)).toEqual(['another', 'two lines'])
    expect([again.head(9)?.note, again.head(10)]).toEqual(['two lines', undefined])
  })

  it('finds room for so many and no more', () => {
    using agent = openAgent()
    const { witness } = agent.database
    agent.database.transaction(() => {
      for (let index = 0; index <= OWN_WITNESSES_MAX; index += 1) {
        witness.putWitness({ vkey: `w${index}`, peer: BOB, delegation: bytes('d'), size: 1, timeS: index })
      }
      for (let size = 0; size <= WITNESSED_HEADS_MAX; size += 1) witness.putHead({ size, note: 'n' })
    })
    expect(witness.witnesses()).toHaveLength(OWN_WITNESSES_MAX)
    expect(witness.witnesses().at(-1)?.vkey).toBe('w1')
    expect(witness.heads()).toHaveLength(WITNESSED_HEADS_MAX)
    expect(witness.head(0)).toBeUndefined()
  })
})
