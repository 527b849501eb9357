/** Sources that lie, and agents that contradict themselves: each is refused by its code, and the state stays as it was. */
import { LIGHT_NOTE_MAX_CHARS, type LightConflict, type LogSource, verifyForkEvidence } from '@talos/audit'
import { fromBase64url, toBase64url, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { signNote } from '@talos/merkle'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeOf, identity, kernel, signerOf } from '../witness/support.ts'
import { codeFor, refusal, scene } from './lying.ts'
import { clientOf, delegation, originOf, World } from './world.ts'

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
    const whole = offered > 300 ? fork : scene.past
    const error = await refusal({ checkpoint, tile: async (tile) => whole.tile(tile) })
    expect([error.code, error.details]).toEqual(['LIGHT_FORK', { first, second }])
    const { evidence } = error as LightConflict
    if (evidence?.kind !== 'checkpoints') throw new Error('evidence of something else')
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
    if (evidence?.kind !== 'checkpoints') throw new Error('evidence of something else')
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
    expect(evidence?.kind === 'checkpoints' && JSON.parse(evidence.text).history).toEqual([])
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

describe('a fork of an agent with a key log that is too large for evidence', () => {
  it('is refused as what it is', async () => {
    const past = await World.begin()
    past.append(9)
    await past.sign()
    const client = clientOf(past.source())
    await client.update()
    const world = past.clone()
    for (let next = 21; next < 38; next += 1) await world.rotate(next)
    world.bodies = world.bodies.slice(0, 5)
    world.append(9, '018bcfe5680070008000000000000002')
    await world.sign()
    // Tabs between the members mean nothing to whoever reads the log, and two characters to whoever writes it down.
    const padded = world.keyLog.text.split('\n').map((line) => line.replace('{', `{${'\t'.repeat(60_000)}`))
    const keyLog = async () => padded.join('\n')
    const error = await clientOf(world.source({ keyLog }), { state: client.state ?? '' })
      .update()
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'LIGHT_FORK', evidence: undefined })
  })
})

describe('a checkpoint with extension lines', () => {
  it('is followed as long as it can be kept', async () => {
    const world = await World.begin()
    const root = world.note.split('\n')[2]
    const withLine = async (length: number) => {
      const text = `${world.origin}\n1\n${root}\n${'x'.repeat(length)}\n`
      return await signNote({ text, name: world.origin, signer: signerOf(11), kernel })
    }
    const length = LIGHT_NOTE_MAX_CHARS - (await withLine(1)).length + 1
    world.note = await withLine(length)
    expect((await clientOf(world.source()).update()).verdict).toBe('followed')
    world.note = await withLine(length + 1)
    expect(await codeOf(() => clientOf(world.source()).update())).toBe('LIGHT_CHECKPOINT_INVALID')
  })
})

describe('two updates at once', () => {
  it('are done one after the other, so that an older answer does not come back', async () => {
    const { world, past, state } = scene
    let isFirst = true
    const turning = clientOf(
      world.source({
        checkpoint: async () => {
          if (!isFirst) return world.note
          isFirst = false
          await new Promise((resolve) => setTimeout(resolve, 20))
          return past.note
        },
      }),
      { state },
    )
    const [older, newer] = await Promise.all([turning.update(), turning.update()])
    expect([older.offered.size, newer.offered.size, turning.followed?.checkpoint.size]).toEqual([300, 700, 700])
  })

  it('go on after one that failed', async () => {
    const { world, state } = scene
    let fails = true
    const client = clientOf(
      world.source({
        checkpoint: async () => {
          if (!fails) return world.note
          fails = false
          throw new TalosError('AUDIT_CLOSED')
        },
      }),
      { state },
    )
    const [failed, done] = await Promise.allSettled([client.update(), client.update()])
    expect([failed.status, done.status]).toEqual(['rejected', 'fulfilled'])
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
