/** The bare call: its form, its code, and what is refused before it is believed. */

import { createHmac } from 'node:crypto'
import { encodeCbor, Secret } from '@talos/bytes'
import {
  CALL_MAC_BYTES,
  callMac,
  INVOCATION_MAX_BYTES,
  invoke,
  isCallMac,
  MAX_JUSTIFICATION_LENGTH,
  openInvocation,
  readCall,
  writeCall,
} from '@talos/capability'
import { isTalosError } from '@talos/errors'
import { envelopeCid } from '@talos/identity'
import { describe, expect, test } from 'vitest'
import { alice, COMMAND, call, grant, kernel, NOW_S, nonce, owner } from './actors.ts'
import { bare, KEY } from './executor.ts'

function code(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return isTalosError(error) ? error.code : error
  }
  return 'none'
}

describe('a bare call', () => {
  test('says what the invocation of the same terms says, and is named by its own bytes', async () => {
    const link = await grant()
    const terms = { args: { a: [1, { b: null }] }, nonce: nonce(), justification: 'because', cause: link.cid }
    const written = bare([link], terms)
    const read = readCall(written.bytes, { kernel })
    const signed = openInvocation((await call([link], terms)).bytes, { kernel })
    const { cid, bytes, ...said } = read
    expect(said).toEqual({ ...signed, cid: undefined, bytes: undefined, ...said })
    expect(said.justification).toBe('because')
    expect(cid.equals(envelopeCid(written.bytes, kernel))).toBe(true)
    expect(written.cid.equals(cid)).toBe(true)
    expect(bytes).toBe(written.bytes)
  })

  test('is refused unless it is canonical, complete and well formed', () => {
    const good = {
      iss: alice.did,
      sub: owner.did,
      cmd: COMMAND,
      args: {},
      prf: [],
      nonce: nonce(),
      exp: NOW_S,
    }
    const read = (payload: Parameters<typeof encodeCbor>[0]) => code(() => readCall(encodeCbor(payload), { kernel }))
    expect(read(good)).toBe('none')
    expect(read({ ...good, extra: 1 })).toBe('SCHEMA_INVALID')
    expect(read({ ...good, iss: 'did:web:example.org' })).toBe('SCHEMA_INVALID')
    expect(read({ ...good, cmd: '/Git' })).toBe('CAPABILITY_COMMAND_INVALID')
    expect(read([good])).toBe('SCHEMA_INVALID')
    const bytes = encodeCbor(good)
    expect(code(() => readCall(bytes.subarray(1), { kernel }))).toBe('CBOR_INVALID')
    expect(code(() => readCall(Uint8Array.of(...bytes, 0), { kernel }))).toBe('CBOR_INVALID')
    expect(readCall(bytes, { kernel }).audience).toBe(owner.did)
  })

  test('carries arguments as deep as an invocation does, and no deeper', async () => {
    const nested = (depth: number): { readonly [name: string]: never } => {
      let value: unknown = {}
      for (let level = 1; level < depth; level += 1) value = { a: value }
      return value as { readonly [name: string]: never }
    }
    const deepest = 29
    expect(code(() => readCall(bare([], { args: nested(deepest) }).bytes, { kernel }))).toBe('none')
    expect(code(() => readCall(bare([], { args: nested(deepest + 1) }).bytes, { kernel }))).toBe('INPUT_TOO_DEEP')
    const signed = async (depth: number) => {
      const { bytes } = await call([], { args: nested(depth) })
      return code(() => openInvocation(bytes, { kernel }))
    }
    expect(await signed(deepest)).toBe('none')
    expect(await signed(deepest + 1)).toBe('INPUT_TOO_DEEP')
  })

  test('has a bound on its size', () => {
    const size = bare([], { args: { a: '' } }).bytes.length
    const fits = INVOCATION_MAX_BYTES - size - 4
    expect(bare([], { args: { a: 'x'.repeat(fits) } }).bytes.length).toBe(INVOCATION_MAX_BYTES)
    expect(code(() => bare([], { args: { a: 'x'.repeat(fits + 1) } }))).toBe('INPUT_TOO_LARGE')
    expect(code(() => readCall(new Uint8Array(INVOCATION_MAX_BYTES + 1), { kernel }))).toBe('INPUT_TOO_LARGE')
  })

  test('is not written without a nonce, a command or a justification that executors take', () => {
    const write = (changes: Parameters<typeof bare>[1]) => code(() => bare([], changes))
    expect(write({ nonce: new Uint8Array(11) })).toBe('CAPABILITY_OPTION_INVALID')
    expect(write({ command: 'git' })).toBe('CAPABILITY_COMMAND_INVALID')
    expect(write({ justification: '' })).toBe('CAPABILITY_OPTION_INVALID')
    expect(write({ justification: 'x'.repeat(MAX_JUSTIFICATION_LENGTH) })).toBe('none')
    expect(write({ justification: 'x'.repeat(MAX_JUSTIFICATION_LENGTH + 1) })).toBe('CAPABILITY_OPTION_INVALID')
  })

  test.each([
    ['nothing', undefined],
    ['another remark', { other: 'because' }],
    ['a number', { justification: 1 }],
    ['an empty text', { justification: '' }],
    ['a text that is too long', { justification: 'x'.repeat(MAX_JUSTIFICATION_LENGTH + 1) }],
  ])('with %s in its remarks has no justification', (_, meta) => {
    const payload = { iss: alice.did, sub: owner.did, cmd: '/', args: {}, prf: [], nonce: nonce(), exp: null }
    const bytes = encodeCbor(meta === undefined ? payload : { ...payload, meta })
    expect(readCall(bytes, { kernel })).toMatchObject({ justification: undefined, expiresS: null })
  })

  test('lives for 30 seconds unless told otherwise', () => {
    expect(readCall(bare([]).bytes, { kernel }).expiresS).toBe(NOW_S + 30)
    expect(readCall(bare([], { expiresS: NOW_S + 5 }).bytes, { kernel }).expiresS).toBe(NOW_S + 5)
  })
})

describe('the code of a call', () => {
  test('is an HMAC over its context and the exact bytes', () => {
    const { bytes } = bare([])
    const expected = KEY.use((key) => createHmac('sha256', key).update('talos/call/mac/1\0').update(bytes).digest())
    const mac = callMac(bytes, { key: KEY, kernel })
    expect(mac).toEqual(new Uint8Array(expected))
    expect(mac).toHaveLength(CALL_MAC_BYTES)
    expect(isCallMac(mac, { call: bytes, key: KEY, kernel })).toBe(true)
  })

  test('is wrong when one bit of it, of the call or of the key is another, or it is cut', () => {
    const { bytes } = bare([])
    const mac = callMac(bytes, { key: KEY, kernel })
    const isRight = (of: Uint8Array, call = bytes, key = KEY) => isCallMac(of, { call, key, kernel })
    for (let index = 0; index < mac.length; index += 1) {
      expect(isRight(mac.map((byte, at) => (at === index ? byte ^ 0x80 : byte)))).toBe(false)
    }
    expect(isRight(mac, bytes.with(-1, Number(bytes.at(-1)) ^ 1))).toBe(false)
    expect(isRight(mac, bytes, Secret.of(new Uint8Array(32).fill(10)))).toBe(false)
    expect(isRight(mac.subarray(1))).toBe(false)
    expect(isRight(new Uint8Array(0))).toBe(false)
    // The context is not a prefix that a caller could move into the call.
    expect(isRight(callMac(Uint8Array.of(0, ...bytes), { key: KEY, kernel }))).toBe(false)
  })

  test('needs a key of 32 bytes that is still there', () => {
    const short = Secret.of(new Uint8Array(31))
    expect(code(() => callMac(bare([]).bytes, { key: short, kernel }))).toBe('CAPABILITY_OPTION_INVALID')
    const gone = Secret.of(new Uint8Array(32))
    gone.dispose()
    expect(code(() => callMac(bare([]).bytes, { key: gone, kernel }))).toBe('SECRET_DISPOSED')
  })
})

test('an invocation carries its justification under the signature', async () => {
  const made = await invoke({
    signer: alice,
    audience: owner.did,
    subject: owner.did,
    command: '/',
    args: {},
    proofs: [],
    nonce: nonce(),
    issuedAtS: NOW_S,
    justification: 'to find the commit that broke the build',
  })
  expect(openInvocation(made.bytes, { kernel }).justification).toBe('to find the commit that broke the build')
})

test('a bare call is no invocation, and an invocation no bare call', async () => {
  const signed = await call([])
  expect(code(() => readCall(signed.bytes, { kernel }))).toBe('SCHEMA_INVALID')
  expect(code(() => openInvocation(writeCallBytes(), { kernel }))).toBe('ENVELOPE_MALFORMED')
})

function writeCallBytes(): Uint8Array {
  const terms = { audience: owner.did, subject: owner.did, command: '/', args: {}, proofs: [], nonce: nonce() }
  return writeCall({ ...terms, issuer: alice.did, issuedAtS: NOW_S, kernel }).bytes
}
