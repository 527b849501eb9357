/** A witness that is killed at any moment, before a log that takes each chance to show it another history. */
import { fileURLToPath } from 'node:url'
import { Secret } from '@talos/bytes'
import { NOTE_COSIGNATURE, openNote, parseCheckpoint, verifierKey } from '@talos/merkle'
import { seededRandom } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { AgentDatabase } from '../src/index.ts'
import { kernel, openAgent, random, startProcess } from './support.ts'

const WORKER = fileURLToPath(new URL('./witness-worker.ts', import.meta.url))
const KILLS = 8

describe('a witness that is killed', () => {
  it('has kept whatever it signed, and signs nothing that excludes that afterwards', async () => {
    using agent = openAgent()
    agent.database.close()
    agent.lock.release()
    const chance = seededRandom('kills')
    const signed: { readonly size: number; readonly note: string }[] = []
    for (let kill = 0; kill < KILLS; kill += 1) {
      // The other history waits for a witness that has forgotten the first.
      const worker = await startProcess(WORKER, agent.home.root, kill < KILLS - 2 ? 'a' : 'b')
      await new Promise((resolve) => setTimeout(resolve, Number(chance.bytes(1)[0]) / 2))
      await worker.kill()
      for (const line of worker.lines) {
        if (line.startsWith('{"size"')) signed.push(JSON.parse(line))
      }
      const storageKey = Secret.of(new Uint8Array(32).fill(7))
      using lock = agent.folder.lock()
      using database = AgentDatabase.open({ folder: agent.folder, lock, storageKey, kernel, random })
      const [record] = database.witness.newest(1)
      expect(record?.size ?? 0).toBeGreaterThanOrEqual(Math.max(0, ...signed.map(({ size }) => size)))
    }
    expect(signed.length).toBeGreaterThan(0)
    const seed = new Uint8Array(32).fill(3)
    const key = verifierKey({ name: 'w', type: NOTE_COSIGNATURE, publicKey: kernel.ed25519PublicKey(seed), kernel })
    const roots = new Map<number, string>()
    for (const { size, note } of signed) {
      const { text } = openNote(note, { keys: [key], kernel })
      const root = parseCheckpoint(text).root.join()
      expect(roots.get(size) ?? root).toBe(root)
      roots.set(size, root)
    }
  }, 60_000)
})
