/** The agent's own list when something fails in the midst of it: no two heads ever exclude each other (spec 09, 9.9). */
import { Cid, utf8 } from '@talos/bytes'
import { openRevocationHead, RevocationList } from '@talos/capability'
import { TalosError } from '@talos/errors'
import { loadKernel } from '@talos/kernel'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { type Agent, closeAgent, openAgent } from '../src/agent.ts'
import { OwnRevocations } from '../src/own-revocations.ts'
import { openRevocationBook } from '../src/revocation-book.ts'
import { optionsFor } from './agents.ts'

const kernel = loadKernel()
const NOW_S = 1_800_000_000

function delegation(label: string | number): Cid {
  return Cid.fromSha256(kernel.sha256(utf8(`delegation ${label}`)))
}

async function opened(home: string): Promise<Agent> {
  return await openAgent({ ...optionsFor(home, { clock: { nowMs: () => NOW_S * 1000 } }), name: 'alice', create: true })
}

/** The agent with a signer that fails at the given signatures, counted from 1. */
function failingAt(agent: Agent, ...numbers: readonly number[]): Agent {
  let count = 0
  const signer = {
    did: agent.signer.did,
    publicKey: agent.signer.publicKey,
    kernel: agent.signer.kernel,
    sign: async (message: Uint8Array) => {
      count += 1
      if (numbers.includes(count)) throw new TalosError('SIGNER_FAILED')
      return await agent.signer.sign(message)
    },
  }
  return { ...agent, signer }
}

/** As after a restart: what memory knew is read again. */
function restarted(agent: Agent): Agent {
  return { ...agent, revocations: openRevocationBook({ database: agent.database, kernel }) }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'nothing',
    (error: { readonly code?: string }) => String(error.code),
  )
}

/** Every head that was ever stored, held against one list. */
function follows(heads: readonly Uint8Array[], names: readonly Cid[]): boolean {
  return heads.every((bytes) => {
    const head = openRevocationHead(bytes, { kernel })
    const list = new RevocationList({ issuer: head.issuer, kernel })
    for (const name of names) list.append(name)
    return list.restore(head)
  })
}

describe("an agent's own list", () => {
  it('holds what was revoked although its head could not be signed, and goes on from there', async () => {
    using folder = tempFolder()
    const agent = await opened(folder.path)
    const failing = failingAt(agent, 2)
    const own = new OwnRevocations(failing)
    expect(await codeOf(own.add({ revokes: delegation(1) }, {}))).toBe('SIGNER_FAILED')
    expect(agent.database.revocations.names(agent.did)).toHaveLength(1)
    expect(agent.revocations.countOf(agent.did)).toBe(1)
    expect(agent.database.revocations.heads()).toEqual([])
    const again = restarted(agent)
    expect(again.revocations.listOf(agent.did).size).toBe(1)
    expect((await new OwnRevocations(again).head(60))?.n).toBe(1)
    // The process that failed goes on as well: the same list.
    const { frame } = await own.add({ revokes: delegation(2) }, {})
    expect(frame).toMatchObject({ t: 'revocations', after: 1 })
    const heads = agent.database.revocations.heads().map(({ bytes }) => bytes)
    expect(follows(heads, agent.database.revocations.names(agent.did))).toBe(true)
    await closeAgent(agent)
  })

  it('leaves nothing of a revocation that could not be signed or stored', async () => {
    using folder = tempFolder()
    const agent = await opened(folder.path)
    const own = new OwnRevocations(failingAt(agent, 1))
    expect(await codeOf(own.add({ revokes: delegation(1) }, {}))).toBe('SIGNER_FAILED')
    expect([agent.revocations.size, agent.database.revocations.by(agent.did)]).toEqual([0, []])
    const { head, revocation } = await added(own, 1)
    expect(head.n).toBe(1)
    expect(agent.database.revocations.find(revocation.cid)?.atS).toBe(NOW_S)
    await closeAgent(agent)
  })

  it('goes on where it cannot be known whether a step was stored', async () => {
    using folder = tempFolder()
    const agent = await opened(folder.path)
    const { database } = agent
    let isLost = true
    const transaction = <T>(work: () => T): T => {
      const result = database.transaction(work)
      if (isLost) throw new TalosError('STORE_WRITE_FAILED', { store: 'agent', reason: 'lost' })
      return result
    }
    const stores = { revocations: database.revocations, restored: undefined, transaction }
    const own = new OwnRevocations({ ...agent, database: stores as unknown as Agent['database'] })
    expect(await codeOf(own.add({ revokes: delegation(1) }, {}))).toBe('STORE_WRITE_FAILED')
    isLost = false
    const { head } = await added(own, 2)
    expect(head.n).toBe(2)
    const heads = agent.database.revocations.heads().map(({ bytes }) => bytes)
    expect(follows(heads, agent.database.revocations.names(agent.did))).toBe(true)
    await closeAgent(agent)
  })

  it('has the same head for a restart between place and head, and for one between head and sending', async () => {
    using folder = tempFolder()
    const agent = await opened(folder.path)
    const heads: Uint8Array[] = []
    let current = agent
    for (let round = 0; round < 6; round += 1) {
      const own = new OwnRevocations(round % 2 === 0 ? failingAt(current, 2) : current)
      await own.add({ revokes: delegation(round) }, {}).catch(() => undefined)
      heads.push(...agent.database.revocations.heads().map(({ bytes }) => bytes))
      current = restarted(agent)
    }
    heads.push((await new OwnRevocations(current).head(60))?.bytes ?? new Uint8Array())
    const names = agent.database.revocations.names(agent.did)
    expect(names).toHaveLength(6)
    expect(follows(heads, names)).toBe(true)
    await closeAgent(agent)
  })

  it('signs one revocation after the other, however many are asked for at once', async () => {
    using folder = tempFolder()
    const agent = await opened(folder.path)
    const own = new OwnRevocations(agent)
    const made = await Promise.all(Array.from({ length: 20 }, async (_, index) => await added(own, index)))
    expect(made.map(({ head }) => head.n)).toEqual(made.map((_, index) => index + 1))
    const heads = made.map(({ bytes }) => bytes)
    expect(follows(heads, agent.database.revocations.names(agent.did))).toBe(true)
    const times = made.map(({ head }) => head.atS)
    expect(times).toEqual(times.toSorted((one, other) => one - other))
    // The same list again is signed with a later time, though the clock stands still.
    expect((await own.head(-1))?.atS).toBe((times.at(-1) ?? 0) + 1)
    await closeAgent(agent)
  })
})

async function added(own: OwnRevocations, label: number) {
  const { revocation, frame } = await own.add({ revokes: delegation(label) }, {})
  const bytes = frame.t === 'revocations' ? frame.head : new Uint8Array()
  return { revocation, bytes, head: openRevocationHead(bytes, { kernel }) }
}
