/** Plays the two ends of a session as the steps of a vector say. */
import { toHex } from '@talos/bytes'
import { expect } from 'vitest'
import {
  controlDue,
  decodeSessionState,
  encodeSessionState,
  type Opened,
  open,
  type PaddingPolicy,
  type SessionState,
  seal,
  sealControl,
} from '../src/index.ts'
import { kernel } from './agents.ts'
import { type Fields, fixedRandom, reader } from './vector-reader.ts'

type Side = 'initiator' | 'responder'

/** Two ends of a play, each with what its process stored last. */
export class Stage {
  readonly states: Record<Side, SessionState>
  readonly #disk: Record<Side, Uint8Array>

  constructor(initiator: Uint8Array, responder: Uint8Array) {
    this.states = { initiator: decodeSessionState(initiator), responder: decodeSessionState(responder) }
    this.#disk = { initiator, responder }
  }

  run(step: Fields): void {
    const by = step['by'] as Side
    if (step['op'] === 'crash') this.#crash(by, step)
    else if (step['op'] !== 'open') this.#seal(by, step)
    else if (step['error'] === undefined) this.#open(by, step)
    else this.#refuse(by, step)
  }

  #seal(by: Side, step: Fields): void {
    const { bytes, number } = reader(step)
    const random = fixedRandom(step['randomHex'])
    const given = { kernel, random, nowMs: number('nowMs') }
    const content = () => ({ plaintext: bytes('plaintextHex'), contentType: number('contentType') })
    const leaseMessages = step['leaseMessages'] as number | undefined
    const options = { padding: step['padding'] as PaddingPolicy, ...(leaseMessages && { leaseMessages }) }
    const isControl = step['op'] === 'control'
    if (isControl) same(controlDue(this.states[by], given.nowMs), true)
    const sealed = isControl
      ? sealControl(this.states[by], given)
      : seal(this.states[by], { ...given, ...content(), ...options })
    same(toHex(sealed.message), step['messageHex'])
    same(sealed.needsStore, step['needsStore'])
    same(random.left(), 0)
    this.#keep(by, { state: sealed.state, stored: sealed.needsStore && step['stored'] !== false })
  }

  #open(by: Side, step: Fields): void {
    const { bytes, number, maybeBytes } = reader(step)
    const kemRandomness = maybeBytes('kemRandomnessHex')
    const given = { kernel, nowMs: number('nowMs'), message: bytes('messageHex') }
    const opened = open(this.states[by], { ...given, ...(kemRandomness && { kemRandomness }) })
    same({ ...step, ...factsOf(opened) }, step)
    this.#keep(by, { state: opened.state, stored: step['stored'] !== false })
  }

  #refuse(by: Side, step: Fields): void {
    const { bytes, number } = reader(step)
    const before = toHex(encodeSessionState(this.states[by]))
    const attempt = () => open(this.states[by], { kernel, nowMs: number('nowMs'), message: bytes('messageHex') })
    refuses(attempt, step['error'])
    same(toHex(encodeSessionState(this.states[by])), before)
  }

  #crash(by: Side, step: Fields): void {
    same(toHex(this.#disk[by]), step['stateHex'])
    this.states[by] = decodeSessionState(this.#disk[by])
  }

  #keep(by: Side, { state, stored }: { readonly state: SessionState; readonly stored: boolean }): void {
    this.states[by] = state
    if (stored) this.#disk[by] = encodeSessionState(state)
  }
}

/** What a vector says of an opened message. */
export function factsOf(opened: Opened): Fields {
  if (opened.kind === 'control') return { control: true }
  return { plaintextHex: toHex(opened.plaintext), contentType: opened.contentType }
}

function same(actual: unknown, due: unknown): void {
  expect(actual).toEqual(due)
}

function refuses(attempt: () => unknown, code: unknown): void {
  expect(attempt).toThrow(expect.objectContaining({ code }))
}
