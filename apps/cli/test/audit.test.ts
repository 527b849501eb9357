/** `talos audit` and `talos doctor` on good logs, damaged ones, and ones that are not what they were. */
import { chmodSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { chooseKernel } from '@talos/kernel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorOf, Home } from './talos.ts'

const home = new Home()
let boxDid = ''
let peerDid = ''

beforeAll(async () => {
  boxDid = await home.init('box')
  peerDid = await home.init('peer')
  const words = ['capabilities', 'grant', '--agent', 'box', '--for', '15m', '--server', 'files']
  await home.json([...words, '--to', peerDid, '--tool', 'read_text_file'])
  await home.json([...words, '--to', boxDid])
})

afterAll(() => home[Symbol.dispose]())

describe('audit', () => {
  it('lists, narrows and limits entries', async () => {
    interface Log {
      readonly size: number
      readonly entries: readonly { readonly index: number; readonly hash: string; readonly entry: { kind: string } }[]
    }
    const whole = await home.json<Log>(['audit', 'log', '--agent', 'box'])
    const last = await home.json<Log>(['audit', 'log', '--agent', 'box', '--limit', '2'])
    expect(last.entries).toEqual(whole.entries.slice(-2))
    const grants = await home.json<Log>(['audit', 'log', '--agent', 'box', '--kind', 'cap.grant', '--peer', peerDid])
    expect(grants.entries).toEqual(
      whole.entries.filter(({ entry }) => entry.kind === 'cap.grant' && 'peer' in entry && entry.peer === peerDid),
    )
    expect(grants.entries).toHaveLength(1)
    const tools = await home.json<Log>(['audit', 'log', '--agent', 'box', '--tool', 'mcp:files/tool/read_text_file'])
    expect(tools.entries).toEqual(grants.entries)
    expect((await home.json<Log>(['audit', 'log', '--agent', 'box', '--until', '1h'])).entries).toEqual([])
    expect((await home.json<Log>(['audit', 'log', '--agent', 'box', '--since', '1h'])).entries).toEqual(whole.entries)
    const text = await home.run(['audit', 'log', '--agent', 'box', '--limit', '1'])
    expect(text.stdout.split('\n')).toHaveLength(2)
  })

  it('shows one entry by index and by hash', async () => {
    const byIndex = await home.json<{ hash: string }>(['audit', 'show', '1', '--agent', 'box'])
    expect(byIndex).toMatchObject({ index: 1, entry: { kind: 'identity.create' } })
    expect(await home.json(['audit', 'show', byIndex.hash, '--agent', 'box'])).toEqual(byIndex)
    const unknown = await home.run(['audit', 'show', '0'.repeat(64), '--agent', 'box', '--json'])
    expect([unknown.code, errorOf(unknown).code]).toEqual([1, 'CLI_ENTRY_UNKNOWN'])
    const beyond = await home.run(['audit', 'show', '999999', '--agent', 'box', '--json'])
    expect([beyond.code, errorOf(beyond).code]).toEqual([1, 'AUDIT_RANGE'])
  })

  it.each([
    ['--kind', 'tool.frobnicate'],
    ['--type', 'frobnicate'],
    ['--peer', 'nobody'],
    ['--cap', 'bafy'],
    ['--session', 'XYZ'],
    ['--message', '0'],
    ['--outcome', 'perhaps'],
    ['--since', 'yesterday'],
    ['--limit', '0'],
  ])('refuses %s %s', async (option, value) => {
    const ran = await home.run(['audit', 'log', '--agent', 'box', '--json', option, value])
    expect([ran.code, errorOf(ran).code]).toEqual([2, 'CLI_OPTION_INVALID'])
  })

  it('knows no format that is not there', async () => {
    const ran = await home.run(['audit', 'log', '--agent', 'box', '--json', '--format', 'xml'])
    expect([ran.code, errorOf(ran).code]).toEqual([2, 'CLI_USAGE'])
  })

  it('finds the same with a search database that is damaged, lies, or cannot be written', async () => {
    const words = ['audit', 'log', '--agent', 'box', '--kind', 'cap.grant']
    const path = join(home.path, 'agents', 'box', 'auditsearch.db')
    const right = await home.json(words)
    writeFileSync(path, 'x'.repeat(8192))
    expect(await home.json(words)).toEqual(right)
    rmSync(path)
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
    mkdirSync(path)
    expect(await home.json(words)).toEqual(right)
    rmdirSync(path)
    expect(await home.json(words)).toEqual(right)
    const lying = new DatabaseSync(path)
    lying.exec("UPDATE item SET kind = (SELECT id FROM term WHERE text = 'log.open')")
    lying.close()
    const verified = await home.json<{ isSearchRight: boolean }>(['audit', 'verify', '--agent', 'box'])
    expect(verified.isSearchRight).toBe(false)
    expect(await home.json(words)).toEqual(right)
    expect(await home.json(['audit', 'verify', '--agent', 'box'])).toMatchObject({ isSearchRight: true })
  })

  it('prints entries as they come, beside whoever writes them, until Ctrl-C', async () => {
    await using following = home.start(['audit', 'tail', '-n', '1', '-f', '--agent', 'box', '--json'])
    await following.lines(1)
    const grant = ['capabilities', 'grant', '--agent', 'box', '--to', peerDid, '--server', 'files', '--for', '15m']
    const { cid } = await home.json<{ cid: string }>(grant)
    await following.until(() => following.stdout.includes(cid))
    expect(await following.stop()).toBe(0)
    const [first, ...more] = following.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { index: number })
    expect(more.map(({ index }) => index)).toEqual(more.map((_, position) => Number(first?.index) + 1 + position))
    const table = await home.run(['audit', 'tail', '-n', '2', '--agent', 'box'])
    expect(table.stdout.split('\n')).toHaveLength(3)
    const csv = await home.run(['audit', 'tail', '-n', '0', '--agent', 'box', '--format', 'csv'])
    expect(csv.stdout.split('\r\n')).toHaveLength(2)
  })

  it('names the log by its root, and signs it on demand', async () => {
    const root = await home.json<{ size: number; root: string }>(['audit', 'root', '--agent', 'box'])
    const signed = await home.run(['audit', 'root', '--sign', '--agent', 'box'])
    const [origin, size, hash] = signed.stdout.split('\n')
    expect(origin).toBe(`talos/${boxDid.slice('did:key:'.length)}/1`)
    expect([Number(size), Buffer.from(`${hash}`, 'base64').toString('hex')]).toEqual([root.size, root.root])
    const verified = await home.json(['audit', 'verify', '--agent', 'box', '--signed'])
    expect(verified).toMatchObject({ valid: true, verdict: 'valid', unsigned: 0, ...root })
  })

  it('finds the first entry that is not as it was written', async () => {
    const agent = 'damaged'
    await home.init(agent)
    const file = join(home.path, 'agents', agent, 'audit.db')
    const bytes = readFileSync(file)
    const at = bytes.indexOf('identity.create')
    bytes.write('identity.recover'.slice(0, 'identity.create'.length), at)
    writeFileSync(file, bytes)
    const ran = await home.run(['audit', 'verify', '--agent', agent, '--json'])
    expect([ran.code, ran.stdout, errorOf(ran)]).toMatchObject([
      1,
      '',
      // In an incomplete tile the edge tells where the damage is: there or behind.
      { code: 'AUDIT_CORRUPT', details: { index: 0 } },
    ])
    const doctor = await home.run(['doctor'])
    expect(doctor.code).toBe(1)
    expect(doctor.stdout).toMatch(/fail {2}damaged log: .*AUDIT_CORRUPT/)
  })
})

describe('audit verify', () => {
  const verify = async (agent: string) => {
    const ran = await home.run(['audit', 'verify', '--agent', agent, '--json'])
    return ran.code === 0 ? 'valid' : [ran.code, errorOf(ran).code]
  }

  it('is incomplete while entries are not signed, where that is asked for', async () => {
    const did = await home.init('unsigned')
    await home.run(['audit', 'root', '--sign', '--agent', 'unsigned'])
    await home.json(['capabilities', 'grant', '--agent', 'unsigned', '--to', did, '--server', 's', '--for', '1m'])
    const signed = await home.run(['audit', 'verify', '--agent', 'unsigned', '--signed'])
    expect([signed.code, signed.stdout.split('\n')[0]]).toEqual([3, 'INCOMPLETE'])
    expect(await verify('unsigned')).toBe('valid')
  })

  it('misses the entries of a log that was set back to an earlier copy of itself', async () => {
    const did = await home.init('rewound')
    const file = join(home.path, 'agents', 'rewound', 'audit.db')
    const earlier = readFileSync(file)
    await home.json(['capabilities', 'grant', '--agent', 'rewound', '--to', did, '--server', 's', '--for', '1m'])
    await home.json(['audit', 'root', '--sign', '--agent', 'rewound'])
    expect(await verify('rewound')).toBe('valid')
    writeFileSync(file, earlier)
    expect(await verify('rewound')).toEqual([1, 'AUDIT_ROLLBACK'])
  })

  it('accepts no log of somebody else, and none whose last checkpoint is gone', async () => {
    await home.init('swapped')
    const folder = join(home.path, 'agents')
    await home.json(['audit', 'root', '--sign', '--agent', 'swapped'])
    const guard = join(folder, 'swapped', 'checkpoint.txt')
    const note = readFileSync(guard)
    rmSync(guard)
    expect(await verify('swapped')).toEqual([1, 'AUDIT_ROLLBACK'])
    writeFileSync(guard, 'anything', { mode: 0o600 })
    expect(await verify('swapped')).toEqual([1, 'AUDIT_ROLLBACK'])
    writeFileSync(guard, note)
    expect(await verify('swapped')).toBe('valid')
    writeFileSync(join(folder, 'swapped', 'audit.db'), readFileSync(join(folder, 'peer', 'audit.db')))
    expect(await verify('swapped')).toEqual([1, 'AUDIT_OTHER_LOG'])
  })
})

describe('doctor', () => {
  it('finds a healthy machine healthy', async () => {
    using healthy = new Home()
    await healthy.init('one')
    const { ok, findings } = await healthy.json<{ ok: boolean; findings: { name: string; status: string }[] }>([
      'doctor',
    ])
    expect(ok).toBe(true)
    expect(findings.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'Node.js ok',
      'SQLite ok',
      'kernel ok',
      'home ok',
      'one keys ok',
      'one process ok',
      'one log ok',
    ])
  })

  it('names the kernel that serves and why, in words and in facts', async () => {
    using home = new Home()
    const facts = async (environment: Readonly<Record<string, string>>) => {
      type Findings = { findings: { name: string; facts?: Readonly<Record<string, unknown>> }[] }
      const { findings } = await home.json<Findings>(['doctor'], { environment })
      return findings.find(({ name }) => name === 'kernel')?.facts
    }
    const portable = { TALOS_KERNEL: 'portable' }
    const forced = await home.run(['doctor'], { environment: portable })
    const words = /^ok {4}kernel: portable backend, forced by TALOS_KERNEL, known answers right \(\d+ ms\)$/m
    expect(forced.stdout).toMatch(words)
    const tested = { selfTest: 'passed', selfTestMs: expect.any(Number) }
    expect(await facts(portable)).toEqual({ backend: 'portable', chosen: 'forced', ...tested })
    const { chosen, version, reason } = chooseKernel('')
    const found = { backend: 'native', chosen: 'found', version, ...tested }
    const missing = { backend: 'portable', chosen: 'missing', reason, ...tested }
    expect(await facts({ TALOS_KERNEL: '' })).toEqual(chosen === 'found' ? found : missing)
    const text = await home.run(['doctor'], { environment: { TALOS_KERNEL: '' } })
    expect(text.stdout).toMatch(
      chosen === 'found'
        ? /^ok {4}kernel: native backend, found, \d+\.\d+\.\d+ for \S+, known answers right \(\d+ ms\)$/m
        : /^ok {4}kernel: portable backend, the native one does not serve: .+, known answers right \(\d+ ms\)$/m,
    )
  })

  it('warns where there is no agent', async () => {
    using empty = new Home()
    const ran = await empty.run(['doctor'])
    expect(ran.code).toBe(0)
    expect(ran.stdout).toMatch(/warn {2}home: .* holds no agent\n {6}Create an agent/)
  })

  it('warns where the database is gone, and the next start makes another one', async () => {
    using lost = new Home()
    await lost.init('box')
    rmSync(join(lost.path, 'agents', 'box', 'agent.db'))
    const ran = await lost.run(['doctor'])
    expect(ran.code).toBe(0)
    expect(ran.stdout).toMatch(/^warn {2}box database: gone, .*\n {6}Put the whole folder back/m)
    await lost.json(['capabilities', 'grant', '--agent', 'box', '--to', peerDid, '--server', 'files', '--for', '1m'])
    expect((await lost.run(['doctor'])).stdout).toMatch(/^ok {4}box log: /m)
  })

  it('fails on keys that others can read, on a damaged key file and on a kernel that there is not', async () => {
    using bad = new Home()
    await bad.init('open')
    await bad.init('torn')
    chmodSync(join(bad.path, 'agents', 'open', 'key.json'), 0o644)
    writeFileSync(join(bad.path, 'agents', 'torn', 'key.json'), '{"v":1}')
    const ran = await bad.run(['doctor'], { environment: { TALOS_KERNEL: 'fastest' } })
    expect(ran.code).toBe(1)
    expect(ran.stdout).toMatch(/^fail {2}kernel: .*KERNEL_CHOICE/m)
    const again = await bad.run(['doctor'])
    expect(again.stdout).toMatch(/^fail {2}open keys: .*HOME_PERMISSIONS\]\n {6}Run chmod 600/m)
    expect(again.stdout).toMatch(/^fail {2}torn keys: .*KEY_FILE_INVALID/m)
  })
})
