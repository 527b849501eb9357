/** Lists of revocations that are not what they were: each is refused by its code, and what convicts the agent is kept. */
import {
  isRevocationFork,
  LightConflict,
  type LogSource,
  MAX_FOLLOWED_REVOCATIONS,
  MAX_REVOCATION_FORK_BYTES,
  makeRevocationFork,
  REVOCATION_LEEWAY_S,
  verifyRevocationFork,
} from '@talos/audit'
import { fromBase64, utf8 } from '@talos/bytes'
import { REVOCATION_HEAD_TAG, REVOCATION_TAG } from '@talos/contracts'
import { openEnvelope, signEnvelope } from '@talos/identity'
import { describe, expect, it } from 'vitest'
import { codeOf, identity, kernel } from '../witness/support.ts'
import { codeFor, refusal, scene } from './lying.ts'
import { clientOf, NOW_S, revocation, World } from './world.ts'

describe('a list of revocations', () => {
  const giving = async (changes: { items?: readonly Uint8Array[]; head?: Uint8Array }) => {
    const { world } = scene
    const { items = world.items, head = world.head ?? new Uint8Array(0) } = changes
    return await refusal({ revocations: async (after) => ({ head, items: items.slice(after) }) })
  }
  const headOf = async (items: readonly Uint8Array[], options: { by?: number; atS?: number; n?: number } = {}) =>
    (await scene.world.signedHead(items, options)).bytes
  const other = async (atS = NOW_S) => await revocation({ by: 12, who: identity(99).did, atS })

  it('is refused when it is missing, or an older one is given again', async () => {
    const { past } = scene
    expect(await codeFor({ revocations: async () => undefined })).toBe('LIGHT_REVOCATIONS_ROLLBACK')
    const items = past.items.slice(0, 5)
    const error = await giving({ items, head: await headOf(items, { atS: NOW_S - 2000 }) })
    expect([error.code, error.details, error instanceof LightConflict]).toEqual([
      'LIGHT_REVOCATIONS_ROLLBACK',
      { known: 6, offered: 5 },
      false,
    ])
  })

  it.each([
    ['a shorter list later', 5, NOW_S - 10],
    ['a longer list earlier', 11, NOW_S - 2000],
  ])('convicts an agent that signed %s', async (_, n, atS) => {
    const items = scene.world.items.slice(0, n)
    const head = await headOf(items, { atS })
    const error = await giving({ items, head })
    expect(error.code).toBe('LIGHT_REVOCATIONS_ROLLBACK')
    const { evidence } = error as LightConflict
    if (evidence?.kind !== 'revocations') throw new Error('evidence of something else')
    const { first, second, agent, issuer } = verifyRevocationFork(evidence.text, { kernel })
    expect([[first.bytes, second.bytes], agent, issuer]).toEqual([
      n < 6 ? [head, scene.past.head] : [scene.past.head, head],
      scene.world.keyLog.name,
      identity(12).did,
    ])
  })

  it.each([
    ['of the same length', 6],
    ['of a longer one', 8],
  ])('convicts an agent of two lists, by a head %s', async (_, n) => {
    const { world } = scene
    const items = [...world.items.slice(0, 5), await other(), ...world.items.slice(6, n)]
    const head = await headOf(items, { atS: NOW_S - 10 })
    const error = await giving({ items, head })
    expect([error.code, error.details]).toEqual(['LIGHT_REVOCATIONS_FORK', { known: 6, offered: n }])
    const { evidence } = error as LightConflict
    const fork = verifyRevocationFork(evidence?.text ?? '', { kernel })
    expect([isRevocationFork(fork.text), fork.first.n, fork.second.n]).toEqual([true, 6, n])
    const seen = [fork.first, fork.second] as const
    const split = n === 6 ? {} : splitOf(fork.text)
    const made = { ...split, history: world.keyLog.text, kernel }
    for (const heads of [seen, seen.toReversed() as [...typeof seen]])
      expect(makeRevocationFork({ heads, ...made }).text).toBe(fork.text)
  })

  it('is refused as no list where its items are not those of its head', async () => {
    const { items } = scene.world
    const swapped = [...items.slice(0, 9), items[10] ?? new Uint8Array(0), items[9] ?? new Uint8Array(0)]
    expect(await giving({ items: swapped })).toMatchObject({
      details: { reason: 'its digest is not that of its items' },
    })
    const begun = clientOf(
      scene.world.source({
        revocations: async (after) => ({ head: scene.world.head ?? utf8(''), items: swapped.slice(after) }),
      }),
    )
    expect(await codeOf(() => begun.update())).toBe('LIGHT_REVOCATIONS_INVALID')
    // Right from the beginning, wrong from where it was known: then the source says two things.
    const { world } = scene
    const twofold: LogSource['revocations'] = async (after) => ({
      head: world.head ?? utf8(''),
      items: (after === 6 ? swapped : items).slice(after),
    })
    expect(await codeFor({ revocations: twofold })).toBe('LIGHT_REVOCATIONS_INVALID')
  })

  it('is refused when items are missing, unreadable, by another, or name not one target', async () => {
    const { world } = scene
    const reasonWith = async (item: Uint8Array) => {
      const items = [...world.items.slice(0, 10), item]
      const error = await giving({ items, head: await headOf(items) })
      return [error.code, error.details['reason'], error.cause]
    }
    const untargeted = await revocation({ by: 12, atS: NOW_S })
    const foreign = await revocation({ by: 70, who: identity(1).did, atS: NOW_S })
    const invalid = 'LIGHT_REVOCATIONS_INVALID'
    expect(await reasonWith(new Uint8Array(3))).toMatchObject([invalid, 'an item cannot be read', {}])
    expect(await reasonWith(untargeted)).toMatchObject([invalid, 'an item cannot be read', { code: invalid }])
    expect(await reasonWith(foreign)).toMatchObject([invalid, 'an item cannot be read', { code: invalid }])
    expect(await giving({ items: world.items.slice(0, 10) })).toMatchObject({
      details: { reason: 'items are missing' },
    })
    const stopping: LogSource['revocations'] = async (after) =>
      after === 6 ? { head: world.head ?? utf8(''), items: world.items.slice(6, 8) } : undefined
    expect(await refusal({ revocations: stopping })).toMatchObject({ details: { reason: 'items are missing' } })
    const both = await signEnvelope({
      tag: REVOCATION_TAG,
      payload: { iss: identity(12).did, who: identity(1).did, revoke: (await linkOf(foreign)) as never, atS: NOW_S },
      signer: identity(12),
    })
    expect(await reasonWith(both.bytes)).toMatchObject([invalid, 'an item cannot be read', { code: invalid }])
  })

  it('is taken with a reason, and for one delegation', async () => {
    const world = await World.begin()
    const target = openEnvelope(await other(), { kernel, tags: [REVOCATION_TAG] }).cid
    const one = await signEnvelope({
      tag: REVOCATION_TAG,
      payload: { iss: identity(10).did, revoke: target, reason: 'lost', atS: NOW_S },
      signer: identity(10),
    })
    world.items = [one.bytes]
    world.head = (await world.signedHead(world.items)).bytes
    const { revocations } = await clientOf(world.source()).update()
    expect(revocations).toMatchObject([{ reason: 'lost', atS: NOW_S }])
    expect(revocations[0]?.revoke?.toString()).toBe(target.toString())
  })

  it('is refused by its head: of the future, too long, of a stranger, of another form', async () => {
    const { items } = scene.world
    const reason = async (head: Uint8Array) => (await giving({ head })).details['reason']
    expect(await reason(await headOf(items, { atS: NOW_S + REVOCATION_LEEWAY_S + 1 }))).toBe(
      'it was signed in the future',
    )
    expect(await reason(await headOf(items, { n: MAX_FOLLOWED_REVOCATIONS + 1 }))).toContain('more than 10000')
    expect(await reason(await headOf(items, { by: 70 }))).toBe('it is not by a key of the agent')
    expect(await reason(new Uint8Array(5))).toBe('its head cannot be read')
    const world = await World.begin()
    world.head = (await world.signedHead([], { atS: NOW_S + REVOCATION_LEEWAY_S })).bytes
    expect((await clientOf(world.source()).update()).verdict).toBe('followed')
    world.head = (await world.signedHead([], { n: MAX_FOLLOWED_REVOCATIONS, atS: NOW_S + REVOCATION_LEEWAY_S })).bytes
    expect(await codeOf(() => clientOf(world.source()).update())).toBe('LIGHT_REVOCATIONS_INVALID')
  })

  it('of a key that was replaced is taken for what it signed in its time, and not after a later one', async () => {
    const world = await World.begin()
    await world.revoke(2, 1_749_000_000)
    const { head, items } = world
    await world.rotate(12)
    Object.assign(world, { head, items })
    const client = clientOf(world.source())
    expect((await client.update()).revocations).toHaveLength(2)
    world.head = (await world.signedHead(items, { by: 10, atS: NOW_S - 1 })).bytes
    expect(await codeOf(() => client.update())).toBe('LIGHT_REVOCATIONS_INVALID')
    world.head = undefined
    expect((await client.update()).revocations).toEqual([])
    expect(client.followed?.revocations?.issuer).toBe(identity(10).did)
    world.items = []
    await world.revoke(3)
    expect((await client.update()).revocations).toHaveLength(3)
    Object.assign(world, { head, items })
    expect(await codeOf(() => client.update())).toBe('LIGHT_REVOCATIONS_INVALID')
  })

  it('of a key that was lost is refused, whatever time it tells', async () => {
    const world = await World.begin()
    await world.revoke(1, 1_700_000_100)
    const { head, items } = world
    await world.rotate(12, { isEmergency: true })
    Object.assign(world, { head, items })
    expect(await codeOf(() => clientOf(world.source()).update())).toBe('LIGHT_REVOCATIONS_INVALID')
  })
})

describe('evidence of two lists', () => {
  it('may be as large as its limit and no larger, and has to be text', async () => {
    const code = (text: string) => codeOf(async () => verifyRevocationFork(text, { kernel }))
    expect(await code(' '.repeat(MAX_REVOCATION_FORK_BYTES))).toBe('FORK_INVALID')
    expect(await code(' '.repeat(MAX_REVOCATION_FORK_BYTES + 1))).toBe('INPUT_TOO_LARGE')
    expect(await code('\ud800')).toBe('FORK_INVALID')
  })

  it('needs no key log of an agent that never had another key', async () => {
    const world = await World.begin()
    await world.revoke(2)
    const client = clientOf(world.source())
    await client.update()
    world.items = [...world.items.slice(0, 1), await revocation({ by: 10, who: identity(99).did, atS: NOW_S })]
    world.head = (await world.signedHead(world.items, { atS: NOW_S - 10 })).bytes
    const error = await client.update().catch((cause: unknown) => cause)
    const { evidence } = error as LightConflict
    const { agent, standing, issuer } = verifyRevocationFork(evidence?.text ?? '', { kernel })
    expect([agent, standing, issuer]).toEqual([undefined, 'current', identity(10).did])
  })
})

/** What shows that the longer list is no continuation. */
function splitOf(text: string) {
  const { digest, items } = JSON.parse(text) as { readonly digest: string; readonly items: readonly string[] }
  return { split: { digest: fromBase64(digest), items: items.map(fromBase64) } }
}

async function linkOf(bytes: Uint8Array) {
  return openEnvelope(bytes, { kernel, tags: [REVOCATION_TAG, REVOCATION_HEAD_TAG] }).cid
}
