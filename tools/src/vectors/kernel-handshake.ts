/** Cases of the handshake of both sides, computed from the key schedule with `node:crypto`. */
import { hkdfSync } from 'node:crypto'
import { ascii, bytesOf, casesOf, flipped, hex, type KernelCase, pattern, repeated, sha256 } from './kernel-case.ts'
import { turned } from './kernel-chain.ts'
import { overflowing } from './kernel-kem.ts'
import { agreement, decapsulated, encapsulationKeyOf, LOW_ORDER_KEY, publicKeyOf } from './kernel-keys.ts'

const initiate = casesOf('20.15', 'handshakeInitiate')
const respond = casesOf('20.16', 'handshakeRespond')

const SECRETS = {
  identityA: pattern('handshake identity a', 32),
  ephemeral: pattern('handshake ephemeral', 32),
  ratchet: pattern('handshake ratchet', 32),
  identityB: pattern('handshake identity b', 32),
  signedPrekey: pattern('handshake signed prekey', 32),
  oneTime: pattern('handshake one-time', 32),
}
const KEM_SEED = pattern('mlkem seed one', 64)

/** To the key of that seed, with the randomness `mlkem randomness one`; typed in, as `node:crypto` takes none. */
const KEM_CIPHERTEXT =
  '96923fb870b30c818f042be6314bb9a3f21b40be76a1d35e1b9af3a2c6c47c6634d5990d2cd5f9485a6c33effa0beabbfdee6c8505d3dd2a' +
  '3792d4ca93816a044d1269224cc772b851677c842f75f040b86c5fdfc61544c2458c251b7855326e08700bc4897645e69e66cebe57d456f0' +
  '24990018aeaaf1c7021cef97213771b20f9fccadaf64a7fab6525720ea9c6fc7d40132fad34380fbb6654bfcbc67821a8aba87c7d5bdcc89' +
  '283824ec1b06073690a4d5eba498ac0aa1290e9c6b6c85c8c29fc9e11a815cce64fbf7acdae6a526223df55ad3c22f2166b1ea6a6f27ea4b' +
  'f5ae3f8bbdfff431be2b34139c4cf9b7594a90c1b6840801be469fa157d5c124f9403fbbc62d9c1b5e4f120e07a53044cc39707f60575d6f' +
  '8fc90e89174d4cefb8e564b963c07727807538de8ed6026c7f366cae2ebcde1306105c535a8c783ab2c01992e1e9f2f972bd4065ca2a58a4' +
  '3a4f2b78512ac3794f1e7f7770cee66b956d6f9cddd6979b8e65aaa73641ff6ca730ffb7ff4b169c335d56ee94e10cec77ec57e7dc88809e' +
  '802324f732635959bb893e742131359f4b2378f2843e679edd2d9350bb3bf14c10d41ee1fad06bba5464ce8bf1fc5d19c9da24c2f977b29b' +
  '8e348a1273aba2bb37640eb6fa3e59462c16bed649e07c0249a8dbb7a54633d2b8eb61734541c279321538789654afc48f218562a0f1fce6' +
  'a6119b34ff30b98c8f2607ea49946254c97f9b4e64cdfda674c588538afb06868e157888c3e518d9077549ed5cfa99476626d238a42816d6' +
  '6fb2ce0281a4602c6d3bbf256c8406e18954c9a34f209b9f02c84422624ccdbfcae833b63358777bd0be0eb089bde28953bc9178de8e1f65' +
  'ff75af7f91fd74729189f564bfd1df2ca345db334aa14452cc92477c47aafb68052780add2efdcee9b3f57daa8243f9ef2fec7d439a792e8' +
  'dc53f30f15de00a0c4dc49a81ea1f24b3d1b876d6a109095bb880c99316a134d9fe2c3758e31340dfc427f02ba5c515071f745ef197f6288' +
  'e421c4b3e9b5f81a42eab2412581610b253af024587cc677e7822cb9a48490a64db97ba14b94196bb456b77e7b1ea5b548c06bf86b5af281' +
  '168932dc9074669e6ef98e276c6e7d8a57428118a12f8d6536f6d4631a217717402f061002d4a6ebcca739f40eeac1ce28df780d26d18938' +
  '3d35a59963b25198bf3750505ff9cc3c2e89642e02f22266bcf96aa87269aec6135d4f725d67bdcc214583694bf8c61ed8b33148735200de' +
  '44d78fa47749b855b7c1b7f59c1977c60525e59240961d7f3c6ba3c6cfdb49822f4895389007bff208dbec6d1cc560e7323bb7b2868c3e95' +
  '25f36c26d5ad364ed1752bc86936b29910300f3b3ac5ecec64e55cc8c3dbf15b6d432a871e82707e323c3f8107027883afba3abeb90aaf0b' +
  '58bb60ca5588197e8975890fe481cafb39e26e82129e34658d6ec872f56725057cc945f3d08ede1752ade53690247b37ab681828df0f78f1' +
  'cf4283d3c9d3c99bfcf4137cb545ba49edc3d363cca3ff5f'

const INITIATE = {
  identitySecretHex: SECRETS.identityA,
  ephemeralSecretHex: SECRETS.ephemeral,
  ratchetSecretHex: SECRETS.ratchet,
  peerIdentityKeyHex: publicKeyOf(SECRETS.identityB),
  signedPrekeyHex: publicKeyOf(SECRETS.signedPrekey),
  oneTimeKeyHex: publicKeyOf(SECRETS.oneTime),
  kemKeyHex: encapsulationKeyOf(KEM_SEED),
  kemRandomnessHex: pattern('mlkem randomness one', 32),
  transcriptHeadHex: pattern('handshake head', 300),
  contextHex: pattern('handshake context', 32),
}
const RESPOND = {
  identitySecretHex: SECRETS.identityB,
  signedPrekeySecretHex: SECRETS.signedPrekey,
  oneTimeSecretHex: SECRETS.oneTime,
  kemSeedHex: KEM_SEED,
  peerIdentityKeyHex: publicKeyOf(SECRETS.identityA),
  ephemeralKeyHex: publicKeyOf(SECRETS.ephemeral),
  kemCiphertextHex: KEM_CIPHERTEXT,
  transcriptHashHex: transcriptHash(INITIATE),
}

export function handshakeCases(): KernelCase[] {
  return [...initiateCases(), ...initiateRefusals(), ...respondCases(), ...respondRefusals()]
}

function initiateCases(): KernelCase[] {
  const { oneTimeKeyHex: _none, ...last } = INITIATE
  const answered = (name: string, input: typeof last & { readonly oneTimeKeyHex?: string }): KernelCase =>
    initiate.valid(name, input, initiated(input))
  return [
    answered('with a one-time pair', INITIATE),
    answered('without a one-time pair', last),
    answered('an empty transcript head', { ...INITIATE, transcriptHeadHex: '' }),
    answered('the longest transcript head', { ...INITIATE, transcriptHeadHex: pattern('handshake head', 8_192) }),
    answered('no capability context', { ...INITIATE, contextHex: repeated(0, 32) }),
  ]
}

function initiateRefusals(): KernelCase[] {
  const refused = (description: string, change: Partial<typeof INITIATE>, error = 'KERNEL_ARGUMENT'): KernelCase =>
    initiate.invalid(description, { ...INITIATE, ...change }, error)
  const { kemRandomnessHex: _system, ...unseeded } = INITIATE
  const kemKeyHex = overflowing(INITIATE.kemKeyHex)
  return [
    refused('the peer identity key is of low order', { peerIdentityKeyHex: LOW_ORDER_KEY }, 'KERNEL_LOW_ORDER'),
    refused('the signed prekey is of low order', { signedPrekeyHex: LOW_ORDER_KEY }, 'KERNEL_LOW_ORDER'),
    refused('the one-time key is of low order', { oneTimeKeyHex: repeated(0, 32) }, 'KERNEL_LOW_ORDER'),
    refused('the ML-KEM key is not reduced', { kemKeyHex }, 'KERNEL_KEY_INVALID'),
    initiate.invalid(
      'the ML-KEM key is not reduced, and no randomness is given',
      { ...unseeded, kemKeyHex },
      'KERNEL_KEY_INVALID',
    ),
    refused(
      'the ML-KEM key is not reduced and the signed prekey of low order: the former is told',
      { kemKeyHex, signedPrekeyHex: LOW_ORDER_KEY },
      'KERNEL_KEY_INVALID',
    ),
    refused('an identity secret of 31 bytes', { identitySecretHex: repeated(1, 31) }),
    refused('an ephemeral secret of 33 bytes', { ephemeralSecretHex: repeated(1, 33) }),
    refused('a ratchet secret of 31 bytes', { ratchetSecretHex: repeated(1, 31) }),
    refused('a peer identity key of 33 bytes', { peerIdentityKeyHex: repeated(1, 33) }),
    refused('a signed prekey of 31 bytes', { signedPrekeyHex: repeated(1, 31) }),
    refused('a one-time key of 33 bytes', { oneTimeKeyHex: repeated(1, 33) }),
    refused('a one-time key of no bytes', { oneTimeKeyHex: '' }),
    refused('an ML-KEM key of 1,183 bytes', { kemKeyHex: INITIATE.kemKeyHex.slice(2) }),
    refused('an ML-KEM key of 1,185 bytes', { kemKeyHex: `${INITIATE.kemKeyHex}00` }),
    refused('randomness of 31 bytes', { kemRandomnessHex: repeated(1, 31) }),
    refused('randomness of no bytes', { kemRandomnessHex: '' }),
    refused('a transcript head of 8,193 bytes', { transcriptHeadHex: repeated(1, 8_193) }),
    refused('a context of 31 bytes', { contextHex: repeated(1, 31) }),
    refused('no context', { contextHex: '' }),
  ]
}

function respondCases(): KernelCase[] {
  const { oneTimeSecretHex: _none, ...last } = RESPOND
  const answered = (name: string, input: typeof last & { readonly oneTimeSecretHex?: string }): KernelCase =>
    respond.valid(name, input, responded(input))
  return [
    answered('with a one-time pair: the keys of the initiator', RESPOND),
    answered('without a one-time pair: the keys of the initiator', {
      ...last,
      transcriptHashHex: transcriptHash(INITIATE),
    }),
    answered('another transcript', { ...RESPOND, transcriptHashHex: flipped(RESPOND.transcriptHashHex, -1) }),
    answered('implicit rejection: a changed ML-KEM ciphertext yields keys that the initiator has not', {
      ...RESPOND,
      kemCiphertextHex: flipped(KEM_CIPHERTEXT, 700),
    }),
  ]
}

function respondRefusals(): KernelCase[] {
  const refused = (description: string, change: Partial<typeof RESPOND>, error = 'KERNEL_ARGUMENT'): KernelCase =>
    respond.invalid(description, { ...RESPOND, ...change }, error)
  return [
    refused('the peer identity key is of low order', { peerIdentityKeyHex: LOW_ORDER_KEY }, 'KERNEL_LOW_ORDER'),
    refused('the ephemeral key is of low order', { ephemeralKeyHex: repeated(0, 32) }, 'KERNEL_LOW_ORDER'),
    refused('an identity secret of 31 bytes', { identitySecretHex: repeated(1, 31) }),
    refused('a signed prekey secret of 33 bytes', { signedPrekeySecretHex: repeated(1, 33) }),
    refused('a one-time secret of 31 bytes', { oneTimeSecretHex: repeated(1, 31) }),
    refused('a one-time secret of no bytes', { oneTimeSecretHex: '' }),
    refused('an ML-KEM seed of 32 bytes', { kemSeedHex: repeated(1, 32) }),
    refused('an ML-KEM seed of 65 bytes', { kemSeedHex: repeated(1, 65) }),
    refused('a peer identity key of 31 bytes', { peerIdentityKeyHex: repeated(1, 31) }),
    refused('an ephemeral key of 33 bytes', { ephemeralKeyHex: repeated(9, 33) }),
    refused('an ML-KEM ciphertext of 1,087 bytes', { kemCiphertextHex: KEM_CIPHERTEXT.slice(2) }),
    refused('an ML-KEM ciphertext of 1,089 bytes', { kemCiphertextHex: `${KEM_CIPHERTEXT}00` }),
    refused('a transcript hash of 31 bytes', { transcriptHashHex: repeated(1, 31) }),
    refused('a transcript hash of 33 bytes', { transcriptHashHex: repeated(1, 33) }),
  ]
}

function transcriptHash(input: Pick<typeof INITIATE, 'transcriptHeadHex' | 'contextHex'>): string {
  const items = [publicKeyOf(SECRETS.ephemeral), KEM_CIPHERTEXT, input.contextHex]
  const tail = items.map((item) => (item.length / 2).toString(16).padStart(8, '0') + item)
  return sha256(input.transcriptHeadHex + tail.join(''))
}

function initiated(input: Omit<typeof INITIATE, 'oneTimeKeyHex'> & { readonly oneTimeKeyHex?: string }) {
  const { identitySecretHex, ephemeralSecretHex, signedPrekeyHex, peerIdentityKeyHex, oneTimeKeyHex } = input
  const transcriptHashHex = transcriptHash(input)
  const secrets = [
    agreement(identitySecretHex, signedPrekeyHex),
    agreement(ephemeralSecretHex, peerIdentityKeyHex),
    agreement(ephemeralSecretHex, signedPrekeyHex),
    ...(oneTimeKeyHex === undefined ? [] : [agreement(ephemeralSecretHex, oneTimeKeyHex)]),
    decapsulated(KEM_SEED, KEM_CIPHERTEXT),
  ]
  const { rootKeyHex, ...headerKeys } = sessionKeys(secrets, transcriptHashHex)
  return {
    ephemeralKeyHex: publicKeyOf(ephemeralSecretHex),
    ratchetKeyHex: publicKeyOf(input.ratchetSecretHex),
    kemCiphertextSha256Hex: sha256(KEM_CIPHERTEXT),
    transcriptHashHex,
    ...turned({ rootKeyHex, secretHex: input.ratchetSecretHex, publicKeyHex: signedPrekeyHex }),
    ...headerKeys,
  }
}

function responded(input: Omit<typeof RESPOND, 'oneTimeSecretHex'> & { readonly oneTimeSecretHex?: string }) {
  const { identitySecretHex, signedPrekeySecretHex, oneTimeSecretHex, peerIdentityKeyHex, ephemeralKeyHex } = input
  const secrets = [
    agreement(signedPrekeySecretHex, peerIdentityKeyHex),
    agreement(identitySecretHex, ephemeralKeyHex),
    agreement(signedPrekeySecretHex, ephemeralKeyHex),
    ...(oneTimeSecretHex === undefined ? [] : [agreement(oneTimeSecretHex, ephemeralKeyHex)]),
    decapsulated(input.kemSeedHex, input.kemCiphertextHex),
  ]
  return sessionKeys(secrets, input.transcriptHashHex)
}

function sessionKeys(secrets: readonly string[], transcriptHashHex: string) {
  const ikm = bytesOf(repeated(0xff, 32) + secrets.join(''))
  const info = bytesOf(ascii('talos/ts1/sk') + transcriptHashHex)
  const keys = hex(new Uint8Array(hkdfSync('sha256', ikm, bytesOf(repeated(0, 32)), info, 96)))
  return {
    rootKeyHex: keys.slice(0, 64),
    initiatorHeaderKeyHex: keys.slice(64, 128),
    responderHeaderKeyHex: keys.slice(128),
  }
}
