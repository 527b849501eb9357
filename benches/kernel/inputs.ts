/** Arguments of the fused calls, of the shapes that sessions, capabilities and logs give them. */
import { randomBytes } from 'node:crypto'
import {
  type EntriesToVerify,
  type EnvelopeToVerify,
  type HandshakeInitiateInput,
  type HandshakeRespondInput,
  type Kernel,
  portableKernel,
  type RatchetReceiveInput,
  type RatchetSealInput,
} from '@talos/kernel'
import { paddedSize } from '@talos/session'

/** Sizes of Talos Session 1: header, associated data, clear prefix, transcript. */
const HEADER_BYTES = 45
const BOUND_BYTES = 98
const PREFIX_BYTES = 19
const TRANSCRIPT_HEAD_BYTES = 700
/** `82 58 40`: what an envelope begins with before its signature. */
const ENVELOPE_HEAD = Uint8Array.of(0x82, 0x58, 0x40)
const ENVELOPE_BYTES = 420

export function sealInput(content: Uint8Array): RatchetSealInput {
  return {
    chainKey: randomBytes(32),
    headerKey: randomBytes(32),
    nonce: randomBytes(12),
    header: randomBytes(HEADER_BYTES),
    associatedData: randomBytes(BOUND_BYTES),
    prefix: randomBytes(PREFIX_BYTES),
    content,
    paddedBytes: paddedSize(content.length, 'padme'),
  }
}

export function receiveInput(kernel: Kernel, content: Uint8Array): RatchetReceiveInput {
  const { chainKey, headerKey, header, associatedData, ...rest } = sealInput(content)
  const { message } = kernel.ratchetSeal({ chainKey, headerKey, header, associatedData, ...rest })
  return { chainKey, headerKey, expectedHeader: header, associatedData, message, prefixBytes: PREFIX_BYTES }
}

interface Keys {
  readonly initiate: HandshakeInitiateInput
  readonly secrets: { readonly [Name in 'identity' | 'signedPrekey' | 'oneTime' | 'kemSeed']: Uint8Array }
}

function handshakeKeys(kernel: Kernel): Keys {
  const secrets = {
    identity: randomBytes(32),
    signedPrekey: randomBytes(32),
    oneTime: randomBytes(32),
    kemSeed: randomBytes(64),
  }
  const initiate = {
    identitySecret: randomBytes(32),
    ephemeralSecret: randomBytes(32),
    ratchetSecret: randomBytes(32),
    peerIdentityKey: kernel.x25519PublicKey(secrets.identity),
    signedPrekey: kernel.x25519PublicKey(secrets.signedPrekey),
    oneTimeKey: kernel.x25519PublicKey(secrets.oneTime),
    kemKey: kernel.mlkem768EncapsulationKey(secrets.kemSeed),
    transcriptHead: randomBytes(TRANSCRIPT_HEAD_BYTES),
    context: randomBytes(32),
  }
  return { initiate, secrets }
}

export function handshakeInput(kernel: Kernel): HandshakeInitiateInput {
  return handshakeKeys(kernel).initiate
}

export function respondInput(kernel: Kernel): HandshakeRespondInput {
  const { initiate, secrets } = handshakeKeys(kernel)
  const { ephemeralKey, kemCiphertext, transcriptHash } = kernel.handshakeInitiate(initiate)
  return {
    identitySecret: secrets.identity,
    signedPrekeySecret: secrets.signedPrekey,
    oneTimeSecret: secrets.oneTime,
    kemSeed: secrets.kemSeed,
    peerIdentityKey: kernel.x25519PublicKey(initiate.identitySecret),
    ephemeralKey,
    kemCiphertext,
    transcriptHash,
  }
}

/** Entries signed by one key. */
export function signedEntries(options: {
  readonly count: number
  readonly sizeBytes: number
  readonly seed: Uint8Array
}): EntriesToVerify {
  const { count, sizeBytes, seed } = options
  const kernel = portableKernel()
  const entries = Array.from({ length: count }, () => randomBytes(sizeBytes))
  const signatures = entries.map((entry) => kernel.ed25519Sign(seed, entry))
  return { publicKey: kernel.ed25519PublicKey(seed), entries, signatures }
}

/** Envelopes by as many keys, such as the links of a capability chain. */
export function signedEnvelopes(count: number): readonly EnvelopeToVerify[] {
  const kernel = portableKernel()
  return Array.from({ length: count }, () => {
    const [seed, signed] = [randomBytes(32), randomBytes(ENVELOPE_BYTES)]
    const envelope = Buffer.concat([ENVELOPE_HEAD, kernel.ed25519Sign(seed, signed), signed])
    return { envelope, publicKey: kernel.ed25519PublicKey(seed) }
  })
}
