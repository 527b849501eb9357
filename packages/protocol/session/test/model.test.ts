import { TalosError } from '@talos/errors'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeSessionState, encodeSessionState, MAX_OLD_CHAINS } from '../src/index.ts'
import { establish } from './agents.ts'
import { Line, type Side, type States } from './line.ts'

/** What the network may do with what was sent, and what the ends do. Numbers pick one of the messages on the way. */
type Command =
  | { readonly type: 'send'; readonly by: Side }
  | {
      readonly type: 'deliver' | 'repeat' | 'drop' | 'corrupt'
      readonly to: Side
      readonly pick: number
      readonly bit: number
    }
  | { readonly type: 'restart'; readonly by: Side }
  | { readonly type: 'exchange'; readonly by: Side }

interface Travelling {
  readonly text: string
  readonly bytes: Uint8Array
  /** Which chain of its sender it belongs to. */
  readonly chain: number
}

/**
 * The naive model: no keys, only which message was sent in which chain and which was heard. A chain ends when its sender
 * heard something of the peer's next one.
 */
class Model {
  readonly line: Line
  readonly onTheWay: Record<Side, Travelling[]> = { alice: [], bob: [] }
  readonly heard: Record<Side, Travelling[]> = { alice: [], bob: [] }
  readonly chain: Record<Side, number> = { alice: 0, bob: -1 }
  readonly turned: Record<Side, boolean> = { alice: false, bob: true }
  readonly newest: Record<Side, number> = { alice: -1, bob: 0 }
  #sent = 0

  constructor(states: States) {
    this.line = new Line(states)
  }

  send(by: Side): void {
    if (this.turned[by]) {
      this.chain[by] += 1
      this.turned[by] = false
    }
    const text = `message ${this.#sent}`
    this.#sent += 1
    this.onTheWay[other(by)].push({ text, bytes: this.line.say(by, text), chain: this.chain[by] })
  }

  /** Hears a message that must open. */
  deliver(to: Side, message: Travelling): void {
    const heard = this.line.hear(to, message.bytes)
    if (heard !== message.text) throw new Error(`heard ${heard} for ${message.text}`)
    this.hears(to, message)
  }

  /** What hearing the message must lead to. */
  hears(to: Side, message: Travelling): void {
    this.heard[to].push(message)
    if (message.chain > this.newest[to]) {
      this.newest[to] = message.chain
      this.turned[to] = true
    }
  }
}

function other(side: Side): Side {
  return side === 'alice' ? 'bob' : 'alice'
}

const side = fc.constantFrom<Side>('alice', 'bob')
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant('send' as const), by: side }) },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constantFrom(
        'deliver' as const,
        'deliver' as const,
        'deliver' as const,
        'repeat' as const,
        'drop' as const,
        'corrupt' as const,
      ),
      to: side,
      pick: fc.nat(),
      bit: fc.nat(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const), by: side }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('exchange' as const), by: side }) },
)

let states: States

beforeAll(async () => {
  states = await establish()
})

/** Runs the commands; `mustOpen` says whether a delivered message is within what a session remembers. */
function play(commands: readonly Command[], mustOpen: (model: Model, to: Side, message: Travelling) => boolean): Model {
  const model = new Model(states)
  for (const step of commands) run(model, step, mustOpen)
  return model
}

function run(model: Model, step: Command, mustOpen: (model: Model, to: Side, message: Travelling) => boolean): void {
  const { line } = model
  if (step.type === 'send') {
    model.send(step.by)
    return
  }
  if (step.type === 'exchange') {
    for (const by of [step.by, other(step.by)]) {
      model.send(by)
      const message = model.onTheWay[other(by)].pop()
      if (message !== undefined) model.deliver(other(by), message)
    }
    return
  }
  if (step.type === 'restart') {
    line.states[step.by] = decodeSessionState(encodeSessionState(line.states[step.by]))
    return
  }
  const { type, to, pick, bit } = step
  const pool = type === 'repeat' ? model.heard[to] : model.onTheWay[to]
  const message = pool[pick % pool.length]
  if (message === undefined) return
  if (type === 'repeat' || type === 'corrupt') {
    const position = bit % message.bytes.length
    const bytes =
      type === 'repeat'
        ? message.bytes
        : message.bytes.with(position, (message.bytes[position] ?? 0) ^ (1 << (bit % 8)))
    const before = encodeSessionState(line.states[to])
    expect(() => line.hear(to, bytes)).toThrow(TalosError)
    expect(encodeSessionState(line.states[to])).toEqual(before)
    return
  }
  pool.splice(pick % pool.length, 1)
  if (type === 'drop') return
  if (mustOpen(model, to, message)) {
    model.deliver(to, message)
    return
  }
  const heard = attempt(() => line.hear(to, message.bytes))
  if (heard === undefined) return
  expect(heard).toBe(message.text)
  model.hears(to, message)
}

function attempt(hear: () => string): string | undefined {
  try {
    return hear()
  } catch (error) {
    expect(error).toBeInstanceOf(TalosError)
    return undefined
  }
}

describe('the ratchet against a naive model', () => {
  it('opens every delivered message exactly once, whatever the order, loss, repetition, corruption and restarts', () => {
    const remembered = (model: Model, to: Side, message: Travelling) =>
      model.newest[to] - message.chain <= MAX_OLD_CHAINS
    const commands = fc.array(command, { minLength: 20, maxLength: 120, size: 'max' })
    fc.assert(
      fc.property(commands, (steps) => {
        const { heard } = play(steps, remembered)
        for (const of of [heard.alice, heard.bob]) expect(new Set(of.map(({ text }) => text)).size).toBe(of.length)
      }),
      { seed: 42, numRuns: 150 },
    )
  })

  it('turns often enough in that play to forget chains, and hears in all of it', () => {
    const samples = fc.sample(fc.array(command, { minLength: 20, maxLength: 120, size: 'max' }), {
      seed: 42,
      numRuns: 150,
    })
    const models = samples.map((steps) => play(steps, () => false))
    expect(models.some(({ newest }) => newest.alice > MAX_OLD_CHAINS + 1)).toBe(true)
    expect(models.reduce((sum, { heard }) => sum + heard.alice.length + heard.bob.length, 0)).toBeGreaterThan(1_000)
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
