/** Reads parts of decoded RLP by their form; the caller says what is wrong when one has another. */
import type { RlpItem } from './rlp.ts'

/** A string of bytes, of the given length where one is given; undefined when it is something else. */
export function stringOf(item: RlpItem | undefined, lengthBytes?: number): Uint8Array | undefined {
  if (!(item instanceof Uint8Array)) return undefined
  return lengthBytes === undefined || item.length === lengthBytes ? item : undefined
}

/** A list; undefined when it is something else. */
export function listOf(item: RlpItem | undefined): readonly RlpItem[] | undefined {
  return item === undefined || item instanceof Uint8Array ? undefined : item
}
