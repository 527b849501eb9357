/** Argon2id (RFC 9106), with bounds on what a stored file can make this machine do. */
import { TalosError } from '@talos/errors'
import { requireLengthWithin, requireWithin } from './arguments.ts'
import type { PasswordEngine } from './engines.ts'
import type { Argon2idOptions, Kernel } from './kernel.ts'

/** RFC 9106, section 3.1 recommends 16 bytes; the upper bound only keeps inputs small. */
export const ARGON2ID_SALT_BYTES = { minimum: 16, maximum: 64 } as const
/** One key of 128 bits up to two of 256. */
export const ARGON2ID_OUTPUT_BYTES = { minimum: 16, maximum: 64 } as const
/** 1 GiB: half of what RFC 9106 offers as its first choice, and more than a small machine can spare. */
export const ARGON2ID_MAX_MEMORY_KIB = 1_048_576
/** With the memory bound, about a minute of work at most. */
export const ARGON2ID_PASSES = { minimum: 1, maximum: 64 } as const
export const ARGON2ID_PARALLELISM = { minimum: 1, maximum: 16 } as const
/** RFC 9106, section 3.1: at least eight blocks per lane. */
const BLOCKS_PER_LANE = 8

export function passwordMethods(password: PasswordEngine): Pick<Kernel, 'argon2id'> {
  return {
    argon2id: async (options) => {
      requireCosts(options)
      try {
        return await password.argon2id(options)
      } catch (cause) {
        throw new TalosError('KERNEL_RESOURCES', { memoryKib: options.memoryKib }, { cause })
      }
    },
  }
}

function requireCosts({ salt, memoryKib, passes, parallelism, lengthBytes }: Argon2idOptions): void {
  requireLengthWithin('salt', salt.length, ARGON2ID_SALT_BYTES)
  requireLengthWithin('lengthBytes', lengthBytes, ARGON2ID_OUTPUT_BYTES)
  requireWithin('passes', passes, ARGON2ID_PASSES)
  requireWithin('parallelism', parallelism, ARGON2ID_PARALLELISM)
  requireWithin('memoryKib', memoryKib, { minimum: BLOCKS_PER_LANE * parallelism, maximum: ARGON2ID_MAX_MEMORY_KIB })
}
