/** `talos audit export` and what verifies it: forms, filters, tampering, and no content in any of them. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { openLogKeyDelegation } from '@talos/identity'
import { loadKernel } from '@talos/kernel'
import { leafHash, logVerifierKey, verifyTlogProof } from '@talos/merkle'
import { tempFolder } from '@talos/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { csvLine } from '../src/commands/audit/format.ts'
import { connect } from './connected.ts'
import { errorOf, Home } from './talos.ts'

const SERVER_PACKAGE = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/package.json')
const kernel = loadKernel()
const home = new Home()
const files = tempFolder()
/** What must show up nowhere: an argument, a result, a message. */
const PLANTED = ['planted-argument-7f3a', 'planted-result-91bc', 'planted-message-c0de']
let boxDid = ''
let agentDid = ''
let answer = ''
const out = (name: string) => join(home.path, name)

beforeAll(async () => {
  boxDid = await home.init('box')
  agentDid = await home.init('agent')
  const config = out('mcp.json')
  const server = join(dirname(SERVER_PACKAGE), 'dist', 'index.js')
  writeFileSync(
    config,
    JSON.stringify({ mcpServers: { files: { command: process.execPath, args: [server, files.path] } } }),
  )
  writeFileSync(join(files.path, `${PLANTED[0]}.txt`), `${PLANTED[1]}\n`)
  const serving = home.start(['mcp', 'serve', config, '--agent', 'box'])
  const [invitation] = await serving.lines(1)
  await home.json([
    'capabilities',
    'grant',
    '--agent',
    'box',
    '--to',
    agentDid,
    '--server',
    'files',
    '--tool',
    'read_text_file',
    '--for',
    '15m',
  ])
  {
    await using agent = await connect(home, `${invitation}`, '--agent', 'agent')
    answer = await agent.call('read_text_file', { path: join(files.path, `${PLANTED[0]}.txt`) })
    await agent.call('write_file', { path: '/elsewhere', content: PLANTED[0] })
  }
  await home.run(['send', '--agent', 'agent', `${invitation}`, `${PLANTED[2]}`])
  await serving.stop()
})

afterAll(() => {
  files[Symbol.dispose]()
  home[Symbol.dispose]()
})

interface Line {
  readonly index: number
  readonly hash: string
  readonly entry: { readonly kind: string; readonly peer?: string; readonly decision?: string }
  readonly bytes?: string
  readonly proof?: string
}

const linesOf = (text: string): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

async function exported(...words: readonly string[]): Promise<string> {
  const ran = await home.run(['audit', 'export', '--agent', 'box', ...words])
  if (ran.code !== 0) throw new Error(ran.stderr)
  return ran.stdout
}

async function verdictOf(text: string, ...words: readonly string[]) {
  writeFileSync(out('changed.ndjson'), text)
  const ran = await home.run(['audit', 'verify', '--export', out('changed.ndjson'), '--json', ...words])
  return ran.stdout === ''
    ? [ran.code, errorOf(ran).code]
    : [ran.code, (JSON.parse(ran.stdout) as { verdict: string }).verdict]
}

describe('audit export', () => {
  it('writes every entry once, in order, as talos audit log shows it', async () => {
    const log = await home.json<{ entries: readonly Line[] }>(['audit', 'log', '--agent', 'box', '--limit', '1000'])
    expect(linesOf(await exported())).toEqual(log.entries)
    const csv = await exported('--format', 'csv')
    expect(csv.split('\r\n')).toHaveLength(log.entries.length + 2)
    expect(csv.startsWith('index,time,kind,peer,tool,')).toBe(true)
    expect(csv).not.toMatch(/[^\r]\n/)
  })

  it('narrows as the filters say, whatever the search database knows', async () => {
    const all = linesOf(await exported())
    const filters: [string[], (line: Line) => boolean][] = [
      [['--type', 'tool.invoke', '--kind', 'tool.deny'], ({ entry }) => /^tool\.(invoke|deny)$/.test(entry.kind)],
      [['--peer', agentDid], ({ entry }) => entry.peer === agentDid],
      [['--outcome', 'deny'], ({ entry }) => entry.decision === 'deny'],
      [['--tool', 'mcp:files/tool/read_text_file'], ({ entry }) => JSON.stringify(entry).includes('/read_text_file"')],
      [['--since', '1h', '--until', '1s'], () => true],
    ]
    for (const [words, fits] of filters) {
      const found = linesOf(await exported(...words))
      expect(found).toEqual(all.filter(fits))
      expect(found.length).toBeGreaterThan(0)
    }
    const { session, message, cap } = Object.assign({}, ...all.map(({ entry }) => entry)) as Record<string, string>
    for (const [name, value] of Object.entries({ session, message, cap })) {
      const found = linesOf(await exported(`--${name}`, `${value}`))
      expect(found).toEqual(all.filter(({ entry }) => (entry as Record<string, unknown>)[name] === value))
    }
  })

  it('writes a whole file or none, and no file that is there', async () => {
    await exported('--out', out('one.ndjson'))
    expect(readFileSync(out('one.ndjson'), 'utf8')).toBe(await exported())
    const again = await home.run(['audit', 'export', '--agent', 'box', '--out', out('one.ndjson'), '--json'])
    expect([again.code, errorOf(again).code]).toEqual([2, 'CLI_FILE_UNWRITABLE'])
    const unsigned = await home.run([
      'audit',
      'export',
      '--agent',
      'agent',
      '--include-proofs',
      '--out',
      out('none'),
      '--json',
    ])
    expect(existsSync(out('none'))).toBe(unsigned.code === 0)
    expect(readdirSync(home.path).filter((name) => name.endsWith('.part'))).toEqual([])
    const csv = await home.run(['audit', 'export', '--agent', 'box', '--include-proofs', '--format', 'csv', '--json'])
    expect([csv.code, errorOf(csv).code]).toEqual([2, 'CLI_OPTION_INVALID'])
  })

  it('shows contents nowhere: not in any format, nor in the log or its databases', async () => {
    expect(answer).toContain(PLANTED[1])
    const words = ['audit', 'log', '--limit', '1000', '--agent']
    const texts: string[] = []
    for (const agent of ['box', 'agent']) {
      for (const format of ['table', 'json', 'csv', 'ndjson']) {
        texts.push((await home.run([...words, agent, '--format', format])).stdout)
      }
      for (const format of [
        ['--format', 'csv'],
        ['--format', 'ndjson'],
        ['--include-proofs', '--sign'],
      ]) {
        texts.push((await home.run(['audit', 'export', '--agent', agent, ...format])).stdout)
      }
      texts.push((await home.run(['audit', 'tail', '-n', '1000', '--agent', agent])).stdout)
      for (const name of ['audit.db', 'audit.db-wal', 'auditsearch.db', 'auditsearch.db-wal']) {
        const path = join(home.path, 'agents', agent, name)
        if (existsSync(path)) texts.push(readFileSync(path, 'latin1'))
      }
    }
    expect(texts.join('')).toContain('tool.invoke')
    for (const planted of [...PLANTED, files.path]) expect(texts.filter((text) => text.includes(planted))).toEqual([])
  })
})

describe('an export with proofs', () => {
  let text = ''
  let lines: readonly string[] = []

  beforeAll(async () => {
    text = await exported('--sign')
    lines = text.trimEnd().split('\n')
  })

  const joined = (changed: readonly string[]) => `${changed.join('\n')}\n`
  const withLine = (index: number, change: (members: Record<string, unknown>) => object) =>
    joined(
      lines.map((line, at) =>
        at === index ? JSON.stringify(change(JSON.parse(line) as Record<string, unknown>)) : line,
      ),
    )

  it('verifies offline, as the log of whom it is and of nobody else', async () => {
    expect(await verdictOf(text)).toEqual([0, 'valid'])
    expect(await verdictOf(text, '--did', boxDid)).toEqual([0, 'valid'])
    expect(await verdictOf(text, '--did', agentDid)).toEqual([1, 'CLI_EXPORT_INVALID'])
    expect(await verdictOf(text, '--did', 'nobody')).toEqual([2, 'CLI_OPTION_INVALID'])
    const report = await home.json(['audit', 'verify', '--export', out('changed.ndjson')])
    expect(report).toMatchObject({ isWhole: true, isEnded: true, entries: lines.length - 2 })
  })

  it('holds proofs that any reader of tlog-proof verifies', () => {
    const header = JSON.parse(lines[0] ?? '') as { logKeys: readonly string[] }
    const { origin, logPublicKey } = openLogKeyDelegation(Buffer.from(`${header.logKeys.at(-1)}`, 'base64url'), {
      kernel,
    })
    const logKey = logVerifierKey({ origin, publicKey: logPublicKey, kernel })
    for (const { bytes = '', proof = '', index } of linesOf(lines.slice(1, -1).join('\n'))) {
      const verified = verifyTlogProof(proof, { leafHash: leafHash(kernel, Buffer.from(bytes)), logKey, kernel })
      expect(verified.index).toBe(index)
    }
  })

  it('of some entries verifies and says that it is not whole; without its end it is incomplete', async () => {
    const part = await exported('--include-proofs', '--kind', 'cap.grant')
    expect(await verdictOf(part)).toEqual([0, 'valid'])
    expect(await home.json(['audit', 'verify', '--export', out('changed.ndjson')])).toMatchObject({ isWhole: false })
    expect(await verdictOf(joined(lines.slice(0, -1)))).toEqual([3, 'incomplete'])
  })

  it('leaves out what is not signed yet, and says so', async () => {
    await home.json(['capabilities', 'grant', '--agent', 'box', '--to', agentDid, '--server', 'other', '--for', '1m'])
    const ran = await home.run(['audit', 'export', '--agent', 'box', '--include-proofs'])
    expect(ran.code).toBe(3)
    expect(ran.stderr).toMatch(/^\d+ entries are behind the last signed checkpoint/)
    expect(await verdictOf(ran.stdout)).toEqual([0, 'valid'])
  })

  it('with anything changed is refused', async () => {
    const INVALID = [1, 'CLI_EXPORT_INVALID']
    const UNREADABLE = [2, 'CLI_EXPORT_UNREADABLE']
    const other = lines[2] ?? ''
    const of = (line: string) => JSON.parse(line) as Record<string, unknown>
    const flip = (value: unknown) => String(value).replace(/[a-f](?=[^a-f]*$)/, '0')
    const cases: [string, string, (number | string)[]][] = [
      [
        'an entry that says something else',
        withLine(1, (m) => ({ ...m, entry: { ...(m['entry'] as object), ts: 1 } })),
        INVALID,
      ],
      ['other bytes', withLine(1, (m) => ({ ...m, bytes: String(m['bytes']).replace(/"ts":\d/, '"ts":9') })), INVALID],
      ['another hash', withLine(1, (m) => ({ ...m, hash: flip(m['hash']) })), INVALID],
      ['another place', withLine(1, (m) => ({ ...m, index: 1 })), INVALID],
      ['the proof of another entry', withLine(1, (m) => ({ ...m, proof: of(other)['proof'] })), INVALID],
      [
        'a proof with another hash',
        withLine(1, (m) => ({ ...m, proof: String(m['proof']).replace(/\n[A-Za-z]/, '\n+') })),
        INVALID,
      ],
      ['two lines swapped', joined([lines[0] ?? '', lines[2] ?? '', lines[1] ?? '', ...lines.slice(3)]), INVALID],
      ['a line twice', joined([lines[0] ?? '', lines[1] ?? '', ...lines.slice(1)]), INVALID],
      ['a line less', joined([...lines.slice(0, 3), ...lines.slice(4)]), INVALID],
      ['a line behind the end', joined([...lines, lines[1] ?? '']), INVALID],
      ['another count', withLine(lines.length - 1, () => ({ end: { entries: 1 } })), INVALID],
      [
        'another checkpoint',
        withLine(0, (m) => ({ ...m, checkpoint: String(m['checkpoint']).replace(/\n\d+\n/, '\n3\n') })),
        INVALID,
      ],
      ['no log key', withLine(0, (m) => ({ ...m, logKeys: [] })), INVALID],
      ['no key log', withLine(0, (m) => ({ ...m, keyLog: '' })), INVALID],
      ['another format', withLine(0, (m) => ({ ...m, format: 'x' })), UNREADABLE],
      ['members of another kind', withLine(0, (m) => ({ ...m, logKeys: 'x' })), UNREADABLE],
      ['a line without a proof', withLine(1, ({ index, hash, entry }) => ({ index, hash, entry })), UNREADABLE],
      ['no JSON', joined(['x', ...lines]), UNREADABLE],
      ['no object', joined(['[]', ...lines]), UNREADABLE],
      ['a line without an end', 'x'.repeat(5_000_000), UNREADABLE],
      ['nothing', '', UNREADABLE],
    ]
    for (const [what, changed, expected] of cases) expect([what, await verdictOf(changed)]).toEqual([what, expected])
    const missing = await home.run(['audit', 'verify', '--export', out('nowhere'), '--json'])
    expect([missing.code, errorOf(missing).code]).toEqual([2, 'CLI_FILE_UNREADABLE'])
  })
})

describe('a line of CSV', () => {
  it('quotes what RFC 4180 says, and lets no spreadsheet take a cell for a formula', () => {
    expect(csvLine(['a', 'b c', '', '"', 'x,y', 'l\nm'])).toBe('a,b c,,"""","x,y",l\\nm\r\n')
    expect(csvLine(['=1+1', '+1', '-1', '@x', '\t=1', "='a,b'"])).toBe("'=1+1,'+1,'-1,'@x,'\\t=1,\"'='a,b'\"\r\n")
    expect(csvLine(['\u001b[2J', '\u202e'])).toBe('\\u{1b}[2J,\\u{202e}\r\n')
  })
})
