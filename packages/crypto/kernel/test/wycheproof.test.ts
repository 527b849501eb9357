import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { publicVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { type Kernel, nobleEd25519Verify } from '../src/index.ts'
import { bytes, hex, KERNELS, refusal, wycheproof } from './support.ts'

interface Case {
  readonly tcId: number
  readonly result: 'valid' | 'invalid' | 'acceptable'
  readonly flags?: readonly string[]
}
interface Group<Test> {
  readonly tests: readonly (Test & Case)[]
}
interface X25519Test {
  readonly public: string
  readonly private: string
  readonly shared: string
}
interface Ed25519Group extends Group<{ readonly msg: string; readonly sig: string }> {
  readonly publicKey: { readonly pk: string }
}
interface AeadTest {
  readonly key: string
  readonly iv: string
  readonly aad: string
  readonly msg: string
  readonly ct: string
  readonly tag: string
}
interface HkdfTest {
  readonly ikm: string
  readonly salt: string
  readonly info: string
  readonly size: number
  readonly okm: string
}
interface HmacGroup extends Group<{ readonly key: string; readonly msg: string; readonly tag: string }> {
  readonly tagSize: number
}
interface KemTest {
  readonly seed: string
  readonly ek: string
  readonly c: string
  readonly K: string
}
interface EncapsTest {
  readonly m: string
  readonly ek: string
  readonly c: string
  readonly K: string
}

const FOLDER = publicVectors('wycheproof')
const MISSING = FOLDER === undefined
const NOTE = MISSING ? ' (skipped: the public vectors are not beside the repository)' : ''

/** Runs every case, and tells which ones end otherwise than they must; all of them at once, for the sake of speed. */
function failures<Test>(groups: readonly Group<Test>[] | undefined, check: (test: Test & Case) => boolean) {
  const tests = (groups ?? []).flatMap((group) => group.tests)
  return { count: tests.length, failed: tests.filter((test) => !check(test)).map(({ tcId }) => tcId) }
}

/** The result in hex, or the code of the refusal. */
function attempt(work: () => Uint8Array): string {
  let result = ''
  const code = refusal(() => {
    result = hex(work())
  })
  return code ?? result
}

describe.skipIf(MISSING).each(KERNELS)(`Wycheproof on the %s path${NOTE}`, (_, kernel) => {
  it('agrees on X25519, and refuses every low-order key and all-zero secret', () => {
    const zero = new Set(['LowOrderPublic', 'ZeroSharedSecret'])
    const { count, failed } = failures(wycheproof<Group<X25519Test>>('x25519_test'), (test) => {
      const refused = test.flags?.some((flag) => zero.has(flag)) ?? false
      const actual = attempt(() => kernel.x25519(bytes(test.private), bytes(test.public)))
      return actual === (refused ? 'KERNEL_LOW_ORDER' : test.shared)
    })
    expect(failed).toEqual([])
    expect(count).toBe(518)
  })

  it('agrees on Ed25519', () => {
    const groups = wycheproof<Ed25519Group>('ed25519_test') ?? []
    const wrong = groups.flatMap(({ publicKey, tests }) => {
      const key = bytes(publicKey.pk)
      return tests.filter(({ msg, sig, result }) => verdict(kernel, key, msg, sig) !== (result === 'valid'))
    })
    expect(wrong.map(({ tcId }) => tcId)).toEqual([])
    expect(groups.flatMap(({ tests }) => tests)).toHaveLength(151)
  })

  it('agrees on ChaCha20-Poly1305, and refuses nonces of other sizes as arguments', () => {
    const { count, failed } = failures(wycheproof<Group<AeadTest>>('chacha20_poly1305_test'), (test) => {
      const options = { key: bytes(test.key), nonce: bytes(test.iv), associatedData: bytes(test.aad) }
      const sealed = attempt(() => kernel.aeadSeal(options, bytes(test.msg)))
      const opened = attempt(() => kernel.aeadOpen(options, bytes(test.ct + test.tag)))
      if (options.nonce.length !== 12) return sealed === 'KERNEL_ARGUMENT' && opened === 'KERNEL_ARGUMENT'
      if (test.result === 'invalid') return opened === 'KERNEL_AUTHENTICATION'
      return sealed === test.ct + test.tag && opened === test.msg
    })
    expect(failed).toEqual([])
    expect(count).toBe(325)
  })

  it('agrees on HKDF, and refuses more than 255 blocks as an argument', () => {
    const { count, failed } = failures(wycheproof<Group<HkdfTest>>('hkdf_sha256_test'), (test) => {
      const options = { ikm: bytes(test.ikm), salt: bytes(test.salt), info: bytes(test.info), lengthBytes: test.size }
      return attempt(() => kernel.hkdfSha256(options)) === (test.result === 'valid' ? test.okm : 'KERNEL_ARGUMENT')
    })
    expect(failed).toEqual([])
    expect(count).toBe(86)
  })

  it('agrees on HMAC: full tags in full, truncated ones by their first bytes', () => {
    const { count, failed } = failures(wycheproof<HmacGroup>('hmac_sha256_test'), (test) => {
      const mac = hex(kernel.hmacSha256(bytes(test.key), bytes(test.msg)))
      return mac.startsWith(test.tag) === (test.result === 'valid')
    })
    expect(failed).toEqual([])
    expect(count).toBe(174)
  })

  it('agrees on ML-KEM-768 keys of seeds', () => {
    const groups = wycheproof<Group<Pick<KemTest, 'seed' | 'ek'>>>('mlkem_768_keygen_seed_test')
    const { count, failed } = failures(groups, ({ seed, ek }) => keyOf(kernel, seed) === ek)
    expect(failed).toEqual([])
    expect(count).toBe(100)
  })

  it('agrees on ML-KEM-768 decapsulation, and refuses other lengths as arguments', () => {
    const { count, failed } = failures(wycheproof<Group<KemTest>>('mlkem_768_test'), (test) => {
      const opened = attempt(() => kernel.mlkem768Decapsulate(bytes(test.seed), bytes(test.c)))
      if (test.result === 'invalid') return opened === 'KERNEL_ARGUMENT'
      return opened === test.K && keyOf(kernel, test.seed) === test.ek
    })
    expect(failed).toEqual([])
    expect(count).toBe(193)
  })

  it('agrees on ML-KEM-768 encapsulation, and refuses coefficients that are not below q', () => {
    const { count, failed } = failures(wycheproof<Group<EncapsTest>>('mlkem_768_encaps_test'), (test) => {
      const key = bytes(test.ek)
      const sealed = attempt(() => {
        const { ciphertext, sharedSecret } = kernel.mlkem768Encapsulate(key, bytes(test.m))
        return Buffer.concat([ciphertext, sharedSecret])
      })
      const fresh = refusal(() => kernel.mlkem768Encapsulate(key))
      if (test.result === 'valid') return sealed === test.c + test.K && fresh === undefined
      const code = key.length === 1184 ? 'KERNEL_KEY_INVALID' : 'KERNEL_ARGUMENT'
      return sealed === code && fresh === code
    })
    expect(failed).toEqual([])
    expect(count).toBe(265)
  })

  it('takes no semi-expanded ML-KEM-768 key: only seeds are ever held, so those nine cases are not applicable', () => {
    const groups = wycheproof<Group<{ readonly dk: string; readonly c: string }>>('mlkem_768_semi_expanded_decaps_test')
    const { count, failed } = failures(groups, ({ dk, c }) => {
      return refusal(() => kernel.mlkem768Decapsulate(bytes(dk), bytes(c))) === 'KERNEL_ARGUMENT'
    })
    expect(failed).toEqual([])
    expect(count).toBe(9)
  })
})

const SPECCHECK = publicVectors('ed25519-speccheck')

describe.skipIf(SPECCHECK === undefined)(
  `the edge cases of ed25519-speccheck${SPECCHECK === undefined ? ' (skipped: not beside the repository)' : ''}`,
  () => {
    interface Speccheck {
      readonly message: string
      readonly pub_key: string
      readonly signature: string
    }
    const read = (): readonly Speccheck[] => JSON.parse(readFileSync(join(SPECCHECK ?? '', 'cases.json'), 'utf8'))

    it.each(KERNELS)('are refused on the %s path, but for the case with index 3', (_, kernel) => {
      const accepted = read().map((one) => verdict(kernel, bytes(one.pub_key), one.message, one.signature))
      expect(accepted).toEqual(read().map((_one, index) => index === 3))
      expect(accepted.length).toBeGreaterThanOrEqual(10)
    })

    it('are judged alike by the verifier for browsers', () => {
      const accepted = read().map((one) =>
        nobleEd25519Verify(bytes(one.pub_key), bytes(one.message), bytes(one.signature)),
      )
      expect(accepted).toEqual(read().map((_one, index) => index === 3))
    })
  },
)

function verdict(kernel: Kernel, publicKey: Uint8Array, message: string, signature: string): boolean {
  return kernel.ed25519Verify(publicKey, bytes(message), bytes(signature))
}

function keyOf(kernel: Kernel, seed: string): string {
  return hex(kernel.mlkem768EncapsulationKey(bytes(seed)))
}
