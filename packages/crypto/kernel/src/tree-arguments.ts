/** Checks of what tree hashes are made of: bundles of entries and tiles. */
import { TalosError } from '@talos/errors'
import { SHA256_BYTES, TILE_MAX_HASHES } from './kernel.ts'

/** Bytes that tell the length of an entry. */
const LENGTH_BYTES = 2

/** Lengths of the entries of a bundle. Throws `KERNEL_ARGUMENT` when it ends within an entry. */
export function bundleLengths(bundle: Uint8Array): number[] {
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength)
  const lengths: number[] = []
  let offset = 0
  while (offset + LENGTH_BYTES <= bundle.length) {
    const length = view.getUint16(offset)
    lengths.push(length)
    offset += LENGTH_BYTES + length
  }
  if (offset === bundle.length) return lengths
  throw new TalosError('KERNEL_ARGUMENT', {
    argument: 'bundle',
    lengthBytes: bundle.length,
    expectedBytes: 'whole entries behind their lengths',
  })
}

/** Throws `KERNEL_ARGUMENT` unless there are 1 to 256 whole hashes. */
export function requireTile(hashes: Uint8Array): void {
  const count = hashes.length / SHA256_BYTES
  if (Number.isInteger(count) && count >= 1 && count <= TILE_MAX_HASHES) return
  const expectedBytes = `1 to ${TILE_MAX_HASHES} times ${SHA256_BYTES}`
  throw new TalosError('KERNEL_ARGUMENT', { argument: 'hashes', lengthBytes: hashes.length, expectedBytes })
}
