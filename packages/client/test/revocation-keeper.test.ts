import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { verifyRevocationFork } from '@talos/audit'
import { Cid, Secret, utf8 } from '@talos/bytes'
import {
  openRevocation,
  openRevocationHead,
  RevocationList,
  revocableLink,
  revoke,
  signRevocationHead,
} from '@talos/capability'
import type { AppFrame, Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { ed25519Signer } from '@talos/identity'
import { loadKernel, systemRandom } from '@talos/kernel'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { revocationForks } from '../src/revocation-forks.ts'
import { STRANGER_MAX_REVOCATIONS, STRANGERS_MAX_REVOCATIONS } from '../src/revocation-ledger.ts'
import { PAGE_MAX_ITEMS } from '../src/revocations.ts'
import { NOW_S, type Side, Sides } from './revocation-sides.ts'

const kernel = loadKernel()

function delegation(label: string | number): Cid {
  return Cid.fromSha256(kernel.sha256(utf8(`delegation ${label}`)))
}

/** An owner, a holder who passed on what it has, and the one who got that. */
async function three(home: string) {
  const sides = new Sides(home)
  const [owner, holder, caller] = [await sides.open('owner'), await sides.open('holder'), await sides.open('caller')]
  const root = await sides.give(owner, holder)
  const passed = await sides.give(holder, caller, root)
  return { sides, owner, holder, caller, root, passed }
}

function isRevokedAt({ agent }: Side, holder: Side, cid: string): boolean {
  const link = holder.authority.link(cid)
  return agent.revocations.stateOf(revocableLink(link, [link.issuer, link.audience])).revoked
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'nothing',
    (error: unknown) => (isTalosError(error) ? error.code : String(error)),
  )
}

/** A list of so many revocations, of which its head has the digest. */
async function listBy(signer: ReturnType<typeof ed25519Signer>, count: number) {
  const page = await pageBy(signer, { count })
  const list = new RevocationList({ issuer: signer.did, kernel })
  for (const bytes of page.items) list.append(openRevocation(bytes, { kernel }).cid)
  const head = await signRevocationHead({ signer, n: count, digest: list.digest, atS: NOW_S })
  return { ...page, head: head.bytes }
}

/** A page by a signer of the test's own: `count` revocations after a position, and a head that is said to cover them. */
async function pageBy(
  signer: ReturnType<typeof ed25519Signer>,
  made: {
    readonly count: number
    readonly after?: number
    readonly digest?: Uint8Array
    readonly n?: number
    readonly atS?: number
  },
): Promise<Extract<AppFrame, { t: 'revocations' }>> {
  const { count, after = 0, n = after + count, digest = new Uint8Array(32), atS = NOW_S } = made
  const items: Uint8Array[] = []
  for (let index = 0; index < count; index += 1) {
    items.push((await revoke({ signer, revokes: delegation(`${signer.did} ${after + index}`), atS })).bytes)
  }
  const head = await signRevocationHead({ signer, n, digest, atS })
  return { t: 'revocations', issuer: signer.did, after, items, head: head.bytes }
}

function stranger() {
  return ed25519Signer({ kernel, seed: Secret.of(systemRandom.bytes(32)) })
}

describe('the keeper of revocations', () => {
  it('pushes to both sides and the owner, who have it with its head when it is done', async () => {
    using folder = tempFolder()
    const { sides, owner, holder, caller, passed } = await three(folder.path)
    await using _ = sides
    await holder.keeper.revoke(passed, { reason: 'left the team', evidence: new Uint8Array(32).fill(1) })
    await sides.settled()
    for (const side of [owner, holder, caller]) {
      expect(isRevokedAt(side, holder, passed)).toBe(true)
      expect(side.agent.revocations.knownAtS(holder.did)).toBe(NOW_S)
    }
    expect(caller.agent.database.grants.get(Cid.parse(passed))?.revokedMs).toBe(NOW_S * 1000)
    const entries = (side: Side) =>
      [...side.agent.log.reader.entries({ kinds: ['cap.revoke'] })].map(({ entry }) => [entry.peer, entry.cap])
    expect(entries(holder)).toEqual([[caller.did, passed]])
    expect(entries(caller)).toEqual([[holder.did, passed]])
    expect(caller.events).toContainEqual({
      type: 'authority.received',
      peer: holder.did,
      cid: passed,
      kind: 'revocation',
    })
  })

  it('revokes everything of an audience, what is to begin later too, and leaves what is given afterwards', async () => {
    using folder = tempFolder()
    const { sides, owner, holder, caller, root, passed } = await three(folder.path)
    await using _ = sides
    const later = await holder.authority.delegate({
      parent: root,
      to: caller.did,
      command: '/mcp/files',
      expiresInS: 86_400,
      notBeforeS: NOW_S + 600,
    })
    await holder.keeper.revokeAll(caller.did, { reason: 'gone' })
    await sides.settled()
    const after = await sides.give(holder, caller, root)
    expect([passed, later.cid, after].map((cid) => isRevokedAt(owner, holder, cid))).toEqual([true, true, false])
    expect(isRevokedAt(holder, holder, after)).toBe(false)
    expect(caller.authority.find(passed).revokedMs).toBe(NOW_S * 1000)
    expect(owner.agent.revocations.listOf(holder.did).size).toBe(2)
    sides.clock.pass(-5)
    const withClockBack = await sides.give(holder, caller, root)
    expect(isRevokedAt(holder, holder, withClockBack)).toBe(false)
  })

  it('revokes one delegation once, and tells again who asks again', async () => {
    using folder = tempFolder()
    const { sides, owner, holder, passed } = await three(folder.path)
    await using _ = sides
    sides.cut(owner)
    await holder.keeper.revoke(passed)
    sides.cut(holder)
    sides.join(holder)
    sides.join(owner)
    await holder.keeper.revoke(passed)
    await sides.settled()
    expect(isRevokedAt(owner, holder, passed)).toBe(true)
    expect(holder.agent.revocations.listOf(holder.did).size).toBe(1)
    expect([...holder.agent.log.reader.entries({ kinds: ['cap.revoke'] })]).toHaveLength(1)
  })

  it('asks for the list of an issuer that it sees in a chain, and signs it again only when it is due', async () => {
    using folder = tempFolder()
    const { sides, owner, holder, caller, passed } = await three(folder.path)
    await using _ = sides
    const links = [holder.authority.link(passed)]
    expect(owner.agent.revocations.knownAtS(holder.did)).toBeUndefined()
    owner.keeper.seen(links, caller.did)
    await sides.settled()
    expect(owner.agent.revocations.knownAtS(holder.did)).toBe(NOW_S)
    sides.clock.pass(1_700)
    sides.join(owner)
    await sides.settled()
    expect(owner.agent.revocations.knownAtS(holder.did)).toBe(NOW_S)
    sides.clock.pass(200)
    sides.join(owner)
    await sides.settled()
    expect(owner.agent.revocations.knownAtS(holder.did)).toBe(NOW_S + 1_900)
  })

  it('gets a list from the peer that shows the chain where its issuer is out of reach', async () => {
    using folder = tempFolder()
    const { sides, owner, holder, caller, root, passed } = await three(folder.path)
    await using _ = sides
    sides.cut(owner)
    const other = await sides.give(holder, caller, root)
    await holder.keeper.revoke(other)
    await sides.settled()
    sides.cut(holder)
    sides.join(owner)
    owner.keeper.seen([holder.authority.link(passed)], caller.did)
    await sides.settled()
    expect(owner.agent.revocations.knownAtS(holder.did)).toBe(NOW_S)
    expect(isRevokedAt(owner, holder, other)).toBe(true)
  })

  it('takes a long list in pages, whoever it comes from, and goes on after a restart', async () => {
    using folder = tempFolder()
    const { sides, owner, holder, passed } = await three(folder.path)
    await using _ = sides
    sides.cut(owner)
    const { database, revocations } = holder.agent
    const names: Cid[] = []
    database.transaction(() => {
      for (let count = 0; count < 2 * PAGE_MAX_ITEMS + 10; count += 1) names.push(delegation(count))
    })
    const made = await Promise.all(
      names.map(async (revokes) => ({ revokes, ...(await revoke({ signer: holder.signer, revokes, atS: NOW_S })) })),
    )
    database.revocations.put(
      ...made.map(({ cid, bytes, revokes }) => ({
        cid,
        bytes,
        issuer: holder.did,
        target: revokes.toString(),
        reason: undefined,
        atS: NOW_S,
      })),
    )
    // They have no place yet, as after a time without signing.
    expect(revocations.listOf(holder.did).size).toBe(0)
    sides.join(owner)
    owner.keeper.seen([holder.authority.link(passed)], holder.did)
    await sides.settled()
    const list = owner.agent.revocations.listOf(holder.did)
    expect([list.size, list.head?.n]).toEqual([names.length, names.length])
    await sides.close(owner)
    const again = await sides.open('owner')
    const restored = again.agent.revocations.listOf(holder.did)
    expect([restored.size, restored.head?.n, again.agent.revocations.knownAtS(holder.did)]).toEqual([
      names.length,
      names.length,
      NOW_S,
    ])
    expect(restored.digest).toEqual(list.digest)
    expect(again.agent.revocations.size).toBe(names.length)
  })

  it('tells the program when what was fresh is so no more, once', async () => {
    using folder = tempFolder()
    const { sides, owner, holder, caller, passed } = await three(folder.path)
    await using _ = sides
    owner.keeper.seen([holder.authority.link(passed)], caller.did)
    await sides.settled()
    owner.keeper.tick()
    sides.cut(holder)
    sides.cut(caller)
    sides.clock.pass(3 * 3_600 + 1)
    owner.keeper.tick()
    owner.keeper.tick()
    const stale = owner.events.filter(({ type }) => type === 'authority.stale')
    expect(stale).toEqual([{ type: 'authority.stale', issuer: holder.did, knownAtS: NOW_S }])
  })
})

describe('an issuer that contradicts itself', () => {
  it('is found by its heads, which are kept as evidence, and nothing of its list is relied on any more', async () => {
    using folder = tempFolder()
    const { sides, owner, holder, passed } = await three(folder.path)
    await using _ = sides
    await holder.keeper.revoke(passed)
    await sides.settled()
    const known = owner.agent.revocations.listOf(holder.did).head
    const forged = await pageBy(holder.signer, { count: 1, after: 0 })
    expect(await codeOf(sides.deliver(holder, owner, forged))).toBe('REVOCATION_FORK')
    expect(owner.agent.revocations.knownAtS(holder.did)).toBeUndefined()
    const heads = [known?.bytes, forged.head]
    expect(owner.events.at(-1)).toEqual({ type: 'revocation.fork', issuer: holder.did, code: 'REVOCATION_FORK', heads })
    for (const head of heads) expect(openRevocationHead(head ?? new Uint8Array(), { kernel }).n).toBe(1)
    // What it revoked, in either list, stays revoked.
    const revoked = [Cid.parse(passed), delegation(`${holder.did} 0`)].map((cid) =>
      owner.agent.database.revocations.of(cid),
    )
    expect(revoked.map(({ length }) => length)).toEqual([1, 1])
    expect(isRevokedAt(owner, holder, passed)).toBe(true)
    await sides.close(owner)
    const again = await sides.open('owner')
    expect(again.agent.revocations.knownAtS(holder.did)).toBeUndefined()
    expect(revocationForks(again.agent)).toMatchObject([
      { issuer: holder.did, first: { n: 1 }, second: { n: 1 }, evidence: { issuer: holder.did } },
    ])
    expect(await codeOf(sides.deliver(holder, again, forged))).toBe('REVOCATION_FORK')
  })

  it('is shown by evidence that anybody can check, where the list that is offered is longer', async () => {
    using folder = tempFolder()
    const { sides, owner, holder, passed } = await three(folder.path)
    await using _ = sides
    await holder.keeper.revoke(passed)
    await sides.settled()
    expect(await codeOf(sides.deliver(holder, owner, await listBy(holder.signer, 3)))).toBe('REVOCATION_FORK')
    const [fork] = revocationForks(owner.agent)
    const shown = { issuer: holder.did, first: { n: 1 }, second: { n: 3 } }
    expect(verifyRevocationFork(fork?.evidence?.text ?? '', { kernel })).toMatchObject(shown)
  })

  it('is shown by evidence that anybody can check, where the list that is known is longer', async () => {
    using folder = tempFolder()
    const { sides, owner, holder } = await three(folder.path)
    await using _ = sides
    const known = await listBy(holder.signer, 3)
    await sides.deliver(holder, owner, known)
    const digest = new Uint8Array(32).fill(7)
    const { bytes: head } = await signRevocationHead({ signer: holder.signer, n: 2, digest, atS: NOW_S })
    expect(await codeOf(sides.deliver(holder, owner, { ...known, head, items: [] }))).toBe('REVOCATION_FORK')
    const [fork] = revocationForks(owner.agent)
    const shown = { issuer: holder.did, first: { n: 2 }, second: { n: 3 } }
    expect(verifyRevocationFork(fork?.evidence?.text ?? '', { kernel })).toMatchObject(shown)
  })

  it('is found when it signs a shorter list later; an old head that somebody sends again changes nothing', async () => {
    using folder = tempFolder()
    const { sides, owner, holder, caller, passed } = await three(folder.path)
    await using _ = sides
    const empty = await pageBy(holder.signer, {
      count: 0,
      digest: owner.agent.revocations.listOf(holder.did).digest,
    })
    await sides.deliver(caller, owner, empty)
    await holder.keeper.revoke(passed)
    await sides.settled()
    expect(await codeOf(sides.deliver(caller, owner, empty))).toBe('nothing')
    expect(owner.agent.revocations.listOf(holder.did).size).toBe(1)
    const { head: bytes, ...rest } = empty
    const { digest } = openRevocationHead(bytes, { kernel })
    const later = await signRevocationHead({ signer: holder.signer, n: 0, digest, atS: NOW_S + 9 })
    expect(await codeOf(sides.deliver(caller, owner, { ...rest, head: later.bytes }))).toBe('REVOCATION_ROLLBACK')
    expect(owner.events.at(-1)).toMatchObject({ type: 'revocation.fork', code: 'REVOCATION_ROLLBACK' })
  })
})

describe("an agent's own list after its records were put back", () => {
  /** The holder revoked once, was copied, and revoked again. */
  async function putBack(home: string, part: 'database' | 'everything') {
    const scene = await three(home)
    const { sides, holder, root, caller } = scene
    const second = await sides.give(holder, caller, root)
    await holder.keeper.revoke(scene.passed)
    await sides.close(holder)
    const place = holder.agent.folder.path
    const copy = join(home, 'copy')
    cpSync(place, copy, { recursive: true })
    const between = await sides.open('holder')
    await between.keeper.revoke(second)
    await sides.close(between)
    for (const file of part === 'everything' ? readdirSync(place) : ['agent.db', 'agent.db-wal']) {
      rmSync(join(place, file), { force: true, recursive: true })
    }
    const kept = part === 'everything' ? readdirSync(copy) : ['agent.db']
    for (const file of kept) cpSync(join(copy, file), join(place, file), { recursive: true })
    return { ...scene, second }
  }

  it('is suspended while the log names what the database does not know, and goes on with what a peer has', async () => {
    using folder = tempFolder()
    const { sides, owner, caller, root, second } = await putBack(folder.path, 'database')
    await using _ = sides
    for (const side of [owner, caller]) sides.cut(side)
    const again = await sides.open('holder')
    expect(again.agent.database.restored).toBeDefined()
    const third = await sides.give(again, caller, root)
    await again.keeper.revoke(third)
    expect(isRevokedAt(again, again, third)).toBe(true)
    expect(again.agent.revocations.listOf(again.did).size).toBe(1)
    sides.join(owner)
    await sides.settled()
    expect(again.agent.revocations.listOf(again.did).size).toBe(2)
    expect(isRevokedAt(again, again, second)).toBe(true)
    owner.keeper.seen([again.authority.link(third)], caller.did)
    sides.clock.pass(3_600)
    sides.join(owner)
    await sides.settled()
    const list = owner.agent.revocations.listOf(again.did)
    expect([list.size, list.conflict, isRevokedAt(owner, again, third)]).toEqual([3, undefined, true])
  })

  it('is noticed by a peer that has seen more, before anything is signed', async () => {
    using folder = tempFolder()
    const { sides, owner, caller, root, second } = await putBack(folder.path, 'everything')
    await using _ = sides
    const again = await sides.open('holder')
    expect(again.agent.database.restored).toBeUndefined()
    expect(again.agent.revocations.listOf(again.did).size).toBe(1)
    owner.keeper.seen([again.authority.link(second)], caller.did)
    sides.join(again)
    await sides.settled()
    expect(again.events).toContainEqual({ type: 'revocation.rollback', code: 'REVOCATION_ROLLBACK', seen: 2, known: 1 })
    expect(isRevokedAt(again, again, second)).toBe(true)
    const third = await sides.give(again, caller, root)
    await again.keeper.revoke(third)
    await sides.settled()
    const list = owner.agent.revocations.listOf(again.did)
    expect([list.size, list.conflict]).toEqual([3, undefined])
  })
})

describe('hostile peers', () => {
  it('cannot place lists of issuers that no chain names, and of their own only so many', async () => {
    using folder = tempFolder()
    const { sides, owner, holder } = await three(folder.path)
    await using _ = sides
    const nobody = stranger()
    expect(await codeOf(sides.deliver(holder, owner, await pageBy(nobody, { count: 1 })))).toBe('REVOCATION_UNRELATED')
    const own = { ...holder, did: nobody.did }
    let after = 0
    while (after + 200 <= STRANGER_MAX_REVOCATIONS) {
      const page = await pageBy(nobody, { count: 200, after })
      expect(['nothing', 'REVOCATION_LIST_INVALID']).toContain(await codeOf(sides.deliver(own, owner, page)))
      after += 200
    }
    expect(owner.agent.revocations.countOf(nobody.did)).toBe(STRANGER_MAX_REVOCATIONS)
    expect(await codeOf(sides.deliver(own, owner, await pageBy(nobody, { count: 1, after })))).toBe('REVOCATION_FULL')
  })

  it('leave the room of all strangers together to those whom a chain names', async () => {
    using folder = tempFolder()
    const { sides, owner, holder } = await three(folder.path)
    await using _ = sides
    const book = owner.agent.revocations
    for (let count = 1; count < STRANGERS_MAX_REVOCATIONS; count += 1) {
      const issuer = `did:key:z6Mk${count % 40}` as Did
      book.put({ issuer, atS: NOW_S, reason: undefined, who: `did:key:z6Mk${count}` as Did })
    }
    const nobody = stranger()
    const own = { ...holder, did: nobody.did }
    const page = await pageBy(nobody, { count: 2 })
    expect(await codeOf(sides.deliver(own, owner, page))).toBe('REVOCATION_FULL')
    const one = { ...page, items: page.items.slice(0, 1) }
    expect(await codeOf(sides.deliver(own, owner, one))).not.toBe('REVOCATION_FULL')
    expect([book.size, book.countOf(nobody.did)]).toEqual([STRANGERS_MAX_REVOCATIONS, 1])
    await sides.deliver(holder, owner, await pageBy(holder.signer, { count: 1, n: 3 }))
    expect(book.countOf(holder.did)).toBe(1)
  })

  it('cannot mix issuers in a page, nor put a part of a list for the whole', async () => {
    using folder = tempFolder()
    const { sides, owner, holder, caller } = await three(folder.path)
    await using _ = sides
    const [page, other] = [await pageBy(holder.signer, { count: 2 }), await pageBy(caller.signer, { count: 1 })]
    const deliver = async (frame: AppFrame) => await codeOf(sides.deliver(holder, owner, frame))
    expect(await deliver({ ...page, items: other.items })).toBe('REVOCATION_LIST_INVALID')
    expect(await deliver({ ...page, head: other.head })).toBe('REVOCATION_LIST_INVALID')
    expect(owner.agent.revocations.size).toBe(0)
    expect(await deliver(page)).toBe('REVOCATION_LIST_INVALID')
    expect(owner.agent.revocations.knownAtS(holder.did)).toBeUndefined()
    // Each is signed by itself, and counts.
    expect(owner.agent.revocations.size).toBe(2)
    const forged = { ...page, items: page.items.map((bytes) => bytes.with(70, 1)) }
    expect(await deliver(forged)).toMatch(/^(ENVELOPE|CBOR)_/)
  })

  it('cannot end by a revocation what is not theirs', async () => {
    using folder = tempFolder()
    const { sides, owner, holder, caller, root } = await three(folder.path)
    await using _ = sides
    const signed = await revoke({ signer: caller.signer, revokes: Cid.parse(root), atS: NOW_S })
    const frame = { t: 'authority', kind: 'revocation', label: '', bytes: signed.bytes } as const
    await sides.deliver(caller, holder, frame)
    expect(isRevokedAt(holder, owner, root)).toBe(false)
    expect(holder.authority.find(root).revokedMs).toBeUndefined()
    const all = await revoke({ signer: caller.signer, who: holder.did, atS: NOW_S })
    await sides.deliver(caller, holder, { ...frame, bytes: all.bytes })
    expect(holder.authority.find(root).revokedMs).toBeUndefined()
  })

  it('are held to so many questions and pages within an hour', async () => {
    using folder = tempFolder()
    const { sides, owner, holder } = await three(folder.path)
    await using _ = sides
    const pull = { t: 'pull', issuer: owner.did, after: 0 } as const
    for (let count = 0; count < 12_000; count += 1) owner.keeper.admit(holder.did, pull)
    expect(() => owner.keeper.admit(holder.did, pull)).toThrow(expect.objectContaining({ code: 'PEER_QUOTA' }))
    const page = await pageBy(holder.signer, { count: 0 })
    for (let count = 0; count < 12_000; count += 1) owner.keeper.admit(holder.did, page)
    expect(() => owner.keeper.admit(holder.did, page)).toThrow(expect.objectContaining({ code: 'PEER_QUOTA' }))
  })

  it('make nobody ask for a list more than once in a second, and a crowd of questions is answered in turn', async () => {
    using folder = tempFolder()
    const { sides, owner, holder, caller, passed } = await three(folder.path)
    await using _ = sides
    sides.refuse(owner, 'revocations')
    for (let count = 0; count < 50; count += 1) owner.keeper.seen([holder.authority.link(passed)], caller.did)
    await sides.settled()
    expect(sides.sent(owner, 'pull')).toBe(1)
    const pull = { t: 'pull', issuer: holder.did, after: 0 } as const
    for (let count = 0; count < 300; count += 1) holder.keeper.answerSoon(owner.did, pull, () => undefined)
    await expect.poll(() => sides.sent(holder, 'revocations')).toBe(257)
    await sides.settled()
    expect(sides.sent(holder, 'revocations')).toBe(257)
  })

  it('get no list of which nothing is known, and no head by asking for more than there is', async () => {
    using folder = tempFolder()
    const { sides, owner, holder, caller } = await three(folder.path)
    await using _ = sides
    await sides.deliver(holder, owner, { t: 'pull', issuer: stranger().did, after: 0 })
    await sides.deliver(caller, owner, { t: 'pull', issuer: owner.did, after: 7 })
    await sides.settled()
    expect(owner.agent.revocations.listOf(owner.did).head).toBeUndefined()
    expect(caller.agent.revocations.knownAtS(owner.did)).toBeUndefined()
    await sides.deliver(caller, owner, { t: 'pull', issuer: owner.did, after: 0 })
    await sides.settled()
    expect(owner.agent.revocations.listOf(owner.did).head?.n).toBe(0)
  })
})
