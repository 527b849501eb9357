import { isTalosError } from '@talos/errors'
import { repoVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import type { Kernel } from '../src/index.ts'
import { bytes, hex, KERNELS } from './support.ts'

type Expected = Record<string, string | number | boolean | readonly string[] | readonly boolean[]>

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

  /** A list of byte strings, in a member named in the plural. */
  list(name: string): Uint8Array[] {
    const value = this.#members[`${name}Hex`]
    if (!Array.isArray(value)) throw new Error(`the case has no list ${name}Hex`)
    return value.map((one) => bytes(String(one)))
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
  ratchetForward: (kernel, input) => ({
    nextChainKeyHex: hex(kernel.ratchetForward(input.bytes('chainKey'), input.number('steps'))),
  }),
  ratchetAdvance: (kernel, input) => {
    const { messageKeys, nextChainKey } = kernel.ratchetAdvance(input.bytes('chainKey'), input.number('steps'))
    return { messageKeysSha256Hex: hex(kernel.sha256(messageKeys)), nextChainKeyHex: hex(nextChainKey) }
  },
  ratchetReceive: (kernel, input) => {
    const received = kernel.ratchetReceive({
      headerKey: input.bytes('headerKey'),
      chainKey: input.bytes('chainKey'),
      expectedHeader: input.bytes('expectedHeader'),
      associatedData: input.bytes('associatedData'),
      message: input.bytes('message'),
      prefixBytes: input.number('prefixBytes'),
    })
    return { ...hexMembers(received), kind: received.kind }
  },
  ratchetTurn: (kernel, input) =>
    hexMembers(
      kernel.ratchetTurn({
        rootKey: input.bytes('rootKey'),
        secret: input.bytes('secret'),
        publicKey: input.bytes('publicKey'),
        mixed: input.optionalBytes('mixed'),
      }),
    ),
  handshakeInitiate: (kernel, input) => {
    const initiated = kernel.handshakeInitiate({
      identitySecret: input.bytes('identitySecret'),
      ephemeralSecret: input.bytes('ephemeralSecret'),
      ratchetSecret: input.bytes('ratchetSecret'),
      peerIdentityKey: input.bytes('peerIdentityKey'),
      signedPrekey: input.bytes('signedPrekey'),
      oneTimeKey: input.optionalBytes('oneTimeKey'),
      kemKey: input.bytes('kemKey'),
      kemRandomness: input.optionalBytes('kemRandomness'),
      transcriptHead: input.bytes('transcriptHead'),
      context: input.bytes('context'),
    })
    return { ...hexMembers(initiated), kemCiphertextSha256Hex: hex(kernel.sha256(initiated.kemCiphertext)) }
  },
  handshakeRespond: (kernel, input) =>
    hexMembers(
      kernel.handshakeRespond({
        identitySecret: input.bytes('identitySecret'),
        signedPrekeySecret: input.bytes('signedPrekeySecret'),
        oneTimeSecret: input.optionalBytes('oneTimeSecret'),
        kemSeed: input.bytes('kemSeed'),
        peerIdentityKey: input.bytes('peerIdentityKey'),
        ephemeralKey: input.bytes('ephemeralKey'),
        kemCiphertext: input.bytes('kemCiphertext'),
        transcriptHash: input.bytes('transcriptHash'),
      }),
    ),
  verifyEnvelopes: (kernel, input) => {
    const publicKeys = input.list('publicKeys')
    const items = input.list('envelopes').map((envelope, index) => ({ envelope, publicKey: at(publicKeys, index) }))
    const verdicts = kernel.verifyEnvelopes(items)
    return { digestsHex: verdicts.map(({ digest }) => hex(digest)), valid: verdicts.map(({ valid }) => valid) }
  },
  verifyEntries: (kernel, input) => {
    const { leafHashes, valid } = kernel.verifyEntries({
      publicKey: input.bytes('publicKey'),
      entries: input.list('entries'),
      signatures: input.list('signatures'),
    })
    return { leafHashesHex: leafHashes.map(hex), valid }
  },
  appendLeaves: (kernel, input) => {
    const { leafHashes, edge } = kernel.appendLeaves({
      size: input.number('size'),
      edge: input.bytes('edge'),
      leaves: input.list('leaves'),
    })
    return { leafHashesHex: leafHashes.map(hex), edgeHex: hex(edge) }
  },
  appendBundle: (kernel, input) =>
    hexMembers(
      kernel.appendBundle({ size: input.number('size'), edge: input.bytes('edge'), bundle: input.bytes('bundle') }),
    ),
  hashUp: (kernel, input) => ({ nodesHex: hex(kernel.hashUp(input.bytes('hashes'))) }),
}

/** Each member that holds bytes, in hex and named as vectors name it. */
function hexMembers(result: object): Record<string, string> {
  const members = Object.entries(result).filter(([, value]) => value instanceof Uint8Array)
  return Object.fromEntries(members.map(([name, value]) => [`${name}Hex`, hex(value)]))
}

function at(list: readonly Uint8Array[], index: number): Uint8Array {
  const one = list[index]
  if (one === undefined) throw new Error('the case has fewer keys than envelopes')
  return one
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

const FILES = ['hash', 'aead', 'ed25519', 'x25519', 'mlkem768', 'argon2id', 'ratchet', 'handshake', 'evidence', 'tree']

describe.each(KERNELS)('the vectors of the kernel on the %s path', (_, kernel) => {
  describe.each(FILES)('%s', (name) => {
    it.each(repoVectors(`kernel/${name}.json`).cases)('$id: $description', async (vector) => {
      const expected = vector.valid ? vector.expected : { error: vector.error }
      expect(await outcome(kernel, vector.input)).toMatchObject(expected)
    })
  })
})
