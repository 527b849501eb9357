import { fromHex } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { describe, expect, it } from 'vitest'
import { nodeAead } from '../src/aead-node.ts'
import { composeKernel } from '../src/compose.ts'
import { nodeCurves } from '../src/curves-node.ts'
import { nodeHash } from '../src/hash-node.ts'
import {
  type Kernel,
  nobleKernel,
  portableKernel,
  SYSTEM_RANDOM_MAX_BYTES,
  selfTest,
  selfTestArgon2id,
  systemClock,
  systemRandom,
} from '../src/index.ts'
import { nobleKem } from '../src/kem-noble.ts'
import { PublicKeyCache } from '../src/public-key-cache.ts'
import { KERNELS, refusal } from './support.ts'

/** Every method that the synchronous self-test covers. */
const METHODS = [
  'sha256',
  'hmacSha256',
  'hkdfSha256',
  'aeadSeal',
  'aeadOpen',
  'ed25519PublicKey',
  'ed25519Sign',
  'ed25519Verify',
  'x25519PublicKey',
  'x25519',
  'mlkem768EncapsulationKey',
  'mlkem768Encapsulate',
  'mlkem768Decapsulate',
  'leafHashes',
  'nodeHash',
  'ratchetStep',
  'ratchetForward',
  'ratchetAdvance',
  'ratchetSeal',
  'ratchetOpen',
  'ratchetReceive',
  'ratchetTurn',
  'handshakeInitiate',
  'handshakeRespond',
  'verifyEnvelopes',
  'verifyEntries',
  'appendLeaves',
  'appendBundle',
  'hashUp',
] as const satisfies readonly (keyof Kernel)[]

/** The check that the self-test stops at, `undefined` where it passes. */
function failedCheck(kernel: Kernel): unknown {
  try {
    selfTest(kernel)
    return undefined
  } catch (error) {
    return isTalosError(error, 'KERNEL_SELF_TEST') ? error.details['check'] : error
  }
}

describe('the self-test', () => {
  it.each(KERNELS)('passes on the %s path', async (_, kernel) => {
    expect(failedCheck(kernel)).toBeUndefined()
    await expect(selfTestArgon2id(kernel)).resolves.toBeUndefined()
  })

  it('covers every method of the port', () => {
    const methods = Object.keys(portableKernel()).filter((name) => name !== 'name' && name !== 'argon2id')
    expect(methods.sort()).toEqual([...METHODS].sort())
  })

  it.each(METHODS)('names %s when it throws', (method) => {
    const broken: Kernel = {
      ...portableKernel(),
      [method]: () => {
        throw new RangeError('broken')
      },
    }
    // Checks that lean on another method come after its own, so that the method at fault is the one named.
    expect(failedCheck(broken)).toBe(method)
  })

  it('names the method that answers wrongly', () => {
    const kernel = portableKernel()
    const broken: ReadonlyArray<readonly [check: string, fault: Partial<Kernel>]> = [
      ['ed25519Verify', { ed25519Verify: () => true }],
      ['ed25519Verify', { ed25519Verify: () => false }],
      ['aeadOpen', { aeadOpen: () => fromHex('0404040404040404') }],
      ['ratchetOpen', { ratchetOpen: () => fromHex('0606060606060606') }],
      ['x25519', { x25519: (secret, peer) => (peer.every((byte) => byte === 0) ? peer : kernel.x25519(secret, peer)) }],
      ['leafHashes', { leafHashes: () => [] }],
      ['nodeHash', { nodeHash: (left, right) => kernel.nodeHash(right, left) }],
      ['mlkem768Encapsulate', { mlkem768Encapsulate: (key) => kernel.mlkem768Encapsulate(key) }],
    ]
    for (const [check, fault] of broken) expect(failedCheck({ ...kernel, ...fault })).toBe(check)
  })

  it('names Argon2id when it answers wrongly', async () => {
    const broken: Kernel = { ...portableKernel(), argon2id: async () => new Uint8Array(32) }
    await expect(selfTestArgon2id(broken)).rejects.toMatchObject({
      code: 'KERNEL_SELF_TEST',
      details: { check: 'argon2id' },
    })
  })
})

describe('the portable kernel', () => {
  it('serves ML-KEM and Argon2id by noble where node:crypto lacks them', async () => {
    const bare = portableKernel({})
    expect(failedCheck(bare)).toBeUndefined()
    await expect(selfTestArgon2id(bare)).resolves.toBeUndefined()
  })

  it('counts half of ML-KEM in node:crypto as none', () => {
    const half = portableKernel({
      encapsulate: () => {
        throw new Error('not to be called')
      },
    })
    expect(failedCheck(half)).toBeUndefined()
  })

  it('tells that Argon2id could not get its memory, and keeps the cause', async () => {
    const cause = new Error('out of memory')
    const starved = composeKernel({
      hash: nodeHash,
      aead: nodeAead,
      curves: nodeCurves(),
      kem: nobleKem,
      password: { argon2id: () => Promise.reject(cause) },
    })
    const options = { passes: 1, parallelism: 1, lengthBytes: 32, memoryKib: 8 }
    const derivation = starved.argon2id({ password: new Uint8Array(1), salt: new Uint8Array(16), ...options })
    await expect(derivation).rejects.toMatchObject({ code: 'KERNEL_RESOURCES', details: { memoryKib: 8 }, cause })
  })

  it('states the argument, its length and the length due in an error, and none of the bytes', () => {
    const error = [new Uint8Array(31).fill(0xab)].map((seed) => {
      try {
        return portableKernel().ed25519Sign(seed, seed)
      } catch (thrown) {
        return thrown
      }
    })
    expect(error).toMatchObject([
      { code: 'KERNEL_ARGUMENT', details: { argument: 'seed', lengthBytes: 31, expectedBytes: 32 } },
    ])
    expect(JSON.stringify(error)).not.toMatch(/abab|171,171/)
  })

  it.each(KERNELS)('derives up to 255 blocks and no more on the %s path', (_, kernel) => {
    const empty = new Uint8Array(0)
    const options = { ikm: empty, salt: empty, info: empty }
    expect(kernel.hkdfSha256({ ...options, lengthBytes: 8160 })).toHaveLength(8160)
    expect(refusal(() => kernel.hkdfSha256({ ...options, lengthBytes: 8161 }))).toBe('KERNEL_ARGUMENT')
  })
})

describe('the cache of public keys', () => {
  const raw = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

  it('imports a key once, however it is stored', () => {
    const imports: number[] = []
    const cache = new PublicKeyCache(4, (key) => imports.push(key.length))
    const larger = new Uint8Array(40).fill(1)
    expect(cache.get(raw(1))).toBe(cache.get(larger.subarray(8)))
    expect(imports).toEqual([32])
  })

  it('never holds more than its capacity, and lets the least recently used key go', () => {
    const imports: string[] = []
    const cache = new PublicKeyCache(2, (key) => imports.push(String(key.at(0))))
    for (const byte of [1, 2, 1, 3, 1, 2]) cache.get(raw(byte))
    expect(imports).toEqual(['1', '2', '3', '2'])
    expect(cache.size).toBe(2)
  })

  it('does not mix the two curves up', () => {
    const kernel = portableKernel()
    const secret = raw(5)
    const key = kernel.ed25519PublicKey(secret)
    const signature = kernel.ed25519Sign(secret, secret)
    const shared = nobleKernel().x25519(secret, key)
    for (let round = 0; round < 2; round += 1) {
      expect(kernel.ed25519Verify(key, secret, signature)).toBe(true)
      expect(kernel.x25519(secret, key)).toEqual(shared)
    }
  })
})

describe('the ports of the system', () => {
  it('give fresh bytes of the length asked for', () => {
    expect(systemRandom.bytes(0)).toHaveLength(0)
    expect(systemRandom.bytes(SYSTEM_RANDOM_MAX_BYTES)).toHaveLength(SYSTEM_RANDOM_MAX_BYTES)
    expect(systemRandom.bytes(32)).not.toEqual(systemRandom.bytes(32))
  })

  it('give out each nonce once, over several refills of what is drawn ahead, in memory of its own', () => {
    const drawn = Array.from({ length: 2000 }, () => systemRandom.bytes(12))
    expect(new Set(drawn.map((nonce) => Buffer.from(nonce).toString('hex'))).size).toBe(2000)
    expect(drawn.every(({ length, buffer }) => length === 12 && buffer.byteLength === 12)).toBe(true)
    expect(new Set(drawn.map(({ buffer }) => buffer)).size).toBe(2000)
  })

  it('give whole draws at the end of what is drawn ahead', () => {
    const drawn = Array.from({ length: 3000 }, (_, index) => systemRandom.bytes(8 + (index % 5)))
    expect(drawn.every(({ length }, index) => length === 8 + (index % 5))).toBe(true)
    expect(new Set(drawn.map((bytes) => Buffer.from(bytes.subarray(0, 8)).toString('hex'))).size).toBe(3000)
  })

  it.each([-1, 1.5, Number.NaN, SYSTEM_RANDOM_MAX_BYTES + 1])('refuse %s bytes of randomness', (length) => {
    expect(refusal(() => systemRandom.bytes(length))).toBe('KERNEL_ARGUMENT')
  })

  it('tell the time in milliseconds', () => {
    const before = Date.now()
    const now = systemClock.nowMs()
    expect(now).toBeGreaterThanOrEqual(before)
    expect(now).toBeLessThanOrEqual(Date.now())
  })
})
