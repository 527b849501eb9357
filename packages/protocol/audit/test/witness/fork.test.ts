/** Evidence of forks: made, read by anybody, and nothing else taken for it (spec 23-witness, 23.6). */
import { impliedRoot, MAX_FORK_BYTES, makeForkEvidence, type SignedHead, verifyForkEvidence } from '@talos/audit'
import { toBase64, toBase64url } from '@talos/bytes'
import { appendEntry, createKeyLog } from '@talos/identity'
import { logVerifierKey, openCheckpoint } from '@talos/merkle'
import { describe, expect, it } from 'vitest'
import { Branch, changed, delegate, identity, kernel, leaves, originOf, outcomeOf, signerOf } from './support.ts'

const ORIGIN = originOf(identity(10).did)

/** Branches of a log whose histories part after four leaves, and their heads. */
async function parting({ by = 10, logByte = 11, origin = ORIGIN } = {}) {
  const delegation = await delegate({ by, logByte, origin })
  const logKey = logVerifierKey({ origin, publicKey: signerOf(logByte).publicKey, kernel })
  const branch = (named: readonly string[]) => new Branch(named, { origin, signer: signerOf(logByte) })
  const head = async (one: Branch, size = one.size): Promise<SignedHead> => ({
    checkpoint: openCheckpoint(await one.note(size), { logKey, kernel }),
    delegation,
  })
  return {
    delegation,
    branch,
    head,
    a: branch(leaves(9, { since: 4, branch: 'a' })),
    b: branch(leaves(9, { since: 4, branch: 'b' })),
  }
}

const verified = async (text: string) => await outcomeOf(() => verifyForkEvidence(text, { kernel }).first.size)
const refused = (reason: string) => ({ code: 'FORK_INVALID', reason })

describe('evidence of a fork', () => {
  it('is two checkpoints of one size with other roots, written alike by all who see them', async () => {
    const { a, b, head } = await parting()
    const [one, other] = [await head(a, 7), await head(b, 7)]
    const fork = makeForkEvidence({ heads: [one, other], kernel })
    expect(makeForkEvidence({ heads: [other, one], kernel }).text).toBe(fork.text)
    expect(verifyForkEvidence(fork.text, { kernel })).toMatchObject({
      origin: ORIGIN,
      agent: identity(10).did,
      first: { size: 7, standing: 'current' },
      second: { size: 7 },
    })
  })

  it('is two of different sizes with a proof of where the larger one came from, for all sizes', async () => {
    const { a, b, head } = await parting()
    for (let from = 1; from < 9; from += 1) {
      for (let to = from + 1; to <= 9; to += 1) {
        const split = { root: b.root(from), proof: b.proof(from, to) }
        const make = async () =>
          makeForkEvidence({ heads: [await head(b, to), await head(a, from)], split, kernel }).second.size
        expect(await outcomeOf(make)).toEqual(from <= 4 ? refused('the second extends the first') : to)
      }
    }
  })

  it('names both keys where an agent let two sign, and the key log where another key of it did', async () => {
    const first = await parting()
    const history = await rotatedKeyLog()
    const second = await parting({ by: 12, logByte: 13 })
    const heads = [await first.head(first.a, 7), await second.head(second.b, 7)] as const
    const fork = makeForkEvidence({ heads, history: history.text, kernel })
    const [one, other] = [fork.first, fork.second]
      .map(({ logKey, standing }) => `${logKey.issuer} ${standing}`)
      .toSorted((a, b) => (a < b ? -1 : 1))
    expect([one, other]).toEqual(
      [`${identity(10).did} rotated`, `${identity(12).did} current`].toSorted((a, b) => (a < b ? -1 : 1)),
    )
    expect(fork.agent).toBe(identity(10).did)
    expect(await outcomeOf(() => makeForkEvidence({ heads, kernel }))).toEqual(refused('a part of it does not verify'))
  })

  it('says that a key was compromised, where its key log does', async () => {
    const { a, b, head } = await parting()
    const history = await rotatedKeyLog(true)
    const fork = makeForkEvidence({ heads: [await head(a), await head(b)], history: history.text, kernel })
    expect([fork.first.standing, fork.second.standing]).toEqual(['compromised', 'compromised'])
  })
})

describe('what is no evidence of a fork', () => {
  it('is a text of another form, or one that is too large', async () => {
    const { a, b, head } = await parting()
    const { text } = makeForkEvidence({ heads: [await head(a), await head(b)], kernel })
    for (const other of [
      '',
      '{}',
      ` ${text}`,
      text.replace('talos-fork/v1', 'talos-fork/v2'),
      `${text}\ud800`,
      'x'.repeat(MAX_FORK_BYTES),
    ]) {
      expect(await verified(other)).toEqual(refused('a part of it does not verify'))
    }
    expect(await verified('x'.repeat(MAX_FORK_BYTES + 1))).toMatchObject({ code: 'INPUT_TOO_LARGE' })
  })

  it('is one member of which is changed', async () => {
    const { a, b, head } = await parting()
    const split = { root: b.root(5), proof: b.proof(5) }
    const { text } = makeForkEvidence({ heads: [await head(a, 5), await head(b)], split, kernel })
    expect(await verified(text)).toBe(5)
    const note = await a.note(5)
    const [line] = (await b.note()).split('\n').slice(-2)
    const cases: readonly [reason: string, change: (members: Record<string, unknown>) => void][] = [
      ['a checkpoint is not signed by one of its keys alone', (m) => Object.assign(m, { logKeys: [other] })],
      ['it names a key that signed neither', (m) => Object.assign(m, { logKeys: [...(m['logKeys'] as []), other] })],
      ['a key of it is of another log', (m) => Object.assign(m, { origin: originOf(identity(10).did, 2) })],
      ['a checkpoint is not signed by one of its keys alone', (m) => Object.assign(m, { first: `${note}${line}\n` })],
      ['its first checkpoint is the larger one', (m) => Object.assign(m, { first: m['second'], second: m['first'] })],
      ['two of different sizes need a root', (m) => delete m['root']],
      ['the second extends the first', (m) => Object.assign(m, { root: toBase64(a.root(5)) })],
      ['a part of it does not verify', (m) => Object.assign(m, { root: toBase64(a.root(6)) })],
      ['a part of it does not verify', (m) => Object.assign(m, { proof: [] })],
      ['two of one size need no proof', (m) => Object.assign(m, { second: m['first'] })],
      [
        'a part of it does not verify',
        (m) => Object.assign(m, { second: String(m['second']).replace('\n9\n', '\n8\n') }),
      ],
      ['a part of it does not verify', (m) => Object.assign(m, { history: ['no key log'] })],
    ]
    const other = toBase64url(await delegate({ by: 10, logByte: 15 }))
    for (const [reason, change] of cases) {
      expect([reason, await verified(changed(text, change))]).toEqual([reason, refused(reason)])
    }
    const same = (m: Record<string, unknown>) => {
      Object.assign(m, { second: m['first'], proof: [] })
      delete m['root']
    }
    expect(await verified(changed(text, same))).toEqual(refused('the two are the same'))
    const proof = (m: Record<string, unknown>) => {
      Object.assign(m, { second: m['first'] })
      delete m['root']
    }
    expect(await verified(changed(text, proof))).toEqual(refused('two of one size need no proof'))
  })
})

describe('the earlier root that a proof speaks of', () => {
  it('is the one that the prover’s tree had, unless that is a perfect one', async () => {
    const { a } = await parting()
    for (let from = 1; from < 9; from += 1) {
      for (let to = from + 1; to <= 9; to += 1) {
        const isPerfect = [1, 2, 4, 8].includes(from)
        const root = impliedRoot({ from, to, proof: a.proof(from, to), kernel })
        expect([from, to, root]).toEqual([from, to, isPerfect ? undefined : a.root(from)])
      }
    }
  })

  it('is none where the proof has another length, or hashes that are none', async () => {
    const { a } = await parting()
    const [seed, ...rest] = a.proof(5)
    const hash = a.root()
    for (const proof of [
      [],
      [seed ?? hash],
      [new Uint8Array(3), ...rest],
      [...a.proof(5), hash],
      [hash, hash.slice(1)],
    ]) {
      expect(impliedRoot({ from: 5, to: 9, proof, kernel })).toBeUndefined()
    }
    expect(impliedRoot({ from: 0, to: 9, proof: [hash], kernel })).toBeUndefined()
  })
})

/** The key log of the identity 10, which 12 follows. */
async function rotatedKeyLog(isCompromised = false) {
  const begun = await createKeyLog({
    signer: identity(10),
    updateSigner: identity(110),
    nextUpdateKeys: [identity(111).did],
    nowMs: 1_700_000_000_000,
  })
  const next = {
    signer: identity(12),
    updateSigner: identity(111),
    nextUpdateKeys: [identity(112).did],
    nowMs: 1_700_000_100_000,
  }
  const compromised = [{ key: identity(10).did, fromMs: 1_700_000_050_000 }]
  return await appendEntry(
    begun,
    isCompromised ? { kind: 'recover', compromised, ...next } : { kind: 'rotate', ...next },
  )
}
