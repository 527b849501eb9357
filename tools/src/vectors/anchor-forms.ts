/** Vectors of what anchors are made of: RLP, statements, and whether anchors grow. */
import { fill, hex, type Item, leafHash, rlp, sha256, uint } from './anchor-scene.ts'

export interface Case {
  readonly clause: string
  readonly description: string
  readonly input: object
  readonly expected?: object
  readonly error?: string
}

/** Nested lists of hexadecimal texts. */
function shown(item: Item): unknown {
  return item instanceof Uint8Array ? hex(item) : item.map(shown)
}

export function rlpCases(): Case[] {
  const clause = '25.5'
  const good: [string, Item][] = [
    ['the empty string', new Uint8Array(0)],
    ['the byte 0', Uint8Array.of(0)],
    ['the largest byte that stands for itself', Uint8Array.of(0x7f)],
    ['the smallest byte that does not', Uint8Array.of(0x80)],
    ['a string of 55 bytes, the longest with a short length', fill(55, 1)],
    ['a string of 56 bytes', fill(56, 1)],
    ['a string of 256 bytes', fill(256, 1)],
    ['the empty list', []],
    ['lists in lists', [[], [[]], [[], [[]]]]],
    ['a list of 55 bytes', [fill(54, 1)]],
    ['a list of 56 bytes', [fill(55, 1)]],
    ['strings of several lengths', [uint(1), fill(20, 2), fill(60, 3), []]],
  ]
  const bad: [string, string][] = [
    ['nothing', ''],
    ['a byte after the item', '0000'],
    ['a byte that stands for itself with a length', '8100'],
    ['a byte that stands for itself with a length, at the limit', '817f'],
    ['a short length written long', `b837${'01'.repeat(55)}`],
    ['a length with a zero before it', `b90038${'01'.repeat(56)}`],
    ['a string that ends too early', '8201'],
    ['a length that ends too early', 'b9'],
    ['a list that ends too early', 'c20'.padEnd(4, '1')],
    ['an item that reaches beyond its list', 'c28301'],
    ['a short length of a list written long', 'f80100'],
    ['a length of 2^53', 'bf0020000000000000'],
    ['a length of eight bytes', 'bf0100000000000000'],
    ['nine lists in each other', `${[...Array(9).keys()].map((depth) => (0xc0 + 9 - depth).toString(16)).join('')}c0`],
  ]
  return [
    ...good.map(([description, item]) => ({
      clause,
      description,
      input: { encodedHex: hex(rlp(item)) },
      expected: { item: shown(item) },
    })),
    ...bad.map(([description, encodedHex]) => ({ clause, description, input: { encodedHex }, error: 'RLP_INVALID' })),
  ]
}

const ORIGIN = 'talos/z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp/1'
export const CHECKPOINT = { kind: 'checkpoint', origin: ORIGIN, root: hex(sha256(fill(3, 3))), size: 42, v: 1 }
export const OTHER = { ...CHECKPOINT, size: 43 }

export const leafOf = (statement: object) => new Uint8Array(Buffer.from(JSON.stringify(statement)))

export function statementCases(): Case[] {
  const clause = '25.2'
  const issuer = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
  const good: [string, object][] = [
    ['the head of an audit log', CHECKPOINT],
    ['the head of a list of revocations', { digest: hex(fill(32, 5)), issuer, kind: 'revocations', n: 3, v: 1 }],
    [
      'the head of a key log',
      {
        did: 'did:talos:QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR',
        hash: hex(fill(32, 6)),
        kind: 'identity',
        v: 1,
        version: 2,
      },
    ],
  ]
  const bad: [string, string, string][] = [
    [
      'members out of order',
      JSON.stringify({ kind: CHECKPOINT.kind, v: 1, origin: ORIGIN, size: 42, root: CHECKPOINT.root }),
      'JSON_INVALID',
    ],
    ['a member more', JSON.stringify({ ...CHECKPOINT, z: 1 }), 'SCHEMA_INVALID'],
    ['another version', JSON.stringify({ ...CHECKPOINT, v: 2 }), 'SCHEMA_INVALID'],
    ['another kind', JSON.stringify({ ...CHECKPOINT, kind: 'message' }), 'SCHEMA_INVALID'],
    ['a root in capitals', JSON.stringify({ ...CHECKPOINT, root: 'A'.repeat(64) }), 'SCHEMA_INVALID'],
    ['more than 2,048 bytes', JSON.stringify({ ...CHECKPOINT, origin: 'o'.repeat(2_048) }), 'INPUT_TOO_LARGE'],
  ]
  return [
    ...good.map(([description, statement]) => ({
      clause,
      description,
      input: { leaf: JSON.stringify(statement) },
      expected: { statement, leafHashHex: hex(leafHash(leafOf(statement))) },
    })),
    ...bad.map(([description, leaf, error]) => ({ clause, description, input: { leaf }, error })),
  ]
}

export function growthCases(): Case[] {
  const of = (size: number, value = size) => ({ size, rootHex: hex(fill(32, value)) })
  const cases: [string, ReturnType<typeof of>[], string[]][] = [
    ['no anchor', [], []],
    ['each larger than the one before', [of(1), of(2), of(9)], ['counts', 'counts', 'counts']],
    ['the newest one again', [of(5), of(5)], ['counts', 'repeated']],
    ['a smaller one', [of(5), of(4), of(6)], ['counts', 'void', 'counts']],
    ['an older one again', [of(5), of(6), of(5)], ['counts', 'counts', 'void']],
    ['two trees of one size', [of(5), of(6), of(5, 7)], ['counts', 'counts', 'conflict']],
  ]
  return cases.map(([description, heads, verdicts]) => ({
    clause: '25.3',
    description,
    input: { heads },
    expected: { verdicts },
  }))
}
