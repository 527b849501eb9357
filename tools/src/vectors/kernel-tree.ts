/** Cases of bundles appended to trees and of tiles hashed up, computed from the recursion of RFC 6962 with `node:crypto`. */
import { casesOf, hex, type KernelCase, pattern, repeated, sha256 } from './kernel-case.ts'

const append = casesOf('20.21', 'appendBundle')
const up = casesOf('20.22', 'hashUp')

/** Leaves of a tile. */
const WIDTH = 256

export function treeCases(): KernelCase[] {
  return [...appendCases(), ...largeTreeCases(), ...appendRefusals(), ...tileCases(), ...tileRefusals()]
}

/** Trees whose leaves are all known, before and after. */
function appendCases(): KernelCase[] {
  const sizes: ReadonlyArray<readonly [before: number, more: number]> = [
    [0, 0],
    [0, 1],
    [0, 2],
    [0, 7],
    [1, 1],
    [3, 1],
    [5, 3],
    [7, 0],
    [11, 22],
    [255, 1],
    [256, 1],
    [250, 10],
    [0, 513],
    [511, 0],
  ]
  return sizes.map(([size, more]) => {
    const all = Array.from({ length: size + more }, (_, index) => pattern(`bundle leaf ${index}`, index % 40))
    const entries = all.slice(size)
    const hashes = all.map(leaf)
    const tiles = Array.from({ length: Math.floor(all.length / WIDTH) }, (_, index) => (index + 1) * WIDTH)
    return append.valid(
      `${more} entries to a tree of ${size}`,
      { size, edgeHex: edge(hashes.slice(0, size)), bundleHex: bundle(entries) },
      {
        leafHashesHex: entries.map(leaf).join(''),
        tileRootsHex: tiles
          .filter((end) => end > size)
          .map((end) => root(hashes.slice(end - WIDTH, end)))
          .join(''),
        edgeHex: edge(hashes),
        rootHex: root(hashes),
      },
    )
  })
}

/** Sizes that no counter of 32 bits holds; the edges are arbitrary. */
function largeTreeCases(): KernelCase[] {
  const roots = (count: number): string[] => Array.from({ length: count }, (_, index) => pattern(`root ${index}`, 32))
  const leafHex = pattern('bundle leaf', 10)
  const folded = (list: readonly string[]): string => list.reduceRight((right, left) => node(left, right))
  const grown = (description: string, size: number, before: readonly string[], merged: number): KernelCase => {
    const added = before.slice(before.length - merged).concat(leaf(leafHex))
    const after = [...before.slice(0, before.length - merged), folded(added)]
    return append.valid(
      description,
      { size, edgeHex: before.join(''), bundleHex: bundle([leafHex]) },
      {
        leafHashesHex: leaf(leafHex),
        tileRootsHex: merged < 8 ? '' : folded(added.slice(-9)),
        edgeHex: after.join(''),
        rootHex: folded(after),
      },
    )
  }
  return [
    grown('an entry to a tree of 2^40 - 1', 2 ** 40 - 1, roots(40), 40),
    grown('an entry to a tree of 2^52', 2 ** 52, roots(1), 0),
    grown('the last entry there is room for', 2 ** 53 - 2, roots(52), 0),
  ]
}

function appendRefusals(): KernelCase[] {
  const bundleHex = bundle([pattern('bundle leaf', 10)])
  const refused = (description: string, size: number, edgeHex: string, error: string): KernelCase =>
    append.invalid(description, { size, edgeHex, bundleHex }, error)
  const broken = (description: string, brokenHex: string): KernelCase =>
    append.invalid(description, { size: 0, edgeHex: '', bundleHex: brokenHex }, 'KERNEL_ARGUMENT')
  const full = Array.from({ length: 53 }, (_, index) => pattern(`root ${index}`, 32)).join('')
  return [
    broken('a bundle of half a length', '00'),
    broken('a bundle that ends within its first entry', '000301ff'),
    broken('a bundle that ends within its second length', '0001ff00'),
    broken('a bundle that ends before its second entry', '0001ff0001'),
    refused('an edge of one root less', 3, repeated(1, 32), 'KERNEL_ARGUMENT'),
    refused('an edge of one root more', 3, repeated(1, 96), 'KERNEL_ARGUMENT'),
    refused('an edge that ends within a root', 3, repeated(1, 63), 'KERNEL_ARGUMENT'),
    refused('an edge of an empty tree', 0, repeated(1, 32), 'KERNEL_ARGUMENT'),
    refused('a full tree', 2 ** 53 - 1, full, 'KERNEL_PARAMETER'),
    refused('a size below nothing', -1, '', 'KERNEL_PARAMETER'),
    refused('half a leaf', 1.5, repeated(1, 32), 'KERNEL_PARAMETER'),
  ]
}

function tileCases(): KernelCase[] {
  return [1, 2, 3, 4, 5, 7, 8, 100, 255, 256].map((count) => {
    const hashes = Array.from({ length: count }, (_, index) => pattern(`tile hash ${index}`, 32))
    return up.valid(`${count} hashes`, { hashesHex: hashes.join('') }, { nodesHex: rows(hashes).join('') })
  })
}

function tileRefusals(): KernelCase[] {
  const refused = (description: string, lengthBytes: number): KernelCase =>
    up.invalid(description, { hashesHex: repeated(1, lengthBytes) }, 'KERNEL_ARGUMENT')
  return [
    refused('no hash', 0),
    refused('half a hash', 16),
    refused('a hash and a half', 48),
    refused('257 hashes', 257 * 32),
  ]
}

/** Nodes above a row, pair by pair, then those above them. */
function rows(row: readonly string[]): string[] {
  const above = row.flatMap((hash, index) => {
    const right = row[index + 1]
    return index % 2 === 1 || right === undefined ? [] : [node(hash, right)]
  })
  return above.length === 0 ? [] : [...above, ...rows(above)]
}

function bundle(entriesHex: readonly string[]): string {
  return entriesHex.map((entry) => hex(Uint8Array.of(entry.length >> 9, (entry.length / 2) & 0xff)) + entry).join('')
}

function leaf(dataHex: string): string {
  return sha256(`00${dataHex}`)
}

function node(leftHex: string, rightHex: string): string {
  return sha256(`01${leftHex}${rightHex}`)
}

/** Root of a tree by the recursion of RFC 6962, section 2.1, split at the largest power of two below its size. */
function root(hashesHex: readonly string[]): string {
  const [only] = hashesHex
  if (only === undefined) return sha256('')
  if (hashesHex.length === 1) return only
  const split = 2 ** Math.floor(Math.log2(hashesHex.length - 1))
  return node(root(hashesHex.slice(0, split)), root(hashesHex.slice(split)))
}

/** Roots of the perfect subtrees, largest first. */
function edge(hashesHex: readonly string[]): string {
  if (hashesHex.length === 0) return ''
  const perfect = 2 ** Math.floor(Math.log2(hashesHex.length))
  return root(hashesHex.slice(0, perfect)) + edge(hashesHex.slice(perfect))
}
