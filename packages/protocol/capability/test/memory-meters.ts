/** Durable values of counters in memory, with failures on demand: what the meter's tests here share. */
import type { MeterChange, MeterStore } from '@talos/capability'
import { TalosError } from '@talos/errors'

/** How the next write fails: before it took effect, or after. */
export type Failure = 'not stored' | 'stored'

export class MemoryMeters implements MeterStore {
  readonly values = new Map<string, number>()
  readonly untils = new Map<string, number | null>()
  forgottenS = 0
  writes = 0
  failure: Failure | undefined
  isFull = false
  /** Loads of this account fail. */
  unreadable: string | undefined

  load(keys: readonly string[]): ReadonlyMap<string, number> {
    if (keys.some((key) => key.startsWith(`${this.unreadable} `))) {
      throw new TalosError('STORE_READ_FAILED', { store: 'agent', reason: 'the disk failed' })
    }
    return new Map(
      keys.flatMap((key) => {
        const value = this.values.get(key)
        return value === undefined ? [] : [[key, value] as const]
      }),
    )
  }

  write(changes: readonly MeterChange[]): boolean {
    if (this.isFull && changes.some(({ key }) => !this.values.has(key))) return false
    this.writes += 1
    const { failure } = this
    this.failure = undefined
    if (failure !== 'not stored') {
      for (const { key, value, untilS } of changes) {
        this.values.set(key, value)
        this.untils.set(key, untilS)
      }
    }
    if (failure !== undefined) throw new TalosError('STORE_WRITE_FAILED', { store: 'agent', reason: 'the disk failed' })
    return true
  }
}
