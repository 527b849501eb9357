import { describe, expect, it } from 'vitest'
import { Heartbeat } from '../src/link/heartbeat.ts'
import type { LinkTimers } from '../src/link/timers.ts'

/** Time that stands still until it is moved; timers fire in order, and late when time leaps over them. */
class ManualTimers implements LinkTimers {
  #nowMs = 0
  #due: { readonly atMs: number; readonly action: () => void }[] = []

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, action }
    this.#due.push(timer)
    return () => {
      this.#due = this.#due.filter((other) => other !== timer)
    }
  }

  /** Moves time on in steps of one millisecond. */
  run(durationMs: number): void {
    for (let step = 0; step < durationMs; step += 1) this.leap(1)
  }

  /** Moves time at once, as a process does that stood still. */
  leap(durationMs: number): void {
    this.#nowMs += durationMs
    const ripe = this.#due.filter(({ atMs }) => atMs <= this.#nowMs)
    this.#due = this.#due.filter(({ atMs }) => atMs > this.#nowMs)
    for (const { action } of ripe) action()
  }
}

function heartbeat() {
  const timers = new ManualTimers()
  const seen = { pings: [] as number[], deaths: 0 }
  const beat = new Heartbeat({
    timers,
    intervalMs: 5_000,
    deadAfterMs: 12_000,
    ping: () => seen.pings.push(timers.nowMs()),
    onDead: () => {
      seen.deaths += 1
    },
  })
  return { timers, seen, beat }
}

describe('the heartbeat', () => {
  it('pings a silent peer after 5 and 10 seconds and gives it up after 12', () => {
    const { timers, seen } = heartbeat()
    timers.run(11_999)
    expect(seen).toEqual({ pings: [5_000, 10_000], deaths: 0 })
    timers.run(1)
    expect(seen.deaths).toBe(1)
    timers.run(60_000)
    expect(seen).toEqual({ pings: [5_000, 10_000], deaths: 1 })
  })

  it('counts silence from the last thing heard', () => {
    const { timers, seen, beat } = heartbeat()
    for (let turn = 0; turn < 30; turn += 1) {
      timers.run(4_000)
      beat.heard()
    }
    expect(seen).toEqual({ pings: [], deaths: 0 })
    timers.run(12_000)
    expect(seen.deaths).toBe(1)
  })

  it('gives the peer another chance when our own process stood still', () => {
    const { timers, seen, beat } = heartbeat()
    timers.leap(60_000)
    expect(seen.deaths).toBe(0)
    beat.heard()
    timers.run(4_000)
    expect(seen.deaths).toBe(0)
    timers.leap(60_000)
    timers.run(1_000)
    expect(seen.deaths).toBe(1)
  })

  it('is silent once stopped', () => {
    const { timers, seen, beat } = heartbeat()
    beat.stop()
    timers.run(20_000)
    expect(seen).toEqual({ pings: [], deaths: 0 })
  })
})
