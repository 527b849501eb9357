/** The log in good health: appending, proving, reading, disclosing. */
import {
  AuditLog,
  AuditReader,
  decodeEntry,
  MAX_BATCH_ENTRIES,
  MAX_QUEUED_ENTRIES,
  verifyCommitment,
} from '@talos/audit'
import { fromUtf8, toHex } from '@talos/bytes'
import { leafHash, openCheckpoint, treeSize, verifyConsistency, verifyTlogProof } from '@talos/merkle'
import { manualClock } from '@talos/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  AGENT,
  appendMany,
  codeOf,
  failure,
  filledLog,
  kernel,
  ORIGIN,
  PEER,
  recorded,
  SESSION,
  START_MS,
  setup,
} from './fixtures.ts'
import { MemoryAuditIndex } from './memory-store.ts'

describe('opening a log', () => {
  it('begins it with entry 0, which names the log and carries the delegation of its key', async () => {
    const log = await AuditLog.open(setup())
    expect(log.size).toBe(1)
    const { entry } = log.reader.entry(0)
    expect(entry).toMatchObject({ kind: 'log.open', seq: 0, ts: START_MS, agent: AGENT })
    expect(entry.log).toEqual({ origin: ORIGIN, delegation: 'AQID' })
    expect(log.fault).toBeUndefined()
    expect(log.verifierKey.name).toBe(ORIGIN)
  })

  it('adds nothing to a log that is there', async () => {
    const options = setup()
    const first = await filledLog(options, 3)
    const again = await AuditLog.open(options)
    expect(again.size).toBe(4)
    expect(again.root).toEqual(first.root)
  })

  it('carries the last checkpoint of an earlier epoch', async () => {
    const log = await AuditLog.open(setup({ previousCheckpoint: 'an earlier checkpoint\n' }))
    expect(log.reader.entry(0).entry.log?.previous).toBe('an earlier checkpoint\n')
  })

  it('refuses the log of another agent, or under another name', async () => {
    const options = setup()
    await AuditLog.open(options)
    const otherAgent = await failure(() => AuditLog.open({ ...options, agent: PEER }))
    expect(otherAgent).toMatchObject({ code: 'AUDIT_OTHER_LOG', details: { part: 'agent' } })
    const otherOrigin = await failure(() => AuditLog.open({ ...options, origin: 'talos/other/1' }))
    expect(otherOrigin).toMatchObject({ code: 'AUDIT_OTHER_LOG', details: { part: 'origin' } })
  })

  it('refuses an origin that cannot name a key, and a delegation that entry 0 cannot hold', async () => {
    expect(await codeOf(() => AuditLog.open(setup({ origin: 'a b' })))).toBe('NOTE_KEY_INVALID')
    const empty = setup({ logKeyDelegation: new Uint8Array(0) })
    expect(await codeOf(() => AuditLog.open(empty))).toBe('SCHEMA_INVALID')
  })
})

describe('appending', () => {
  it('gives each entry the next place, in the order of the calls', async () => {
    const log = await AuditLog.open(setup())
    const appended = await Promise.all(
      ['a', 'b', 'c'].map((letter) => log.append({ kind: 'cap.grant', reason: letter.toUpperCase() })),
    )
    expect(appended.map(({ index }) => index)).toEqual([1, 2, 3])
    const reasons = appended.map(({ body }) => decodeEntry(body).reason)
    expect(reasons).toEqual(['A', 'B', 'C'])
    for (const { index, body, leafHash: hash } of appended) {
      expect(decodeEntry(body).seq).toBe(index)
      expect(hash).toEqual(leafHash(kernel, body))
    }
  })

  it('puts what is asked for in one turn into one transaction', async () => {
    const options = setup()
    const log = await AuditLog.open(options)
    const before = options.store.appends
    await appendMany(log, 500)
    expect(options.store.appends - before).toBe(1)
    expect(log.size).toBe(501)
  })

  it('gathers what arrives while a batch is being written into the next one', async () => {
    const options = setup()
    const log = await AuditLog.open(options)
    const before = options.store.appends
    const first = log.append({ kind: 'key.prekeys' })
    await Promise.resolve()
    await Promise.resolve()
    const later = Array.from({ length: 50 }, () => log.append({ kind: 'key.prekeys' }))
    await Promise.all([first, ...later])
    expect(options.store.appends - before).toBe(2)
  })

  it('splits what is more than one batch holds, and keeps order', async () => {
    const options = setup()
    const log = await AuditLog.open(options)
    const before = options.store.appends
    const many = Array.from({ length: 3 }, (_, position) =>
      log.appendAll(Array.from({ length: MAX_BATCH_ENTRIES - position }, () => ({ kind: 'key.prekeys' as const }))),
    )
    const sizes = (await Promise.all(many)).map((entries) => [entries[0]?.index, entries.length])
    expect(sizes).toEqual([
      [1, 1024],
      [1025, 1023],
      [2048, 1022],
    ])
    expect(options.store.appends - before).toBe(3)
  })

  it('refuses more entries at once than one transaction holds, and more than may wait', async () => {
    const log = await AuditLog.open(setup())
    const event = { kind: 'key.prekeys' as const }
    const batch = Array.from({ length: MAX_BATCH_ENTRIES }, () => event)
    expect(await codeOf(() => log.appendAll([...batch, event]))).toBe('AUDIT_BATCH_TOO_LARGE')
    const waiting = Array.from({ length: MAX_QUEUED_ENTRIES / MAX_BATCH_ENTRIES }, () => log.appendAll(batch))
    expect(await codeOf(() => log.append(event))).toBe('AUDIT_QUEUE_FULL')
    await Promise.all(waiting)
    await log.append(event)
    expect(log.size).toBe(1 + MAX_QUEUED_ENTRIES + 1)
  })

  it('takes nothing at all, and writes nothing then', async () => {
    const options = setup()
    const log = await AuditLog.open(options)
    const before = options.store.appends
    expect(await log.appendAll([])).toEqual([])
    expect(options.store.appends).toBe(before)
  })

  it('refuses a wrong entry alone: its neighbours are written, its own batch is not', async () => {
    const log = await AuditLog.open(setup())
    const good = log.append({ kind: 'key.prekeys' })
    const wrong = log.appendAll([{ kind: 'key.prekeys' }, { kind: 'message.send', commit: { content: { value: 1 } } }])
    const alsoGood = log.append({ kind: 'key.prekeys' })
    expect(await codeOf(() => wrong)).toBe('AUDIT_ENTRY_INVALID')
    expect([(await recorded(good)).index, (await recorded(alsoGood)).index]).toEqual([1, 2])
    expect(log.size).toBe(3)
  })

  it('lets no caller set a place, an agent or a time', async () => {
    const log = await AuditLog.open(setup())
    const forged = { kind: 'key.prekeys', seq: 99, v: 2, agent: PEER, ts: 1 } as never
    const { body } = await log.append(forged)
    expect(decodeEntry(body)).toMatchObject({ seq: 1, v: 1, agent: AGENT, ts: START_MS })
  })

  it('keeps the id that a caller gives', async () => {
    const log = await AuditLog.open(setup())
    const id = '018bcfe5680070008000000000000077'
    const { body } = await recorded(log.append({ kind: 'key.prekeys', id }))
    expect(decodeEntry(body).id).toBe(id)
  })

  it('is refused after closing, and closing waits for what was accepted', async () => {
    const index = new MemoryAuditIndex()
    const options = setup({ index })
    const log = await AuditLog.open(options)
    const accepted = log.append({ kind: 'key.prekeys' })
    await log.close()
    expect((await recorded(accepted)).index).toBe(1)
    expect(options.store.isClosed).toBe(true)
    expect(index.isClosed).toBe(true)
    expect(await codeOf(() => log.append({ kind: 'key.prekeys' }))).toBe('AUDIT_CLOSED')
    expect(await codeOf(() => log.checkpoint())).toBe('AUDIT_CLOSED')
    await log.close()
  })

  it('closes at the end of a block', async () => {
    const options = setup()
    const log = await AuditLog.open(options)
    await log[Symbol.asyncDispose]()
    expect(options.store.isClosed).toBe(true)
  })
})

describe('contents', () => {
  it('leave a salted commitment in the entry and nothing else', async () => {
    const log = await AuditLog.open(setup())
    const content = new TextEncoder().encode('a secret word')
    const { index, body } = await recorded(
      log.append({
        kind: 'message.send',
        peer: PEER,
        session: SESSION,
        commit: { content: { bytes: content }, params: { value: { word: 'secret' } } },
      }),
    )
    expect(fromUtf8(body)).not.toContain('secret')
    const { commit } = decodeEntry(body)
    const salt = log.salt({ index, path: 'content' })
    verifyCommitment({ path: 'content', bytes: content, salt, kernel, commitment: commit!.content! })
    const params = log.salt({ index, path: 'params' })
    verifyCommitment({ path: 'params', value: { word: 'secret' }, salt: params, kernel, commitment: commit!.params! })
    expect(salt).not.toEqual(params)
  })

  it('that are equal leave different commitments', async () => {
    const log = await AuditLog.open(setup())
    const event = { kind: 'message.send' as const, peer: PEER, session: SESSION, commit: { content: { value: 'yes' } } }
    const alone = { kind: 'message.send' as const, peer: PEER, commit: { content: { value: 'yes' } } }
    const appended = await log.appendAll([event, event, alone, alone])
    const commitments = appended.map(({ body }) => decodeEntry(body).commit?.content)
    expect(new Set(commitments).size).toBe(4)
  })

  it('of one session share one salt key, which later batches find in the store', async () => {
    const options = setup()
    const log = await AuditLog.open(options)
    const event = { kind: 'message.send' as const, peer: PEER, session: SESSION, commit: { content: { value: 1 } } }
    await log.appendAll([event, event])
    await Promise.all([log.append(event), log.append(event)])
    expect([...options.store.secrets.keys()]).toEqual([`session:${SESSION}`])
  })

  it('may be committed to by somebody else', async () => {
    const log = await AuditLog.open(setup())
    const commitment = 'ab'.repeat(32)
    const { body } = await log.append({ kind: 'redact', commit: { result: { commitment } } })
    expect(decodeEntry(body).commit).toEqual({ result: commitment })
  })

  it('can be erased: the salts are gone, the tree is whole, and an entry says so', async () => {
    const options = setup()
    const log = await AuditLog.open(options)
    const event = { kind: 'message.send' as const, peer: PEER, commit: { content: { value: 1 } } }
    const { index, leafHash: cause } = await recorded(log.append(event))
    const erased = await log.erase(index)
    expect(decodeEntry(erased.body)).toMatchObject({ kind: 'redact', cause: toHex(cause) })
    const refused = { code: 'AUDIT_SALT_ERASED', details: { index } }
    expect(await failure(() => log.salt({ index, path: 'content' }))).toMatchObject(refused)
    expect(await failure(() => log.erase(index))).toMatchObject(refused)
    expect((await log.verify()).size).toBe(3)
  })

  it('stay erased when the session goes on, and the later ones keep their salts', async () => {
    const log = await AuditLog.open(setup())
    const of = (session: string) =>
      ({ kind: 'message.send', peer: PEER, session, commit: { content: { value: 1 } } }) as const
    const before = await recorded(log.append(of('aa'.repeat(16))))
    const other = await recorded(log.append(of('bb'.repeat(16))))
    await log.erase(before.index)
    // Redactions that say nothing of these entries: without a cause, and of an entry that is not in this log.
    await log.append({ kind: 'redact' })
    await log.append({ kind: 'redact', cause: '00'.repeat(32) })
    const after = await recorded(log.append(of('aa'.repeat(16))))
    const refused = { code: 'AUDIT_SALT_ERASED', details: { index: before.index } }
    expect(await failure(() => log.salt({ index: before.index, path: 'content' }))).toMatchObject(refused)
    expect(await failure(() => log.erase(before.index))).toMatchObject(refused)
    for (const { index, body } of [other, after]) {
      const salt = log.salt({ index, path: 'content' })
      const commitment = decodeEntry(body).commit?.content ?? ''
      expect(() => verifyCommitment({ path: 'content', value: 1, salt, kernel, commitment })).not.toThrow()
    }
  })
})

describe('proofs', () => {
  it('of any entry verify against the checkpoint that the log signs', async () => {
    const log = await filledLog(setup(), 700)
    const { logKey } = { logKey: log.verifierKey }
    for (const index of [0, 1, 255, 256, 511, 512, 700]) {
      const { body, proof } = await log.prove(index)
      const verified = verifyTlogProof(proof, { logKey, leafHash: leafHash(kernel, body), kernel })
      expect(verified.index).toBe(index)
    }
    expect(log.lastCheckpoint?.size).toBe(701)
  })

  it('take a new checkpoint only where the last one does not reach', async () => {
    const options = setup()
    const log = await filledLog(options, 2)
    await log.prove(1)
    await appendMany(log, 1)
    await log.prove(2)
    expect(options.guard.written).toHaveLength(1)
    await log.prove(3)
    expect(options.guard.written).toHaveLength(2)
  })

  it('connect any two sizes of a growing log', async () => {
    const log = await filledLog(setup(), 600)
    fc.assert(
      fc.property(fc.nat({ max: 601 }), fc.nat({ max: 601 }), (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)]
        const proof = log.reader.consistency({ from, to })
        const roots = { fromRoot: log.reader.rootAt(from), toRoot: log.reader.rootAt(to) }
        verifyConsistency({ from: treeSize(from), to: treeSize(to), ...roots, proof, kernel })
      }),
      { seed: 42, numRuns: 100 },
    )
    expect(log.reader.consistency({ from: 601 })).toEqual([])
  })

  it('are refused outside of the log', async () => {
    const { reader } = await filledLog(setup(), 3)
    const runs = [
      () => reader.entry(4),
      () => reader.entry(-1),
      () => reader.entry(0.5),
      () => reader.inclusion({ index: 4 }),
      () => reader.inclusion({ index: 0, size: 5 }),
      () => reader.inclusion({ index: 2, size: 2 }),
      () => reader.consistency({ from: 5 }),
      () => reader.consistency({ from: 3, to: 2 }),
      () => reader.consistency({ from: 0, to: 5 }),
      () => reader.rootAt(5),
    ]
    expect(await Promise.all(runs.map(codeOf))).toEqual(runs.map(() => 'AUDIT_RANGE'))
  })
})

describe('checkpoints', () => {
  it('are signed once for a size, kept twice, and extend one another', async () => {
    const options = setup()
    const log = await filledLog(options, 5)
    const first = await log.checkpoint()
    expect(await log.checkpoint()).toBe(first)
    await appendMany(log, 300)
    const second = await log.checkpoint()
    expect(options.guard.written).toEqual([first, second])
    expect([...options.store.checkpoints()]).toEqual([
      { size: 6, note: first },
      { size: 306, note: second },
    ])
    const [one, two] = [first, second].map((note) => openCheckpoint(note, { logKey: log.verifierKey, kernel }))
    const proof = log.reader.consistency({ from: one!.size, to: two!.size })
    verifyConsistency({ from: one!.size, to: two!.size, fromRoot: one!.root, toRoot: two!.root, proof, kernel })
  })

  it('asked for together are signed one after the other', async () => {
    const options = setup()
    const log = await filledLog(options, 1)
    const notes = await Promise.all([log.checkpoint(), log.checkpoint(), log.checkpoint()])
    expect(new Set(notes).size).toBe(1)
    expect(options.guard.written).toHaveLength(1)
  })
})

describe('reading', () => {
  it('narrows by kind, session, peer, tool, capability, time and place', async () => {
    const clock = manualClock(START_MS)
    const log = await AuditLog.open(setup({ clock }))
    const cap = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
    const tool = '/mcp/files/tool/read'
    clock.advance(10)
    await log.append({ kind: 'tool.invoke', tool, cap, peer: PEER })
    clock.advance(10)
    await log.append({ kind: 'session.open', session: SESSION, peer: AGENT })
    await log.append({ kind: 'tool.invoke', tool: '/mcp/files/tool/write', peer: PEER })
    const found = (filter: Parameters<AuditReader['entries']>[0]): number[] =>
      [...log.reader.entries(filter)].map(({ index }) => index)
    expect(found(undefined)).toEqual([0, 1, 2, 3])
    expect(found({ kinds: ['tool.invoke'] })).toEqual([1, 3])
    expect(found({ session: SESSION })).toEqual([2])
    expect(found({ peer: PEER })).toEqual([1, 3])
    expect(found({ tool })).toEqual([1])
    expect(found({ cap })).toEqual([1])
    expect(found({ fromMs: START_MS + 10, toMs: START_MS + 20 })).toEqual([1])
    expect(found({ fromIndex: 1, toIndex: 3, order: 'descending' })).toEqual([2, 1])
    expect(found({ toIndex: 99 })).toEqual([0, 1, 2, 3])
  })

  it('in another process sees what was committed since, once it asks', async () => {
    const options = setup()
    const log = await AuditLog.open(options)
    const reader = new AuditReader({ store: options.store, kernel })
    await appendMany(log, 70_000 / 10)
    expect(reader.size).toBe(1)
    expect([...reader.entries()]).toHaveLength(1)
    reader.refresh()
    expect(reader.size).toBe(7001)
    expect(reader.root).toEqual(log.root)
  })

  it('is empty before entry 0', () => {
    const reader = new AuditReader({ store: setup().store, kernel })
    expect(reader.size).toBe(0)
    expect(reader.rootAt(0)).toEqual(reader.root)
  })
})

describe('finding an entry by its leaf hash', () => {
  it('works without a lookup, by reading the log', async () => {
    const log = await filledLog(setup(), 1100)
    const { leafHash: hash } = log.reader.entry(1077)
    expect(log.find(hash)).toBe(1077)
    expect(log.find(new Uint8Array(32))).toBeUndefined()
  })
})
