/** Key files with a reserve, and whom an agent knows by key log (spec 03-identity 3.6, 21-identity-lifecycle 21.3). */
import { encodeJcs, type JsonValue, parseJson, Secret, toHex, utf8 } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import {
  appendEntry,
  createAgentSecrets,
  createKeyLog,
  createKeyReserve,
  disposeAgentSecrets,
  disposeKeyReserve,
  ed25519Signer,
  IdentityBook,
  type KeyLogChange,
  type OpenedSecrets,
  openKeyFile,
  openKeyFileSecrets,
  openKeyReserve,
  parseKeyFile,
  representativeOf,
  sealKeyFile,
  type VerifiedKeyLog,
} from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import { seededRandom } from '@talos/testkit'
import { describe, expect, it } from 'vitest'

const kernel = portableKernel()
const random = seededRandom('identity/lifecycle')
const params = { memoryKib: 64, passes: 1, parallelism: 1 }
const passphrase = 'a passphrase of the tests'
const id = `did:talos:Qm${'1'.repeat(44)}` as Did
const START_MS = 1_790_000_000_000

const codeOf = async (run: () => unknown): Promise<string> => {
  try {
    await run()
  } catch (error) {
    if (isTalosError(error)) return error.code
    throw error
  }
  return 'none'
}
const seeded = (byte: number) => ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(byte)) })
const hexOf = (secret: Secret | undefined) => secret?.use(toHex)
const edited = (text: string, change: Record<string, JsonValue>) => {
  const { checksum: _, ...members } = { ...(parseJson(text) as Record<string, JsonValue>), ...change }
  return encodeJcs({ ...members, checksum: toHex(kernel.sha256(utf8(encodeJcs(members)))) })
}

describe('a key file with a reserve', () => {
  const secrets = createAgentSecrets(random)
  const reserve = createKeyReserve(random)
  const seal = async () => await sealKeyFile({ secrets, passphrase, kernel, random, params, identity: { id, reserve } })

  it('gives the running secrets and the reserve apart from each other', async () => {
    const text = await seal()
    expect(parseKeyFile(text, kernel)).toMatchObject({ v: 2, id, signer: 'file' })
    expect(hexOf((await openKeyFile({ text, passphrase, kernel })).identitySeed)).toBe(hexOf(secrets.identitySeed))
    const opened = await openKeyReserve({ text, passphrase, kernel })
    expect(hexOf(opened.nextSeed)).toBe(hexOf(reserve.nextSeed))
    expect(hexOf(opened.recoverySeed)).toBe(hexOf(reserve.recoverySeed))
    disposeKeyReserve(opened)
    expect(() => opened.nextSeed.use(toHex)).toThrow('already erased')
  })

  it('opens its reserve by no other passphrase, no other head and no other place', async () => {
    const text = await seal()
    const file = parseKeyFile(text, kernel)
    if (file.v !== 2) throw new Error('it is of version 1')
    const swapped = { nonce: file.aead.nonce, ciphertext: file.reserve.ciphertext }
    const open = (changed: string, given = passphrase) =>
      codeOf(() => openKeyReserve({ text: changed, passphrase: given, kernel }))
    expect(await open(text, 'another')).toBe('PASSPHRASE_WRONG')
    expect(await open(edited(text, { id: id.replace('Qm1', 'Qm2') }))).toBe('KEY_FILE_INVALID')
    expect(await open(edited(text, { reserve: swapped }))).toBe('KEY_FILE_INVALID')
    const first = await sealKeyFile({ secrets, passphrase, kernel, random, params })
    expect(await open(first)).toBe('KEY_FILE_INVALID')
  })

  it('holds no key of the identity where an external signer does', async () => {
    const { identitySeed: _, ...running } = secrets
    const signer = seeded(7)
    const external: OpenedSecrets & { readonly identitySeed: undefined } = { ...running, identitySeed: undefined }
    const common = { secrets: external, passphrase, kernel, random, params }
    const text = await sealKeyFile({ ...common, did: signer.did, identity: { id, reserve } })
    expect(parseKeyFile(text, kernel)).toMatchObject({ signer: 'external', did: signer.did })
    const opened = await openKeyFileSecrets({ text, passphrase, kernel })
    expect([opened.identitySeed, hexOf(opened.logSeed)]).toEqual([undefined, hexOf(secrets.logSeed)])
    expect(await codeOf(() => openKeyFile({ text, passphrase, kernel }))).toBe('KEY_FILE_SIGNER')
    expect(await codeOf(() => sealKeyFile({ ...common, did: signer.did }))).toBe('KEY_FILE_SIGNER')
    expect(await codeOf(() => sealKeyFile({ ...common, identity: { id, reserve } }))).toBe('KEY_FILE_SIGNER')
    disposeAgentSecrets(opened)
    expect(() => opened.logSeed.use(toHex)).toThrow('already erased')
  })

  it('refuses secrets that are not of its kind of signer, though their seal is good', async () => {
    const text = await seal()
    const watching = { ...kernel, aeadOpen: () => new Uint8Array(128) }
    expect(await codeOf(() => openKeyFileSecrets({ text, passphrase, kernel: watching }))).toBe('KEY_FILE_INVALID')
  })
})

async function logOf(first: number): Promise<VerifiedKeyLog> {
  return await createKeyLog({
    signer: seeded(first),
    updateSigner: seeded(first + 100),
    nextUpdateKeys: [seeded(first + 101).did],
    nowMs: START_MS,
  })
}

async function changed(log: VerifiedKeyLog, update: number, change: Pick<KeyLogChange, 'kind'> & object) {
  const step = log.version
  return await appendEntry(log, {
    ...change,
    updateSigner: seeded(update + 100 + step),
    nextUpdateKeys: [seeded(update + 101 + step).did],
    nowMs: START_MS + step * 60_000,
  } as KeyLogChange)
}

describe('what is known of identities', () => {
  it('takes the keys of a log for one agent, by the newest, whatever it is asked by', async () => {
    const log = await logOf(1)
    const book = new IdentityBook()
    const [first, second] = [seeded(1).did, seeded(2).did]
    expect([book.currentOf(first), book.standingOf(first), book.find(first)]).toEqual([first, 'current', undefined])
    expect(book.put(log)).toMatchObject({ change: 'new', identity: { id: log.name, signingKey: first } })
    expect(book.put(log).change).toBe('same')
    const longer = await changed(log, 1, { kind: 'rotate', signer: seeded(2) } as never)
    expect(book.put(longer).change).toBe('extended')
    expect([first, second, log.name].map((did) => book.currentOf(did))).toEqual([second, second, second])
    expect([first, second].map((did) => book.standingOf(did))).toEqual(['rotated', 'current'])
    expect(book.isSame(first, log.name)).toBe(true)
    expect(book.isSame(first, seeded(9).did)).toBe(false)
    expect(book.find(log.name)?.versionIds).toHaveLength(2)
    const again = new IdentityBook([book.find(first)].filter((known) => known !== undefined))
    expect(again.currentOf(first)).toBe(second)
  })

  it('refuses an older log, another history, and a key of another log, and keeps what it knows', async () => {
    const log = await logOf(1)
    const longer = await changed(log, 1, { kind: 'rotate', signer: seeded(2) } as never)
    const fork = await changed(log, 1, { kind: 'rotate', signer: seeded(3) } as never)
    const book = new IdentityBook()
    book.put(longer)
    expect(await codeOf(() => book.put(log))).toBe('KEY_LOG_ROLLBACK')
    expect(await codeOf(() => book.put(fork))).toBe('KEY_LOG_FORK')
    const thief = await createKeyLog({
      signer: seeded(1),
      updateSigner: seeded(50),
      nextUpdateKeys: [seeded(51).did],
      nowMs: START_MS,
    })
    expect(await codeOf(() => book.put(thief))).toBe('IDENTITY_CONFLICT')
    expect(book.currentOf(seeded(1).did)).toBe(seeded(2).did)
  })

  it('says of a deactivated agent that it is, under the last key that signed', async () => {
    const log = await changed(await logOf(1), 1, { kind: 'deactivate' } as never)
    const book = new IdentityBook()
    const { identity } = book.put(log)
    expect([representativeOf(identity), book.currentOf(log.name)]).toEqual([seeded(1).did, seeded(1).did])
    expect([book.standingOf(seeded(1).did), book.standingOf(log.name)]).toEqual(['deactivated', 'deactivated'])
    expect(representativeOf({ ...identity, keys: [] })).toBe(log.name)
  })
})
