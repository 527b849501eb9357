/** No signature is checked twice, and none is taken for another. */
import { toHex } from '@talos/bytes'
import { type Kernel, portableKernel } from '@talos/kernel'
import { signaturesOf } from '@talos/proof'
import { repoVectors } from '@talos/testkit'
import { expect, it } from 'vitest'
import { checkingOnce } from '../src/once.ts'
import { optionsOf } from './options.ts'

const kernel = portableKernel()
const seed = new Uint8Array(32).fill(7)
const publicKey = kernel.ed25519PublicKey(seed)
const message = Uint8Array.of(1, 2, 3)
const signature = kernel.ed25519Sign(seed, message)

/** A kernel that counts what it is asked. */
function counting(): { readonly once: Kernel; readonly asked: () => number } {
  let asked = 0
  const once = checkingOnce({
    ...kernel,
    ed25519Verify(...check) {
      asked += 1
      return kernel.ed25519Verify(...check)
    },
  })
  return { once, asked: () => asked }
}

const bundles = ['full.json', 'history.json', 'valid.json'].flatMap((name) =>
  repoVectors(`proof/${name}`).cases.map((vector) => ({ id: vector.id, input: vector.input })),
)

it.each(bundles)('the signatures of $id are checked once each', ({ input }) => {
  const { bundle, ...options } = input as { readonly bundle: string }
  const checks = signaturesOf(bundle, optionsOf(options, kernel))
  const names = checks.map((check) => [check.publicKey, check.message, check.signature].map(toHex).join())
  expect(new Set(names).size).toBe(names.length)
})

it('the very same check is answered as before, whether it was good or not', () => {
  const { once, asked } = counting()
  const wrong = signature.with(0, 0).with(63, 0xff)
  for (let time = 0; time < 3; time += 1) {
    expect(once.ed25519Verify(publicKey, message.slice(), signature.slice())).toBe(true)
    expect(once.ed25519Verify(publicKey, message, wrong)).toBe(false)
    expect(asked()).toBe(2)
  }
})

it('another key, message, signature or length is a check of its own', () => {
  const { once, asked } = counting()
  const other = kernel.ed25519PublicKey(new Uint8Array(32))
  expect(once.ed25519Verify(publicKey, message, signature)).toBe(true)
  expect(once.ed25519Verify(publicKey, message, signature)).toBe(true)
  expect(asked()).toBe(1)
  expect(once.ed25519Verify(other, message, signature)).toBe(false)
  expect(once.ed25519Verify(publicKey, message, signature)).toBe(true)
  expect(once.ed25519Verify(publicKey, message.subarray(1), signature)).toBe(false)
  expect(once.ed25519Verify(publicKey, message, signature.with(40, 0))).toBe(false)
  expect(once.ed25519Verify(publicKey, message, signature.subarray(0, 63))).toBe(false)
  expect(once.ed25519Verify(publicKey, message, signature.subarray(0, 2))).toBe(false)
  expect(once.ed25519Verify(publicKey, message, signature)).toBe(true)
  expect(asked()).toBe(8)
})
