/** Cases of envelopes, signed entries and growing trees, computed from their definitions with `node:crypto`. */
import { casesOf, flipped, type KernelCase, pattern, repeated, sha256 } from './kernel-case.ts'
import { signature, verifyingKeyOf } from './kernel-keys.ts'

const envelopes = casesOf('20.17', 'verifyEnvelopes')
const entries = casesOf('20.18', 'verifyEntries')
const append = casesOf('20.19', 'appendLeaves')

const SEED = pattern('evidence seed', 32)
const KEY = verifyingKeyOf(SEED)
const OTHER_SEED = pattern('evidence other seed', 32)
const OTHER_KEY = verifyingKeyOf(OTHER_SEED)
/** The identity point, of order 1: with R = 1 and S = 0 it satisfies the equation for every message. */
const SMALL_ORDER = `01${repeated(0, 31)}`

export function evidenceCases(): KernelCase[] {
  return [...envelopeCases(), ...entryCases(), ...appendCases(), ...largeTreeCases(), ...appendRefusals()]
}

/** An envelope, the key that is asked for, and the verdict due. */
type Judged = readonly [envelopeHex: string, publicKeyHex: string, valid: boolean]

function envelopeOf(signedHex: string, seedHex = SEED): string {
  return `825840${signature(seedHex, signedHex)}${signedHex}`
}

function envelopeCases(): KernelCase[] {
  const signed = pattern('evidence signed', 200)
  const good = envelopeOf(signed)
  const judged = (description: string, items: readonly Judged[]): KernelCase => {
    const envelopesHex = items.map(([envelopeHex]) => envelopeHex)
    const publicKeysHex = items.map(([, publicKeyHex]) => publicKeyHex)
    const digestsHex = envelopesHex.map(sha256)
    const valid = items.map(([, , verdict]) => verdict)
    return envelopes.valid(description, { envelopesHex, publicKeysHex }, { digestsHex, valid })
  }
  const refused = (description: string, envelopeHex: string, key = KEY): KernelCase =>
    judged(description, [[envelopeHex, key, false]])
  const many = Array.from({ length: 65 }, (_, index): Judged => [envelopeOf(repeated(index, 10)), KEY, true])
  return [
    judged('one envelope', [[good, KEY, true]]),
    judged('no envelope', []),
    judged('a chain of three keys', [
      [good, KEY, true],
      [envelopeOf(signed, OTHER_SEED), OTHER_KEY, true],
      [envelopeOf(repeated(1, 3_000)), KEY, true],
    ]),
    judged('one forgery among others, which stay valid', [
      [good, KEY, true],
      [flipped(good, -1), KEY, false],
      [envelopeOf(signed, OTHER_SEED), OTHER_KEY, true],
      [good, OTHER_KEY, false],
      [good, KEY, true],
    ]),
    judged('64 envelopes', many.slice(1)),
    judged('an envelope of the prefix and a signature over nothing', [[envelopeOf(''), KEY, true]]),
    refused('the key of somebody else', good, OTHER_KEY),
    refused('R is changed', flipped(good, 3)),
    refused('S is changed', flipped(good, 35)),
    refused('the signed bytes are changed', flipped(good, 67)),
    refused('the signed bytes are cut', good.slice(0, -2)),
    refused('the signed bytes are longer', `${good}00`),
    refused('the first byte says an array of three', `83${good.slice(2)}`),
    refused('the second byte says a text', `8278${good.slice(4)}`),
    refused('the third byte says another length', `82583f${good.slice(6)}`),
    refused('the signature in a longer head than needed', `825900${good.slice(4)}`),
    refused('nothing at all', ''),
    refused('two bytes', '8258'),
    refused('the prefix alone', '825840'),
    refused('a signature of 63 bytes', good.slice(0, 132)),
    refused('a key of 31 bytes', good, KEY.slice(2)),
    refused('a key of 33 bytes', good, `${KEY}00`),
    refused('a key of no bytes', good, ''),
    refused('a key and R of small order, the equation holds', `825840${SMALL_ORDER}${repeated(0, 32)}aa`, SMALL_ORDER),
    envelopes.invalid(
      '65 envelopes',
      { envelopesHex: many.map(([envelopeHex]) => envelopeHex), publicKeysHex: many.map(() => KEY) },
      'KERNEL_PARAMETER',
    ),
  ]
}

function entryCases(): KernelCase[] {
  const list = Array.from({ length: 20 }, (_, index) => pattern(`evidence entry ${index}`, index * 31))
  const signatures = list.map((entry) => signature(SEED, entry))
  const judged = (
    description: string,
    { entriesHex = list, signaturesHex = signatures, publicKeyHex = KEY },
    valid: readonly boolean[],
  ): KernelCase =>
    entries.valid(
      description,
      { publicKeyHex, entriesHex, signaturesHex },
      { leafHashesHex: entriesHex.map(leaf), valid },
    )
  const all = (verdict: boolean): boolean[] => list.map(() => verdict)
  const but = (...positions: readonly number[]): boolean[] => list.map((_, index) => !positions.includes(index))
  const exchanged = [...signatures.slice(0, 3), ...signatures.slice(3, 5).toReversed(), ...signatures.slice(5)]
  return [
    judged('twenty entries', {}, all(true)),
    judged('no entry', { entriesHex: [], signaturesHex: [] }, []),
    judged('one entry', { entriesHex: list.slice(7, 8), signaturesHex: signatures.slice(7, 8) }, [true]),
    judged('one changed entry', { entriesHex: list.with(7, flipped(pattern('evidence entry 7', 217), 0)) }, but(7)),
    judged(
      'one changed signature',
      { signaturesHex: signatures.with(19, flipped(signature(SEED, list.at(-1) ?? ''), 63)) },
      but(19),
    ),
    judged('two signatures that changed places', { signaturesHex: exchanged }, but(3, 4)),
    judged('one signature of 63 bytes', { signaturesHex: signatures.with(2, repeated(1, 63)) }, but(2)),
    judged('one signature of no bytes', { signaturesHex: signatures.with(0, '') }, but(0)),
    judged(
      'one signature by another key',
      { signaturesHex: signatures.with(5, signature(OTHER_SEED, pattern('evidence entry 5', 155))) },
      but(5),
    ),
    judged('the key of somebody else', { publicKeyHex: OTHER_KEY }, all(false)),
    judged('a key of 31 bytes', { publicKeyHex: KEY.slice(2) }, all(false)),
    judged('a key on no point', { publicKeyHex: `02${repeated(0, 31)}` }, all(false)),
    judged(
      'a key and R of small order, the equation holds',
      { publicKeyHex: SMALL_ORDER, signaturesHex: list.map(() => SMALL_ORDER + repeated(0, 32)) },
      all(false),
    ),
    entries.invalid(
      'a signature less than entries',
      { publicKeyHex: KEY, entriesHex: list, signaturesHex: signatures.slice(1) },
      'KERNEL_PARAMETER',
    ),
    entries.invalid(
      'a signature more than entries',
      { publicKeyHex: KEY, entriesHex: list.slice(1), signaturesHex: signatures },
      'KERNEL_PARAMETER',
    ),
  ]
}

/** Trees whose leaves are all known, before and after. */
function appendCases(): KernelCase[] {
  const sizes: ReadonlyArray<readonly [before: number, more: number]> = [
    [0, 0],
    [0, 1],
    [0, 2],
    [0, 7],
    [1, 1],
    [2, 1],
    [3, 1],
    [5, 3],
    [7, 1],
    [7, 0],
    [8, 8],
    [11, 22],
    [127, 130],
  ]
  return sizes.map(([size, more]) => {
    const all = Array.from({ length: size + more }, (_, index) => pattern(`tree leaf ${index}`, index % 50))
    const leavesHex = all.slice(size)
    return append.valid(
      `${more} leaves to a tree of ${size}`,
      { size, edgeHex: edge(all.slice(0, size)), leavesHex },
      { leafHashesHex: leavesHex.map(leaf), edgeHex: edge(all) },
    )
  })
}

/** Sizes that no counter of 32 bits holds; the edges are arbitrary. */
function largeTreeCases(): KernelCase[] {
  const roots = (count: number): string[] => Array.from({ length: count }, (_, index) => pattern(`root ${index}`, 32))
  const leafHex = pattern('tree leaf', 10)
  const folded = (count: number): string => roots(count).reduceRight((right, left) => node(left, right), leaf(leafHex))
  const grown = (description: string, size: number, edgeHex: string, grownHex: string): KernelCase =>
    append.valid(
      description,
      { size, edgeHex, leavesHex: [leafHex] },
      { leafHashesHex: [leaf(leafHex)], edgeHex: grownHex },
    )
  const half = roots(1).join('')
  return [
    grown('a leaf to a tree of 2^40 - 1', 2 ** 40 - 1, roots(40).join(''), folded(40)),
    grown('a leaf to a tree of 2^52', 2 ** 52, half, half + leaf(leafHex)),
    grown('the last leaf there is room for', 2 ** 53 - 2, roots(52).join(''), roots(52).join('') + leaf(leafHex)),
  ]
}

function appendRefusals(): KernelCase[] {
  const leavesHex = [pattern('tree leaf', 10)]
  const full = Array.from({ length: 53 }, (_, index) => pattern(`root ${index}`, 32)).join('')
  const refused = (description: string, size: number, edgeHex: string, error: string): KernelCase =>
    append.invalid(description, { size, edgeHex, leavesHex }, error)
  return [
    refused('an edge of one root less', 3, repeated(1, 32), 'KERNEL_ARGUMENT'),
    refused('an edge of one root more', 3, repeated(1, 96), 'KERNEL_ARGUMENT'),
    refused('an edge that ends within a root', 3, repeated(1, 63), 'KERNEL_ARGUMENT'),
    refused('an edge of an empty tree', 0, repeated(1, 32), 'KERNEL_ARGUMENT'),
    refused('a full tree', 2 ** 53 - 1, full, 'KERNEL_PARAMETER'),
    refused('a size past every integer that is exact', 2 ** 53, repeated(1, 32), 'KERNEL_PARAMETER'),
    refused('a size below nothing', -1, '', 'KERNEL_PARAMETER'),
    refused('half a leaf', 1.5, repeated(1, 32), 'KERNEL_PARAMETER'),
    refused('a wrong size and a wrong edge: the size is told', -1, repeated(1, 32), 'KERNEL_PARAMETER'),
  ]
}

function leaf(dataHex: string): string {
  return sha256(`00${dataHex}`)
}

function node(leftHex: string, rightHex: string): string {
  return sha256(`01${leftHex}${rightHex}`)
}

/** Root of a tree by the recursion of RFC 6962, section 2.1, split at the largest power of two below its size. */
function root(leavesHex: readonly string[]): string {
  const [only = ''] = leavesHex
  if (leavesHex.length === 1) return leaf(only)
  const split = 2 ** Math.floor(Math.log2(leavesHex.length - 1))
  return node(root(leavesHex.slice(0, split)), root(leavesHex.slice(split)))
}

/** Roots of the perfect subtrees, largest first. */
function edge(leavesHex: readonly string[]): string {
  if (leavesHex.length === 0) return ''
  const perfect = 2 ** Math.floor(Math.log2(leavesHex.length))
  return root(leavesHex.slice(0, perfect)) + edge(leavesHex.slice(perfect))
}
