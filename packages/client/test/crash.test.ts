import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { utf8 } from '@talos/bytes'
import { TalosClient } from '@talos/client'
import type { Did } from '@talos/contracts'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { optionsFor } from './agents.ts'

const KILLS = 12
const FIXTURE = fileURLToPath(new URL('fixtures/crashing-agent.ts', import.meta.url))

interface Running {
  readonly child: ChildProcessByStdio<null, Readable, null>
  readonly invitation: string
}

async function start(home: string, journal: string): Promise<Running> {
  const child = spawn(process.execPath, ['--conditions=talos-source', FIXTURE, home, journal], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [invitation] = await once(createInterface(child.stdout), 'line')
  return { child, invitation: String(invitation) }
}

async function kill({ child }: Running): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** Lines of the journal, one list per life of the process. */
function livesOf(journal: string): string[][] {
  const lines = readFileSync(journal, 'utf8').trimEnd().split('\n')
  return lines.reduce<string[][]>((lives, line) => {
    if (line === 'start') lives.push([])
    lives.at(-1)?.push(line)
    return lives
  }, [])
}

function idsOf(lines: readonly string[], word: string): string[] {
  return lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.split(' ')[1] ?? '')
}

describe('an agent that is killed at any moment', () => {
  it(`loses nothing that it acknowledged or kept, over ${KILLS} kills, and stays in its session`, async () => {
    using folder = tempFolder()
    await using alice = await TalosClient.create('alice', optionsFor(folder.path))
    const journal = join(folder.path, 'journal.txt')
    const acknowledged: string[] = []
    const atAlice: string[] = []
    alice.onMessage(({ messageId }) => void atAlice.push(messageId))
    let bob: Did | undefined
    let isOver = false
    const sending = (async () => {
      for (let count = 0; !isOver; count += 1) {
        await sleep(3)
        if (bob === undefined || alice.connectedPeers().length === 0) continue
        const sent = await alice.send(bob, utf8(`from Alice ${count}`))
        if (sent.delivered) acknowledged.push(sent.messageId)
      }
    })()
    let running = await start(folder.path, journal)
    const session = await alice.establishSession(alice.addPeer(running.invitation))
    bob = session.peer
    for (let kills = 0; kills < KILLS; kills += 1) {
      await sleep(20 + Math.random() * 130)
      await kill(running)
      await expect.poll(() => alice.connectedPeers()).toEqual([])
      running = await start(folder.path, journal)
      alice.addPeer(running.invitation)
      await alice.connect(bob)
    }
    await sleep(100)
    isOver = true
    await sending
    await expect.poll(() => alice.database.messages.outgoing(session.peer), { timeout: 10_000 }).toEqual([])
    const seen = () => new Set(idsOf(livesOf(journal).flat(), 'got'))
    await expect.poll(() => acknowledged.filter((id) => !seen().has(id)), { timeout: 10_000 }).toEqual([])
    const kept = idsOf(livesOf(journal).flat(), 'kept')
    await expect.poll(() => kept.filter((id) => !atAlice.includes(id)), { timeout: 10_000 }).toEqual([])
    await kill(running)

    expect(acknowledged.length).toBeGreaterThan(KILLS)
    expect(kept.length).toBeGreaterThan(KILLS)
    expect(new Set(atAlice).size).toBe(atAlice.length)
    expect(alice.session(session.peer)?.sessionId).toBe(session.sessionId)
    checkOnceBesidesTheWindow(livesOf(journal).map((life) => idsOf(life, 'got')))

    await using again = await TalosClient.open('bob', optionsFor(folder.path))
    expect(await again.log.verify()).toMatchObject({ size: again.log.size })
    const entries = [...again.log.reader.entries({ kinds: ['message.receive'] })].map(({ entry }) => entry.message)
    expect(entries).toHaveLength(new Set(entries).size)
    expect(new Set(entries)).toEqual(new Set(seen()))
  }, 60_000)
})

/** A message may come again only as the first of a life, when it was the last of the one before. */
function checkOnceBesidesTheWindow(lives: readonly (readonly string[])[]): void {
  const before = new Set<string>()
  let last: string | undefined
  for (const life of lives) {
    const fresh = life[0] !== undefined && life[0] === last ? life.slice(1) : life
    for (const id of fresh) {
      expect(before.has(id), 'a message came twice').toBe(false)
      before.add(id)
    }
    last = life.at(-1) ?? last
  }
}
