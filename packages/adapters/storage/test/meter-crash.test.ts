/**
 * Real processes that charge calls and are killed at random moments: all of them together are never allowed more than the
 * limits, and what the kills lose is a part of what was left. `TALOS_CRASH_KILLS` sets the number of kills, 20 where it is not set.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { AgentHome } from '../src/index.ts'
import { BYTES_PER_CALL, RATE } from './meter-family.ts'

const KILLS = Number(process.env['TALOS_CRASH_KILLS'] ?? 20)
const CALLS = KILLS * 40
const WORKER = fileURLToPath(new URL('./meter-worker.ts', import.meta.url))

/** What all processes together were allowed. */
interface Allowed {
  readonly callsMs: number[]
  readonly children: [number, number]
  bytes: number
  isOver: boolean
}

/** Starts a process, and kills it some time after it is ready; or waits for its end. */
async function run(root: string, allowed: Allowed, killAfterMs: number | undefined): Promise<void> {
  const child = spawn(process.execPath, ['--conditions=talos-source', '--no-warnings', WORKER, root, String(CALLS)])
  let output = ''
  let errors = ''
  const ready = Promise.withResolvers<void>()
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output += part
    ready.resolve()
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    errors += part
  })
  const closed = once(child, 'close')
  await Promise.race([ready.promise, closed])
  if (killAfterMs !== undefined) {
    await sleep(killAfterMs)
    child.kill('SIGKILL')
  }
  const [code, signal] = (await closed) as [number | null, string | null]
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the process failed: ${errors}`)
  collect(output, allowed)
}

function collect(output: string, allowed: Allowed): void {
  for (const line of output.split('\n').slice(0, -1)) {
    const [type, ...numbers] = line.split(' ')
    const [first = 0, nowMs = 0, bytes = 0] = numbers.map(Number)
    if (type === 'e') allowed.isOver = true
    if (type === 's') allowed.bytes += first
    if (type !== 'c') continue
    allowed.callsMs.push(nowMs)
    allowed.children[first === 1 ? 0 : 1] += 1
    allowed.bytes += bytes
  }
}

/** The largest number of calls beyond what the rate allows in some window of time; at most 0. */
function excess(callsMs: readonly number[]): number {
  let worst = Number.NEGATIVE_INFINITY
  for (const [first, fromMs] of callsMs.entries()) {
    for (const [offset, untilMs] of callsMs.slice(first).entries()) {
      const allowed = RATE.burst + ((untilMs - fromMs) * RATE.most) / 1_000
      worst = Math.max(worst, offset + 1 - allowed)
    }
  }
  return worst
}

describe('a meter whose process is killed', () => {
  it(
    `never allows more than the limits in all, over ${KILLS} kills`,
    async () => {
      using root = tempFolder()
      new AgentHome({ root: root.path }).create({ name: 'agent', keyFile: '{}' })
      const allowed: Allowed = { callsMs: [], children: [0, 0], bytes: 0, isOver: false }
      for (let round = 0; round < KILLS; round += 1) await run(root.path, allowed, (round * 7) % 60)
      const beforeEnd = allowed.callsMs.length
      for (let round = 0; round < 3; round += 1) await run(root.path, allowed, undefined)
      expect(allowed.isOver).toBe(true)
      expect(beforeEnd).toBeGreaterThan(KILLS)
      expect(allowed.callsMs.length).toBeLessThanOrEqual(CALLS)
      expect(Math.max(...allowed.children)).toBeLessThanOrEqual(Math.ceil((CALLS * 3) / 4))
      expect(allowed.bytes).toBeLessThanOrEqual(CALLS * BYTES_PER_CALL)
      expect(excess(allowed.callsMs)).toBeLessThanOrEqual(0)
      // Each kill loses at most a sixteenth of what was left: half is a bound that no machine's pace can miss by chance.
      expect(allowed.callsMs.length).toBeGreaterThan(CALLS / 2)
    },
    60_000 + KILLS * 5_000,
  )
})
