import { Cid } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { describe, expect, test } from 'vitest'
import * as contracts from '../src/index.ts'

const KEY = '6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
const SCID = `Qm${'a'.repeat(44)}`

function accepts(parse: (value: unknown) => unknown, value: unknown): boolean {
  try {
    parse(value)
    return true
  } catch (error) {
    if (isTalosError(error, 'SCHEMA_INVALID')) return false
    throw error
  }
}

describe('the shared definitions', () => {
  test('a DID is of a known method and in that method’s form', () => {
    const good = [
      `did:key:z${KEY}`,
      'did:web:example.com',
      'did:web:example.com%3A8443:agents:a-1',
      `did:webvh:${SCID}:example.com`,
      `did:talos:${SCID}`,
    ]
    const bad = [
      'did:example:123',
      `did:key:z${KEY}a`,
      `did:key:z${KEY.slice(1)}`,
      `did:key:z${KEY.slice(0, -1)}0`,
      `did:key:z${KEY}#key`,
      ` did:key:z${KEY}`,
      `did:key:z${KEY}\n`,
      'did:web:',
      'did:web:a:',
      'did:web:a::b',
      'did:web:a%3a1',
      'did:web:a/b',
      'did:webvh:example.com',
      'did:talos:abc',
      `did:web:${'a'.repeat(505)}`,
    ]
    expect(good.filter((did) => !accepts(contracts.parseDid, did))).toEqual([])
    expect(bad.filter((did) => accepts(contracts.parseDid, did))).toEqual([])
    expect(accepts(contracts.parseDid, `did:web:${'a'.repeat(504)}`)).toBe(true)
    expect(accepts(contracts.parseDidKey, `did:key:z${KEY}`)).toBe(true)
    expect(accepts(contracts.parseDidKey, 'did:web:example.com')).toBe(false)
  })

  test('a CID as text is what a CID prints', () => {
    const text = Cid.fromSha256(new Uint8Array(32).fill(0xff)).toString()
    expect(accepts(contracts.parseCidText, text)).toBe(true)
    expect(accepts(contracts.parseCidText, text.slice(0, -1))).toBe(false)
    expect(accepts(contracts.parseCidText, text.toUpperCase())).toBe(false)
    expect(accepts(contracts.parseCid, Cid.parse(text))).toBe(true)
    expect(accepts(contracts.parseCid, text)).toBe(false)
  })

  test('fixed sizes hold at the length, and not one below or above it', () => {
    const bytesOf = [
      { parse: contracts.parseHash32, size: 32 },
      { parse: contracts.parseKey32, size: 32 },
      { parse: contracts.parseSignature64, size: 64 },
    ]
    for (const { parse, size } of bytesOf) {
      expect([-1, 0, 1].map((more) => accepts(parse, new Uint8Array(size + more)))).toEqual([false, true, false])
    }
    const digitsOf = [
      { parse: contracts.parseHex32, size: 64 },
      { parse: contracts.parseHex64, size: 128 },
      { parse: contracts.parseUuid, size: 32 },
      { parse: contracts.parseBase64url32, size: 43 },
      { parse: contracts.parseBase64url64, size: 86 },
    ]
    for (const { parse, size } of digitsOf) {
      const text = (more: number) => `${'0'.repeat(size + more - 1)}0`.replace(/0$/, size % 16 === 0 ? '0' : 'A')
      expect([-1, 0, 1].map((more) => accepts(parse, text(more)))).toEqual([false, true, false])
      expect(accepts(parse, text(0).replace('0', '!'))).toBe(false)
    }
  })

  test('base64url of 32 and 64 bytes has no bits set beyond the bytes', () => {
    const encode = (size: number) => Buffer.alloc(size, 0xff).toString('base64url')
    expect(accepts(contracts.parseBase64url32, encode(32))).toBe(true)
    expect(accepts(contracts.parseBase64url64, encode(64))).toBe(true)
    expect(accepts(contracts.parseBase64url32, `${encode(32).slice(0, -1)}9`)).toBe(false)
    expect(accepts(contracts.parseBase64url64, `${encode(64).slice(0, -1)}x`)).toBe(false)
  })

  test('times are whole numbers from 0 to 2^53 - 1', () => {
    for (const parse of [contracts.parseTimestampS, contracts.parseTimestampMs]) {
      expect([0, Number.MAX_SAFE_INTEGER].map((time) => accepts(parse, time))).toEqual([true, true])
      expect([-1, 0.5, 2 ** 53, '0', undefined].map((time) => accepts(parse, time))).toEqual(Array(5).fill(false))
    }
  })

  const functions = Object.entries(contracts).filter(([, value]) => typeof value === 'function') as [
    string,
    (input: unknown) => unknown,
  ][]

  test('every exported parser refuses undefined with SCHEMA_INVALID', () => {
    const parsers = functions.filter(([name]) => name.startsWith('parse'))
    expect(parsers.length).toBeGreaterThan(10)
    for (const [name, parse] of parsers)
      expect({ name, accepted: accepts(parse, undefined) }).toEqual({ name, accepted: false })
  })

  test('every exported decoder refuses an empty input with LAYOUT_INVALID', () => {
    const decoders = functions.filter(([name]) => name.startsWith('decode'))
    for (const [name, decode] of decoders) {
      let code: unknown
      try {
        decode(new Uint8Array())
      } catch (error) {
        code = isTalosError(error) ? error.code : error
      }
      expect({ name, code }).toEqual({ name, code: 'LAYOUT_INVALID' })
    }
  })
})
