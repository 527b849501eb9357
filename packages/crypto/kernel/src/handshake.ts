/**
 * The handshake of Talos Session 1 and the turn of its root chain (05-prekeys-handshake 5.6 and 5.7, 06-session 6.6).
 *
 * `DH1 = X25519(IK_A, SPK_B)`, `DH2 = X25519(EK_A, IK_B)`, `DH3 = X25519(EK_A, SPK_B)`, `DH4 = X25519(EK_A, OPK_B)`;
 * `SK = HKDF(0^32, 0xff^32 || DH1 || DH2 || DH3 [|| DH4] || ss, "talos/ts1/sk" || transcript hash, 96)`;
 * turn = `HKDF(root key, X25519(secret, public key) [|| mixed], "talos/ts1/rk", 96)`. Specified in 20.14 to 20.16.
 */
import { concatBytes } from '@talos/bytes'
import { requireLength, requireLengthWithin } from './arguments.ts'
import {
  HANDSHAKE_MAX_HEAD_BYTES,
  type HandshakeInitiated,
  type HandshakeInitiateInput,
  type HandshakeResponded,
  type HandshakeRespondInput,
  type Kernel,
  MLKEM768_CIPHERTEXT_BYTES,
  MLKEM768_ENCAPSULATION_KEY_BYTES,
  MLKEM768_RANDOMNESS_BYTES,
  MLKEM768_SEED_BYTES,
  MLKEM768_SHARED_SECRET_BYTES,
  RATCHET_KEY_BYTES,
  type RatchetTurned,
  type RatchetTurnInput,
  SHA256_BYTES,
  X25519_KEY_BYTES,
} from './kernel.ts'
import { wipe } from './memory.ts'

/** ASCII of `talos/ts1/sk` and of `talos/ts1/rk`. */
const HANDSHAKE_INFO = Uint8Array.of(0x74, 0x61, 0x6c, 0x6f, 0x73, 0x2f, 0x74, 0x73, 0x31, 0x2f, 0x73, 0x6b)
const TURN_INFO = Uint8Array.of(0x74, 0x61, 0x6c, 0x6f, 0x73, 0x2f, 0x74, 0x73, 0x31, 0x2f, 0x72, 0x6b)
const ZERO_SALT = new Uint8Array(SHA256_BYTES)
/** Keeps the secrets apart from every X25519 public key (X3DH, section 2.2). */
const DOMAIN = new Uint8Array(SHA256_BYTES).fill(0xff)
const HEAD = { minimum: 0, maximum: HANDSHAKE_MAX_HEAD_BYTES }
const NOTHING = new Uint8Array(0)

/** The steps that a handshake is made of. */
type Steps = Pick<
  Kernel,
  'sha256' | 'hkdfSha256' | 'x25519' | 'x25519PublicKey' | 'mlkem768Encapsulate' | 'mlkem768Decapsulate'
>
type HandshakeMethods = Pick<Kernel, 'ratchetTurn' | 'handshakeInitiate' | 'handshakeRespond'>

export function handshakeMethods(steps: Steps): HandshakeMethods {
  return {
    ratchetTurn: (input) => {
      requireTurnInput(input)
      return turn(steps, input)
    },
    handshakeInitiate: (input) => initiate(steps, input),
    handshakeRespond: (input) => respond(steps, input),
  }
}

function initiate(steps: Steps, input: HandshakeInitiateInput): HandshakeInitiated {
  const { identitySecret, ephemeralSecret, ratchetSecret, peerIdentityKey, signedPrekey, oneTimeKey } = input
  requireInitiateInput(input)
  const kem = steps.mlkem768Encapsulate(input.kemKey, input.kemRandomness)
  const ephemeralKey = steps.x25519PublicKey(ephemeralSecret)
  const items = [ephemeralKey, kem.ciphertext, input.context]
  const transcript = concatBytes(input.transcriptHead, ...items.flatMap((item) => [lengthOf(item), item]))
  const transcriptHash = steps.sha256(transcript)
  const agreements: Agreement[] = [
    [identitySecret, signedPrekey],
    [ephemeralSecret, peerIdentityKey],
    [ephemeralSecret, signedPrekey],
  ]
  if (oneTimeKey !== undefined) agreements.push([ephemeralSecret, oneTimeKey])
  const keys = sessionKeys(steps, { agreements, kemSecret: kem.sharedSecret, transcriptHash })
  const first = turn(steps, { rootKey: keys.rootKey, secret: ratchetSecret, publicKey: signedPrekey })
  wipe(keys.rootKey)
  return {
    ephemeralKey,
    ratchetKey: steps.x25519PublicKey(ratchetSecret),
    kemCiphertext: kem.ciphertext,
    transcriptHash,
    ...keys,
    ...first,
  }
}

function respond(steps: Steps, input: HandshakeRespondInput): HandshakeResponded {
  const { identitySecret, signedPrekeySecret, oneTimeSecret, peerIdentityKey, ephemeralKey, transcriptHash } = input
  requireRespondInput(input)
  const agreements: Agreement[] = [
    [signedPrekeySecret, peerIdentityKey],
    [identitySecret, ephemeralKey],
    [signedPrekeySecret, ephemeralKey],
  ]
  if (oneTimeSecret !== undefined) agreements.push([oneTimeSecret, ephemeralKey])
  const kemSecret = steps.mlkem768Decapsulate(input.kemSeed, input.kemCiphertext)
  return sessionKeys(steps, { agreements, kemSecret, transcriptHash })
}

/** A secret of this side and a key of the other. */
type Agreement = readonly [secret: Uint8Array, publicKey: Uint8Array]

function sessionKeys(
  steps: Steps,
  given: {
    readonly agreements: readonly Agreement[]
    readonly kemSecret: Uint8Array
    readonly transcriptHash: Uint8Array
  },
): HandshakeResponded {
  const ikm = new Uint8Array(DOMAIN.length + (given.agreements.length + 1) * SHA256_BYTES)
  try {
    ikm.set(DOMAIN)
    let offset = DOMAIN.length
    for (const [secret, publicKey] of given.agreements) {
      const shared = steps.x25519(secret, publicKey)
      ikm.set(shared, offset)
      wipe(shared)
      offset += SHA256_BYTES
    }
    ikm.set(given.kemSecret, offset)
    const info = concatBytes(HANDSHAKE_INFO, given.transcriptHash)
    const [rootKey, initiatorHeaderKey, responderHeaderKey] = threeKeys(steps, { ikm, salt: ZERO_SALT, info })
    return { rootKey, initiatorHeaderKey, responderHeaderKey }
  } finally {
    wipe(ikm, given.kemSecret)
  }
}

function turn(steps: Steps, { rootKey: salt, secret, publicKey, mixed = NOTHING }: RatchetTurnInput): RatchetTurned {
  const shared = steps.x25519(secret, publicKey)
  const ikm = concatBytes(shared, mixed)
  const [rootKey, chainKey, nextHeaderKey] = threeKeys(steps, { ikm, salt, info: TURN_INFO })
  wipe(shared, ikm)
  return { rootKey, chainKey, nextHeaderKey }
}

function threeKeys(
  steps: Steps,
  input: { readonly ikm: Uint8Array; readonly salt: Uint8Array; readonly info: Uint8Array },
): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const size = RATCHET_KEY_BYTES
  const keys = steps.hkdfSha256({ ...input, lengthBytes: 3 * size })
  const parts = [keys.slice(0, size), keys.slice(size, 2 * size), keys.slice(2 * size)] as const
  wipe(keys)
  return parts
}

/** Throws `KERNEL_ARGUMENT` as 20.14 states it. */
export function requireTurnInput({ rootKey, secret, publicKey, mixed }: RatchetTurnInput): void {
  requireLength('rootKey', rootKey, RATCHET_KEY_BYTES)
  requireKeys({ secret, publicKey })
  requireOptional('mixed', mixed, MLKEM768_SHARED_SECRET_BYTES)
}

/** Throws `KERNEL_ARGUMENT` as 20.15 states it. */
export function requireInitiateInput(input: HandshakeInitiateInput): void {
  const { identitySecret, ephemeralSecret, ratchetSecret, peerIdentityKey, signedPrekey } = input
  requireKeys({ identitySecret, ephemeralSecret, ratchetSecret, peerIdentityKey, signedPrekey })
  requireOptional('oneTimeKey', input.oneTimeKey, X25519_KEY_BYTES)
  requireLength('kemKey', input.kemKey, MLKEM768_ENCAPSULATION_KEY_BYTES)
  requireOptional('kemRandomness', input.kemRandomness, MLKEM768_RANDOMNESS_BYTES)
  requireLengthWithin('transcriptHead', input.transcriptHead.length, HEAD)
  requireLength('context', input.context, SHA256_BYTES)
}

/** Throws `KERNEL_ARGUMENT` as 20.16 states it. */
export function requireRespondInput(input: HandshakeRespondInput): void {
  const { identitySecret, signedPrekeySecret, peerIdentityKey, ephemeralKey } = input
  requireKeys({ identitySecret, signedPrekeySecret, peerIdentityKey, ephemeralKey })
  requireOptional('oneTimeSecret', input.oneTimeSecret, X25519_KEY_BYTES)
  requireLength('kemSeed', input.kemSeed, MLKEM768_SEED_BYTES)
  requireLength('kemCiphertext', input.kemCiphertext, MLKEM768_CIPHERTEXT_BYTES)
  requireLength('transcriptHash', input.transcriptHash, SHA256_BYTES)
}

function requireKeys(keys: Readonly<Record<string, Uint8Array>>): void {
  for (const [argument, key] of Object.entries(keys)) requireLength(argument, key, X25519_KEY_BYTES)
}

function requireOptional(argument: string, bytes: Uint8Array | undefined, expectedBytes: number): void {
  if (bytes !== undefined) requireLength(argument, bytes, expectedBytes)
}

/** Length as four bytes, big endian. */
function lengthOf(item: Uint8Array): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, item.length)
  return length
}
