/** Commitments to the parts of a value (spec 10-audit-entry, clause 10.8): vectors, properties, misuse, failures. */
import {
  type ExactJson,
  FIELDS_MAX_BYTES,
  FIELDS_MAX_LEAVES,
  type FieldOpening,
  type FieldsName,
  FieldTree,
  isField,
  parseExactJson,
  readFields,
  splitFields,
  verifyField,
  writeExactJson,
} from '@talos/audit'
import { concatBytes, fromHex, fromUtf8, toHex, utf8 } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { leafHash } from '@talos/merkle'
import { repoVectors } from '@talos/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kernel } from './fixtures.ts'

const SALT_KEY = new Uint8Array(32).fill(3)
const LIMITS = { maxBytes: FIELDS_MAX_BYTES, maxDepth: 128 }

// biome-ignore lint/suspicious/noExplicitAny: the members of a case depend on its operation
type Input = any

function treeOf(
  json: string,
  changes: { readonly name?: string; readonly saltKey?: Uint8Array } = {},
): FieldTree | undefined {
  const { name = 'arguments', saltKey = SALT_KEY } = changes
  const value = readFields(utf8(json))
  return value === undefined ? undefined : new FieldTree({ name: name as FieldsName, value, saltKey, kernel })
}

function present(tree: FieldTree | undefined): FieldTree {
  if (tree === undefined) throw new Error('the value was not split')
  return tree
}

const operations: Readonly<Record<string, (input: Input) => object>> = {
  split: ({ name, saltKeyHex, json }) => {
    const tree = treeOf(json, { name, saltKey: fromHex(saltKeyHex) })
    if (tree === undefined) return {}
    const texts = tree.pointers.map((pointer) => [pointer, fromUtf8(tree.open(pointer).text)])
    return { parts: Object.fromEntries(texts), rootHex: toHex(tree.root) }
  },
  open: ({ name, pointer, text, saltHex, index, proofHex, rootHex }) => {
    const opening = { pointer, text: utf8(text), salt: fromHex(saltHex), index, proof: proofHex.map(fromHex) }
    const value = verifyField({ ...opening, name, root: fromHex(rootHex), kernel })
    expect(writeExactJson(value)).toBe(text)
    return {}
  },
}

describe('the cases of audit/fields.json', () => {
  it.each(repoVectors('audit/fields.json').cases.map((vector) => ({ ...vector })))('$id: $description', (vector) => {
    const { first, ...expected } = (vector.valid ? vector.expected : {}) as Input
    const outcome = outcomeOf(() => operations[String(vector.input['operation'])]?.(vector.input) ?? {})
    expect(outcome).toEqual(vector.valid ? { expected } : { error: vector.error })
    if (first === undefined) return
    const { json, name, saltKeyHex } = vector.input as Input
    const { pointer, text, salt, index, proof } = present(treeOf(json, { name, saltKey: fromHex(saltKeyHex) })).open(
      first.pointer,
    )
    expect({ pointer, text: fromUtf8(text), saltHex: toHex(salt), index, proofHex: proof.map(toHex) }).toEqual({
      pointer: first.pointer,
      text: first.text,
      saltHex: first.saltHex,
      index: first.index,
      proofHex: first.proofHex,
    })
  })
})

function outcomeOf(run: () => object): object {
  try {
    return { expected: run() }
  } catch (error) {
    return { error: isTalosError(error) ? error.code : String(error) }
  }
}

const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value))
const wellFormed = json.filter((text) => readFields(utf8(text)) !== undefined)

describe('every value', () => {
  it('is told by its parts: each verifies, and together they are the whole', () => {
    const all = fc.property(wellFormed, fc.constantFrom<FieldsName>('arguments', 'output'), (text, name) => {
      const tree = present(treeOf(text, { name }))
      const value = parseExactJson(utf8(text), LIMITS)
      for (const pointer of tree.pointers) {
        const part = verifyField({ ...tree.open(pointer), name, root: tree.root, kernel })
        expect(writeExactJson(part)).toBe(writeExactJson(at(value, pointer)))
      }
      const leaves = tree.pointers.reduce((sum, pointer) => sum + scalars(at(value, pointer)), 0)
      expect(leaves).toBe(scalars(value))
    })
    fc.assert(all, { seed: 42, numRuns: 300 })
  })

  it('has one root, however it is written', () => {
    const same = fc.property(wellFormed, (text) => {
      const rewritten = writeExactJson(parseExactJson(utf8(text), LIMITS))
      expect(present(treeOf(rewritten)).root).toEqual(present(treeOf(text)).root)
      expect(present(treeOf(JSON.stringify(JSON.parse(text), null, 2))).root).toEqual(present(treeOf(text)).root)
    })
    fc.assert(same, { seed: 42, numRuns: 200 })
  })

  it('has another root under another key', () => {
    const other = fc.property(wellFormed, (text) => {
      const saltKey = new Uint8Array(32).fill(4)
      expect(present(treeOf(text, { saltKey })).root).not.toEqual(present(treeOf(text)).root)
    })
    fc.assert(other, { seed: 42, numRuns: 50 })
  })

  it('cannot be opened as another one: value, pointer, place and name are bound', () => {
    const forged = fc.property(wellFormed, wellFormed, fc.nat(255), (text, wrong, index) => {
      const tree = present(treeOf(text))
      for (const pointer of tree.pointers.slice(0, 4)) {
        const opening = { ...tree.open(pointer), name: 'arguments' as const, root: tree.root, kernel }
        const value = utf8(writeExactJson(parseExactJson(utf8(wrong), LIMITS)))
        expect(isField({ ...opening, text: value })).toBe(toHex(value) === toHex(opening.text))
        const place = index % 2 ** opening.proof.length
        expect(isField({ ...opening, index: place })).toBe(place === opening.index)
        expect(isField({ ...opening, name: 'output' })).toBe(false)
        for (const other of tree.pointers.slice(0, 4)) {
          expect(isField({ ...opening, pointer: other })).toBe(other === pointer)
        }
      }
    })
    fc.assert(forged, { seed: 42, numRuns: 100 })
  })
})

describe('what is not opened', () => {
  it('cannot be guessed from what is: the hash beside it fits no guess without the salt, and fits with it', () => {
    const tree = present(treeOf('{"pin":"0042","a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7}'))
    const right = hashOfGuess({ pointer: '/pin', text: '"0042"', salt: tree.open('/pin').salt })
    const beside = tree.pointers
      .map((pointer) => tree.open(pointer))
      .find(({ proof }) => toHex(proof[0] ?? new Uint8Array(0)) === right)
    if (beside === undefined) throw new Error('no opening shows the hash of the secret leaf')
    const shown = new Set(beside.proof.map((hash) => toHex(hash)))
    expect(shown.has(right)).toBe(true)
    for (let pin = 0; pin < 10_000; pin += 1) {
      const text = JSON.stringify(String(pin).padStart(4, '0'))
      for (const salt of [beside.salt, new Uint8Array(32)]) {
        expect(shown.has(hashOfGuess({ pointer: '/pin', text, salt }))).toBe(false)
      }
    }
  })

  it('is not even counted: one leaf and eight have proofs of one length', () => {
    const one = present(treeOf('{"a":1}')).open('/a')
    const eight = present(treeOf('{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8}')).open('/a')
    expect([one.proof.length, eight.proof.length]).toEqual([3, 3])
  })

  it('does not show by the place of what is: places follow the salted commitments', () => {
    const places = Array.from(
      { length: 64 },
      (_, seed) => present(treeOf('{"a":1,"b":2}', { saltKey: new Uint8Array(32).fill(seed) })).open('/a').index,
    )
    expect(new Set(places).size).toBe(8)
  })
})

/** The hash of a leaf as somebody makes it who guesses a value. */
function hashOfGuess({
  pointer,
  text,
  salt,
}: Pick<FieldOpening, 'pointer' | 'salt'> & { readonly text: string }): string {
  const path = utf8(`arguments${pointer}`)
  const length = new Uint8Array([0, 0, 0, path.length])
  const commitment = kernel.sha256(concatBytes(utf8('talos/commit-bytes/v1\0'), salt, length, path, utf8(text)))
  return toHex(leafHash(kernel, commitment))
}

describe('limits and failures', () => {
  it('refuses a pointer where there is no part of its own', () => {
    const tree = present(treeOf('{"a":{"b":1}}'))
    expect(outcomeOf(() => tree.open('/a'))).toEqual({ error: 'AUDIT_FIELD_UNKNOWN' })
  })

  it('splits into at most 256 parts, whatever the shape', () => {
    const shapes = fc.array(fc.nat(300), { maxLength: 6 })
    const bounded = fc.property(shapes, (counts) => {
      const value = counts.map((count) => Array.from({ length: count }, (_, index) => ({ index })))
      const fields = splitFields(parseExactJson(utf8(JSON.stringify(value)), LIMITS))
      expect(fields.length).toBeLessThanOrEqual(FIELDS_MAX_LEAVES)
    })
    fc.assert(bounded, { seed: 42, numRuns: 60 })
  })

  it('reads what JSON.parse reads, but for what it says that it refuses', () => {
    const texts = fc.oneof(
      json,
      fc.string(),
      fc.constantFrom(
        '"\u0001"',
        '"\\x"',
        '[1,]',
        '01',
        '-',
        '1.',
        '1e',
        '{"a"1}',
        '{a:1}',
        '"a',
        '"\\"',
        'tru',
        '[1 2]',
        '{"a":1 "b":2}',
        '',
      ),
    )
    const alike = fc.property(texts, (text) => {
      const mine = readFields(utf8(text))
      const own = mine === undefined ? REFUSED : { value: JSON.parse(writeExactJson(mine)) }
      expect([nativeReading(text), REFUSED]).toContainEqual(own)
    })
    fc.assert(alike, { seed: 42, numRuns: 500 })
  })

  it('lets a defect of the kernel through as what it is', () => {
    const broken: Kernel = {
      ...kernel,
      nodeHash: () => {
        throw new RangeError('defect')
      },
    }
    const tree = present(treeOf('{"a":1}'))
    const claim = { ...tree.open('/a'), name: 'arguments' as const, root: tree.root, kernel: broken }
    expect(outcomeOf(() => ({ ok: isField(claim) }))).toEqual({ error: 'RangeError: defect' })
  })

  it('does not take a failure of its caller for bad JSON', () => {
    const bytes = new Proxy(new Uint8Array(2), {
      get: () => {
        throw new RangeError('defect')
      },
    })
    expect(outcomeOf(() => ({ value: readFields(bytes) }))).toEqual({ error: 'RangeError: defect' })
  })
})

const REFUSED = 'refused'

function nativeReading(text: string): unknown {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return REFUSED
  }
}

/** The value at a pointer, by a reading of RFC 6901 of its own. */
function at(value: ExactJson, pointer: string): ExactJson {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((part, token): ExactJson => {
      const inner = part instanceof Map ? part.get(token) : (part as readonly ExactJson[])[Number(token)]
      if (inner === undefined) throw new Error(`nothing stands at ${pointer}`)
      return inner
    }, value)
}

/** How many scalars and empty containers a value has. */
function scalars(value: ExactJson): number {
  const inner = value instanceof Map ? [...value.values()] : Array.isArray(value) ? (value as readonly ExactJson[]) : []
  return inner.length === 0 ? 1 : inner.reduce<number>((sum, one) => sum + scalars(one), 0)
}
