/**
 * The certificate of a transport key (spec 13-link-envelope, 13.2).
 *
 * TLS needs a certificate to carry a raw key; nobody reads anything else in it. One key has exactly one certificate:
 * every byte outside the key and its signature is fixed here, so no X.509 library is needed to write it. Of a peer's
 * certificate only the key is read; possession of the key is what the TLS handshake proves.
 */
import type { X509Certificate } from 'node:crypto'
import { ED25519_PUBLIC_KEY_BYTES, type Kernel } from '@talos/kernel'

/**
 * The signed part up to the raw key: version 3, serial 1, Ed25519, issuer and subject CN=talos, valid from 1970 to
 * 9999 (RFC 5280, 4.1.2.5: no expiry), and the head of an Ed25519 SubjectPublicKeyInfo (RFC 8410).
 */
const SIGNED_PREFIX = Buffer.from(
  [
    '308181',
    'a003020102',
    '020101',
    '300506032b6570',
    '3010310e300c06035504030c0574616c6f73',
    '3020170d3730303130313030303030305a180f39393939313233313233353935395a',
    '3010310e300c06035504030c0574616c6f73',
    '302a300506032b6570032100',
  ].join(''),
  'hex',
)
const CERTIFICATE_PREFIX = Buffer.from('3081ce', 'hex')
/** Between the signed part and the 64-byte signature: the algorithm and the head of the BIT STRING. */
const SIGNATURE_PREFIX = Buffer.from('300506032b6570034100', 'hex')
/** A PKCS #8 private key up to the 32-byte seed (RFC 8410, section 7). */
const PRIVATE_KEY_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
/** DER length of an Ed25519 SubjectPublicKeyInfo. */
const SPKI_BYTES = 44

/** The DER certificate (209 bytes) of the 32-byte transport seed. Deterministic. */
export function transportCertificate(kernel: Kernel, seed: Uint8Array): Buffer {
  const signed = Buffer.concat([SIGNED_PREFIX, kernel.ed25519PublicKey(seed)])
  return Buffer.concat([CERTIFICATE_PREFIX, signed, SIGNATURE_PREFIX, kernel.ed25519Sign(seed, signed)])
}

/** The PEM form of a DER certificate, as node:tls takes it. */
export function certificatePem(der: Uint8Array): Buffer {
  return pem('CERTIFICATE', Buffer.from(der))
}

/** Runs `use` with the PEM private key of the seed and erases its bytes afterwards. */
export function withPrivateKeyPem<T>(seed: Uint8Array, use: (key: Buffer) => T): T {
  const der = Buffer.concat([PRIVATE_KEY_PREFIX, seed])
  const key = pem('PRIVATE KEY', der)
  try {
    return use(key)
  } finally {
    der.fill(0)
    key.fill(0)
  }
}

/** The raw 32-byte key of a peer's certificate, or undefined when it is not an Ed25519 key. */
export function transportKeyOf(certificate: X509Certificate): Uint8Array | undefined {
  try {
    const key = certificate.publicKey
    if (key.asymmetricKeyType !== 'ed25519') return undefined
    const spki = key.export({ type: 'spki', format: 'der' })
    return spki.length === SPKI_BYTES ? new Uint8Array(spki.subarray(SPKI_BYTES - ED25519_PUBLIC_KEY_BYTES)) : undefined
  } catch {
    // OpenSSL could not read the key: no key of ours looks so.
    return undefined
  }
}

function pem(label: string, der: Buffer): Buffer {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return Buffer.from([`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n'))
}
