/** `talos capabilities` in files and folders: what each option gives, chains of three agents, and values that are none. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDenial } from '@talos/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorOf, Home, PASSPHRASE } from './talos.ts'

const homes = { box: new Home(), agent: new Home(), sub: new Home() }
const dids = { box: '', agent: '', sub: '' }
const { box, agent, sub } = homes

interface Granted {
  readonly cid: string
  readonly summary: readonly string[]
}

beforeAll(async () => {
  for (const name of ['box', 'agent', 'sub'] as const) dids[name] = await homes[name].init(name)
})

afterAll(() => {
  for (const home of Object.values(homes)) home[Symbol.dispose]()
})

/** Gives the agent something and returns what was printed. */
async function grant(...words: readonly string[]): Promise<Granted> {
  return await box.json(['capabilities', 'grant', '--to', dids.agent, '--server', 'pay', '--for', '15m', ...words])
}

async function explain(home: Home, ...words: readonly string[]) {
  const ran = await home.run(['capabilities', 'explain', '--server', 'pay', '--json', ...words], { passphrase: null })
  return {
    code: ran.code,
    explained: JSON.parse(ran.stdout) as { outcome: string; denial?: unknown; assumed: string[] },
  }
}

describe('a grant with everything', () => {
  const file = join(agent.path, 'all.taloscap')
  let granted: Granted
  const summary = [
    'amount must be an integer from 1 to 100',
    'note may be anything',
    'at most 5 calls in all',
    'at most 10 calls in 60 seconds, 20 of them at once',
    'at most 2 calls at the same time',
    'at most 10000000 bytes of calls and results in all',
    'at most 500 usd-cent in all, by amount',
    'Mon, Fri-Sun 22:00 to 06:00, UTC+01:00',
    'where stage is test or staging',
    'a lease of 900 seconds, renewed 0 of 3 times',
  ]

  it('says each term in words and keeps it in the signed file', async () => {
    const words = [
      ['--tool', 'send', '--rule', '["range",".amount",1,100]', '--rule', '["known",".note"]', '--calls', '5'],
      ['--rate', '10/1m:20', '--concurrency', '2', '--bytes', '10MB', '--budget', 'usd-cent=500:.amount'],
      ['--hours', 'fri-mon 22:00-06:00 +01:00', '--env', 'stage=test,staging', '--renewals', '3', '--depth', '2'],
      ['--approvals', '1', '--approver', dids.sub, '--proof', 'mac', '--label', 'all of it', '--out', file],
    ]
    granted = await grant(...words.flat())
    expect(granted.summary).toEqual([...summary, 'with the approval of 1 out of 1', 'no arguments but amount, note'])
    expect(await agent.json(['capabilities', 'verify', file], { passphrase: null })).toMatchObject({
      cid: granted.cid,
      need: 'mac',
      depth: 2,
      terms: {
        limits: [
          ['calls', 5],
          ['rate', 10, 60, 20],
          ['concurrency', 2],
          ['bytes', 10_000_000],
          ['budget', 'usd-cent', 500, '.amount'],
        ],
        when: [
          ['time', [[[1, 5, 6, 7], 1320, 360]], 60],
          ['env', 'stage', ['test', 'staging']],
        ],
        lease: { term: 900, max: 3, n: 0 },
        approvals: { m: 1, of: [dids.sub] },
      },
    })
  })

  it('is shown whole by its CID and from its file, with what is left where it is counted', async () => {
    const shown = await box.json<{ chain: { limits: { key: string; left: number; limit: number }[] }[] }>(
      ['capabilities', 'show', granted.cid],
      { passphrase: null },
    )
    expect(shown).toMatchObject({ direction: 'issued', standing: 'valid', label: 'all of it', cid: granted.cid })
    expect(shown.chain[0]?.limits.map(({ key, left, limit }) => [key, left, limit])).toEqual([
      ['calls', 5, 5],
      ['rate 60', 20, 20],
      ['concurrency', 2, 2],
      ['bytes', 10_000_000, 10_000_000],
      ['budget usd-cent', 500, 500],
    ])
    const text = await box.run(['capabilities', 'show', granted.cid], { passphrase: null })
    expect(text.stdout).toMatch(/^VALID {2}mcp:pay\/tool\/send\ncapability {2}bafyrei/)
    expect(text.stdout).toContain(`0. ${dids.box} gives ${dids.agent}\n`)
    expect(text.stdout).toContain('   proof of a call: mac; further links: 2\n')
    expect(text.stdout).toContain('   at most 5 calls in all (5 left)\n')
    expect(text.stdout).toContain('   at most 2 calls at the same time (2 of 2 left now)\n')
    expect(await agent.json(['capabilities', 'show', file], { passphrase: null })).toMatchObject({ cid: granted.cid })
    const listed = await box.run(['capabilities', 'list', '--issued', '--valid'], { passphrase: null })
    for (const line of summary) expect(listed.stdout).toContain(`  ${line}`)
  })

  it('is explained by its first obstacle, and by what another executor alone knows', async () => {
    const call = ['--tool', 'send', '--args', '{"amount":7,"note":"rent"}']
    const here = await explain(box, '--from', dids.agent, ...call)
    expect([here.code, here.explained.outcome]).toEqual([1, 'deny'])
    expect(JSON.stringify(parseDenial(here.explained.denial))).toMatch(/CAPABILITY_(TIME_WINDOW|ENVIRONMENT)/)
    await agent.json(['capabilities', 'import', file])
    const there = await explain(agent, '--at', dids.box, ...call)
    expect(['CAPABILITY_TIME_WINDOW', 'CAPABILITY_APPROVAL'].some((code) => JSON.stringify(there).includes(code))).toBe(
      true,
    )
    expect(there.explained.assumed).toContain('where stage is test or staging')
    expect(there.explained.assumed).not.toContain('Mon, Fri-Sun 22:00 to 06:00, UTC+01:00')
  })
})

describe('explain', () => {
  it('ends with 0 for what is allowed, with 1 and a tree of causes for what is not', async () => {
    await grant('--tool', 'quote', '--rule', '["enum",".unit",["eur","usd"]]')
    const allowed = await explain(box, '--from', dids.agent, '--tool', 'quote', '--args', '{"unit":"eur"}')
    expect(allowed).toMatchObject({ code: 0, explained: { outcome: 'allow', revocation: 'fresh', missing: [] } })
    expect(allowed.explained.denial).toBeUndefined()
    const words = ['capabilities', 'explain', '--server', 'pay', '--tool', 'quote', '--from', dids.agent]
    const refused = await box.run([...words, '--args', '{"unit":"gbp"}'], { passphrase: null })
    expect(refused.code).toBe(1)
    expect(refused.stdout.split('\n').slice(0, 4)).toEqual([
      'REFUSED  mcp:pay/tool/quote',
      'the call is not allowed [CAPABILITY_DENIED]',
      '  delegation 0 does not allow these arguments at proofs[0] [CAPABILITY_ARGUMENTS]',
      expect.stringMatching(/^ {4}unit must be .*\[CAPABILITY_ARGUMENT\]$/),
    ])
    const missing = await explain(box, '--from', dids.sub, '--tool', 'quote')
    expect(missing.code).toBe(1)
    expect(parseDenial(missing.explained.denial).causes[0]?.code).toBe('CAPABILITY_MISSING')
  })

  it('says what was revoked, and with what reason it is listed', async () => {
    const { cid } = await grant('--tool', 'gone')
    const words = ['capabilities', 'revoke', cid, '--evidence', 'ab'.repeat(32), '--reason']
    const unshown = await box.run([...words, 'no longer\u001b[31m', '--json'])
    expect([unshown.code, errorOf(unshown).code]).toEqual([2, 'CLI_OPTION_INVALID'])
    await box.json([...words, 'no longer needed'])
    const refused = await explain(box, '--from', dids.agent, '--tool', 'gone')
    expect([refused.code, parseDenial(refused.explained.denial).causes[0]?.code]).toEqual([1, 'CAPABILITY_REVOKED'])
    const shown = await box.run(['capabilities', 'show', cid], { passphrase: null })
    expect(shown.stdout).toMatch(/revoked by did:key:\S+ at \S+: no longer needed\n/)
  })

  it.each([
    ['--from', []],
    ['--from', ['--from', 'did:web:example.org']],
    ['--at', ['--at', 'somebody']],
    ['--args', ['--from', 'self', '--args', '[]']],
    ['--args', ['--from', 'self', '--args', '{"a":1,"a":2}']],
    ['--args', ['--from', 'self', '--args', `{"a":${'['.repeat(30)}${']'.repeat(30)}}`]],
    ['--proof', ['--from', 'self', '--proof', 'none']],
  ])('refuses an unusable %s: %j', async (option, words) => {
    const named = words.map((word) => (word === 'self' ? dids.agent : word))
    const ran = await box.run(['capabilities', 'explain', '--server', 'pay', '--tool', 'x', '--json', ...named])
    expect([ran.code, ran.stdout, errorOf(ran).code]).toEqual([2, '', 'CLI_OPTION_INVALID'])
    expect(errorOf(ran).message).toContain(option)
  })
})

describe('a chain of three agents in files', () => {
  const root = join(box.path, 'root.taloscap')
  const passed = join(agent.path, 'passed.taloscap')
  let parent = ''

  it('is passed on, narrowed, and verified as a whole', async () => {
    parent = (await grant('--depth', '1', '--calls', '9', '--out', root)).cid
    await agent.json(['capabilities', 'import', root])
    const words = [
      '--to',
      dids.sub,
      '--server',
      'pay',
      '--tool',
      'send',
      '--calls',
      '2',
      '--for',
      '5m',
      '--out',
      passed,
    ]
    const { cid } = await agent.json<Granted>(['capabilities', 'delegate', parent, ...words])
    expect(await sub.json(['capabilities', 'verify', root, passed], { passphrase: null })).toMatchObject({
      valid: true,
      standing: 'valid',
      cid,
      chain: [{ cid: parent }, { cid, audience: dids.sub, subject: dids.box }],
    })
    const alone = await sub.run(['capabilities', 'verify', passed])
    expect([alone.code, alone.stdout]).toEqual([0, expect.stringContaining('It does not begin at the owner')])
    await sub.json(['capabilities', 'import', passed])
    await sub.json(['capabilities', 'import', root])
    const list = await sub.run(['capabilities', 'list'])
    expect(list.stdout).toContain(`received from ${dids.box} to ${dids.agent}, as a link above others`)
    for (const [home, words] of [
      [sub, ['--at', dids.box]],
      [agent, ['--from', dids.sub, '--at', dids.box]],
      [box, ['--from', dids.sub, '--chain', root, '--chain', passed]],
    ] as const) {
      const { code, explained } = await explain(home, ...words, '--tool', 'send')
      expect([code, explained]).toMatchObject([0, { outcome: 'allow', chain: [{ cid: parent }, { cid }] }])
    }
  })

  it('is refused in the wrong order, tampered, with a link missing, or by another holder', async () => {
    const changed = join(sub.path, 'changed.taloscap')
    const bytes = readFileSync(passed)
    bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1
    writeFileSync(changed, bytes)
    const verify = async (...files: readonly string[]) => await sub.run(['capabilities', 'verify', ...files, '--json'])
    const turned = await verify(passed, root)
    expect([turned.code, JSON.parse(turned.stdout)]).toMatchObject([
      1,
      { valid: false, denial: { code: 'CAPABILITY_CHAIN_INVALID', causes: [{ code: 'CAPABILITY_SUBJECT' }] } },
    ])
    const twice = await verify(root, passed, passed)
    expect([twice.code, JSON.parse(twice.stdout)]).toMatchObject([1, { valid: false }])
    const tampered = await verify(root, changed)
    expect([tampered.code, tampered.stdout]).toEqual([1, ''])
    expect(['ENVELOPE_SIGNATURE', 'CBOR_INVALID', 'SCHEMA_INVALID']).toContain(errorOf(tampered).code)
    const alone = await explain(box, '--from', dids.sub, '--chain', passed, '--tool', 'send')
    expect([alone.code, alone.explained.outcome]).toEqual([1, 'deny'])
    const stolen = await explain(box, '--from', dids.agent, '--chain', root, '--chain', passed, '--tool', 'send')
    expect([stolen.code, JSON.stringify(stolen.explained.denial)]).toEqual([
      1,
      expect.stringContaining('CAPABILITY_DELEGATION'),
    ])
  })

  it('ends where a link allows no further one, and with the first link', async () => {
    const { capabilities } = await sub.json<{ capabilities: { cid: string }[] }>(['capabilities', 'list', '--received'])
    const cid = capabilities.find((one) => one.cid !== parent)?.cid ?? ''
    const words = ['--to', dids.agent, '--for', '5m', '--json']
    const refused = await sub.run(['capabilities', 'delegate', cid, ...words])
    expect([refused.code, errorOf(refused).code]).toEqual([1, 'GRANT_NOT_DELEGABLE'])
    const other = await agent.run(['capabilities', 'delegate', parent, '--server', 'mail', ...words])
    expect([other.code, errorOf(other).code]).toEqual([1, 'GRANT_NOT_DELEGABLE'])
    await box.json(['capabilities', 'revoke', parent])
    const { code, explained } = await explain(
      box,
      '--from',
      dids.sub,
      '--chain',
      root,
      '--chain',
      passed,
      '--tool',
      'send',
    )
    expect([code, JSON.stringify(explained.denial)]).toEqual([1, expect.stringContaining('CAPABILITY_REVOKED')])
  })
})

describe('leases, and taking everything back', () => {
  it('are renewed by who gave them, as often as they may be', async () => {
    const { cid } = await grant('--tool', 'lease', '--calls', '4', '--renewals', '1', '--for', '10m')
    const renewed = await box.json<Granted>(['capabilities', 'renew', cid, '--for', '5m'])
    expect(renewed.cid).not.toBe(cid)
    expect(renewed.summary).toContain('a lease of 600 seconds, renewed 1 of 1 times')
    for (const [home, code] of [
      [box, 'GRANT_NOT_RENEWABLE'],
      [agent, 'GRANT_UNKNOWN'],
    ] as const) {
      const again = await home.run(['capabilities', 'renew', cid, '--json'])
      expect([again.code, errorOf(again).code]).toEqual([1, code])
    }
  })

  it('is told before it is done', async () => {
    const words = ['capabilities', 'revoke-all', dids.agent]
    const told = await box.json<{ revoked: boolean; capabilities: string[] }>(words, { passphrase: null })
    expect([told.revoked, told.capabilities.length > 2]).toEqual([false, true])
    expect((await box.run(words)).stdout).toContain('Nothing was done: add --yes.')
    const before = await box.json<{ capabilities: unknown[] }>(['capabilities', 'list', '--valid', '--issued'])
    expect(before.capabilities).toHaveLength(told.capabilities.length)
    const done = await box.json([...words, '--yes', '--reason', 'contract over'])
    expect(done).toEqual({ who: dids.agent, revoked: true, capabilities: told.capabilities })
    expect(await box.json(['capabilities', 'list', '--valid', '--issued'])).toEqual({ capabilities: [] })
    await grant('--tool', 'quote')
    expect((await explain(box, '--from', dids.agent, '--tool', 'quote')).code).toBe(0)
  })
})

describe('values that are none', () => {
  it.each([
    ['grant', '--rate', ['--rate', '10']],
    ['grant', '--hours', ['--hours', 'sometimes']],
    ['grant', '--approvals', ['--approvals', '1']],
    ['grant', '--bytes', ['--bytes', '10XB']],
  ])('are refused by %s, such as of %s', async (name, option, words) => {
    const ran = await box.run([
      'capabilities',
      name,
      '--to',
      dids.agent,
      '--server',
      's',
      '--for',
      '1m',
      '--json',
      ...words,
    ])
    expect([ran.code, errorOf(ran).code]).toEqual([2, 'CLI_OPTION_INVALID'])
    expect(errorOf(ran).message).toContain(option)
  })

  it.each([
    [['delegate', 'bafy', '--to', 'self', '--for', '1m'], 'CLI_OPTION_INVALID'],
    [['renew', 'nonsense'], 'CLI_OPTION_INVALID'],
    [['show', 'bafy'], 'CLI_OPTION_INVALID'],
    [['show', '/nonexistent'], 'CLI_FILE_UNREADABLE'],
    [['revoke-all', 'did:key:z6Mk'], 'CLI_OPTION_INVALID'],
    [['revoke-all', 'self', '--reason', ''], 'CLI_OPTION_INVALID'],
    [['revoke-all', 'self', '--evidence', 'AB'.repeat(32)], 'CLI_OPTION_INVALID'],
    [['approve', '/nonexistent'], 'CLI_FILE_UNREADABLE'],
    [['approve', '/dev/zero'], 'CLI_FILE_TOO_LARGE'],
    [['approve', '/dev/null', '--for', '2h'], 'CLI_OPTION_INVALID'],
    [['approvals', 'ab'], 'CLI_OPTION_INVALID'],
    [['approvals', '--decline'], 'CLI_OPTION_INVALID'],
  ])('end %j with exit code 2', async (words, code) => {
    const ran = await box.run(['capabilities', ...words.map((word) => (word === 'self' ? dids.agent : word)), '--json'])
    expect([ran.code, ran.stdout, errorOf(ran).code]).toEqual([2, '', code])
  })

  it('end a look at approvals where nothing runs, and requests that are none', async () => {
    const digest = 'ab'.repeat(32)
    for (const words of [['approvals'], ['approvals', digest], ['approve', digest, '--yes']]) {
      const ran = await box.run(['capabilities', ...words, '--json'], { passphrase: null })
      expect([ran.code, errorOf(ran).code]).toEqual([1, 'CLI_NOT_RUNNING'])
    }
    const file = join(box.path, 'bad.talosask')
    writeFileSync(file, 'no request')
    const bad = await box.run(['capabilities', 'approve', file, '--yes', '--json'])
    expect([bad.code, bad.stdout, errorOf(bad).code]).toEqual([1, '', 'APPROVAL_REQUEST_INVALID'])
  })
})

describe('all of this', () => {
  it('has shown no passphrase', () => {
    expect(Object.values(homes).some((home) => home.printed.includes(PASSPHRASE))).toBe(false)
  })
})
