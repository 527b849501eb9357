/** Further terms of a `talos/cap@1`: how they are signed, read, described and renewed. */
import { Cid, type IpldValue } from '@talos/bytes'
import {
  accountsOf,
  type DelegateOptions,
  delegate,
  describeDelegation,
  LEASE_KEEP_S,
  MAX_LEEWAY_S,
  openDelegation,
  type RenewOptions,
  renew,
  requireRenewal,
  type VerifiedLink,
} from '@talos/capability'
import { isTalosError } from '@talos/errors'
import { describe, expect, it } from 'vitest'
import { alice, bob, grant, kernel, NOW_S, nonce, owner } from './actors.ts'

const LEASE = { termS: 900, max: 2, n: 0, of: undefined }
const TERMS: Partial<DelegateOptions> = {
  notBeforeS: NOW_S,
  expiresS: NOW_S + 900,
  depth: 1,
  rules: [['known', '.path']],
  limits: [
    ['calls', 100],
    ['budget', 'usd-cent', 500, '.amount'],
  ],
  when: [
    ['time', [[[1, 2, 3, 4, 5], 540, 1_020]], -330],
    ['env', 'stage', ['test']],
  ],
  approvals: { m: 1, of: [alice.did, bob.did] },
}

async function opened(changes: Partial<DelegateOptions> = {}): Promise<VerifiedLink> {
  return openDelegation((await grant(changes)).bytes, { kernel })
}

async function renewed(link: VerifiedLink, changes: Partial<RenewOptions> = {}): Promise<VerifiedLink> {
  const options = { signer: owner, link, notBeforeS: NOW_S + 900, nonce: nonce(), ...changes }
  return openDelegation((await renew(options)).bytes, { kernel })
}

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    return isTalosError(error) ? error.code : String(error)
  }
  return 'nothing'
}

describe('the terms of a talos/cap@1', () => {
  it('are signed, read and described', async () => {
    const link = await opened({ ...TERMS, lease: LEASE })
    expect(link.tag).toBe('talos/cap@1')
    expect(link.limits.map(({ key }) => key)).toEqual(['calls', 'budget usd-cent'])
    expect(link.when.map(({ kind }) => kind)).toEqual(['time', 'env'])
    expect(link.lease).toEqual(LEASE)
    expect(link.approvals).toEqual({ m: 1, of: [alice.did, bob.did] })
    expect([link.name, link.account, link.revocable]).toEqual([
      link.cid.toString(),
      `${owner.did} ${link.cid.toString()}`,
      [link.cid.toString()],
    ])
    const { summary, terms } = describeDelegation(link)
    expect(summary).toEqual([
      'path may be anything',
      'at most 100 calls in all',
      'at most 500 usd-cent in all, by amount',
      'Mon-Fri 09:00 to 17:00, UTC-05:30',
      'where stage is test',
      'a lease of 900 seconds, renewed 0 of 2 times',
      'with the approval of 1 out of 2',
      'no arguments but path, amount',
    ])
    expect(terms).toEqual({
      limits: TERMS.limits,
      when: TERMS.when,
      approvals: TERMS.approvals,
      lease: { term: 900, max: 2, n: 0 },
    })
  })

  it('name days in ranges, list seven windows, and count the others', async () => {
    const requirementOf = async (windows: IpldValue) =>
      (await opened({ when: [['time', windows, 60]] })).when.map(({ requirement }) => requirement)
    expect(await requirementOf([[[7], 1_320, 360]])).toEqual(['Sun 22:00 to 06:00, UTC+01:00'])
    expect(await requirementOf([[[1, 2, 3, 4, 5, 6, 7], 0, 1_440]])).toEqual(['daily 00:00 to 24:00, UTC+01:00'])
    expect(await requirementOf([[[1, 3, 4, 5, 7], 0, 1]])).toEqual(['Mon, Wed-Fri, Sun 00:00 to 00:01, UTC+01:00'])
    const days = [1, 2, 3, 4, 5, 6, 7]
    const single = (count: number) => days.slice(0, count).map((day) => [[day], 0, 1])
    expect(await requirementOf(single(7))).toEqual([
      expect.stringMatching(/^Mon 00:00 to 00:01, .*, Sun 00:00 to 00:01, UTC/),
    ])
    expect(await requirementOf([...single(7), [[1], 5, 6]])).toEqual([
      expect.stringMatching(/, Sun 00:00 to 00:01 and 1 more, UTC\+01:00$/),
    ])
  })

  it('make a talos/cap@1 each on its own, and are absent where they were not given', async () => {
    for (const terms of [
      { limits: [['calls', 1]] },
      { when: [['env', 'stage', ['test']]] },
      { approvals: { m: 1, of: [bob.did] } },
      { lease: LEASE, notBeforeS: NOW_S, expiresS: NOW_S + 900 },
    ]) {
      const link = await opened(terms)
      expect([link.tag, link.depth, link.need]).toEqual(['talos/cap@1', 0, 'signature'])
      expect(Object.keys(link.terms)).toEqual(Object.keys(terms).slice(0, 1))
    }
    const plain = await opened()
    expect([plain.tag, plain.limits, plain.when, plain.lease, plain.approvals]).toEqual([
      'ucan/dlg@1.0.0',
      [],
      [],
      undefined,
      undefined,
    ])
    expect([plain.account, plain.revocable, plain.terms]).toEqual([`${owner.did} ${plain.name}`, [plain.name], {}])
  })

  it('are refused where no number of approvers could satisfy them', async () => {
    for (const approvals of [
      { m: 2, of: [bob.did] },
      { m: 1, of: [bob.did, bob.did] },
    ]) {
      expect(await codeOf(() => grant({ approvals }))).toBe('CAPABILITY_POLICY_INVALID')
    }
    for (const approvals of [
      { m: 0, of: [bob.did] },
      { m: 1, of: [] },
    ]) {
      expect(await codeOf(() => grant({ approvals }))).toBe('SCHEMA_INVALID')
    }
    expect(await codeOf(() => grant({ limits: [] }))).toBe('SCHEMA_INVALID')
    expect(await codeOf(() => grant({ when: [] }))).toBe('SCHEMA_INVALID')
  })

  it('name the accounts that a chain is charged to, and until when', async () => {
    const free = await opened()
    const limited = await opened({ limits: [['bytes', 5]], expiresS: NOW_S })
    const endless = await opened({ limits: [['calls', 5]], expiresS: null })
    const leased = await opened({ ...TERMS, lease: { ...LEASE, n: 1, of: free.cid } })
    const accounts = accountsOf([free, limited, endless, leased])
    expect(accounts.map(({ link, tree, settles }) => [link, tree, settles])).toEqual([
      [1, free.account, true],
      [2, free.account, false],
      [3, free.account, false],
    ])
    const leaseEndS = NOW_S + 900 + 900 + LEASE_KEEP_S + MAX_LEEWAY_S
    expect(accounts.map(({ untilS }) => untilS)).toEqual([NOW_S + MAX_LEEWAY_S, null, leaseEndS])
    expect(accounts.at(2)?.account).toBe(`${owner.did} ${free.name}`)
    expect(accountsOf([])).toEqual([])
  })
})

describe('a lease', () => {
  it('is renewed with the same terms under the name of its first, as often as it allows', async () => {
    const first = await opened({ ...TERMS, lease: LEASE, policy: [['==', '.path', '/srv']], need: 'mac' })
    const second = await renewed(first)
    const third = await renewed(second, { notBeforeS: NOW_S + 1_800, expiresS: NOW_S + 1_900 })
    expect([second.lease, third.lease]).toEqual([
      { ...LEASE, n: 1, of: first.cid },
      { ...LEASE, n: 2, of: first.cid },
    ])
    expect([second.notBeforeS, second.expiresS, third.expiresS]).toEqual([NOW_S + 900, NOW_S + 1_800, NOW_S + 1_900])
    for (const link of [second, third]) {
      expect(link.account).toBe(first.account)
      expect(link.revocable).toEqual([link.name, first.name])
      const { audience, command, policy, rules, need, depth, approvals } = first
      expect(link).toMatchObject({ audience, command, policy, rules, need, depth, approvals })
      expect(link.limits.map(({ key, most }) => [key, most])).toEqual(first.limits.map(({ key, most }) => [key, most]))
    }
    requireRenewal({ of: first, by: third })
    requireRenewal({ of: second, by: third })
    expect(await codeOf(() => renewed(third))).toBe('CAPABILITY_LEASE')
  })

  it('with the fewest terms is renewed as well', async () => {
    const first = await opened({ notBeforeS: NOW_S, expiresS: NOW_S + 900, lease: LEASE })
    const second = await renewed(first)
    requireRenewal({ of: first, by: second })
    expect(Object.keys(second.terms)).toEqual(['lease'])
  })

  it('is renewed by its issuer only, within its term, and only where it is one', async () => {
    const first = await opened({ ...TERMS, lease: LEASE })
    expect(await codeOf(() => renewed(first, { signer: alice }))).toBe('CAPABILITY_LEASE')
    expect(await codeOf(() => renewed(first, { expiresS: NOW_S + 1_801 }))).toBe('CAPABILITY_LEASE')
    expect(await codeOf(async () => renewed(await opened(TERMS)))).toBe('CAPABILITY_LEASE')
    expect(await codeOf(() => renewed(first, { nonce: new Uint8Array(3) }))).toBe('CAPABILITY_OPTION_INVALID')
  })

  it('is not renewed by a delegation of another lease, an earlier one, or one with other terms', async () => {
    const first = await opened({ ...TERMS, lease: LEASE })
    const again = {
      ...TERMS,
      notBeforeS: NOW_S + 900,
      expiresS: NOW_S + 1_800,
      lease: { ...LEASE, n: 1, of: first.cid },
    }
    const second = await opened(again)
    requireRenewal({ of: first, by: second })
    const refused = async (by: VerifiedLink, of = first) =>
      expect(await codeOf(() => requireRenewal({ of, by }))).toBe('CAPABILITY_LEASE')
    await refused(first, second)
    await refused(second, second)
    await refused(await opened())
    await refused(second, await opened())
    await refused(await opened({ ...again, lease: { ...LEASE, n: 1, of: second.cid } }))
    for (const changes of [
      { audience: bob.did },
      { subject: null },
      { command: '/mcp/git' },
      { policy: [['==', '.path', '/srv']] },
      { depth: 0 },
      { need: 'mac' as const },
      { rules: [] },
      { limits: [['calls', 101]] },
      { when: [['env', 'stage', ['test']]] },
      { approvals: { m: 2, of: [alice.did, bob.did] } },
      { lease: { ...LEASE, termS: 901, n: 1, of: first.cid } },
      { lease: { ...LEASE, max: 3, n: 1, of: first.cid } },
    ]) {
      await refused(await opened({ ...again, ...changes }))
    }
    const stranger = await delegate({
      ...again,
      signer: bob,
      audience: alice.did,
      subject: owner.did,
      command: first.command,
      expiresS: NOW_S + 1_800,
      nonce: nonce(),
    })
    await refused(openDelegation(stranger.bytes, { kernel }))
  })

  it('cannot be counted under a name that another issuer gave it', async () => {
    const first = await opened({ ...TERMS, lease: LEASE })
    const { account } = await opened({ ...TERMS, lease: { ...LEASE, n: 1, of: Cid.parse(first.name) } })
    expect(account).toBe(first.account)
    const bytes = (await grant({ ...TERMS, signer: bob, lease: { ...LEASE, n: 1, of: first.cid } })).bytes
    expect(openDelegation(bytes, { kernel }).account).toBe(`${bob.did} ${first.name}`)
  })
})
