/**
 * What crosses the boundary to the native module: one block of bytes for each call, in both directions.
 *
 * A byte array as an argument costs 30 ns, and ten times that where it is small and V8 keeps it on its own heap; a copy
 * within a block costs 10 ns. So inputs are packed one after the other behind a head of 16 words, the module answers
 * behind them, and results are copied out. The module never sees memory of a caller's: nobody can detach, share or
 * change what it works on. It erases the inputs before it returns, and the whole block where it refuses; `wipe` erases
 * what it answered.
 *
 * Block: head (16 words of 32 bits in the machine's byte order, their meaning is the operation's), inputs, outputs.
 * Calls that fit share one block; a larger one has a block of its own.
 */
import { TalosError } from '@talos/errors'
import { MLKEM768_RANDOMNESS_BYTES, RATCHET_KEY_BYTES, type RatchetReceived } from './kernel.ts'
import type { NativeCall, NativeModule } from './native-module.ts'
import type { Slab } from './slab.ts'
import { systemRandom } from './system.ts'

/** As in `crates/talos-node`. Any other negative answer is a fault of the module's own: a panic, or a block it rejects. */
export const NATIVE_REFUSAL = {
  authentication: -1,
  padding: -2,
  lowOrder: -3,
  keyInvalid: -4,
  block: -5,
  panic: -6,
} as const

/** Answers of `ratchetReceive` that no length of a content reaches. */
const OTHER_KEY = 2 ** 31 - 1
const OTHER_HEADER = 2 ** 31 - 2

const HEAD_WORDS = 16
const HEAD_BYTES = 4 * HEAD_WORDS
/**
 * A message of 64 KiB with all that goes with it, and a batch of 1,024 audit entries: a new block for each batch costs a fifth
 * of hashing it. What no call needs is never touched, so short calls stay in a core's own cache.
 */
export const SHARED_BLOCK_BYTES = 1024 * 1024
/** Inputs and outputs of one call, at most: lengths are words of 32 bits, and no caller comes near. */
export const NATIVE_MAX_BLOCK_BYTES = 2 ** 30

const NOTHING = new Uint8Array(0)
const OWN_BUFFER: Pick<Slab, 'copy'> = { copy: (bytes) => bytes.slice() }

/** What the methods of the native kernel work with. */
export interface NativeBridge {
  readonly module: NativeModule
  readonly block: NativeBlock
}

export interface NativeRequest {
  /** Lengths and numbers, at most 16. */
  readonly words: readonly number[]
  readonly inputs: readonly Uint8Array[]
  /** Room for the answer. */
  readonly outputBytes: number
}

export class NativeBlock {
  readonly #shared: Uint8Array
  readonly #sharedHead: Uint32Array
  #bytes: Uint8Array
  #head: Uint32Array
  #next = 0
  #end = 0

  constructor() {
    this.#shared = new Uint8Array(SHARED_BLOCK_BYTES)
    this.#sharedHead = headOf(this.#shared)
    this.#bytes = this.#shared
    this.#head = this.#sharedHead
  }

  /**
   * Packs the inputs, makes the call and returns what it answers, 0 or more.
   *
   * @throws TalosError `KERNEL_ARGUMENT` for an input that is no byte array or whose memory is gone and for a block above its limit, the code of
   * the refusal where the module refuses, `KERNEL_INTERNAL` where it fails
   */
  run(call: NativeCall, { words, inputs, outputBytes }: NativeRequest): number {
    let inputBytes = HEAD_BYTES
    for (const input of inputs) inputBytes += byteLengthOf(input)
    this.#reserve(inputBytes + outputBytes)
    this.#next = inputBytes
    this.#end = inputBytes + outputBytes
    this.#head.set(words)
    let offset = HEAD_BYTES
    for (const input of inputs) {
      this.#bytes.set(input, offset)
      offset += input.length
    }
    const answer = call(this.#bytes)
    if (answer >= 0) return answer
    this.wipe()
    throw refusalOf(answer, call.name)
  }

  /** The next bytes of the answer, as an array of their own; they are erased in the block. */
  take(lengthBytes: number): Uint8Array {
    const start = this.#next
    this.#next += lengthBytes
    const bytes = this.#bytes.slice(start, this.#next)
    this.#bytes.fill(0, start, this.#next)
    return bytes
  }

  /** The last bytes of the answer that are wanted, in the slab where one is given. */
  takeLast(lengthBytes: number, slab: Pick<Slab, 'copy'> = OWN_BUFFER): Uint8Array {
    const bytes = slab.copy(this.#bytes.subarray(this.#next, this.#next + lengthBytes))
    this.wipe()
    return bytes
  }

  /** The next byte of the answer, 1 for yes. */
  takeFlag(): boolean {
    return this.take(1).includes(1)
  }

  /** Erases what is left of the answer, and lets go of a block that was made for this call. */
  wipe(): void {
    this.#bytes.fill(0, this.#next, this.#end)
    this.#bytes = this.#shared
    this.#head = this.#sharedHead
  }

  #reserve(totalBytes: number): void {
    if (totalBytes > NATIVE_MAX_BLOCK_BYTES) {
      const expectedBytes = `at most ${NATIVE_MAX_BLOCK_BYTES}`
      throw new TalosError('KERNEL_ARGUMENT', { argument: 'input', lengthBytes: totalBytes, expectedBytes })
    }
    if (totalBytes <= SHARED_BLOCK_BYTES) return
    this.#bytes = new Uint8Array(totalBytes)
    this.#head = headOf(this.#bytes)
  }
}

/** An optional input; no bytes stand for an absent one. */
export function optional(input: Uint8Array | undefined): Uint8Array {
  return input ?? NOTHING
}

/** Randomness of an encapsulation: the one given, else the system's. */
export function randomnessOf(given: Uint8Array | undefined): Uint8Array {
  return given ?? systemRandom.bytes(MLKEM768_RANDOMNESS_BYTES)
}

/** Lengths of inputs that follow, one word for each. */
export function lengthsOf(inputs: readonly Uint8Array[]): Uint8Array {
  const lengths = new Uint32Array(inputs.length)
  let place = 0
  for (const input of inputs) {
    lengths[place] = byteLengthOf(input)
    place += 1
  }
  return new Uint8Array(lengths.buffer)
}

/** Reads the answer of `ratchetReceive`: next chain key, then content or header. */
export function received(
  block: NativeBlock,
  { answer, headerBytes, opened }: { readonly answer: number; readonly headerBytes: number; readonly opened: Slab },
): RatchetReceived {
  const nextChainKey = block.take(RATCHET_KEY_BYTES)
  switch (answer) {
    case OTHER_KEY:
      block.wipe()
      return { kind: 'other-key' }
    case OTHER_HEADER:
      return { kind: 'other-header', header: block.takeLast(headerBytes) }
    default:
      return { kind: 'opened', nextChainKey, content: block.takeLast(answer, opened) }
  }
}

function headOf(block: Uint8Array): Uint32Array {
  return new Uint32Array(block.buffer, 0, HEAD_WORDS)
}

function refusalOf(answer: number, operation: string): TalosError {
  switch (answer) {
    case NATIVE_REFUSAL.authentication:
      return new TalosError('KERNEL_AUTHENTICATION')
    case NATIVE_REFUSAL.padding:
      return new TalosError('KERNEL_PADDING')
    case NATIVE_REFUSAL.lowOrder:
      return new TalosError('KERNEL_LOW_ORDER')
    case NATIVE_REFUSAL.keyInvalid:
      return new TalosError('KERNEL_KEY_INVALID', { argument: 'encapsulationKey' })
    default:
      return new TalosError('KERNEL_INTERNAL', { operation })
  }
}

function byteLengthOf(input: unknown): number {
  // Only an empty array is looked into: one whose memory is gone, or shrank under it, has no length left.
  if (input instanceof Uint8Array && (input.length > 0 || isReadable(input))) return input.length
  throw new TalosError('KERNEL_ARGUMENT', { argument: 'input', lengthBytes: 0, expectedBytes: 'an array of bytes' })
}

function isReadable(input: Uint8Array): boolean {
  try {
    NOTHING.set(input)
    return true
  } catch {
    return false
  }
}
