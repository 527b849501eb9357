/** What is forgotten of key logs (spec 21-identity-lifecycle, 21.3). */
import { Secret } from '@talos/bytes'
import { portableKernel } from '@talos/kernel'
import { describe, expect, it } from 'vitest'
import { appendEntry, createKeyLog, ed25519Signer, IdentityBook } from '../src/index.ts'

const kernel = portableKernel()
const key = (fill: number) => ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(fill)) })

describe('an identity book', () => {
  it('knows nothing of a log that it forgot, and everything of the others', async () => {
    const logOf = async (fill: number) =>
      await createKeyLog({
        signer: key(fill),
        updateSigner: key(fill + 1),
        nextUpdateKeys: [key(fill + 2).did],
        nowMs: 1_800_000_000_000,
      })
    const rotated = await appendEntry(await logOf(1), {
      kind: 'rotate',
      signer: key(4),
      updateSigner: key(3),
      nextUpdateKeys: [key(5).did],
      nowMs: 1_800_000_001_000,
    })
    const other = await logOf(11)
    const book = new IdentityBook()
    book.put(rotated)
    book.put(other)
    expect(book.isSame(key(1).did, rotated.name)).toBe(true)
    book.forget(rotated.name)
    book.forget(rotated.name)
    for (const did of [key(1).did, key(4).did, rotated.name]) {
      expect([book.find(did), book.currentOf(did), book.standingOf(did)]).toEqual([undefined, did, 'current'])
    }
    expect(book.currentOf(other.name)).toBe(key(11).did)
    expect(book.put(rotated).change).toBe('new')
  })
})
