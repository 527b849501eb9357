/** States of sessions in memory, each with what is known of its record in the store. */
import { toHex } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
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

  /**
   * A record that does not open, or is of another version, is as good as none: nothing can be opened or sealed with it.
   *
   * @throws TalosError `SESSION_MISSING`, store codes
   */
  load(sessionId: Uint8Array): LoadedState {
    const held = this.#held.get(toHex(sessionId))
    if (held?.version !== undefined) return { ...held, version: held.version }
    const stored = this.#read(sessionId)
    if (stored === undefined) {
      this.forget(sessionId)
      throw new TalosError('SESSION_MISSING')
    }
    const { version } = stored
    // Memory goes before the record: what it has beyond it was used.
    const loaded = held === undefined ? { state: stored.state, version, mustStore: false } : { ...held, version }
    this.hold(sessionId, loaded)
    return loaded
  }

  /** Like {@link load}; undefined for a session that is not there. @throws TalosError store codes */
  find(sessionId: Uint8Array): LoadedState | undefined {
    try {
      return this.load(sessionId)
    } catch (error) {
      if (isTalosError(error, 'SESSION_MISSING')) return undefined
      throw error
    }
  }

  /** States of the sessions that are there, in their order. @throws TalosError store codes */
  states(heads: readonly { readonly sessionId: Uint8Array }[]): SessionState[] {
    const held = heads.map(({ sessionId }) => this.find(sessionId))
    return held.flatMap((found) => (found === undefined ? [] : [found.state]))
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

  #read(sessionId: Uint8Array): { readonly state: SessionState; readonly version: number } | undefined {
    try {
      const stored = this.#records.get(sessionId)
      if (stored === undefined) return undefined
      const state = decodeSessionState(stored.state)
      stored.state.fill(0)
      return { state, version: stored.version }
    } catch (error) {
      if (isTalosError(error, 'STORE_ROW_INVALID') || isTalosError(error, 'SESSION_STATE_INVALID')) return undefined
      throw error
    }
  }
}
