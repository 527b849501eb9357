/** Approvals of exact calls, between real agents (spec 19-approval, 15-frames 15.13). */
import { fromHex, Secret } from '@talos/bytes'
import { approve, openReceipt } from '@talos/capability'
import { ed25519Signer } from '@talos/identity'
import { describe, expect, it } from 'vitest'
import { MAX_HELD } from '../src/approvals.ts'
import { type Name, Stage } from './stage.ts'

const WORDS = { arguments: { words: 'the budget of next year' } }

/** Bob serves, Alice calls, Carol and Dave approve; `talos` is made once their DIDs are known. */
async function withApprovers(m: number): Promise<Stage> {
  const stage = await Stage.with(['alice', 'carol', 'dave'])
  const of = [stage.did('carol'), stage.did('dave')]
  await stage.grant('alice', { tool: { server: 'tools', tool: 'write' }, approvals: { m, of } })
  for (const name of ['carol', 'dave'] as const) await stage.introduce('alice', name)
  return stage
}

async function asked(stage: Stage, name: Name) {
  const { approvals } = stage.of(name)
  await expect.poll(() => approvals.pending().length).toBe(1)
  const [request] = approvals.pending()
  if (request === undefined) throw new Error('nothing was asked')
  return { approvals, request }
}

describe('approvals', () => {
  it('let a call pass once m of n have signed it, and no other call, and once only', async () => {
    await using stage = await withApprovers(2)
    const alice = stage.of('alice')
    const referred = await stage.call('alice', 'write', WORDS)
    expect(referred).toMatchObject({ outcome: 'refer', denial: { code: 'CAPABILITY_APPROVAL' } })
    expect(openReceipt(referred.receipt, alice).outcome).toBe('refer')
    expect(referred.referral?.approvals).toEqual([{ m: 2, of: [stage.did('carol'), stage.did('dave')] }])
    const { request } = referred.referral ?? {}
    if (request === undefined) throw new Error('it was not referred')
    await alice.approvals.ask(stage.did('carol'), request)
    const atCarol = await asked(stage, 'carol')
    expect(atCarol.request).toMatchObject({
      caller: alice.did,
      executor: stage.did('bob'),
      display: 'mcp:tools/tool/write',
      argumentsJson: JSON.stringify(WORDS.arguments),
      digest: request.digest,
    })
    await atCarol.approvals.approve(atCarol.request)
    expect(stage.of('carol').approvals.pending()).toEqual([])
    await expect
      .poll(() => stage.events.filter(({ at, type }) => at === 'alice' && type === 'authority.received').length)
      .toBe(1)
    const half = await stage.call('alice', 'write', WORDS)
    expect(half.referral?.approvals).toEqual([{ m: 1, of: [stage.did('dave')] }])
    // The other approver gets the request by hand, and gives the approval back so.
    const approval = await stage.of('dave').approvals.approve(request.bytes, { note: 'agreed' })
    expect(alice.approvals.receive(approval)).toBe(request.digest)
    expect((await stage.call('alice', 'write', { arguments: { words: 'something else' } })).outcome).toBe('refer')
    expect((await stage.call('alice', 'write', WORDS)).outcome).toBe('allow')
    expect(stage.notes).toEqual([`wrote ${WORDS.arguments.words}`])
    expect((await stage.call('alice', 'write', WORDS)).outcome).toBe('refer')
    expect([...stage.of('dave').log.reader.entries({ kinds: ['cap.approve'] })]).toHaveLength(1)
  })

  it('are not counted by strangers, by the caller itself, or twice by one', async () => {
    await using stage = await withApprovers(2)
    const { request } = (await stage.call('alice', 'write', WORDS)).referral ?? {}
    if (request === undefined) throw new Error('it was not referred')
    const by = async (name: Name) => await stage.of(name).approvals.approve(request)
    const approvals = [await by('alice'), await by('bob'), await by('carol'), await by('carol')]
    const outcome = await stage.call('alice', 'write', { ...WORDS, approvals })
    expect(outcome.outcome).toBe('refer')
    expect(outcome.referral?.approvals).toEqual([{ m: 1, of: [stage.did('dave')] }])
    expect(stage.notes).toEqual([''])
  })

  it('are asked for by the tool as well, and a look says whose are missing', async () => {
    await using stage = await Stage.with(['alice', 'carol'])
    const talos = { servers: { tools: { tools: { say: { approvals: { m: 1, of: [stage.did('carol')] } } } } } }
    await stage.restartBob(talos)
    await stage.grant('alice')
    expect((await stage.call('alice', 'write')).outcome).toBe('allow')
    const { outcome, referral } = await stage.call('alice', 'say')
    expect(outcome).toBe('refer')
    const approval = await stage.of('carol').approvals.approve(referral?.request ?? new Uint8Array())
    expect((await stage.call('alice', 'say', { approvals: [approval] })).outcome).toBe('allow')
  })

  it('that nobody asked for crowd out none that was', async () => {
    await using stage = await withApprovers(1)
    const alice = stage.of('alice')
    const { request } = (await stage.call('alice', 'write', WORDS)).referral ?? {}
    if (request === undefined) throw new Error('it was not referred')
    alice.approvals.receive(await stage.of('carol').approvals.approve(request))
    const { kernel } = alice
    const atS = Math.floor(Date.now() / 1000)
    const called = fromHex(request.digest)
    for (let count = 0; count <= MAX_HELD; count += 1) {
      const seed = kernel.sha256(new TextEncoder().encode(`stranger ${count}`))
      const signer = ed25519Signer({ kernel, seed: Secret.of(seed) })
      const { bytes } = await approve({
        signer,
        call: count % 2 === 0 ? seed : called,
        atS,
        expiresS: atS + 600,
        nonce: seed.subarray(0, 12),
      })
      alice.approvals.receive(bytes)
    }
    expect((await stage.call('alice', 'write', WORDS)).outcome).toBe('allow')
  })

  it('refuse what is no request, and take so many from one peer', async () => {
    await using stage = await withApprovers(1)
    const { approvals } = stage.of('carol')
    expect(() => approvals.read(new Uint8Array([0xa0]))).toThrow(
      expect.objectContaining({ code: 'APPROVAL_REQUEST_INVALID' }),
    )
    const alice = stage.of('alice')
    const ask = async (words: string) => {
      const { referral } = await stage.call('alice', 'write', { arguments: { words } })
      if (referral === undefined) throw new Error('it was not referred')
      await alice.approvals.ask(stage.did('carol'), referral.request)
    }
    for (const words of ['1', '2', '3', '4']) await ask(words)
    await expect(ask('5')).rejects.toMatchObject({ code: 'PEER_REFUSED' })
    await expect.poll(() => approvals.pending().length).toBe(4)
    approvals.decline(approvals.pending()[0]?.digest ?? '')
    expect(approvals.pending()).toHaveLength(3)
  })
})
