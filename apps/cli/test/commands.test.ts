/** The commands that need no peer, as their users run them: text and JSON, exit codes, bad input, no secret anywhere. */
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorOf, Home, LAUNCHER, PASSPHRASE, Running } from './talos.ts'

/** Runs a command on a terminal of its own (util-linux). */
const TERMINAL = 'script'
const home = new Home()
let boxDid = ''
let peerDid = ''

beforeAll(async () => {
  boxDid = await home.init('box')
  peerDid = await home.init('peer')
})

afterAll(() => home[Symbol.dispose]())

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
    ...['grant', 'delegate', 'renew', 'list', 'show', 'import', 'verify'].map((name) => ['capabilities', name]),
    ...['explain', 'approvals', 'approve', 'revoke', 'revoke-all'].map((name) => ['capabilities', name]),
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

describe.skipIf(spawnSync(TERMINAL, ['--version']).status !== 0)('on a terminal (needs the program script)', () => {
  it('the passphrase is asked for twice and never echoed', async () => {
    using fresh = new Home()
    const command = [process.execPath, LAUNCHER, 'init', 'typed'].map((word) => `'${word}'`).join(' ')
    const terminal = spawn(TERMINAL, ['--quiet', '--return', '--command', command, '/dev/null'], {
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
      expiresS: expect.any(Number),
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
