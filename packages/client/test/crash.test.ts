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
import { isTalosError } from '@talos/errors'
import { seededRandom, tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { optionsFor } from './agents.ts'

const KILLS = 12
/** Each kill waits for a process to start; a busy machine takes seconds for one. */
const TIMEOUT_MS = 180_000
/** `SEED=7 npx vitest run packages/client/test/crash.test.ts` kills at other moments. */
const SEED = process.env['SEED'] ?? '1'
const GRANT_EVERY = 3
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
  it(
    `loses nothing that it acknowledged or kept, over ${KILLS} kills, and stays in its session`,
    async () => {
      using folder = tempFolder()
      await using alice = await TalosClient.create('alice', optionsFor(folder.path))
      const journal = join(folder.path, 'journal.txt')
      const acknowledged: string[] = []
      const granted: string[] = []
      const atAlice: string[] = []
      const moments = seededRandom(`kills ${SEED}`)
      alice.onMessage(({ messageId }) => void atAlice.push(messageId))
      let bob: Did | undefined
      let isOver = false
      const sending = (async () => {
        for (let count = 0; !isOver; count += 1) {
          await sleep(3)
          if (bob === undefined || alice.connectedPeers().length === 0) continue
          const sent = await alice.send(bob, utf8(`from Alice ${count}`))
          if (sent.delivered) acknowledged.push(sent.messageId)
          if (count % GRANT_EVERY === 0) await grantTo(alice, bob).then((cid) => granted.push(cid), noLink)
        }
      })()
      let running = await start(folder.path, journal)
      const session = await alice.establishSession(alice.addPeer(running.invitation))
      bob = session.peer
      for (let kills = 0; kills < KILLS; kills += 1) {
        // At any moment of a life in which something happens, however slow the machine is.
        const before = acknowledged.length
        await expect.poll(() => acknowledged.length, { timeout: 10_000 }).toBeGreaterThan(before)
        const [moment = 0] = moments.bytes(1)
        await sleep(moment / 2)
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

      expect(acknowledged.length).toBeGreaterThan(KILLS / 2)
      expect(kept.length).toBeGreaterThan(0)
      expect(granted.length).toBeGreaterThan(0)
      expect(new Set(atAlice).size).toBe(atAlice.length)
      expect(alice.session(session.peer)?.sessionId).toBe(session.sessionId)
      checkOnceBesidesTheWindow(livesOf(journal).map((life) => idsOf(life, 'got')))

      await using again = await TalosClient.open('bob', optionsFor(folder.path))
      const held = again.listCapabilities('received').map(({ cid }) => cid)
      expect(granted.filter((cid) => !held.includes(cid))).toEqual([])
      const recorded = [...again.log.reader.entries({ kinds: ['cap.grant'] })].map(({ entry }) => entry.cap)
      expect(recorded).toHaveLength(held.length)
      expect(new Set(recorded)).toEqual(new Set(held))
      expect(again.database.messages.incoming(10, 'effect')).toEqual([])
      expect(await again.log.verify()).toMatchObject({ size: again.log.size })
      const entries = [...again.log.reader.entries({ kinds: ['message.receive'] })].map(({ entry }) => entry.message)
      expect(entries).toHaveLength(new Set(entries).size)
      expect(new Set(entries)).toEqual(new Set(seen()))
    },
    TIMEOUT_MS,
  )
})

/** Resolves once the peer has a new grant. */
async function grantTo(alice: TalosClient, peer: Did): Promise<string> {
  const { cid } = await alice.grantCapability({ to: peer, tool: { server: 'files' }, expiresInS: 600 })
  await alice.sendCapability(peer, cid)
  return cid
}

/** The process was killed meanwhile. */
function noLink(error: unknown): void {
  if (!isTalosError(error)) throw error
}

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
