/** Key logs of peers at rest: what strangers send takes neither the disk nor the place of peers' logs. */
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import type { KnownIdentity } from '@talos/identity'
import { describe, expect, it } from 'vitest'
import { type AgentDatabase, IDENTITIES_MAX, IDENTITIES_MAX_BYTES } from '../src/index.ts'
import { cidOf, openAgent } from './support.ts'

const keyOf = (name: string) => `did:key:${name}` as Did

function identity(name: string, versions = 1): KnownIdentity {
  const keys = Array.from({ length: versions }, (_, index) => ({
    did: keyOf(`${name}-${index}`),
    fromMs: index,
    toMs: index === versions - 1 ? undefined : index + 1,
    standing: index === versions - 1 ? ('current' as const) : ('rotated' as const),
    compromisedFromMs: undefined,
  }))
  return {
    id: `did:talos:${name}` as Did,
    versionIds: keys.map((_, index) => `${index + 1}-x`),
    keys,
    signingKey: keys.at(-1)?.did,
    deactivated: false,
  }
}

function fill(database: AgentDatabase, count: number): void {
  database.transaction(() => {
    for (let n = 0; n < count; n += 1) database.identities.put(identity(`s${n}`), { log: 'x', nowMs: n })
  })
}

const idsOf = (database: AgentDatabase) => database.identities.list().map(({ id }) => id)

function refusalOf(work: () => unknown): object {
  try {
    work()
  } catch (error) {
    if (isTalosError(error)) return { code: error.code, ...error.details }
    throw error
  }
  return { code: 'accepted' }
}

describe('the key logs of peers', () => {
  it('of strangers make room for others when there are too many, those that say more than one key last', {
    timeout: 60_000,
  }, () => {
    using agent = openAgent()
    const { database } = agent
    database.identities.put(identity('rotated', 2), { log: 'x', nowMs: 0 })
    database.identities.put(identity('peer'), { log: 'x', nowMs: 0 })
    database.identities.put(identity('giver'), { log: 'x', nowMs: 0 })
    database.peers.put({ did: keyOf('peer-0'), name: undefined, endpoints: [], transportKey: undefined }, 0)
    const grant = { cid: cidOf('grant'), direction: 'received', label: '', bytes: new Uint8Array(1), nowMs: 0 } as const
    database.grants.put({ ...grant, peer: keyOf('giver-0') })
    fill(database, IDENTITIES_MAX - 3)
    expect(database.identities.put(identity('s0'), { log: 'y', nowMs: 20_000 })).toEqual([])
    const evicted = database.identities.put(identity('one-more'), { log: 'x', nowMs: 20_001 })
    expect(evicted).toEqual(Array.from({ length: 100 }, (_, index) => `did:talos:s${index + 1}`))
    const left = new Set(idsOf(database))
    expect(left.size).toBe(IDENTITIES_MAX - 99)
    for (const name of ['rotated', 'peer', 'giver', 's0', 'one-more']) expect(left).toContain(`did:talos:${name}`)
    expect(agent.reopen().identities.list()).toHaveLength(left.size)
  })

  it('may together be so large, whoever sends them', { timeout: 60_000 }, () => {
    using agent = openAgent()
    const { database } = agent
    const log = 'x'.repeat(IDENTITIES_MAX_BYTES / 4)
    database.peers.put({ did: keyOf('peer-0'), name: undefined, endpoints: [], transportKey: undefined }, 0)
    database.identities.put(identity('peer'), { log, nowMs: 0 })
    for (const name of ['a', 'b', 'c']) database.identities.put(identity(name), { log, nowMs: 1 })
    expect(database.identities.put(identity('a'), { log, nowMs: 2 })).toEqual([])
    expect(database.identities.put(identity('d'), { log: 'x', nowMs: 3 })).toHaveLength(3)
    expect(idsOf(database)).toEqual(['did:talos:d', 'did:talos:peer'])
    const tooLarge = 'x'.repeat(IDENTITIES_MAX_BYTES - log.length + 1)
    const full = { code: 'STORE_FULL', what: 'bytes of key logs of peers', limit: IDENTITIES_MAX_BYTES }
    expect(refusalOf(() => database.identities.put(identity('e'), { log: tooLarge, nowMs: 4 }))).toEqual(full)
    expect(idsOf(database)).toEqual(['did:talos:d', 'did:talos:peer'])
  })

  it('go into a backup where this agent has to do with them, small ones first, as many as fit', () => {
    using agent = openAgent()
    const { database } = agent
    for (const name of ['small', 'large', 'stranger']) {
      database.identities.put(identity(name), { log: name.repeat(name === 'large' ? 10 : 1), nowMs: 0 })
      if (name === 'stranger') continue
      database.peers.put({ did: keyOf(`${name}-0`), name: undefined, endpoints: [], transportKey: undefined }, 0)
    }
    expect(database.identities.logsOfKnown(55)).toEqual(['small', 'large'.repeat(10)])
    expect(database.identities.logsOfKnown(54)).toEqual(['small'])
    expect(database.identities.logsOfKnown(4)).toEqual([])
  })
})
