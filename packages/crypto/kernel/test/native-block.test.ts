import { isTalosError } from '@talos/errors'
import { describe, expect, it } from 'vitest'
import {
  lengthsOf,
  NATIVE_MAX_BLOCK_BYTES,
  NATIVE_REFUSAL,
  NativeBlock,
  optional,
  randomnessOf,
  received,
  SHARED_BLOCK_BYTES,
} from '../src/native-block.ts'
import type { NativeCall } from '../src/native-module.ts'
import { HEAP_RESULT_MAX_BYTES, SLAB_BYTES, SLAB_RESULT_MAX_BYTES, Slab } from '../src/slab.ts'
import { refusal } from './support.ts'

const HEAD_BYTES = 64

function detached(): Uint8Array {
  const bytes = new Uint8Array(8)
  structuredClone(bytes, { transfer: [bytes.buffer] })
  return bytes
}

/** A view of memory that was made smaller under it. */
function shrunk(): Uint8Array {
  const buffer = new ArrayBuffer(16, { maxByteLength: 16 })
  const bytes = new Uint8Array(buffer, 8, 8)
  buffer.resize(4)
  return bytes
}

/** An operation that keeps the blocks it is called with, writes `output` behind `inputBytes` of input, and answers. */
function operation({
  inputBytes = 0,
  output = [],
  answer = 0,
}: {
  inputBytes?: number
  output?: number[]
  answer?: number
}) {
  const blocks: Uint8Array[] = []
  const call: NativeCall = (block) => {
    blocks.push(block)
    block.set(output, HEAD_BYTES + inputBytes)
    return answer
  }
  return { blocks, call }
}

describe('the block of a native call', () => {
  it('holds words, inputs and room for the answer in this order', () => {
    const block = new NativeBlock()
    const { blocks, call } = operation({ inputBytes: 3, output: [7, 8, 9] })
    block.run(call, { words: [1, 2 ** 32 - 1], inputs: [Uint8Array.of(1, 2), Uint8Array.of(3)], outputBytes: 3 })
    const [seen] = blocks
    expect(new Uint32Array(seen?.buffer ?? new ArrayBuffer(8), 0, 2)).toEqual(Uint32Array.of(1, 2 ** 32 - 1))
    expect(seen?.subarray(HEAD_BYTES, HEAD_BYTES + 6)).toEqual(Uint8Array.of(1, 2, 3, 7, 8, 9))
    expect(block.take(1)).toEqual(Uint8Array.of(7))
    expect(block.takeLast(2)).toEqual(Uint8Array.of(8, 9))
  })

  it('is erased behind what is taken, and where nothing is', () => {
    const block = new NativeBlock()
    const { blocks, call } = operation({ output: [1, 2, 3, 4] })
    block.run(call, { words: [], inputs: [], outputBytes: 4 })
    const seen = blocks.at(0)?.subarray(HEAD_BYTES, HEAD_BYTES + 4)
    block.take(1)
    expect(seen).toEqual(Uint8Array.of(0, 2, 3, 4))
    block.takeLast(1)
    expect(seen).toEqual(new Uint8Array(4))
  })

  it('is shared by calls that fit, and new for one that does not', () => {
    const block = new NativeBlock()
    const { blocks, call } = operation({})
    const room = SHARED_BLOCK_BYTES - HEAD_BYTES
    for (const outputBytes of [1, room, room + 1, 1]) {
      block.run(call, { words: [], inputs: [], outputBytes })
      block.wipe()
    }
    const [first, full, larger, after] = blocks
    expect([full, after]).toEqual([first, first])
    expect(full === first && after === first).toBe(true)
    expect(larger === first).toBe(false)
    expect(larger).toHaveLength(SHARED_BLOCK_BYTES + 1)
  })

  it.each([
    ['KERNEL_AUTHENTICATION', NATIVE_REFUSAL.authentication],
    ['KERNEL_PADDING', NATIVE_REFUSAL.padding],
    ['KERNEL_LOW_ORDER', NATIVE_REFUSAL.lowOrder],
    ['KERNEL_KEY_INVALID', NATIVE_REFUSAL.keyInvalid],
    ['KERNEL_INTERNAL', NATIVE_REFUSAL.block],
    ['KERNEL_INTERNAL', NATIVE_REFUSAL.panic],
    ['KERNEL_INTERNAL', -1000],
  ])('throws %s for the answer %i, and keeps nothing of the work', (code, answer) => {
    const block = new NativeBlock()
    const { blocks, call } = operation({ output: [1, 2, 3, 4], answer })
    expect(refusal(() => block.run(call, { words: [], inputs: [], outputBytes: 4 }))).toBe(code)
    expect(blocks.at(0)?.some((byte) => byte !== 0)).toBe(false)
  })

  it('names the operation that failed', () => {
    const run = () =>
      new NativeBlock().run(
        function ratchetSeal() {
          return -6
        },
        { words: [], inputs: [], outputBytes: 0 },
      )
    expect(run).toThrow(expect.objectContaining({ details: { operation: 'ratchetSeal' } }))
  })

  it.each([
    ['text', 'ab'],
    ['an array of numbers', [1, 2]],
    ['words', Uint16Array.of(1)],
    ['nothing', undefined],
    ['detached memory', detached()],
    ['memory that shrank', shrunk()],
  ])('takes no %s for bytes', (_, input) => {
    const { blocks, call } = operation({})
    const inputs: unknown[] = [input]
    const run = () => new NativeBlock().run(call, { words: [], inputs: inputs as Uint8Array[], outputBytes: 0 })
    expect(refusal(run)).toBe('KERNEL_ARGUMENT')
    expect(blocks).toEqual([])
  })

  it('takes inputs without bytes, shared memory among them', () => {
    const { blocks, call } = operation({})
    const inputs = [new Uint8Array(0), new Uint8Array(new SharedArrayBuffer(0))]
    expect(new NativeBlock().run(call, { words: [], inputs, outputBytes: 0 })).toBe(0)
    expect(blocks).toHaveLength(1)
  })

  it('has a limit, and makes no room beyond it', () => {
    const { call } = operation({})
    const error = [NATIVE_MAX_BLOCK_BYTES - HEAD_BYTES + 1].map((outputBytes) => {
      try {
        return new NativeBlock().run(call, { words: [], inputs: [], outputBytes })
      } catch (thrown) {
        return isTalosError(thrown, 'KERNEL_ARGUMENT') && thrown.details['lengthBytes']
      }
    })
    expect(error).toEqual([NATIVE_MAX_BLOCK_BYTES + 1])
  })

  it('lets arguments be absent', () => {
    const given = Uint8Array.of(1)
    expect(optional(given)).toBe(given)
    expect(optional(undefined)).toHaveLength(0)
    expect(randomnessOf(given)).toBe(given)
    expect(randomnessOf(undefined)).toHaveLength(32)
    expect(randomnessOf(undefined)).not.toEqual(randomnessOf(undefined))
  })

  it('states the lengths of a run, each in a word', () => {
    const words = lengthsOf([new Uint8Array(3), new Uint8Array(300)])
    expect(new Uint32Array(words.buffer)).toEqual(Uint32Array.of(3, 300))
  })
})

describe('the answer to a received message', () => {
  const answered = (answer: number, output: number[]) => {
    const block = new NativeBlock()
    const { call } = operation({ output, answer })
    const outputBytes = output.length
    return received(block, {
      answer: block.run(call, { words: [], inputs: [], outputBytes }),
      headerBytes: 2,
      opened: new Slab(),
    })
  }
  const chainKey = Array.from({ length: 32 }, (_, index) => index)

  it('is the content and the next chain key', () => {
    expect(answered(3, [...chainKey, 7, 8, 9, 0])).toEqual({
      kind: 'opened',
      nextChainKey: Uint8Array.from(chainKey),
      content: Uint8Array.of(7, 8, 9),
    })
  })

  it('is the other header', () => {
    expect(answered(2 ** 31 - 2, [...chainKey, 7, 8, 9])).toEqual({ kind: 'other-header', header: Uint8Array.of(7, 8) })
  })

  it('is the other key', () => {
    expect(answered(2 ** 31 - 1, [...chainKey, 7, 8, 9])).toEqual({ kind: 'other-key' })
  })
})

describe('a slab', () => {
  it.each([0, 1, HEAP_RESULT_MAX_BYTES, HEAP_RESULT_MAX_BYTES + 1, SLAB_RESULT_MAX_BYTES, SLAB_RESULT_MAX_BYTES + 1])(
    'copies %i bytes, and goes on with copies that overlap none',
    (length) => {
      const slab = new Slab()
      const copies = Array.from({ length: 10 }, (_, index) => slab.copy(new Uint8Array(length).fill(index + 1)))
      for (const [index, copy] of copies.entries()) expect(copy).toEqual(new Uint8Array(length).fill(index + 1))
    },
  )

  it('cannot be taken away from its results, which would be empty then', () => {
    const slab = new Slab()
    const first = slab.copy(new Uint8Array(100).fill(1))
    const { buffer } = first
    if (!(buffer instanceof ArrayBuffer)) throw new Error('a slab is a buffer of its own')
    expect(() => structuredClone(first, { transfer: [buffer] })).toThrow('unsupported type')
    expect(() => buffer.transfer()).toThrow('not detachable')
    const fits = Math.floor(SLAB_BYTES / SLAB_RESULT_MAX_BYTES)
    for (let index = 0; index < fits; index += 1) slab.copy(new Uint8Array(SLAB_RESULT_MAX_BYTES))
    const { buffer: next } = slab.copy(new Uint8Array(SLAB_RESULT_MAX_BYTES))
    if (!(next instanceof ArrayBuffer)) throw new Error('a slab is a buffer of its own')
    expect(next).not.toBe(buffer)
    expect(() => structuredClone(next, { transfer: [next] })).toThrow('unsupported type')
    expect(first).toEqual(new Uint8Array(100).fill(1))
  })

  it('keeps the middle sizes together, and no others', () => {
    const slab = new Slab()
    const buffers = [HEAP_RESULT_MAX_BYTES, HEAP_RESULT_MAX_BYTES + 1, SLAB_RESULT_MAX_BYTES, SLAB_RESULT_MAX_BYTES + 1]
      .map((length) => slab.copy(new Uint8Array(length)))
      .map(({ buffer }) => buffer.byteLength)
    expect(buffers).toEqual([HEAP_RESULT_MAX_BYTES, SLAB_BYTES, SLAB_BYTES, SLAB_RESULT_MAX_BYTES + 1])
  })

  it('begins a new buffer where the last one is full to the last byte', () => {
    const slab = new Slab()
    const fits = SLAB_BYTES / SLAB_RESULT_MAX_BYTES
    const copies = Array.from({ length: fits + 1 }, () => slab.copy(new Uint8Array(SLAB_RESULT_MAX_BYTES)))
    expect(new Set(copies.map(({ buffer }) => buffer)).size).toBe(2)
    expect(copies.at(fits)?.byteOffset).toBe(0)
  })
})
