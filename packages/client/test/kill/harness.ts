/** Two agents in processes of their own that talk without a pause, and that are killed at seeded moments. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { tempFolder } from '@talos/testkit'
import { Prng } from '../simulation/prng.ts'
import type { FromAgent, ToAgent } from './agent.ts'
import { comeTwice, Journal, keysUsedTwice } from './journal.ts'

const AGENT = fileURLToPath(new URL('agent.ts', import.meta.url))
const NAMES = ['alice', 'bob'] as const
type Name = (typeof NAMES)[number]

/** The moment of a kill after both are linked; some are killed as they start. */
const KILL_WITHIN_MS = 400
/** Some kills do not wait for the link. */
const KILL_UNLINKED = 0.15
const LINKED_WITHIN_MS = 20_000
const KILL_AT_START = 0.12
const KILL_AT_START_WITHIN_MS = 400
const READY_WITHIN_MS = 30_000
/** In the end everything that waits must have arrived within this time. */
const QUIET_WITHIN_MS = 30_000

export interface KillResult {
  readonly kills: number
  readonly killsAtStart: number
  /** Sealed messages seen leaving, those sent again included. */
  readonly left: number
  readonly kept: number
  readonly acknowledged: number
  readonly delivered: number
  /** Handed over again because a kill came between the handler and its note: allowed, one per kill. */
  readonly handedOverAgain: number
  readonly keysUsedTwice: number
  readonly acknowledgedAndLost: number
  readonly keptAndLost: number
  readonly deliveredTwice: number
  /** Sessions beyond the one in which the two began, and resets of any: no kill is a reason for one. */
  readonly otherSessions: number
  readonly resets: number
  readonly isAlive: boolean
  readonly events: Readonly<Record<string, number>>
}

export interface KillOptions {
  readonly kills: number
  readonly seed: number
  readonly onKill?: (kills: number) => void
}

export function isSound(result: KillResult): boolean {
  const { keysUsedTwice, acknowledgedAndLost, keptAndLost, deliveredTwice, otherSessions, resets, isAlive } = result
  const faults = keysUsedTwice + acknowledgedAndLost + keptAndLost + deliveredTwice + otherSessions + resets
  return faults === 0 && isAlive
}

/** Runs one pair through its kills. */
export async function killRun({ kills, seed, onKill = () => undefined }: KillOptions): Promise<KillResult> {
  using folder = tempFolder()
  const pair = new Pair(folder.path)
  const prng = new Prng(seed, 3)
  let killsAtStart = 0
  try {
    await pair.start('alice')
    await pair.start('bob')
    let linked = pair.join()
    await linked
    for (let count = 1; count <= kills; count += 1) {
      await sleep(prng.below(KILL_WITHIN_MS))
      const victims = prng.chance(0.2) ? NAMES : ([prng.chance(0.5) ? 'alice' : 'bob'] as const)
      for (const name of victims) await pair.kill(name)
      if (prng.chance(KILL_AT_START)) {
        killsAtStart += 1
        void pair.start(victims[0]).catch(() => undefined)
        await sleep(prng.below(KILL_AT_START_WITHIN_MS))
        await pair.kill(victims[0])
      }
      for (const name of victims) await pair.start(name)
      linked = pair.join()
      if (!prng.chance(KILL_UNLINKED)) await linked
      onKill(count)
    }
    // Whoever was started last must know its peer before it can have a last word for it.
    await linked
    const isAlive = await pair.quiet()
    return { kills, killsAtStart, ...pair.judge(), isAlive }
  } finally {
    for (const name of NAMES) await pair.kill(name)
  }
}

interface Running {
  readonly child: ChildProcess
  readonly invitation: Promise<string>
  waiting: number
  /** Told once it has a link and a session. */
  readonly linked: PromiseWithResolvers<void>
}

class Pair {
  readonly #home: string
  readonly #running = new Map<Name, Running>()
  readonly #journals: ReadonlyMap<Name, Journal>
  readonly #sessions = new Set<string>()
  readonly #last: string[] = []
  readonly #events: Record<string, number> = {}

  constructor(home: string) {
    this.#home = home
    this.#journals = new Map(NAMES.map((name) => [name, new Journal(join(home, `${name}.txt`))]))
  }

  async start(name: Name): Promise<void> {
    const establishes = name === 'alice' ? ['establishes'] : []
    const child = fork(AGENT, [name, this.#home, join(this.#home, `${name}.txt`), ...establishes], {
      execArgv: ['--conditions=talos-source'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(this.#home, 'compiled') },
    })
    const invitation = Promise.withResolvers<string>()
    const running: Running = { child, invitation: invitation.promise, waiting: 0, linked: Promise.withResolvers() }
    invitation.promise.catch(() => undefined)
    child.on('message', (message: FromAgent) => {
      if ('invitation' in message) invitation.resolve(message.invitation)
      else this.#hear(running, message)
    })
    child.once('exit', () => invitation.reject(new Error(`${name} ended`)))
    this.#running.set(name, running)
    await within(invitation.promise, READY_WITHIN_MS)
  }

  /** Gives each the other's address; resolves when both are linked, or are killed before. */
  async join(): Promise<void> {
    const [alice, bob] = await Promise.all(NAMES.map(async (name) => await this.#running.get(name)?.invitation))
    if (alice === undefined || bob === undefined) throw new Error('one of the two does not run')
    this.#tell('alice', { peer: bob })
    this.#tell('bob', { peer: alice })
    const linked = Array.from(this.#running.values(), ({ linked: { promise } }) => promise)
    await Promise.race([Promise.all(linked), sleep(LINKED_WITHIN_MS, undefined, { ref: false })])
  }

  async kill(name: Name): Promise<void> {
    const child = this.#running.get(name)?.child
    this.#running.delete(name)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  /** No kill any more: a last message each way arrives, and nothing waits. */
  async quiet(): Promise<boolean> {
    for (const name of NAMES) this.#tell(name, { last: true })
    const deadline = performance.now() + QUIET_WITHIN_MS
    while (performance.now() < deadline) {
      await sleep(50)
      const got = new Set(this.#all('got'))
      const isIdle = [...this.#running.values()].every(({ waiting }) => waiting === 0)
      if (this.#last.length === NAMES.length && this.#last.every((id) => got.has(id)) && isIdle) return true
    }
    const waiting = Array.from(this.#running, ([name, running]) => `${running.waiting} at ${name}`).join(', ')
    this.#events[`not quiet: ${this.#last.length} said a last word, ${waiting} wait`] = 1
    return false
  }

  judge(): Omit<KillResult, 'kills' | 'killsAtStart' | 'isAlive'> {
    const got = this.#all('got')
    const delivered = new Set(got)
    const acknowledged = this.#all('acked')
    const kept = this.#all('kept')
    const twice = [...this.#journals.values()].flatMap((journal) => comeTwice(journal.lives()))
    const left = this.#all('left')
    return {
      left: left.length,
      kept: kept.length,
      acknowledged: acknowledged.length,
      delivered: delivered.size,
      handedOverAgain: got.length - delivered.size - twice.length,
      keysUsedTwice: keysUsedTwice(left).length,
      acknowledgedAndLost: acknowledged.filter((id) => !delivered.has(id)).length,
      keptAndLost: kept.filter((id) => !delivered.has(id)).length,
      deliveredTwice: twice.length,
      otherSessions: Math.max(0, this.#sessions.size - 1),
      resets: Object.entries(this.#events).reduce((sum, [event, count]) => {
        return event.startsWith('session.reset') ? sum + count : sum
      }, 0),
      events: this.#events,
    }
  }

  #all(word: 'left' | 'kept' | 'acked' | 'got'): string[] {
    return [...this.#journals.values()].flatMap((journal) => journal.all(word))
  }

  #hear(running: Running, message: Exclude<FromAgent, { readonly invitation: string }>): void {
    if ('sessionId' in message) {
      this.#sessions.add(message.sessionId)
      running.linked.resolve()
    } else if ('last' in message) this.#last.push(message.last)
    else if ('waiting' in message) running.waiting = message.waiting
    else this.#events[message.event] = (this.#events[message.event] ?? 0) + 1
  }

  #tell(name: Name, message: ToAgent): void {
    this.#running.get(name)?.child.send(message, () => undefined)
  }
}

async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  const late = sleep(timeoutMs, undefined, { ref: false }).then(() => {
    throw new Error('an agent did not start in time')
  })
  return await Promise.race([promise, late])
}
