/**
 * Seeds of the Rust targets, made of contracts/vectors/kernel into fuzz/corpus. Their form is that of `fuzz/src/fields.rs`:
 * fields with two bytes of length before them, the less significant one first, and numbers of two bytes.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { concatBytes } from '@talos/bytes'
import { casesOf, fromHexSeed, type Members } from './seeds.ts'

type Part = Uint8Array | number

/** Reads the members of a case: absent ones are empty. */
const bytesOf = (input: Members, name: string) => fromHexSeed(input[`${name}Hex`] ?? '')
const listOf = (input: Members, name: string) => [input[`${name}Hex`] ?? []].flat().map(fromHexSeed)
const fieldsOf = (input: Members, ...names: readonly string[]) => names.map((name) => bytesOf(input, name))

function encode(parts: readonly Part[]): Uint8Array {
  return concatBytes(
    ...parts.flatMap((part) => (typeof part === 'number' ? [u16(part)] : [u16(part.length), part.subarray(0, 0xffff)])),
  )
}

function u16(value: number): Uint8Array {
  const bounded = Math.min(value, 0xffff)
  return Uint8Array.of(bounded & 0xff, bounded >> 8)
}

const EXTRA = new Uint8Array(32).fill(0x42)
/** Turns one bit of what was sealed honestly. */
const FLIP = Uint8Array.of(0, 40, 0, 1)

/** What makes the seeds of each target of each case of an operation. */
const MAKERS: Readonly<Record<string, Readonly<Record<string, (input: Members) => readonly Part[]>>>> = {
  aeadOpen: {
    aead_open: (input) => [...fieldsOf(input, 'key', 'nonce', 'associatedData', 'ciphertext'), 3_583, EXTRA],
  },
  aeadSeal: {
    aead_open: (input) => [
      ...fieldsOf(input, 'key', 'nonce', 'associatedData'),
      EXTRA,
      60,
      bytesOf(input, 'plaintext'),
    ],
  },
  ed25519Verify: { ed25519_verify: (input) => [...fieldsOf(input, 'publicKey', 'message', 'signature'), EXTRA] },
  x25519: { x25519: (input) => fieldsOf(input, 'secret', 'publicKey') },
  mlkem768Encapsulate: { mlkem_encapsulate: (input) => [...fieldsOf(input, 'encapsulationKey', 'randomness'), EXTRA] },
  mlkem768Decapsulate: { mlkem_decapsulate: (input) => [...fieldsOf(input, 'seed', 'ciphertext'), EXTRA] },
  handshakeInitiate: { mlkem_encapsulate: (input) => [...fieldsOf(input, 'kemKey', 'kemRandomness'), EXTRA] },
  handshakeRespond: {
    handshake_respond: (input) => [
      ...fieldsOf(input, 'identitySecret', 'signedPrekeySecret', 'kemSeed', 'oneTimeSecret', 'peerIdentityKey'),
      ...fieldsOf(input, 'ephemeralKey', 'kemCiphertext', 'transcriptHash'),
      EXTRA,
      EXTRA.map((byte) => byte + 1),
      EXTRA.map((byte) => byte + 2),
      EXTRA,
      EXTRA,
    ],
  },
  ratchetReceive: {
    ratchet_receive: (input) => [
      ...fieldsOf(input, 'headerKey', 'chainKey', 'expectedHeader', 'associatedData', 'message'),
      Number(input['prefixBytes']),
      EXTRA.subarray(0, 12),
      EXTRA,
      200,
    ],
  },
  ratchetOpen: {
    ratchet_open: (input) => [
      ...fieldsOf(input, 'messageKey', 'nonce', 'associatedData', 'header', 'commitment', 'ciphertext'),
      EXTRA,
      EXTRA,
      100,
    ],
  },
  ratchetSeal: {
    ratchet_round_trip: (input) => {
      const content = bytesOf(input, 'content')
      const lengths = fieldsOf(input, 'header', 'prefix', 'associatedData').map(({ length }) => length)
      const numbers = [content.length, Math.max(0, Number(input['paddedBytes']) - content.length), ...lengths, 3]
      return [...numbers, content.subarray(0, 64), ...fieldsOf(input, 'chainKey', 'headerKey', 'nonce')]
    },
  },
  verifyEnvelopes: {
    verify_envelopes: (input) => {
      const keys = listOf(input, 'publicKeys')
      return listOf(input, 'envelopes').flatMap((envelope, index) => [keys[index] ?? EXTRA, envelope])
    },
  },
  verifyEntries: {
    verify_entries: (input) => {
      const signatures = listOf(input, 'signatures')
      const pairs = listOf(input, 'entries').flatMap((entry, index) => [entry, signatures[index] ?? EXTRA])
      return [bytesOf(input, 'publicKey'), ...pairs]
    },
  },
  appendLeaves: {
    append_leaves: (input) => {
      const size = new Uint8Array(8)
      const value = Number(input['size'])
      if (Number.isSafeInteger(value) && value >= 0) new DataView(size.buffer).setBigUint64(0, BigInt(value), true)
      return [size, bytesOf(input, 'edge'), ...listOf(input, 'leaves')]
    },
  },
}

/** Operations of the bridge by their number, and the order of what stands in their blocks; a word of the head for each length. */
const BLOCKS: Readonly<
  Record<string, { readonly operation: number; readonly inputs: string; readonly words: string }>
> = {
  sha256: { operation: 0, inputs: 'data', words: 'data' },
  hmacSha256: { operation: 1, inputs: 'key data', words: 'key data' },
  hkdfSha256: { operation: 2, inputs: 'ikm salt info', words: 'ikm salt info' },
  aeadSeal: { operation: 3, inputs: 'key nonce associatedData plaintext', words: 'associatedData plaintext' },
  aeadOpen: { operation: 4, inputs: 'key nonce associatedData ciphertext', words: 'associatedData ciphertext' },
  ed25519Verify: { operation: 7, inputs: 'publicKey message signature', words: 'publicKey message signature' },
  x25519: { operation: 9, inputs: 'secret publicKey', words: '' },
  mlkem768Decapsulate: { operation: 12, inputs: 'seed ciphertext', words: '' },
  ratchetSeal: {
    operation: 14,
    inputs: 'chainKey headerKey nonce header associatedData prefix content',
    words: 'header associatedData prefix content paddedBytes',
  },
  ratchetOpen: {
    operation: 15,
    inputs: 'messageKey nonce associatedData header commitment ciphertext',
    words: 'associatedData header ciphertext',
  },
  ratchetReceive: {
    operation: 16,
    inputs: 'headerKey chainKey expectedHeader associatedData message',
    words: 'expectedHeader associatedData message prefixBytes',
  },
  ratchetTurn: { operation: 17, inputs: 'rootKey secret publicKey mixed', words: 'mixed' },
  handshakeRespond: {
    operation: 21,
    inputs:
      'identitySecret signedPrekeySecret oneTimeSecret kemSeed peerIdentityKey ephemeralKey kemCiphertext transcriptHash',
    words: 'oneTimeSecret',
  },
}

/** A case as the block that TypeScript would write for it, behind the number of its operation. */
function blockOf(name: string, input: Members): Uint8Array | undefined {
  const form = BLOCKS[name]
  if (form === undefined) return undefined
  const head = new DataView(new ArrayBuffer(64))
  for (const [index, word] of form.words.split(' ').entries()) {
    const value = typeof input[word] === 'number' ? input[word] : bytesOf(input, word).length
    head.setUint32(4 * index, value >>> 0, true)
  }
  return concatBytes(
    Uint8Array.of(form.operation),
    new Uint8Array(head.buffer),
    ...fieldsOf(input, ...form.inputs.split(' ')),
  )
}

const KERNEL_FILES = ['hash', 'aead', 'ed25519', 'x25519', 'mlkem768', 'ratchet', 'handshake', 'evidence']

export interface CorpusFile {
  readonly target: string
  readonly name: string
  readonly bytes: Uint8Array
}

/** Every seed of every Rust target. */
export function rustCorpus(): readonly CorpusFile[] {
  return KERNEL_FILES.flatMap((file) => casesOf(`kernel/${file}.json`)).flatMap(({ id, input, expected = {} }) => {
    const operation = String(input['operation'])
    const made = Object.entries(MAKERS[operation] ?? {}).flatMap(([target, parts]) => {
      const bytes = encode(parts({ ...expected, ...input }))
      return [
        { target, name: id, bytes },
        { target, name: `${id}-edited`, bytes: concatBytes(bytes, FLIP) },
      ]
    })
    const block = blockOf(operation, input)
    return block === undefined ? made : [...made, { target: 'node_block', name: id, bytes: block }]
  })
}

/** Writes the seeds below `folder`, one folder for each target. */
export function writeCorpus(folder: string): void {
  for (const { target, name, bytes } of rustCorpus()) {
    mkdirSync(join(folder, target), { recursive: true })
    writeFileSync(join(folder, target, name), bytes)
  }
}
