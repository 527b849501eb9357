import { concatBytes } from '@talos/bytes'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Kernel, nobleKernel, portableKernel, RATCHET_MAX_STEPS } from '../src/index.ts'
import { KERNELS, refusal } from './support.ts'

const node = portableKernel()
const noble = nobleKernel()
const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const data = fc.uint8Array({ maxLength: 300 })
const filled = (byte: number, lengthBytes = 32): Uint8Array => new Uint8Array(lengthBytes).fill(byte)

/** Secrets of a handshake, all different. */
interface Cast {
  readonly identityA: Uint8Array
  readonly ephemeral: Uint8Array
  readonly ratchet: Uint8Array
  readonly identityB: Uint8Array
  readonly signedPrekey: Uint8Array
  readonly oneTime: Uint8Array | undefined
  readonly kemSeed: Uint8Array
}

const castOf = (secret: Uint8Array, hasOneTime: boolean): Cast => {
  const make = (label: number, lengthBytes = 32): Uint8Array =>
    node.hkdfSha256({ ikm: secret, salt: secret, info: Uint8Array.of(label), lengthBytes })
  return {
    identityA: make(1),
    ephemeral: make(2),
    ratchet: make(3),
    identityB: make(4),
    signedPrekey: make(5),
    oneTime: hasOneTime ? make(6) : undefined,
    kemSeed: make(7, 64),
  }
}

const initiateInput = (cast: Cast, head: Uint8Array) => ({
  identitySecret: cast.identityA,
  ephemeralSecret: cast.ephemeral,
  ratchetSecret: cast.ratchet,
  peerIdentityKey: node.x25519PublicKey(cast.identityB),
  signedPrekey: node.x25519PublicKey(cast.signedPrekey),
  oneTimeKey: cast.oneTime && node.x25519PublicKey(cast.oneTime),
  kemKey: node.mlkem768EncapsulationKey(cast.kemSeed),
  transcriptHead: head,
  context: filled(9),
})

type Initiated = ReturnType<Kernel['handshakeInitiate']>

const respondInput = (cast: Cast, { ephemeralKey, kemCiphertext, transcriptHash }: Initiated) => ({
  identitySecret: cast.identityB,
  signedPrekeySecret: cast.signedPrekey,
  oneTimeSecret: cast.oneTime,
  kemSeed: cast.kemSeed,
  peerIdentityKey: node.x25519PublicKey(cast.identityA),
  ephemeralKey,
  kemCiphertext,
  transcriptHash,
})

describe.each([
  ['node', node, 'noble', noble],
  ['noble', noble, 'node', node],
])('a handshake from the %s path', (_from, initiator, _to, responder) => {
  it('to the other path gives both sides the same keys, with and without a one-time pair', () => {
    const property = fc.property(key, fc.boolean(), data, (secret, hasOneTime, head) => {
      const cast = castOf(secret, hasOneTime)
      const initiated = initiator.handshakeInitiate(initiateInput(cast, head))
      const responded = responder.handshakeRespond(respondInput(cast, initiated))
      expect(responded.initiatorHeaderKey).toEqual(initiated.initiatorHeaderKey)
      expect(responded.responderHeaderKey).toEqual(initiated.responderHeaderKey)
      const { rootKey } = responded
      const turned = responder.ratchetTurn({ rootKey, secret: cast.signedPrekey, publicKey: initiated.ratchetKey })
      const { rootKey: next, chainKey, nextHeaderKey } = initiated
      expect(turned).toEqual({ rootKey: next, chainKey, nextHeaderKey })
    })
    fc.assert(property, { seed: 42, numRuns: 8 })
  })
})

describe.each(KERNELS)('the fused steps on the %s path', (_, kernel) => {
  it('bind the keys of a handshake to every input', () => {
    const cast = castOf(filled(1), true)
    const initiated = kernel.handshakeInitiate(initiateInput(cast, filled(2)))
    const input = respondInput(cast, initiated)
    const { rootKey } = kernel.handshakeRespond(input)
    const other = kernel.x25519PublicKey(filled(3))
    const changes = [
      { identitySecret: filled(3) },
      { signedPrekeySecret: filled(3) },
      { oneTimeSecret: filled(3) },
      { oneTimeSecret: undefined },
      { kemSeed: filled(3, 64) },
      { peerIdentityKey: other },
      { ephemeralKey: other },
      { kemCiphertext: input.kemCiphertext.map((byte) => byte ^ 1) },
      { transcriptHash: filled(3) },
    ]
    const keys = changes.map((change) => kernel.handshakeRespond({ ...input, ...change }).rootKey)
    expect(new Set([rootKey, ...keys].map(String)).size).toBe(changes.length + 1)
  })

  it('walk a chain as single steps do', () => {
    const property = fc.property(key, fc.nat(40), (start, steps) => {
      let chainKey: Uint8Array = start
      const expected: Uint8Array[] = []
      for (let step = 0; step < steps; step += 1) {
        const { messageKey, nextChainKey } = kernel.ratchetStep(chainKey)
        expected.push(messageKey)
        chainKey = nextChainKey
      }
      expect(kernel.ratchetForward(start, steps)).toEqual(chainKey)
      const { messageKeys, nextChainKey } = kernel.ratchetAdvance(start, steps)
      expect(nextChainKey).toEqual(chainKey)
      expect(messageKeys).toEqual(concatBytes(...expected))
    })
    fc.assert(property, { seed: 42, numRuns: 20 })
  })

  it('never hand out or change the chain key that they were given', () => {
    const start = filled(1)
    for (const steps of [0, 1, RATCHET_MAX_STEPS]) {
      const forward = kernel.ratchetForward(start, steps)
      const { nextChainKey } = kernel.ratchetAdvance(start, steps)
      forward.fill(0)
      nextChainKey.fill(0)
      expect(start).toEqual(filled(1))
    }
  })

  it('leave the arguments of a handshake alone, whether it succeeds or not', () => {
    const cast = castOf(filled(4), true)
    const input = { ...initiateInput(cast, filled(5)), kemRandomness: filled(6) }
    const copyOf = (given: object): unknown => structuredClone(given)
    const before = copyOf(input)
    const initiated = kernel.handshakeInitiate(input)
    const lowOrder = { ...input, oneTimeKey: filled(0) }
    expect(refusal(() => kernel.handshakeInitiate(lowOrder))).toBe('KERNEL_LOW_ORDER')
    expect(copyOf(input)).toEqual(before)
    const responding = respondInput(cast, initiated)
    const beforeResponse = copyOf(responding)
    kernel.handshakeRespond(responding)
    expect(refusal(() => kernel.handshakeRespond({ ...responding, ephemeralKey: filled(0) }))).toBe('KERNEL_LOW_ORDER')
    expect(copyOf(responding)).toEqual(beforeResponse)
  })

  it('make a fresh encapsulation each time no randomness is given', () => {
    const input = initiateInput(castOf(filled(7), false), filled(8))
    const [one, two] = [kernel.handshakeInitiate(input), kernel.handshakeInitiate(input)]
    expect(one.kemCiphertext).not.toEqual(two.kemCiphertext)
    expect(one.rootKey).not.toEqual(two.rootKey)
  })

  it('return plain byte arrays of their own from runs of evidence', () => {
    const edge = filled(1)
    const { leafHashes, edge: grown } = kernel.appendLeaves({ size: 1, edge, leaves: [filled(2, 5)] })
    const unchanged = kernel.appendLeaves({ size: 1, edge, leaves: [] }).edge
    const [verdict] = kernel.verifyEnvelopes([{ envelope: filled(3, 80), publicKey: filled(4) }])
    const entries = kernel.verifyEntries({ publicKey: filled(4), entries: [edge], signatures: [filled(5, 64)] })
    const bundle = kernel.appendBundle({ size: 1, edge, bundle: Uint8Array.of(0, 1, 9) })
    const tile = kernel.hashUp(filled(6, 96))
    const runs = [bundle.leafHashes, bundle.tileRoots, bundle.edge, bundle.root, tile]
    const results = [...leafHashes, grown, unchanged, verdict?.digest, ...entries.leafHashes, ...runs]
    for (const result of results) {
      expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype)
      result?.fill(0)
    }
    expect(edge).toEqual(filled(1))
  })

  it('hash leaves of any length, short and long', () => {
    const lengths = [0, 1, 63, 64, 16_383, 16_384, 16_385, 65_535, 100_000]
    const hashes = kernel.leafHashes(lengths.map((length) => filled(7, length)))
    const expected = lengths.map((length) => kernel.sha256(new Uint8Array([0, ...filled(7, length)])))
    expect(hashes).toEqual(expected)
  })

  it('refuse more entries and leaves than one call takes', () => {
    const empty = filled(0, 0)
    const many = Array.from({ length: 65_537 }, () => empty)
    const entries = { publicKey: filled(1), entries: many, signatures: many }
    expect(refusal(() => kernel.verifyEntries(entries))).toBe('KERNEL_PARAMETER')
    expect(refusal(() => kernel.appendLeaves({ size: 0, edge: empty, leaves: many }))).toBe('KERNEL_PARAMETER')
    const bundle = { size: 0, edge: empty, bundle: filled(0, 2 * 65_537) }
    expect(refusal(() => kernel.appendBundle(bundle))).toBe('KERNEL_PARAMETER')
    expect(kernel.appendBundle({ ...bundle, bundle: filled(0, 2 * 65_536) }).tileRoots).toHaveLength(32 * 256)
    const most = many.slice(1)
    expect(kernel.appendLeaves({ size: 0, edge: empty, leaves: most }).edge).toHaveLength(32)
  })
})
