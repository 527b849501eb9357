/** Known answers of the methods that fuse several algorithms into one call. */
import { concatBytes, equalBytes, fromHex } from '@talos/bytes'
import type { Kernel } from './kernel.ts'
import { EMPTY, filled, is, type KnownAnswer, refuses } from './known-answer.ts'

const MESSAGE_KEY_HEX = 'cc6efb872c237f565ee82df42e4cab00098b13710395e3c6d29f2907d69e4f04'
const NEXT_CHAIN_KEY_HEX = 'c31d79abaf8f2150ee1cfe3dc732eed02a56f79647909bad055a831cb762e9a2'
const AFTER_THREE_HEX = 'f71214c4f0401491482f20d6b2b9a4fde6a39237a84c7b0f9a806367faf073d0'
const SEALED_HEADER_HEX = 'd29012ea0c9af75b8ad076b4a93f3337021f0607b0433c31'
const COMMITMENT_HEX = 'b496cca2264a02eaab14001a6d2ea912574e07e1dc2afa3395d4bb2318e9e0c7'
const CIPHERTEXT_HEX = 'da85f40bb92181ead47c2a9059b60dee1ebb75c2aada3fa3eb568bcade0b4d97'
const NO_PADDING_HEX = 'da85f40bb92181eadeaa25bdf30bab55860277fe0ee1358d'

const RATCHET = {
  chainKey: filled(1, 32),
  headerKey: filled(2, 32),
  nonce: filled(3, 12),
  header: filled(4, 8),
  associatedData: filled(5, 8),
}
const CONTENT = filled(6, 8)
const PREFIX = filled(7, 3)
const MESSAGE = concatBytes(
  PREFIX,
  RATCHET.nonce,
  fromHex(SEALED_HEADER_HEX),
  fromHex(COMMITMENT_HEX),
  fromHex(CIPHERTEXT_HEX),
)
const OPENING = {
  messageKey: fromHex(MESSAGE_KEY_HEX),
  nonce: RATCHET.nonce,
  associatedData: RATCHET.associatedData,
  header: fromHex(SEALED_HEADER_HEX),
  commitment: fromHex(COMMITMENT_HEX),
  ciphertext: fromHex(CIPHERTEXT_HEX),
}
const KEM_SEED = filled(7, 64)
const CONTEXT = filled(9, 32)
const HEAD = filled(10, 20)
/** Public keys of secrets of 0x11, 0x12, ... bytes. */
const KEYS = {
  identityA: '7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13',
  ephemeral: '052a50773ac8d91773f2dc9662e12f0defe915e415b8a1c8e20a5a3d6ab2b843',
  ratchet: '197fc2c567dc03ee2aadf0ed86681dac24daa76e83ca555875dd3be7376e5306',
  identityB: '18a6f8c1a7fddf22bd410138f79f7298cd38d1d0a542d4266d556be8609d8862',
  signedPrekey: 'bce059bf5b2ab7a91f3e863acf0c84d3ebbe04ca8490094b052b5b15afab1743',
  oneTime: '7f442fb4ecc9dd6cde4635881fbe2bb433b67b004935c4330d21e36f681a0e12',
}
const SEED_KEY_HEX = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
/** Of the empty message under that key (RFC 8032, 7.1, test 1). */
const SIGNATURE = fromHex(
  'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
)

export const FUSED_ANSWERS: readonly KnownAnswer[] = [
  { check: 'ratchetStep', holds: stepHolds },
  {
    check: 'ratchetForward',
    holds: (kernel) =>
      is(kernel.ratchetForward(RATCHET.chainKey, 1), NEXT_CHAIN_KEY_HEX) &&
      is(kernel.ratchetForward(RATCHET.chainKey, 3), AFTER_THREE_HEX),
  },
  {
    check: 'ratchetAdvance',
    holds: (kernel) => {
      const { messageKeys, nextChainKey } = kernel.ratchetAdvance(RATCHET.chainKey, 3)
      return (
        is(nextChainKey, AFTER_THREE_HEX) &&
        is(kernel.sha256(messageKeys), 'fe768c81ec8e9c948fe4ce0862657e14aee8ea89c05ff2c076d0ee950414e4f2')
      )
    },
  },
  {
    check: 'ratchetSeal',
    holds: (kernel) => {
      const { nextChainKey, message } = kernel.ratchetSeal({
        ...RATCHET,
        prefix: PREFIX,
        content: CONTENT,
        paddedBytes: 16,
      })
      return is(nextChainKey, NEXT_CHAIN_KEY_HEX) && equalBytes(message, MESSAGE)
    },
  },
  {
    check: 'ratchetOpen',
    holds: (kernel) =>
      equalBytes(kernel.ratchetOpen(OPENING), CONTENT) &&
      refuses('KERNEL_AUTHENTICATION', () => kernel.ratchetOpen({ ...OPENING, commitment: filled(0, 32) })) &&
      refuses('KERNEL_AUTHENTICATION', () => kernel.ratchetOpen({ ...OPENING, nonce: filled(0, 12) })) &&
      refuses('KERNEL_PADDING', () => kernel.ratchetOpen({ ...OPENING, ciphertext: fromHex(NO_PADDING_HEX) })),
  },
  { check: 'ratchetReceive', holds: receiveHolds },
  { check: 'ratchetTurn', holds: turnHolds },
  { check: 'handshakeInitiate', holds: initiateHolds },
  { check: 'handshakeRespond', holds: respondHolds },
  { check: 'verifyEnvelopes', holds: envelopesHold },
  {
    check: 'verifyEntries',
    holds: (kernel) => {
      const entries = [EMPTY, filled(1, 1)]
      const given = { publicKey: fromHex(SEED_KEY_HEX), entries, signatures: [SIGNATURE, SIGNATURE] }
      const { leafHashes, valid } = kernel.verifyEntries(given)
      return (
        is(
          concatBytes(...leafHashes),
          '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01db413f47d13ee2fe6c845b2ee141af81de858df4ec549a58b7970bb96645bc8d2',
        ) && valid.join() === 'true,false'
      )
    },
  },
  {
    check: 'appendLeaves',
    holds: (kernel) => {
      const edge = concatBytes(filled(1, 32), filled(2, 32))
      const appended = kernel.appendLeaves({ size: 3, edge, leaves: [EMPTY, filled(3, 3)] })
      return (
        is(
          kernel.sha256(concatBytes(...appended.leafHashes)),
          '2a5b2e802d52a8deaa8b59b5c01087c335613729f546f7bf085307bd157be93d',
        ) && is(kernel.sha256(appended.edge), 'b30e349fcd2ccf6130a069fa61853c354b27cab5a276484d3f0586b528554ac4')
      )
    },
  },
]

function stepHolds(kernel: Kernel): boolean {
  const { messageKey, nextChainKey } = kernel.ratchetStep(RATCHET.chainKey)
  return is(messageKey, MESSAGE_KEY_HEX) && is(nextChainKey, NEXT_CHAIN_KEY_HEX)
}

function receiveHolds(kernel: Kernel): boolean {
  const { chainKey, headerKey, header: expectedHeader, associatedData } = RATCHET
  const given = { chainKey, headerKey, expectedHeader, associatedData, message: MESSAGE, prefixBytes: PREFIX.length }
  const received = kernel.ratchetReceive(given)
  const otherKey = kernel.ratchetReceive({ ...given, headerKey: filled(1, 32) })
  const otherHeader = kernel.ratchetReceive({ ...given, expectedHeader: filled(5, 8) })
  return (
    received.kind === 'opened' &&
    is(received.nextChainKey, NEXT_CHAIN_KEY_HEX) &&
    equalBytes(received.content, CONTENT) &&
    otherKey.kind === 'other-key' &&
    otherHeader.kind === 'other-header' &&
    equalBytes(otherHeader.header, expectedHeader) &&
    refuses('KERNEL_AUTHENTICATION', () => kernel.ratchetReceive({ ...given, chainKey: filled(2, 32) }))
  )
}

function turnHolds(kernel: Kernel): boolean {
  const given = { rootKey: filled(1, 32), secret: filled(0x13, 32), publicKey: fromHex(KEYS.signedPrekey) }
  const plain = kernel.ratchetTurn(given)
  const mixed = kernel.ratchetTurn({ ...given, mixed: filled(2, 32) })
  return (
    is(
      concatBytes(plain.rootKey, plain.chainKey, plain.nextHeaderKey),
      'b4c91f717d11b3203f444d92fb49017749e0169b0af148f0f40788e29a21f35b632829dc550b504b6994f794794e3747101b8696fa187ae663ef800d2d15c119d8af8210d5f99e09d77918ed313cdcf2a0296fae2bdf73a63b3781ae8c36b72e',
    ) &&
    is(
      concatBytes(mixed.rootKey, mixed.chainKey, mixed.nextHeaderKey),
      '14c93b477ff6a8bbbd6efeba10de3bbdf07a86796f4cbb3a7f5f0c5dafde7ed5d98aa40f510461c647d90653e16a52cfa7b5fbbb719fd7f29e3729ac0ec8e9bea9927cca652968b2bdf87519bfb7e5276b1840235a7616e92a7b40d0fe8bd9bd',
    ) &&
    refuses('KERNEL_LOW_ORDER', () => kernel.ratchetTurn({ ...given, publicKey: filled(0, 32) }))
  )
}

function initiateHolds(kernel: Kernel): boolean {
  const initiated = kernel.handshakeInitiate({
    identitySecret: filled(0x11, 32),
    ephemeralSecret: filled(0x12, 32),
    ratchetSecret: filled(0x13, 32),
    peerIdentityKey: fromHex(KEYS.identityB),
    signedPrekey: fromHex(KEYS.signedPrekey),
    oneTimeKey: fromHex(KEYS.oneTime),
    kemKey: kernel.mlkem768EncapsulationKey(KEM_SEED),
    kemRandomness: filled(8, 32),
    transcriptHead: HEAD,
    context: CONTEXT,
  })
  const { ephemeralKey, ratchetKey, kemCiphertext, transcriptHash, rootKey, chainKey, nextHeaderKey } = initiated
  const keys = concatBytes(rootKey, chainKey, nextHeaderKey, initiated.initiatorHeaderKey, initiated.responderHeaderKey)
  return (
    is(ephemeralKey, KEYS.ephemeral) &&
    is(ratchetKey, KEYS.ratchet) &&
    is(kernel.sha256(kemCiphertext), '568c79233b27658ce03edb08cbac36708cc85c3bb31ba4ec20184d58bfe4c39c') &&
    is(transcriptHash, 'a6acb9b690eb627cb4c2b78094f19fb9a5d76666ef7ff56d9f11b0e5cfc85626') &&
    is(
      keys,
      'b113d9235d45e514601f913220c53fa3427ddd1323d147882779e4af9cc5143af79d8c5054ca782d65aeb185c5e8879af83dd7b5d7a7bf92900fc6c8aa1af33fb36105d49691a6e8a031f99500303a50bf5ed5aa2e4eb29723a7a4e1bb3c91d5a41faac13fbc70553e013257e6b343df15b43c60e07c7318dad035a096d086ec336951aad314934fa8e7b327e22c5bb98d23645947d31405ca7df506107e8f0b',
    )
  )
}

function respondHolds(kernel: Kernel): boolean {
  const responded = kernel.handshakeRespond({
    identitySecret: filled(0x14, 32),
    signedPrekeySecret: filled(0x15, 32),
    oneTimeSecret: filled(0x16, 32),
    kemSeed: KEM_SEED,
    peerIdentityKey: fromHex(KEYS.identityA),
    ephemeralKey: fromHex(KEYS.ephemeral),
    kemCiphertext: filled(9, 1088),
    transcriptHash: filled(1, 32),
  })
  return is(
    concatBytes(responded.rootKey, responded.initiatorHeaderKey, responded.responderHeaderKey),
    'a1557a243b0cbc4fd47e090f25faaf4473f2917c1f5f01d424d139a95febcbd4afa8148fb9ebd236cf593185eb42dc0c3430f91ac258a3452573b9c53d11ed508a38c0f8781b820550d2adc1485ec3a81ce96dda844fc8ce902f62583d129e37',
  )
}

function envelopesHold(kernel: Kernel): boolean {
  const publicKey = fromHex(SEED_KEY_HEX)
  const envelope = concatBytes(Uint8Array.of(0x82, 0x58, 0x40), SIGNATURE)
  const verdicts = kernel.verifyEnvelopes([
    { envelope, publicKey },
    { envelope: concatBytes(envelope, filled(0, 1)), publicKey },
    { envelope: envelope.with(0, 0x83), publicKey },
  ])
  const [first, ...others] = verdicts
  return (
    first?.valid === true &&
    is(first.digest, '17ac0e45571cb4736b090bf6fa74025d513625c79bca466864bd10dfe4764390') &&
    others.length === 2 &&
    others.every(({ valid }) => !valid)
  )
}
