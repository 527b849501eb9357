/**
 * Padding inside the AEAD (spec 06-session 6.5; Padmé: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files
 * and Communication with PURBs", section 4).
 *
 *     padded = content || 0x80 || 0x00 ...        up to the padded size
 *
 * `padme` rounds to sizes whose low bits are zero: at most 12 % more above the floor of 256 bytes. `none` adds only the
 * 0x80, for bulk whose size is known anyway. The receiver needs not know which was used. The kernel writes and removes
 * the padding; this page says how much of it there is.
 */
import { PADDING_FLOOR_BYTES } from './constants.ts'

export type PaddingPolicy = 'padme' | 'none'

/** The size that content of `sizeBytes` has after padding. */
export function paddedSize(sizeBytes: number, policy: PaddingPolicy): number {
  const marked = sizeBytes + 1
  if (policy === 'none') return marked
  if (marked <= PADDING_FLOOR_BYTES) return PADDING_FLOOR_BYTES
  const exponent = 31 - Math.clz32(marked)
  const keptBits = 32 - Math.clz32(exponent)
  const mask = (1 << (exponent - keptBits)) - 1
  return (marked + mask) & ~mask
}
