import { TalosError } from '@talos/errors'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeSessionState, MAX_OLD_CHAINS } from '../src/index.ts'
import { establish } from './agents.ts'
import { CONTROL, Line, type Side, type States } from './line.ts'
import { type Arrival, type Command, commands, Model, other, type Travelling } from './model.ts'

let states: States

beforeAll(async () => {
  states = await establish()
})

function play(steps: readonly Command[]): Model {
  const model = new Model(states)
  for (const step of steps) run(model, step)
  return model
}

function run(model: Model, step: Command): void {
  if ('to' in step) arrive(model, step)
  else if (step.type === 'hour') model.hourLater()
  else if (step.type === 'send') model.send(step.by)
  else if (step.type === 'control') model.control(step.by)
  else if (step.type === 'crash') model.crash(step.by)
  else if (step.type === 'crash while sending') model.crashWhileSending(step.by)
  else exchange(model, step.by)
}

/** A message each way that arrives at once: the session is alive. */
function exchange(model: Model, first: Side): void {
  for (const by of [first, other(first)]) {
    model.send(by)
    const message = model.onTheWay[other(by)].pop()
    if (message !== undefined) model.deliver(other(by), message)
  }
}

function arrive(model: Model, step: Arrival): void {
  const { type, to, pick, bit } = step
  const pool = type === 'repeat' ? model.heard[to] : model.onTheWay[to]
  const message = pool[pick % pool.length]
  if (message === undefined) return
  if (type === 'repeat') refused(model, to, message.bytes)
  else if (type === 'corrupt') refused(model, to, corrupted(message.bytes, bit))
  else if (type === 'crash while hearing') {
    if (model.remembers(to, message)) model.crashWhileHearing(to, message)
  } else {
    pool.splice(pick % pool.length, 1)
    if (type === 'deliver') deliver(model, to, message)
  }
}

/** A message of a chain that may be forgotten opens, or is refused in the words of a session. */
function deliver(model: Model, to: Side, message: Travelling): void {
  if (model.remembers(to, message)) model.deliver(to, message)
  else expect(attempt(() => model.deliver(to, message))).toBe(true)
}

function refused(model: Model, to: Side, bytes: Uint8Array): void {
  const { line, nowMs } = model
  const before = encodeSessionState(line.states[to])
  expect(() => line.hear(to, bytes, { nowMs })).toThrow(TalosError)
  expect(encodeSessionState(line.states[to])).toEqual(before)
}

function corrupted(bytes: Uint8Array, bit: number): Uint8Array {
  const position = bit % bytes.length
  return bytes.with(position, (bytes[position] ?? 0) ^ (1 << (bit % 8)))
}

/** Whether it succeeded or was refused in the words of a session. */
function attempt(deliver: () => void): boolean {
  try {
    deliver()
    return true
  } catch (error) {
    return error instanceof TalosError
  }
}

const textsOf = (heard: readonly Travelling[]) => heard.map(({ text }) => text).filter((text) => text !== CONTROL)

describe('the ratchet against a naive model', () => {
  it('opens every message that left exactly once and uses no key twice, whatever is lost, repeated, changed or dies', () => {
    fc.assert(
      fc.property(commands, (steps) => {
        const model = play(steps)
        for (const texts of [textsOf(model.heard.alice), textsOf(model.heard.bob)]) {
          expect(new Set(texts).size).toBe(texts.length)
        }
        exchange(model, 'alice')
        exchange(model, 'bob')
      }),
      { seed: 42, numRuns: 150 },
    )
  })

  it('turns, forgets chains, crashes and takes post-quantum steps often enough in that play', () => {
    const samples = fc.sample(commands, { seed: 42, numRuns: 150 })
    const models = samples.map(play)
    const epochs = models.map(({ line }) => line.states.alice.toJSON().epoch)
    expect(models.some(({ newest }) => newest.alice > MAX_OLD_CHAINS + 1)).toBe(true)
    expect(models.reduce((sum, { heard }) => sum + heard.alice.length + heard.bob.length, 0)).toBeGreaterThan(1_000)
    expect(epochs.filter((epoch) => epoch > 0).length).toBeGreaterThan(10)
    expect(Math.max(...epochs)).toBeGreaterThan(1)
    const count = (type: Command['type']) => samples.flat().filter((step) => step.type === type).length
    for (const type of ['crash', 'crash while sending', 'crash while hearing'] as const) {
      expect(count(type)).toBeGreaterThan(100)
    }
  })

  it('finds a key that is used twice where a side stores nothing before it sends', () => {
    class Careless extends Model {
      override store(): void {}
    }
    const steps: readonly Command[] = [
      { type: 'send', by: 'alice' },
      { type: 'crash', by: 'alice' },
      { type: 'send', by: 'alice' },
    ]
    const model = new Careless(states)
    expect(() => {
      for (const step of steps) run(model, step)
    }).toThrow('was used before')
  })

  it('opens each of many messages of one chain once in any permutation', () => {
    const order = fc.shuffledSubarray(
      Array.from({ length: 40 }, (_, number) => number),
      { minLength: 1 },
    )
    fc.assert(
      fc.property(order, (numbers) => {
        const line = new Line(states)
        const messages = Array.from({ length: 40 }, (_, number) => line.say('alice', `${number}`))
        for (const number of numbers) expect(line.hear('bob', messages[number] as Uint8Array)).toBe(`${number}`)
        for (const number of numbers) expect(() => line.hear('bob', messages[number] as Uint8Array)).toThrow(TalosError)
      }),
      { seed: 42, numRuns: 60 },
    )
  })
})
