/** Sources that lie, and agents that contradict themselves: each is refused by its code, and the state stays as it was. */
import {
  type LightClientOptions,
  LightConflict,
  type LogSource,
  MAX_FOLLOWED_REVOCATIONS,
  REVOCATION_LEEWAY_S,
  verifyForkEvidence,
} from '@talos/audit'
import { fromBase64url, toBase64url, utf8 } from '@talos/bytes'
import { REVOCATION_HEAD_TAG, REVOCATION_TAG } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { openEnvelope, signEnvelope } from '@talos/identity'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeOf, identity, kernel } from '../witness/support.ts'
import { clientOf, delegation, NOW_S, originOf, revocation, World } from './world.ts'

/** A world that is followed as it was at 300 entries and 6 revocations, and has gone on since. */
async function grown() {
  const world = await World.begin()
  await world.rotate(12)
  world.append(299)
  await world.sign()
  await world.revoke(6)
  const past = world.clone()
  const client = clientOf(world.source())
  await client.update()
  const state = client.state ?? ''
  world.append(400)
  await world.sign()
  await world.revoke(5, NOW_S - 500)
  return { world, past, state }
}

const scene = await grown()

/** What following a bent source throws; the state stays. */
async function refusal(changes: Partial<LogSource>, options: Partial<LightClientOptions> = {}): Promise<TalosError> {
  const { world, state } = scene
  const client = clientOf(world.source(changes), { state, ...options })
  const before = client.state
  try {
    await client.update()
  } catch (error) {
    expect(client.state).toBe(before)
    if (isTalosError(error)) return error
    throw error
  }
  throw new Error('it was accepted')
}

const codeFor = async (changes: Partial<LogSource>) => (await refusal(changes)).code

describe('a checkpoint', () => {
  it('that is older is refused as a rollback, whether or not the tiles are there', async () => {
    const checkpoint = async () => await scene.world.signed(299)
    const error = await refusal({ checkpoint })
    expect([error.code, error.details]).toEqual(['LIGHT_ROLLBACK', { known: 300, offered: 299 }])
    expect(await codeFor({ checkpoint, tile: () => Promise.reject(new TalosError('LIGHT_TILES', { size: 1 })) })).toBe(
      'LIGHT_ROLLBACK',
    )
  })

  it.each([
    ['of the same size', 300, 300],
    ['of a smaller one', 290, 300],
    ['of a larger one', 300, 512],
  ])('of another history is refused with evidence: one %s', async (_, first, second) => {
    const fork = scene.past.clone()
    fork.bodies = fork.bodies.slice(0, 280)
    fork.append(300, '018bcfe5680070008000000000000002')
    const offered = first === 300 ? second : first
    const checkpoint = async () => await fork.signed(offered)
    // The tree of the larger one, which is what an honest source of either would give.
    const { tile } = (offered > 300 ? fork : scene.past).source()
    const error = await refusal({ checkpoint, tile })
    expect([error.code, error.details]).toEqual(['LIGHT_FORK', { first, second }])
    const { evidence } = error as LightConflict
    if (evidence.kind !== 'checkpoints') throw new Error('evidence of something else')
    expect(verifyForkEvidence(evidence.text, { kernel })).toMatchObject({
      agent: identity(10).did,
      first: { size: first, standing: 'current' },
      second: { size: second },
    })
  })

  it('of another history is refused with evidence where the keys of agent and log have changed between', async () => {
    const fork = scene.past.clone()
    fork.bodies = fork.bodies.slice(0, 280)
    fork.append(300, '018bcfe5680070008000000000000002')
    await fork.rotate(14, { logByte: 15 })
    await fork.sign()
    const client = clientOf(fork.source(), { state: scene.state })
    const error = await client.update().catch((reason: unknown) => reason)
    const { evidence, code } = error as LightConflict
    if (evidence.kind !== 'checkpoints') throw new Error('evidence of something else')
    expect([code, client.state]).toEqual(['LIGHT_FORK', scene.state])
    const { first, second } = verifyForkEvidence(evidence.text, { kernel })
    expect([first.standing, second.standing, second.logKey.issuer]).toEqual(['rotated', 'current', identity(14).did])
  })

  it('of a log that never had another key is refused with evidence that needs no key log', async () => {
    const world = await World.begin()
    world.append(9)
    await world.sign()
    const client = clientOf(world.source())
    await client.update()
    const fork = world.clone()
    fork.bodies = fork.bodies.slice(0, 5)
    fork.append(5, '018bcfe5680070008000000000000002')
    world.note = await fork.signed()
    const error = await client.update().catch((reason: unknown) => reason)
    const { evidence } = error as LightConflict
    expect(evidence.kind === 'checkpoints' && JSON.parse(evidence.text).history).toEqual([])
  })

  it('that the log did not sign is refused', async () => {
    const { world } = scene
    const other = await world.signed(700, { logByte: 99 })
    const foreign = await world.signed(700, { origin: originOf(10, 2) })
    for (const note of [other, foreign, '', `${world.note}x`, world.note.replace('\n700\n', '\n701\n')]) {
      expect(await codeFor({ checkpoint: async () => note })).toBe('LIGHT_CHECKPOINT_INVALID')
    }
  })
})

describe('tiles', () => {
  it('with any bit changed are refused, whichever tile and hash it is', async () => {
    const { world } = scene
    const asked: string[] = []
    await clientOf(
      world.source({
        tile: async (tile) => {
          asked.push(JSON.stringify(tile))
          return world.tile(tile)
        },
      }),
      { state: scene.state },
    ).update()
    expect(new Set(asked).size).toBe(asked.length)
    const runs = fc.asyncProperty(fc.nat(), async (choice) => {
      const bent = asked[choice % asked.length]
      let isBent = false
      const tile: LogSource['tile'] = async (wanted) => {
        const hashes = world.tile(wanted).slice()
        if (JSON.stringify(wanted) !== bent) return hashes
        isBent = true
        // Every hash, so that one that counts is among them.
        for (let offset = choice % 32; offset < hashes.length; offset += 32) hashes[offset] = Number(hashes[offset]) ^ 1
        return hashes
      }
      expect([await codeFor({ tile }), isBent]).toEqual(['LIGHT_TILES', true])
    })
    await fc.assert(runs, { seed: 42, numRuns: 30 })
  })

  it('of another length are refused, and a failure of the source is told as it is', async () => {
    const { world } = scene
    const short: LogSource['tile'] = async (tile) => world.tile(tile).slice(1)
    expect(await codeFor({ tile: short })).toBe('LIGHT_SOURCE_INVALID')
    const fails = () => Promise.reject(new TalosError('AUDIT_CLOSED'))
    for (const part of ['tile', 'checkpoint', 'keyLog', 'logKey', 'revocations'] as const) {
      expect(await codeFor({ [part]: fails })).toBe('AUDIT_CLOSED')
    }
  })
})

describe('a key log', () => {
  it('is refused when it is shorter, another branch, of another agent, or does not verify', async () => {
    const { world } = scene
    const other = await World.begin({ first: 70 })
    const branch = await World.begin()
    await branch.rotate(77)
    const short = await World.begin()
    expect(await codeFor({ keyLog: async () => short.keyLog.text })).toBe('LIGHT_KEY_LOG_ROLLBACK')
    expect(await codeFor({ keyLog: async () => branch.keyLog.text })).toBe('LIGHT_KEY_LOG_FORK')
    expect(await codeFor({ keyLog: async () => other.keyLog.text })).toBe('LIGHT_OTHER_LOG')
    const { text } = world.keyLog
    for (const wrong of ['', text.slice(0, -20), text.replace('"versionTime":"2', '"versionTime":"3'), `${text}{}\n`]) {
      expect(await codeFor({ keyLog: async () => wrong })).toBe('LIGHT_KEY_LOG_INVALID')
    }
  })
})

describe("the log's key", () => {
  const by = async (parts: { by?: number; logByte?: number; origin?: string }) => {
    const bytes = await delegation({ by: 12, logByte: 11, origin: originOf(10), ...parts })
    return await refusal({ logKey: async () => bytes })
  }

  it('is refused unless the key that the agent has now delegated it', async () => {
    expect(await by({ by: 10 })).toMatchObject({
      code: 'LIGHT_LOG_KEY',
      details: { reason: "it is not delegated by the agent's current key" },
    })
    expect(await by({ by: 70 })).toMatchObject({ code: 'LIGHT_LOG_KEY' })
    expect(await by({ origin: originOf(70) })).toMatchObject({ code: 'LIGHT_LOG_KEY' })
    expect(await by({ origin: 'talos/elsewhere/1' })).toMatchObject({ code: 'LIGHT_LOG_KEY' })
    expect(await codeFor({ logKey: async () => new Uint8Array(9) })).toBe('LIGHT_LOG_KEY')
  })

  it('is refused when one key of the agent delegated two, and when it is of another log of the agent', async () => {
    expect(await by({ logByte: 99 })).toMatchObject({
      code: 'LIGHT_LOG_KEY',
      details: { reason: 'one key of the agent delegated two' },
    })
    expect(await by({ origin: originOf(10, 2) })).toMatchObject({ code: 'LIGHT_OTHER_LOG', details: { part: 'name' } })
    expect(await by({ origin: originOf(12) })).toMatchObject({ code: 'LIGHT_OTHER_LOG' })
  })

  it('is refused when the agent is deactivated and its last key was lost', async () => {
    const world = await World.begin()
    await world.rotate(12)
    await world.deactivate()
    expect((await clientOf(world.source()).update()).verdict).toBe('followed')
    const lost = await World.begin()
    await lost.rotate(12, { isEmergency: true })
    await lost.deactivate()
    lost.logKey = await delegation({ by: 10, logByte: 11, origin: originOf(10) })
    expect(await codeOf(() => clientOf(lost.source()).update())).toBe('LIGHT_LOG_KEY')
  })
})

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
    if (evidence.kind !== 'revocations') throw new Error('evidence of something else')
    expect(evidence.heads).toEqual([scene.past.head, head])
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
    expect(error).toBeInstanceOf(LightConflict)
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

describe('an entry', () => {
  it('is verified at its place only, and as it stands there', async () => {
    const { world, state } = scene
    const client = clientOf(world.source(), { state })
    await client.update()
    const { size } = world
    expect(await client.verifyEntry({ index: 699, body: world.bodyAt(699) })).toMatchObject({ seq: 699 })
    const refused = async (index: number, body: Uint8Array) => await codeOf(() => client.verifyEntry({ index, body }))
    for (const index of [-1, size, 0.5, Number.NaN])
      expect(await refused(index, world.bodyAt(0))).toBe('LIGHT_ENTRY_INVALID')
    expect(await refused(5, world.bodyAt(6))).toBe('LIGHT_ENTRY_INVALID')
    expect(await refused(5, utf8('{}'))).toBe('LIGHT_ENTRY_INVALID')
    expect(await refused(5, world.bodyAt(5, '018bcfe5680070008000000000000002'))).toBe('LIGHT_ENTRY_INVALID')
  })

  it('is not verified by tiles that are not of the tree, nor before anything is followed', async () => {
    const { world, state } = scene
    const place = { index: 5, body: world.bodyAt(5) }
    const bent = clientOf(world.source({ tile: async (tile) => world.tile(tile).fill(0) }), { state })
    expect(await codeOf(() => bent.verifyEntry(place))).toBe('LIGHT_TILES')
    expect(await codeOf(() => clientOf(world.source()).verifyEntry(place))).toBe('LIGHT_STATE_INVALID')
  })
})

describe('a state', () => {
  it('is not used once a byte of it was changed, unless it is only what is remembered of the key log', () => {
    const { state, world } = scene
    const members = JSON.parse(state) as Record<string, string>
    const changed = (name: string, value: string) => state.replace(`"${name}":"`, `"${name}":"${value}`)
    const broken = [
      '',
      '{}',
      `${state} `,
      ` ${state}`,
      state.slice(0, -1),
      changed('format', 'x'),
      changed('logKey', 'A'),
      changed('checkpoint', 'x'),
      changed('revocations', 'A'),
      JSON.stringify({ ...members, checkpoint: world.note.replace('\n700\n', '\n701\n') }),
      JSON.stringify({ ...members, logKey: toBase64url(fromBase64url(String(members['revocations']))) }),
      JSON.stringify({ ...members, checkpoint: 'x'.repeat(5000) }),
    ]
    for (const text of broken) expect(() => clientOf(world.source(), { state: text })).toThrow(/cannot be used/)
    expect(clientOf(world.source(), { state }).state).toBe(state)
  })
})

async function linkOf(bytes: Uint8Array) {
  return openEnvelope(bytes, { kernel, tags: [REVOCATION_TAG, REVOCATION_HEAD_TAG] }).cid
}
