/** Proofs whose contents are hidden, between real agents: what is in them, what they are worth (spec 12-proof-bundle, clause 12.17). */
import { Cid, decodeJcs, encodeCbor, utf8 } from '@talos/bytes'
import { callDigest, openInvocation } from '@talos/capability'
import type { TalosClient } from '@talos/client'
import { type ProofBundle, parseProofBundle } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { leafHash } from '@talos/merkle'
import { type ProofReport, type ValidationLevel, verifyProofBundle } from '@talos/proof'
import { tracesOf } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { Stage } from '../stage.ts'

const WORDS = 'the planted words "of one call", 7b2e'
const OTHER = 'another planted value, 93ca'
const NUMBER = '15625000113'

function read(bundle: string): ProofBundle {
  return parseProofBundle(decodeJcs(bundle))
}

function verify(bundle: string, client: TalosClient, level: ValidationLevel = 'standard'): ProofReport {
  return verifyProofBundle(bundle, { kernel: client.kernel, level, nowS: Math.floor(Date.now() / 1000) })
}

async function codeOf(run: Promise<unknown>): Promise<readonly unknown[]> {
  return await run.then(
    () => ['none'],
    (error: unknown) => (isTalosError(error) ? [error.code, error.details['reason']] : [String(error)]),
  )
}

const hideContents = true

describe('a proof with hidden contents', () => {
  it('holds nothing of arguments and result but what is disclosed, in no form', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice')
    const [alice, bob] = [stage.of('alice'), stage.of('bob')]
    const args = { words: WORDS, other: OTHER, number: Number(NUMBER) }
    const { invocation } = await stage.call('alice', 'say', { arguments: args })
    await alice.witness(bob.did)
    await bob.witness(alice.did)

    const hidden = await alice.exportProof(invocation, { hideContents })
    for (const value of [WORDS, OTHER, NUMBER]) expect([value, tracesOf(value, hidden)]).toEqual([value, []])
    expect(read(hidden).intent).toMatchObject({ contents: 'hidden' })
    expect(verify(hidden, alice, 'strict')).toMatchObject({
      verdict: 'valid',
      proves: 'execution',
      facts: { contents: 'hidden', agent: alice.did, executor: bob.did, invocation, outcome: 'allow' },
      completeness: { unjudged: [] },
    })

    const shown = await alice.exportProof(invocation, { hideContents, disclose: ['arguments:/other'] })
    expect(tracesOf(OTHER, shown)).toContain('raw')
    for (const value of [WORDS, NUMBER]) expect([value, tracesOf(value, shown)]).toEqual([value, []])
    expect(verify(shown, alice)).toMatchObject({ verdict: 'valid', disclosures: { verdict: 'valid' } })
    expect(tracesOf(WORDS, await alice.exportProof(invocation, { hideContents, disclose: ['output:'] }))).not.toEqual(
      [],
    )

    // The search finds what is there: the signed call has all of them.
    const whole = await alice.exportProof(invocation)
    for (const value of [WORDS, OTHER, NUMBER]) expect(tracesOf(value, whole)).not.toEqual([])
    expect(read(whole).intent?.contents).toBeUndefined()
  })

  it('holds no hash that arguments or result could be guessed by', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice')
    const [alice, bob] = [stage.of('alice'), stage.of('bob')]
    const args = { words: 'yes' }
    const { invocation } = await stage.call('alice', 'say', { arguments: args })
    const bundle = await alice.exportProof(invocation, { hideContents })
    const { kernel } = alice
    const call = openInvocation(alice.database.evidence.get(Cid.parse(invocation), 'invocation')?.bytes ?? utf8(''), {
      kernel,
    })
    const { issuer, audience, subject, command } = call
    const texts = [JSON.stringify(args), '"yes"', 'yes', '/words"yes"', JSON.stringify({ text: 'yes', type: 'text' })]
    const guesses = [...texts.map(utf8), encodeCbor(args), encodeCbor({ ...args, iss: issuer }), encodeCbor('yes')]
    const hashes = guesses.flatMap((guess) => [kernel.sha256(guess), leafHash(kernel, guess)])
    for (const hash of [...hashes, callDigest({ issuer, audience, subject, command, args }, kernel)]) {
      expect(tracesOf(hash, bundle)).toEqual([])
    }
    // The name of the call is there: a hash over a nonce and a signature as well, which nobody else has.
    expect(tracesOf(kernel.sha256(call.bytes), bundle)).not.toEqual([])
    for (const secret of [call.nonce, call.bytes.subarray(3, 67)]) expect(tracesOf(secret, bundle)).toEqual([])
    expect(bob.did).toBe(audience)
  })

  it('says which conditions on arguments it leaves open, and judges those whose arguments it shows', async () => {
    await using stage = await Stage.with(['alice'])
    const rules = [
      ['enum', '.words', [WORDS]],
      ['known', '.other?'],
    ]
    await stage.grant('alice', { rules })
    const alice = stage.of('alice')
    const { invocation } = await stage.call('alice', 'say', { arguments: { words: WORDS, other: OTHER } })
    const unjudged = async (...disclose: string[]) => {
      const report = verify(await alice.exportProof(invocation, { hideContents, disclose }), alice)
      expect(report).toMatchObject({ verdict: 'incomplete', proves: 'execution', code: 'PROOF_ARGUMENTS_HIDDEN' })
      return report.completeness.unjudged.map(({ path, selectors }) => [path, ...selectors])
    }
    expect(await unjudged()).toEqual([['args'], ['rules[0]', 'words']])
    expect(await unjudged('arguments:/words')).toEqual([['args']])
    expect(await unjudged('arguments:/other')).toEqual([['args'], ['rules[0]', 'words']])
    expect(verify(await alice.exportProof(invocation), alice).verdict).toBe('valid')
  })

  it('proves refusals as well, and shows no arguments of one', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice', { rules: [['enum', '.words', ['yes']]] })
    const alice = stage.of('alice')
    const refused = await stage.call('alice', 'say', { arguments: { words: WORDS } })
    const bundle = await alice.exportProof(refused.invocation, { hideContents })
    expect(tracesOf(WORDS, bundle)).toEqual([])
    expect(verify(bundle, alice)).toMatchObject({
      verdict: 'valid',
      proves: 'refusal',
      facts: { outcome: 'deny', refusal: 'executor-only', contents: 'hidden' },
    })
    const shown = alice.exportProof(refused.invocation, { hideContents, disclose: ['arguments:/words'] })
    expect(await codeOf(shown)).toEqual(['PROOF_PARTS_INVALID', 'PROOF_DISCLOSURE_MISMATCH'])
  })

  it('proves a call whose tool failed', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice')
    const alice = stage.of('alice')
    const { invocation } = await stage.call('alice', 'fail', { arguments: { words: WORDS } })
    const bundle = await alice.exportProof(invocation, { hideContents })
    expect(tracesOf(WORDS, bundle)).toEqual([])
    expect(verify(bundle, alice)).toMatchObject({ verdict: 'valid', facts: { outcome: 'error' } })
  })
})
