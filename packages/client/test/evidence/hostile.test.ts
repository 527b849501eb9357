/** An executor whose part of the evidence is not what it should be costs the caller what it adds, never the proof of the call. */
import { Cid, utf8 } from '@talos/bytes'
import { openInvocation } from '@talos/capability'
import { isTalosError, TalosError } from '@talos/errors'
import { verifyProofBundle } from '@talos/proof'
import { describe, expect, it } from 'vitest'
import { type Agent, closeAgent, openAgent } from '../../src/agent.ts'
import { type BundleOptions, bundleOf } from '../../src/evidence/bundle.ts'
import { EvidenceKeeper } from '../../src/evidence/keeper.ts'
import { logEvidence } from '../../src/evidence/own-log.ts'
import { optionsFor } from '../agents.ts'
import { Stage } from '../stage.ts'

type Answer = BundleOptions['answer']

const NONE = { revocations: [], heads: [], witnesses: [], anchors: [] }

const UNSEEN = { anchors: { anchorsFor: () => [] }, policy: () => undefined }

/** A call that both sides hold their evidence of; both are at rest then. */
async function halves(stage: Stage) {
  await stage.grant('alice')
  const { invocation: name } = await stage.call('alice', 'say')
  await stage.of('bob').witness(stage.did('alice'))
  for (const side of ['alice', 'bob'] as const) await stage.of(side).close()
  const open = async (side: string) => await openAgent({ ...optionsFor(stage.home), name: side, create: false })
  const [alice, bob] = [await open('alice'), await open('bob')]
  const cid = Cid.parse(name)
  const evidence = (at: Agent, part: string) => at.database.evidence.get(cid, part)?.bytes ?? new Uint8Array(0)
  const invocation = evidence(alice, 'invocation')
  const own = await logEvidence([evidence(alice, 'caller.invoke')], { agent: alice, ...UNSEEN })
  const theirs = await logEvidence([evidence(bob, 'executor.result'), evidence(bob, 'executor.invoke')], {
    agent: bob,
    ...UNSEEN,
  })
  const answer: Answer = {
    t: 'answer',
    request: 1,
    found: true,
    logKey: bob.logKey,
    inclusions: theirs.inclusions,
    revocations: [],
    heads: [],
    ...(theirs.log !== undefined && { log: theirs.log }),
    witnesses: theirs.witnesses,
    anchors: [],
  }
  const options: BundleOptions = {
    agent: alice,
    call: openInvocation(invocation, { kernel: alice.kernel }),
    invocation,
    receipt: evidence(alice, 'receipt'),
    proofs: [evidence(alice, 'delegation.0')],
    own,
    answer,
    disclose: [],
    hideContents: false,
  }
  const build = (changes: Partial<Answer>, more: Partial<BundleOptions> = {}) =>
    verifyProofBundle(bundleOf({ ...options, ...more, answer: { ...answer, ...changes } }), { kernel: alice.kernel })
  const close = async () => {
    await closeAgent(alice)
    await closeAgent(bob)
  }
  return { build, answer, options, [Symbol.asyncDispose]: close }
}

describe('an answer of an executor', () => {
  it('that adds what does not hold is taken without it', async () => {
    await using stage = await Stage.with(['alice'])
    await using sides = await halves(stage)
    const { build, answer, options } = sides
    expect(build({})).toMatchObject({ verdict: 'valid', witnessed: { count: 1 } })
    const { log } = answer
    if (log === undefined) throw new Error('the executor was witnessed')
    const bare = { verdict: 'valid', witnessed: { count: 0 }, revocations: { lists: [] } }
    expect(build({ log: { ...log, consistency: [new Uint8Array(32)] } })).toMatchObject(bare)
    expect(build({ log: { ...log, checkpoint: 'x' } })).toMatchObject(bare)
    expect(build({ witnesses: answer.witnesses.map((one) => ({ ...one, logKey: utf8('x') })) })).toMatchObject(bare)
    expect(build({ heads: [{ head: utf8('x'), items: [] }] })).toMatchObject(bare)
    expect(build({ heads: [{ head: utf8('x'), items: [utf8('y')] }] })).toMatchObject(bare)
    // What is no anchor is left out by itself.
    expect(build({ anchors: [utf8('{}'), utf8('x')] })).toMatchObject({ verdict: 'valid', witnessed: { count: 1 } })
    // So is what the caller's own log cannot show.
    const own = { ...options.own, log: { checkpoint: 'x', consistency: [] } }
    expect(build({}, { own })).toMatchObject(bare)
  })

  it('that lacks what belongs to the call is refused', async () => {
    await using stage = await Stage.with(['alice'])
    await using sides = await halves(stage)
    const { build } = sides
    const codeOf = (changes: Partial<Answer>) => {
      try {
        build(changes)
        return 'accepted'
      } catch (error) {
        return isTalosError(error) ? error.code : String(error)
      }
    }
    expect(codeOf({ inclusions: [] })).toBe('EVIDENCE_MISSING')
    expect(codeOf({ logKey: utf8('x') })).toBe('PROOF_PARTS_INVALID')
  })
})

describe('an answer that is asked for again', () => {
  it('is taken and kept where it shows more, and costs nothing that held before where it does not hold', async () => {
    await using stage = await Stage.with(['alice'])
    await using sides = await halves(stage)
    const { answer, options } = sides
    const { agent, call } = options
    const bare: Answer = {
      t: 'answer',
      request: 1,
      found: true,
      logKey: answer.logKey,
      inclusions: answer.inclusions,
      ...NONE,
    }
    let said: Answer | undefined = bare
    const keeper: EvidenceKeeper = new EvidenceKeeper({
      agent,
      ...UNSEEN,
      wire: { linkTo: async () => undefined, isLinked: () => true },
      post: async (peer, frame) => {
        if (said === undefined) throw new TalosError('REQUEST_TIMEOUT', { timeoutMs: 1 })
        if (frame.t === 'ask') keeper.take(peer, { ...said, request: frame.request })
      },
    })
    const countWith = async (next: Answer | undefined) => {
      said = next
      const bundle = await keeper.export(call.cid.toString())
      const { verdict, witnessed } = verifyProofBundle(bundle, { kernel: agent.kernel })
      expect(verdict).toBe('valid')
      return witnessed.count
    }
    expect(await countWith(bare)).toBe(0)
    // It shows a witness, and not the entries of the call any more.
    expect(await countWith({ ...answer, inclusions: [] })).toBe(0)
    expect(await countWith(answer)).toBe(1)
    expect(await countWith(bare)).toBe(1)
    expect(await countWith({ ...bare, found: false })).toBe(1)
    expect(await countWith(undefined)).toBe(1)
  })
})
