/** The form of a known answer, and what the lists of them share. */
import { equalBytes, fromHex } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import type { Kernel } from './kernel.ts'

export interface KnownAnswer {
  /** The method's name. */
  readonly check: string
  /** True when the kernel answers as it must. */
  readonly holds: (kernel: Kernel) => boolean
}

export function is(actual: Uint8Array, expectedHex: string): boolean {
  return equalBytes(actual, fromHex(expectedHex))
}

/** Tells whether the work is refused with that code, and not with another error. */
export function refuses(
  code: 'KERNEL_AUTHENTICATION' | 'KERNEL_LOW_ORDER' | 'KERNEL_PADDING',
  work: () => unknown,
): boolean {
  try {
    work()
    return false
  } catch (error) {
    return isTalosError(error, code)
  }
}

export function filled(byte: number, lengthBytes: number): Uint8Array {
  return new Uint8Array(lengthBytes).fill(byte)
}

export const EMPTY: Uint8Array = new Uint8Array(0)
