/** Every case of the files on revocations: the objects (9.4, 9.6), which links they end (9.5), following a list (9.7). */
import { Cid, fromHex, toHex } from '@talos/bytes'
import {
  openRevocation,
  openRevocationHead,
  type RevocableLink,
  RevocationBook,
  RevocationList,
  type VerifiedRevocation,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { repoVectors } from '@talos/testkit'
import { describe, expect, test } from 'vitest'
import { kernel } from './actors.ts'

interface Page {
  readonly source: string
  readonly after: number
  readonly revocationsHex: readonly string[]
  readonly headHex: string
}

/** The members that the cases have between them; each file has its own. */
interface Input {
  readonly revocationHex: string
  readonly entitled?: readonly Did[]
  readonly headHex: string
  readonly issuer: Did
  readonly names?: readonly string[]
  readonly revocationsHex: readonly string[]
  readonly link?: RevocableLink
  readonly pages: readonly Page[]
  readonly nowS: number
  readonly limit?: number
}

function runAll(name: string, run: (input: Input) => object): void {
  describe(`${name}.json`, () => {
    for (const vector of repoVectors(`capability/${name}.json`).cases) {
      test(`${vector.id}: ${vector.description}`, () => {
        let result: object
        try {
          result = run(vector.input as unknown as Input)
        } catch (error) {
          if (!isTalosError(error)) throw error
          result = { error: error.code }
        }
        expect(result).toEqual(vector.valid ? vector.expected : { error: vector.error })
      })
    }
  })
}

runAll('revocation', ({ revocationHex, entitled }) => {
  const options = entitled === undefined ? { kernel } : { kernel, chainIssuers: entitled }
  const { issuer, revokes, who, reason, evidence } = openRevocation(fromHex(revocationHex), options)
  return {
    issuer,
    ...(revokes === undefined ? { who } : { revokes: revokes.toString() }),
    ...(reason === undefined ? {} : { reason }),
    ...(evidence === undefined ? {} : { evidenceHex: toHex(evidence) }),
  }
})

runAll('revocation-head', ({ headHex, issuer, names }) => {
  if (names !== undefined) {
    const list = new RevocationList({ issuer, kernel })
    for (const name of names) list.append(Cid.parse(name))
    return { digestHex: toHex(list.digest) }
  }
  const head = openRevocationHead(fromHex(headHex), { kernel })
  return { issuer: head.issuer, n: head.n, digestHex: toHex(head.digest), atS: head.atS }
})

runAll('revocation-book', (input) => {
  const { link, pages, issuer, nowS, limit } = input
  const book = new RevocationBook({ kernel, ...(limit !== undefined && { limitPerIssuer: limit }) })
  if (link !== undefined) {
    for (const revocation of input.revocationsHex.map(opened)) book.put(revocation)
    return book.stateOf(link)
  }
  const list = book.listOf(issuer)
  const next = pages.map(({ source, after, revocationsHex, headHex }) => {
    const head = openRevocationHead(fromHex(headHex), { kernel })
    const step = list.plan({ head, after, names: revocationsHex.map(opened).map(({ cid }) => cid) }, { source, nowS })
    list.apply(step)
    return step.next ?? null
  })
  return { next, size: list.size, knownAtS: book.knownAtS(issuer) ?? null }
})

function opened(hex: string): VerifiedRevocation {
  return openRevocation(fromHex(hex), { kernel })
}
