/** Known answers of the methods that stand for one algorithm each. */
import { equalBytes, fromHex, utf8 } from '@talos/bytes'
import { EMPTY, filled, is, type KnownAnswer, refuses } from './known-answer.ts'

const SEED = fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')
const PUBLIC_KEY_HEX = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
const SIGNATURE_HEX =
  'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'
const X25519_SECRET = fromHex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a')
const X25519_PEER = fromHex('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f')
const AEAD = { key: filled(1, 32), nonce: filled(2, 12), associatedData: filled(3, 5) }

export const PRIMITIVE_ANSWERS: readonly KnownAnswer[] = [
  {
    check: 'sha256',
    holds: (kernel) =>
      is(kernel.sha256(utf8('abc')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'),
  },
  {
    check: 'hmacSha256',
    holds: (kernel) =>
      is(
        kernel.hmacSha256(utf8('Jefe'), utf8('what do ya want for nothing?')),
        '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
      ),
  },
  {
    check: 'hkdfSha256',
    holds: (kernel) =>
      is(
        kernel.hkdfSha256({ ikm: filled(0x0b, 22), salt: EMPTY, info: EMPTY, lengthBytes: 42 }),
        '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
      ),
  },
  {
    check: 'aeadSeal',
    holds: (kernel) => is(kernel.aeadSeal(AEAD, filled(4, 8)), 'e218f62a89a7ecdee6e3802f8262912326ae64ae831f2692'),
  },
  {
    check: 'aeadOpen',
    holds: (kernel) => {
      const sealed = fromHex('e218f62a89a7ecdee6e3802f8262912326ae64ae831f2692')
      return (
        is(kernel.aeadOpen(AEAD, sealed), '0404040404040404') &&
        refuses('KERNEL_AUTHENTICATION', () => kernel.aeadOpen(AEAD, filled(0, sealed.length)))
      )
    },
  },
  { check: 'ed25519PublicKey', holds: (kernel) => is(kernel.ed25519PublicKey(SEED), PUBLIC_KEY_HEX) },
  { check: 'ed25519Sign', holds: (kernel) => is(kernel.ed25519Sign(SEED, EMPTY), SIGNATURE_HEX) },
  {
    check: 'ed25519Verify',
    holds: (kernel) => {
      const publicKey = fromHex(PUBLIC_KEY_HEX)
      const signature = fromHex(SIGNATURE_HEX)
      const identity = filled(1, 1)
      const smallOrder = new Uint8Array(32)
      smallOrder.set(identity)
      const forged = new Uint8Array(64)
      forged.set(identity)
      return (
        kernel.ed25519Verify(publicKey, EMPTY, signature) &&
        !kernel.ed25519Verify(publicKey, identity, signature) &&
        !kernel.ed25519Verify(smallOrder, EMPTY, forged)
      )
    },
  },
  {
    check: 'x25519PublicKey',
    holds: (kernel) =>
      is(kernel.x25519PublicKey(X25519_SECRET), '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a'),
  },
  {
    check: 'x25519',
    holds: (kernel) =>
      is(
        kernel.x25519(X25519_SECRET, X25519_PEER),
        '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
      ) && refuses('KERNEL_LOW_ORDER', () => kernel.x25519(X25519_SECRET, filled(0, 32))),
  },
  {
    check: 'mlkem768EncapsulationKey',
    holds: (kernel) =>
      is(
        kernel.sha256(kernel.mlkem768EncapsulationKey(filled(7, 64))),
        'c12e9e39db6758fc2ba63a638785b04f8efe3d7df23ba09803b4e39ba2fbc707',
      ),
  },
  {
    check: 'mlkem768Decapsulate',
    holds: (kernel) =>
      is(
        kernel.mlkem768Decapsulate(filled(7, 64), filled(9, 1088)),
        '948e8a9cedd1f6ef6d4e1419bbca554746c680c2e4569a4cd8fca2563d37228c',
      ),
  },
  {
    check: 'mlkem768Encapsulate',
    holds: (kernel) => {
      const key = kernel.mlkem768EncapsulationKey(filled(7, 64))
      const known = kernel.mlkem768Encapsulate(key, filled(8, 32))
      const fresh = kernel.mlkem768Encapsulate(key)
      return (
        is(known.sharedSecret, '00f7f43714743b71833c412fc4add2ed8371093a21daf4c40c3bb6162dde6178') &&
        is(kernel.sha256(known.ciphertext), '568c79233b27658ce03edb08cbac36708cc85c3bb31ba4ec20184d58bfe4c39c') &&
        equalBytes(kernel.mlkem768Decapsulate(filled(7, 64), fresh.ciphertext), fresh.sharedSecret)
      )
    },
  },
  {
    check: 'leafHashes',
    holds: (kernel) => {
      const [empty, ...more] = kernel.leafHashes([EMPTY])
      return (
        empty !== undefined &&
        more.length === 0 &&
        is(empty, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
      )
    },
  },
  {
    check: 'nodeHash',
    holds: (kernel) =>
      is(
        kernel.nodeHash(filled(1, 32), filled(2, 32)),
        'b331da6ec49d4547d9942a6727e5123f69bed5a0b97ac171cfbfd6201431fcfa',
      ),
  },
]
