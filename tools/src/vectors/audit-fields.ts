/**
 * Vectors of commitments to the parts of a value. The parts and their texts are written out by hand; hashes come from
 * `node:crypto` and the recursive tree of RFC 6962, never from the code that the vectors test.
 */
import { createHmac } from 'node:crypto'
import { hex, path, sha256, treeHash } from './merkle-tree.ts'

interface FieldsCase {
  readonly clause: string
  readonly description: string
  readonly input: Readonly<Record<string, unknown>>
  readonly expected?: Readonly<Record<string, unknown>>
  readonly error?: string
}

/** A pointer and the text of the value there. */
type Part = readonly [pointer: string, text: string]

const CLAUSE = '10.8'
const SALT_KEY = Buffer.alloc(32, 9)

interface Value {
  readonly description: string
  readonly name: 'arguments' | 'output'
  readonly json: string
  /** In any order. */
  readonly parts: readonly Part[]
}

const LONG = 'k'.repeat(509)
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

const ORDINARY: Value = {
  description: 'an object, whose members are leaves',
  name: 'arguments',
  json: '{"path":"/srv/a.txt","line":7}',
  parts: [
    ['/path', '"/srv/a.txt"'],
    ['/line', '7'],
  ],
}

const VALUES: readonly Value[] = [
  ORDINARY,
  {
    ...ORDINARY,
    description: 'the same members in another order, with white space',
    json: ' { "line" : 7,\n"path":"/srv/a.txt"}',
  },
  { ...ORDINARY, description: 'the same parts as output: other salts, other leaves, other pads', name: 'output' },
  { description: 'the empty object, which is one leaf', name: 'arguments', json: '{}', parts: [['', '{}']] },
  { description: 'a value that is no container', name: 'output', json: '"done"', parts: [['', '"done"']] },
  {
    description: 'containers in containers; empty ones are leaves',
    name: 'output',
    json: '{"content":[{"type":"text","text":"seven"},[],{}],"isError":false,"none":null}',
    parts: [
      ['/content/0/type', '"text"'],
      ['/content/0/text', '"seven"'],
      ['/content/1', '[]'],
      ['/content/2', '{}'],
      ['/isError', 'false'],
      ['/none', 'null'],
    ],
  },
  {
    description: 'numbers keep their characters',
    name: 'arguments',
    json: '[1,1.0,1e0,-0,9007199254740993,1E400]',
    parts: ['1', '1.0', '1e0', '-0', '9007199254740993', '1E400'].map((text, index) => [`/${index}`, text]),
  },
  {
    description: 'strings lose the spelling of their escapes alone',
    name: 'arguments',
    json: '{"\\u0061":"\\u0041\\/\\u000a\\u00fc","\\ud83d\\ude00":""}',
    parts: [
      ['/a', '"A/\\nü"'],
      ['/😀', '""'],
    ],
  },
  {
    description: 'names that a pointer escapes, an empty name, and one that is special elsewhere',
    name: 'arguments',
    json: '{"a/b":1,"m~n":2,"":3,"__proto__":4}',
    parts: [
      ['/a~1b', '1'],
      ['/m~0n', '2'],
      ['/', '3'],
      ['/__proto__', '4'],
    ],
  },
  {
    description: 'nine leaves, padded to sixteen',
    name: 'arguments',
    json: `[${range(9).join(',')}]`,
    parts: range(9).map((index) => [`/${index}`, String(index)]),
  },
  {
    description: 'an array of 256 items',
    name: 'output',
    json: `[${range(256).join(',')}]`,
    parts: range(256).map((index) => [`/${index}`, String(index)]),
  },
  {
    description: 'an array of 257 items, which is one leaf',
    name: 'output',
    json: `[${range(257).join(', ')}]`,
    parts: [['', `[${range(257).join(',')}]`]],
  },
  {
    description: 'a long array beside a short one: the short one is split',
    name: 'output',
    json: `{"rows":[${range(300).join(',')}],"content":[{"b":1,"a":2}]}`,
    parts: [
      ['/rows', `[${range(300).join(',')}]`],
      ['/content/0/a', '2'],
      ['/content/0/b', '1'],
    ],
  },
  {
    description: 'room for one of two objects: the first by name',
    name: 'arguments',
    json: `{"b":[${range(200).join(',')}],"a":[${range(200).join(',')}]}`,
    parts: [...range(200).map((index): Part => [`/a/${index}`, String(index)]), ['/b', `[${range(200).join(',')}]`]],
  },
  {
    description: 'members of a leaf stand in the order of their names in UTF-16',
    name: 'output',
    json: `{"x":{"\uffee":1,"\u{1f600}":2,"b":[${range(257).join(',')}],"a":{"d":1.50,"c":[ ]}}}`,
    parts: [
      ['/x/\uffee', '1'],
      ['/x/\u{1f600}', '2'],
      ['/x/b', `[${range(257).join(',')}]`],
      ['/x/a/c', '[]'],
      ['/x/a/d', '1.50'],
    ],
  },
  {
    description: 'a pointer of 512 units',
    name: 'arguments',
    json: `{"${LONG}":{"a":1}}`,
    parts: [[`/${LONG}/a`, '1']],
  },
  {
    description: 'a pointer that would have 513 units: the container stays whole',
    name: 'arguments',
    json: `{"${LONG}":{"ab":1,"a":2},"b":1}`,
    parts: [
      [`/${LONG}`, '{"a":2,"ab":1}'],
      ['/b', '1'],
    ],
  },
]

const UNSPLIT: readonly (readonly [description: string, json: string])[] = [
  ['a repeated name', '{"a":1,"a":2}'],
  ['a repeated name, once in escapes', '{"a":1,"\\u0061":2}'],
  ['a lone surrogate', '{"a":"\\ud800"}'],
  ['no JSON', '{"a":1,}'],
  ['something behind it', '{} {}'],
  ['nesting of 129', `${'['.repeat(129)}${']'.repeat(129)}`],
  ['262,145 bytes', `"${'x'.repeat(262_143)}"`],
]

function commitment(name: string, [pointer, text]: Part): Buffer {
  const whole = Buffer.from(`${name}${pointer}`)
  return sha256('talos/commit-bytes/v1\0', saltOf(name, pointer), u32(whole.length), whole, text)
}

function saltOf(name: string, pointer: string): Buffer {
  const place = Buffer.alloc(8)
  return createHmac('sha256', SALT_KEY).update('talos/salt/v1\0').update(place).update(`${name}${pointer}`).digest()
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Sorted, with pads. */
function leavesOf({ name, parts }: Value): Buffer[] {
  const padKey = createHmac('sha256', SALT_KEY).update(`talos/pad/v1\0${name}`).digest()
  const count = [8, 16, 32, 64, 128, 256].find((size) => size >= parts.length) ?? 256
  const pads = range(count - parts.length).map((index) => sha256(Buffer.of(0), padKey, u32(index)))
  return [...parts.map((part) => commitment(name, part)), ...pads].sort((one, other) => Buffer.compare(one, other))
}

function opening(value: Value, pointer: string) {
  const leaves = leavesOf(value)
  const part = value.parts.find(([one]) => one === pointer)
  if (part === undefined) throw new Error('there is no such part')
  const own = commitment(value.name, part)
  const index = leaves.findIndex((leaf) => leaf.equals(own))
  return {
    operation: 'open',
    name: value.name,
    pointer,
    text: part[1],
    saltHex: hex(saltOf(value.name, pointer)),
    index,
    proofHex: path(index, leaves).map(hex),
    rootHex: hex(treeHash(leaves)),
  }
}

/** The root over the parts of a value, and the openings of some of them as a bundle has them (12-proof-bundle 12.9). */
export function disclosedFields(value: Pick<Value, 'name' | 'parts'>, layer: 'intent' | 'execution') {
  const whole = { description: '', json: '', ...value }
  return {
    root: hex(treeHash(leavesOf(whole))),
    open: (pointer: string) => {
      const { text, saltHex, index, proofHex } = opening(whole, pointer)
      const proof = proofHex.map((hash) => Buffer.from(hash, 'hex').toString('base64'))
      const salt = Buffer.from(saltHex, 'hex').toString('base64url')
      return { text, disclosure: { layer, path: value.name, pointer, salt, index, proof } }
    },
  }
}

export function fieldCases(): FieldsCase[] {
  const splits = VALUES.map((value): FieldsCase => {
    const { description, name, json, parts } = value
    const input = { operation: 'split', name, saltKeyHex: hex(SALT_KEY), json }
    const [first = ['', '']] = parts
    const expected = {
      parts: Object.fromEntries(parts),
      rootHex: hex(treeHash(leavesOf(value))),
      first: opening(value, first[0]),
    }
    return { clause: CLAUSE, description, input, expected }
  })
  const whole = UNSPLIT.map(
    ([description, json]): FieldsCase => ({
      clause: CLAUSE,
      description: `not split: ${description}`,
      input: { operation: 'split', name: 'arguments', saltKeyHex: hex(SALT_KEY), json },
      expected: {},
    }),
  )
  return [...splits, ...whole, ...openings(), ...falseOpenings()]
}

function openings(): FieldsCase[] {
  return ORDINARY.parts.map(([pointer]) => ({
    clause: CLAUSE,
    description: `opens ${pointer}`,
    input: opening(ORDINARY, pointer),
    expected: {},
  }))
}

function falseOpenings(): FieldsCase[] {
  const base = opening(ORDINARY, '/line')
  const other = opening(ORDINARY, '/path')
  const no = (error: string, description: string, change: Readonly<Record<string, unknown>>): FieldsCase => ({
    clause: CLAUSE,
    description,
    input: { ...base, ...change },
    error,
  })
  const [mismatch, form] = ['AUDIT_COMMITMENT_MISMATCH', 'AUDIT_FIELD_INVALID']
  const [first = '', ...rest] = base.proofHex
  return [
    no(mismatch, 'another value', { text: '8' }),
    no(mismatch, 'another pointer', { pointer: '/path' }),
    no(mismatch, 'another name', { name: 'output' }),
    no(mismatch, 'the salt of another part', { saltHex: other.saltHex }),
    no(mismatch, 'another index', { index: base.index ^ 1 }),
    no(mismatch, 'another root', { rootHex: hex(Buffer.alloc(32)) }),
    no(mismatch, 'two hashes exchanged', { proofHex: [rest[0], first, rest[1]] }),
    no(mismatch, 'a tree of sixteen', { proofHex: [...base.proofHex, first] }),
    no(mismatch, 'a hash of 31 bytes', { proofHex: [first.slice(2), ...rest] }),
    no(form, 'a proof of two hashes', { proofHex: rest, index: 0 }),
    no(form, 'a proof of nine hashes', { proofHex: Array.from({ length: 9 }, () => first) }),
    no(form, 'an index past the end', { index: 8 }),
    no(form, 'a salt of 31 bytes', { saltHex: base.saltHex.slice(2) }),
    no(form, 'a pointer that does not begin with a slash', { pointer: 'line' }),
    no(form, 'a pointer with a tilde that escapes nothing', { pointer: '/~2' }),
    no(form, 'a pointer of 513 units', { pointer: `/${'x'.repeat(512)}` }),
    no(form, 'a text that is no JSON', { text: 'seven' }),
    no(form, 'a text with white space', { text: ' 7' }),
    no(form, 'a text whose members stand in another order', { text: '{"b":1,"a":2}' }),
  ]
}
