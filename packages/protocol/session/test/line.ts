/** Two ends of one session that send and hear texts; the states are replaced as the steps say. */
import { decodeCbor, encodeCbor, fromUtf8, type IpldValue, toHex, utf8 } from '@talos/bytes'
import type { SessionRecord } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { seededRandom } from '@talos/testkit'
import {
  decodeSessionState,
  encodeSessionState,
  open,
  type PaddingPolicy,
  type Sealed,
  seal,
  sealControl,
} from '../src/index.ts'
import { sealMessage } from '../src/seal.ts'
import { SessionState } from '../src/state.ts'
import { kernel, NOW_MS } from './agents.ts'

export type Side = 'alice' | 'bob'
export type States = Readonly<Record<Side, SessionState>>

/** What hearing a control frame yields. */
export const CONTROL = '(control)'

export interface StepOptions {
  readonly kernel?: Kernel
  readonly nowMs?: number
  readonly padding?: PaddingPolicy
  readonly contentType?: number
  readonly leaseMessages?: number
}

export class Line {
  readonly states: Record<Side, SessionState>
  readonly #random = seededRandom('session-line')

  constructor(states: States) {
    this.states = { alice: states.alice, bob: states.bob }
  }

  say(by: Side, text: string | Uint8Array, options: StepOptions = {}): Uint8Array {
    return this.seal(by, text, options).message
  }

  /** As {@link say}, with what the step says of storing. */
  seal(by: Side, text: string | Uint8Array, options: StepOptions = {}): Sealed {
    const plaintext = typeof text === 'string' ? utf8(text) : text
    const given = { kernel, nowMs: NOW_MS, random: this.#random, plaintext, ...options }
    return this.#sealed(by, seal(this.states[by], given))
  }

  /** Seals the control frame that is due. */
  control(by: Side, options: StepOptions = {}): Uint8Array {
    const given = { kernel, nowMs: NOW_MS, random: this.#random, ...options }
    return this.#sealed(by, sealControl(this.states[by], given)).message
  }

  /** Seals any content under any type, as a peer that breaks the rules would. */
  saySealed(by: Side, contentType: number, content: Uint8Array): Uint8Array {
    const given = { kernel, nowMs: NOW_MS, random: this.#random, contentType, content, padding: 'none' } as const
    return this.#sealed(by, sealMessage(SessionState.partsOf(this.states[by]), given)).message
  }

  /** The text, or {@link CONTROL}. */
  hear(by: Side, message: Uint8Array, options: StepOptions = {}): string {
    const opened = open(this.states[by], { kernel, nowMs: NOW_MS, message, ...options })
    this.states[by] = opened.state
    return opened.kind === 'content' ? fromUtf8(opened.plaintext) : CONTROL
  }

  /** Ends the process: what comes back is what the record says. */
  restart(by: Side): void {
    this.states[by] = decodeSessionState(encodeSessionState(this.states[by]))
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

  #sealed(by: Side, sealed: Sealed): Sealed {
    this.states[by] = sealed.state
    return sealed
  }
}

/** The 32 bytes that name the message key of a message: two equal ones would be one key used twice. */
export function commitmentOf(message: Uint8Array): string {
  return toHex(message.subarray(92, 124))
}

/** A skipped key as a record has it. */
export function skippedKey({ number = 1, storedMs = BigInt(NOW_MS) }): Uint8Array {
  const key = new Uint8Array(44).fill(number & 0xff)
  const view = new DataView(key.buffer)
  view.setUint32(0, number)
  view.setBigUint64(4, storedMs)
  return key
}

export function recordOf(state: SessionState): SessionRecord {
  return decodeCbor(encodeSessionState(state)) as unknown as SessionRecord
}
