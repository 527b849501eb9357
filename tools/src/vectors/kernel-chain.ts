/** Cases of longer walks along a chain, of receiving in order and of turns, computed with `node:crypto`. */
import { hkdfSync } from 'node:crypto'
import { ascii, bytesOf, casesOf, flipped, hex, type KernelCase, pattern, repeated, sha256 } from './kernel-case.ts'
import { agreement, LOW_ORDER_KEY, publicKeyOf } from './kernel-keys.ts'
import { FIRST, hmac, sealed } from './kernel-ratchet.ts'

const forward = casesOf('20.10', 'ratchetForward')
const advance = casesOf('20.10', 'ratchetAdvance')
const receive = casesOf('20.13', 'ratchetReceive')
const turn = casesOf('20.14', 'ratchetTurn')

export function chainCases(): KernelCase[] {
  return [...walkCases(), ...receiveCases(), ...receiveRefusals(), ...turnCases()]
}

function walkCases(): KernelCase[] {
  const { chainKeyHex } = FIRST
  const valid = [0, 1, 2, 5, 100, 4096].flatMap((steps) => {
    const { messageKeysHex, nextChainKeyHex } = walk(chainKeyHex, steps)
    const input = { chainKeyHex, steps }
    // The keys of a long walk are long themselves: their SHA-256 stands for them.
    const expected = { messageKeysSha256Hex: sha256(messageKeysHex), nextChainKeyHex }
    return [
      forward.valid(`${steps} steps forward`, input, { nextChainKeyHex }),
      advance.valid(`the message keys of ${steps} steps`, input, expected),
    ]
  })
  const refused = [forward, advance].flatMap(({ invalid }) => [
    invalid('one step past the limit', { chainKeyHex, steps: 4097 }, 'KERNEL_PARAMETER'),
    invalid('a step back', { chainKeyHex, steps: -1 }, 'KERNEL_PARAMETER'),
    invalid('half a step', { chainKeyHex, steps: 0.5 }, 'KERNEL_PARAMETER'),
    invalid('a chain key of 31 bytes', { chainKeyHex: chainKeyHex.slice(2), steps: 1 }, 'KERNEL_ARGUMENT'),
    invalid('a chain key of 33 bytes', { chainKeyHex: `${chainKeyHex}00`, steps: 0 }, 'KERNEL_ARGUMENT'),
  ])
  return [...valid, ...refused]
}

function walk(start: string, steps: number) {
  let nextChainKeyHex = start
  let messageKeysHex = ''
  for (let step = 0; step < steps; step += 1) {
    messageKeysHex += hmac(nextChainKeyHex, '01')
    nextChainKeyHex = hmac(nextChainKeyHex, '02')
  }
  return { messageKeysHex, nextChainKeyHex }
}

type Message = typeof FIRST

function receivingOf(input: Message, messageHex = sealed(input).messageHex) {
  const { headerKeyHex, chainKeyHex, headerHex: expectedHeaderHex, associatedDataHex } = input
  const prefixBytes = input.prefixHex.length / 2
  return { headerKeyHex, chainKeyHex, expectedHeaderHex, associatedDataHex, messageHex, prefixBytes }
}

const USUAL: Message = {
  ...FIRST,
  headerHex: pattern('ratchet header', 45),
  prefixHex: pattern('ratchet prefix', 19),
  paddedBytes: 256,
}

function receiveCases(): KernelCase[] {
  const opened = (name: string, input: Message): KernelCase => {
    const { contentHex } = input
    const { nextChainKeyHex } = sealed(input)
    return receive.valid(name, receivingOf(input), { kind: 'opened', nextChainKeyHex, contentHex })
  }
  const otherKey = (name: string, change: Partial<ReturnType<typeof receivingOf>>): KernelCase =>
    receive.valid(name, { ...receivingOf(USUAL), ...change }, { kind: 'other-key' })
  const { messageHex } = sealed(USUAL)
  const headerHex = USUAL.headerHex
  const otherHeader = (name: string, change: Partial<ReturnType<typeof receivingOf>>): KernelCase =>
    receive.valid(name, { ...receivingOf(USUAL), ...change }, { kind: 'other-header', headerHex })
  return [
    opened('the next message', USUAL),
    opened('no prefix, a header of one byte, no content', {
      ...FIRST,
      headerHex: '07',
      contentHex: '',
      paddedBytes: 1,
    }),
    opened('a message of 4,096 bytes', { ...USUAL, contentHex: pattern('ratchet long', 4096), paddedBytes: 4352 }),
    opened('the longest header and prefix', {
      ...USUAL,
      headerHex: pattern('ratchet header', 1_024),
      prefixHex: pattern('ratchet prefix', 4_096),
    }),
    opened('another prefix than the sender wrote, which is for the associated data to bind', {
      ...USUAL,
      prefixHex: pattern('another prefix', 19),
    }),
    otherKey('another header key', { headerKeyHex: flipped(USUAL.headerKeyHex, 0) }),
    otherKey('other associated data', { associatedDataHex: flipped(USUAL.associatedDataHex, -1) }),
    otherKey('the nonce is changed', { messageHex: flipped(messageHex, 19) }),
    otherKey('the sealed header is changed', { messageHex: flipped(messageHex, 31) }),
    otherKey('the tag of the header is changed', { messageHex: flipped(messageHex, 91) }),
    otherKey('a shorter header is expected', { expectedHeaderHex: headerHex.slice(2) }),
    otherKey('a prefix of another length is expected', { prefixBytes: 18 }),
    otherHeader('another header is expected', { expectedHeaderHex: flipped(headerHex, 0) }),
    otherHeader('the last bit of the header is another', { expectedHeaderHex: flipped(headerHex, -1) }),
    otherHeader('another header over a damaged message', {
      expectedHeaderHex: flipped(headerHex, 0),
      messageHex: flipped(messageHex, -1),
    }),
  ]
}

function receiveRefusals(): KernelCase[] {
  const { messageHex } = sealed(USUAL)
  const fixedBytes = 19 + 12 + 45 + 16 + 32
  const refused = (
    description: string,
    change: Partial<ReturnType<typeof receivingOf>>,
    error = 'KERNEL_ARGUMENT',
  ): KernelCase => receive.invalid(description, { ...receivingOf(USUAL), ...change }, error)
  const forged = (description: string, changed: string): KernelCase =>
    refused(description, { messageHex: changed }, 'KERNEL_AUTHENTICATION')
  const unpadded = (description: string, paddedHex: string): KernelCase =>
    refused(description, { messageHex: sealed(USUAL, paddedHex).messageHex }, 'KERNEL_PADDING')
  return [
    forged('the commitment is changed', flipped(messageHex, 92)),
    forged('the last byte of the commitment is changed', flipped(messageHex, 123)),
    forged('the ciphertext is changed', flipped(messageHex, 124)),
    forged('the tag is changed', flipped(messageHex, -1)),
    forged('the message is cut by a byte', messageHex.slice(0, -2)),
    forged('the message is longer by a byte', `${messageHex}00`),
    forged('nothing is left but a tag', messageHex.slice(0, 2 * (fixedBytes + 16))),
    refused('another chain key', { chainKeyHex: flipped(USUAL.chainKeyHex, 0) }, 'KERNEL_AUTHENTICATION'),
    unpadded('an authentic message of zeros alone', repeated(0, 64)),
    unpadded('an authentic message whose last byte but zeros is 0x40', '80400000'),
    unpadded('an authentic message of nothing', ''),
    refused('less than a tag is left', { messageHex: messageHex.slice(0, 2 * (fixedBytes + 15)) }),
    refused('an empty message', { messageHex: '' }),
    refused('a header key of 31 bytes', { headerKeyHex: USUAL.headerKeyHex.slice(2) }),
    refused('a header key of 33 bytes', { headerKeyHex: `${USUAL.headerKeyHex}00` }),
    refused('a chain key of 31 bytes', { chainKeyHex: USUAL.chainKeyHex.slice(2) }),
    refused('a chain key of 33 bytes', { chainKeyHex: `${USUAL.chainKeyHex}00` }),
    refused('no header is expected', { expectedHeaderHex: '' }),
    refused('a header of 1,025 bytes is expected', {
      expectedHeaderHex: pattern('ratchet header', 1_025),
      messageHex: messageHex + repeated(0, 2_000),
    }),
    refused('a prefix of 4,097 bytes', { prefixBytes: 4_097, messageHex: messageHex + repeated(0, 5_000) }),
    refused('a prefix of less than nothing', { prefixBytes: -1 }),
    refused('half a byte of prefix', { prefixBytes: 18.5 }),
    refused('a prefix longer than the message', { prefixBytes: 1_000 }),
  ]
}

function turnCases(): KernelCase[] {
  const rootKeyHex = pattern('turn root', 32)
  const secretHex = pattern('turn secret', 32)
  const publicKeyHex = publicKeyOf(pattern('turn peer', 32))
  const mixedHex = pattern('turn mixed', 32)
  const input = { rootKeyHex, secretHex, publicKeyHex }
  const refused = (description: string, change: Partial<typeof input & { mixedHex: string }>, error: string) =>
    turn.invalid(description, { ...input, ...change }, error)
  return [
    turn.valid('a turn', input, turned(input)),
    turn.valid('a turn with a post-quantum secret', { ...input, mixedHex }, turned({ ...input, mixedHex })),
    turn.valid(
      'a post-quantum secret of zeros is not the same as none',
      { ...input, mixedHex: repeated(0, 32) },
      turned({ ...input, mixedHex: repeated(0, 32) }),
    ),
    refused('a key of low order', { publicKeyHex: LOW_ORDER_KEY }, 'KERNEL_LOW_ORDER'),
    refused(
      'a key of low order with a post-quantum secret',
      { publicKeyHex: LOW_ORDER_KEY, mixedHex },
      'KERNEL_LOW_ORDER',
    ),
    refused('a key of zeros', { publicKeyHex: repeated(0, 32) }, 'KERNEL_LOW_ORDER'),
    refused('a root key of 31 bytes', { rootKeyHex: rootKeyHex.slice(2) }, 'KERNEL_ARGUMENT'),
    refused('a root key of 33 bytes', { rootKeyHex: `${rootKeyHex}00` }, 'KERNEL_ARGUMENT'),
    refused('a secret of 31 bytes', { secretHex: secretHex.slice(2) }, 'KERNEL_ARGUMENT'),
    refused('a public key of 33 bytes', { publicKeyHex: `${publicKeyHex}00` }, 'KERNEL_ARGUMENT'),
    refused('a post-quantum secret of 31 bytes', { mixedHex: mixedHex.slice(2) }, 'KERNEL_ARGUMENT'),
    refused('a post-quantum secret of no bytes', { mixedHex: '' }, 'KERNEL_ARGUMENT'),
    refused('a post-quantum secret of 64 bytes', { mixedHex: mixedHex + mixedHex }, 'KERNEL_ARGUMENT'),
  ]
}

export interface TurnInput {
  readonly rootKeyHex: string
  readonly secretHex: string
  readonly publicKeyHex: string
  readonly mixedHex?: string
}

/** What 20.14 yields. */
export function turned({ rootKeyHex, secretHex, publicKeyHex, mixedHex = '' }: TurnInput) {
  const ikm = bytesOf(agreement(secretHex, publicKeyHex) + mixedHex)
  const keys = hex(new Uint8Array(hkdfSync('sha256', ikm, bytesOf(rootKeyHex), bytesOf(ascii('talos/ts1/rk')), 96)))
  return { rootKeyHex: keys.slice(0, 64), chainKeyHex: keys.slice(64, 128), nextHeaderKeyHex: keys.slice(128) }
}
