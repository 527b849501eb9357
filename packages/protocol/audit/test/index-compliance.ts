/** What every search database promises: it finds what reading the whole log finds, in the same order. */
import {
  type AuditEvent,
  type AuditFilter,
  type AuditIndex,
  AuditLog,
  type AuditRecord,
  AuditSearch,
} from '@talos/audit'
import type { Did } from '@talos/contracts'
import { manualClock } from '@talos/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AGENT, PEER, SESSION, START_MS, setup } from './fixtures.ts'

export interface OpenedIndex extends Disposable {
  readonly index: AuditIndex
}

const CAP = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const OTHER_CAP = 'bafyreia2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zyaa'.slice(0, 59)
const OTHER_PEER = AGENT
const MESSAGES = ['00'.repeat(16), 'ab'.repeat(16)]
const TOOLS = ['/mcp/files/tool/read_text_file', '/mcp/files/tool/write_file']

const event: fc.Arbitrary<AuditEvent> = fc.oneof(
  fc.constant<AuditEvent>({ kind: 'key.prekeys' }),
  fc.record({
    kind: fc.constantFrom('message.send' as const, 'message.receive' as const),
    peer: fc.constantFrom<Did>(PEER, OTHER_PEER),
    message: fc.constantFrom(...MESSAGES),
    session: fc.constantFrom(SESSION, 'ff'.repeat(16)),
  }),
  fc.record({
    kind: fc.constant('tool.deny' as const),
    peer: fc.constantFrom<Did>(PEER, OTHER_PEER),
    tool: fc.constantFrom(...TOOLS),
    cap: fc.constantFrom(CAP, OTHER_CAP),
    decision: fc.constant('deny' as const),
    reason: fc.constantFrom('CAPABILITY_EXPIRED', 'CAPABILITY_REVOKED'),
  }),
  fc.record({
    kind: fc.constant('tool.invoke' as const),
    peer: fc.constant<Did>(PEER),
    tool: fc.constantFrom(...TOOLS),
    cap: fc.constant(CAP),
    decision: fc.constant('allow' as const),
  }),
)

const members = fc.record({
  kinds: fc.subarray(['message.send', 'message.receive', 'tool.deny', 'tool.invoke', 'key.prekeys'] as const),
  peer: fc.constantFrom<Did>(PEER, OTHER_PEER),
  peers: fc.subarray<Did>([PEER, OTHER_PEER]),
  tool: fc.constantFrom(...TOOLS, '/mcp/none'),
  cap: fc.constantFrom(CAP, OTHER_CAP),
  session: fc.constantFrom(SESSION, 'ee'.repeat(16)),
  message: fc.constantFrom(...MESSAGES),
  decision: fc.constantFrom('allow' as const, 'deny' as const),
  reason: fc.constantFrom('CAPABILITY_EXPIRED', 'CAPABILITY_UNKNOWN'),
  fromMs: fc.integer({ min: START_MS - 5, max: START_MS + 90 }),
  toMs: fc.integer({ min: START_MS - 5, max: START_MS + 90 }),
  fromIndex: fc.integer({ min: 0, max: 40 }),
  toIndex: fc.integer({ min: 0, max: 60 }),
  order: fc.constantFrom('ascending' as const, 'descending' as const),
})
const NAMES = [
  'kinds',
  'peer',
  'peers',
  'tool',
  'cap',
  'session',
  'message',
  'decision',
  'reason',
  'fromMs',
  'toMs',
  'fromIndex',
  'toIndex',
  'order',
] as const

/** Few members at a time, so that most filters leave something. */
const filter: fc.Arbitrary<AuditFilter> = fc
  .tuple(members, fc.subarray([...NAMES], { maxLength: 3 }))
  .map(([all, names]) => Object.fromEntries(names.map((name) => [name, all[name]])))

/** Whether the database says of all entries what they say. */
export function isRight(search: AuditSearch, records: readonly AuditRecord[]): boolean {
  const comparison = search.comparison()
  comparison.take(records)
  return comparison.finish()
}

/** A log of these events, whose clock also steps back. */
export async function logOf(events: readonly AuditEvent[]): Promise<AuditLog> {
  const clock = manualClock(START_MS)
  const log = await AuditLog.open(setup({ clock }))
  for (const [position, one] of events.entries()) {
    clock.advance(position % 5 === 4 ? -3 : 2)
    await log.append(one)
  }
  return log
}

export function indexCompliance(name: string, open: () => OpenedIndex): void {
  describe(`${name} as a search database`, () => {
    it('finds what reading the whole log finds, however much of it is known', async () => {
      const runs = fc.asyncProperty(
        fc.array(event, { maxLength: 40 }),
        fc.array(filter, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 50 }),
        async (events, filters, known) => {
          const { reader } = await logOf(events)
          using opened = open()
          const search = new AuditSearch({ reader, index: opened.index })
          search.catchUp({ limit: known })
          for (const one of filters) expect([...search.entries(one)]).toEqual([...reader.entries(one)])
          for (const { leafHash, index } of reader.entries()) expect(search.find(leafHash)).toBe(index)
          expect(search.find(new Uint8Array(32))).toBeUndefined()
          expect(isRight(search, [...reader.entries()])).toBe(true)
          expect(search.inspect()).toBe(true)
        },
      )
      await fc.assert(runs, { seed: 42, numRuns: 60 })
    })

    it('is filled by steps of the size that is asked for, and passes over what it knows', async () => {
      const { reader } = await logOf(Array.from({ length: 600 }, () => ({ kind: 'key.prekeys' })))
      using opened = open()
      const { index } = opened
      const search = new AuditSearch({ reader, index })
      expect(search.catchUp()).toBe(601 - 256)
      expect(search.catchUp({ limit: 10 })).toBe(601 - 266)
      index.add([...reader.entries({ fromIndex: 0, toIndex: 300 })])
      expect([index.size, index.last]).toEqual([300, reader.leafHash(299)])
      index.add([...reader.entries({ fromIndex: 0, toIndex: 2 })])
      index.add([])
      expect([index.size, search.catchUp({ limit: 1000 }), search.catchUp()]).toEqual([300, 0, 0])
      expect([...search.entries({ kinds: ['key.prekeys'] })]).toHaveLength(600)
      expect([...search.entries({ kinds: ['key.prekeys'], order: 'descending' })]).toHaveLength(600)
    })

    it('knows nothing once it was emptied, and takes everything again', async () => {
      const { reader } = await logOf([{ kind: 'key.prekeys' }])
      using opened = open()
      const { index } = opened
      index.add([...reader.entries()])
      index.clear()
      const query = { fromIndex: 0, toIndex: 2, kinds: ['key.prekeys'] as const }
      expect([index.size, index.last, [...index.search(query)], index.find(reader.leafHash(0))]).toEqual([
        0,
        undefined,
        [],
        [],
      ])
      index.add([...reader.entries()])
      expect([...index.search(query)]).toEqual([1])
    })

    it('does not agree with entries that say something else', async () => {
      const { reader } = await logOf([{ kind: 'key.prekeys' }, { kind: 'message.send', peer: PEER }])
      using opened = open()
      const { index } = opened
      const records = [...reader.entries()]
      index.add(records)
      expect([index.agrees(records), index.agrees([]), index.isSound()]).toEqual([true, true, true])
      for (const changes of [
        { ts: 1 },
        { kind: 'message.receive' as const },
        { peer: OTHER_PEER },
        { tool: TOOLS[0] },
        { message: MESSAGES[0] },
      ]) {
        const changed = records.map((record) =>
          record.index === 2 ? { ...record, entry: { ...record.entry, ...changes } } : record,
        )
        expect(index.agrees(changed as typeof records)).toBe(false)
      }
      expect(index.agrees(records.map((record) => ({ ...record, index: record.index + 1 })))).toBe(false)
    })
  })
}
