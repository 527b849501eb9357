/** The room for revocations: what strangers and givers send leaves that of the ones who matter, and this agent's own, free. */
import { Cid, Secret, utf8 } from '@talos/bytes'
import { delegate, MAX_REVOCATIONS_PER_ISSUER, revoke, signRevocationHead } from '@talos/capability'
import type { AppFrame, Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { ed25519Signer } from '@talos/identity'
import { loadKernel, systemRandom } from '@talos/kernel'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import {
  GIVERS_MAX_REVOCATIONS,
  OTHERS_MAX_LISTS,
  OTHERS_MAX_REVOCATIONS,
  STRANGER_MAX_REVOCATIONS,
} from '../src/revocation-ledger.ts'
import { NOW_S, type Side, Sides } from './revocation-sides.ts'

const kernel = loadKernel()

type Signing = ReturnType<typeof ed25519Signer>

function newSigner(): Signing {
  return ed25519Signer({ kernel, seed: Secret.of(systemRandom.bytes(32)) })
}

/** A page by a signer of the test's own; the head counts more than it has, so that only the revocations matter. */
async function pageBy(signer: Signing, count: number): Promise<AppFrame> {
  const items: Uint8Array[] = []
  for (let index = 0; index < count; index += 1) {
    const revokes = Cid.fromSha256(kernel.sha256(utf8(`${signer.did} ${index}`)))
    items.push((await revoke({ signer, revokes, atS: NOW_S })).bytes)
  }
  const facts = { n: count + 1, digest: new Uint8Array(32), atS: NOW_S }
  const head = await signRevocationHead({ signer, ...facts })
  return { t: 'revocations', issuer: signer.did, after: 0, items, head: head.bytes }
}

/** Fills the book of a side with revocations by issuers that exist nowhere else. */
function fill({ agent }: Side, size: number): void {
  for (let index = agent.revocations.size; index < size; index += 1) {
    const issuer = `did:web:${index % 40}.example` as Did
    agent.revocations.put({ issuer, atS: NOW_S, reason: undefined, who: `did:web:${index}.example.org` as Did })
  }
}

/** Somebody's own delegation, as anybody can send one. */
async function giveAnything(signer: Signing, to: Side): Promise<void> {
  const given = await delegate({
    signer,
    audience: to.did,
    subject: signer.did,
    command: '/x',
    expiresS: null,
    nonce: systemRandom.bytes(12),
  })
  await to.authority.receive(given.bytes)
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'nothing',
    (error: unknown) => (isTalosError(error) ? error.code : String(error)),
  )
}

describe('the room for revocations', () => {
  it('is left to those whom this agent gave to by those who only sent it something', async () => {
    using folder = tempFolder()
    await using sides = new Sides(folder.path)
    const [owner, holder] = [await sides.open('owner'), await sides.open('holder')]
    await sides.give(owner, holder)
    const giver = newSigner()
    await giveAnything(giver, owner)
    fill(owner, GIVERS_MAX_REVOCATIONS - 1)
    const by = async (signer: Signing, count: number) =>
      await codeOf(sides.deliver({ ...holder, did: signer.did }, owner, await pageBy(signer, count)))
    expect(await by(giver, 2)).toBe('REVOCATION_FULL')
    expect(owner.agent.revocations.countOf(giver.did)).toBe(0)
    expect(await by(giver, 1)).not.toBe('REVOCATION_FULL')
    expect(owner.agent.revocations.countOf(giver.did)).toBe(1)
    // Asking for a list makes nobody matter more.
    owner.keeper.answerSoon(giver.did, { t: 'pull', issuer: giver.did, after: 0 }, () => undefined)
    await sides.settled()
    expect(await by(giver, 2)).toBe('REVOCATION_FULL')
    expect(await codeOf(sides.deliver(holder, owner, await pageBy(holder.signer as Signing, 2)))).not.toBe(
      'REVOCATION_FULL',
    )
    expect(owner.agent.revocations.countOf(holder.did)).toBe(2)
    const seen = newSigner()
    owner.keeper.seen([{ issuer: seen.did }], holder.did)
    expect(await by(seen, 2)).not.toBe('REVOCATION_FULL')
    expect(owner.agent.revocations.countOf(seen.did)).toBe(2)
  })

  it('is never taken from what this agent revokes itself, and a head alone takes none', async () => {
    using folder = tempFolder()
    await using sides = new Sides(folder.path)
    const [owner, holder] = [await sides.open('owner'), await sides.open('holder')]
    const grant = await sides.give(owner, holder)
    fill(owner, OTHERS_MAX_REVOCATIONS)
    const page = async (count: number) =>
      await codeOf(sides.deliver(holder, owner, await pageBy(holder.signer as Signing, count)))
    expect(await page(1)).toBe('REVOCATION_FULL')
    expect(await page(0)).not.toBe('REVOCATION_FULL')
    expect(owner.agent.revocations.size + MAX_REVOCATIONS_PER_ISSUER).toBe(200_000)
    await owner.keeper.revoke(grant)
    expect(owner.authority.find(grant).revokedMs).toBe(NOW_S * 1000)
    expect(await page(0)).not.toBe('REVOCATION_FULL')
  })

  it('holds so many lists, and beyond those only the ones of issuers that matter', async () => {
    using folder = tempFolder()
    await using sides = new Sides(folder.path)
    const [owner, holder] = [await sides.open('owner'), await sides.open('holder')]
    await sides.give(owner, holder)
    const book = owner.agent.revocations
    const [known, unknown] = [newSigner(), newSigner()]
    book.listOf(known.did)
    while (book.lists < OTHERS_MAX_LISTS) book.listOf(`did:web:${book.lists}.example` as Did)
    const by = async (signer: Signing) =>
      await codeOf(sides.deliver({ ...holder, did: signer.did }, owner, await pageBy(signer, 1)))
    expect(await by(unknown)).toBe('REVOCATION_FULL')
    expect([book.hasList(unknown.did), book.countOf(unknown.did), book.lists]).toEqual([false, 1, OTHERS_MAX_LISTS])
    expect(await by(known)).not.toBe('REVOCATION_FULL')
    expect(await by(holder.signer as Signing)).not.toBe('REVOCATION_FULL')
    expect([book.hasList(holder.did), book.lists]).toEqual([true, OTHERS_MAX_LISTS + 1])
  })

  it('goes by what is stored: of one audience many revocations count as one, and each is kept', async () => {
    using folder = tempFolder()
    await using sides = new Sides(folder.path)
    const [owner, holder] = [await sides.open('owner'), await sides.open('holder')]
    await sides.give(owner, holder)
    const [giver, stranger] = [newSigner(), newSigner()]
    await giveAnything(giver, owner)
    const by = async (signer: Signing, count: number) =>
      await codeOf(sides.deliver({ ...holder, did: signer.did }, owner, await pageBy(signer, count)))
    const store = owner.agent.database.revocations
    const rowBy = (issuer: Did, index: number) => {
      const cid = Cid.fromSha256(kernel.sha256(utf8(`${issuer} ${index}`)))
      return { cid, issuer, target: 'did:web:example.org', reason: undefined, bytes: utf8('x'), atS: NOW_S + index }
    }
    const many = (issuer: Did, size: number) => Array.from({ length: size }, (_, index) => rowBy(issuer, index))
    store.put(...many(stranger.did, STRANGER_MAX_REVOCATIONS))
    expect(await by(stranger, 1)).toBe('REVOCATION_FULL')
    for (let part = 0; part < 11; part += 1) store.put(...many(`did:web:${part}.example` as Did, 9_000))
    expect(owner.agent.revocations.size).toBe(0)
    expect(await by(giver, 1)).toBe('REVOCATION_FULL')
    expect(await by(holder.signer as Signing, 1)).not.toBe('REVOCATION_FULL')
  })
})
