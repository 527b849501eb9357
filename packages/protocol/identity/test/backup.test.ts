/** The encrypted backup (spec 21-identity-lifecycle, 21.8). */
import { encodeJcs, type JsonValue, parseJson, toHex, utf8 } from '@talos/bytes'
import type { BackupContents } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { BACKUP_CONTENTS_MAX_BYTES, didKeyFromPublicKey, openBackup, parseBackup, sealBackup } from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import { seededRandom } from '@talos/testkit'
import { describe, expect, it } from 'vitest'

const kernel = portableKernel()
const random = seededRandom('identity/backup')
const params = { memoryKib: 64, passes: 1, parallelism: 1 }
const passphrase = 'a passphrase for the safe'
const did = didKeyFromPublicKey(kernel.ed25519PublicKey(new Uint8Array(32).fill(1)))
const contents: BackupContents = {
  v: 1,
  identitySeed: new Uint8Array(32).fill(1),
  sessionKey: new Uint8Array(32).fill(5),
  transportSeed: new Uint8Array(32).fill(2),
  nextSeed: new Uint8Array(32).fill(3),
  recoverySeed: new Uint8Array(32).fill(4),
  log: '{}\n',
  peers: [{ did, name: 'bob', endpoints: ['tls://127.0.0.1:1'], transportKey: new Uint8Array(32) }],
  identities: [],
  grants: [],
  revocations: [],
}
const seal = async (given: BackupContents = contents) =>
  await sealBackup({
    id: did,
    did,
    version: 1,
    madeS: 1_790_000_000,
    contents: given,
    passphrase,
    kernel,
    random,
    params,
  })
const codeOf = async (run: () => unknown): Promise<string> => {
  try {
    await run()
  } catch (error) {
    if (isTalosError(error)) return error.code
    throw error
  }
  return 'none'
}
const edited = (text: string, change: Record<string, JsonValue>) => {
  const { checksum: _, ...members } = { ...(parseJson(text) as Record<string, JsonValue>), ...change }
  return encodeJcs({ ...members, checksum: toHex(kernel.sha256(utf8(encodeJcs(members)))) })
}

describe('a backup', () => {
  it('gives back what was sealed, and says whose it is without its passphrase', async () => {
    const text = await seal()
    expect(await openBackup({ text: `${text}\n`, passphrase, kernel })).toEqual(contents)
    expect(parseBackup(text, kernel)).toMatchObject({ id: did, did, version: 1, madeS: 1_790_000_000 })
    expect(text).not.toContain('bob')
  })

  it('opens with no other passphrase, and under no other head', async () => {
    const text = await seal()
    const open = (changed: string, given = passphrase) =>
      codeOf(() => openBackup({ text: changed, passphrase: given, kernel }))
    expect(await open(text, 'another')).toBe('PASSPHRASE_WRONG')
    expect(await open(text, '')).toBe('PASSPHRASE_UNUSABLE')
    for (const change of [{ version: 2 }, { madeS: 1 }, { ciphertext: 'AAAA' }]) {
      expect(await open(edited(text, change))).toBe('BACKUP_INVALID')
    }
    expect(await open(encodeJcs({ ...(parseJson(text) as object), version: 2 } as JsonValue))).toBe('BACKUP_INVALID')
    expect(await open('{}')).toBe('BACKUP_INVALID')
    const kdf = { ...(parseBackup(text, kernel).kdf as object), memoryKib: 1_048_577 } as JsonValue
    expect(await open(edited(text, { kdf }))).toBe('KEY_FILE_PARAMETERS')
  })

  it('refuses contents of another form and of more than the limit', async () => {
    const other = await seal({ ...contents, more: 1 } as unknown as BackupContents)
    expect(await codeOf(() => openBackup({ text: other, passphrase, kernel }))).toBe('BACKUP_INVALID')
    const large = { ...contents, log: 'x'.repeat(BACKUP_CONTENTS_MAX_BYTES) }
    expect(await codeOf(() => seal(large))).toBe('INPUT_TOO_LARGE')
  })

  it('costs what a key file costs unless told otherwise', async () => {
    const asked: object[] = []
    const argon2id = async (given: object) => {
      asked.push(given)
      return new Uint8Array(32)
    }
    const watching = { ...kernel, argon2id }
    const options = { id: did, did, version: 1, madeS: 0, contents, passphrase, random }
    await sealBackup({ ...options, kernel: watching as unknown as typeof kernel })
    expect(asked).toMatchObject([{ memoryKib: 65_536, passes: 3, parallelism: 1 }])
  })
})
