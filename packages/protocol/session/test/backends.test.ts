/** A session is its record: every kernel continues what another one began. */
import { type Kernel, loadKernel, nobleKernel, portableKernel } from '@talos/kernel'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeSessionState } from '../src/index.ts'
import { establish, initiateTo, makeAgent, NOW_MS, respondTo, withPrekeys } from './agents.ts'
import { CONTROL, Line, type Side } from './line.ts'

const best = loadKernel('')
const NOTE = best.name === 'native' ? '' : ' (the native kernel is not among them: it does not serve here)'
const KERNELS = [portableKernel(), nobleKernel(), ...(best.name === 'native' ? [best] : [])]
const HOUR_MS = 3_600_000

function kernelAt(index: number): Kernel {
  return KERNELS[index % KERNELS.length] ?? portableKernel()
}

function byNumber(one: string, other: string): number {
  return Number(one) - Number(other)
}

describe(`a session that goes from kernel to kernel${NOTE}`, () => {
  it('is the same one whichever kernels shake hands', async () => {
    const records = new Set<string>()
    for (const [ours, theirs] of KERNELS.flatMap((one) => KERNELS.map((other) => [one, other] as const))) {
      const bob = await withPrekeys(makeAgent('bob'))
      const served = bob.served(0)
      const kemRandomness = new Uint8Array(32).fill(5)
      const initiated = await initiateTo(makeAgent('alice'), { served, kernel: ours, kemRandomness })
      const responded = respondTo(bob, { firstFlight: initiated.message, kernel: theirs })
      const states = [encodeSessionState(initiated.state), encodeSessionState(responded.state)]
      records.add(Buffer.concat(states).toString('hex'))
    }
    expect(records.size).toBe(1)
  })

  it('carries every message through turns, restarts, lost and late messages and the post-quantum step', async () => {
    const { alice, bob } = await establish()
    const step = fc.record({
      by: fc.constantFrom<Side>('alice', 'bob'),
      sealedOn: fc.nat(5),
      openedOn: fc.nat(5),
      fate: fc.constantFrom('heard', 'heard', 'heard', 'lost', 'late'),
      restarts: fc.boolean(),
    })
    const property = fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      const line = new Line({ alice, bob })
      let late: { readonly to: Side; readonly message: Uint8Array }[] = []
      const heard: string[] = []
      for (const [index, { by, sealedOn, openedOn, fate, restarts }] of steps.entries()) {
        const to: Side = by === 'alice' ? 'bob' : 'alice'
        const message = line.say(by, `${index}`, { kernel: kernelAt(sealedOn) })
        const due = fate === 'heard' ? [{ to, message }, ...late] : late
        for (const one of due) heard.push(line.hear(one.to, one.message, { kernel: kernelAt(openedOn) }))
        late = fate === 'late' ? [{ to, message }] : []
        if (restarts) line.restart(to)
      }
      const sent = steps.flatMap(({ fate }, index) => (fate === 'lost' ? [] : [`${index}`]))
      const missing = late.length
      expect(heard.toSorted(byNumber)).toEqual(sent.slice(0, sent.length - missing))
    })
    fc.assert(property, { seed: 42, numRuns: 12 })
  })

  it('takes the post-quantum step across kernels', async () => {
    for (const [ours, theirs] of KERNELS.flatMap((one) => KERNELS.map((other) => [one, other] as const))) {
      const line = new Line(await establish())
      const on = (by: Side) => ({ kernel: by === 'alice' ? ours : theirs, nowMs: NOW_MS + 2 * HOUR_MS })
      const say = (by: Side, text: string) => {
        const to: Side = by === 'alice' ? 'bob' : 'alice'
        expect(line.hear(to, line.say(by, text, on(by)), on(to))).toBe(text)
      }
      say('bob', 'confirmed')
      say('alice', 'and back')
      expect(line.hear('bob', line.control('alice', on('alice')), on('bob'))).toBe(CONTROL)
      expect(line.hear('alice', line.control('bob', on('bob')), on('alice'))).toBe(CONTROL)
      for (let round = 0; round < 3; round += 1) {
        say('bob', `turn ${round}`)
        say('alice', `turn ${round}`)
      }
    }
  })
})
