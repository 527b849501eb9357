/** Cases of one chain step and of sealing and opening a message, computed from the key schedule with `node:crypto`. */
import { createHmac } from 'node:crypto'
import { ascii, bytesOf, casesOf, flipped, type KernelCase, pattern, repeated } from './kernel-case.ts'
import { chacha } from './kernel-rfc.ts'

const step = casesOf('20.10', 'ratchetStep')
const seal = casesOf('20.11', 'ratchetSeal')
const open = casesOf('20.12', 'ratchetOpen')

export const FIRST = {
  chainKeyHex: pattern('ratchet chain', 32),
  headerKeyHex: pattern('ratchet header key', 32),
  nonceHex: pattern('ratchet nonce', 12),
  headerHex: pattern('ratchet header', 40),
  associatedDataHex: pattern('ratchet ad', 66),
  prefixHex: '',
  contentHex: ascii('the quick brown agent asks the lazy tool'),
  paddedBytes: 41,
}

export function ratchetCases(): KernelCase[] {
  return [
    ...stepCases(),
    ...sealCases('a short message', FIRST),
    ...sealCases('an empty message under a header of one byte', {
      ...FIRST,
      headerHex: '00',
      contentHex: '',
      paddedBytes: 1,
    }),
    ...sealCases('no associated data', { ...FIRST, associatedDataHex: '' }),
    ...sealCases('a message of 4,096 bytes', {
      ...FIRST,
      contentHex: pattern('ratchet long', 4096),
      paddedBytes: 4097,
    }),
    ...sealRefusals(),
    ...openRefusals(),
    ...paddingCases(),
    ...boundCases(),
  ]
}

/** Three steps of one chain. */
function stepCases(): KernelCase[] {
  let chainKeyHex = FIRST.chainKeyHex
  const cases = ['first', 'second', 'third'].map((name) => {
    const messageKeyHex = hmac(chainKeyHex, '01')
    const nextChainKeyHex = hmac(chainKeyHex, '02')
    const one = step.valid(`the ${name} step of a chain`, { chainKeyHex }, { messageKeyHex, nextChainKeyHex })
    chainKeyHex = nextChainKeyHex
    return one
  })
  return [
    ...cases,
    step.invalid('a chain key of 31 bytes', { chainKeyHex: chainKeyHex.slice(2) }, 'KERNEL_ARGUMENT'),
    step.invalid('a chain key of 33 bytes', { chainKeyHex: `${chainKeyHex}00` }, 'KERNEL_ARGUMENT'),
  ]
}

function sealCases(name: string, input: typeof FIRST): KernelCase[] {
  const { contentHex } = input
  const { opening, nextChainKeyHex, messageHex } = sealed(input)
  return [
    seal.valid(`${name}, sealed`, input, { nextChainKeyHex, messageHex }),
    open.valid(`${name}, opened`, opening, { contentHex }),
  ]
}

function sealRefusal(description: string, change: Partial<typeof FIRST>): KernelCase {
  return seal.invalid(description, { ...FIRST, ...change }, 'KERNEL_ARGUMENT')
}

function sealRefusals(): KernelCase[] {
  return [
    sealRefusal('a chain key of 31 bytes', { chainKeyHex: FIRST.chainKeyHex.slice(2) }),
    sealRefusal('a header key of 33 bytes', { headerKeyHex: `${FIRST.headerKeyHex}00` }),
    sealRefusal('a nonce of 24 bytes', { nonceHex: pattern('ratchet nonce', 24) }),
  ]
}

type Opening = ReturnType<typeof sealed>['opening']

function openRefusal(
  description: string,
  change: Partial<Opening>,
  error = 'KERNEL_AUTHENTICATION',
  opening = sealed(FIRST).opening,
): KernelCase {
  return open.invalid(description, { ...opening, ...change }, error)
}

function openRefusals(): KernelCase[] {
  const { opening } = sealed(FIRST)
  const long = sealed({ ...FIRST, contentHex: pattern('ratchet long', 4096), paddedBytes: 4097 }).opening
  const refused = openRefusal
  const other = sealedUnderOtherKey()
  return [
    refused('the commitment is changed', { commitmentHex: flipped(opening.commitmentHex, 0) }),
    refused('the last byte of the commitment is changed', { commitmentHex: flipped(opening.commitmentHex, -1) }),
    refused('the ciphertext is changed', { ciphertextHex: flipped(opening.ciphertextHex, 0) }),
    refused('the tag is changed', { ciphertextHex: flipped(opening.ciphertextHex, -1) }),
    refused('the sealed header is changed', { headerHex: flipped(opening.headerHex, 0) }),
    refused('the associated data is changed', { associatedDataHex: flipped(opening.associatedDataHex, 0) }),
    refused('the nonce is changed', { nonceHex: flipped(opening.nonceHex, 0) }),
    refused('another message key', { messageKeyHex: flipped(opening.messageKeyHex, 0) }),
    refused('the right commitment over a message that another key sealed', { ciphertextHex: other }),
    refused('a long message is changed', { ...long, ciphertextHex: flipped(long.ciphertextHex, 2000) }),
    refused('a message key of 31 bytes', { messageKeyHex: opening.messageKeyHex.slice(2) }, 'KERNEL_ARGUMENT'),
    refused('a nonce of 11 bytes', { nonceHex: opening.nonceHex.slice(2) }, 'KERNEL_ARGUMENT'),
    refused('a commitment of 31 bytes', { commitmentHex: opening.commitmentHex.slice(2) }, 'KERNEL_ARGUMENT'),
    refused('no commitment', { commitmentHex: '' }, 'KERNEL_ARGUMENT'),
    refused('a header shorter than a tag', { headerHex: opening.headerHex.slice(0, 30) }, 'KERNEL_ARGUMENT'),
    refused(
      'a ciphertext shorter than a tag',
      { ciphertextHex: opening.ciphertextHex.slice(0, 30) },
      'KERNEL_ARGUMENT',
    ),
  ]
}

/** Sizes of padding, and authentic messages that have none. */
function paddingCases(): KernelCase[] {
  const content = { ...FIRST, prefixHex: pattern('ratchet prefix', 19) }
  const unpadded = (description: string, paddedHex: string): KernelCase =>
    openRefusal(description, {}, 'KERNEL_PADDING', sealed(FIRST, paddedHex).opening)
  return [
    ...sealCases('a prefix and 256 bytes with the padding', { ...content, paddedBytes: 256 }),
    ...sealCases('no content but padding', { ...content, contentHex: '', paddedBytes: 256 }),
    ...sealCases('content that ends like padding', { ...content, contentHex: 'ff800000', paddedBytes: 16 }),
    ...sealCases('a long message in a long padding', {
      ...content,
      contentHex: pattern('ratchet long', 2_100),
      paddedBytes: 2_176,
    }),
    unpadded('an authentic message of zeros alone', repeated(0, 64)),
    unpadded('an authentic message whose last byte but zeros is 0x81', `${repeated(0x80, 4)}810000`),
    unpadded('an authentic message of 0x01', '01'),
    unpadded('an authentic message of nothing', ''),
    openRefusal(
      'a message without padding whose tag is changed',
      { ciphertextHex: flipped(sealed(FIRST, '01').opening.ciphertextHex, -1) },
      'KERNEL_AUTHENTICATION',
      sealed(FIRST, '01').opening,
    ),
  ]
}

/** The bounds of 20.11 and one past them. */
function boundCases(): KernelCase[] {
  const contentBytes = FIRST.contentHex.length / 2
  return [
    ...sealCases('the longest header and prefix', {
      ...FIRST,
      headerHex: pattern('ratchet header', 1_024),
      prefixHex: pattern('ratchet prefix', 4_096),
    }),
    sealRefusal('a chain key of 33 bytes', { chainKeyHex: `${FIRST.chainKeyHex}00` }),
    sealRefusal('a header key of 31 bytes', { headerKeyHex: FIRST.headerKeyHex.slice(2) }),
    sealRefusal('a nonce of 11 bytes', { nonceHex: FIRST.nonceHex.slice(2) }),
    sealRefusal('no header', { headerHex: '' }),
    sealRefusal('a header of 1,025 bytes', { headerHex: pattern('ratchet header', 1_025) }),
    sealRefusal('a prefix of 4,097 bytes', { prefixHex: pattern('ratchet prefix', 4_097) }),
    sealRefusal('no room for the padding', { paddedBytes: contentBytes }),
    sealRefusal('less room than the content needs', { paddedBytes: contentBytes - 1 }),
    sealRefusal('no room at all', { paddedBytes: 0 }),
    sealRefusal('one byte more than 2^24', { paddedBytes: 2 ** 24 + 1 }),
    sealRefusal('half a byte of padding', { paddedBytes: contentBytes + 1.5 }),
    openRefusal('a message key of 33 bytes', { messageKeyHex: repeated(1, 33) }, 'KERNEL_ARGUMENT'),
    openRefusal('a nonce of 13 bytes', { nonceHex: repeated(1, 13) }, 'KERNEL_ARGUMENT'),
    openRefusal('a commitment of 33 bytes', { commitmentHex: repeated(1, 33) }, 'KERNEL_ARGUMENT'),
  ]
}

/** A ciphertext for the same place, made under another key. */
function sealedUnderOtherKey(): string {
  return sealed({ ...FIRST, chainKeyHex: pattern('another chain', 32) }).opening.ciphertextHex
}

/** What 20.11 yields; `paddedHex` replaces the padded content, for what no honest sealer makes. */
export function sealed(input: typeof FIRST, paddedHex = paddedContent(input)) {
  const { chainKeyHex, headerKeyHex, nonceHex, headerHex, associatedDataHex } = input
  const messageKeyHex = hmac(chainKeyHex, '01')
  const info = ascii('talos/ts1/mk')
  const keyHex = hmac(messageKeyHex, `${info}01`)
  const commitmentHex = hmac(messageKeyHex, `${keyHex}${info}02`)
  const sealedHeaderHex = chacha({ keyHex: headerKeyHex, nonceHex, associatedDataHex, plaintextHex: headerHex })
  const boundHex = associatedDataHex + sealedHeaderHex + commitmentHex
  const ciphertextHex = chacha({ keyHex, nonceHex, associatedDataHex: boundHex, plaintextHex: paddedHex })
  return {
    nextChainKeyHex: hmac(chainKeyHex, '02'),
    messageHex: input.prefixHex + nonceHex + sealedHeaderHex + commitmentHex + ciphertextHex,
    opening: { messageKeyHex, nonceHex, associatedDataHex, headerHex: sealedHeaderHex, commitmentHex, ciphertextHex },
  }
}

function paddedContent({ contentHex, paddedBytes }: typeof FIRST): string {
  return `${contentHex}80`.padEnd(2 * paddedBytes, '0')
}

export function hmac(keyHex: string, dataHex: string): string {
  return createHmac('sha256', bytesOf(keyHex)).update(bytesOf(dataHex)).digest('hex')
}
