/** The audit commands on logs that were set back, on options that make no sense, and when they are stopped. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorOf, Home, LAUNCHER } from './talos.ts'

const home = new Home()
const agent = ['--agent', 'box'] as const
const folder = join(home.path, 'agents', 'box')
const backup = join(home.path, 'box.talosbackup')
const opened = { environment: { TALOS_BACKUP_PASSPHRASE: 'another long sentence to remember' } }
const out = (name: string) => join(home.path, name)
let did = ''

const run = async (...words: readonly string[]) => await home.run(['audit', ...words, ...agent])

async function grant(): Promise<void> {
  await home.json(['capabilities', 'grant', ...agent, '--to', did, '--server', 'files', '--for', '15m'])
}

beforeAll(async () => {
  did = await home.init('box')
  await home.run(['audit', 'root', '--sign', ...agent])
  await home.json(['identity', 'backup', backup, ...agent], opened)
  const earlier = readFileSync(join(folder, 'audit.db'))
  await grant()
  await home.run(['audit', 'root', '--sign', ...agent])
  await home.run(['audit', 'export', '--include-proofs', '--out', out('proven.ndjson'), ...agent])
  cpSync(folder, out('newest'), { recursive: true })
  writeFileSync(join(folder, 'audit.db'), earlier)
}, 60_000)

afterAll(() => home[Symbol.dispose]())

describe('a log that was set back', () => {
  it.each([
    ['log', 0],
    ['tail', 0],
    ['witness', 0],
    ['export', 1],
    ['root', 1],
  ])('is shown by audit %s with a warning, and exit code %i', async (command, code) => {
    const ran = await run(command)
    expect(ran.code).toBe(code)
    expect(ran.stdout).not.toBe('')
    expect(ran.stderr).toMatch(/^warning AUDIT_ROLLBACK: .*\n {2}It was replaced/)
    const json = await run(command, '--json')
    expect([json.code, JSON.parse(json.stderr)]).toMatchObject([code, { warning: { code: 'AUDIT_ROLLBACK' } }])
  })

  it('proves nothing, signs nothing, and is made to by nobody', async () => {
    for (const words of [['export', '--include-proofs'], ['root', '--sign'], ['witness', '--resume'], ['verify']]) {
      const ran = await run(...words, '--json')
      expect([words, ran.code, ran.stdout, errorOf(ran).code]).toEqual([words, 1, '', 'AUDIT_ROLLBACK'])
      expect(errorOf(ran).remedy).toContain('docs/crash-safety.md')
    }
  })

  it('is one without any entry, where some were signed', async () => {
    const empty = out('empty')
    await home.run(['init', 'other'])
    cpSync(join(home.path, 'agents', 'other', 'audit.db'), empty)
    const database = new DatabaseSync(empty)
    database.exec('DELETE FROM entries; DELETE FROM head; DELETE FROM tile; DELETE FROM partial')
    database.close()
    const kept = readFileSync(join(folder, 'audit.db'))
    cpSync(empty, join(folder, 'audit.db'))
    const ran = await run('log')
    expect([ran.code, ran.stdout]).toEqual([0, ''])
    expect(ran.stderr).toContain('it has 0 entries')
    writeFileSync(join(folder, 'audit.db'), kept)
  })

  it('goes on as docs/crash-safety.md says: from the newest copy, with its checkpoint, or as a new log', async () => {
    const put = (name: string) => {
      rmSync(folder, { recursive: true })
      cpSync(out(name), folder, { recursive: true })
      chmodSync(folder, 0o700)
    }
    cpSync(folder, out('refusing'), { recursive: true })
    put('newest')
    expect((await run('verify')).code).toBe(0)
    // The note beside the log is gone, and the first line of an export has it.
    const [first] = readFileSync(out('proven.ndjson'), 'utf8').split('\n')
    const guard = join(folder, 'checkpoint.txt')
    rmSync(guard)
    expect((await run('verify')).code).toBe(1)
    expect((await run('log')).stderr).toContain('the copy outside of the store is missing')
    writeFileSync(guard, (JSON.parse(`${first}`) as { checkpoint: string }).checkpoint, { mode: 0o600 })
    expect((await run('verify')).code).toBe(0)
    // There is no newer copy: a new log, and the old one stays readable.
    put('refusing')
    const refused = out('refused')
    mkdirSync(join(refused, 'agents'), { recursive: true, mode: 0o700 })
    renameSync(folder, join(refused, 'agents', 'box'))
    await home.json(['identity', 'restore', backup, 'box'], opened)
    expect((await run('verify')).code).toBe(0)
    const { entry } = await home.json<{ entry: { log: { previous: string } } }>(['audit', 'show', '0', ...agent])
    expect(entry.log.previous).toMatch(/^talos\/.*\/1\n2\n/)
    await grant()
    const old = await home.run(['--home', refused, 'audit', 'log', ...agent])
    expect([old.code, old.stdout.split('\n').length]).toEqual([0, 4])
  })
})

describe('options that would be ignored', () => {
  it.each([
    ['verify', '--did', 'did:key:z6Mk'],
    ['verify', '--key-log', 'did.jsonl'],
    ['verify', '--export', 'x', '--signed'],
    ['witness', 'check', 'evidence.json', '--resume'],
    ['witness', 'policy', '--peer', 'did:key:z6Mk'],
  ])('are refused: audit %s %s %s', async (...words) => {
    const ran = await run(...words, '--json')
    expect([ran.code, errorOf(ran).code]).toEqual([2, 'CLI_USAGE'])
  })

  it('are not in the help of a command', async () => {
    expect((await run('witness', 'check', '--help')).stdout).not.toContain('--resume')
    expect((await run('witness', '--help')).stdout).toContain('--resume')
  })

  it('are told from what is a slip of the keyboard', async () => {
    expect((await run('lgo')).stderr).toContain("unknown command 'lgo'; Did you mean log?")
    expect((await run('log', '--type', 'tool')).stderr).toMatch(/--type is not acceptable: .*tool\.invoke/)
    const tool = await run('log', '--tool', 'read', '--json')
    expect([tool.code, errorOf(tool).code]).toEqual([2, 'CLI_OPTION_INVALID'])
    expect((await run('log', '--since', '1h', '--until', '2h')).stderr).toContain('--until is not acceptable')
    expect((await run('show', '0x')).stderr).toContain('the index of an entry, or the 64 hex digits')
  })
})

describe('an export', () => {
  it('that was cut off within a line is incomplete, like one that was cut off between two', async () => {
    const text = readFileSync(out('proven.ndjson'), 'utf8')
    const lines = text.split('\n')
    const verdict = async (content: string) => {
      writeFileSync(out('cut.ndjson'), content)
      const ran = await home.run(['audit', 'verify', '--export', out('cut.ndjson'), '--json'])
      return ran.stdout === '' ? [ran.code, errorOf(ran).code] : [ran.code, JSON.parse(ran.stdout).entries]
    }
    expect(await verdict(text.slice(0, -1))).toEqual([0, lines.length - 3])
    expect(await verdict(text.slice(0, -9))).toEqual([3, lines.length - 3])
    expect(await verdict(`${lines.slice(0, 2).join('\n')}\n${lines[2]?.slice(0, 40)}`)).toEqual([3, 1])
    expect(await verdict(`${lines[0]?.slice(0, 40)}`)).toEqual([2, 'CLI_EXPORT_UNREADABLE'])
    expect(await verdict(text.replace(`${lines[2]}`, `${lines[2]?.slice(0, 40)}`))).toEqual([
      2,
      'CLI_EXPORT_UNREADABLE',
    ])
  })

  it.skipIf(!existsSync('/dev/full'))('to a full disk says so, and is no success', () => {
    const full = openSync('/dev/full', 'w')
    const environment = { PATH: process.env['PATH'], TALOS_HOME: home.path }
    const words = [LAUNCHER, 'audit', 'export', '--json', ...agent]
    const ran = spawnSync(process.execPath, words, { env: environment, stdio: ['ignore', full, 'pipe'] })
    closeSync(full)
    expect([ran.status, JSON.parse(String(ran.stderr))]).toMatchObject([
      2,
      { error: { code: 'CLI_FILE_UNWRITABLE', details: { reason: 'ENOSPC' } } },
    ])
  })

  it('says what it wrote, and ends incomplete where nobody reads it', async () => {
    const words = ['audit', 'export', '--out', out('said.ndjson'), ...agent]
    const { entries, sizeBytes, file } = await home.json<Record<string, unknown>>(words)
    const written = readFileSync(out('said.ndjson'))
    expect([file, sizeBytes, entries]).toEqual([
      out('said.ndjson'),
      written.length,
      written.toString().split('\n').length - 1,
    ])
    const unread = await home.run(['audit', 'export', ...agent], { isUnread: true })
    expect([unread.code, unread.stderr]).toEqual([3, ''])
    expect(readdirSync(home.path).filter((name) => name.endsWith('.part'))).toEqual([])
    expect(existsSync(out('nothing'))).toBe(false)
  })
})
