/** Checks of the kernel's arguments: lengths before any work, costs within named bounds. */
import { TalosError } from '@talos/errors'

/** Throws `KERNEL_ARGUMENT` unless `bytes` has exactly `expectedBytes` bytes. */
export function requireLength(argument: string, bytes: Uint8Array, expectedBytes: number): void {
  if (bytes.length !== expectedBytes) {
    throw new TalosError('KERNEL_ARGUMENT', { argument, lengthBytes: bytes.length, expectedBytes })
  }
}

/** Throws `KERNEL_ARGUMENT` unless `lengthBytes` is an integer within `minimum` to `maximum`, both included. */
export function requireLengthWithin(
  argument: string,
  lengthBytes: number,
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
): void {
  if (!isWithin(lengthBytes, minimum, maximum)) {
    throw new TalosError('KERNEL_ARGUMENT', { argument, lengthBytes, expectedBytes: `${minimum} to ${maximum}` })
  }
}

/** Throws `KERNEL_PARAMETER` unless `value` is an integer within `minimum` to `maximum`, both included. */
export function requireWithin(
  parameter: string,
  value: number,
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
): void {
  if (!isWithin(value, minimum, maximum)) {
    throw new TalosError('KERNEL_PARAMETER', { parameter, value, minimum, maximum })
  }
}

function isWithin(value: number, minimum: number, maximum: number): boolean {
  return Number.isSafeInteger(value) && value >= minimum && value <= maximum
}
