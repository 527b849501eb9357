/** Chain handles: the fast path of a session. */
import type { DelegateOptions, VerifiedLink } from '@talos/capability'
import { describe, expect, test } from 'vitest'
import { alice, bob, COMMAND, codesOf, grant, leafCode, NOW_S, owner } from './actors.ts'
import { Executor, twoLinks } from './executor.ts'

const BY_CHANNEL = { need: 'channel', rules: [['known', '.path?']] } as const satisfies Partial<DelegateOptions>

describe('a chain handle', () => {
  test('gives the links, and says what the call costs and how fresh revocations are', async () => {
    const executor = new Executor()
    executor.revocations.knownS.set(bob.did, NOW_S)
    const chain = await twoLinks({ limits: [['concurrency', 1]] })
    const handle = executor.authorizer.chain(
      chain.map(({ bytes }) => bytes),
      alice.did,
    )
    const about = { command: COMMAND, args: {}, nowMs: executor.nowMs, bytes: 7 }
    const verdict = executor.authorizer.authorizeChannel(handle, about)
    expect(verdict).toMatchObject({ outcome: 'allow', revocation: 'fresh', requirements: executor.tool })
    if (verdict.outcome !== 'allow' || verdict.ticket === undefined) throw new Error('no ticket')
    expect(verdict.chain.map(({ cid }: VerifiedLink) => cid.toString())).toEqual(chain.map(({ cid }) => cid.toString()))
    expect(leafCode(executor.authorizer.authorizeChannel(handle, about))).toBe('CAPABILITY_CONCURRENCY')
    expect(executor.meter.settle(verdict.ticket, { bytes: 1, nowMs: executor.nowMs })).toBeUndefined()
    expect(leafCode(executor.authorizer.authorizeChannel(handle, about))).toBe('allow')
  })

  test('that cannot be read denies each call with the reason', async () => {
    const executor = new Executor()
    const about = { command: COMMAND, args: {}, nowMs: executor.nowMs, bytes: 0 }
    const code = (proofs: readonly Uint8Array[], holder = alice.did) =>
      codesOf(executor.authorizer.authorizeChannel(executor.authorizer.chain(proofs, holder), about)).slice(1)
    const { bytes } = await grant(BY_CHANNEL)
    expect(code([])).toEqual(['CAPABILITY_MISSING'])
    expect(code([], owner.did)).toEqual(['allow'].slice(1))
    expect(code(Array.from({ length: 9 }, () => bytes))).toEqual(['CAPABILITY_LIMIT'])
    expect(code([new Uint8Array(2)])).toEqual(['CAPABILITY_DELEGATION_INVALID', 'CBOR_INVALID'])
    expect(code([bytes.with(10, Number(bytes[10]) ^ 1)])).toEqual(['CAPABILITY_SIGNATURE'])
    expect(code([bytes], bob.did)).toEqual(['CAPABILITY_DELEGATION'])
    expect(code([bytes])).toEqual([])
  })

  test('serves all commands that it covers, and takes none that is malformed', async () => {
    const executor = new Executor()
    const { bytes } = await grant({ ...BY_CHANNEL, command: '/mcp/git' })
    const handle = executor.authorizer.chain([bytes], alice.did)
    const ask = (command: string) =>
      leafCode(executor.authorizer.authorizeChannel(handle, { command, args: {}, nowMs: NOW_S * 1000, bytes: 0 }))
    for (let index = 0; index <= 4_096; index += 1) expect(ask(`/mcp/git/tool/t${index}`)).toBe('allow')
    expect(ask('/mcp/git')).toBe('allow')
    expect(ask('/mcp/gitlab')).toBe('CAPABILITY_SCOPE')
    expect(() => ask('/mcp/git/')).toThrow(/empty segment/)
    expect(() => ask('mcp')).toThrow(/slash/)
  })

  test('takes no time that is none', async () => {
    const executor = new Executor()
    const handle = executor.authorizer.chain([], owner.did)
    for (const nowMs of [-1, 0.5, Number.NaN]) {
      const about = { command: '/', args: {}, nowMs, bytes: 0 }
      expect(() => executor.authorizer.authorizeChannel(handle, about)).toThrow(/nowMs/)
    }
  })
})
