/** A planted value is found in whatever form it stands, and nowhere else. */
import { tracesOf } from '@talos/testkit'
import { describe, expect, it } from 'vitest'

const VALUE = 'Straße "zur" Wiese'
const bytes = Buffer.from(VALUE)

describe('a planted value', () => {
  it('is found as it is, escaped, in hex and in base64 at every offset', () => {
    expect(tracesOf(VALUE, `{${VALUE}}`)).toContain('raw')
    expect(tracesOf(VALUE, JSON.stringify({ a: VALUE }))).toContain('JSON')
    expect(tracesOf(VALUE, JSON.stringify(JSON.stringify({ a: VALUE })))).toContain('JSON in JSON')
    expect(
      tracesOf('plantedvalue', '\\u0070\\u006c\\u0061\\u006e\\u0074\\u0065\\u0064\\u0076\\u0061\\u006c\\u0075\\u0065'),
    ).toEqual(['escaped JSON'])
    expect(tracesOf(VALUE, `https://example.org/?a=${encodeURIComponent(VALUE)}`)).toEqual(['URL'])
    expect(tracesOf(VALUE, bytes.toString('hex'))).toContain('hex')
    expect(tracesOf(VALUE, bytes.toString('hex').toUpperCase())).toContain('upper-case hex')
    for (const before of [0, 1, 2, 3]) {
      for (const after of [0, 1, 2]) {
        const text = Buffer.concat([Buffer.alloc(before, 250), bytes, Buffer.alloc(after, 251)])
        for (const encoding of ['base64', 'base64url'] as const) {
          expect(tracesOf(VALUE, text.toString(encoding))).toContain(`${encoding} at ${before % 3}`)
        }
      }
    }
  })

  it('is found within bytes that are encoded themselves, and as an integer', () => {
    const nested = [1, 2, 3].reduce((text) => Buffer.from(`{"a":"${text}"}`).toString('base64url'), VALUE)
    expect(tracesOf(VALUE, nested)).toContain('raw')
    const integer = Buffer.concat([Buffer.of(1, 0x1b), Buffer.from('00000003a35294b1', 'hex'), Buffer.alloc(9)])
    expect(tracesOf('15625000113', integer.toString('base64url'))).toContain('integer')
  })

  it('is found as bytes', () => {
    const bytesOfIt = Uint8Array.from({ length: 32 }, (_, index) => 255 - index)
    expect(tracesOf(bytesOfIt, `{"a":"${Buffer.from(bytesOfIt).toString('base64url')}"}`)).toEqual(
      expect.arrayContaining(['raw', 'base64url at 0']),
    )
    expect(tracesOf(bytesOfIt, Buffer.from(bytesOfIt.subarray(1)).toString('hex'))).toEqual([])
  })

  it('is not found where it is not, and is not too short to tell', () => {
    expect(tracesOf(VALUE, `${VALUE.slice(0, -1)} and others ${bytes.toString('hex').slice(2)}`)).toEqual([])
    expect(() => tracesOf('seven', 'seven')).toThrow('8 characters')
  })
})
