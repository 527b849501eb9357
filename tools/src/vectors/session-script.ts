/** Plays two ends of a session and writes down what each step took and gave, drops and repetitions included. */
import { concatBytes, decodeCbor, encodeCbor, type IpldValue, toHex, utf8 } from '@talos/bytes'
import { encodeMessageHeader, encodeSessionMessage, type MessageHeader, type SessionRecord } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import {
  CONTENT_PQ_OFFER,
  decodeSessionState,
  encodeSessionState,
  open,
  type PaddingPolicy,
  type Sealed,
  type SessionState,
  seal,
  sealControl,
} from '@talos/session'
import { seededRandom } from '@talos/testkit'
import { type CaseDraft, type CaseInput, kernel, NOW_MS, recorder, type Stage } from './session-cast.ts'
import { ReferenceEnd } from './session-reference.ts'

export type Side = 'initiator' | 'responder'

export interface SealOptions {
  readonly contentType?: number
  readonly padding?: PaddingPolicy
  readonly nowMs?: number
  readonly leaseMessages?: number
  /** False for a process that dies before it stores what it sealed: the message never leaves. */
  readonly stored?: boolean
}

export interface OpenOptions {
  readonly nowMs?: number
  /** False for a process that dies before it stores what it opened. */
  readonly stored?: boolean
}

/** One play; the message numbers are those of its sealed messages, from 0. Every step is held against the reference. */
export class Script {
  readonly #start: Readonly<Record<Side, string>>
  readonly #states: Record<Side, SessionState>
  readonly #disk: Record<Side, Uint8Array>
  readonly #references: Readonly<Record<Side, ReferenceEnd>>
  readonly #steps: CaseInput[] = []
  readonly #messages: Uint8Array[] = []
  readonly #seed: string

  constructor(seed: string, { initiated, responded }: Pick<Stage, 'initiated' | 'responded'>) {
    // As the reader of a vector has them: from their records.
    const [initiator, responder] = [restored(initiated.state), restored(responded.state)]
    this.#seed = seed
    this.#states = { initiator, responder }
    this.#start = { initiator: hexOf(initiator), responder: hexOf(responder) }
    this.#disk = { initiator: encodeSessionState(initiator), responder: encodeSessionState(responder) }
    this.#references = {
      initiator: new ReferenceEnd(recordOf(initiator)),
      responder: new ReferenceEnd(recordOf(responder)),
    }
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
  seal(by: Side, text: string, { nowMs = NOW_MS, stored = true, ...options }: SealOptions = {}): number {
    const random = recorder(`${this.#seed}/${this.#steps.length}`)
    const sealed = seal(this.#states[by], { kernel, random, nowMs, plaintext: utf8(text), ...options })
    const { contentType = 0, padding = 'padme', leaseMessages } = options
    const lease = leaseMessages === undefined ? {} : { leaseMessages }
    const drawn = { randomHex: random.takenHex(), contentType, padding, ...lease }
    const { randomHex, ...facts } = drawn
    const content = { plaintextHex: toHex(utf8(text)), ...facts }
    agree(this.#references[by].seal({ content: utf8(text), ...drawn }), sealed)
    return this.#sealed({ op: 'seal', by, nowMs, randomHex, ...content }, { sealed, stored })
  }

  /** Seals the control frame that is due; returns the message's number. */
  control(by: Side, { nowMs = NOW_MS, stored = true }: SealOptions = {}): number {
    const random = recorder(`${this.#seed}/${this.#steps.length}`)
    const sealed = sealControl(this.#states[by], { kernel, random, nowMs })
    const randomHex = random.takenHex()
    const reference = this.#references[by]
    const again = reference.seal({ padding: 'padme', ...reference.control(randomHex) })
    agree({ ...again, needsStore: true }, sealed)
    return this.#sealed({ op: 'control', by, nowMs, randomHex }, { sealed, stored })
  }

  /** Opens messages in the order given. */
  open(by: Side, ...numbers: readonly number[]): this {
    for (const number of numbers) this.openOne(by, number)
    return this
  }

  openOne(by: Side, number: number, { nowMs = NOW_MS, stored = true }: OpenOptions = {}): this {
    const message = this.message(number)
    const kemRandomness = message[2] === CONTENT_PQ_OFFER ? this.#kemRandomness() : undefined
    const given = { kernel, nowMs, message, ...(kemRandomness && { kemRandomness }) }
    const opened = open(this.#states[by], given)
    this.#states[by] = opened.state
    const again = this.#references[by].open(toHex(message), { nowMs, kemRandomness })
    const injected = kemRandomness && { kemRandomnessHex: toHex(kemRandomness) }
    const facts =
      opened.kind === 'control'
        ? { control: true, ...injected }
        : { plaintextHex: toHex(opened.plaintext), contentType: opened.contentType }
    if (opened.kind === 'content' && toHex(opened.plaintext) !== again) throw new Error('the reference opens otherwise')
    if (skippedOf(opened.state) !== this.#references[by].skippedHex()) throw new Error('the reference keeps other keys')
    this.#note({ op: 'open', by, nowMs, messageHex: toHex(message), ...facts }, { by, stored })
    return this
  }

  openAt(by: Side, number: number, nowMs: number): this {
    return this.openOne(by, number, { nowMs })
  }

  /** The process dies and goes on from what it stored last. */
  crash(by: Side): this {
    this.#references[by].crash()
    this.#states[by] = decodeSessionState(this.#disk[by])
    this.#steps.push({ op: 'crash', by, stateHex: toHex(this.#disk[by]) })
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

  #kemRandomness(): Uint8Array {
    return seededRandom(`session/${this.#seed}/${this.#steps.length}/kem`).bytes(32)
  }

  #sealed(
    step: CaseInput & { readonly by: Side },
    { sealed, stored }: { readonly sealed: Sealed; readonly stored: boolean },
  ): number {
    this.#states[step.by] = sealed.state
    const { needsStore } = sealed
    this.#note({ ...step, messageHex: toHex(sealed.message), needsStore }, { by: step.by, stored, needsStore })
    return this.#messages.push(sealed.message) - 1
  }

  /** Writes a step down, and stores as a process would that lives or dies just then. */
  #note(
    step: CaseInput,
    { by, stored, needsStore = true }: { readonly by: Side; readonly stored: boolean; readonly needsStore?: boolean },
  ): void {
    this.#steps.push(stored ? step : { ...step, stored })
    if (!stored || !needsStore) return
    this.#disk[by] = encodeSessionState(this.#states[by])
    this.#references[by].store()
  }
}

/** The reference sealed the same bytes and judged the same of storing. */
function agree(again: { readonly messageHex: string; readonly needsStore: boolean }, sealed: Sealed): void {
  const { message, needsStore } = sealed
  if (again.messageHex !== toHex(message)) throw new Error('the reference seals otherwise')
  if (again.needsStore !== needsStore) throw new Error('the reference stores otherwise')
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
  change: {
    readonly header?: Partial<MessageHeader>
    readonly headerVersion?: number
    readonly contentType?: number
    readonly padded?: Uint8Array
  },
): Uint8Array {
  const record = recordOf(state)
  const { sending, sessionId } = record
  if (sending === undefined) throw new Error('the peer has no sending chain')
  const { headerVersion = 1, contentType = 0, padded = Uint8Array.of(0x80) } = change
  const direction = record.role === 'initiator' ? 1 : 2
  const nonce = seededRandom('session/misbehave').bytes(12)
  const plain = {
    ratchetKey: sending.ratchetPublic,
    previousCount: record.previousCount,
    count: sending.count,
    epoch: record.epoch,
  }
  // Sealed step by step: the kernel's own seal pads, and this peer does not.
  const { messageKey } = kernel.ratchetStep(sending.chainKey)
  const info = utf8('talos/ts1/mk')
  const key = kernel.hmacSha256(messageKey, concatBytes(info, Uint8Array.of(1)))
  const commitment = kernel.hmacSha256(messageKey, concatBytes(key, info, Uint8Array.of(2)))
  const associatedData = concatBytes(record.transcriptHash, record.context, Uint8Array.of(1, 2, direction, contentType))
  const header = kernel.aeadSeal(
    { key: sending.headerKey, nonce, associatedData },
    encodeMessageHeader({ ...plain, ...change.header }).with(0, headerVersion),
  )
  const bound = concatBytes(associatedData, header, commitment)
  const ciphertext = kernel.aeadSeal({ key, nonce, associatedData: bound }, padded)
  return encodeSessionMessage({ contentType, sessionId, nonce, header, commitment, ciphertext })
}

/** The state with members of its record replaced. */
export function withRecord(state: SessionState, change: (record: SessionRecord) => object): SessionState {
  return decodeSessionState(encodeCbor(change(recordOf(state)) as IpldValue))
}

export function recordOf(state: SessionState): SessionRecord {
  return decodeCbor(encodeSessionState(state)) as unknown as SessionRecord
}

/** The skipped keys of the current chain as stored. */
function skippedOf(state: SessionState): string {
  return toHex(recordOf(state).receiving?.skipped ?? new Uint8Array(0))
}

function restored(state: SessionState): SessionState {
  return decodeSessionState(encodeSessionState(state))
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
