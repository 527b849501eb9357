/** How long the list of a key tells of an agent's revocations (spec 21-identity-lifecycle, 21.7). */
import { Secret } from '@talos/bytes'
import type { RevocationView } from '@talos/capability'
import type { Did } from '@talos/contracts'
import { appendEntry, createKeyLog, ed25519Signer, IdentityBook } from '@talos/identity'
import { loadKernel } from '@talos/kernel'
import { describe, expect, it } from 'vitest'
import { revocationsByAgent } from '../../src/identity/revocation-view.ts'

const kernel = loadKernel()
const key = (fill: number) => ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(fill)) })
const [first, second] = [key(1), key(2)]
const START_S = 1_800_000_000
const CHANGE_S = START_S + 1_000

function viewOf(times: ReadonlyMap<Did, number>): RevocationView {
  return { stateOf: () => ({ revoked: false }), knownAtS: (issuer) => times.get(issuer) }
}

async function bookAfter(kind: 'rotate' | 'recover'): Promise<IdentityBook> {
  const begun = await createKeyLog({
    signer: first,
    updateSigner: key(11),
    nextUpdateKeys: [key(12).did],
    nowMs: START_S * 1000,
  })
  const next = {
    signer: second,
    updateSigner: key(12),
    nextUpdateKeys: [key(13).did],
    nowMs: CHANGE_S * 1000,
  }
  const compromised = [{ key: first.did, fromMs: (CHANGE_S - 300) * 1000 }]
  const book = new IdentityBook()
  book.put(await appendEntry(begun, kind === 'rotate' ? { kind, ...next } : { kind, compromised, ...next }))
  return book
}

describe('what is known of an agent that has had two keys', () => {
  it.each([
    ['rotate', CHANGE_S],
    ['recover', CHANGE_S - 300],
  ] as const)('does not grow fresh by the key that it gave up (%s)', async (kind, endS) => {
    const book = await bookAfter(kind)
    const thief = viewOf(new Map([[first.did, CHANGE_S + 86_400]]))
    for (const did of [first.did, second.did]) expect(revocationsByAgent(thief, book).knownAtS(did)).toBe(endS)
    const both = viewOf(
      new Map([
        [first.did, CHANGE_S + 86_400],
        [second.did, CHANGE_S + 20],
      ]),
    )
    for (const did of [first.did, second.did]) expect(revocationsByAgent(both, book).knownAtS(did)).toBe(CHANGE_S + 20)
  })

  it('goes on from the list of the key before until the one of the next key is known', async () => {
    const before = viewOf(new Map([[first.did, CHANGE_S - 400]]))
    expect(revocationsByAgent(before, await bookAfter('rotate')).knownAtS(second.did)).toBe(CHANGE_S - 400)
    expect(revocationsByAgent(viewOf(new Map()), await bookAfter('rotate')).knownAtS(second.did)).toBeUndefined()
  })

  it('is that of its list for a key of no known log', () => {
    const view = viewOf(new Map([[first.did, CHANGE_S]]))
    expect(revocationsByAgent(view, new IdentityBook()).knownAtS(first.did)).toBe(CHANGE_S)
  })
})
