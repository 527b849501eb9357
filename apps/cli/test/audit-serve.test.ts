/** `talos audit serve` beside the agent, and docs/audit-service.md: its Go commands are run as they stand there. */
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorOf, Home, type Running } from './talos.ts'

interface Serving {
  readonly event: 'serving'
  readonly url: string
  readonly origin: string
  readonly key: string
  readonly size: number | null
}

const ROOT = join(import.meta.dirname, '..', '..', '..')
const DOC = readFileSync(join(ROOT, 'docs', 'audit-service.md'), 'utf8')
/** Each Go command with the folder that the line before it enters. */
const commands = [...DOC.matchAll(/^ {4}cd (\S+)\n {4}go (run \. follow .*)$/gm)].map(
  ([, folder = '', words = '']) => ({
    folder,
    words,
  }),
)
const environment = {
  ...process.env,
  PATH: `${process.env['PATH'] ?? ''}${delimiter}/usr/local/go/bin`,
  GOTOOLCHAIN: 'local',
  GOFLAGS: '-mod=readonly -buildvcs=false',
}
const canGo = (folder: string): boolean =>
  spawnSync('go', ['mod', 'download'], { cwd: join(ROOT, folder), env: environment }).status === 0

const home = new Home()
let serving: Running
let said: Serving

async function start(...words: string[]): Promise<{ readonly running: Running; readonly said: Serving }> {
  const running = home.start(['audit', 'serve', '--json', ...words], { passphrase: null })
  const [line] = await running.lines(1)
  return { running, said: JSON.parse(String(line)) as Serving }
}

beforeAll(async () => {
  await home.init('box')
  await home.run(['audit', 'root', '--sign'])
  const started = await start()
  serving = started.running
  said = started.said
})
afterAll(async () => {
  await serving.stop()
  home[Symbol.dispose]()
})

const size = async (url = said.url): Promise<number> =>
  Number((await (await fetch(`${url}/checkpoint`)).text()).split('\n')[1])

describe('audit serve', () => {
  it('says where the log is served, its name and its key, without a passphrase', async () => {
    expect(said).toMatchObject({ event: 'serving', size: await size() })
    expect(said.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9][0-9]*$/)
    expect(said.key.startsWith(`${said.origin}+`)).toBe(true)
    expect(home.printed).not.toContain('correct horse')
  })

  it('serves what the agent signs while it runs', async () => {
    const before = await size()
    await home.json([
      'capabilities',
      'grant',
      '--to',
      await home.init('peer'),
      '--agent',
      'box',
      '--server',
      'files',
      '--for',
      '15m',
    ])
    expect(await size()).toBe(before)
    await home.run(['audit', 'root', '--sign', '--agent', 'box'])
    expect(await size()).toBeGreaterThan(before)
  })

  it('has the running agent sign, and says why where none runs', async () => {
    const idle = await start('--agent', 'box', '--sign', '1s')
    await expect.poll(() => idle.running.stderr).toContain('CLI_NOT_RUNNING')
    const agent = home.start(['listen', '--agent', 'box', '--json'])
    await agent.lines(1)
    const before = await size(idle.said.url)
    const peer = (await home.json<{ did: string }>(['whoami', '--agent', 'peer'])).did
    await home.json(['capabilities', 'grant', '--to', peer, '--agent', 'box', '--server', 'other', '--for', '15m'])
    await expect.poll(async () => await size(idle.said.url), { timeout: 20_000 }).toBeGreaterThan(before)
    expect(idle.running.stderr.split('CLI_NOT_RUNNING')).toHaveLength(2)
    await agent.stop()
    expect(await idle.running.stop()).toBe(0)
  })

  it('asks for the token of a file', async () => {
    const file = join(home.path, 'token.txt')
    writeFileSync(file, `${'t'.repeat(40)}\n`, { mode: 0o600 })
    const { running, said: secret } = await start('--agent', 'box', '--token-file', file)
    expect((await fetch(`${secret.url}/checkpoint`)).status).toBe(401)
    const headers = { authorization: `Bearer ${'t'.repeat(40)}` }
    expect((await fetch(`${secret.url}/checkpoint`, { headers })).status).toBe(200)
    expect(await running.stop('SIGTERM')).toBe(0)
  })

  it.each([
    ['--listen', 'localhost:0', 'CLI_OPTION_INVALID'],
    ['--listen', '127.0.0.1', 'CLI_OPTION_INVALID'],
    ['--listen', '127.0.0.1:65536', 'CLI_OPTION_INVALID'],
    ['--listen', '0.0.0.0:0', 'LOG_LISTEN_REFUSED'],
    ['--listen', '192.0.2.1:0', 'LOG_LISTEN_REFUSED'],
    ['--sign', 'often', 'CLI_OPTION_INVALID'],
    ['--token-file', '/nowhere', 'CLI_FILE_UNREADABLE'],
    ['--token-file', '/dev/null', 'LOG_TOKEN_INVALID'],
  ])('refuses %s %s', async (option, value, code) => {
    const ran = await home.run(['audit', 'serve', '--json', '--agent', 'box', option, value])
    expect([ran.code, errorOf(ran).code]).toEqual([2, code])
  })
})

describe('docs/audit-service.md', () => {
  it('has commands to run', () => expect(commands.length).toBeGreaterThan(1))

  for (const { folder, words } of commands) {
    const isThere = canGo(folder)
    it.skipIf(!isThere)(`go ${words}${isThere ? '' : ' (skipped: no Go, or none of its modules)'}`, async () => {
      const values: Readonly<Record<string, string>> = {
        'http://127.0.0.1:8620': said.url,
        '"$KEY"': said.key,
        'seen.txt': join(home.path, 'seen.txt'),
      }
      const args = words.split(' ').map((word) => values[word] ?? word)
      for (let round = 0; round < 2; round += 1) {
        const ran = await promisify(execFile)('go', args, { cwd: join(ROOT, folder), env: environment })
        expect(JSON.parse(ran.stdout)).toMatchObject({ origin: said.origin, size: await size() })
      }
    })
  }
})
