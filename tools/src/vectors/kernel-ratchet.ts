/** Cases of the fused ratchet steps, computed from the key schedule with `node:crypto`. */
import { createHmac } from 'node:crypto'
import { ascii, bytesOf, casesOf, flipped, type KernelCase, pattern } from './kernel-case.ts'
import { chacha } from './kernel-rfc.ts'

const step = casesOf('20.10', 'ratchetStep')
const seal = casesOf('20.10', 'ratchetSeal')
const open = casesOf('20.10', 'ratchetOpen')

const FIRST = {
  chainKeyHex: pattern('ratchet chain', 32),
  headerKeyHex: pattern('ratchet header key', 32),
  nonceHex: pattern('ratchet nonce', 12),
  headerHex: pattern('ratchet header', 40),
  associatedDataHex: pattern('ratchet ad', 66),
  plaintextHex: ascii('the quick brown agent asks the lazy tool'),
}

export function ratchetCases(): KernelCase[] {
  return [
    ...chainCases(),
    ...sealCases('a short message', FIRST),
    ...sealCases('an empty message under an empty header', { ...FIRST, headerHex: '', plaintextHex: '' }),
    ...sealCases('no associated data', { ...FIRST, associatedDataHex: '' }),
    ...sealCases('a message of 4,096 bytes', { ...FIRST, plaintextHex: pattern('ratchet long', 4096) }),
    ...sealRefusals(),
    ...openRefusals(),
  ]
}

/** Three steps of one chain. */
function chainCases(): KernelCase[] {
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
  const { plaintextHex } = input
  const { opening, nextChainKeyHex } = sealed(input)
  const { headerHex, commitmentHex, ciphertextHex } = opening
  return [
    seal.valid(`${name}, sealed`, input, { nextChainKeyHex, headerHex, commitmentHex, ciphertextHex }),
    open.valid(`${name}, opened`, opening, { plaintextHex }),
  ]
}

function sealRefusals(): KernelCase[] {
  const refused = (description: string, change: Partial<typeof FIRST>): KernelCase =>
    seal.invalid(description, { ...FIRST, ...change }, 'KERNEL_ARGUMENT')
  return [
    refused('a chain key of 31 bytes', { chainKeyHex: FIRST.chainKeyHex.slice(2) }),
    refused('a header key of 33 bytes', { headerKeyHex: `${FIRST.headerKeyHex}00` }),
    refused('a nonce of 24 bytes', { nonceHex: pattern('ratchet nonce', 24) }),
  ]
}

function openRefusals(): KernelCase[] {
  const { opening } = sealed(FIRST)
  const long = sealed({ ...FIRST, plaintextHex: pattern('ratchet long', 4096) }).opening
  const refused = (description: string, change: Partial<typeof opening>, error = 'KERNEL_AUTHENTICATION'): KernelCase =>
    open.invalid(description, { ...opening, ...change }, error)
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

/** A ciphertext for the same place, made under another key. */
function sealedUnderOtherKey(): string {
  return sealed({ ...FIRST, chainKeyHex: pattern('another chain', 32) }).opening.ciphertextHex
}

function sealed(input: typeof FIRST) {
  const { chainKeyHex, headerKeyHex, nonceHex, headerHex, associatedDataHex, plaintextHex } = input
  const messageKeyHex = hmac(chainKeyHex, '01')
  const info = ascii('talos/ts1/mk')
  const keyHex = hmac(messageKeyHex, `${info}01`)
  const commitmentHex = hmac(messageKeyHex, `${keyHex}${info}02`)
  const sealedHeaderHex = chacha({ keyHex: headerKeyHex, nonceHex, associatedDataHex, plaintextHex: headerHex })
  const boundHex = associatedDataHex + sealedHeaderHex + commitmentHex
  const ciphertextHex = chacha({ keyHex, nonceHex, associatedDataHex: boundHex, plaintextHex })
  return {
    nextChainKeyHex: hmac(chainKeyHex, '02'),
    opening: { messageKeyHex, nonceHex, associatedDataHex, headerHex: sealedHeaderHex, commitmentHex, ciphertextHex },
  }
}

function hmac(keyHex: string, dataHex: string): string {
  return createHmac('sha256', bytesOf(keyHex)).update(bytesOf(dataHex)).digest('hex')
}
