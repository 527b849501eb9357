/** Plays two ends of a session and writes down what each step took and gave, drops and repetitions included. */
import { concatBytes, decodeCbor, encodeCbor, type IpldValue, toHex, utf8 } from '@talos/bytes'
import { encodeMessageHeader, encodeSessionMessage, type MessageHeader, type SessionRecord } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import {
  decodeSessionState,
  encodeSessionState,
  open,
  type PaddingPolicy,
  type SessionState,
  seal,
} from '@talos/session'
import { seededRandom } from '@talos/testkit'
import { type CaseDraft, type CaseInput, kernel, NOW_MS, recorder, type Stage } from './session-cast.ts'

export type Side = 'initiator' | 'responder'

export interface SealOptions {
  readonly contentType?: number
  readonly padding?: PaddingPolicy
  readonly nowMs?: number
}

/** One play; the message numbers are those of its sealed messages, from 0. */
export class Script {
  readonly #start: Readonly<Record<Side, string>>
  readonly #states: Record<Side, SessionState>
  readonly #steps: CaseInput[] = []
  readonly #messages: Uint8Array[] = []
  readonly #seed: string

  constructor(seed: string, { initiated, responded }: Pick<Stage, 'initiated' | 'responded'>) {
    this.#seed = seed
    this.#states = { initiator: initiated.state, responder: responded.state }
    this.#start = { initiator: hexOf(initiated.state), responder: hexOf(responded.state) }
  }

  state(side: Side): SessionState {
    return this.#states[side]
  }

  message(number: number): Uint8Array {
    const message = this.#messages[number]
    if (message === undefined) throw new Error(`no message ${number} was sealed`)
    return message
  }

  /** Seals a text; returns the message's number. */
  seal(by: Side, text: string, { nowMs = NOW_MS, ...options }: SealOptions = {}): number {
    const random = recorder(`${this.#seed}/${this.#steps.length}`)
    const sealed = seal(this.#states[by], { kernel, random, nowMs, plaintext: utf8(text), ...options })
    this.#states[by] = sealed.state
    const facts = {
      plaintextHex: toHex(utf8(text)),
      contentType: options.contentType ?? 0,
      padding: options.padding ?? 'padme',
    }
    this.#steps.push({
      op: 'seal',
      by,
      nowMs,
      randomHex: random.takenHex(),
      ...facts,
      messageHex: toHex(sealed.message),
    })
    return this.#messages.push(sealed.message) - 1
  }

  /** Opens messages in the order given. */
  open(by: Side, ...numbers: readonly number[]): this {
    for (const number of numbers) this.#open(by, this.message(number), NOW_MS)
    return this
  }

  openAt(by: Side, number: number, nowMs: number): this {
    this.#open(by, this.message(number), nowMs)
    return this
  }

  /** Opens what must be refused; the state does not change. */
  refuse(by: Side, message: Uint8Array | number, error: string, nowMs = NOW_MS): this {
    const bytes = typeof message === 'number' ? this.message(message) : message
    const actual = errorOf(() => open(this.#states[by], { kernel, nowMs, message: bytes }))
    if (actual !== error) throw new Error(`${error} was expected and ${actual} was the answer`)
    this.#steps.push({ op: 'open', by, nowMs, messageHex: toHex(bytes), error })
    return this
  }

  draft(clause: string, description: string): CaseDraft {
    return {
      clause,
      description,
      input: {
        operation: 'script',
        initiatorStateHex: this.#start.initiator,
        responderStateHex: this.#start.responder,
        steps: this.#steps,
      },
      expected: { initiatorStateHex: hexOf(this.#states.initiator), responderStateHex: hexOf(this.#states.responder) },
    }
  }

  #open(by: Side, message: Uint8Array, nowMs: number): void {
    const opened = open(this.#states[by], { kernel, nowMs, message })
    this.#states[by] = opened.state
    if (opened.kind === 'control') throw new Error('a control frame was opened as content')
    const { plaintext, contentType } = opened
    this.#steps.push({ op: 'open', by, nowMs, messageHex: toHex(message), plaintextHex: toHex(plaintext), contentType })
  }
}

/** A message that must be refused by a state. */
export function refusal(
  state: SessionState,
  given: {
    readonly clause: string
    readonly description: string
    readonly message: Uint8Array
    readonly nowMs?: number
  },
  error: string,
): CaseDraft {
  const { clause, description, message, nowMs = NOW_MS } = given
  const actual = errorOf(() => open(state, { kernel, nowMs, message }))
  if (actual !== error) throw new Error(`${description}: ${error} was expected and ${actual} was the answer`)
  return {
    clause,
    description,
    input: { operation: 'open', stateHex: hexOf(state), nowMs, messageHex: toHex(message) },
    error,
  }
}

/** What a peer that holds the session's keys and breaks its rules would send next. */
export function misbehave(
  state: SessionState,
  change: { readonly header?: Partial<MessageHeader>; readonly headerVersion?: number; readonly padded?: Uint8Array },
): Uint8Array {
  const record = recordOf(state)
  const { sending, sessionId } = record
  if (sending === undefined) throw new Error('the peer has no sending chain')
  const { headerVersion = 1, padded = Uint8Array.of(0x80) } = change
  const direction = record.role === 'initiator' ? 1 : 2
  const nonce = seededRandom('session/misbehave').bytes(12)
  const plain = {
    ratchetKey: sending.ratchetPublic,
    previousCount: record.previousCount,
    count: sending.count,
    epoch: 0,
  }
  // Sealed step by step: the kernel's own seal pads, and this peer does not.
  const { messageKey } = kernel.ratchetStep(sending.chainKey)
  const info = utf8('talos/ts1/mk')
  const key = kernel.hmacSha256(messageKey, concatBytes(info, Uint8Array.of(1)))
  const commitment = kernel.hmacSha256(messageKey, concatBytes(key, info, Uint8Array.of(2)))
  const associatedData = concatBytes(record.transcriptHash, record.context, Uint8Array.of(1, 2, direction, 0))
  const header = kernel.aeadSeal(
    { key: sending.headerKey, nonce, associatedData },
    encodeMessageHeader({ ...plain, ...change.header }).with(0, headerVersion),
  )
  const bound = concatBytes(associatedData, header, commitment)
  const ciphertext = kernel.aeadSeal({ key, nonce, associatedData: bound }, padded)
  return encodeSessionMessage({ contentType: 0, sessionId, nonce, header, commitment, ciphertext })
}

/** The state with members of its record replaced. */
export function withRecord(state: SessionState, change: (record: SessionRecord) => object): SessionState {
  return decodeSessionState(encodeCbor(change(recordOf(state)) as IpldValue))
}

export function recordOf(state: SessionState): SessionRecord {
  return decodeCbor(encodeSessionState(state)) as unknown as SessionRecord
}

function hexOf(state: SessionState): string {
  return toHex(encodeSessionState(state))
}

function errorOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (isTalosError(error)) return error.code
    throw error
  }
  return 'success'
}
