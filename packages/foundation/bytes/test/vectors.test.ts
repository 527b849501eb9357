import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  Cid,
  type DecodeLimits,
  decodeCbor,
  decodeJcs,
  encodeCbor,
  encodeJcs,
  fromBase32,
  fromBase58btc,
  fromBase64,
  fromBase64url,
  fromHex,
  fromUtf8,
  type IpldValue,
  type JsonValue,
  parseJson,
  toBase32,
  toBase58btc,
  toBase64,
  toBase64url,
  toHex,
  utf8,
} from '@talos/bytes'
import { publicVectors, repoVectors, type VectorCase } from '@talos/testkit'
import { describe, expect, it } from 'vitest'

interface Codec {
  readonly read: (text: string) => Uint8Array
  readonly write: (bytes: Uint8Array) => string
}

const CODECS: Readonly<Record<string, Codec>> = {
  hex: { read: fromHex, write: toHex },
  base64: { read: fromBase64, write: toBase64 },
  base64url: { read: fromBase64url, write: toBase64url },
  base32: { read: fromBase32, write: toBase32 },
  base58btc: { read: fromBase58btc, write: toBase58btc },
  'utf-8': { read: utf8, write: fromUtf8 },
  cid: { read: (text) => Cid.parse(text).bytes, write: (bytes) => Cid.fromBytes(bytes).toString() },
}

/** The members that inputs of the canonical vectors may have. */
interface Input extends DecodeLimits {
  readonly cborHex?: string
  readonly value?: unknown
  readonly doubleHex?: string
  readonly json?: string
  readonly profile?: 'narrow' | 'ordinary'
  readonly text?: string
  readonly textHex?: string
  readonly encoding?: string
  readonly bytesHex?: string
}

function codec(name: string | undefined): Codec {
  const found = CODECS[String(name)]
  if (found === undefined) throw new Error('a vector names an unknown encoding')
  return found
}

function doubleOf(doubleHex: string): number {
  const bytes = fromHex(doubleHex)
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0)
}

/** From the notation of clause 2.2: `{"/bytesHex": …}` and `{"/cid": …}` stand for what JSON cannot say. */
function fromNotation(value: unknown): IpldValue {
  if (Array.isArray(value)) return value.map(fromNotation)
  if (typeof value !== 'object' || value === null) return value as IpldValue
  if ('/bytesHex' in value) return fromHex(String(value['/bytesHex']))
  if ('/cid' in value) return Cid.parse(String(value['/cid']))
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fromNotation(member)]))
}

function toNotation(value: IpldValue): JsonValue {
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Uint8Array) return { '/bytesHex': toHex(value) }
  if (value instanceof Cid) return { '/cid': value.toString() }
  if (Array.isArray(value)) return value.map(toNotation)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toNotation(member)]))
}

describe('canonical CBOR', () => {
  const run = (vector: VectorCase): void => {
    const { cborHex, value, ...limits }: Input = vector.input
    if (cborHex === undefined) encodeCbor(fromNotation(value))
    else {
      const decoded = decodeCbor(fromHex(cborHex), limits)
      if (!vector.valid) return
      expect(JSON.stringify(toNotation(decoded))).toBe(JSON.stringify(vector.expected['value']))
      expect(toHex(encodeCbor(fromNotation(vector.expected['value'])))).toBe(cborHex)
    }
  }
  runAll('canonical/cbor.json', run)
})

describe('canonical JSON', () => {
  const run = (vector: VectorCase): void => {
    const { doubleHex, json, profile, text, textHex, ...limits }: Input = vector.input
    if (doubleHex !== undefined || json !== undefined) {
      const written = encodeJcs(doubleHex === undefined ? parseJson(String(json)) : doubleOf(doubleHex))
      if (vector.valid) expect(written).toBe(vector.expected['canonical'])
      return
    }
    const read = profile === 'narrow' ? decodeJcs : parseJson
    for (const input of text === undefined ? [fromHex(String(textHex))] : [utf8(text), text]) {
      const value = read(input, limits)
      if (vector.valid) expect(JSON.stringify(value)).toBe(JSON.stringify(vector.expected['value']))
    }
  }
  runAll('canonical/jcs.json', run)
})

describe('text forms of bytes', () => {
  const run = (vector: VectorCase): void => {
    const { encoding, text, bytesHex }: Input = vector.input
    const { read, write } = codec(encoding)
    if (bytesHex !== undefined) write(fromHex(bytesHex))
    else {
      const bytes = read(String(text))
      if (!vector.valid) return
      expect(toHex(bytes)).toBe(vector.expected['bytesHex'])
      expect(write(bytes)).toBe(text)
    }
  }
  runAll('canonical/encodings.json', run)
})

function runAll(path: string, run: (vector: VectorCase) => void): void {
  const cases = repoVectors(path).cases.map((vector) => [vector.id, vector.description, vector] as const)
  it.each(cases.filter(([, , { valid }]) => valid))('%s is accepted: %s', (_, __, vector) => {
    expect.hasAssertions()
    run(vector)
  })
  it.each(cases.filter(([, , { valid }]) => !valid))('%s is refused: %s', (_, __, vector) => {
    const code = 'error' in vector ? vector.error : 'an error code'
    expect(() => run(vector)).toThrow(expect.objectContaining({ code }))
  })
}

const publicFolder = publicVectors('jcs')

describe.skipIf(publicFolder === undefined)(
  'the public RFC 8785 vectors (skipped where ../shared/vectors is missing)',
  () => {
    const names = publicFolder === undefined ? [] : readdirSync(join(publicFolder, 'input'))

    it.each(names)('%s is written byte for byte', (name) => {
      const input = readFileSync(join(String(publicFolder), 'input', name), 'utf8')
      const output = readFileSync(join(String(publicFolder), 'output', name))
      expect(toHex(utf8(encodeJcs(JSON.parse(input))))).toBe(toHex(new Uint8Array(output)))
      expect(encodeJcs(parseJson(input))).toBe(output.toString('utf8'))
    })

    it('finds the six files', () => {
      expect(names).toHaveLength(6)
    })
  },
)
