/**
 * Every field of a whole bundle is flipped, also those inside signed objects, entries, notes and anchors: nothing survives that
 * changes what the bundle says, and the layer that owns a field catches it (spec 12-proof-bundle, clause 12.12).
 */
import {
  Cid,
  decodeCbor,
  decodeJcs,
  encodeCbor,
  encodeJcs,
  fromBase64url,
  fromUtf8,
  type IpldValue,
  type JsonValue,
  toBase64url,
  utf8,
} from '@talos/bytes'
import { loadKernel } from '@talos/kernel'
import { type ProofReport, type ValidationLayer, verifyProofBundle } from '@talos/proof'
import { repoVectors } from '@talos/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { optionsOf } from './options.ts'
import { specifiedOwners } from './specification.ts'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')
const inputOf = (file: string, id: string) => repoVectors(file).cases.find((vector) => vector.id === id)?.input ?? {}

type Path = readonly (string | number)[]

/** The whole bundle, verified at the highest level with all that it needs, and one with key logs and another form of receipt. */
const subjects = [
  { name: 'everything', input: inputOf('proof/full.json', 'full-002') },
  { name: 'key logs', input: { ...inputOf('proof/history.json', 'history-003'), level: 'standard' } },
  { name: 'a batched receipt', input: described('proof/valid.json', 'shares its signature') },
  { name: 'hidden contents', input: described('proof/hidden.json', 'a condition on a disclosed argument') },
].map(({ name, input }) => {
  const options = optionsOf(input, kernel)
  const text = String(input['bundle'])
  return { name, text, verify: (bundle: string) => verifyProofBundle(bundle, options) }
})
type Subject = (typeof subjects)[number]

const others = ['proof/valid.json', 'proof/history.json', 'proof/full.json', 'proof/hidden.json']
  .flatMap((file) => repoVectors(file).cases.filter(({ valid }) => valid))
  .map(({ input }) => decodeJcs(String(input['bundle'])))

function described(file: string, words: string): Readonly<Record<string, unknown>> {
  const [found] = repoVectors(file).cases.filter(({ description }) => description.includes(words))
  return { ...found?.input, level: 'standard' }
}

/** Which layers own a place: what breaks its form, and what its content answers to. The first row that fits counts. */
const OWNERS = specifiedOwners()

/** Parts of the evidence by the member of the bundle, as the beginning of their codes. */
const CODES: Readonly<Record<string, RegExp>> = {
  format: /^PROOF_FORM/,
  identity: /^PROOF_(?:IDENTITY_|AUTHORITY_DENIED)/,
  intent: /^PROOF_INTENT_/,
  execution: /^PROOF_EXECUTION_/,
  authority: /^PROOF_AUTHORITY_/,
  disclosures: /^PROOF_(?:DISCLOSURE_|FORM)/,
  logs: /^PROOF_(?:LOGS|WITNESS)_/,
  witnesses: /^PROOF_(?:LOGS|WITNESS|FORM)/,
  anchors: /^PROOF_(?:ANCHOR_|FORM)/,
}

/** Lists whose order and repetition say nothing, and of which less says less. */
const FREE = /^(?:disclosures|witnesses|anchors|identity\.others|authority\.heads|authority\.revocations)\.\d+$/

function at(value: JsonValue | undefined, path: Path): JsonValue | undefined {
  // biome-ignore lint/suspicious/noExplicitAny: a walk along any members
  return path.reduce((inner: any, name) => inner?.[name], value)
}

/** A copy with one place changed; undefined drops it. */
function replaced(text: string, path: Path, replacement: JsonValue | undefined): string {
  const copy = JSON.parse(text)
  const parent = path.slice(0, -1).reduce((inner, name) => inner[name], copy)
  const name = path.at(-1) as string | number
  if (replacement !== undefined) parent[name] = replacement
  else if (Array.isArray(parent)) parent.splice(Number(name), 1)
  else delete parent[name]
  return encodeJcs(copy)
}

/** All places: leaves, and the containers that hold them. */
function placesOf(value: JsonValue, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const members = Object.entries(value as Record<string, JsonValue>)
  return [
    ...(path.length > 0 ? [path] : []),
    ...members.flatMap(([name, member]) => placesOf(member, [...path, Array.isArray(value) ? Number(name) : name])),
  ]
}

function ownersOf(path: string): readonly ValidationLayer[] {
  const owner = OWNERS.find(({ place }) => place.test(path))
  if (owner === undefined) throw new Error(`nobody owns ${path}`)
  return owner.layers
}

function firstBroken({ validation }: ProofReport): ValidationLayer | undefined {
  return validation.layers.find(({ verdict }) => verdict === 'invalid')?.layer
}

/** The text at a place that holds one. */
function textAt(value: JsonValue, path: Path): string {
  const text = at(value, path)
  return typeof text === 'string' ? text : ''
}

const expectNotValid = (report: ProofReport): void => expect(report.verdict).not.toBe('valid')
const expectNothingProven = (report: ProofReport): void => expect(report.proves).toBe('nothing')
const expectIntact = (report: ProofReport, where: string): void => {
  expect({ where, intact: report.integrity.intact }).toEqual({ where, intact: true })
}

/** The flip is caught, by the part of the evidence that it is in and by one of the layers that own the place. */
function expectCaught(report: ProofReport, path: Path, owners = ownersOf(path.join('.'))): void {
  const where = path.join('.')
  if (where.startsWith('anchors') && isUnknownBlock(report)) return
  expect({ where, verdict: report.verdict, proves: report.proves }).toEqual({
    where,
    verdict: 'invalid',
    proves: 'nothing',
  })
  expect(String(report.code), where).toMatch(CODES[String(path[0])] as RegExp)
  expect(owners, `${where} was caught by ${report.code}`).toContain(firstBroken(report))
}

/**
 * A block's other members say nothing to a bundle: changed, it is another block, which nobody knows. That it is none of the
 * chain's, the verifier's own blocks tell.
 */
function isUnknownBlock({ verdict, code, validation }: ProofReport): boolean {
  const [anchor] = validation.layers.filter(({ layer }) => layer === 'anchor')
  return verdict === 'incomplete' && code === 'PROOF_UNANCHORED' && anchor?.verdict === 'incomplete'
}

/** One character to a similar one. */
function flippedText(text: string, place: number): string {
  const character = text.charAt(place) === 'A' ? 'B' : 'A'
  return `${text.slice(0, place)}${character}${text.slice(place + 1)}`
}

/** One bit of bytes in base64url. */
function flippedBit(text: string, { byte, bit }: { readonly byte: number; readonly bit: number }): string {
  const bytes = fromBase64url(text).slice()
  bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit)
  return toBase64url(bytes)
}

function isBytes(path: Path): boolean {
  return /(?:logKey|invocation|receipt|entry|header|head|history\.\d+|entries\.\d+|items\.\d+|proofs\.\d+|revocations\.\d+|nodes\.\d+|leaf\.path\.\d+)$/.test(
    path.join('.'),
  )
}

/** Every value within decoded IPLD changed, one after the other. */
function* changedIpld(value: IpldValue): Generator<IpldValue> {
  if (typeof value === 'number') yield value + 1
  else if (typeof value === 'boolean') yield !value
  else if (value === null) yield 0
  else if (typeof value === 'string') yield `${value}x`
  else if (value instanceof Uint8Array) yield value.map((byte, index) => (index === 0 ? byte ^ 1 : byte))
  else if (value instanceof Cid) yield Cid.fromSha256(value.digest.map((byte) => byte ^ 1))
  else if (Array.isArray(value)) {
    yield [...value, 0]
    for (const [index, item] of value.entries())
      for (const other of changedIpld(item)) yield value.map((kept, place) => (place === index ? other : kept))
  } else {
    const members = Object.entries(value as { readonly [name: string]: IpldValue })
    yield Object.fromEntries([...members, ['zz', 0]])
    for (const [name, member] of members) {
      yield Object.fromEntries(members.filter(([kept]) => kept !== name))
      for (const other of changedIpld(member)) yield Object.fromEntries([...members, [name, other]])
    }
  }
}

describe.each(subjects)('in a bundle with $name', ({ text, verify }: Subject) => {
  const bundle = decodeJcs(text)
  const places = placesOf(bundle)
  const leaves = places.filter((path) => typeof at(bundle, path) !== 'object')
  const strings = leaves.filter((path) => typeof at(bundle, path) === 'string')

  it('nothing is wrong before', () => {
    expect(verify(text).verdict).toBe('valid')
  })

  it('each text is caught when a character changes at its start, within and at its end', () => {
    for (const path of strings) {
      const value = textAt(bundle, path)
      const last = Math.max(0, value.length - 1)
      for (const place of new Set([0, Math.floor(last / 3), Math.floor(last / 2), last])) {
        expectCaught(verify(replaced(text, path, flippedText(value, place))), path)
      }
    }
  })

  it('each number and each empty list is caught when it is another', () => {
    for (const path of leaves.filter((one) => typeof at(bundle, one) === 'number')) {
      for (const value of [Number(at(bundle, path)) + 1, 2 ** 40])
        expectCaught(verify(replaced(text, path, value)), path)
    }
  })

  it('each bit of bytes is caught, at seeded places', () => {
    const bytes = strings.filter(isBytes)
    const flips = fc.tuple(fc.constantFrom(...bytes), fc.nat(), fc.nat(7))
    const property = fc.property(flips, ([path, place, bit]) => {
      const value = textAt(bundle, path)
      if (value.startsWith('bafyrei')) return
      const byte = place % fromBase64url(value).length
      expectCaught(verify(replaced(text, path, flippedBit(value, { byte, bit }))), path)
    })
    fc.assert(property, { seed: 42, numRuns: Math.min(40 * bytes.length, 600) })
  })

  it('each member of a signed object is caught', () => {
    const envelopes = strings.filter((path) => /(?:logKey|invocation|receipt|proofs\.\d+|head)$/.test(path.join('.')))
    for (const path of envelopes) {
      const decoded = decodeCbor(fromBase64url(textAt(bundle, path)))
      for (const changed of changedIpld(decoded)) {
        expectCaught(verify(replaced(text, path, toBase64url(encodeCbor(changed)))), path)
      }
    }
  })

  it('each member of an entry is caught', () => {
    for (const path of strings.filter((one) => one.at(-1) === 'entry')) {
      const entry = decodeJcs(fromBase64url(textAt(bundle, path)))
      for (const changed of changedIpld(entry as IpldValue)) {
        expectCaught(verify(replaced(text, path, toBase64url(utf8(encodeJcs(changed as JsonValue))))), path)
      }
    }
  })

  it('each line of a proof and of a note is caught when it changes, goes, or comes twice', () => {
    for (const path of strings.filter((one) => one.at(-1) === 'proof' || one.at(-1) === 'checkpoint')) {
      const lines = textAt(bundle, path).split('\n')
      const say = (changed: readonly string[], owners?: readonly ValidationLayer[]) =>
        expectCaught(verify(replaced(text, path, changed.join('\n'))), path, owners)
      for (const [index, line] of lines.entries()) {
        const before = lines.slice(0, index)
        const after = lines.slice(index + 1)
        for (const place of [0, line.length >> 1, line.length - 1].filter((one) => one >= 0 && one < line.length)) {
          say([...before, flippedText(line, place), ...after])
        }
        if (line === '' && index === lines.length - 1) continue
        // A note without one of its witnesses says less: the policy asks for both.
        const less = verify(replaced(text, path, [...before, ...after].join('\n')))
        if (line.startsWith('— talos/witness/')) expectNotValid(less)
        else expectCaught(less, path)
        say([...before, line, line, ...after])
      }
    }
  })

  it('each part of a list is caught when it goes, comes twice, or changes places, unless that says the same or less', () => {
    for (const path of places.filter((one) => typeof one.at(-1) === 'number')) {
      const where = path.join('.')
      const list = at(bundle, path.slice(0, -1)) as readonly JsonValue[]
      const index = Number(path.at(-1))
      const item = list[index] as JsonValue
      const next = (index + 1) % list.length
      const changes = [
        list.filter((_, place) => place !== index),
        [...list.slice(0, index), item, ...list.slice(index)],
        list.map((kept, place) => (place === index ? (list[next] as JsonValue) : place === next ? item : kept)),
      ]
      for (const changed of changes) {
        if (encodeJcs(changed) === encodeJcs(list)) continue
        const report = verify(replaced(text, path.slice(0, -1), changed))
        if (FREE.test(where) && report.verdict !== 'invalid') expectIntact(report, where)
        else expectCaught(report, path)
      }
    }
  })

  it('each member is caught when it goes, unless the bundle says less without it', () => {
    const optional =
      /^(?:logs|logs\.(?:agent|executor)|execution\.invoked|disclosures|anchors|intent|execution|identity|authority)$/
    for (const path of places.filter((one) => typeof one.at(-1) === 'string')) {
      const where = path.join('.')
      const report = verify(replaced(text, path, undefined))
      const isProven = report.verdict !== 'invalid'
      expect({ where, isOptional: optional.test(where) || !isProven }).toEqual({ where, isOptional: true })
      if (!isProven) expectNothingProven(report)
    }
  })

  it('each place is caught when another bundle fills it, unless that says the same or less', () => {
    for (const other of others) {
      for (const path of places) {
        const where = path.join('.')
        const foreign = at(other, path)
        if (foreign === undefined || encodeJcs(foreign) === encodeJcs(at(bundle, path) as JsonValue)) continue
        const report = verify(replaced(text, path, foreign))
        if (report.verdict === 'invalid') expectNothingProven(report)
        else expectSameCall(report, { where, subject: verify(text) })
      }
    }
  })

  it('each character of the file is caught', () => {
    const property = fc.property(fc.nat(text.length - 1), fc.integer({ min: 0, max: 255 }), (index, byte) => {
      const bytes = utf8(text).slice()
      fc.pre(bytes[index] !== byte)
      bytes[index] = byte
      return verifyBytes(verify, bytes) !== 'valid'
    })
    fc.assert(property, { seed: 42, numRuns: 400 })
  })
})

/** What another bundle of the same call may bring: then the same is proven, and no more than both of them say. */
function expectSameCall(
  report: ProofReport,
  { where, subject }: { readonly where: string; readonly subject: ProofReport },
) {
  // One call may be told by two receipts, each with its entry: as a whole, either is true.
  const told = ({ facts }: ProofReport) => ({
    where,
    invocation: facts?.invocation,
    ...(where !== 'execution' && { receipt: facts?.receipt }),
  })
  expect(report.facts === undefined ? told(subject) : told(report)).toEqual(told(subject))
  expectIntact(report, where)
}

function verifyBytes(verify: (bundle: string) => ProofReport, bytes: Uint8Array): string {
  try {
    return verify(fromUtf8(bytes)).verdict
  } catch {
    // What is no text is no bundle.
    return 'invalid'
  }
}
