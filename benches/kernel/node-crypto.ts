/**
 * The same work by `node:crypto` alone, as a careful caller would do it: keys imported once, outside the measurement.
 *
 * It keeps no rule of ours (canonical points, small orders), wipes nothing and checks no length.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'

export type Operation = () => unknown

const AEAD = 'chacha20-poly1305'
const AEAD_OPTIONS = { authTagLength: 16 } as const
const TAG_BYTES = 16

export function aeadSeal(content: Uint8Array): Operation {
  const [key, nonce, bound] = [randomBytes(32), randomBytes(12), randomBytes(66)]
  return () => {
    const cipher = createCipheriv(AEAD, key, nonce, AEAD_OPTIONS)
    cipher.setAAD(bound, { plaintextLength: content.length })
    return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()])
  }
}

export function aeadOpen(content: Uint8Array): Operation {
  const [key, nonce, bound] = [randomBytes(32), randomBytes(12), randomBytes(66)]
  const cipher = createCipheriv(AEAD, key, nonce, AEAD_OPTIONS)
  cipher.setAAD(bound, { plaintextLength: content.length })
  const sealed = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()])
  return () => {
    const decipher = createDecipheriv(AEAD, key, nonce, AEAD_OPTIONS)
    decipher.setAAD(bound, { plaintextLength: content.length })
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()])
  }
}

export function sha256(content: Uint8Array): Operation {
  return () => createHash('sha256').update(content).digest()
}

export function hmac(content: Uint8Array): Operation {
  const key = randomBytes(32)
  return () => createHmac('sha256', key).update(content).digest()
}

export function hkdf(): Operation {
  const [ikm, salt, info] = [randomBytes(32), randomBytes(32), randomBytes(12)]
  return () => hkdfSync('sha256', ikm, salt, info, 96)
}

export function x25519(): Operation {
  const { privateKey } = generateKeyPairSync('x25519')
  const { publicKey } = generateKeyPairSync('x25519')
  return () => diffieHellman({ privateKey, publicKey })
}

export function x25519KeyPair(): Operation {
  return () => generateKeyPairSync('x25519')
}

/** Seed as the 32 bytes of a PKCS #8 key (RFC 8410, section 7). */
function privateKeyOf(seed: Uint8Array) {
  const head = Buffer.from('302e020100300506032b657004220420', 'hex')
  return createPrivateKey({ key: Buffer.concat([head, seed]), format: 'der', type: 'pkcs8' })
}

export function ed25519Sign(seed: Uint8Array, message: Uint8Array): Operation {
  const privateKey = privateKeyOf(seed)
  return () => sign(null, message, privateKey)
}

/** Verifies signatures of one key one by one, and fails when one is not valid. */
export function ed25519VerifyAll(
  seed: Uint8Array,
  messages: readonly Uint8Array[],
  signatures: readonly Uint8Array[],
): Operation {
  const publicKey = createPublicKey(privateKeyOf(seed))
  const signed = messages.map((message, index) => ({ message, signature: signatures[index] ?? new Uint8Array(0) }))
  return () => {
    for (const { message, signature } of signed) {
      if (!verify(null, message, publicKey, signature)) throw new Error('a genuine signature was refused')
    }
  }
}

export function mlkemKeyPair(): Operation {
  return () => generateKeyPairSync('ml-kem-768')
}

export function mlkemEncapsulate(): Operation {
  const { publicKey } = generateKeyPairSync('ml-kem-768')
  return () => encapsulate(publicKey)
}

export function mlkemDecapsulate(): Operation {
  const { publicKey, privateKey } = generateKeyPairSync('ml-kem-768')
  const { ciphertext } = encapsulate(publicKey)
  return () => decapsulate(privateKey, ciphertext)
}
