/** A kernel that a dishonest peer would use: sound in every key, false in what it seals or how it fails. */
import { concatBytes, utf8 } from '@talos/bytes'
import type { Kernel, RatchetSealInput } from '@talos/kernel'
import { kernel } from './agents.ts'

/** Seals something else than it was asked to. */
export function sealingInstead(change: (input: RatchetSealInput) => Partial<RatchetSealInput>): Kernel {
  return { ...kernel, ratchetSeal: (input) => kernel.ratchetSeal({ ...input, ...change(input) }) }
}

/** Seals these bytes as they are, with no padding of the kernel's. */
export function sealingPadded(padded: Uint8Array): Kernel {
  const ratchetSeal: Kernel['ratchetSeal'] = (input) => {
    const { messageKey, nextChainKey } = kernel.ratchetStep(input.chainKey)
    const info = utf8('talos/ts1/mk')
    const key = kernel.hmacSha256(messageKey, concatBytes(info, Uint8Array.of(1)))
    const commitment = kernel.hmacSha256(messageKey, concatBytes(key, info, Uint8Array.of(2)))
    const { nonce, associatedData } = input
    const header = kernel.aeadSeal({ key: input.headerKey, nonce, associatedData }, input.header)
    const bound = concatBytes(associatedData, header, commitment)
    const ciphertext = kernel.aeadSeal({ key, nonce, associatedData: bound }, padded)
    return { nextChainKey, message: concatBytes(input.prefix, nonce, header, commitment, ciphertext) }
  }
  return { ...kernel, ratchetSeal }
}

const COUNTED_CALLS = ['ratchetReceive', 'aeadOpen', 'ratchetTurn', 'ratchetAdvance', 'ratchetOpen'] as const
type CountedCall = (typeof COUNTED_CALLS)[number]

export interface Counted {
  readonly kernel: Kernel
  readonly calls: Record<CountedCall, number>
}

/** Counts what an opening costs. */
export function counting(): Counted {
  const calls = { ratchetReceive: 0, aeadOpen: 0, ratchetTurn: 0, ratchetAdvance: 0, ratchetOpen: 0 }
  const counted = COUNTED_CALLS.map((name) => {
    const method = kernel[name] as (...given: readonly unknown[]) => unknown
    const call = (...given: readonly unknown[]) => {
      calls[name] += 1
      return method(...given)
    }
    return [name, call] as const
  })
  return { kernel: { ...kernel, ...Object.fromEntries(counted) }, calls }
}
