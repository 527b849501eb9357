/** What a tool asks of its calls, over real agents and a real server (spec 14-mcp 14.9, 08-invocation 8.3). */

import { Cid } from '@talos/bytes'
import { type ExecutorPolicy, openReceipt, readCall } from '@talos/capability'
import { isTalosError } from '@talos/errors'
import { verifyProofBundle } from '@talos/proof'
import { describe, expect, it } from 'vitest'
import { Stage } from './stage.ts'

describe('proof of a call', () => {
  it('is the weakest that the tool and every link take, and only a signed one is shown to others', async () => {
    const tools = { say: { proof: 'channel' }, write: { proof: 'mac' }, fail: {} }
    await using stage = await Stage.with(['alice'], { talos: { servers: { tools: { tools } } } })
    await stage.grant('alice', { need: 'channel' })
    const [alice, bob] = [stage.of('alice'), stage.of('bob')]
    const { kernel } = alice
    const evidence = (name: string) => {
      const cid = Cid.parse(name)
      return (['invocation', 'call'] as const).map((kind) => [
        alice.database.evidence.get(cid, kind) !== undefined,
        bob.database.evidence.get(cid, kind) !== undefined,
      ])
    }
    for (const [tool, isSigned] of [
      ['say', false],
      ['write', false],
      ['fail', true],
    ] as const) {
      const { invocation, receipt } = await stage.call('alice', tool)
      expect(openReceipt(receipt, { kernel }).invocation.toString()).toBe(invocation)
      expect(evidence(invocation)).toEqual([
        [isSigned, isSigned],
        [!isSigned, !isSigned],
      ])
      const shown = await alice.exportProof(invocation).then(
        (bundle) => verifyProofBundle(bundle, { kernel }).valid,
        (error: unknown) => (isTalosError(error) ? error.code : error),
      )
      expect(shown).toBe(isSigned ? true : 'PROOF_UNSIGNED')
    }
  })

  it('is a signature where a link needs one, whatever the tool takes', async () => {
    await using stage = await Stage.with(['alice'], { talos: { servers: { tools: { proof: 'channel' } } } })
    await stage.grant('alice', {})
    const { invocation } = await stage.call('alice', 'say')
    expect(stage.of('alice').database.evidence.get(Cid.parse(invocation), 'invocation')).toBeDefined()
  })

  it('carries the reason for a call of high risk, which is refused without one', async () => {
    const tools = { write: { risk: 'high' } }
    await using stage = await Stage.with(['alice'], { talos: { servers: { tools: { proof: 'channel', tools } } } })
    await stage.grant('alice', { need: 'channel' })
    expect(await stage.refusal('alice', 'write')).toBe('CAPABILITY_JUSTIFICATION')
    const justification = 'the monthly report is due'
    const { outcome, invocation } = await stage.call('alice', 'write', { justification })
    expect(outcome).toBe('allow')
    const kept = stage.of('bob').database.evidence.get(Cid.parse(invocation), 'invocation')
    expect(new TextDecoder().decode(kept?.bytes)).toContain(justification)
  })

  it('outlives a restart of the executor: calls go on, and none is taken twice', async () => {
    await using stage = await Stage.with(['alice'], { talos: { servers: { tools: { proof: 'mac' } } } })
    await stage.grant('alice', { need: 'mac' })
    const { invocation } = await stage.call('alice', 'say')
    const { bytes } = stage.of('alice').database.evidence.get(Cid.parse(invocation), 'call') ?? {}
    const first = readCall(bytes ?? new Uint8Array(), stage.of('alice'))
    await stage.restartBob({ servers: { tools: { proof: 'mac' } } })
    const again = await stage.call('alice', 'say')
    const second = readCall(
      stage.of('alice').database.evidence.get(Cid.parse(again.invocation), 'call')?.bytes ?? new Uint8Array(),
      stage.of('alice'),
    )
    expect(again.outcome).toBe('allow')
    expect(first.nonce.subarray(0, 16)).not.toEqual(second.nonce.subarray(0, 16))
  })
})

describe('receipts', () => {
  it('share a signature where the tool takes that, and each verifies by itself', async () => {
    await using stage = await Stage.with(['alice'], {
      talos: { servers: { tools: { proof: 'channel', receipt: 'batch' } } },
    })
    await stage.grant('alice', { need: 'channel' })
    const calls = await Promise.all(
      Array.from(
        { length: 24 },
        async (_, index) => await stage.call('alice', 'say', { arguments: { words: `${index}` } }),
      ),
    )
    const { kernel } = stage.of('alice')
    const opened = calls.map(({ receipt }) => openReceipt(receipt, { kernel }))
    expect(opened.every(({ outcome, issuer }) => outcome === 'allow' && issuer === stage.did('bob'))).toBe(true)
    expect(new Set(opened.map(({ cid }) => cid.toString())).size).toBe(calls.length)
  })

  it('say what became of a call: allowed, refused, failed', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice', { tool: { server: 'tools', tool: 'fail' } })
    const { kernel } = stage.of('alice')
    const outcomes = await Promise.all(['fail', 'say'].map(async (tool) => await stage.call('alice', tool)))
    expect(outcomes.map(({ outcome, receipt }) => [outcome, openReceipt(receipt, { kernel }).outcome])).toEqual([
      ['error', 'error'],
      ['deny', 'deny'],
    ])
  })
})

describe("the executor's own policy", () => {
  const policy: ExecutorPolicy = {
    decide: ({ command, args }) =>
      command.endsWith('/say') && args['words'] === 'secret'
        ? { outcome: 'deny', reasons: ['no-secrets'] }
        : { outcome: 'allow' },
  }

  it('can refuse what a capability allows, and not allow what none does', async () => {
    await using stage = await Stage.with(['alice'], { talos: { policy: 'own.cedar' }, serve: { policy } })
    await stage.grant('alice', { tool: { server: 'tools', tool: 'say' } })
    expect((await stage.call('alice', 'say', { arguments: { words: 'weather' } })).outcome).toBe('allow')
    expect(await stage.refusal('alice', 'say', { arguments: { words: 'secret' } })).toBe('CAPABILITY_POLICY_DENIED')
    expect(await stage.refusal('alice', 'write')).toBe('CAPABILITY_MISSING')
  })

  it('must be there where the configuration names it', async () => {
    await using stage = await Stage.with([])
    expect(() => stage.serve({ policy: 'own.cedar' })).toThrow(expect.objectContaining({ code: 'MCP_POLICY_MISSING' }))
  })
})
