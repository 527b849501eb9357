/** The log when something goes wrong: failing writes, set-back stores, damage. */
import { AuditLog, AuditReader, type AuditStore, decodeEntry, entriesOf, PROGRESS_STEP, verifyLog } from '@talos/audit'
import { utf8 } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { CompactRange, signCheckpoint, treeSize } from '@talos/merkle'
import { describe, expect, it } from 'vitest'
import {
  appendMany,
  codeOf,
  failure,
  filledLog,
  kernel,
  ORIGIN,
  PEER,
  recorded,
  type Setup,
  setup,
  signerOf,
} from './fixtures.ts'
import { MemoryAuditStore, type WriteFault } from './memory-store.ts'

const EVENT = { kind: 'key.prekeys' as const }

/** A copy of a store, as a backup would hold it. */
function copyOf(store: MemoryAuditStore): MemoryAuditStore {
  const copy = new MemoryAuditStore()
  copy.current = store.current
  for (const [key, value] of store.rows) copy.rows.set(key, value)
  for (const [key, value] of store.tiles) copy.tiles.set(key, value)
  for (const [key, value] of store.partials) copy.partials.set(key, value)
  for (const [key, value] of store.notes) copy.notes.set(key, value)
  return copy
}

describe('a write that fails', () => {
  it.each<[WriteFault, string, number]>([
    ['fails and is not stored', 'no', 1],
    ['fails but is stored', 'yes', 2],
  ])('and %s says so, and the log goes on from what the store holds', async (fault, stored, size) => {
    const options = setup()
    const log = await AuditLog.open(options)
    options.store.writeFault = fault
    const failed = await failure(() => log.append(EVENT))
    expect(failed).toMatchObject({ code: 'AUDIT_APPEND_FAILED', details: { stored } })
    expect(failed.cause).toMatchObject({ code: 'AUDIT_STORE_FAILED' })
    expect(log.size).toBe(size)
    expect(log.fault).toBeUndefined()
    options.store.writeFault = 'none'
    const { index, body } = await recorded(log.append(EVENT))
    expect(index).toBe(size)
    expect(decodeEntry(body).seq).toBe(size)
    expect((await log.verify()).size).toBe(size + 1)
    const again = await AuditLog.open(options)
    expect(again.root).toEqual(log.root)
  })

  it.each<[WriteFault, number]>([
    ['fails and is not stored', 1],
    ['fails but is stored', 2],
  ])('and %s, with a store that cannot be asked, is settled before the next write', async (fault, size) => {
    const options = setup()
    const log = await AuditLog.open(options)
    options.store.writeFault = fault
    options.store.isReadable = false
    expect(await failure(() => log.append(EVENT))).toMatchObject({ details: { stored: 'unknown' } })
    options.store.writeFault = 'none'
    expect(await codeOf(() => log.append(EVENT))).toBe('AUDIT_STORE_FAILED')
    options.store.isReadable = true
    const { index } = await recorded(log.append(EVENT))
    expect(index).toBe(size)
    expect((await log.verify()).size).toBe(size + 1)
  })

  it('fails everybody who waited for that batch, and nobody else', async () => {
    const options = setup()
    const log = await AuditLog.open(options)
    options.store.writeFault = 'fails and is not stored'
    const codes = await Promise.all([codeOf(() => log.append(EVENT)), codeOf(() => log.append(EVENT))])
    expect(codes).toEqual(['AUDIT_APPEND_FAILED', 'AUDIT_APPEND_FAILED'])
    options.store.writeFault = 'none'
    expect((await recorded(log.append(EVENT))).index).toBe(1)
  })

  it('of entry 0 leaves a store that can be opened again', async () => {
    for (const fault of ['fails and is not stored', 'fails but is stored'] as const) {
      const options = setup()
      options.store.writeFault = fault
      expect(await codeOf(() => AuditLog.open(options))).toBe('AUDIT_APPEND_FAILED')
      options.store.writeFault = 'none'
      const log = await AuditLog.open(options)
      expect(log.size).toBe(1)
    }
  })
})

describe('a second writer', () => {
  it('is noticed at the first write, and then this one stops for good', async () => {
    const options = setup()
    const [one, two] = [await AuditLog.open(options), await AuditLog.open(options)]
    await one.append(EVENT)
    const waiting = [two.append(EVENT), two.append(EVENT)].map((append) => codeOf(() => append))
    expect(await Promise.all(waiting)).toEqual(['AUDIT_STORE_CONFLICT', 'AUDIT_STORE_CONFLICT'])
    expect(two.fault).toMatchObject({ code: 'AUDIT_STORE_CONFLICT', details: { expected: 1, actual: 2 } })
    expect(await codeOf(() => two.append(EVENT))).toBe('AUDIT_STORE_CONFLICT')
    expect(await codeOf(() => two.checkpoint())).toBe('AUDIT_STORE_CONFLICT')
    await one.append(EVENT)
    expect((await one.verify()).size).toBe(3)
  })

  it('also stops those who were waiting behind the batch that met it', async () => {
    const options = setup()
    const [one, two] = [await AuditLog.open(options), await AuditLog.open(options)]
    await one.append(EVENT)
    const first = codeOf(() => two.append(EVENT))
    await Promise.resolve()
    await Promise.resolve()
    const behind = codeOf(() => two.append(EVENT))
    expect(await Promise.all([first, behind])).toEqual(['AUDIT_STORE_CONFLICT', 'AUDIT_STORE_CONFLICT'])
  })

  it('is noticed when an unsettled write is settled', async () => {
    const options = setup()
    const log = await AuditLog.open(options)
    options.store.writeFault = 'fails and is not stored'
    options.store.isReadable = false
    expect(await codeOf(() => log.append(EVENT))).toBe('AUDIT_APPEND_FAILED')
    options.store.writeFault = 'none'
    options.store.isReadable = true
    const other = await AuditLog.open(options)
    await appendMany(other, 2)
    expect(await codeOf(() => log.append(EVENT))).toBe('AUDIT_STORE_CONFLICT')
    expect(log.fault?.code).toBe('AUDIT_STORE_CONFLICT')
  })
})

describe('a store that was set back', () => {
  async function signedLog(): Promise<{ options: Setup; backup: MemoryAuditStore }> {
    const options = setup()
    const log = await filledLog(options, 3)
    const backup = copyOf(options.store)
    await appendMany(log, 3)
    await log.checkpoint()
    return { options, backup }
  }

  async function expectReadOnly(options: Setup, size: number | string): Promise<void> {
    const log = await AuditLog.open(options)
    expect(log.fault).toMatchObject({ code: 'AUDIT_ROLLBACK', details: { size } })
    expect(await codeOf(() => log.append(EVENT))).toBe('AUDIT_ROLLBACK')
    expect(await codeOf(() => log.checkpoint())).toBe('AUDIT_ROLLBACK')
    expect([...log.reader.entries()]).toHaveLength(log.size)
  }

  it('opens for reading only, and nothing is signed', async () => {
    const { options, backup } = await signedLog()
    await expectReadOnly({ ...options, store: backup }, 7)
  })

  it('to nothing is not begun anew', async () => {
    const { options } = await signedLog()
    const empty = new MemoryAuditStore()
    await expectReadOnly({ ...options, store: empty }, 7)
    expect(empty.appends).toBe(0)
  })

  it('and filled with other entries up to the same size is noticed by its root', async () => {
    const { options, backup } = await signedLog()
    const forger = await AuditLog.open({ ...options, store: backup, guard: setup().guard })
    for (let count = 0; count < 3; count += 1) await forger.append({ kind: 'redact' })
    await expectReadOnly({ ...options, store: backup }, 7)
  })

  it('is noticed when the copy outside of the store is missing, older, or not signed by the log key', async () => {
    const { options } = await signedLog()
    const { note } = options.guard
    options.guard.note = undefined
    await expectReadOnly(options, 7)
    const older = { origin: ORIGIN, size: treeSize(1), root: new Uint8Array(32), signer: signerOf(1), kernel }
    options.guard.note = await signCheckpoint(older)
    await expectReadOnly(options, 7)
    options.guard.note = `${note}x`
    await expectReadOnly(options, 'unknown')
    options.guard.note = await signCheckpoint({ ...older, signer: signerOf(2) })
    await expectReadOnly(options, 'unknown')
  })

  it('under a running log stops the next signature', async () => {
    const options = setup()
    const log = await filledLog(options, 300)
    await log.checkpoint()
    await appendMany(log, 300)
    options.store.tiles.set('0/1', new Uint8Array(8192))
    expect(await codeOf(() => log.checkpoint())).toBe('AUDIT_ROLLBACK')
    options.store.tiles.delete('0/1')
    options.store.rows.delete(256)
    expect(await codeOf(() => log.checkpoint())).toBe('AUDIT_ROLLBACK')
    options.store.isReadable = false
    expect(await codeOf(() => log.checkpoint())).toBe('AUDIT_STORE_FAILED')
  })

  it('is not guessed from a medium that fails', async () => {
    const { options } = await signedLog()
    const { store } = options
    const flaky = (method: keyof MemoryAuditStore, allowed: number): MemoryAuditStore => {
      let calls = 0
      return new Proxy(store, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name)
          if (typeof member !== 'function') return member
          return (...values: unknown[]) => {
            calls += name === method ? 1 : 0
            if (calls > allowed) throw new TalosError('AUDIT_STORE_FAILED', { operation: 'read' })
            return member.apply(target, values) as unknown
          }
        },
      })
    }
    for (const [method, allowed] of [
      ['head', 1],
      ['groups', 0],
      ['group', 0],
      ['lastCheckpoint', 0],
    ] as const) {
      expect(await codeOf(() => AuditLog.open({ ...options, store: flaky(method, allowed) }))).toBe(
        'AUDIT_STORE_FAILED',
      )
    }
  })

  it('and cannot be read at the signed size is one that does not contain it', async () => {
    const options = setup()
    const log = await filledLog(options, 300)
    await log.checkpoint()
    await appendMany(log, 300)
    options.store.tiles.set('0/1', new Uint8Array(31))
    const again = await AuditLog.open(options)
    expect(again.fault).toMatchObject({ code: 'AUDIT_ROLLBACK', details: { size: 301 } })
    expect(await codeOf(() => [...again.reader.entries()])).toBe('AUDIT_CORRUPT')
  })
})

describe('a checkpoint that fails', () => {
  it.each<[WriteFault]>([['fails and is not stored'], ['fails but is stored']])(
    'because its second copy %s is not released, and the next one is',
    async (fault) => {
      const options = setup()
      const log = await filledLog(options, 1)
      options.guard.writeFault = fault
      const failed = await failure(() => log.checkpoint())
      expect(failed).toMatchObject({ code: 'AUDIT_CHECKPOINT_FAILED', details: { size: 2 } })
      expect(options.store.notes.size).toBe(0)
      options.guard.writeFault = 'none'
      expect(await (await AuditLog.open(options)).checkpoint()).toContain(ORIGIN)
      expect(await log.checkpoint()).toContain(ORIGIN)
      await appendMany(log, 1)
      await log.checkpoint()
      expect((await AuditLog.open(options)).fault).toBeUndefined()
    },
  )

  it.each<[WriteFault]>([['fails and is not stored'], ['fails but is stored']])(
    'because the store %s is not released, and is brought up to date later',
    async (fault) => {
      const options = setup()
      const log = await filledLog(options, 1)
      options.store.writeFault = fault
      expect(await codeOf(() => log.checkpoint())).toBe('AUDIT_CHECKPOINT_FAILED')
      expect(await codeOf(() => log.checkpoint())).toBe('AUDIT_CHECKPOINT_FAILED')
      options.store.writeFault = 'none'
      const note = await log.checkpoint()
      expect(options.guard.written).toEqual([note])
      expect(options.store.notes.get(2)).toBe(note)
    },
  )

  it('between the two places is completed when the log is opened again', async () => {
    const options = setup()
    const log = await filledLog(options, 1)
    options.store.writeFault = 'fails and is not stored'
    expect(await codeOf(() => log.checkpoint())).toBe('AUDIT_CHECKPOINT_FAILED')
    options.store.writeFault = 'none'
    const again = await AuditLog.open(options)
    expect(options.store.notes.get(2)).toBe(options.guard.note)
    expect(again.lastCheckpoint?.size).toBe(2)
  })

  it('because the key does not sign, or signs wrongly, is not released', async () => {
    const refusing = { publicKey: signerOf(1).publicKey, sign: () => Promise.reject(new Error('locked')) }
    const other = signerOf(2)
    const wrong = { ...signerOf(1), sign: (message: Uint8Array) => other.sign(message) }
    for (const signer of [refusing, wrong]) {
      const options = setup({ signer })
      const log = await filledLog(options, 1)
      expect(await codeOf(() => log.checkpoint())).toBe('AUDIT_CHECKPOINT_FAILED')
      expect(options.guard.written).toEqual([])
      expect(await codeOf(() => log.append(EVENT))).toBe('accepted')
    }
  })
})

describe('damage', () => {
  /** 701 entries with checkpoints at 2 and 701: two whole tiles, and 189 entries in the third. */
  async function verified(): Promise<{ options: Setup; log: AuditLog }> {
    const options = setup()
    const log = await filledLog(options, 1)
    await log.checkpoint()
    await appendMany(log, 699)
    await log.checkpoint()
    return { options, log }
  }

  /** Replaces a body by one with other members. */
  function changeEntry(store: MemoryAuditStore, index: number, changes: object): void {
    store.rewrite(index, (bodies, position) => {
      const changed = { ...decodeEntry(bodies[position]!), ...changes }
      const sorted = Object.fromEntries(Object.entries(changed).sort(([one], [other]) => (one < other ? -1 : 1)))
      return bodies.with(position, utf8(JSON.stringify(sorted)))
    })
  }

  function bytesOf(store: MemoryAuditStore, index: number): Uint8Array {
    return entriesOf(store.group(index)!).find((entry) => entry.index === index)!.body
  }

  const damages: [string, (store: MemoryAuditStore) => void, { index: number; part: string }][] = [
    ['a byte of a body', (store) => bytesOf(store, 40).fill(0x20, 9, 10), { index: 40, part: 'entry' }],
    ['a body in a whole tile', (store) => changeEntry(store, 300, { reason: 'X' }), { index: 300, part: 'entry' }],
    ['a body in the last tile', (store) => changeEntry(store, 699, { reason: 'X' }), { index: 696, part: 'edge' }],
    [
      'the first body of the last tile',
      (store) => changeEntry(store, 512, { reason: 'X' }),
      { index: 512, part: 'edge' },
    ],
    [
      'a copied entry',
      (store) => store.rewrite(41, (bodies, position) => bodies.with(position, bodies[position - 1]!)),
      { index: 41, part: 'entry' },
    ],
    [
      'two entries that changed places',
      (store) =>
        store.rewrite(40, (bodies, position) =>
          bodies.with(position, bodies[position + 1]!).with(position + 1, bodies[position]!),
        ),
      { index: 40, part: 'entry' },
    ],
    [
      'two rows that changed places',
      (store) => {
        const [one, other] = [store.rows.get(0)!, store.rows.get(1)!]
        store.rows.set(0, { ...other, first: 0 }).set(1, { ...one, first: 1 })
      },
      { index: 0, part: 'entry' },
    ],
    [
      'another agent in the last tile',
      (store) => changeEntry(store, 699, { agent: PEER }),
      { index: 699, part: 'entry' },
    ],
    [
      'a body whose tile stands below a missing one',
      (store) => {
        changeEntry(store, 300, { reason: 'X' })
        store.partials.clear()
      },
      { index: 300, part: 'tile' },
    ],
    ['another agent', (store) => changeEntry(store, 40, { agent: PEER }), { index: 40, part: 'entry' }],
    [
      'another origin',
      (store) => changeEntry(store, 0, { log: { delegation: 'AQID', origin: 'x' } }),
      { index: 0, part: 'entry' },
    ],
    ['a missing row', (store) => store.rows.delete(2), { index: 2, part: 'missing' }],
    [
      'a row cut short',
      (store) => store.rows.set(2, { ...store.rows.get(2)!, bodies: store.rows.get(2)!.bodies.subarray(0, 300) }),
      { index: 3, part: 'entry' },
    ],
    [
      'a row with an entry less',
      (store) => store.rewrite(255, (bodies) => bodies.slice(0, -1)),
      { index: 255, part: 'missing' },
    ],
    [
      'a row with bytes behind its entries',
      (store) => store.rows.set(2, { ...store.rows.get(2)!, count: 253 }),
      { index: 255, part: 'entry' },
    ],
    ['a missing tail', (store) => store.rows.delete(512), { index: 512, part: 'missing' }],
    ['a missing tile', (store) => store.tiles.delete('0/1'), { index: 256, part: 'tile' }],
    ['a missing incomplete tile', (store) => store.partials.clear(), { index: 0, part: 'tile' }],
    ['a changed tile', (store) => store.tiles.get('0/1')!.fill(7, 64, 65), { index: 258, part: 'tile' }],
    [
      'a changed root',
      (store) => (store.current = { ...store.current!, root: new Uint8Array(32) }),
      { index: 0, part: 'root' },
    ],
    [
      'a changed edge',
      (store) => (store.current = { ...store.current!, edge: store.current!.edge.slice(32) }),
      { index: 0, part: 'edge' },
    ],
    ['a checkpoint that is not signed', (store) => store.notes.set(2, 'x'), { index: 2, part: 'checkpoint' }],
    [
      'a checkpoint under another size',
      (store) => store.notes.set(5, store.notes.get(2)!),
      { index: 5, part: 'checkpoint' },
    ],
    ['a missing head', (store) => (store.current = undefined), { index: 0, part: 'checkpoint' }],
  ]

  it.each(damages)('to %s is found, with its place', async (_, damage, expected) => {
    const { options, log } = await verified()
    damage(options.store)
    const { store } = options
    const found = await failure(() => verifyLog({ store, kernel, logKey: log.verifierKey }))
    expect(found).toMatchObject({ code: 'AUDIT_CORRUPT', details: expected })
  })

  it('to the root of a signed checkpoint is found', async () => {
    const { options, log } = await verified()
    const wrong = { origin: ORIGIN, size: treeSize(3), root: new Uint8Array(32), signer: signerOf(1), kernel }
    options.store.notes.set(3, await signCheckpoint(wrong))
    const found = await failure(() => log.verify())
    expect(found).toMatchObject({ code: 'AUDIT_CORRUPT', details: { index: 3, part: 'checkpoint' } })
  })

  it('is told from a checkpoint of more entries than the log has', async () => {
    const { options, log } = await verified()
    const future = { origin: ORIGIN, size: treeSize(9999), root: new Uint8Array(32), signer: signerOf(1), kernel }
    options.store.notes.set(9999, await signCheckpoint(future))
    const found = await failure(() => log.verify())
    expect(found).toMatchObject({ code: 'AUDIT_CORRUPT', details: { index: 701, part: 'checkpoint' } })
  })

  it('to the edge or the root lets the log open for reading only', async () => {
    const { options } = await verified()
    const head = options.store.current!
    options.store.current = { ...head, root: new Uint8Array(32) }
    expect((await AuditLog.open(options)).fault).toMatchObject({ code: 'AUDIT_CORRUPT', details: { part: 'root' } })
    options.store.current = { ...head, edge: new Uint8Array(32) }
    const log = await AuditLog.open(options)
    expect(log.fault).toMatchObject({ code: 'AUDIT_CORRUPT', details: { part: 'edge' } })
    expect(await codeOf(() => log.append(EVENT))).toBe('AUDIT_CORRUPT')
    options.store.current = head
    options.store.partials.clear()
    expect((await AuditLog.open(options)).fault).toMatchObject({ details: { part: 'edge' } })
  })

  it('to entry 0 lets the log open for reading only', async () => {
    const { options } = await verified()
    bytesOf(options.store, 0).fill(0x20, 9, 10)
    expect((await AuditLog.open(options)).fault).toMatchObject({ code: 'AUDIT_CORRUPT', details: { index: 0 } })
    options.store.rows.delete(0)
    expect((await AuditLog.open(options)).fault).toMatchObject({ code: 'AUDIT_CORRUPT', details: { part: 'missing' } })
  })

  it('to a tile is not served as a proof: one that is missing or too short is refused', async () => {
    const { options } = await verified()
    options.store.tiles.clear()
    const reader = new AuditReader({ store: options.store, kernel })
    expect(await codeOf(() => reader.rootAt(256))).toBe('accepted')
    options.store.partials.clear()
    reader.forget()
    expect(await codeOf(() => reader.inclusion({ index: 300 }))).toBe('AUDIT_CORRUPT')
  })
})

describe('checking a whole log', () => {
  it('reports size, root, checkpoints, agent and progress', async () => {
    const options = setup()
    const log = await filledLog(options, 2 * PROGRESS_STEP)
    await log.checkpoint()
    const steps: number[] = []
    const report = await log.verify(({ checked }) => void steps.push(checked))
    expect(report).toEqual({
      size: log.size,
      root: log.root,
      checkpoints: 1,
      agent: options.agent,
      openInvocations: [],
    })
    expect(steps).toEqual([PROGRESS_STEP, 2 * PROGRESS_STEP, 2 * PROGRESS_STEP + 1])
  })

  it('goes on while the log grows, and checks the log as it was at the beginning', async () => {
    const options = setup()
    const log = await filledLog(options, PROGRESS_STEP + 5)
    await log.checkpoint()
    const report = await log.verify(async () => {
      await appendMany(log, 300)
      await log.checkpoint()
    })
    expect(report).toMatchObject({ size: PROGRESS_STEP + 6, checkpoints: 1 })
  })

  it('takes its snapshot again when another process commits meanwhile', async () => {
    const options = setup()
    const log = await filledLog(options, 3)
    const heads = [{ ...options.store.current!, size: 3 }]
    const store: AuditStore = new Proxy(options.store, {
      get(target, name) {
        if (name === 'head') return () => heads.pop() ?? target.head()
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    expect((await verifyLog({ store, kernel, logKey: log.verifierKey })).size).toBe(4)
  })

  it('hashes the bodies of a group in one call of the kernel', async () => {
    const options = setup()
    const log = await filledLog(options, 300)
    const runs: number[] = []
    const appendBundle: typeof kernel.appendBundle = (input) => {
      const appended = kernel.appendBundle(input)
      runs.push(appended.leafHashes.length / 32)
      return appended
    }
    await verifyLog({ store: options.store, kernel: { ...kernel, appendBundle }, logKey: log.verifierKey })
    expect(runs).toEqual([1, 255, log.size - 256])
  })

  it('finds an empty log in order', async () => {
    const log = await AuditLog.open(setup())
    const report = await verifyLog({ store: new MemoryAuditStore(), kernel, logKey: log.verifierKey })
    expect(report).toEqual({
      size: 0,
      root: CompactRange.empty(kernel).root(),
      checkpoints: 0,
      openInvocations: [],
    })
  })

  it('lists tool invocations that have no outcome', async () => {
    const log = await AuditLog.open(setup())
    const tool = '/mcp/files/tool/read'
    const calls = await log.appendAll([
      { kind: 'tool.invoke', tool, peer: PEER as Did },
      { kind: 'tool.invoke', tool, peer: PEER as Did },
    ])
    const cause = Buffer.from(calls[1]!.leafHash).toString('hex')
    await log.append({ kind: 'tool.result', tool, cause })
    expect((await log.verify()).openInvocations).toEqual([1])
  })
})
