/** States of sessions in memory, each with what is known of its record in the store. */
import { toHex } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { decodeSessionState, type SessionState } from '@talos/session'
import type { SessionStorage } from './session-storage.ts'

/** Sessions whose states stay in memory; others are read again from the store. */
const STATES_IN_MEMORY = 256

export interface HeldState {
  readonly state: SessionState
  /** Version of the stored record; undefined where a write failed and it is not known whether it took effect. */
  readonly version: number | undefined
  /** The record in the store does not cover this state: the next step stores it, whatever it is. */
  readonly mustStore: boolean
}

/** A state whose record's version is known. */
export type LoadedState = HeldState & { readonly version: number }

export class SessionMemory {
  readonly #records: Pick<SessionStorage['sessions'], 'get'>
  readonly #held = new Map<string, HeldState>()

  constructor(records: Pick<SessionStorage['sessions'], 'get'>) {
    this.#records = records
  }

  /** @throws TalosError `SESSION_MISSING`, `SESSION_STATE_INVALID`, store codes */
  load(sessionId: Uint8Array): LoadedState {
    const held = this.#held.get(toHex(sessionId))
    if (held?.version !== undefined) return { ...held, version: held.version }
    const stored = this.#records.get(sessionId)
    if (stored === undefined) {
      this.forget(sessionId)
      throw new TalosError('SESSION_MISSING')
    }
    const { version } = stored
    // Memory goes before the record: what it has beyond it was used.
    const loaded =
      held === undefined ? { state: decodeSessionState(stored.state), version, mustStore: false } : { ...held, version }
    stored.state.fill(0)
    this.hold(sessionId, loaded)
    return loaded
  }

  hold(sessionId: Uint8Array, held: HeldState): void {
    const key = toHex(sessionId)
    this.#held.delete(key)
    this.#held.set(key, held)
    if (this.#held.size <= STATES_IN_MEMORY) return
    for (const [other, { mustStore }] of this.#held) {
      // A state that the store does not cover yet must not be forgotten.
      if (mustStore || other === key) continue
      this.#held.delete(other)
      return
    }
  }

  forget(sessionId: Uint8Array): void {
    this.#held.delete(toHex(sessionId))
  }
}
