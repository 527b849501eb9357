/** Anchors at rest: leaves and heads in their order, transactions until they are forgotten, damage that is named. */
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import type { AnchorLeaf } from '../src/index.ts'
import { bytes, codeOf, openAgent, text } from './support.ts'

const leafOf = (size: number, subject = 'talos/one/1'): AnchorLeaf => ({
  kind: 'checkpoint',
  subject,
  size,
  statement: bytes(`statement ${size}`),
  note: `note ${size}`,
})
const hash = (fill: number) => new Uint8Array(32).fill(fill)
const place = { transaction: `0x${'11'.repeat(32)}`, blockNumber: 7, blockHash: `0x${'22'.repeat(32)}` }
const chain = {
  chainId: 1,
  contract: `0x${'ab'.repeat(20)}`,
  header: 'AAAA',
  receipt: { index: 0, nodes: ['AAAA'], log: 0 },
}

describe('the log of logs', () => {
  test('keeps its leaves and nodes across a restart, and finds the leaves of a subject', () => {
    using agent = openAgent()
    const { anchors } = agent.database
    expect(anchors.size).toBe(0)
    anchors.append(leafOf(3), [{ level: 0, position: 0, hash: hash(1) }])
    anchors.append(leafOf(9), [
      { level: 0, position: 1, hash: hash(2) },
      { level: 1, position: 0, hash: hash(3) },
    ])
    anchors.append({ kind: 'identity', subject: 'did:talos:x', size: 1, statement: bytes('key log') }, [])
    anchors.append({ kind: 'revocations', subject: 'did:key:x', size: 2, statement: bytes('list') }, [])
    const again = agent.reopen().anchors
    expect(again.size).toBe(4)
    expect(again.node(1, 0)).toEqual(hash(3))
    expect(again.newest('checkpoint', 'talos/one/1')).toMatchObject({ position: 1, size: 9, note: 'note 9' })
    expect(again.newest('identity', 'did:talos:x')?.note).toBeUndefined()
    expect(again.newest('revocations', 'did:key:x')).toMatchObject({ kind: 'revocations', position: 3 })
    expect(again.newest('checkpoint', 'another')).toBeUndefined()
    const covering = (size: number) => again.covering({ kind: 'checkpoint', subject: 'talos/one/1', size, limit: 8 })
    expect(covering(4).map(({ position }) => position)).toEqual([1])
    expect(covering(1).map(({ position }) => position)).toEqual([0, 1])
    expect(covering(10)).toEqual([])
    expect(text(again.leaf(0)?.statement)).toBe('statement 3')
    expect(again.leaf(4)).toBeUndefined()
    expect(codeOf(() => again.node(0, 9))).toBe('STORE_CORRUPT')
  })

  test('stores a leaf with its nodes or not at all', () => {
    using agent = openAgent()
    const { anchors } = agent.database
    anchors.append(leafOf(1), [{ level: 0, position: 0, hash: hash(1) }])
    const twice = [{ level: 0, position: 0, hash: hash(2) }]
    expect(codeOf(() => anchors.append(leafOf(2), twice))).toBe('STORE_WRITE_FAILED')
    expect(anchors.size).toBe(1)
  })
})

describe('heads', () => {
  test('go from wanted over final to recorded, and each step stays', () => {
    using agent = openAgent()
    const { anchors } = agent.database
    anchors.want({ size: 2, root: hash(2) }, 1_000)
    anchors.want({ size: 2, root: hash(9) }, 2_000)
    anchors.want({ size: 5, root: hash(5) }, 3_000)
    expect(anchors.unfinished().map(({ size, madeMs }) => [size, madeMs])).toEqual([
      [2, 1_000],
      [5, 3_000],
    ])
    expect(anchors.unfinished()[0]?.root).toEqual(hash(2))
    anchors.finish(2, { place, chain })
    anchors.finish(5, { place })
    const again = agent.reopen().anchors
    expect(again.unfinished()).toMatchObject([
      { size: 2, place, chain },
      { size: 5, place, chain: undefined },
    ])
    again.recorded(2)
    expect(again.unfinished().map(({ size }) => size)).toEqual([5])
    expect(again.heads(1).map(({ size }) => size)).toEqual([5])
    expect(again.finalAbove(1)).toMatchObject({ size: 2, isRecorded: true })
    expect(again.finalAbove(2)).toBeUndefined()
  })

  test('that are final are not dropped, whatever is set up anew', () => {
    using agent = openAgent()
    const { anchors } = agent.database
    anchors.want({ size: 2, root: hash(2) }, 1)
    anchors.finish(2, { place, chain })
    anchors.want({ size: 3, root: hash(3) }, 1)
    anchors.put({ nonce: 4, head: { size: 3, root: hash(3) }, attempts: [] })
    anchors.drop(2)
    anchors.forgetUnfinished()
    expect(anchors.heads(9).map(({ size }) => size)).toEqual([2])
    expect(anchors.list()).toEqual([])
    anchors.want({ size: 4, root: hash(4) }, 1)
    anchors.drop(4)
    expect(anchors.heads(9).map(({ size }) => size)).toEqual([2])
  })
})

describe('transactions', () => {
  const attempt = { hash: place.transaction, raw: '0x02', maxFeePerGasWei: '50000000000', atMs: 9 }

  test('are listed by nonce with all their attempts, across a restart', () => {
    using agent = openAgent()
    const { anchors } = agent.database
    const head = { size: 2, root: hash(2) }
    anchors.put({ nonce: 7, head, attempts: [attempt] })
    anchors.put({ nonce: 6, head, attempts: [] })
    anchors.put({ nonce: 7, head, attempts: [attempt, { ...attempt, maxFeePerGasWei: '60000000000' }] })
    const again = agent.reopen().anchors
    expect(again.list()).toEqual([
      { nonce: 6, head, attempts: [] },
      { nonce: 7, head, attempts: [attempt, { ...attempt, maxFeePerGasWei: '60000000000' }] },
    ])
    again.remove(7)
    expect(again.list()).toHaveLength(1)
  })

  test.each(['{}', '[1]', '[{"hash":1}]', '[{"hash":"a","raw":"b","maxFeePerGasWei":"c"}]'])(
    'with attempts of another form, such as %s, are named as damage',
    (attempts) => {
      using agent = openAgent()
      agent.database.anchors.put({ nonce: 1, head: { size: 1, root: hash(1) }, attempts: [attempt] })
      agent.database.anchors.want({ size: 1, root: hash(1) }, 1)
      agent.database.close()
      using raw = new DatabaseSync(agent.folder.filePath('agent.db'))
      raw.prepare('UPDATE anchor_transactions SET attempts = ?').run(attempts)
      raw.prepare('UPDATE anchor_heads SET place = ?').run(attempts)
      raw.close()
      const { anchors } = agent.reopen()
      expect(codeOf(() => anchors.list())).toBe('STORE_CORRUPT')
      expect(codeOf(() => anchors.heads(1))).toBe('STORE_CORRUPT')
    },
  )
})
