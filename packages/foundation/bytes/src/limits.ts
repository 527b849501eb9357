/** Bounds that every decoder of this package checks before it allocates. */
import { TalosError } from '@talos/errors'

/** 1 MiB holds any signed object or log entry of this project with room; bulk contents travel as chunks. */
export const DEFAULT_MAX_BYTES = 1_048_576

/** Objects of this project nest less than 16 deep; 64 leaves room for arguments of tools. */
export const DEFAULT_MAX_DEPTH = 64

/** The most that a caller may ask for: readers and writers recurse, and this keeps far from the stack's end. */
export const MAX_DEPTH_CEILING = 512

export interface DecodeLimits {
  /** Longest input in bytes; DEFAULT_MAX_BYTES when absent. */
  readonly maxBytes?: number
  /** Most containers (maps, objects, arrays) around a value; DEFAULT_MAX_DEPTH when absent, at most MAX_DEPTH_CEILING. */
  readonly maxDepth?: number
}

/** @throws INPUT_TOO_LARGE */
export function refuseOversize(sizeBytes: number, { maxBytes = DEFAULT_MAX_BYTES }: DecodeLimits): void {
  if (sizeBytes > maxBytes) throw new TalosError('INPUT_TOO_LARGE', { sizeBytes, limitBytes: maxBytes })
}

export function depthLimit({ maxDepth = DEFAULT_MAX_DEPTH }: DecodeLimits): number {
  return Math.min(maxDepth, MAX_DEPTH_CEILING)
}

/** @throws INPUT_TOO_DEEP */
export function refuseTooDeep(depth: number, limit: number): void {
  if (depth > limit) throw new TalosError('INPUT_TOO_DEEP', { limit })
}
