/** What goes into a proof beyond the call: witnesses, lists of revocations, newer keys; between real agents (spec 12-proof-bundle). */
import { decodeJcs } from '@talos/bytes'
import { TalosClient } from '@talos/client'
import { type ProofBundle, parseProofBundle } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { type ProofReport, type ValidationLevel, verifyProofBundle } from '@talos/proof'
import { describe, expect, it, vi } from 'vitest'
import { optionsFor } from '../agents.ts'
import { Stage } from '../stage.ts'

function read(bundle: string): ProofBundle {
  return parseProofBundle(decodeJcs(bundle))
}

function verify(bundle: string, client: TalosClient, level: ValidationLevel = 'standard'): ProofReport {
  return verifyProofBundle(bundle, { kernel: client.kernel, level, nowS: Math.floor(Date.now() / 1000) })
}

async function codeOf(run: Promise<unknown>): Promise<string> {
  return await run.then(
    () => 'none',
    (error: unknown) => (isTalosError(error) ? error.code : String(error)),
  )
}

describe('a proof of agents that witness each other', () => {
  it('has later checkpoints of both logs with the lines of the other side, and holds at the level strict', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice')
    const [alice, bob] = [stage.of('alice'), stage.of('bob')]
    const { invocation } = await stage.call('alice', 'say')
    await alice.witness(bob.did)
    await bob.witness(alice.did)
    await stage.call('alice', 'say')
    await alice.witness(bob.did)
    await bob.witness(alice.did)
    const bundle = await alice.exportProof(invocation)
    const report = verify(bundle, alice, 'strict')
    expect(report).toMatchObject({ verdict: 'valid', revocations: { freshness: 'fresh' } })
    expect(report.witnessed.agent?.witnesses.map(({ did }) => did)).toEqual([bob.did])
    expect(report.witnessed.executor?.witnesses.map(({ did }) => did)).toEqual([alice.did])
    // Proven under the first checkpoint that others saw, consistent with the last.
    expect(read(bundle).logs?.agent?.consistency.length).toBeGreaterThan(0)
    expect(read(bundle).logs?.executor?.consistency.length).toBeGreaterThan(0)
  })

  it('asks again for what nobody had seen when it was asked first, and does without it where nobody answers', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice')
    const [alice, bob] = [stage.of('alice'), stage.of('bob')]
    const { invocation } = await stage.call('alice', 'say')
    const first = verify(await alice.exportProof(invocation), alice)
    expect(first).toMatchObject({ verdict: 'valid' })
    expect(first.witnessed.executor).toBeUndefined()
    await bob.witness(alice.did)
    const second = verify(await alice.exportProof(invocation), alice)
    expect(second.witnessed.executor?.witnesses.map(({ did }) => did)).toEqual([alice.did])
    await bob.close()
    expect(verify(await alice.exportProof(invocation), alice).witnessed.executor).toBeDefined()
  })
})

describe('a proof of a call by the leave of others', () => {
  it('has the list that the executor knew when it decided, and no later one', async () => {
    await using stage = await Stage.with(['alice', 'carol'])
    const [alice, carol] = [stage.of('alice'), stage.of('carol')]
    const parent = await stage.grant('carol', { depth: 1 })
    await stage.passOn('carol', 'alice', { parent })
    const revokeAnother = async () => {
      const { cid } = await carol.delegateCapability({ to: stage.did('bob'), parent, expiresInS: 600 })
      await carol.revokeCapability(cid)
    }
    await revokeAnother()
    const found = await vi.waitFor(async () => {
      const { invocation } = await stage.call('alice', 'say')
      const bundle = await alice.exportProof(invocation)
      expect(verify(bundle, alice).revocations).toMatchObject({ freshness: 'fresh' })
      return { invocation, bundle }
    }, 20_000)
    const [list, ...more] = verify(found.bundle, alice).revocations?.lists ?? []
    expect(more).toEqual([])
    expect(list).toMatchObject({ issuer: carol.did, n: 1, withheld: 0 })
    expect(read(found.bundle).authority?.heads[0]?.items).toHaveLength(1)
    // What is revoked later is no part of what was known.
    await revokeAnother()
    const [again] = verify(await alice.exportProof(found.invocation), alice).revocations?.lists ?? []
    expect(again).toEqual(list)
  })
})

describe('a proof of a call from before a key was lost', () => {
  it('is made anew with the executor, and says so where the executor is away', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice')
    const [alice, bob] = [stage.of('alice'), stage.of('bob')]
    const { invocation } = await stage.call('alice', 'say')
    expect(verify(await alice.exportProof(invocation), alice).verdict).toBe('valid')
    const before = bob.did
    await bob.close()
    // A key log counts in seconds, and what was signed in the second of the loss does not count.
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await TalosClient.rotateIdentity('bob', { ...optionsFor(stage.home), reason: 'compromised' })
    const again = await TalosClient.open('bob', optionsFor(stage.home))
    const invitation = await (await again.listen()).createInvitation()
    alice.addPeer(invitation)
    await alice.connect(again.did)
    await vi.waitFor(() => expect(alice.identities.currentOf(before)).toBe(again.did), 10_000)
    await again.close()
    expect(await codeOf(alice.exportProof(invocation))).toBe('EVIDENCE_OUTDATED')
    const back = await TalosClient.open('bob', optionsFor(stage.home))
    alice.addPeer(await (await back.listen()).createInvitation())
    await alice.establishSession(back.did)
    expect(verify(await alice.exportProof(invocation), alice).verdict).toBe('valid')
    await back.close()
  })
})

describe('the calls that can be proven', () => {
  it('are those with a receipt, newest first, as narrow as is asked', async () => {
    await using stage = await Stage.with(['alice'])
    const cap = await stage.grant('alice', { tool: { server: 'tools', tool: 'say' } })
    const [alice, bob] = [stage.of('alice'), stage.of('bob')]
    const said = await stage.call('alice', 'say')
    const refused = await stage.call('alice', 'write')
    const all = alice.provableCalls()
    expect(all.map(({ invocation }) => invocation)).toEqual([refused.invocation, said.invocation])
    expect(all.map(({ outcome, isWhole, peer }) => ({ outcome, isWhole, peer }))).toEqual([
      { outcome: 'deny', isWhole: false, peer: bob.did },
      { outcome: 'allow', isWhole: false, peer: bob.did },
    ])
    await alice.exportProof(said.invocation)
    const named = (filter: Parameters<typeof alice.provableCalls>[0]) =>
      alice.provableCalls(filter).map(({ invocation }) => invocation)
    const [one, two] = [refused.invocation, said.invocation]
    expect(alice.provableCalls({ outcome: 'allow' })).toMatchObject([{ invocation: two, isWhole: true }])
    expect(named({ peer: bob.did, limit: 1 })).toEqual([one])
    expect(named({ peer: alice.did })).toEqual([])
    expect(named({ command: '/mcp/tools/tool/say' })).toEqual([two])
    expect(named({ capability: cap })).toContain(two)
    const { decidedAtMs } = alice.provableCalls({ outcome: 'allow' })[0] ?? { decidedAtMs: 0 }
    expect(named({ untilMs: decidedAtMs })).toEqual([])
    expect(named({ sinceMs: decidedAtMs })).toEqual([one, two])
    // What others asked of this agent, they can prove.
    expect(bob.provableCalls()).toEqual([])
  })
})
