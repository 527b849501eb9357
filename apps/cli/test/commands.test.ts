/** The commands that need no peer, as their users run them: text and JSON, exit codes, bad input, no secret anywhere. */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Home, LAUNCHER, PASSPHRASE, type Ran, Running } from './talos.ts'

const home = new Home()
let boxDid = ''
let peerDid = ''

beforeAll(async () => {
  boxDid = await home.init('box')
  peerDid = await home.init('peer')
})

afterAll(() => home[Symbol.dispose]())

/** The one object that a failed command with --json writes to stderr. */
function errorOf({ stderr }: Ran): { readonly code: string; readonly message: string; readonly remedy: string } {
  return (JSON.parse(stderr) as { readonly error: { code: string; message: string; remedy: string } }).error
}

describe('init', () => {
  it('makes an agent whose DID stands in its log from the beginning', async () => {
    const { entries } = await home.json<{ entries: { entry: { kind: string; agent: string } }[] }>([
      'audit',
      'log',
      '--agent',
      'box',
    ])
    expect(entries.slice(0, 2).map(({ entry }) => [entry.kind, entry.agent])).toEqual([
      ['log.open', boxDid],
      ['identity.create', boxDid],
    ])
  })

  it('never replaces an agent', async () => {
    const ran = await home.run(['init', 'box', '--json'])
    expect([ran.code, errorOf(ran).code]).toEqual([1, 'AGENT_EXISTS'])
  })

  it.each(['Upper', '../x', '-x', '', 'a'.repeat(65)])('refuses the name %o', async (name) => {
    const ran = await home.run(['init', '--json', '--', name])
    expect(ran.code).toBe(2)
    // What stands after `--` is no option, so --json before it counts.
    expect(errorOf(ran).code).toBe('AGENT_NAME_INVALID')
  })

  it('asks nobody for a passphrase where there is no terminal', async () => {
    const ran = await home.run(['init', 'third', '--json'], { passphrase: null })
    expect([ran.code, errorOf(ran).code]).toEqual([2, 'PASSPHRASE_MISSING'])
  })
})

describe('whoami', () => {
  it('tells DID and folder without a passphrase, as text and as JSON', async () => {
    const folder = join(home.path, 'agents', 'box')
    const text = await home.run(['whoami', '--agent', 'box'], { passphrase: null })
    expect(text).toMatchObject({ code: 0, stdout: `agent   box\ndid     ${boxDid}\nfolder  ${folder}\n`, stderr: '' })
    expect(await home.json(['whoami'], { passphrase: null, environment: { TALOS_AGENT: 'peer' } })).toMatchObject({
      name: 'peer',
      did: peerDid,
    })
  })

  it('does not guess among several agents', async () => {
    const ran = await home.run(['whoami', '--json'])
    expect([ran.code, ran.stdout, errorOf(ran).code]).toEqual([2, '', 'CLI_AGENT_AMBIGUOUS'])
  })

  it('says what to do where there is none', async () => {
    const ran = await home.run(['whoami', '--home', join(home.path, 'nowhere')])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/^error CLI_AGENT_NONE: .*\n {2}Create one with talos init/)
    expect((await home.run(['whoami', '--agent', 'nobody'])).code).toBe(2)
  })
})

describe('a wrong command line', () => {
  it.each([
    [[]],
    [['frobnicate']],
    [['audit']],
    [['whoami', '--frobnicate']],
    [['capabilities', 'grant']],
    [['audit', 'show']],
    [['help', 'frobnicate']],
  ])('%j ends with exit code 2 and a remedy', async (words) => {
    const ran = await home.run(words)
    expect([ran.code, ran.stdout]).toEqual([2, ''])
    expect(ran.stderr).toMatch(/error CLI_USAGE: .*\n {2}Run talos help/)
  })

  it('does not repeat a secret that was typed as the value of an option that is not there', async () => {
    const ran = await home.run(['whoami', '--passphrase=hunter2'])
    expect([ran.code, ran.stderr.includes('hunter2')]).toEqual([2, false])
  })

  it('is an object with --json', async () => {
    expect(errorOf(await home.run(['frobnicate', '--json']))).toMatchObject({ code: 'CLI_USAGE' })
  })
})

describe('help', () => {
  it.each([
    ['init'],
    ['whoami'],
    ['listen'],
    ['send'],
    ['demo'],
    ['doctor'],
    ...['serve', 'connect'].map((name) => ['mcp', name]),
    ...['grant', 'list', 'import', 'revoke', 'verify'].map((name) => ['capabilities', name]),
    ...['log', 'show', 'verify', 'root'].map((name) => ['audit', name]),
    ...['show', 'verify', 'export'].map((name) => ['proof', name]),
  ])('of %s %s has an example', async (...words) => {
    const named = words.filter((word) => word !== undefined)
    const [asOption, asCommand] = await Promise.all([home.run([...named, '--help']), home.run(['help', ...named])])
    expect(asOption.code).toBe(0)
    expect(asOption.stdout).toMatch(/Examples?[:,]/)
    expect(asCommand.stdout).toBe(asOption.stdout)
  })

  it('documents the exit codes', async () => {
    const ran = await home.run(['help', 'exit-codes'])
    expect([ran.code, ran.stderr]).toEqual([0, ''])
    expect(ran.stdout).toMatch(/0 {2}done.*\n {2}1 {2}refused.*\n {2}2 .*\n {2}3 /)
  })

  it('tells the version', async () => {
    expect((await home.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('passphrases', () => {
  it('that are wrong are refused, and nothing is written', async () => {
    const size = async () => (await home.json<{ size: number }>(['audit', 'root', '--agent', 'box'])).size
    const before = await size()
    const ran = await home.run(['audit', 'root', '--sign', '--agent', 'box', '--json'], { passphrase: 'guess' })
    expect([ran.code, ran.stdout, errorOf(ran).code]).toEqual([1, '', 'PASSPHRASE_WRONG'])
    expect(await size()).toBe(before)
  })

  it('come from the first line of a file as well', async () => {
    const file = join(home.path, 'passphrase')
    writeFileSync(file, `${PASSPHRASE}\nsecond line\n`, { mode: 0o600 })
    const words = ['audit', 'root', '--sign', '--agent', 'box', '--passphrase-file', file]
    expect(await home.run(words, { passphrase: null })).toMatchObject({ code: 0, stderr: '' })
    const missing = await home.run([...words.slice(0, -1), `${file}.missing`, '--json'])
    expect([missing.code, errorOf(missing).code]).toEqual([2, 'CLI_FILE_UNREADABLE'])
  })

  it('are not taken from a file that does not end', async () => {
    const ran = await home.run([
      'audit',
      'root',
      '--sign',
      '--agent',
      'box',
      '--passphrase-file',
      '/dev/zero',
      '--json',
    ])
    expect([ran.code, errorOf(ran).code]).toEqual([2, 'CLI_FILE_TOO_LARGE'])
  })
})

describe.skipIf(spawnSync('script', ['--version']).status !== 0)('on a terminal (needs the program script)', () => {
  it('the passphrase is asked for twice and never echoed', async () => {
    using fresh = new Home()
    const command = [process.execPath, LAUNCHER, 'init', 'typed'].map((word) => `'${word}'`).join(' ')
    const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { PATH: process.env['PATH'], TALOS_HOME: fresh.path, TERM: 'xterm' },
    })
    await using running = new Running(terminal, () => undefined)
    await running.until(() => running.stdout.includes('Passphrase of typed: '))
    terminal.stdin.write(`${PASSPHRASE}\r`)
    await running.until(() => running.stdout.includes('The same again: '))
    terminal.stdin.write(`${PASSPHRASE}\r`)
    await running.until(() => running.stdout.includes('did:key:'))
    expect(running.stdout).not.toContain(PASSPHRASE)
    expect((await fresh.run(['audit', 'root', '--sign'])).code).toBe(0)
  })
})

describe('capabilities', () => {
  it('are given, listed, handed over as a file, checked and taken back', async () => {
    const file = join(home.path, 'files.taloscap')
    const rule = '["len", ".head", 0, 9]'
    const words = ['--to', peerDid, '--server', 'files', '--tool', 'read_text_file', '--for', '15m', '--rule', rule]
    const options = ['--under', 'path=/srv/docs', '--under', 'path=/srv/more', '--label', 'for reading', '--out', file]
    const granted = await home.json<{ cid: string }>(['capabilities', 'grant', '--agent', 'box', ...words, ...options])
    expect(granted).toMatchObject({
      to: peerDid,
      command: 'mcp:files/tool/read_text_file',
      expiresInS: 900,
      delivered: false,
    })
    expect(await home.json(['capabilities', 'verify', file], { passphrase: null })).toMatchObject({
      valid: true,
      standing: 'valid',
      cid: granted.cid,
      issuer: boxDid,
      audience: peerDid,
      rules: [
        ['subpath', '.path', ['/srv/docs', '/srv/more']],
        ['len', '.head', 0, 9],
      ],
    })
    const imported = await home.run(['capabilities', 'import', file, '--agent', 'peer'])
    expect(imported).toMatchObject({ code: 0, stderr: '' })
    const list = ['capabilities', 'list', '--json', '--agent']
    for (const [agent, direction] of [
      ['box', 'issued'],
      ['peer', 'received'],
    ]) {
      const { stdout } = await home.run([...list, `${agent}`], { passphrase: null })
      expect(JSON.parse(stdout)).toMatchObject({ capabilities: [{ cid: granted.cid, direction, standing: 'valid' }] })
    }
    const text = await home.run(['capabilities', 'list', '--agent', 'box', '--issued'])
    expect(text.stdout).toMatch(/^valid {2}mcp:files\/tool\/read_text_file {2}until .*\n {2}bafyrei/)
    const revoked = await home.json(['capabilities', 'revoke', granted.cid, '--agent', 'box', '--reason', 'done'])
    expect(revoked).toEqual({ cid: granted.cid, revoked: true })
    expect(await home.json([...list.slice(0, 2), '--agent', 'box'])).toMatchObject({
      capabilities: [{ standing: 'revoked' }],
    })
  })

  const good = ['--to', 'did:key:z6MkvHQKpv1V3MXnK99HhLD4MHyh3E1XSD11ZzA4j7q1c1UL', '--server', 's', '--for', '1m']
  it.each([
    ['--to', ['--to', 'did:web:example.org', ...good.slice(2)]],
    ['--for', [...good.slice(0, 4), '--for', 'ever']],
    ['--under', [...good, '--under', 'path']],
    ['--rule', [...good, '--rule', '{broken']],
    ['--depth', [...good, '--depth', '16']],
    ['--label', [...good, '--label', 'x'.repeat(129)]],
    ['--server', [...good.slice(0, 2), '--server', '', ...good.slice(4)]],
  ])('are not given with an unusable %s', async (option, words) => {
    const ran = await home.run(['capabilities', 'grant', '--agent', 'box', '--json', ...words])
    expect([ran.code, errorOf(ran).code]).toEqual([2, 'CLI_OPTION_INVALID'])
    expect(errorOf(ran).message).toContain(option)
  })

  it('are not given with a rule that nobody could check', async () => {
    const ran = await home.run([
      'capabilities',
      'grant',
      '--agent',
      'box',
      '--json',
      ...good,
      '--rule',
      '["magic", "."]',
    ])
    expect([ran.code, errorOf(ran).code]).toEqual([1, 'CAPABILITY_POLICY_INVALID'])
  })

  it('are not given when the file for them exists already', async () => {
    const file = join(home.path, 'precious')
    writeFileSync(file, 'mine')
    const count = async () =>
      (await home.json<{ capabilities: unknown[] }>(['capabilities', 'list', '--agent', 'box'])).capabilities.length
    const before = await count()
    const ran = await home.run(['capabilities', 'grant', '--agent', 'box', '--json', ...good, '--out', file])
    expect([ran.code, errorOf(ran).code]).toEqual([2, 'CLI_FILE_UNWRITABLE'])
    expect([readFileSync(file, 'utf8'), await count()]).toEqual(['mine', before])
  })

  it('that expired are told apart from valid ones by the exit code', async () => {
    const file = join(home.path, 'brief.taloscap')
    const words = [...good.slice(0, 4), '--for', '1s', '--out', file]
    await home.json(['capabilities', 'grant', '--agent', 'box', ...words])
    await new Promise((resolve) => setTimeout(resolve, 2_100))
    const ran = await home.run(['capabilities', 'verify', file, '--json'])
    expect([ran.code, JSON.parse(ran.stdout)]).toMatchObject([1, { valid: false, standing: 'expired' }])
  })

  it('that are malformed, cut, changed or endless are refused before anything else', async () => {
    const file = join(home.path, 'bad.taloscap')
    await home.json(['capabilities', 'grant', '--agent', 'box', ...good, '--out', file])
    const bytes = readFileSync(file)
    const changed = Buffer.from(bytes)
    changed[20] = (changed[20] ?? 0) ^ 1
    for (const [content, code] of [
      [Buffer.from('not a capability'), 'CBOR_INVALID'],
      [bytes.subarray(0, -1), 'CBOR_INVALID'],
      [changed, 'ENVELOPE_SIGNATURE'],
    ] as const) {
      writeFileSync(file, content)
      for (const words of [['verify'], ['import', '--agent', 'peer']]) {
        const ran = await home.run(['capabilities', ...words, file, '--json'])
        expect([ran.code, ran.stdout, errorOf(ran).code]).toEqual([1, '', code])
      }
    }
    const endless = await home.run(['capabilities', 'verify', '/dev/zero', '--json'])
    expect([endless.code, errorOf(endless).code]).toEqual([2, 'CLI_FILE_TOO_LARGE'])
  })

  it('that are unknown cannot be taken back', async () => {
    const cid = 'bafyreiahqzj5g3fdokzfh6vqryptqnbanpgyf5r2cloz6ripkq6ezq4uny'
    const unknown = await home.run(['capabilities', 'revoke', cid, '--agent', 'box', '--json'])
    expect([unknown.code, errorOf(unknown).code]).toEqual([1, 'GRANT_UNKNOWN'])
    const malformed = await home.run(['capabilities', 'revoke', 'bafy', '--agent', 'box', '--json'])
    expect([malformed.code, errorOf(malformed).code]).toEqual([2, 'CLI_OPTION_INVALID'])
  })
})

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
    ['--peer', 'nobody'],
    ['--since', 'yesterday'],
    ['--limit', '0'],
  ])('refuses %s %s', async (option, value) => {
    const ran = await home.run(['audit', 'log', '--agent', 'box', '--json', option, value])
    expect([ran.code, errorOf(ran).code]).toEqual([2, 'CLI_OPTION_INVALID'])
  })

  it('names the log by its root, and signs it on demand', async () => {
    const root = await home.json<{ size: number; root: string }>(['audit', 'root', '--agent', 'box'])
    const signed = await home.run(['audit', 'root', '--sign', '--agent', 'box'])
    const [origin, size, hash] = signed.stdout.split('\n')
    expect(origin).toBe(`talos/${boxDid.slice('did:key:'.length)}/1`)
    expect([Number(size), Buffer.from(`${hash}`, 'base64').toString('hex')]).toEqual([root.size, root.root])
    expect(await home.json(['audit', 'verify', '--agent', 'box'])).toMatchObject({ valid: true, ...root })
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
      { code: 'AUDIT_CORRUPT', details: { index: 1 } },
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
    const text = await healthy.run(['doctor'])
    expect(text.stdout).toMatch(/^ok {4}kernel: portable backend, known answers right \(\d+ ms\)$/m)
  })

  it('warns where there is no agent', async () => {
    using empty = new Home()
    const ran = await empty.run(['doctor'])
    expect(ran.code).toBe(0)
    expect(ran.stdout).toMatch(/warn {2}home: .* holds no agent\n {6}Create an agent/)
  })

  it('fails on keys that others can read, on a damaged key file and on a kernel that is not there', async () => {
    using bad = new Home()
    await bad.init('open')
    await bad.init('torn')
    chmodSync(join(bad.path, 'agents', 'open', 'key.json'), 0o644)
    writeFileSync(join(bad.path, 'agents', 'torn', 'key.json'), '{"v":1}')
    const ran = await bad.run(['doctor'], { environment: { TALOS_KERNEL: 'native' } })
    expect(ran.code).toBe(1)
    expect(ran.stdout).toMatch(/^fail {2}kernel: .*KERNEL_UNAVAILABLE/m)
    const again = await bad.run(['doctor'])
    expect(again.stdout).toMatch(/^fail {2}open keys: .*HOME_PERMISSIONS\]\n {6}Run chmod 600/m)
    expect(again.stdout).toMatch(/^fail {2}torn keys: .*KEY_FILE_INVALID/m)
  })
})

describe('output', () => {
  it('has no colours where it is no terminal, and none with NO_COLOR', async () => {
    for (const environment of [{}, { NO_COLOR: '1' }, { FORCE_COLOR: '3' }]) {
      for (const words of [['doctor'], ['audit', 'verify', '--agent', 'box'], ['frobnicate'], ['--help']]) {
        const { stdout, stderr } = await home.run(words, { environment })
        expect(stdout + stderr).not.toContain('\u001b')
      }
    }
  })

  it('may be cut by whoever reads it', async () => {
    const running = home.start(['audit', 'log', '--agent', 'box'])
    running.child.stdout?.destroy()
    expect(await running.stop('SIGCONT')).toBe(0)
  })

  it('has shown no secret in all of this', () => {
    expect(home.printed.length).toBeGreaterThan(1_000)
    expect(home.printed).not.toContain(PASSPHRASE)
    expect(home.printed).not.toContain('hunter2')
  })
})
