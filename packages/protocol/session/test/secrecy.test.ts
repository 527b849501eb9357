import { inspect } from 'node:util'
import { decodeCbor, toBase64, toBase64url, toHex } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { describe, expect, it } from 'vitest'
import { decodeSessionState, encodePrekeySecrets, encodeSessionState } from '../src/index.ts'
import { establish, initiateTo, kernel, makeAgent, respondTo } from './agents.ts'
import { Line, recordOf } from './line.ts'

/** Members that may be seen; every other byte string of a record is a secret. */
const PUBLIC_MEMBERS = ['sessionId', 'transcriptHash', 'context', 'remoteRatchet', 'ratchetPublic', 'bundleHash']

function secretsIn(value: unknown, name = ''): readonly Uint8Array[] {
  if (value instanceof Uint8Array) {
    if (name === 'skipped') return messageKeysOf(value)
    return PUBLIC_MEMBERS.includes(name) ? [] : [value]
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([member, inner]) => secretsIn(inner, Array.isArray(value) ? name : member))
}

/** Of skipped keys: each stands behind 12 bytes that are no secret. */
function messageKeysOf(skipped: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: skipped.length / 44 }, (_, index) => skipped.subarray(44 * index + 12, 44 * index + 44))
}

function spellings(secret: Uint8Array): readonly string[] {
  const start = secret.subarray(0, 12)
  const members = [...start].map((byte, index) => `"${index}":${byte}`)
  return [toHex(start), toBase64(start), toBase64url(start), start.join(','), members.join(',')]
}

function printed(value: unknown): string {
  const options = {
    depth: Number.POSITIVE_INFINITY,
    showHidden: true,
    maxArrayLength: null,
    maxStringLength: null,
    breakLength: 1e6,
  }
  const plain = inspect(value, { ...options, customInspect: false })
  return [inspect(value, options), plain, String(value), JSON.stringify(value)].join('\n').replaceAll(/[ \n]/g, '')
}

/** Every way of printing the value, blanks apart, shows none of the secrets. */
function expectHidden(value: unknown, secrets: readonly Uint8Array[]): void {
  const text = printed(value)
  for (const spelling of secrets.flatMap(spellings)) expect(text).not.toContain(spelling)
}

async function play() {
  const made = await establish()
  const line = new Line(made)
  line.say('alice', 'lost')
  line.hear('bob', line.say('alice', 'arrives'))
  line.turn()
  line.say('alice', 'lost again')
  line.hear('bob', line.say('alice', 'arrives again'))
  return { ...made, line }
}

describe('secrets', () => {
  it('are found by this test where they are printed', async () => {
    const { line } = await play()
    const record = recordOf(line.states.bob)
    const secrets = secretsIn(record)
    expect(secrets.length).toBeGreaterThan(7)
    for (const secret of secrets) {
      const inspected = new Map([[{}, secret]])
      for (const shown of [{ secret }, inspected, [toHex(secret)], [toBase64(secret)], [String(secret)]]) {
        expect(() => expectHidden(shown, [secret])).toThrow('not to contain')
      }
    }
  })

  it('of a session are in nothing that is printed of it', async () => {
    const { line, initiated, responded } = await play()
    for (const state of [line.states.alice, line.states.bob, initiated.state, responded.state]) {
      const secrets = secretsIn(recordOf(state))
      expectHidden(state, secrets)
      expectHidden({ nested: [state] }, secrets)
    }
    expectHidden(responded, secretsIn(recordOf(responded.state)))
    expectHidden(initiated, secretsIn(recordOf(initiated.state)))
  })

  it('of prekeys are in nothing that is printed of them', async () => {
    const { holder } = await play()
    const { prekeys } = holder
    const oneTime = prekeys.oneTime.map(({ secret }) => secret.use((bytes) => bytes.slice()))
    expectHidden(prekeys, [...secretsIn(decodeCbor(encodePrekeySecrets(prekeys.secrets))), ...oneTime])
  })

  it('of a gap are in the state alone, in the current chain and in the one that a turn closes', async () => {
    const { line } = await play()
    const made: Uint8Array[] = []
    const watched: Kernel = {
      ...kernel,
      ratchetAdvance: (chainKey, steps) => {
        const advanced = kernel.ratchetAdvance(chainKey, steps)
        made.push(advanced.messageKeys)
        return advanced
      },
    }
    line.say('alice', 'one that is missing')
    line.hear('bob', line.say('alice', 'after it'), { kernel: watched })
    line.say('alice', 'one more, the last of its chain')
    line.hear('alice', line.say('bob', 'turn'))
    line.hear('bob', line.say('alice', 'turn'), { kernel: watched })
    expect(made.map((keys) => keys.length)).toEqual([64, 32])
    for (const keys of made) expect(keys).toEqual(new Uint8Array(keys.length))
    expect(line.states.bob.toJSON()).toMatchObject({ skippedKeys: 4 })
  })

  it('and texts of a peer are in no error', async () => {
    const { line, holder } = await play()
    const message = line.say('alice', 'a text that must not be seen')
    const secrets = [line.states.alice, line.states.bob].flatMap((state) => secretsIn(recordOf(state)))
    const broken = new Uint8Array(encodeSessionState(line.states.bob)).fill(0xff, 0, 1)
    const { message: flight } = await initiateTo(makeAgent('alice'), { served: holder.served(1) })
    const attempts = [
      () => line.hear('bob', message.with(60, 1)),
      () => line.hear('bob', message.with(message.length - 1, 1)),
      () => line.hear('bob', message.subarray(0, 100)),
      () => decodeSessionState(broken),
      () => respondTo(holder, { firstFlight: flight.with(flight.length - 1, 1) }),
      () => respondTo(holder, { firstFlight: flight.with(8, 0x41) }),
    ]
    for (const attempt of attempts) {
      const error = errorOf(attempt)
      expect(isTalosError(error)).toBe(true)
      expectHidden(error, secrets)
      expect(printed(error)).not.toContain('mustnotbeseen')
    }
  })

  it('stay out of the summary, which says what may be said', async () => {
    const { line } = await play()
    expect(Object.keys(line.states.bob.toJSON()).toSorted()).toEqual([
      'confirmed',
      'createdMs',
      'epoch',
      'localDid',
      'localInstance',
      'messages',
      'mode',
      'receiveCount',
      'remoteDid',
      'remoteInstance',
      'remoteRatchetKey',
      'role',
      'sendCount',
      'sendLease',
      'sessionId',
      'skippedKeys',
    ])
    expect(line.states.bob.toJSON()).toMatchObject({ skippedKeys: 2, sendCount: 0, receiveCount: 3, epoch: 0 })
  })
})

function errorOf(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return error
  }
}
