/** Proof bundles of calls with every kind of term, between real agents (spec 12-proof-bundle). */
import { verifyProofBundle } from '@talos/proof'
import { describe, expect, it } from 'vitest'
import { Stage } from './stage.ts'

describe('the proof of a call', () => {
  it('holds for calls with limits, leases, reasons, approvals and shared receipts, and for what was refused or referred', async () => {
    const tools = { say: { receipt: 'batch' }, write: { risk: 'high' } }
    await using stage = await Stage.with(['alice', 'carol'], {
      talos: { environment: { stage: 'test' }, servers: { tools: { proof: 'signature', tools } } },
    })
    const [alice, carol] = [stage.of('alice'), stage.of('carol')]
    await stage.grant('alice', {
      expiresInS: 300,
      lease: { maxRenewals: 3 },
      limits: [
        ['calls', 40],
        ['concurrency', 9],
      ],
      when: [['env', 'stage', ['test']]],
    })
    await stage.grant('alice', { tool: { server: 'tools', tool: 'fail' }, approvals: { m: 1, of: [carol.did] } })
    const verified = async (invocation: string) => {
      const bundle = await alice.exportProof(invocation)
      return verifyProofBundle(bundle, { kernel: alice.kernel })
    }
    const said = await Promise.all([1, 2, 3, 4].map(async () => await stage.call('alice', 'say')))
    for (const { invocation } of said) expect(await verified(invocation)).toMatchObject({ valid: true })
    const written = await stage.call('alice', 'write', { justification: 'the report is due' })
    expect(await verified(written.invocation)).toMatchObject({ valid: true, facts: { outcome: 'allow' } })
    const refused = await stage.call('alice', 'write')
    expect(await verified(refused.invocation)).toMatchObject({ valid: true, facts: { outcome: 'deny' } })
    const referred = await stage.call('alice', 'fail')
    expect(referred.outcome).toBe('refer')
    expect(await verified(referred.invocation)).toMatchObject({ valid: true, facts: { outcome: 'refer' } })
    const { request } = referred.referral ?? {}
    if (request === undefined) throw new Error('it was not referred')
    alice.approvals.receive(await carol.approvals.approve(request))
    const approved = await stage.call('alice', 'fail')
    expect(approved.outcome).toBe('error')
    expect(await verified(approved.invocation)).toMatchObject({ valid: true, facts: { outcome: 'error' } })
  })
})
