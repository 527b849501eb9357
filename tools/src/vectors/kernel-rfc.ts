/** Cases of RFC 4231, 5869, 6962, 7748 and 8439, typed in, with our own negative ones beside them. */
import { createCipheriv, createHash } from 'node:crypto'
import { ascii, bytesOf, casesOf, flipped, hex, type KernelCase, pattern, repeated, run } from './kernel-case.ts'

export function hashCases(): KernelCase[] {
  return [...sha256Cases(), ...hmacCases(), ...hkdfCases(), ...treeCases()]
}

function sha256Cases(): KernelCase[] {
  const { valid } = casesOf('20.1', 'sha256')
  return [
    valid(
      'the empty input',
      { dataHex: '' },
      {
        digestHex: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      },
    ),
    valid(
      'FIPS 180 example, one block',
      { dataHex: ascii('abc') },
      {
        digestHex: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      },
    ),
    valid(
      'FIPS 180 example, two blocks',
      { dataHex: ascii('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq') },
      { digestHex: '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1' },
    ),
  ]
}

function hmacCases(): KernelCase[] {
  const { valid } = casesOf('20.2', 'hmacSha256')
  const rfc = (number: number, keyHex: string, dataHex: string, macHex: string): KernelCase =>
    valid(`RFC 4231, test case ${number}`, { keyHex, dataHex }, { macHex })
  return [
    rfc(1, repeated(0x0b, 20), ascii('Hi There'), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'),
    rfc(
      2,
      ascii('Jefe'),
      ascii('what do ya want for nothing?'),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ),
    rfc(3, repeated(0xaa, 20), repeated(0xdd, 50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'),
    rfc(4, run(0x01, 0x19), repeated(0xcd, 50), '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b'),
    valid(
      'RFC 4231, test case 5: the RFC states the first 16 bytes; the kernel never truncates',
      { keyHex: repeated(0x0c, 20), dataHex: ascii('Test With Truncation') },
      { macPrefixHex: 'a3b6167473100ee06e0c796c2955552b' },
    ),
    rfc(
      6,
      repeated(0xaa, 131),
      ascii('Test Using Larger Than Block-Size Key - Hash Key First'),
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ),
    rfc(
      7,
      repeated(0xaa, 131),
      ascii(
        'This is a test using a larger than block-size key and a larger than block-size data. ' +
          'The key needs to be hashed before being used by the HMAC algorithm.',
      ),
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    ),
  ]
}

function hkdfCases(): KernelCase[] {
  const { valid, invalid } = casesOf('20.3', 'hkdfSha256')
  const common = { ikmHex: repeated(0x0b, 22), saltHex: '', infoHex: '' }
  return [
    valid(
      'RFC 5869, A.1',
      { ikmHex: repeated(0x0b, 22), saltHex: run(0x00, 0x0c), infoHex: run(0xf0, 0xf9), lengthBytes: 42 },
      { okmHex: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865' },
    ),
    valid(
      'RFC 5869, A.2: longer inputs and output',
      { ikmHex: run(0x00, 0x4f), saltHex: run(0x60, 0xaf), infoHex: run(0xb0, 0xff), lengthBytes: 82 },
      {
        okmHex:
          'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09' +
          'da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
      },
    ),
    valid(
      'RFC 5869, A.3: no salt, no info',
      { ...common, lengthBytes: 42 },
      {
        okmHex: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
      },
    ),
    invalid('no output asked for', { ...common, lengthBytes: 0 }, 'KERNEL_ARGUMENT'),
    invalid('one byte more than 255 blocks', { ...common, lengthBytes: 8161 }, 'KERNEL_ARGUMENT'),
    invalid('half a byte', { ...common, lengthBytes: 31.5 }, 'KERNEL_ARGUMENT'),
  ]
}

function treeCases(): KernelCase[] {
  const leaf = casesOf('20.4', 'leafHash')
  const node = casesOf('20.4', 'nodeHash')
  const left = pattern('left', 32)
  const right = pattern('right', 32)
  const nodeDigest = createHash('sha256')
    .update(bytesOf(`01${left}${right}`))
    .digest('hex')
  return [
    leaf.valid(
      'the empty leaf',
      { leafHex: '' },
      {
        digestHex: '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      },
    ),
    leaf.valid(
      'a leaf that imitates a node is no node',
      { leafHex: `${left}${right}` },
      {
        digestHex: createHash('sha256')
          .update(bytesOf(`00${left}${right}`))
          .digest('hex'),
      },
    ),
    node.valid('an inner node', { leftHex: left, rightHex: right }, { digestHex: nodeDigest }),
    node.invalid('a short left hash', { leftHex: left.slice(2), rightHex: right }, 'KERNEL_ARGUMENT'),
    node.invalid('a long right hash', { leftHex: left, rightHex: `${right}00` }, 'KERNEL_ARGUMENT'),
  ]
}

export function aeadCases(): KernelCase[] {
  const seal = casesOf('20.5', 'aeadSeal')
  const open = casesOf('20.5', 'aeadOpen')
  const sunscreen =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
  const context = {
    keyHex: run(0x80, 0x9f),
    nonceHex: '070000004041424344454647',
    associatedDataHex: '50515253c0c1c2c3c4c5c6c7',
  }
  const sealed =
    'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b29' +
    '05d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b' +
    '61161ae10b594f09e26a7e902ecbd0600691'
  const plaintextHex = ascii(sunscreen)
  const refused = (description: string, change: Record<string, string>, error: string): KernelCase =>
    open.invalid(description, { ...context, ciphertextHex: sealed, ...change }, error)
  return [
    seal.valid('RFC 8439, 2.8.2', { ...context, plaintextHex }, { ciphertextHex: sealed }),
    open.valid('RFC 8439, 2.8.2, opened', { ...context, ciphertextHex: sealed }, { plaintextHex }),
    ...[0, 1, 64, 2032, 2048, 2049, 4096].map((lengthBytes) => aeadRoundTrip(lengthBytes)),
    refused('the first byte is changed', { ciphertextHex: flipped(sealed, 0) }, 'KERNEL_AUTHENTICATION'),
    refused('the last byte of the tag is changed', { ciphertextHex: flipped(sealed, -1) }, 'KERNEL_AUTHENTICATION'),
    refused('the tag is cut by a byte', { ciphertextHex: sealed.slice(0, -2) }, 'KERNEL_AUTHENTICATION'),
    refused('other associated data', { associatedDataHex: '50' }, 'KERNEL_AUTHENTICATION'),
    refused('another nonce', { nonceHex: flipped(context.nonceHex, 0) }, 'KERNEL_AUTHENTICATION'),
    refused('another key', { keyHex: flipped(context.keyHex, 31) }, 'KERNEL_AUTHENTICATION'),
    refused('less than a tag', { ciphertextHex: sealed.slice(-30) }, 'KERNEL_ARGUMENT'),
    refused('nothing at all', { ciphertextHex: '' }, 'KERNEL_ARGUMENT'),
    refused('a key of 31 bytes', { keyHex: run(0x80, 0x9e) }, 'KERNEL_ARGUMENT'),
    refused('a nonce of 24 bytes', { nonceHex: run(0x40, 0x57) }, 'KERNEL_ARGUMENT'),
    seal.invalid('a key of 33 bytes', { ...context, plaintextHex, keyHex: run(0x80, 0xa0) }, 'KERNEL_ARGUMENT'),
    seal.invalid('a nonce of 11 bytes', { ...context, plaintextHex, nonceHex: run(0, 10) }, 'KERNEL_ARGUMENT'),
    seal.invalid('a nonce of 13 bytes', { ...context, plaintextHex, nonceHex: run(0, 12) }, 'KERNEL_ARGUMENT'),
    longForgery(),
  ]
}

function aeadRoundTrip(lengthBytes: number): KernelCase {
  const input = {
    keyHex: pattern('aead key', 32),
    nonceHex: pattern('aead nonce', 12),
    associatedDataHex: pattern('aead ad', lengthBytes % 40),
    plaintextHex: pattern('aead plaintext', lengthBytes),
  }
  const ciphertextHex = chacha(input)
  return casesOf('20.5', 'aeadSeal').valid(`${lengthBytes} bytes`, input, { ciphertextHex })
}

function longForgery(): KernelCase {
  const input = {
    keyHex: pattern('aead key', 32),
    nonceHex: pattern('aead nonce', 12),
    associatedDataHex: '',
    plaintextHex: pattern('aead plaintext', 3000),
  }
  const { plaintextHex: _, ...context } = input
  const ciphertextHex = flipped(chacha(input), 1500)
  return casesOf('20.5', 'aeadOpen').invalid(
    'a long message with one changed bit',
    { ...context, ciphertextHex },
    'KERNEL_AUTHENTICATION',
  )
}

/** ChaCha20-Poly1305 with the tag appended, in hex. */
export function chacha(input: {
  readonly keyHex: string
  readonly nonceHex: string
  readonly associatedDataHex: string
  readonly plaintextHex: string
}): string {
  const cipher = createCipheriv('chacha20-poly1305', bytesOf(input.keyHex), bytesOf(input.nonceHex), {
    authTagLength: 16,
  })
  const plaintext = bytesOf(input.plaintextHex)
  cipher.setAAD(bytesOf(input.associatedDataHex), { plaintextLength: plaintext.length })
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()])
  return hex(Buffer.concat([body, cipher.getAuthTag()]))
}

export function x25519Cases(): KernelCase[] {
  const agree = casesOf('20.7', 'x25519')
  const derive = casesOf('20.7', 'x25519PublicKey')
  const alice = {
    secretHex: '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
    publicHex: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
  }
  const bob = {
    secretHex: '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
    publicHex: 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
  }
  const sharedHex = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742'
  const pair = (secretHex: string, publicKeyHex: string) => ({ secretHex, publicKeyHex })
  const nine = `09${repeated(0, 31)}`
  return [
    agree.valid(
      'RFC 7748, 5.2, first case',
      pair(
        'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
        'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
      ),
      { sharedHex: 'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552' },
    ),
    agree.valid(
      'RFC 7748, 5.2, second case: the top bit of u is ignored',
      pair(
        '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
        'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
      ),
      { sharedHex: '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957' },
    ),
    agree.valid('RFC 7748, 5.2, after one iteration', pair(nine, nine), {
      sharedHex: '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079',
    }),
    casesOf('20.7', 'x25519Iterated').valid(
      'RFC 7748, 5.2, after 1,000 iterations',
      { rounds: 1000 },
      {
        sharedHex: '684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51',
      },
    ),
    derive.valid("RFC 7748, 6.1, Alice's key", { secretHex: alice.secretHex }, { publicKeyHex: alice.publicHex }),
    derive.valid("RFC 7748, 6.1, Bob's key", { secretHex: bob.secretHex }, { publicKeyHex: bob.publicHex }),
    agree.valid("RFC 7748, 6.1, Alice's side", pair(alice.secretHex, bob.publicHex), { sharedHex }),
    agree.valid("RFC 7748, 6.1, Bob's side", pair(bob.secretHex, alice.publicHex), { sharedHex }),
    ...lowOrderCases(alice.secretHex),
    agree.invalid('a secret of 31 bytes', pair(alice.secretHex.slice(2), bob.publicHex), 'KERNEL_ARGUMENT'),
    agree.invalid('a public key of 33 bytes', pair(alice.secretHex, `${bob.publicHex}00`), 'KERNEL_ARGUMENT'),
    derive.invalid('a secret of 64 bytes', { secretHex: `${alice.secretHex}${bob.secretHex}` }, 'KERNEL_ARGUMENT'),
  ]
}

/** Every u of low order: 0, 1, -1, the two of order 8, and the encodings at p and p + 1 that mean 0 and 1. */
function lowOrderCases(secretHex: string): KernelCase[] {
  const { invalid } = casesOf('20.7', 'x25519')
  const points: ReadonlyArray<readonly [name: string, publicKeyHex: string]> = [
    ['0', repeated(0, 32)],
    ['1', `01${repeated(0, 31)}`],
    ['a point of order 8', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
    ['the other point of order 8', '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'],
    ['p - 1', `ec${repeated(0xff, 30)}7f`],
    ['p, which means 0', `ed${repeated(0xff, 30)}7f`],
    ['p + 1, which means 1', `ee${repeated(0xff, 30)}7f`],
    ['0 with the ignored bit set', `${repeated(0, 31)}80`],
    ['p - 1 with the ignored bit set', `ec${repeated(0xff, 31)}`],
  ]
  return points.map(([name, publicKeyHex]) =>
    invalid(`a key of low order: ${name}`, { secretHex, publicKeyHex }, 'KERNEL_LOW_ORDER'),
  )
}
