/** Chains without a call: what a holder has, and every way in which a chain is none. */
import { equalBytes } from '@talos/bytes'
import {
  CHAIN_MAX_BYTES,
  type ChainVerdict,
  DELEGATION_MAX_BYTES,
  delegate,
  entitledToRevoke,
  NO_REVOCATIONS,
  openDelegation,
  type VerifyChainOptions,
  verifyChain,
} from '@talos/capability'
import { isTalosError, TalosError } from '@talos/errors'
import type { SignedEnvelope } from '@talos/identity'
import { describe, expect, test } from 'vitest'
import { actor, alice, bob, COMMAND, grant, kernel, mallory, memoryRevocations, NOW_S, nonce, owner } from './actors.ts'

function verify(proofs: readonly SignedEnvelope[], changes: Partial<VerifyChainOptions> = {}): ChainVerdict {
  return verifyChain({
    proofs: proofs.map(({ bytes }) => bytes),
    audience: alice.did,
    nowS: NOW_S,
    kernel,
    revocations: NO_REVOCATIONS,
    ...changes,
  })
}

function reason(verdict: ChainVerdict): string {
  return verdict.outcome === 'valid' ? 'valid' : String(verdict.cause.causes.at(0)?.code)
}

function thrown(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return isTalosError(error) ? error.code : error
  }
  return 'nothing was thrown'
}

describe('verifyChain', () => {
  test('returns what the holder has: subject, narrowest command, latest beginning, earliest end', async () => {
    const fromOwner = await grant({ audience: bob.did, command: '/mcp', expiresS: NOW_S + 10, notBeforeS: NOW_S - 5 })
    const fromBob = await grant({ signer: bob, command: COMMAND, expiresS: null, notBeforeS: NOW_S - 7 })
    const verdict = verify([fromOwner, fromBob])
    expect(verdict).toMatchObject({
      outcome: 'valid',
      chain: {
        subject: owner.did,
        holder: alice.did,
        command: COMMAND,
        notBeforeS: NOW_S - 5,
        expiresS: NOW_S + 10,
      },
    })
  })

  test('a link may name a wider command than the one before: the narrowest counts', async () => {
    const fromOwner = await grant({ audience: bob.did })
    const fromBob = await grant({ signer: bob, command: '/mcp' })
    expect(verify([fromOwner, fromBob])).toMatchObject({ chain: { command: COMMAND } })
  })

  test('a chain without an end has none', async () => {
    expect(verify([await grant({ expiresS: null })])).toMatchObject({ chain: { expiresS: null, notBeforeS: 0 } })
  })

  test('commands that lie on no line give nothing', async () => {
    const fromOwner = await grant({ audience: bob.did })
    const fromBob = await grant({ signer: bob, command: '/mcp/git/tool/git_show' })
    expect(reason(verify([fromOwner, fromBob]))).toBe('CAPABILITY_SCOPE')
  })

  test('no delegation is no capability', () => {
    expect(reason(verify([]))).toBe('CAPABILITY_MISSING')
  })

  test('a subject that is asked for must be the one of the chain', async () => {
    const chain = [await grant()]
    expect(reason(verify(chain, { subject: owner.did }))).toBe('valid')
    expect(reason(verify(chain, { subject: mallory.did }))).toBe('CAPABILITY_SUBJECT')
  })

  test('bytes that are no delegation are refused, with or without a subject asked for', () => {
    const junk = { bytes: new Uint8Array(100), cid: undefined as never }
    expect(reason(verify([junk]))).toBe('CAPABILITY_DELEGATION_INVALID')
    expect(reason(verify([junk], { subject: owner.did }))).toBe('CAPABILITY_DELEGATION_INVALID')
  })

  test('a revoked link, a wrong holder and too many bytes are refused', async () => {
    const link = await grant()
    expect(reason(verify([link], { revocations: memoryRevocations({ cid: link.cid, by: owner.did }) }))).toBe(
      'CAPABILITY_REVOKED',
    )
    expect(reason(verify([link], { audience: bob.did }))).toBe('CAPABILITY_DELEGATION')
    const large = { ...link, bytes: new Uint8Array(CHAIN_MAX_BYTES + 1) }
    expect(reason(verify([large]))).toBe('CAPABILITY_LIMIT')
  })

  test('the limit on links is the executor’s, within 1 to 16', async () => {
    const middle = await Promise.all(
      Array.from({ length: 15 }, (_, index) => grant({ signer: index === 0 ? owner : bob, audience: bob.did })),
    )
    const sixteen = [...middle, await grant({ signer: bob })]
    expect(reason(verify(sixteen, { maxDepth: 16 }))).toBe('valid')
    expect(reason(verify(sixteen, { maxDepth: 15 }))).toBe('CAPABILITY_LIMIT')
    for (const maxDepth of [0, 17, 1.5, Number.NaN]) {
      expect(thrown(() => verify(sixteen, { maxDepth }))).toBe('CAPABILITY_OPTION_INVALID')
    }
  })

  test('a clock that is not a whole number of seconds, and a leeway beyond the limit, are refused loudly', async () => {
    const chain = [await grant()]
    for (const nowS of [Number.NaN, -1, 0.5]) {
      expect(thrown(() => verify(chain, { nowS }))).toBe('CAPABILITY_OPTION_INVALID')
    }
    for (const leewayS of [Number.NaN, -1, 301]) {
      expect(thrown(() => verify(chain, { leewayS }))).toBe('CAPABILITY_OPTION_INVALID')
    }
    expect(reason(verify(chain, { leewayS: 300 }))).toBe('valid')
  })

  test('time bounds are inclusive, and the leeway widens both', async () => {
    const chain = [await grant({ notBeforeS: NOW_S, expiresS: NOW_S + 10 })]
    const at = (nowS: number, leewayS = 0): string => reason(verify(chain, { nowS, leewayS }))
    expect([at(NOW_S - 1), at(NOW_S), at(NOW_S + 10), at(NOW_S + 11)]).toEqual([
      'CAPABILITY_NOT_YET_VALID',
      'valid',
      'valid',
      'CAPABILITY_EXPIRED',
    ])
    expect([at(NOW_S - 2, 1), at(NOW_S - 1, 1), at(NOW_S + 11, 1), at(NOW_S + 12, 1)]).toEqual([
      'CAPABILITY_NOT_YET_VALID',
      'valid',
      'valid',
      'CAPABILITY_EXPIRED',
    ])
  })

  test('what the view of revocations throws is not taken for an answer', async () => {
    const broken = {
      stateOf: (): never => {
        throw new TalosError('CAPABILITY_OPTION_INVALID', { option: 'store', reason: 'closed' })
      },
      knownAtS: () => NOW_S,
    }
    const chain = [await grant()]
    expect(thrown(() => verify(chain, { revocations: broken }))).toBe('CAPABILITY_OPTION_INVALID')
  })

  test('a defect below is not taken for a refusal', async () => {
    const defect = new RangeError('kernel')
    const broken = {
      ...kernel,
      verifyEnvelopes: (): never => {
        throw defect
      },
    }
    const chain = [await grant()]
    expect(thrown(() => verify(chain, { kernel: broken }))).toBe(defect)
  })
})

describe('delegate', () => {
  test('uses UCAN’s payload where its terms suffice, and talos/cap@1 for depth, proof level or rules', async () => {
    const tagOf = async (changes: Parameters<typeof grant>[0]): Promise<string> =>
      openDelegation((await grant(changes)).bytes, { kernel }).tag
    expect(await tagOf({})).toBe('ucan/dlg@1.0.0')
    expect(await tagOf({ depth: 0 })).toBe('talos/cap@1')
    expect(await tagOf({ need: 'channel' })).toBe('talos/cap@1')
    expect(await tagOf({ rules: [] })).toBe('talos/cap@1')
  })

  test('leaves out nothing that it was told', async () => {
    const rules = [['range', '.n', 1, 2]]
    const policy = [['==', '.m', 'x']]
    const made = await grant({ depth: 3, need: 'mac', rules, policy, notBeforeS: 5, subject: null })
    const link = openDelegation(made.bytes, { kernel })
    expect(link).toMatchObject({
      depth: 3,
      need: 'mac',
      rules,
      policy,
      notBeforeS: 5,
      subject: null,
      audience: alice.did,
    })
    expect(link.cid.equals(made.cid) && equalBytes(link.bytes, made.bytes)).toBe(true)
  })

  test('refuses to sign what no verifier would take', async () => {
    const code = async (changes: Parameters<typeof grant>[0]): Promise<unknown> => {
      try {
        await grant(changes)
      } catch (error) {
        return isTalosError(error) ? error.code : error
      }
      return 'signed'
    }
    expect(await code({ nonce: new Uint8Array(11) })).toBe('CAPABILITY_OPTION_INVALID')
    expect(await code({ command: 'git' })).toBe('CAPABILITY_COMMAND_INVALID')
    expect(await code({ policy: [['~', '.a', 1]] })).toBe('CAPABILITY_POLICY_INVALID')
    expect(await code({ rules: [['moon', '.a']] })).toBe('CAPABILITY_POLICY_INVALID')
    expect(await code({ policy: [['==', '.', {}]], rules: [] })).toBe('CAPABILITY_POLICY_INVALID')
    expect(await code({ depth: 16 })).toBe('SCHEMA_INVALID')
    expect(await code({ expiresS: 0.5 })).toBe('SCHEMA_INVALID')
    expect(await code({ policy: [['==', '.a', 0.5]] })).toBe('SCHEMA_INVALID')
    expect(await code({ policy: [['==', '.a', 'x'.repeat(70_000)]] })).toBe('INPUT_TOO_LARGE')
  })

  test('a delegation has at most 65,536 bytes, written or read', async () => {
    const sized = (characters: number): Promise<SignedEnvelope> =>
      grant({ policy: [['==', '.a', 'x'.repeat(characters)]] })
    const overhead = (await sized(60_000)).bytes.length - 60_000
    const largest = await sized(DELEGATION_MAX_BYTES - overhead)
    expect(largest.bytes).toHaveLength(DELEGATION_MAX_BYTES)
    expect(reason(verify([largest]))).toBe('valid')
    await expect(sized(DELEGATION_MAX_BYTES - overhead + 1)).rejects.toMatchObject({ code: 'INPUT_TOO_LARGE' })
    expect(thrown(() => openDelegation(new Uint8Array(DELEGATION_MAX_BYTES + 1), { kernel }))).toBe('INPUT_TOO_LARGE')
  })

  test('a chain has at most 262,144 bytes', async () => {
    const fill = { policy: [['==', '.a', 'x'.repeat(65_000)]] }
    const links = await Promise.all(
      [owner, bob, bob, bob].map((signer, index) =>
        grant({ signer, audience: index < 3 ? bob.did : alice.did, ...fill }),
      ),
    )
    expect(reason(verify(links))).toBe('valid')
    const more = [
      ...links.slice(0, 3),
      await grant({ signer: bob, audience: bob.did, ...fill }),
      await grant({ signer: bob }),
    ]
    expect(more.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(CHAIN_MAX_BYTES)
    expect(reason(verify(more))).toBe('valid')
    const room = CHAIN_MAX_BYTES - more.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const filled = (sizeBytes: number): string =>
      reason(verify([...more, { bytes: new Uint8Array(sizeBytes), cid: undefined as never }]))
    expect(filled(room)).toBe('CAPABILITY_DELEGATION_INVALID')
    expect(filled(room + 1)).toBe('CAPABILITY_LIMIT')
  })

  test('a powerline hands on whatever the link before has, and begins no chain', async () => {
    const powerline = await grant({ signer: bob, subject: null, command: '/' })
    expect(reason(verify([await grant({ audience: bob.did }), powerline]))).toBe('valid')
    expect(reason(verify([powerline]))).toBe('CAPABILITY_DELEGATION')
    expect(reason(verify([await delegate({ ...base(), signer: owner, subject: null })]))).toBe('CAPABILITY_DELEGATION')
  })

  function base(): Parameters<typeof delegate>[0] {
    return { signer: actor(9), audience: alice.did, subject: owner.did, command: '/', expiresS: null, nonce: nonce() }
  }
})

test('entitled to revoke a link are the issuers up to it and its holder', async () => {
  const links = [await grant({ audience: bob.did }), await grant({ signer: bob })].map(({ bytes }) =>
    openDelegation(bytes, { kernel }),
  )
  expect(entitledToRevoke(links, 0)).toEqual([owner.did, bob.did])
  expect(entitledToRevoke(links, 1)).toEqual([owner.did, bob.did, alice.did])
})
