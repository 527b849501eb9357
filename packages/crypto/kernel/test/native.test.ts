import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KERNEL_REVISION } from '../src/index.ts'
import { NATIVE_REFUSAL } from '../src/native-block.ts'
import { NATIVE_MODULE_PATH, NATIVE_OPERATIONS, type NativeModule, openNativeModule } from '../src/native-module.ts'
import { NATIVE, NATIVE_NOTE, refusal } from './support.ts'

const HEAD_BYTES = 64

function nativeModule(): NativeModule {
  const opened = openNativeModule(NATIVE_MODULE_PATH)
  if ('reason' in opened) throw new Error(opened.reason)
  return opened
}

function kernel() {
  if (NATIVE === undefined) throw new Error('the native kernel does not serve')
  return NATIVE
}

function block(words: readonly number[], body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + body.length)
  new Uint32Array(bytes.buffer, 0, 16).set(words)
  bytes.set(body, HEAD_BYTES)
  return bytes
}

function detached(): Uint8Array {
  const bytes = new Uint8Array(1000)
  structuredClone(bytes, { transfer: [bytes.buffer] })
  return bytes
}

describe.skipIf(NATIVE === undefined)(`the boundary of the native module${NATIVE_NOTE}`, () => {
  it('has this revision, and says what it was built for', () => {
    const { revision, version } = nativeModule()
    expect(revision).toBe(KERNEL_REVISION)
    expect(version).toMatch(/^\d+\.\d+\.\d+ for [\w-]+$/)
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['text', 'block'],
    ['an object', { length: 1000 }],
    ['a function', () => new Uint8Array(1000)],
    ['an array', Array(1000).fill(0)],
    ['a proxy of a block', new Proxy(new Uint8Array(1000), {})],
    ['an array buffer', new ArrayBuffer(1000)],
    ['a view of another kind', new DataView(new ArrayBuffer(1000))],
    ['signed bytes', new Int8Array(1000)],
    ['clamped bytes', new Uint8ClampedArray(1000)],
    ['words', new Uint32Array(1000)],
    ['floats', new Float64Array(1000)],
    ['a detached block', detached()],
    ['shared memory', new Uint8Array(new SharedArrayBuffer(1000))],
    ['no bytes', new Uint8Array(0)],
    ['a head cut short', new Uint8Array(HEAD_BYTES - 1)],
  ])('refuses %s', (_, argument) => {
    const module: Readonly<Record<string, unknown>> = { ...nativeModule() }
    for (const operation of NATIVE_OPERATIONS) {
      const call = module[operation] as (...given: readonly unknown[]) => unknown
      expect(call(argument)).toBe(NATIVE_REFUSAL.block)
      expect(call()).toBe(NATIVE_REFUSAL.block)
    }
  })

  it('refuses inputs that end past the block, and leaves nothing of it', () => {
    const { sha256 } = nativeModule()
    for (const length of [1001, 2 ** 31, 2 ** 32 - 1]) {
      const bytes = block([length], new Uint8Array(1000).fill(7))
      expect(sha256(bytes)).toBe(NATIVE_REFUSAL.block)
      expect(bytes.some((byte) => byte !== 0)).toBe(false)
    }
  })

  it('reads a block that lies inside of a larger buffer, and writes nowhere else', () => {
    const around = new Uint8Array(300).fill(0xaa)
    const inner = around.subarray(3, 3 + HEAD_BYTES + 35)
    inner.set(block([3], Uint8Array.of(97, 98, 99, ...new Uint8Array(32))))
    expect(nativeModule().sha256(inner)).toBe(0)
    expect(inner.slice(HEAD_BYTES + 3)).toEqual(kernel().sha256(Uint8Array.of(97, 98, 99)))
    expect(around.subarray(0, 3).every((byte) => byte === 0xaa)).toBe(true)
    expect(around.subarray(3 + inner.length).every((byte) => byte === 0xaa)).toBe(true)
  })

  it('erases its inputs whether it is done or refuses', () => {
    const { ratchetSeal, aeadOpen } = nativeModule()
    const inputs = new Uint8Array(32 + 32 + 12 + 4 + 8 + 2 + 100).fill(7)
    const sealed = block([4, 8, 2, 100, 128], Uint8Array.of(...inputs, ...new Uint8Array(400)))
    expect(ratchetSeal(sealed)).toBe(0)
    expect(sealed.subarray(HEAD_BYTES, HEAD_BYTES + inputs.length).some((byte) => byte !== 0)).toBe(false)
    expect(sealed.subarray(HEAD_BYTES + inputs.length).some((byte) => byte !== 0)).toBe(true)
    const opened = block([5, 40], Uint8Array.of(...new Uint8Array(32 + 12 + 5 + 40).fill(7), ...new Uint8Array(24)))
    expect(aeadOpen(opened)).toBe(NATIVE_REFUSAL.authentication)
    expect(opened.subarray(HEAD_BYTES).some((byte) => byte !== 0)).toBe(false)
  })

  it('answers every block of any words and bytes, and lives', () => {
    const module = nativeModule()
    const small = fc.nat(80)
    const word = fc.oneof({ weight: 6, arbitrary: small }, { weight: 1, arbitrary: fc.nat(2 ** 32 - 1) })
    const words = fc.array(word, { maxLength: 16 })
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(9000).map((length) => new Uint8Array(length).fill(1)),
    )
    const property = fc.property(words, body, fc.constantFrom(...NATIVE_OPERATIONS), (head, bytes, operation) => {
      const answer = module[operation](block(head, bytes))
      expect(Number.isInteger(answer)).toBe(true)
      expect(answer).not.toBe(NATIVE_REFUSAL.panic)
      expect(answer).toBeGreaterThanOrEqual(NATIVE_REFUSAL.panic)
    })
    fc.assert(property, { seed: 42, numRuns: 20_000 })
  })

  it('serves several threads at a time', async () => {
    const work = `
      const { parentPort, workerData } = require('node:worker_threads')
      const module = require(workerData)
      const results = new Set()
      for (let round = 0; round < 2000; round += 1) {
        const block = new Uint8Array(${HEAD_BYTES} + 35)
        new Uint32Array(block.buffer, 0, 1)[0] = 3
        block.set([97, 98, 99], ${HEAD_BYTES})
        module.sha256(block)
        results.add(Buffer.from(block.subarray(${HEAD_BYTES} + 3)).toString('hex'))
      }
      parentPort.postMessage([...results])
    `
    const answers = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const worker = new Worker(work, { eval: true, workerData: NATIVE_MODULE_PATH })
        const { promise, resolve, reject } = Promise.withResolvers<unknown>()
        worker.on('message', resolve)
        worker.on('error', reject)
        return await promise
      }),
    )
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(answers).toEqual(Array(4).fill([abc]))
  })
})

describe.skipIf(NATIVE === undefined)(`the native kernel${NATIVE_NOTE}`, () => {
  it('refuses detached memory', () => {
    expect(refusal(() => kernel().ed25519PublicKey(detached()))).toBe('KERNEL_ARGUMENT')
    expect(refusal(() => kernel().sha256(detached()))).toBe('KERNEL_ARGUMENT')
  })

  it('reads shared memory, subarrays and Buffers as the bytes that they show', () => {
    const bytes = Uint8Array.from({ length: 50 }, (_, index) => index)
    const shared = new Uint8Array(new SharedArrayBuffer(50))
    shared.set(bytes)
    const larger = new Uint8Array(90)
    larger.set(bytes, 33)
    for (const same of [shared, larger.subarray(33, 83), Buffer.from(bytes)]) {
      expect(kernel().hmacSha256(same, same)).toEqual(kernel().hmacSha256(bytes, bytes))
    }
  })

  it.each([
    ['text', 'x'.repeat(32)],
    ['numbers', Array(32).fill(1)],
    ['words', new Uint32Array(32)],
  ])('refuses %s of the right length', (_, seed) => {
    const wrong: unknown = seed
    expect(refusal(() => kernel().ed25519PublicKey(wrong as Uint8Array))).toBe('KERNEL_ARGUMENT')
    expect(refusal(() => kernel().leafHashes([wrong as Uint8Array]))).toBe('KERNEL_ARGUMENT')
  })

  it('gives results that its next calls leave alone', () => {
    const input = {
      chainKey: new Uint8Array(32).fill(1),
      headerKey: new Uint8Array(32).fill(2),
      nonce: new Uint8Array(12),
      header: new Uint8Array(40),
      associatedData: new Uint8Array(90),
      prefix: new Uint8Array(0),
    }
    for (const length of [10, 1000, 100_000, 300_000]) {
      const seal = (byte: number) =>
        kernel().ratchetSeal({ ...input, content: new Uint8Array(length).fill(byte), paddedBytes: length + 1 })
      const first = seal(1)
      const kept = structuredClone(first)
      const second = seal(2)
      expect(first).toEqual(kept)
      expect(second.message).not.toEqual(first.message)
      const { headerKey, chainKey, associatedData, header: expectedHeader } = input
      const received = { headerKey, chainKey, associatedData, expectedHeader, prefixBytes: 0 }
      const opened = kernel().ratchetReceive({ ...received, message: first.message })
      kernel().ratchetReceive({ ...received, message: second.message })
      expect(opened).toMatchObject({ content: new Uint8Array(length).fill(1) })
    }
  })
})
