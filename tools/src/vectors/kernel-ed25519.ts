/** Cases of RFC 8032, typed in, and the one Ed25519 rule: forgeries that satisfy some equation and must be refused. */
import {
  add,
  BASE,
  challenge,
  decodeInteger,
  encodeInteger,
  encodePoint,
  L,
  multiply,
  P,
  type Point,
  TORSION,
} from './edwards.ts'
import { ascii, bytesOf, casesOf, flipped, hex, type KernelCase, pattern } from './kernel-case.ts'

const sign = casesOf('20.6', 'ed25519Sign')
const derive = casesOf('20.6', 'ed25519PublicKey')
const verify = casesOf('20.6', 'ed25519Verify')

interface SignedMessage {
  readonly seedHex: string
  readonly publicKeyHex: string
  readonly messageHex: string
  readonly signatureHex: string
}

export function ed25519Cases(): KernelCase[] {
  const { seedHex, ...signed } = TEST_3
  const refused = (description: string, change: Record<string, string>): KernelCase =>
    verdict(description, { ...signed, ...change }, false)
  const s = decodeInteger(bytesOf(signed.signatureHex.slice(64)))
  const r = signed.signatureHex.slice(0, 64)
  return [
    ...rfcCases(),
    refused('another message', { messageHex: 'af83' }),
    refused('another key', { publicKeyHex: TEST_1.publicKeyHex }),
    refused('R is changed', { signatureHex: flipped(signed.signatureHex, 0) }),
    refused('S is changed', { signatureHex: flipped(signed.signatureHex, 32) }),
    refused('S + L, which satisfies the equation', { signatureHex: r + hex(encodeInteger(s + L)) }),
    refused('S = L', { signatureHex: r + hex(encodeInteger(L)) }),
    refused('the top bit of S is set', { signatureHex: `${signed.signatureHex.slice(0, 126)}8a` }),
    refused('a signature of 63 bytes', { signatureHex: signed.signatureHex.slice(2) }),
    refused('a signature of 65 bytes', { signatureHex: `${signed.signatureHex}00` }),
    refused('no signature', { signatureHex: '' }),
    refused('a key of 31 bytes', { publicKeyHex: signed.publicKeyHex.slice(2) }),
    refused('a key of 33 bytes', { publicKeyHex: `${signed.publicKeyHex}00` }),
    refused('a key that is on no point', { publicKeyHex: hex(encodeInteger(2n)) }),
    refused('R that is on no point', { signatureHex: hex(encodeInteger(2n)) + signed.signatureHex.slice(64) }),
    ...smallOrderKeyCases(),
    ...smallOrderRCases(),
    ...nonCanonicalCases(),
    ...mixedOrderCases(),
    sign.invalid('a seed of 31 bytes', { seedHex: seedHex.slice(2), messageHex: '' }, 'KERNEL_ARGUMENT'),
    sign.invalid(
      'a seed with its public key',
      { seedHex: seedHex + signed.publicKeyHex, messageHex: '' },
      'KERNEL_ARGUMENT',
    ),
    derive.invalid('a seed of 33 bytes', { seedHex: `${seedHex}00` }, 'KERNEL_ARGUMENT'),
  ]
}

function rfcCases(): KernelCase[] {
  return [TEST_1, TEST_2, TEST_3, TEST_1024, TEST_SHA_ABC].flatMap((test) => {
    const { name, seedHex, publicKeyHex, messageHex, signatureHex } = test
    return [
      derive.valid(`RFC 8032, 7.1, ${name}: the public key`, { seedHex }, { publicKeyHex }),
      sign.valid(`RFC 8032, 7.1, ${name}: the signature`, { seedHex, messageHex }, { signatureHex }),
      verdict(`RFC 8032, 7.1, ${name}: accepted`, { publicKeyHex, messageHex, signatureHex }, true),
    ]
  })
}

function verdict(description: string, input: Omit<SignedMessage, 'seedHex'>, accepted: boolean): KernelCase {
  return verify.valid(description, { ...input }, { accepted })
}

const TORSION_POINTS: readonly Point[] = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n].map((factor) => multiply(TORSION, factor))
const SCALAR = decodeInteger(bytesOf(pattern('ed25519 scalar', 32))) % L
const NONCE = decodeInteger(bytesOf(pattern('ed25519 nonce', 32))) % L

interface Forgery {
  readonly key: Uint8Array
  readonly r: Uint8Array
  /** S as a function of the challenge. */
  readonly scalar: (k: bigint) => bigint
  /** Which challenges make the forgery satisfy the equation that it aims at. */
  readonly wanted: (k: bigint) => boolean
}

/** Tries messages until the challenge is a wanted one. */
function forge({ key, r, scalar, wanted }: Forgery): Omit<SignedMessage, 'seedHex'> {
  for (let attempt = 0; ; attempt += 1) {
    const messageHex = ascii(`attempt ${attempt}`)
    const k = challenge({ r, a: key, message: bytesOf(messageHex) })
    if (!wanted(k)) continue
    return { publicKeyHex: hex(key), messageHex, signatureHex: hex(r) + hex(encodeInteger(scalar(k))) }
  }
}

/** `R = [S]B`, and k a multiple of 8: holds for any small-order key, so that one signature serves all of them. */
function smallOrderKeyCases(): KernelCase[] {
  const r = encodePoint(multiply(BASE, NONCE))
  return smallOrderEncodings().map(([name, key]) =>
    verdict(
      `the key is ${name}, the equation holds`,
      forge({ key, r, scalar: () => NONCE, wanted: (k) => k % 8n === 0n }),
      false,
    ),
  )
}

/** The key is `[a]B + T`, `[k]T = -R`, `S = k a`: the cofactorless equation holds with R of small order. */
function smallOrderRCases(): KernelCase[] {
  const key = encodePoint(add(multiply(BASE, SCALAR), TORSION))
  const cases = TORSION_POINTS.map((point, order) =>
    verdict(
      `R is ${order} times the point of order 8, the equation holds`,
      forge({
        key,
        r: encodePoint(point),
        scalar: (k) => (k * SCALAR) % L,
        wanted: (k) => (k + BigInt(order)) % 8n === 0n,
      }),
      false,
    ),
  )
  const zero = hex(encodeInteger(0n))
  const both = smallOrderEncodings().map(([name, point]) =>
    verdict(
      `key and R are ${name}, S is zero`,
      { publicKeyHex: hex(point), messageHex: '', signatureHex: hex(point) + zero },
      false,
    ),
  )
  return [...cases, ...both]
}

/** The eight points, and the six further encodings of them that are not canonical. */
function smallOrderEncodings(): ReadonlyArray<readonly [name: string, encoded: Uint8Array]> {
  const signBit = 1n << 255n
  return [
    ...TORSION_POINTS.map((point, index) => [`${index} times the point of order 8`, encodePoint(point)] as const),
    ['1 with the sign of x set', encodeInteger(1n | signBit)],
    ['-1 with the sign of x set', encodeInteger((P - 1n) | signBit)],
    ['p, which means 0', encodeInteger(P)],
    ['p with the sign of x set', encodeInteger(P | signBit)],
    ['p + 1, which means 1', encodeInteger(P + 1n)],
    ['p + 1 with the sign of x set', encodeInteger((P + 1n) | signBit)],
  ]
}

/** y in p to 2^255 - 1 as a key and as R, with both signs of x. */
function nonCanonicalCases(): KernelCase[] {
  const { publicKeyHex, messageHex, signatureHex } = TEST_3
  return [P + 3n, P + 4n, 2n ** 255n - 1n, 2n ** 256n - 1n].flatMap((encoded) => {
    const point = hex(encodeInteger(encoded))
    const name = `2^255 - 19 + ${(encoded % 2n ** 255n) - P}${encoded >> 255n ? ' with the sign of x set' : ''}`
    return [
      verdict(`the key is the encoding ${name}`, { publicKeyHex: point, messageHex, signatureHex }, false),
      verdict(
        `R is the encoding ${name}`,
        { publicKeyHex, messageHex, signatureHex: point + signatureHex.slice(64) },
        false,
      ),
    ]
  })
}

/** Key and R with a small-order part but of large order: what decides is the cofactorless equation alone. */
function mixedOrderCases(): KernelCase[] {
  const mixedKey = encodePoint(add(multiply(BASE, SCALAR), TORSION))
  const plainR = encodePoint(multiply(BASE, NONCE))
  const mixedR = encodePoint(add(multiply(BASE, NONCE), TORSION))
  const scalar = (k: bigint): bigint => (NONCE + k * SCALAR) % L
  const plainKey = encodePoint(multiply(BASE, SCALAR))
  return [
    verdict(
      'a key of mixed order, and the cofactorless equation holds',
      forge({ key: mixedKey, r: plainR, scalar, wanted: (k) => k % 8n === 0n }),
      true,
    ),
    verdict(
      'a key and R of mixed order, and the cofactorless equation holds',
      forge({ key: mixedKey, r: mixedR, scalar, wanted: (k) => (k + 1n) % 8n === 0n }),
      true,
    ),
    verdict(
      'a key of mixed order, and only the equation times the cofactor holds',
      forge({ key: mixedKey, r: plainR, scalar, wanted: (k) => k % 8n === 1n }),
      false,
    ),
    verdict(
      'R of mixed order, and only the equation times the cofactor holds',
      forge({ key: plainKey, r: mixedR, scalar, wanted: () => true }),
      false,
    ),
  ]
}

const TEST_1 = {
  name: 'test 1',
  seedHex: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  publicKeyHex: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  messageHex: '',
  signatureHex:
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
}
const TEST_2 = {
  name: 'test 2',
  seedHex: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
  publicKeyHex: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  messageHex: '72',
  signatureHex:
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
}
const TEST_3 = {
  name: 'test 3',
  seedHex: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
  publicKeyHex: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
  messageHex: 'af82',
  signatureHex:
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
}
const TEST_1024 = {
  name: 'test 1024',
  seedHex: 'f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5',
  publicKeyHex: '278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e',
  messageHex:
    '08b8b2b733424243760fe426a4b54908632110a66c2f6591eabd3345e3e4eb98fa6e264bf09efe12ee50f8f54e9f77b1e355f6c50544' +
    'e23fb1433ddf73be84d879de7c0046dc4996d9e773f4bc9efe5738829adb26c81b37c93a1b270b20329d658675fc6ea534e0810a4432' +
    '826bf58c941efb65d57a338bbd2e26640f89ffbc1a858efcb8550ee3a5e1998bd177e93a7363c344fe6b199ee5d02e82d522c4feba15' +
    '452f80288a821a579116ec6dad2b3b310da903401aa62100ab5d1a36553e06203b33890cc9b832f79ef80560ccb9a39ce767967ed628' +
    'c6ad573cb116dbefefd75499da96bd68a8a97b928a8bbc103b6621fcde2beca1231d206be6cd9ec7aff6f6c94fcd7204ed3455c68c83' +
    'f4a41da4af2b74ef5c53f1d8ac70bdcb7ed185ce81bd84359d44254d95629e9855a94a7c1958d1f8ada5d0532ed8a5aa3fb2d17ba70e' +
    'b6248e594e1a2297acbbb39d502f1a8c6eb6f1ce22b3de1a1f40cc24554119a831a9aad6079cad88425de6bde1a9187ebb6092cf67bf' +
    '2b13fd65f27088d78b7e883c8759d2c4f5c65adb7553878ad575f9fad878e80a0c9ba63bcbcc2732e69485bbc9c90bfbd62481d9089b' +
    'eccf80cfe2df16a2cf65bd92dd597b0707e0917af48bbb75fed413d238f5555a7a569d80c3414a8d0859dc65a46128bab27af87a7131' +
    '4f318c782b23ebfe808b82b0ce26401d2e22f04d83d1255dc51addd3b75a2b1ae0784504df543af8969be3ea7082ff7fc9888c144da2' +
    'af58429ec96031dbcad3dad9af0dcbaaaf268cb8fcffead94f3c7ca495e056a9b47acdb751fb73e666c6c655ade8297297d07ad1ba5e' +
    '43f1bca32301651339e22904cc8c42f58c30c04aafdb038dda0847dd988dcda6f3bfd15c4b4c4525004aa06eeff8ca61783aacec57fb' +
    '3d1f92b0fe2fd1a85f6724517b65e614ad6808d6f6ee34dff7310fdc82aebfd904b01e1dc54b2927094b2db68d6f903b68401adebf5a' +
    '7e08d78ff4ef5d63653a65040cf9bfd4aca7984a74d37145986780fc0b16ac451649de6188a7dbdf191f64b5fc5e2ab47b57f7f7276c' +
    'd419c17a3ca8e1b939ae49e488acba6b965610b5480109c8b17b80e1b7b750dfc7598d5d5011fd2dcc5600a32ef5b52a1ecc820e308a' +
    'a342721aac0943bf6686b64b2579376504ccc493d97e6aed3fb0f9cd71a43dd497f01f17c0e2cb3797aa2a2f256656168e6c496afc5f' +
    'b93246f6b1116398a346f1a641f3b041e989f7914f90cc2c7fff357876e506b50d334ba77c225bc307ba537152f3f1610e4eafe595f6' +
    'd9d90d11faa933a15ef1369546868a7f3a45a96768d40fd9d03412c091c6315cf4fde7cb68606937380db2eaaa707b4c4185c32eddcd' +
    'd306705e4dc1ffc872eeee475a64dfac86aba41c0618983f8741c5ef68d3a101e8a3b8cac60c905c15fc910840b94c00a0b9d0',
  signatureHex:
    '0aab4c900501b3e24d7cdf4663326a3a87df5e4843b2cbdb67cbf6e460fec350aa5371b1508f9f4528ecea23c436d94b5e8fcd4f681e30a6ac00a9704a188a03',
}
const TEST_SHA_ABC = {
  name: 'test SHA(abc)',
  seedHex: '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
  publicKeyHex: 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
  messageHex:
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  signatureHex:
    'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
}
