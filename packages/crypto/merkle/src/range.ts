/**
 * Positions in a tree: branded numbers, so that an index, a count and a size never mix.
 *
 * Sizes end at 2^53 - 1, the last integer that every JSON reader keeps exact; RFC 6962 itself allows 2^64.
 */
import { TalosError } from '@talos/errors'

declare const leafIndexBrand: unique symbol
declare const treeSizeBrand: unique symbol

/** Zero-based position of a leaf. */
export type LeafIndex = number & { readonly [leafIndexBrand]: true }
/** Number of leaves of a tree. */
export type TreeSize = number & { readonly [treeSizeBrand]: true }

/** The largest tree: sizes and indexes stay exact integers in JSON and in JavaScript. */
export const MAX_TREE_SIZE = Number.MAX_SAFE_INTEGER

/** Checks a leaf's index. Throws `MERKLE_RANGE`. */
export function leafIndex(value: number): LeafIndex {
  return checked('index', value, MAX_TREE_SIZE - 1) as LeafIndex
}

/** Checks a tree's size. Throws `MERKLE_RANGE`. */
export function treeSize(value: number): TreeSize {
  return checked('size', value, MAX_TREE_SIZE) as TreeSize
}

/** Checks `value` to be an integer from 0 to `limit`. Throws `MERKLE_RANGE`. */
export function checked(name: string, value: number, limit: number): number {
  if (!Number.isSafeInteger(value) || value < 0 || value > limit) {
    throw new TalosError('MERKLE_RANGE', { name, value, limit })
  }
  return value
}

/** The largest power of two smaller than `length`, the `k` of RFC 6962 section 2.1; `length` is 2 or more. */
export function splitPoint(length: number): number {
  let power = 1
  while (power * 2 < length) power *= 2
  return power
}
