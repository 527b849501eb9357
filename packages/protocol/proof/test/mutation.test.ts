/** Nothing in a valid bundle can be changed: each leaf flipped, dropped, or taken from another valid bundle. */
import { decodeJcs, encodeJcs, type JsonValue, utf8 } from '@talos/bytes'
import { loadKernel } from '@talos/kernel'
import { PROOF_BUNDLE_MAX_BYTES, type ProofReport, verifyProofBundle } from '@talos/proof'
import { repoVectors } from '@talos/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')
const verify = (bundle: string | Uint8Array): ProofReport => verifyProofBundle(bundle, { kernel })

type Path = readonly (string | number)[]

const texts = repoVectors('proof/valid.json').cases.map(({ description, input }) => ({
  description,
  text: String(input['bundle']),
}))
const textOf = (description: string): string => String(texts.find((one) => one.description === description)?.text)

/** Paths of all leaves: strings, numbers and empty containers. */
function leavesOf(value: JsonValue, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const members = Object.entries(value as Record<string, JsonValue>)
  if (members.length === 0) return [path]
  return members.flatMap(([name, member]) => leavesOf(member, [...path, Array.isArray(value) ? Number(name) : name]))
}

function at(value: JsonValue, path: Path): JsonValue | undefined {
  // biome-ignore lint/suspicious/noExplicitAny: a walk along any members
  return path.reduce((inner: any, name) => inner?.[name], value)
}

/** A copy with one place changed; undefined drops it. */
function changed(text: string, path: Path, replacement: JsonValue | undefined): string {
  const copy = JSON.parse(text)
  const parent = path.slice(0, -1).reduce((inner, name) => inner[name], copy)
  const name = path[path.length - 1] as string | number
  if (replacement !== undefined) parent[name] = replacement
  else if (Array.isArray(parent)) parent.splice(Number(name), 1)
  else delete parent[name]
  return encodeJcs(copy)
}

/** Another value of the same type; a text changes at the given place to a similar character. */
function flipped(value: JsonValue | undefined, place: number): JsonValue {
  if (typeof value === 'number') return value + 1
  if (typeof value !== 'string' || value === '') return 'AAAA'
  const index = place % value.length
  const character = value.charAt(index) === 'A' ? 'B' : 'A'
  return `${value.slice(0, index)}${character}${value.slice(index + 1)}`
}

const OWNERS: Readonly<Record<string, RegExp>> = {
  format: /^PROOF_FORM_INVALID$/,
  anchors: /^PROOF_(ANCHOR_FORM|FORM_INVALID)$/,
  witnesses: /^PROOF_(LOGS_FORM|FORM_INVALID)$/,
  identity: /^PROOF_IDENTITY_/,
  intent: /^PROOF_INTENT_/,
  execution: /^PROOF_EXECUTION_/,
  authority: /^PROOF_AUTHORITY_/,
  disclosures: /^PROOF_DISCLOSURE_/,
}

function expectRefusedByOwner(report: ProofReport, path: Path): void {
  expect({ path, valid: report.valid, proves: report.proves }).toEqual({ path, valid: false, proves: 'nothing' })
  expect(String(report.code), path.join('.')).toMatch(OWNERS[String(path[0])] as RegExp)
}

const subjects = [
  'a call and its result',
  'two links',
  'everything disclosed',
  'parts of the arguments and of the result disclosed',
  'a capability for another tool',
  'a call made twice',
]
const cases = subjects.map((description) => ({ description, text: textOf(description) }))

describe.each(cases)('in the bundle of $description', ({ text }) => {
  const bundle = decodeJcs(text)
  const leaves = leavesOf(bundle)

  it('every leaf is guarded by its layer when it is changed at its start, middle and end', () => {
    for (const path of leaves) {
      const value = at(bundle, path)
      const length = typeof value === 'string' ? value.length : 1
      for (const place of [0, Math.floor(length / 2), Math.max(0, length - 1)]) {
        expectRefusedByOwner(verify(changed(text, path, flipped(value, place))), path)
      }
    }
  })

  it('every leaf is guarded by its layer when it is dropped', () => {
    for (const path of leaves) {
      // A disclosure that loses its only opening, or its layer, is malformed; one that is dropped whole proves less.
      expectRefusedByOwner(verify(changed(text, path, undefined)), path)
    }
  })

  it('every leaf is guarded by its layer when it comes from another valid bundle', () => {
    for (const { text: other } of texts) {
      for (const path of leaves) {
        const foreign = at(decodeJcs(other), path)
        // More revocations may be shown, as long as they are of this chain and came later.
        if (path[1] === 'revocations') continue
        if (foreign === undefined || encodeJcs(foreign) === encodeJcs(at(bundle, path) as JsonValue)) continue
        expectRefusedByOwner(verify(changed(text, path, foreign)), path)
      }
    }
  })

  it('no layer can be dropped or taken from another call', () => {
    for (const layer of ['identity', 'authority', 'intent', 'execution']) {
      expectRefusedByOwner(verify(changed(text, [layer], undefined)), [layer])
      for (const other of otherCalls(text)) {
        const foreign = at(decodeJcs(other), [layer]) as JsonValue
        if (encodeJcs(foreign) === encodeJcs(at(bundle, [layer]) as JsonValue)) continue
        expect(verify(changed(text, [layer], foreign)).valid).toBe(false)
      }
    }
  })

  it('any changed character is refused', () => {
    const places = fc.tuple(fc.nat(text.length - 1), fc.integer({ min: 0x20, max: 0x7e }))
    const property = fc.property(places, ([index, code]) => {
      const character = String.fromCharCode(code)
      fc.pre(text.charAt(index) !== character)
      return !verify(`${text.slice(0, index)}${character}${text.slice(index + 1)}`).valid
    })
    fc.assert(property, { seed: 42, numRuns: 400 })
  })

  it('cut text is refused', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), (length) => verify(text.slice(0, length)).code === 'PROOF_FORM_INVALID'),
      { seed: 42, numRuns: 100 },
    )
  })
})

/** Valid bundles of other invocations: evidence of one call may stand in two bundles, and both are true. */
function otherCalls(text: string): readonly string[] {
  const invocationOf = (bundle: string) => at(decodeJcs(bundle), ['intent', 'invocation'])
  return texts.map((one) => one.text).filter((other) => invocationOf(other) !== invocationOf(text))
}

describe('what may be left out', () => {
  it('the entry of the beginning: then the gap is told', () => {
    const report = verify(changed(textOf('a call and its result'), ['execution', 'invoked'], undefined))
    expect(report.valid).toBe(true)
    expect(report.completeness).toMatchObject({ begun: false, gaps: [expect.stringContaining('beginning')] })
  })

  it('disclosures', () => {
    const report = verify(changed(textOf('everything disclosed'), ['disclosures'], []))
    expect(report).toMatchObject({ valid: true, disclosures: { verdict: 'absent' } })
  })

  it('the revocation behind a refusal: then it is the word of the executor alone', () => {
    const whole = textOf('revoked before')
    expect(verify(whole).facts?.refusal).toBe('confirmed')
    expect(verify(changed(whole, ['authority', 'revocations'], [])).facts?.refusal).toBe('executor-only')
  })
})

describe('bounds', () => {
  const text = textOf('a call and its result')
  const fill = (sizeBytes: number): string => {
    const empty = changed(text, ['disclosures'], [opening('')])
    return changed(text, ['disclosures'], [opening('a'.repeat(sizeBytes - utf8(empty).length))])
  }
  const opening = (value: string) => ({ layer: 'intent', path: 'params', salt: 'A'.repeat(43), value })

  it('reads as many bytes as allowed, and not one more', () => {
    expect(verify(fill(PROOF_BUNDLE_MAX_BYTES)).code).toBe('PROOF_DISCLOSURE_MISMATCH')
    expect(verify(fill(PROOF_BUNDLE_MAX_BYTES + 1)).code).toBe('PROOF_TOO_LARGE')
  })

  it('reads bytes as well as text', () => {
    expect(verify(new TextEncoder().encode(text)).valid).toBe(true)
    expect(verify(Uint8Array.of(0xff, 0xfe)).code).toBe('PROOF_FORM_INVALID')
  })

  it('answers any text and any bytes with a report', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.uint8Array()), (input) => !verify(input).valid),
      { seed: 42, numRuns: 500 },
    )
  })
})
