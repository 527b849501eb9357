/**
 * The same input to every kernel: portable on node:crypto and noble, noble alone, native where it is built. They answer
 * alike: results byte by byte, refusals with the same code and the same details.
 *
 * Inputs are mostly right and now and then wrong in one place: a byte more or less, a bit flipped, a number at its bound.
 */
import { utf8 } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Kernel } from '../src/index.ts'
import { KERNELS, NATIVE_NOTE } from './support.ts'

const SEED = 20_260
const [[, reference]] = KERNELS as readonly [readonly [string, Kernel], ...(typeof KERNELS)[number][]]

interface Outcome {
  readonly result?: unknown
  readonly code?: string
  readonly details?: object
}

/** What the work gives: a result, or code and details of a refusal. */
function outcome(work: () => unknown): Outcome {
  try {
    return { result: work() }
  } catch (error) {
    if (!isTalosError(error)) throw error
    return { code: error.code, details: error.details }
  }
}

/** Holds all kernels to the answer of the first one. */
function agree<Input>(input: Input, work: (kernel: Kernel, input: Input) => unknown): Outcome {
  const [expected, ...others] = KERNELS.map(([path, kernel]) => ({ path, outcome: outcome(() => work(kernel, input)) }))
  for (const other of others) expect(other.outcome, other.path).toEqual(expected?.outcome)
  return expected?.outcome ?? {}
}

/** Holds the kernels to each other, and gives the codes and the kinds of result that came up. */
function check<Input>(
  arbitrary: fc.Arbitrary<Input>,
  numRuns: number,
  work: (kernel: Kernel, input: Input) => unknown,
): ReadonlySet<unknown> {
  const seen = new Set<unknown>()
  const property = fc.property(arbitrary, (input) => {
    const { code, result } = agree(input, work)
    seen.add(code ?? (result instanceof Object && 'kind' in result ? result.kind : 'result'))
  })
  fc.assert(property, { seed: SEED, numRuns })
  return seen
}

const any = (maxLength: number) => fc.uint8Array({ maxLength })
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
/** Of this length, but for one time in twelve. */
const due = (length: number) =>
  fc.oneof(
    { weight: 22, arbitrary: exactly(length) },
    { weight: 1, arbitrary: exactly(Math.max(0, length - 1)) },
    { weight: 1, arbitrary: exactly(length + 1) },
  )
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
/** A position to flip a bit at, half of the time none. */
const damage = maybe(fc.nat())

function flipped(bytes: Uint8Array, position: number | undefined): Uint8Array {
  if (position === undefined || bytes.length === 0) return bytes
  return bytes.map((byte, index) => (index === position % bytes.length ? byte ^ (1 << (position % 8)) : byte))
}

describe(`every kernel${NATIVE_NOTE}`, () => {
  it('hashes alike', () => {
    check(fc.tuple(any(300), any(300)), 200, (kernel, [a, b]) => [
      kernel.sha256(a),
      kernel.hmacSha256(a, b),
      kernel.leafHashes([a, b, a.subarray(1)]),
    ])
    check(fc.tuple(due(32), due(32)), 100, (kernel, [left, right]) => kernel.nodeHash(left, right))
    const lengthBytes = fc.oneof(fc.integer({ min: -1, max: 200 }), fc.constantFrom(8160, 8161, 1.5, Number.NaN))
    check(fc.record({ ikm: any(80), salt: any(80), info: any(80), lengthBytes }), 200, (kernel, input) =>
      kernel.hkdfSha256(input),
    )
  })

  it('seals and opens alike', () => {
    const options = fc.record({ key: due(32), nonce: due(12), associatedData: any(100) })
    const plaintext = fc.oneof(any(300), exactly(3584), exactly(3585))
    check(fc.tuple(options, plaintext), 150, (kernel, [given, text]) => kernel.aeadSeal(given, text))
    check(fc.tuple(options, any(40)), 100, (kernel, [given, text]) => kernel.aeadOpen(given, text))
    check(fc.tuple(exactly(32), exactly(12), any(300), damage), 150, (kernel, [key, nonce, text, position]) => {
      const given = { key, nonce, associatedData: key }
      return kernel.aeadOpen(given, flipped(reference.aeadSeal(given, text), position))
    })
  })

  it('signs and judges alike', () => {
    check(fc.tuple(due(32), any(200)), 60, (kernel, [seed, message]) => [
      kernel.ed25519PublicKey(seed),
      kernel.ed25519Sign(seed, message),
    ])
    check(fc.tuple(due(32), any(80), due(64)), 60, (kernel, [key, message, signature]) =>
      kernel.ed25519Verify(key, message, signature),
    )
    check(fc.tuple(exactly(32), any(80), damage, damage), 60, (kernel, [seed, message, inKey, inSignature]) =>
      kernel.ed25519Verify(
        flipped(reference.ed25519PublicKey(seed), inKey),
        message,
        flipped(reference.ed25519Sign(seed, message), inSignature),
      ),
    )
  })

  it('agrees on keys alike, low-order ones among them', () => {
    const point = fc.oneof(due(32), fc.constant(new Uint8Array(32)), fc.constant(new Uint8Array(32).fill(1, 0, 1)))
    check(due(32), 40, (kernel, secret) => kernel.x25519PublicKey(secret))
    check(fc.tuple(due(32), point), 60, (kernel, [secret, key]) => kernel.x25519(secret, key))
  })

  it('encapsulates alike, three implementations of ML-KEM-768 against each other', () => {
    check(due(64), 20, (kernel, seed) => kernel.mlkem768EncapsulationKey(seed))
    check(fc.tuple(due(1184), due(32)), 30, (kernel, [key, randomness]) => kernel.mlkem768Encapsulate(key, randomness))
    check(fc.tuple(exactly(64), exactly(32), damage), 30, (kernel, [seed, randomness, position]) => {
      const key = reference.mlkem768EncapsulationKey(seed)
      const { ciphertext, sharedSecret } = kernel.mlkem768Encapsulate(key, randomness)
      return [ciphertext, sharedSecret, kernel.mlkem768Decapsulate(seed, flipped(ciphertext, position))]
    })
    check(fc.tuple(due(64), due(1088)), 20, (kernel, [seed, text]) => kernel.mlkem768Decapsulate(seed, text))
    const everyPair = KERNELS.flatMap(([, one]) => KERNELS.map(([, other]) => [one, other] as const))
    const property = fc.property(exactly(64), (seed) => {
      for (const [one, other] of everyPair) {
        const { ciphertext, sharedSecret } = one.mlkem768Encapsulate(other.mlkem768EncapsulationKey(seed))
        expect(other.mlkem768Decapsulate(seed, ciphertext)).toEqual(sharedSecret)
      }
    })
    fc.assert(property, { seed: SEED, numRuns: 10 })
  })
})

const sealing = fc.record({
  chainKey: due(32),
  headerKey: due(32),
  nonce: due(12),
  header: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 60 }), any(0), exactly(1024), exactly(1025)),
  associatedData: any(700),
  prefix: fc.oneof(any(40), exactly(4096), exactly(4097)),
  content: fc.oneof(any(300), exactly(5000)),
})
const padding = fc.oneof(fc.integer({ min: -1, max: 400 }), fc.constantFrom(0.5, Number.NaN, 2 ** 24 + 1))

describe(`a ratchet on every kernel${NATIVE_NOTE}`, () => {
  it('steps alike', () => {
    const steps = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(-1, 1.5, 4097, Number.NaN))
    check(fc.tuple(due(32), steps), 60, (kernel, [chainKey, count]) => [
      kernel.ratchetStep(chainKey),
      kernel.ratchetForward(chainKey, count),
      kernel.ratchetAdvance(chainKey, count),
    ])
    check(exactly(32), 1, (kernel, chainKey) => [
      kernel.ratchetForward(chainKey, 4096),
      kernel.ratchetAdvance(chainKey, 4096),
    ])
  })

  it('seals alike', () => {
    check(fc.tuple(sealing, padding), 300, (kernel, [input, more]) =>
      kernel.ratchetSeal({ ...input, paddedBytes: input.content.length + more }),
    )
  })

  it('receives alike what any of them sealed, whole or damaged, expected or not', () => {
    const given = fc.record({
      chainKey: exactly(32),
      headerKey: exactly(32),
      nonce: exactly(12),
      header: fc.uint8Array({ minLength: 1, maxLength: 60 }),
      associatedData: any(120),
      prefix: any(40),
      content: any(300),
    })
    const fault = fc.constantFrom('none', 'none', 'message', 'header', 'chainKey', 'headerKey', 'prefixBytes', 'cut')
    const found = check(fc.tuple(given, fault, fc.nat()), 400, (kernel, [input, what, position]) => {
      const { message } = reference.ratchetSeal({ ...input, paddedBytes: input.content.length + 1 + (position % 50) })
      return kernel.ratchetReceive({
        headerKey: what === 'headerKey' ? flipped(input.headerKey, position) : input.headerKey,
        chainKey: what === 'chainKey' ? flipped(input.chainKey, position) : input.chainKey,
        expectedHeader: what === 'header' ? flipped(input.header, position) : input.header,
        associatedData: input.associatedData,
        message:
          what === 'cut'
            ? message.subarray(0, position % message.length)
            : what === 'message'
              ? flipped(message, position)
              : message,
        prefixBytes: input.prefix.length + (what === 'prefixBytes' ? 1 : 0),
      })
    })
    const kinds = ['KERNEL_ARGUMENT', 'KERNEL_AUTHENTICATION', 'opened', 'other-header', 'other-key']
    expect(found).toEqual(new Set(kinds))
    const loose = fc.record({
      headerKey: due(32),
      chainKey: due(32),
      expectedHeader: fc.oneof(any(60), exactly(1025)),
      associatedData: any(40),
      message: any(300),
      prefixBytes: fc.oneof(fc.integer({ min: -1, max: 60 }), fc.constantFrom(0.5, 4096, 4097, Number.NaN)),
    })
    check(loose, 200, (kernel, input) => kernel.ratchetReceive(input))
  })

  it('opens alike with a message key, and finds padding that is none', () => {
    const parts = fc.record({ messageKey: exactly(32), nonce: exactly(12), header: exactly(20), content: any(200) })
    const found = check(fc.tuple(parts, fc.boolean(), damage), 200, (kernel, [input, padded, position]) => {
      const { messageKey, nonce, header } = input
      const info = utf8('talos/ts1/mk')
      const key = reference.hmacSha256(messageKey, Uint8Array.of(...info, 1))
      const commitment = reference.hmacSha256(messageKey, Uint8Array.of(...key, ...info, 2))
      const associatedData = messageKey.subarray(3)
      const plaintext = padded ? Uint8Array.of(...input.content, 0x80, 0, 0) : input.content
      const options = { key, nonce, associatedData: Uint8Array.of(...associatedData, ...header, ...commitment) }
      const ciphertext = flipped(reference.aeadSeal(options, plaintext), position)
      return kernel.ratchetOpen({ messageKey, nonce, associatedData, header, commitment, ciphertext })
    })
    expect(found).toEqual(new Set(['KERNEL_AUTHENTICATION', 'KERNEL_PADDING', 'result']))
    const loose = fc.record({
      messageKey: due(32),
      nonce: due(12),
      associatedData: any(40),
      header: fc.oneof(any(40), exactly(15)),
      commitment: due(32),
      ciphertext: fc.oneof(any(200), exactly(15)),
    })
    check(loose, 200, (kernel, input) => kernel.ratchetOpen(input))
  })

  it('turns alike', () => {
    const input = fc.record({ rootKey: due(32), secret: due(32), publicKey: due(32), mixed: maybe(due(32)) })
    check(input, 80, (kernel, given) => kernel.ratchetTurn(given))
    check(exactly(32), 5, (kernel, secret) =>
      kernel.ratchetTurn({ rootKey: secret, secret, publicKey: new Uint8Array(32) }),
    )
  })

  it('shakes hands alike, on both sides', () => {
    const key = fc.oneof({ weight: 60, arbitrary: due(32) }, { weight: 1, arbitrary: fc.constant(new Uint8Array(32)) })
    const input = fc.record({
      identitySecret: due(32),
      ephemeralSecret: due(32),
      ratchetSecret: due(32),
      peerIdentityKey: key,
      signedPrekey: key,
      oneTimeKey: maybe(key),
      kemSeed: exactly(64),
      kemDamage: fc.constantFrom(undefined, undefined, undefined, 7),
      kemRandomness: due(32),
      transcriptHead: fc.oneof(any(500), exactly(8193)),
      context: due(32),
    })
    const found = check(input, 80, (kernel, { kemSeed, kemDamage, ...given }) => {
      const valid = reference.mlkem768EncapsulationKey(kemSeed)
      // Twelve bits of ones are no coefficient below q.
      const kemKey = kemDamage === undefined ? valid : valid.map((byte, index) => (index < 2 ? 0xff : byte))
      return kernel.handshakeInitiate({ ...given, kemKey })
    })
    expect(found).toEqual(new Set(['KERNEL_ARGUMENT', 'KERNEL_KEY_INVALID', 'KERNEL_LOW_ORDER', 'result']))
    const answer = fc.record({
      identitySecret: due(32),
      signedPrekeySecret: due(32),
      oneTimeSecret: maybe(due(32)),
      kemSeed: due(64),
      peerIdentityKey: key,
      ephemeralKey: key,
      kemCiphertext: due(1088),
      transcriptHash: due(32),
    })
    check(answer, 60, (kernel, given) => kernel.handshakeRespond(given))
  })
})

describe(`evidence on every kernel${NATIVE_NOTE}`, () => {
  const signed = (seed: Uint8Array, bytes: Uint8Array) => reference.ed25519Sign(seed, bytes)

  it('is judged alike: envelopes', () => {
    const item = fc.record({
      seed: exactly(32),
      text: any(120),
      inEnvelope: damage,
      inKey: damage,
      cut: maybe(fc.nat(80)),
    })
    check(fc.array(item, { maxLength: 6 }), 60, (kernel, items) =>
      kernel.verifyEnvelopes(
        items.map(({ seed, text, inEnvelope, inKey, cut }) => {
          const envelope = Uint8Array.from([0x82, 0x58, 0x40, ...signed(seed, text), ...text])
          return {
            envelope: flipped(envelope, inEnvelope).subarray(0, cut ?? envelope.length),
            publicKey: flipped(reference.ed25519PublicKey(seed), inKey),
          }
        }),
      ),
    )
    const empty = { envelope: new Uint8Array(0), publicKey: new Uint8Array(0) }
    check(fc.constantFrom(0, 64, 65), 3, (kernel, count) => kernel.verifyEnvelopes(Array(count).fill(empty)))
  })

  it('is judged alike: entries under one key', () => {
    const entry = fc.record({ text: any(120), inSignature: damage, cut: fc.constantFrom(64, 64, 64, 63, 0) })
    const run = fc.record({
      seed: exactly(32),
      entries: fc.array(entry, { maxLength: 8 }),
      inKey: damage,
      missing: fc.constantFrom(0, 0, 0, 1),
    })
    check(run, 60, (kernel, { seed, entries, inKey, missing }) =>
      kernel.verifyEntries({
        publicKey: flipped(reference.ed25519PublicKey(seed), inKey),
        entries: entries.map(({ text }) => text),
        signatures: entries
          .map(({ text, inSignature, cut }) => flipped(signed(seed, text), inSignature).subarray(0, cut))
          .slice(missing),
      }),
    )
  })

  it('grows alike: leaves on an edge', () => {
    const size = fc.oneof(
      fc.nat(70),
      fc.constantFrom(2 ** 32 - 1, 2 ** 32, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER, -1, 1.5),
    )
    const leaves = fc.array(any(40), { maxLength: 9 })
    check(
      fc.tuple(size, leaves, fc.constantFrom(0, 0, 0, 1), fc.nat(255)),
      200,
      (kernel, [before, added, more, byte]) => {
        const roots = Number.isSafeInteger(before) && before > 0 ? before.toString(2).replaceAll('0', '').length : 0
        const edge = new Uint8Array(32 * roots + more).fill(byte)
        return kernel.appendLeaves({ size: before, edge, leaves: added })
      },
    )
    check(
      fc.tuple(size, leaves, fc.constantFrom(0, 0, 0, 1), fc.nat(255), fc.constantFrom(0, 0, 0, 1, 2)),
      200,
      (kernel, [before, added, more, byte, cut]) => {
        const roots = Number.isSafeInteger(before) && before > 0 ? before.toString(2).replaceAll('0', '').length : 0
        const edge = new Uint8Array(32 * roots + more).fill(byte)
        const bundle = new Uint8Array(added.flatMap((leaf) => [0, leaf.length, ...leaf]))
        return kernel.appendBundle({ size: before, edge, bundle: bundle.subarray(0, Math.max(0, bundle.length - cut)) })
      },
    )
  })

  it('hashes up alike: tiles of any width', () => {
    check(fc.tuple(fc.nat(260), fc.nat(255), fc.constantFrom(0, 0, 0, 1)), 200, (kernel, [count, byte, more]) =>
      kernel.hashUp(new Uint8Array(32 * count + more).map((_, index) => byte + index * 7)),
    )
  })
})
