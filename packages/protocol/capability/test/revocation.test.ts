/** Lists and the book beyond the vectors: bounds, what is kept, and that no order of arrival loses anything. */
import { Cid, utf8 } from '@talos/bytes'
import {
  type ConflictingHeads,
  delegate,
  entitledToRevoke,
  type KnownRevocation,
  type ListPage,
  MAX_REVOCATIONS,
  MAX_REVOCATIONS_PER_ISSUER,
  NO_REVOCATIONS,
  openDelegation,
  openRevocation,
  openRevocationHead,
  RevocationBook,
  RevocationConflict,
  RevocationList,
  revocableLink,
  revocableLinks,
  revoke,
  signRevocationHead,
  type VerifiedRevocationHead,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alice, bob, grant, kernel, mallory, NOW_S, nonce, owner } from './actors.ts'

const issuer = owner.did

function nameOf(label: string | number): Cid {
  return Cid.fromSha256(kernel.sha256(utf8(`revocation ${label}`)))
}

function known(changes: Partial<KnownRevocation> & { readonly label?: string | number } = {}): KnownRevocation {
  const { label = 1, ...rest } = changes
  return { issuer, atS: NOW_S, reason: undefined, revokes: nameOf(label), ...rest } as KnownRevocation
}

/** A head by the list's own arithmetic; signatures are of no matter to a list. */
function headOf(names: readonly Cid[], changes: Partial<VerifiedRevocationHead> = {}): VerifiedRevocationHead {
  const list = new RevocationList({ issuer, kernel })
  for (const name of names) list.append(name)
  const { size: n, digest } = list
  return { issuer, n, digest, atS: NOW_S, cid: nameOf('head'), bytes: new Uint8Array(1), ...changes }
}

function take(list: RevocationList, page: ListPage, source = 'a'): number | undefined {
  const step = list.plan(page, { source, nowS: NOW_S })
  list.apply(step)
  return step.next
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (isTalosError(error)) return error.code
    throw error
  }
  return 'nothing'
}

function conflictOf(run: () => unknown): ConflictingHeads | undefined {
  try {
    run()
  } catch (error) {
    if (error instanceof RevocationConflict) return error.heads
  }
  return undefined
}

const ask = (label: string | number) => ({
  names: [nameOf(label).toString()],
  issuer,
  audience: alice.did,
  notBeforeS: 0,
  entitled: [issuer],
})

describe('the book', () => {
  test('keeps of one delegation the first revocation by an issuer, and tells its reason', () => {
    const book = new RevocationBook({ kernel })
    expect(book.put(known({ atS: NOW_S, reason: 'second' }))).toBe(true)
    expect(book.put(known({ atS: NOW_S + 1 }))).toBe(false)
    expect(book.put(known({ atS: NOW_S - 1, reason: 'first' }))).toBe(true)
    expect(book.put(known({ issuer: mallory.did, atS: 1 }))).toBe(true)
    expect(book.stateOf(ask(1))).toEqual({ revoked: true, by: issuer, atS: NOW_S - 1, reason: 'first' })
    expect(book.stateOf(ask(2))).toEqual({ revoked: false })
    expect([book.size, book.countOf(issuer), book.countOf(alice.did)]).toEqual([2, 1, 0])
  })

  test('keeps of one audience the last, and those of several issuers apart', () => {
    const book = new RevocationBook({ kernel })
    const all = (atS: number, by = issuer) => known({ issuer: by, atS, revokes: undefined, who: alice.did } as never)
    expect([book.put(all(5)), book.put(all(4)), book.put(all(9, bob.did)), book.put(all(6))]).toEqual([
      true,
      false,
      true,
      true,
    ])
    expect([...book.issuersAgainst(alice.did)]).toContain(issuer)
    expect([...book.issuersAgainst(mallory.did)]).toEqual([])
    const began = (notBeforeS: number) => book.stateOf({ ...ask('none'), notBeforeS })
    expect([began(5), began(6)]).toEqual([{ revoked: true, by: issuer, atS: 6 }, { revoked: false }])
    expect(book.size).toBe(2)
  })

  test('tells of which issuers it knows a list, and of how many', () => {
    const book = new RevocationBook({ kernel })
    expect([book.hasList(issuer), book.lists]).toEqual([false, 0])
    book.listOf(issuer)
    expect([book.hasList(issuer), book.hasList(alice.did), book.lists]).toEqual([true, false, 1])
  })

  test('looks at no revocation by those who do not count, however many revoked the same', () => {
    const book = new RevocationBook({ kernel })
    for (let index = 0; index < 50_000; index += 1) {
      const stranger = `did:web:${index}.example` as Did
      book.put({ issuer: stranger, who: alice.did, atS: NOW_S, reason: undefined })
      book.put(known({ issuer: stranger }))
    }
    let looks = 0
    const watched = new Proxy(ask(1), {
      get: (link, member) => {
        looks += 1
        return Reflect.get(link, member)
      },
    })
    expect(book.stateOf(watched)).toEqual({ revoked: false })
    // Whoever judges a revocation reads the link for it.
    expect(looks).toBeLessThan(20)
    book.put({ issuer, who: alice.did, atS: NOW_S, reason: undefined })
    expect(book.stateOf(ask(1))).toMatchObject({ revoked: true, by: issuer })
  })

  test('has room for so many of one issuer and so many in all, to the last one', () => {
    const book = new RevocationBook({ kernel, limitPerIssuer: 2, limit: 3 })
    book.put(known({ label: 1 }))
    book.put(known({ label: 2 }))
    expect(codeOf(() => book.put(known({ label: 3 })))).toBe('REVOCATION_FULL')
    expect(codeOf(() => book.put(known({ label: 2, atS: 1 })))).toBe('nothing')
    book.put(known({ label: 1, issuer: bob.did }))
    expect(codeOf(() => book.put(known({ label: 1, issuer: alice.did })))).toBe('REVOCATION_FULL')
    expect([book.size, book.countOf(alice.did)]).toEqual([3, 0])
    expect(book.stateOf(ask(3))).toEqual({ revoked: false })
  })

  test('has the room that the specification names, to the last one', () => {
    const book = new RevocationBook({ kernel })
    for (let count = 0; count < MAX_REVOCATIONS; count += 1) {
      const by = `did:key:${Math.floor(count / MAX_REVOCATIONS_PER_ISSUER)}` as Did
      book.put({ issuer: by, who: `did:key:${count}` as Did, atS: NOW_S, reason: undefined })
    }
    expect([book.size, book.countOf('did:key:0' as Did)]).toEqual([MAX_REVOCATIONS, MAX_REVOCATIONS_PER_ISSUER])
    for (const by of ['did:key:0', 'did:key:another'] as Did[]) {
      const one = { issuer: by, who: alice.did, atS: NOW_S, reason: undefined }
      expect(codeOf(() => book.put(one))).toBe('REVOCATION_FULL')
    }
  })

  test('knows the age of a list by its newest head, and none after a contradiction', () => {
    const book = new RevocationBook({ kernel })
    expect(book.knownAtS(issuer)).toBeUndefined()
    const list = book.listOf(issuer)
    expect(book.knownAtS(issuer)).toBeUndefined()
    take(list, { head: headOf([]), after: 0, names: [] })
    expect(book.knownAtS(issuer)).toBe(NOW_S)
    expect(book.listOf(issuer)).toBe(list)
    expect(book.issuers()).toEqual([issuer])
    list.condemn([headOf([]), headOf([nameOf(1)])])
    expect(book.knownAtS(issuer)).toBeUndefined()
    expect(list.conflict).toHaveLength(2)
  })

  test('nothing is revoked, and nothing known, without a book', () => {
    expect([NO_REVOCATIONS.stateOf(ask(1)), NO_REVOCATIONS.knownAtS(issuer)]).toEqual([{ revoked: false }, undefined])
  })
})

describe('a list', () => {
  const names = Array.from({ length: 20 }, (_, index) => nameOf(index))

  test('takes no more than its limit, of its own and of others', () => {
    const list = new RevocationList({ issuer, kernel, limit: 2 })
    list.append(nameOf(1))
    list.append(nameOf(2))
    expect(codeOf(() => list.append(nameOf(3)))).toBe('REVOCATION_FULL')
    expect(list.size).toBe(2)
    const other = new RevocationList({ issuer, kernel, limit: 2 })
    expect(codeOf(() => take(other, { head: headOf(names.slice(0, 3)), after: 0, names: names.slice(0, 3) }))).toBe(
      'REVOCATION_FULL',
    )
    expect(codeOf(() => take(other, { head: headOf(names.slice(0, 2)), after: 0, names: names.slice(0, 2) }))).toBe(
      'nothing',
    )
    const full = headOf([], { n: MAX_REVOCATIONS_PER_ISSUER + 1 })
    expect(codeOf(() => take(new RevocationList({ issuer, kernel }), { head: full, after: 0, names: [] }))).toBe(
      'REVOCATION_FULL',
    )
  })

  test('changes by nothing but what is applied', () => {
    const list = new RevocationList({ issuer, kernel })
    const page = { head: headOf(names), after: 0, names }
    expect(list.plan(page, { source: 'a', nowS: NOW_S }).confirmed).toHaveLength(20)
    expect([list.size, list.head]).toEqual([0, undefined])
  })

  test('takes its own head back from the store, and none that is of another list', () => {
    const list = new RevocationList({ issuer, kernel })
    for (const name of names.slice(0, 3)) list.append(name)
    expect(list.restore(headOf(names.slice(0, 4)))).toBe(false)
    expect(list.restore(headOf(names.slice(1, 3)))).toBe(false)
    expect(list.head).toBeUndefined()
    // Its last revocation was durable, and the head over it was not.
    expect(list.restore(headOf(names.slice(0, 2)))).toBe(true)
    expect(list.head?.n).toBe(2)
    // The head over all, signed in the same second, comes from whoever got it.
    expect(take(list, { head: headOf(names.slice(0, 3)), after: 2, names: names.slice(2, 3) })).toBeUndefined()
    expect(list.head?.n).toBe(3)
  })

  test('does not mistake what it has without a head for a contradiction', () => {
    const list = new RevocationList({ issuer, kernel })
    list.append(nameOf('of its own'))
    const code = codeOf(() => take(list, { head: headOf(names), after: 0, names }))
    expect(code).toBe('REVOCATION_LIST_INVALID')
    expect(codeOf(() => take(list, { head: headOf(names.slice(0, 1)), after: 0, names: [] }))).toBe(
      'REVOCATION_LIST_INVALID',
    )
    expect(take(list, { head: headOf([]), after: 0, names: [] })).toBeUndefined()
    expect(list.knownAtS).toBe(NOW_S)
  })

  test('carries both heads with a contradiction', () => {
    const list = new RevocationList({ issuer, kernel })
    const first = headOf(names.slice(0, 2))
    take(list, { head: first, after: 0, names: names.slice(0, 2) })
    const second = headOf([nameOf('x'), nameOf('y')])
    expect(conflictOf(() => take(list, { head: second, after: 0, names: [] }))).toEqual([first, second])
    const later = headOf(names.slice(0, 1), { atS: NOW_S + 1 })
    expect(conflictOf(() => take(list, { head: later, after: 0, names: [] }))).toEqual([first, later])
    expect(conflictOf(() => take(list, { head: { ...later, atS: NOW_S }, after: 0, names: [] }))).toBeUndefined()
  })
})

describe('following', () => {
  const MADE = 12
  const all = Array.from({ length: MADE }, (_, index) => nameOf(index))
  /** A page of the issuer's true list, with the head that it had then. */
  const page = fc
    .record({ n: fc.nat(MADE), from: fc.nat(MADE), count: fc.nat(MADE), source: fc.constantFrom('a', 'b', issuer) })
    .map(({ n, from, count, source }) => {
      const after = Math.min(from, n)
      const head = headOf(all.slice(0, n), { atS: NOW_S - MADE + n })
      return { source, page: { head, after, names: all.slice(after, Math.min(n, after + count)) } }
    })

  test('no order of pages and heads loses a revocation or finds a contradiction, and the last answer completes it', () => {
    fc.assert(
      fc.property(fc.array(page, { maxLength: 24 }), (pages) => {
        const list = new RevocationList({ issuer, kernel })
        let longest = 0
        for (const one of pages) {
          const code = codeOf(() => take(list, one.page, one.source))
          expect(['nothing', 'REVOCATION_ROLLBACK']).toContain(code)
          expect(list.size).toBeGreaterThanOrEqual(longest)
          expect(list.digest).toEqual(headOf(all.slice(0, list.size)).digest)
          longest = list.size
        }
        let next: number | undefined = list.size
        for (let asked = 0; next !== undefined && asked < MADE + 2; asked += 1) {
          next = take(list, { head: headOf(all), after: next, names: all.slice(next, next + 5) }, issuer)
        }
        expect([next, list.size, list.head?.n]).toEqual([undefined, MADE, MADE])
      }),
      { seed: 42, numRuns: 400 },
    )
  })

  test('an older head is always found, a later one of a shorter list convicts', () => {
    const two = fc.tuple(fc.nat(MADE), fc.nat(MADE), fc.integer({ min: -3, max: 3 })).filter(([a, b]) => a !== b)
    fc.assert(
      fc.property(two, ([one, another, seconds]) => {
        const [short, long] = [Math.min(one, another), Math.max(one, another)]
        const list = new RevocationList({ issuer, kernel })
        take(list, { head: headOf(all.slice(0, long)), after: 0, names: all.slice(0, long) })
        const older = headOf(all.slice(0, short), { atS: NOW_S + seconds })
        const run = () => take(list, { head: older, after: 0, names: all.slice(0, short) })
        expect(codeOf(run)).toBe('REVOCATION_ROLLBACK')
        expect(conflictOf(run) !== undefined).toBe(seconds > 0)
        expect(list.size).toBe(long)
      }),
      { seed: 42, numRuns: 200 },
    )
  })

  test('a list with one revocation exchanged is a contradiction wherever it is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: MADE }),
        fc.nat(MADE - 1),
        fc.integer({ min: 1, max: 5 }),
        (size, at, step) => {
          const list = new RevocationList({ issuer, kernel })
          take(list, { head: headOf(all.slice(0, size)), after: 0, names: all.slice(0, size) })
          const forked = all.with(Math.min(at, size - 1), nameOf('another'))
          const run = () => {
            let next: number | undefined = size
            while (next !== undefined) {
              next = take(list, { head: headOf(forked), after: next, names: forked.slice(next, next + step) })
            }
          }
          expect(codeOf(run)).toBe('REVOCATION_FORK')
          expect(list.size).toBe(size)
        },
      ),
      { seed: 42, numRuns: 200 },
    )
  })
})

describe('signed objects', () => {
  test('a revocation of an audience ends what its issuer gave it before, and nothing that was passed on by others', async () => {
    const [first, second] = [await grant({ audience: bob.did, depth: 1 }), await grant({ signer: bob })]
    const links = [first, second].map(({ bytes }) => openDelegation(bytes, { kernel }))
    const [above, below] = revocableLinks(links)
    const signed = await revoke({ signer: owner, who: bob.did, evidence: new Uint8Array(32), atS: NOW_S })
    const revocation = openRevocation(signed.bytes, { kernel })
    const book = new RevocationBook({ kernel })
    book.put(revocation)
    expect(revocation).toMatchObject({ issuer, who: bob.did, evidence: new Uint8Array(32) })
    expect(above && book.stateOf(above)).toEqual({ revoked: true, by: issuer, atS: NOW_S })
    expect(below && book.stateOf(below)).toEqual({ revoked: false })
    expect(entitledToRevoke(links, 1)).toEqual([owner.did, bob.did, alice.did])
  })

  test('a renewal falls with the lease that it renews', async () => {
    const lease = { termS: 900, max: 4, n: 0, of: undefined }
    const base = { signer: owner, audience: alice.did, subject: owner.did, command: '/mcp' }
    const span = { notBeforeS: NOW_S, expiresS: NOW_S + 900 }
    const first = await delegate({ ...base, ...span, nonce: nonce(), lease })
    const renewed = await delegate({ ...base, ...span, nonce: nonce(), lease: { ...lease, n: 1, of: first.cid } })
    const link = openDelegation(renewed.bytes, { kernel })
    const book = new RevocationBook({ kernel })
    book.put(known({ revokes: first.cid }))
    expect(book.stateOf(revocableLink(link, [owner.did])).revoked).toBe(true)
  })

  test('a head says what was signed', async () => {
    const facts = { n: 0, digest: headOf([]).digest, atS: NOW_S }
    const { bytes, cid } = await signRevocationHead({ signer: owner, ...facts })
    expect(openRevocationHead(bytes, { kernel })).toEqual({ ...facts, issuer, bytes, cid })
    await expect(signRevocationHead({ signer: owner, ...facts, n: -1 })).rejects.toMatchObject({
      code: 'SCHEMA_INVALID',
    })
  })
})
