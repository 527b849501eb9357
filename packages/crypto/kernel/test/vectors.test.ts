import { isTalosError } from '@talos/errors'
import { repoVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import type { Kernel } from '../src/index.ts'
import { bytes, hex, KERNELS } from './support.ts'

type Expected = Record<string, string | number | boolean>

/** Typed access to a case's input; a misspelt member fails the case. */
class Input {
  readonly #members: Readonly<Record<string, unknown>>

  constructor(members: Readonly<Record<string, unknown>>) {
    this.#members = members
  }

  bytes(name: string): Uint8Array {
    const value = this.#members[`${name}Hex`]
    if (typeof value !== 'string') throw new Error(`the case has no ${name}Hex`)
    return bytes(value)
  }

  optionalBytes(name: string): Uint8Array | undefined {
    return `${name}Hex` in this.#members ? this.bytes(name) : undefined
  }

  number(name: string): number {
    const value = this.#members[name]
    if (typeof value !== 'number') throw new Error(`the case has no number ${name}`)
    return value
  }
}

type Operation = (kernel: Kernel, input: Input) => Expected | Promise<Expected>

const OPERATIONS: Readonly<Record<string, Operation>> = {
  sha256: (kernel, input) => ({ digestHex: hex(kernel.sha256(input.bytes('data'))) }),
  hmacSha256: (kernel, input) => {
    const macHex = hex(kernel.hmacSha256(input.bytes('key'), input.bytes('data')))
    return { macHex, macPrefixHex: macHex.slice(0, 32) }
  },
  hkdfSha256: (kernel, input) => {
    const options = { ikm: input.bytes('ikm'), salt: input.bytes('salt'), info: input.bytes('info') }
    return { okmHex: hex(kernel.hkdfSha256({ ...options, lengthBytes: input.number('lengthBytes') })) }
  },
  leafHash: (kernel, input) => ({
    digestHex: kernel
      .leafHashes([input.bytes('leaf')])
      .map(hex)
      .join(),
  }),
  nodeHash: (kernel, input) => ({ digestHex: hex(kernel.nodeHash(input.bytes('left'), input.bytes('right'))) }),
  aeadSeal: (kernel, input) => ({ ciphertextHex: hex(kernel.aeadSeal(aead(input), input.bytes('plaintext'))) }),
  aeadOpen: (kernel, input) => ({ plaintextHex: hex(kernel.aeadOpen(aead(input), input.bytes('ciphertext'))) }),
  ed25519PublicKey: (kernel, input) => ({ publicKeyHex: hex(kernel.ed25519PublicKey(input.bytes('seed'))) }),
  ed25519Sign: (kernel, input) => ({
    signatureHex: hex(kernel.ed25519Sign(input.bytes('seed'), input.bytes('message'))),
  }),
  ed25519Verify: (kernel, input) => ({
    accepted: kernel.ed25519Verify(input.bytes('publicKey'), input.bytes('message'), input.bytes('signature')),
  }),
  x25519PublicKey: (kernel, input) => ({ publicKeyHex: hex(kernel.x25519PublicKey(input.bytes('secret'))) }),
  x25519: (kernel, input) => ({ sharedHex: hex(kernel.x25519(input.bytes('secret'), input.bytes('publicKey'))) }),
  x25519Iterated: (kernel, input) => ({ sharedHex: hex(iterated(kernel, input.number('rounds'))) }),
  mlkem768EncapsulationKey: (kernel, input) => ({
    encapsulationKeySha256Hex: hex(kernel.sha256(kernel.mlkem768EncapsulationKey(input.bytes('seed')))),
  }),
  mlkem768Encapsulate: (kernel, input) => {
    const result = kernel.mlkem768Encapsulate(input.bytes('encapsulationKey'), input.optionalBytes('randomness'))
    return { sharedSecretHex: hex(result.sharedSecret) }
  },
  mlkem768Decapsulate: (kernel, input) => ({
    sharedSecretHex: hex(kernel.mlkem768Decapsulate(input.bytes('seed'), input.bytes('ciphertext'))),
  }),
  mlkem768RoundTrip: (kernel, input) => {
    const key = kernel.mlkem768EncapsulationKey(input.bytes('seed'))
    const { ciphertext, sharedSecret } = kernel.mlkem768Encapsulate(key, input.bytes('randomness'))
    expect(kernel.mlkem768Decapsulate(input.bytes('seed'), ciphertext)).toEqual(sharedSecret)
    return { ciphertextSha256Hex: hex(kernel.sha256(ciphertext)), sharedSecretHex: hex(sharedSecret) }
  },
  argon2id: async (kernel, input) => {
    const key = await kernel.argon2id({
      password: input.bytes('password'),
      salt: input.bytes('salt'),
      memoryKib: input.number('memoryKib'),
      passes: input.number('passes'),
      parallelism: input.number('parallelism'),
      lengthBytes: input.number('lengthBytes'),
    })
    return { keyHex: hex(key) }
  },
  ratchetStep: (kernel, input) => {
    const { messageKey, nextChainKey } = kernel.ratchetStep(input.bytes('chainKey'))
    return { messageKeyHex: hex(messageKey), nextChainKeyHex: hex(nextChainKey) }
  },
  ratchetSeal: (kernel, input) => {
    const { nextChainKey, message } = kernel.ratchetSeal({
      chainKey: input.bytes('chainKey'),
      headerKey: input.bytes('headerKey'),
      nonce: input.bytes('nonce'),
      header: input.bytes('header'),
      associatedData: input.bytes('associatedData'),
      prefix: input.bytes('prefix'),
      content: input.bytes('content'),
      paddedBytes: input.number('paddedBytes'),
    })
    return { nextChainKeyHex: hex(nextChainKey), messageHex: hex(message) }
  },
  ratchetOpen: (kernel, input) => {
    const content = kernel.ratchetOpen({
      messageKey: input.bytes('messageKey'),
      nonce: input.bytes('nonce'),
      associatedData: input.bytes('associatedData'),
      header: input.bytes('header'),
      commitment: input.bytes('commitment'),
      ciphertext: input.bytes('ciphertext'),
    })
    return { contentHex: hex(content) }
  },
}

function aead(input: Input) {
  return { key: input.bytes('key'), nonce: input.bytes('nonce'), associatedData: input.bytes('associatedData') }
}

/** RFC 7748, section 5.2: the result becomes the scalar, the old scalar becomes u. */
function iterated(kernel: Kernel, rounds: number): Uint8Array {
  let scalar = bytes(`09${'00'.repeat(31)}`)
  let u = scalar
  for (let round = 0; round < rounds; round += 1) {
    const next = kernel.x25519(scalar, u)
    u = scalar
    scalar = next
  }
  return scalar
}

async function outcome(kernel: Kernel, input: Readonly<Record<string, unknown>>): Promise<Expected> {
  const operation = OPERATIONS[String(input['operation'])]
  if (operation === undefined) throw new Error('the case names no operation of the kernel')
  try {
    return await operation(kernel, new Input(input))
  } catch (error) {
    if (isTalosError(error)) return { error: error.code }
    throw error
  }
}

const FILES = ['hash', 'aead', 'ed25519', 'x25519', 'mlkem768', 'argon2id', 'ratchet']

describe.each(KERNELS)('the vectors of the kernel on the %s path', (_, kernel) => {
  describe.each(FILES)('%s', (name) => {
    it.each(repoVectors(`kernel/${name}.json`).cases)('$id: $description', async (vector) => {
      const expected = vector.valid ? vector.expected : { error: vector.error }
      expect(await outcome(kernel, vector.input)).toMatchObject(expected)
    })
  })
})
