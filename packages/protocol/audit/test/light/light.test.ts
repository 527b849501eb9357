/** A light client that follows honest agents: growth, other keys, revocations, witnesses; in constant space. */
import { LIGHT_NOTE_MAX_CHARS, LIGHT_STATE_MAX_BYTES, LightClient, parseWitnessPolicy } from '@talos/audit'
import { utf8 } from '@talos/bytes'
import { cosignCheckpoint, formatVerifierKey, NOTE_COSIGNATURE, verifierKey } from '@talos/merkle'
import { manualClock } from '@talos/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeOf, identity, kernel, signerOf } from '../witness/support.ts'
import { clientOf, NOW_S, World, witnessName } from './world.ts'

describe('a light client', () => {
  it('follows what grows, from its state alone, which stays small', async () => {
    const step = fc.record({
      entries: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 200, max: 700 })),
      revocations: fc.integer({ min: 0, max: 9 }),
      rotates: fc.integer({ min: 0, max: 9 }),
    })
    const runs = fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
      const world = await World.begin()
      let state: string | undefined
      for (const [number, { entries, revocations, rotates }] of steps.entries()) {
        const before = { size: world.size, items: world.items.length, version: world.keyLog.version }
        const isRotated = rotates === 0
        if (isRotated) await world.rotate(30 + number, { isEmergency: number % 2 === 0, logByte: 40 + number })
        world.append(entries)
        await world.sign()
        if (revocations > 0) await world.revoke(revocations, NOW_S - 1000 + number)
        const client = clientOf(world.source(), state === undefined ? {} : { state })
        const update = await client.update()
        expect(update.verdict).toBe('followed')
        expect(update.offered.size).toBe(world.size)
        expect(update.keyEvents).toHaveLength(world.keyLog.version - (state === undefined ? 0 : before.version))
        expect(update.revocations.map(({ who }) => who)).toHaveLength(
          world.items.length - (state === undefined || isRotated ? 0 : before.items),
        )
        const index = Math.floor(world.size / 2)
        expect(await client.verifyEntry({ index, body: world.bodyAt(index) })).toMatchObject({ seq: index })
        expect(client.followed?.checkpoint.size).toBe(world.size)
        state = client.state
        expect(utf8(state ?? '').length).toBeLessThanOrEqual(LIGHT_STATE_MAX_BYTES)
      }
    })
    await fc.assert(runs, { seed: 42, numRuns: 12 })
  })

  it('finds nothing new where nothing is, and its state is the same text', async () => {
    const world = await World.begin()
    await world.revoke(3)
    const client = clientOf(world.source())
    expect([client.state, client.followed]).toEqual([undefined, undefined])
    const first = await client.update()
    const { state } = client
    const second = await client.update()
    expect([first.before, first.keyEvents.length, first.revocations.length]).toEqual([undefined, 1, 3])
    expect([second.before, second.keyEvents.length, second.revocations.length]).toEqual([1, 0, 0])
    expect(client.state).toBe(state)
    expect(first.revocations[2]).toMatchObject({ who: identity(2).did, issuer: identity(10).did, atS: NOW_S - 4998 })
  })

  it('takes a later signature of the same list, and keeps the newer of two', async () => {
    const world = await World.begin()
    await world.revoke(2)
    const client = clientOf(world.source())
    await client.update()
    const earlier = world.head
    await world.revoke(0, NOW_S - 10)
    await client.update()
    expect(client.followed?.revocations?.atS).toBe(NOW_S - 10)
    world.head = earlier
    await client.update()
    expect(client.followed?.revocations?.atS).toBe(NOW_S - 10)
  })

  it('follows an agent without revocations, and one that has been deactivated', async () => {
    const world = await World.begin()
    const client = clientOf(world.source())
    await client.update()
    expect(client.followed?.revocations).toBeUndefined()
    await world.revoke(1, 1_749_999_999)
    await world.deactivate()
    world.append(1)
    await world.sign()
    expect(await client.update()).toMatchObject({ verdict: 'followed', before: 1 })
  })

  it('follows a log from before its first entry', async () => {
    const world = await World.begin()
    world.note = await world.signed(0)
    const client = clientOf(world.source())
    await client.update()
    await world.sign()
    expect(await client.update()).toMatchObject({ before: 0, offered: { size: 1 } })
  })

  it('follows whom it was told to, by the durable name and by any key', async () => {
    const world = await World.begin()
    await world.rotate(12)
    await world.sign()
    for (const did of [world.keyLog.name, identity(10).did, identity(12).did]) {
      expect((await clientOf(world.source(), { did }).update()).verdict).toBe('followed')
    }
    for (const did of [identity(13).did, (await World.begin({ first: 15 })).keyLog.name]) {
      expect(await codeOf(() => clientOf(world.source(), { did }).update())).toBe('LIGHT_OTHER_LOG')
    }
  })
})

describe('a light client with a policy', () => {
  const keyOf = (byte: number) =>
    verifierKey({ name: witnessName(byte), type: NOTE_COSIGNATURE, publicKey: signerOf(byte).publicKey, kernel })
  const policyOf = (threshold: number, ...bytes: readonly number[]) =>
    parseWitnessPolicy(
      [
        ...bytes.map((byte) => `witness w${byte} ${formatVerifierKey(keyOf(byte))}`),
        `group all ${threshold} ${bytes.map((byte) => `w${byte}`).join(' ')}`,
        'quorum all\n',
      ].join('\n'),
      { kernel },
    )
  const policy = policyOf(2, 51, 52, 53)

  it('follows nothing before enough witnesses have signed', async () => {
    const world = await World.begin()
    await world.cosign(51)
    const client = clientOf(world.source(), { policy })
    expect((await client.update()).verdict).toBe('unwitnessed')
    expect(client.state).toBeUndefined()
    await world.cosign(54, 53)
    expect((await client.update()).verdict).toBe('followed')
    expect(client.followed?.checkpoint.note).not.toContain(witnessName(54))
    expect(client.followed?.checkpoint.note).toContain(witnessName(53))
  })

  it('goes on with keys and revocations while a checkpoint waits for witnesses', async () => {
    const world = await World.begin()
    await world.cosign(51, 52)
    const client = clientOf(world.source(), { policy })
    await client.update()
    await world.rotate(12, { logByte: 13, isEmergency: true })
    await world.revoke(2)
    world.append(300)
    await world.sign()
    const update = await client.update()
    expect([update.verdict, update.keyEvents.length, update.revocations.length]).toEqual(['unwitnessed', 1, 2])
    expect(client.followed).toMatchObject({ version: world.keyLog.versionId, checkpoint: { size: 1 } })
    const again = clientOf(world.source(), { policy, state: client.state ?? '' })
    await world.cosign(52, 53)
    expect(await again.update()).toMatchObject({ verdict: 'followed', before: 1, keyEvents: [], revocations: [] })
    expect(again.followed?.checkpoint.size).toBe(301)
  })

  it('needs no cosignatures again for what was witnessed already', async () => {
    const world = await World.begin()
    const plain = world.note
    await world.cosign(51, 52)
    const client = clientOf(world.source(), { policy })
    await client.update()
    const { state = '' } = client
    world.note = plain
    expect((await client.update()).verdict).toBe('followed')
    expect(client.state).toBe(state)
    const stricter = clientOf(world.source(), { policy: policyOf(3, 51, 52, 53), state })
    expect((await stricter.update()).verdict).toBe('unwitnessed')
    expect(stricter.state).toBe(state)
  })

  it('refuses a checkpoint with a wrong line of a witness that it knows', async () => {
    const world = await World.begin()
    const place = { name: witnessName(51), signer: signerOf(51), timeS: NOW_S, kernel }
    const other = await cosignCheckpoint({ note: await world.signed(0), ...place })
    world.note += `${other.split('\n').at(-2)}\n`
    expect(await codeOf(() => clientOf(world.source(), { policy }).update())).toBe('LIGHT_CHECKPOINT_INVALID')
  })

  it('keeps as many cosignatures as there is room for', async () => {
    const world = await World.begin()
    const witnesses = Array.from({ length: 30 }, (_, index) => 60 + index)
    await world.cosign(...witnesses)
    const client = new LightClient({
      source: world.source(),
      kernel,
      clock: manualClock(NOW_S * 1000),
      policy: policyOf(30, ...witnesses),
    })
    expect((await client.update()).verdict).toBe('followed')
    const { note = '' } = client.followed?.checkpoint ?? {}
    expect(note.length).toBeLessThanOrEqual(LIGHT_NOTE_MAX_CHARS)
    expect(note.split('\n').length).toBeGreaterThan(10)
    expect(utf8(client.state ?? '').length).toBeLessThanOrEqual(LIGHT_STATE_MAX_BYTES)
  })
})
