/** Decisions on whole calls: what the vectors cannot say, and the ways to misuse the parts. */
import { Cid, encodeCbor, equalBytes } from '@talos/bytes'
import {
  argumentsFromJson,
  authorizeOpened,
  DELEGATION_ENVELOPE,
  delegationOf,
  INVOCATION_MAX_BYTES,
  invoke,
  Meter,
  NO_REVOCATIONS,
  openInvocation,
  type RevocationView,
  sameArguments,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { openEnvelopes } from '@talos/identity'
import { describe, expect, test } from 'vitest'
import {
  alice,
  bob,
  COMMAND,
  call,
  codesOf,
  decide,
  grant,
  kernel,
  leafCode,
  mallory,
  memoryReplay,
  NOW_S,
  nonce,
  owner,
} from './actors.ts'
import { MemoryMeters } from './memory-meters.ts'

/** A kernel that writes down how many envelopes each of its calls judged. */
function counting() {
  const batches: number[] = []
  const verifyEnvelopes: typeof kernel.verifyEnvelopes = (items) => {
    batches.push(items.length)
    return kernel.verifyEnvelopes(items)
  }
  return { kernel: { ...kernel, verifyEnvelopes }, batches }
}

/** What was opened before is judged as what is opened for it. */
describe('authorizeOpened', () => {
  const decideOpened = (invocation: { bytes: Uint8Array }, proofs: readonly { bytes: Uint8Array }[]) => {
    const opened = openEnvelopes(
      proofs.map(({ bytes }) => ({ ...DELEGATION_ENVELOPE, bytes })),
      kernel,
    )
    return authorizeOpened({
      invocation: openInvocation(invocation.bytes, { kernel }),
      proofs: opened.map((each, index) => ({
        bytes: proofs[index]?.bytes ?? new Uint8Array(0),
        opened: each,
        link: each.verified && delegationOf(each.verified),
      })),
      executor: owner.did,
      nowS: NOW_S,
      kernel,
      revocations: NO_REVOCATIONS,
      replay: memoryReplay(),
    })
  }

  test('says what authorize says', async () => {
    const link = await grant()
    const other = await grant({ command: '/mcp/git/tool/other' })
    const broken = { ...link, bytes: link.bytes.slice().fill(0, 3, 60) }
    for (const [named, sent] of [
      [[link], [link]],
      [[other], [other]],
      [[link], [other]],
      [[link], [broken]],
      [[], []],
    ] as const) {
      const invocation = await call(named)
      expect(codesOf(decideOpened(invocation, sent))).toEqual(codesOf(decide(invocation, sent)))
    }
  })

  test('refuses more delegations than a chain has', async () => {
    const links = await Promise.all(Array.from({ length: 17 }, () => grant()))
    const invocation = await call(links.slice(0, 1))
    expect(leafCode(decideOpened(invocation, links))).toBe('CAPABILITY_LIMIT')
  })
})

describe('authorize', () => {
  test('returns what it verified', async () => {
    const link = await grant()
    const invocation = await call([link], { args: { a: 1 }, cause: link.cid })
    const verdict = decide(invocation, [link])
    expect(verdict).toMatchObject({
      outcome: 'allow',
      chain: [{ issuer: owner.did, audience: alice.did, command: COMMAND }],
      invocation: { issuer: alice.did, args: { a: 1 }, issuedAtS: NOW_S, expiresS: NOW_S + 30, cause: link.cid },
    })
  })

  test('a denial names the caller only where the signature was good', async () => {
    const link = await grant()
    const invocation = await call([link])
    const late = decide(invocation, [link], { nowS: NOW_S + 100 })
    expect(late).toMatchObject({ outcome: 'deny', invocation: { issuer: alice.did } })
    const broken = decide({ ...invocation, bytes: invocation.bytes.fill(0, 3, 60) }, [link])
    expect(codesOf(broken)).toEqual(['CAPABILITY_DENIED', 'CAPABILITY_SIGNATURE'])
    expect('invocation' in broken && broken.invocation).toBe(false)
  })

  test('anybody may sign about resources of their own: that gives nothing here', async () => {
    const own = await grant({ signer: mallory, subject: mallory.did })
    const invocation = await call([own], { subject: mallory.did })
    expect(leafCode(decide(invocation, [own]))).toBe('CAPABILITY_SUBJECT')
  })

  test('an executor may serve the resources of another subject', async () => {
    const link = await grant()
    const invocation = await call([link], { audience: bob.did })
    expect(leafCode(decide(invocation, [link], { executor: bob.did }))).toBe('CAPABILITY_SUBJECT')
    expect(leafCode(decide(invocation, [link], { executor: bob.did, subject: owner.did }))).toBe('allow')
  })

  test('the same chain in the hands of another caller is worth nothing', async () => {
    const link = await grant()
    const stolen = await call([link], { signer: mallory })
    expect(codesOf(decide(stolen, [link]))).toEqual(['CAPABILITY_DENIED', 'CAPABILITY_DELEGATION'])
  })

  test('an invocation is used once, and a refused one is not spent', async () => {
    const link = await grant()
    const invocation = await call([link])
    const replay = memoryReplay()
    expect(leafCode(decide(invocation, [], { replay }))).toBe('CAPABILITY_PROOF_MISSING')
    expect(leafCode(decide(invocation, [link], { replay, nowS: NOW_S + 31 }))).toBe('CAPABILITY_EXPIRED')
    expect(leafCode(decide(invocation, [link], { replay, hasCommand: () => false }))).toBe('CAPABILITY_UNKNOWN_TOOL')
    expect(replay.used.size).toBe(0)
    expect(leafCode(decide(invocation, [link], { replay, hasCommand: () => true }))).toBe('allow')
    expect(leafCode(decide(invocation, [link], { replay }))).toBe('CAPABILITY_REPLAY')
  })

  test('the record keeps an invocation until its end and the leeway have passed', async () => {
    const link = await grant()
    const invocation = await call([link])
    const replay = memoryReplay()
    decide(invocation, [link], { replay, leewayS: 7 })
    expect(replay.used.get(invocation.cid.toString())).toBe(NOW_S + 30 + 7)
  })

  test('an invocation without an end is recorded for good, where the executor takes such', async () => {
    const link = await grant()
    const bytes = await endless(link.cid)
    const replay = memoryReplay()
    expect(leafCode(decide(bytes, [link], { replay }))).toBe('CAPABILITY_LIFETIME')
    expect(leafCode(decide(bytes, [link], { replay, maxLifetimeS: null }))).toBe('allow')
    expect([...replay.used.values()]).toEqual([Number.MAX_SAFE_INTEGER])
  })

  test('an invocation is forgotten again where its charge fails and the record can forget', async () => {
    const link = await grant({ limits: [['calls', 1]] })
    const invocation = await call([link])
    const store = new MemoryMeters()
    const meter = new Meter({ store })
    for (const canForget of [false, true]) {
      const used = new Set<string>()
      const replay = {
        remember: (cid: Cid) => {
          used.add(cid.toString())
          return 'new' as const
        },
        ...(canForget && { forget: (cid: Cid) => void used.delete(cid.toString()) }),
      }
      store.failure = 'not stored'
      expect(() => decide(invocation, [link], { replay, meter })).toThrow(/failed/)
      expect(used.size).toBe(canForget ? 0 : 1)
    }
    expect(leafCode(decide(invocation, [link], { meter }))).toBe('allow')
    expect(leafCode(decide(await call([link]), [link], { meter }))).toBe('CAPABILITY_CALLS')
    expect(leafCode(decide(await call([link]), [link]))).toBe('CAPABILITY_UNMETERED')
  })

  test('a full record refuses', async () => {
    const link = await grant()
    expect(leafCode(decide(await call([link]), [link], { replay: memoryReplay(0) }))).toBe('CAPABILITY_REPLAY_FULL')
  })

  test('the accepted lifetime is the executor’s to set', async () => {
    const link = await grant()
    const invocation = await call([link], { expiresS: NOW_S + 60 })
    expect(leafCode(decide(invocation, [link]))).toBe('allow')
    expect(leafCode(decide(invocation, [link], { maxLifetimeS: 59 }))).toBe('CAPABILITY_LIFETIME')
    expect(leafCode(decide(await call([link], { expiresS: NOW_S + 61 }), [link], { leewayS: 1 }))).toBe('allow')
    for (const maxLifetimeS of [0, 1.5, Number.NaN]) {
      expect(() => decide(invocation, [link], { maxLifetimeS })).toThrow(/maxLifetimeS/)
    }
  })

  test('an oversize invocation is refused before it is decoded', async () => {
    const large = { bytes: new Uint8Array(INVOCATION_MAX_BYTES + 1), cid: (await grant()).cid }
    expect(codesOf(decide(large, []))).toEqual(['CAPABILITY_DENIED', 'CAPABILITY_LIMIT'])
    const fits = { ...large, bytes: new Uint8Array(INVOCATION_MAX_BYTES) }
    expect(codesOf(decide(fits, []))).toEqual(['CAPABILITY_DENIED', 'CAPABILITY_INVOCATION_INVALID', 'CBOR_INVALID'])
  })

  test('too many delegations are refused before any is verified', async () => {
    const links = await Promise.all(Array.from({ length: 9 }, () => grant()))
    const counted = counting()
    expect(leafCode(decide(await call(links), links, { kernel: counted.kernel }))).toBe('CAPABILITY_LIMIT')
    expect(counted.batches).toEqual([])
  })

  test('invocation and delegations are verified in one call of the kernel', async () => {
    const chain = [await grant({ audience: bob.did }), await grant({ signer: bob })]
    const counted = counting()
    expect(leafCode(decide(await call(chain), chain, { kernel: counted.kernel }))).toBe('allow')
    expect(counted.batches).toEqual([3])
  })

  test('a delegation that is not named may be anything', async () => {
    const link = await grant()
    const noise = [new Uint8Array(0), link.bytes.with(10, 0), link.bytes.slice(1)].map((bytes) => ({ ...link, bytes }))
    expect(leafCode(decide(await call([link]), [...noise, link]))).toBe('allow')
  })

  test('what is wrong with an invocation is told before what is wrong with a delegation', async () => {
    const link = await grant()
    const damaged = { ...link, bytes: link.bytes.with(-1, 0x80) }
    const invocation = await call([link])
    const forged = { ...invocation, bytes: invocation.bytes.with(10, (invocation.bytes[10] ?? 0) ^ 1) }
    expect(leafCode(decide(forged, [damaged]))).toBe('CAPABILITY_SIGNATURE')
  })

  test('a large argument fits: a source file of half a mebibyte', async () => {
    const link = await grant()
    const invocation = await call([link], { args: { text: 'x'.repeat(524_288) } })
    expect(leafCode(decide(invocation, [link]))).toBe('allow')
  })

  test('the view of revocations is asked about every link, with those entitled', async () => {
    const chain = [await grant({ audience: bob.did }), await grant({ signer: bob })]
    const asked: (readonly [string, readonly Did[]])[] = []
    const revocations: RevocationView = {
      stateOf({ names, entitled }) {
        asked.push([String(names), entitled])
        return { revoked: false }
      },
      knownAtS: () => NOW_S,
    }
    expect(leafCode(decide(await call(chain), chain, { revocations }))).toBe('allow')
    expect(asked).toEqual([
      [String(chain.at(0)?.cid), [owner.did, bob.did]],
      [String(chain.at(1)?.cid), [owner.did, bob.did, alice.did]],
    ])
  })

  test('every link refuses on its own, and all reasons are told', async () => {
    const chain = [
      await grant({ audience: bob.did, depth: 1, rules: [['enum', '.a', [1]]] }),
      await grant({
        signer: bob,
        depth: 0,
        rules: [
          ['range', '.a', 5, 9],
          ['known', '.b?'],
        ],
      }),
    ]
    const both = decide(await call(chain, { args: { a: 2, b: 1 } }), chain)
    expect(both).toMatchObject({
      cause: {
        causes: [
          {
            code: 'CAPABILITY_ARGUMENTS',
            path: 'proofs',
            causes: [
              {
                path: 'proofs[0]',
                causes: [{ code: 'CAPABILITY_ARGUMENT_UNKNOWN' }, { code: 'CAPABILITY_ARGUMENT', path: 'rules[0]' }],
              },
              { path: 'proofs[1]', causes: [{ code: 'CAPABILITY_ARGUMENT', path: 'rules[0]' }] },
            ],
          },
        ],
      },
    })
    const one = decide(await call(chain, { args: { a: 1 } }), chain)
    expect(one).toMatchObject({ cause: { causes: [{ code: 'CAPABILITY_ARGUMENTS', path: 'proofs[1]' }] } })
  })

  test('symbolic links are followed where the executor can', async () => {
    const link = await grant({ rules: [['subpath', '.path', ['/srv']]] })
    const resolve = async (path: string, real: Readonly<Record<string, string>>): Promise<string> =>
      leafCode(decide(await call([link], { args: { path } }), [link], { resolvePath: (asked) => real[asked] }))
    expect(await resolve('/srv/a', { '/srv': '/mnt/srv', '/srv/a': '/mnt/srv/a' })).toBe('allow')
    expect(await resolve('/srv/a', { '/srv': '/srv', '/srv/a': '/etc/passwd' })).toBe('CAPABILITY_ARGUMENT')
    expect(await resolve('/srv/a', { '/srv': '/srv' })).toBe('CAPABILITY_ARGUMENT')
    expect(await resolve('/srv/a', { '/srv/a': '/srv/a' })).toBe('CAPABILITY_ARGUMENT')
    expect(await resolve('/srv/a', { '/srv': '/srv', '/srv/a': 'srv/a' })).toBe('CAPABILITY_ARGUMENT')
    const failing = decide(await call([link], { args: { path: '/srv/a' } }), [link], {
      resolvePath: () => {
        throw new Error('ENOENT')
      },
    })
    expect(leafCode(failing)).toBe('CAPABILITY_ARGUMENT')
  })

  test('the call as received is compared with the one that was signed, number by number', async () => {
    const link = await grant()
    const args = argumentsFromJson('{"a":[1,2.50],"b":"x"}')
    const compare = async (json: string): Promise<string> =>
      leafCode(
        decide(await call([link], { args }), [link], { call: { command: COMMAND, args: argumentsFromJson(json) } }),
      )
    expect(await compare('{ "b": "\\u0078", "a": [1, 2.50] }')).toBe('allow')
    expect(await compare('{"a":[1,2.5],"b":"x"}')).toBe('CAPABILITY_CALL_MISMATCH')
    expect(await compare('{"a":[1.0,2.50],"b":"x"}')).toBe('CAPABILITY_CALL_MISMATCH')
    expect(await compare('{"a":[1,2.50]}')).toBe('CAPABILITY_CALL_MISMATCH')
  })

  test('arguments are the same exactly when their encodings are', () => {
    const cid = Cid.fromSha256(kernel.sha256(Uint8Array.of(1)))
    const other = Cid.fromSha256(kernel.sha256(Uint8Array.of(2)))
    const bytes = Uint8Array.of(1, 2)
    const values = [
      null,
      true,
      0,
      1,
      '',
      'a',
      bytes,
      Uint8Array.of(1, 3),
      cid,
      other,
      [],
      [1],
      [1, 2],
      {},
      { a: 1 },
      { b: 1 },
    ]
    const nested = [...values, [[1], { a: [null] }], { a: { b: cid, c: bytes } }, { a: { c: bytes } }]
    for (const left of nested) {
      for (const right of nested) {
        const isSame = equalBytes(encodeCbor({ v: left }), encodeCbor({ v: right }))
        expect(sameArguments({ v: left }, { v: right })).toBe(isSame)
      }
    }
    expect(sameArguments({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true)
    expect(sameArguments({ a: 1 }, { b: 1 })).toBe(false)
    expect(sameArguments(argumentsFromJson('{"__proto__":1}'), {})).toBe(false)
  })

  test('a member called __proto__ is an argument as any other', async () => {
    const link = await grant({ rules: [['known', '.a?']] })
    const args = argumentsFromJson('{"__proto__":{"a":1}}')
    expect(leafCode(decide(await call([link], { args }), [link]))).toBe('CAPABILITY_ARGUMENT_UNKNOWN')
    const named = await grant({ rules: [['range', '.["__proto__"]', 1, 2]] })
    const inherited = { args: argumentsFromJson('{"__proto__":1}') }
    expect(leafCode(decide(await call([named], inherited), [named]))).toBe('allow')
    expect(leafCode(decide(await call([named]), [named]))).toBe('CAPABILITY_ARGUMENT_ABSENT')
  })
})

describe('invoke', () => {
  test('refuses what no executor would take', async () => {
    const code = async (changes: Parameters<typeof call>[1]): Promise<unknown> => {
      try {
        await call([], changes)
      } catch (error) {
        return isTalosError(error) ? error.code : error
      }
      return 'signed'
    }
    expect(await code({ nonce: new Uint8Array(11) })).toBe('CAPABILITY_OPTION_INVALID')
    expect(await code({ command: '/Git' })).toBe('CAPABILITY_COMMAND_INVALID')
    expect(await code({ args: { a: 0.5 } })).toBe('SCHEMA_INVALID')
    expect(await code({ issuedAtS: -1 })).toBe('SCHEMA_INVALID')
    expect(await code({ args: { a: 'x'.repeat(INVOCATION_MAX_BYTES) } })).toBe('INPUT_TOO_LARGE')
  })

  test('names the executor even where it is the subject', async () => {
    const made = await invoke({
      signer: owner,
      audience: owner.did,
      subject: owner.did,
      command: '/',
      args: {},
      proofs: [],
      nonce: nonce(),
      issuedAtS: NOW_S,
    })
    const opened = openInvocation(made.bytes, { kernel })
    expect(opened.audience).toBe(owner.did)
    expect(opened.cause).toBeUndefined()
  })
})

/** An invocation with `exp: null`, which `invoke` does not write. */
async function endless(proof: Cid): Promise<{ readonly bytes: Uint8Array; readonly cid: Cid }> {
  const header = Uint8Array.of(0x34, 0x01, 0xed, 0x01, 0xed, 0x01, 0x13, 0x71)
  const payload = {
    iss: alice.did,
    aud: owner.did,
    sub: owner.did,
    cmd: COMMAND,
    args: {},
    prf: [proof],
    nonce: nonce(),
    exp: null,
  }
  const signed = { h: header, 'ucan/inv@1.0.0': payload }
  const signature = await alice.sign(encodeCbor(signed))
  const bytes = encodeCbor([signature, signed])
  return { bytes, cid: Cid.fromSha256(kernel.sha256(bytes)) }
}
