/** What every memory of a witness keeps (spec 23-witness, 23.3). */
import type { WitnessRecord, WitnessStore } from '@talos/audit'
import { describe, expect, it } from 'vitest'

export interface OpenWitnessStore extends Disposable {
  readonly store: WitnessStore
  /** The same memory after a restart. */
  reopen(): WitnessStore
}

const record = (changes: Partial<WitnessRecord> = {}): WitnessRecord => ({
  origin: 'log.example/a',
  version: 1,
  introducer: 'one',
  keys: [{ vkey: 'a+0+0', delegation: Uint8Array.of(1, 2) }, { vkey: 'b+0+0' }],
  size: 0,
  heads: [],
  ...changes,
})

export function witnessStoreCompliance(name: string, open: () => OpenWitnessStore): void {
  describe(`the memory of a witness: ${name}`, () => {
    it('changes by compare and swap alone', () => {
      using memory = open()
      const { store } = memory
      expect(store.get('log.example/a')).toBeUndefined()
      expect(store.swap(record({ version: 2 }))).toBe(false)
      expect(store.swap(record())).toBe(true)
      for (const version of [0, 1, 3]) expect(store.swap(record({ version, size: 9 }))).toBe(false)
      expect(store.get('log.example/a')).toEqual(record())
      const next = record({ version: 2, size: 9, note: 'a note', heads: ['one', 'two'] })
      expect(store.swap(next)).toBe(true)
      expect(store.get('log.example/a')).toEqual(next)
    })

    it('keeps everything over a restart, the evidence of a fork with it', () => {
      using memory = open()
      const forked = record({ size: 0, fork: 'evidence', introducer: 'operator' })
      memory.store.swap(forked)
      memory.store.swap({ ...forked, origin: 'log.example/b', keys: [{ vkey: 'b+0+0' }] })
      const again = memory.reopen()
      expect(again.get('log.example/a')).toEqual(forked)
      expect(again.get('log.example/b')?.keys).toEqual([{ vkey: 'b+0+0' }])
    })

    it('counts logs in all and by who brought them, not their changes', () => {
      using memory = open()
      const { store } = memory
      for (const origin of ['a', 'b', 'c']) store.swap(record({ origin, introducer: origin === 'c' ? 'two' : 'one' }))
      store.swap(record({ origin: 'a', version: 2, size: 5 }))
      expect([store.count(), store.count('one'), store.count('two'), store.count('nobody')]).toEqual([3, 2, 1, 0])
    })
  })
}
