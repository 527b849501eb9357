import { join } from 'node:path'
import { Cid } from '@talos/bytes'
import { type Account, Meter, type MeterStore } from '@talos/capability'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import {
  AgentDatabase,
  Database,
  EPOCH_KEEP_S,
  EPOCHS_MAX,
  EpochStore,
  type MeterValue,
  SqliteMeterStore,
} from '../src/index.ts'
import { METERING_TABLES } from '../src/schema-metering.ts'
import { family } from './meter-family.ts'
import { bytes, codeOf, kernel, openAgent, random } from './support.ts'

const NOW_S = 1_767_225_600
const NOW_MS = NOW_S * 1_000

function value(key: string, changes: Partial<MeterValue> = {}): MeterValue {
  return { key, value: 1, tree: 'tree', untilS: null, ...changes }
}

function use(nowMs = NOW_MS) {
  return { nowMs, bytes: 1, args: {}, cost: () => undefined }
}

/** Charges until the parent has no calls left, waiting as told; how many calls were allowed. */
function drain(meter: Meter, accounts: readonly Account[]): number {
  let nowMs = NOW_MS
  for (let count = 0; ; ) {
    const { ticket, cause } = meter.charge(accounts, use(nowMs))
    if (ticket !== undefined) {
      meter.settle(ticket, { bytes: 0, nowMs })
      count += 1
    } else if (cause?.code === 'CAPABILITY_RATE') nowMs += Number(cause.details['retryAfterMs'])
    else return count
  }
}

describe('the store of counters', () => {
  it('keeps what was written, over a restart', () => {
    using agent = openAgent()
    const { meters } = agent.database
    expect(meters.load(['a', 'b'])).toEqual(new Map())
    expect(meters.write([value('a', { value: 5 }), value('b', { value: 2 ** 53 - 1 })], NOW_S)).toBe(true)
    expect(meters.write([value('a', { value: 3 })], NOW_S)).toBe(true)
    const again = agent.reopen().meters
    expect(again.load(['a', 'b', 'c'])).toEqual(
      new Map([
        ['a', 3],
        ['b', 2 ** 53 - 1],
      ]),
    )
  })

  it('has room for so many counters below one root, and refuses more without storing any of them', () => {
    using root = tempFolder()
    using database = Database.open({ path: join(root.path, 'a.db'), store: 'agent', migrations: [METERING_TABLES] })
    const meters = new SqliteMeterStore(database, 3)
    expect(meters.write([value('a'), value('b')], NOW_S)).toBe(true)
    expect(meters.write([value('a', { value: 9 }), value('c'), value('d')], NOW_S)).toBe(false)
    expect(meters.load(['a', 'c', 'd'])).toEqual(new Map([['a', 1]]))
    expect(meters.write([value('c'), value('x', { tree: 'other' })], NOW_S)).toBe(true)
    expect(meters.write([value('d')], NOW_S)).toBe(false)
    expect(meters.write([value('c', { value: 2 })], NOW_S)).toBe(true)
  })

  it('forgets what ended, leaves a mark of it, and makes room by it', () => {
    using agent = openAgent()
    const { meters } = agent.database
    expect(meters.forgottenS).toBe(0)
    const ending = [value('a', { untilS: NOW_S }), value('b', { untilS: NOW_S + 10 }), value('c')]
    meters.write(ending, NOW_S)
    expect([meters.forgottenS, meters.load(['a']).size]).toEqual([0, 1])
    meters.write([value('c')], NOW_S + 1)
    expect([meters.forgottenS, [...meters.load(['a', 'b', 'c']).keys()]]).toEqual([NOW_S + 1, ['b', 'c']])
    meters.write([value('d', { untilS: NOW_S - 100 })], NOW_S - 200)
    meters.write([value('c')], NOW_S - 50)
    expect([meters.forgottenS, meters.load(['d']).size]).toEqual([NOW_S + 1, 0])
    expect(agent.reopen().meters.forgottenS).toBe(NOW_S + 1)
  })

  it('goes on after a wrong reading of the clock with what lasts longer than all that was forgotten for it', () => {
    using agent = openAgent()
    const { meters } = agent.database
    meters.write([value('a', { untilS: NOW_S + 100 })], NOW_S)
    meters.write([value('b', { untilS: NOW_S + 1_000_000 })], NOW_S + 500_000)
    expect([meters.forgottenS, [...meters.load(['a', 'b']).keys()]]).toEqual([NOW_S + 101, ['b']])
  })

  it('keeps a counter for as long as any of its renewals said', () => {
    using agent = openAgent()
    const { meters } = agent.database
    meters.write([value('a', { untilS: NOW_S + 20 }), value('b', { untilS: null })], NOW_S)
    meters.write([value('a', { untilS: NOW_S + 10 }), value('b', { untilS: NOW_S + 10 })], NOW_S)
    meters.write([value('c', { untilS: NOW_S })], NOW_S + 15)
    expect([...meters.load(['a', 'b']).keys()]).toEqual(['a', 'b'])
    meters.write([value('a', { untilS: null })], NOW_S + 15)
    meters.write([value('b')], NOW_S + 1_000)
    expect([...meters.load(['a', 'b', 'c']).keys()]).toEqual(['a', 'b'])
  })

  it('fails as a whole on a full disk, and the meter above it charges nothing', async () => {
    using agent = openAgent()
    const { folder, lock, storageKey } = agent
    agent.database.close()
    const [parent, child] = await family(100)
    const accounts = [parent, child].filter((account) => account !== undefined)
    using full = AgentDatabase.open({ folder, lock, storageKey, kernel, random, maxPages: 1 })
    const many = Array.from({ length: 500 }, (_, index) => value(`key ${index} ${'x'.repeat(500)}`))
    expect(codeOf(() => full.meters.write(many, NOW_S))).toBe('STORE_WRITE_FAILED')
    expect(full.meters.load(many.map(({ key }) => key)).size).toBe(0)
    full.close()
    using roomy = AgentDatabase.open({ folder, lock, storageKey, kernel, random })
    expect(drain(new Meter({ store: roomy.meters }), accounts)).toBe(75)
  })

  it('may fail with or without having stored, and no call is allowed twice for it', async () => {
    const [parent, child] = await family(40)
    const accounts = [parent, child].filter((account) => account !== undefined)
    for (const isStored of [false, true]) {
      using agent = openAgent()
      const { meters } = agent.database
      let writes = 0
      const failing: MeterStore = {
        get forgottenS() {
          return meters.forgottenS
        },
        load: (keys) => meters.load(keys),
        write(changes, nowS) {
          writes += 1
          if (writes % 3 !== 0) return meters.write(changes, nowS)
          if (isStored) meters.write(changes, nowS)
          throw new TalosError('STORE_WRITE_FAILED', { store: 'agent', reason: 'the disk failed' })
        },
      }
      const meter = new Meter({ store: failing })
      let [allowed, failed] = [0, 0]
      for (let step = 0; step < 400; step += 1) {
        const code = codeOf(() => {
          const { ticket } = meter.charge(accounts, use(NOW_MS + step * 100))
          if (ticket === undefined) return
          allowed += 1
          meter.settle(ticket, { bytes: 1, nowMs: NOW_MS + step * 100 })
        })
        if (code === 'STORE_WRITE_FAILED') failed += 1
      }
      expect([allowed, failed > 10]).toEqual([30, true])
      expect(drain(new Meter({ store: meters }), accounts)).toBe(0)
    }
  })

  it('is read by others next to its owner, and not written', () => {
    using agent = openAgent()
    agent.database.meters.write([value('a', { value: 7 })], NOW_S)
    using reader = AgentDatabase.openReader({ folder: agent.folder })
    expect(reader.meters.load(['a']).get('a')).toBe(7)
    expect(codeOf(() => reader.meters.write([value('a')], NOW_S))).toBe('STORE_WRITE_FAILED')
  })
})

describe('the epochs of instances', () => {
  it('end when the next one begins, and are remembered for ten minutes', () => {
    using agent = openAgent()
    const [first, second, third] = ['1', '2', '3'].map((digit) => bytes(digit.repeat(16)))
    if (first === undefined || second === undefined || third === undefined) throw new TypeError('three epochs')
    agent.database.epochs.begin(first, NOW_S)
    expect(agent.database.epochs.earlier(NOW_S)).toEqual([])
    const { epochs } = agent.reopen()
    epochs.begin(second, NOW_S + 100_000)
    expect(epochs.earlier(NOW_S + 100_000)).toEqual([{ epoch: first, endedS: NOW_S + 100_000 }])
    epochs.begin(third, NOW_S + 100_100)
    expect(epochs.earlier(NOW_S + 100_000 + EPOCH_KEEP_S).map(({ endedS }) => endedS)).toEqual([
      NOW_S + 100_100,
      NOW_S + 100_000,
    ])
    expect(epochs.earlier(NOW_S + 100_001 + EPOCH_KEEP_S)).toEqual([{ epoch: second, endedS: NOW_S + 100_100 }])
    epochs.begin(bytes('4'.repeat(16)), NOW_S + 200_000)
    expect(epochs.earlier(0)).toEqual([{ epoch: third, endedS: NOW_S + 200_000 }])
    expect(codeOf(() => epochs.begin(third, NOW_S))).toBe('STORE_WRITE_FAILED')
  })

  it('take what could be used in them along when they are forgotten, should the clock have been wrong', () => {
    using agent = openAgent()
    const { epochs, replay } = agent.database
    const claim = (expiresS: number) => {
      const cid = Cid.fromSha256(new Uint8Array(32).fill(expiresS % 256))
      return replay.claim({ cid, issuer: 'did:key:z6Mk' as Did, expiresS, nowS: NOW_S })
    }
    epochs.begin(bytes('1'.repeat(16)), NOW_S)
    epochs.begin(bytes('2'.repeat(16)), NOW_S + 1)
    expect(claim(NOW_S + 30)).toBe('fresh')
    const wrongS = NOW_S + 100_000
    epochs.begin(bytes('3'.repeat(16)), wrongS)
    expect(claim(NOW_S + 60)).toBe('expired')
    expect(claim(wrongS)).toBe('fresh')
  })

  it('are bounded: the latest stay', () => {
    using root = tempFolder()
    using database = Database.open({ path: join(root.path, 'a.db'), store: 'agent', migrations: [METERING_TABLES] })
    const epochs = new EpochStore(database, 3)
    for (const second of [0, 1, 2, 3, 4, 5]) epochs.begin(bytes(String(second).repeat(16)), NOW_S + second)
    expect(epochs.earlier(NOW_S).map(({ endedS }) => endedS - NOW_S)).toEqual([5, 4, 3])
    expect(EPOCHS_MAX).toBeGreaterThan(3)
  })
})
