/** Two ends of one session that send and hear texts; the states are replaced as the steps say. */
import { decodeCbor, encodeCbor, fromUtf8, type IpldValue, utf8 } from '@talos/bytes'
import type { SessionRecord } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { seededRandom } from '@talos/testkit'
import {
  decodeSessionState,
  encodeSessionState,
  open,
  type PaddingPolicy,
  type SessionState,
  seal,
} from '../src/index.ts'
import { kernel, NOW_MS } from './agents.ts'

export type Side = 'alice' | 'bob'
export type States = Readonly<Record<Side, SessionState>>

export interface StepOptions {
  readonly kernel?: Kernel
  readonly nowMs?: number
  readonly padding?: PaddingPolicy
  readonly contentType?: number
}

export class Line {
  readonly states: Record<Side, SessionState>
  readonly #random = seededRandom('session-line')

  constructor(states: States) {
    this.states = { alice: states.alice, bob: states.bob }
  }

  say(by: Side, text: string | Uint8Array, options: StepOptions = {}): Uint8Array {
    const plaintext = typeof text === 'string' ? utf8(text) : text
    const given = { kernel, nowMs: NOW_MS, random: this.#random, plaintext, ...options }
    const { state, message } = seal(this.states[by], given)
    this.states[by] = state
    return message
  }

  hear(by: Side, message: Uint8Array, options: StepOptions = {}): string {
    const opened = open(this.states[by], { kernel, nowMs: NOW_MS, message, ...options })
    this.states[by] = opened.state
    return opened.kind === 'content' ? fromUtf8(opened.plaintext) : ''
  }

  /** Both ways once, so that both ends turned. */
  turn(): void {
    this.hear('alice', this.say('bob', 'turn'))
    this.hear('bob', this.say('alice', 'turn'))
  }

  /** Replaces members of the stored record. */
  rewrite(by: Side, change: (record: SessionRecord) => object): void {
    this.states[by] = decodeSessionState(encodeCbor(change(recordOf(this.states[by])) as IpldValue))
  }
}

export function recordOf(state: SessionState): SessionRecord {
  return decodeCbor(encodeSessionState(state)) as unknown as SessionRecord
}
