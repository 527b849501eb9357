/** Capabilities at work: real calls over `talos mcp connect` use up limits, wait for approvals, and end with revocations. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { tempFolder } from '@talos/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from './connected.ts'
import { errorOf, Home, PASSPHRASE, type Running } from './talos.ts'

const SERVER_PACKAGE = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/package.json')
const box = new Home()
const agent = new Home()
const boss = new Home()
const files = tempFolder()
let agentDid = ''
let serving: Running
let invitation = ''
const note = join(files.path, 'note.txt')

beforeAll(async () => {
  await box.init('box')
  agentDid = await agent.init('agent')
  const bossDid = await boss.init('boss')
  const server = join(dirname(SERVER_PACKAGE), 'dist', 'index.js')
  const tools = { write_file: { approvals: { m: 1, of: [bossDid] } }, read_text_file: { cost: { credit: 2 } } }
  const config = {
    mcpServers: { files: { command: process.execPath, args: [server, files.path] } },
    talos: { servers: { files: { tools } } },
  }
  writeFileSync(join(box.path, 'mcp.json'), JSON.stringify(config))
  writeFileSync(note, 'The meeting is on Monday\n')
  serving = box.start(['mcp', 'serve', join(box.path, 'mcp.json')])
  const [line] = await serving.lines(1)
  invitation = `${line}`
})

afterAll(async () => {
  await serving.stop('SIGKILL')
  for (const home of [box, agent, boss]) home[Symbol.dispose]()
  files[Symbol.dispose]()
})

async function grant(...words: readonly string[]): Promise<string> {
  const given = ['capabilities', 'grant', '--to', agentDid, '--server', 'files', '--for', '15m', '--tool', ...words]
  return (await box.json<{ cid: string }>(given, { passphrase: null })).cid
}

describe('limits', () => {
  it('are used up by calls, and explain says which one and how much is left', async () => {
    const cid = await grant('read_text_file', '--under', `path=${files.path}`, '--calls', '3', '--budget', 'credit=4')
    await using connected = await connect(agent, invitation, 'files')
    const read = async () => await connected.call('read_text_file', { path: note })
    expect(await read()).toContain('Monday')
    expect(await read()).toContain('Monday')
    expect(await read()).toContain('CAPABILITY_BUDGET')
    const words = ['capabilities', 'explain', '--server', 'files', '--tool', 'read_text_file', '--from', agentDid]
    const config = ['--config', join(box.path, 'mcp.json'), '--args', JSON.stringify({ path: note })]
    const explained = await box.run([...words, ...config], { passphrase: null })
    expect(explained.code).toBe(1)
    expect(explained.stdout).toMatch(/^REFUSED .*\n.*\n {2}.*proofs\[0\]\.limits\[1\] \[CAPABILITY_BUDGET\]$/m)
    expect(explained.stdout).toContain('at most 3 calls in all (1 left)')
    expect(explained.stdout).toContain('at most 4 credit in all, as the executor states the cost (0 left)')
    const shown = await box.run(['capabilities', 'show', cid], { passphrase: null })
    expect(shown.stdout).toContain('at most 3 calls in all (1 left)')
    const own = ['capabilities', 'show', cid]
    expect((await agent.run(own)).stdout).toMatch(/at most 3 calls in all\n/)
    await box.json(['capabilities', 'revoke', cid], { passphrase: null })
  })
})

describe('a call that somebody must approve', () => {
  const fresh = join(files.path, 'fresh.txt')
  const waiting = async (home: Home, side: 'asked' | 'needed') => {
    const listed = await home.json<Record<string, { digest: string; command: string }[]>>(
      ['capabilities', 'approvals'],
      { passphrase: null },
    )
    return listed[side] ?? []
  }

  it('is handed over as a file, approved once, and goes through when it is made again', async () => {
    await grant('write_file', '--under', `path=${files.path}`, '--rule', '["known",".content"]')
    await using connected = await connect(agent, invitation, 'files', '--why', 'the report is due')
    const write = async (content: string) => await connected.call('write_file', { path: fresh, content })
    expect(await write('one')).toContain('CAPABILITY_APPROVAL')
    expect(await waiting(agent, 'needed')).toMatchObject([{ command: 'mcp:files/tool/write_file' }])
    const digest = (await waiting(agent, 'needed'))[0]?.digest ?? ''
    expect(connected.told()).toContain(`talos capabilities approvals ${digest} --out call.talosask`)
    const ask = join(agent.path, 'call.talosask')
    const ok = join(boss.path, 'call.talosok')
    await agent.json(['capabilities', 'approvals', digest, '--out', ask], { passphrase: null })
    const look = await boss.run(['capabilities', 'approve', ask], { passphrase: null })
    expect(look.stdout).toContain(`arguments   ${JSON.stringify({ path: fresh, content: 'one' })}\n`)
    expect(look.stdout).toContain('its reason  the report is due\n')
    expect([look.stdout.includes('Nothing was signed'), existsSync(ok)]).toEqual([true, false])
    const signed = await boss.json(['capabilities', 'approve', ask, '--yes', '--note', 'ticket 4711', '--out', ok])
    expect(signed).toMatchObject({ digest, caller: agentDid, file: ok })
    const taken = await agent.run(['capabilities', 'import', ok], { passphrase: null })
    expect([taken.code, taken.stdout]).toEqual([
      0,
      expect.stringMatching(/^approved {2}[0-9a-f]{64}\n.*\n.*\nnote {6}ticket 4711\n/),
    ])
    expect(await waiting(agent, 'needed')).toEqual([])
    expect(await write('another')).toContain('CAPABILITY_APPROVAL')
    expect(await write('one')).toContain('Successfully')
    expect(await write('one')).toContain('CAPABILITY_APPROVAL')
    expect(readFileSync(fresh, 'utf8')).toBe('one')
  })

  it('is asked about and answered over the session of the two, or forgotten', async () => {
    await using listening = boss.start(['listen'])
    const [address] = await listening.lines(1)
    await agent.json(['send', `${address}`, 'Hello!'])
    await using connected = await connect(agent, invitation, 'files')
    const write = async (content: string) => await connected.call('write_file', { path: fresh, content })
    expect(await write('two')).toContain('CAPABILITY_APPROVAL')
    await listening.until(() => /approval asked {2}mcp:files\/tool\/write_file by did:key:/.test(listening.stderr))
    const digest = (await waiting(boss, 'asked'))[0]?.digest ?? ''
    expect(listening.stderr).toContain(`talos capabilities approve ${digest}`)
    const approved = await boss.run(['capabilities', 'approve', digest, '--yes'], { passphrase: null })
    expect([approved.code, approved.stdout]).toEqual([0, expect.stringContaining('Signed. Who asked has it')])
    expect(await waiting(boss, 'asked')).toEqual([])
    await expect.poll(connected.told, { timeout: 20_000 }).toContain(`approved  ${digest}`)
    expect(await write('two')).toContain('Successfully')
    expect(await write('three')).toContain('CAPABILITY_APPROVAL')
    await expect.poll(async () => (await waiting(boss, 'asked')).length, { timeout: 30_000 }).toBe(1)
    const other = (await waiting(boss, 'asked'))[0]?.digest ?? ''
    const declined = await boss.run(['capabilities', 'approvals', other, '--decline'], { passphrase: null })
    expect(declined.stdout).toContain('Forgotten. Nobody was told.')
    const gone = await boss.run(['capabilities', 'approve', other, '--yes', '--json'], { passphrase: null })
    expect([gone.code, errorOf(gone).code]).toEqual([1, 'CLI_APPROVAL_UNKNOWN'])
  })
})

describe('revoke-all', () => {
  it('stops the agent at its next call, and not before it is confirmed', async () => {
    await grant('read_text_file', '--under', `path=${files.path}`)
    await using connected = await connect(agent, invitation, 'files')
    const read = async () => await connected.call('read_text_file', { path: note })
    expect(await read()).toContain('Monday')
    const words = ['capabilities', 'revoke-all', agentDid]
    expect(await box.json(words, { passphrase: null })).toMatchObject({ revoked: false })
    expect(await read()).toContain('Monday')
    expect(await box.json([...words, '--yes'], { passphrase: null })).toMatchObject({ revoked: true })
    expect(await read()).not.toContain('Monday')
    await serving.until(() => /^deny .*CAPABILITY_REVOKED$/m.test(serving.stderr))
  })
})

describe('all of this', () => {
  it('has shown no passphrase', () => {
    expect([box, agent, boss].some((home) => home.printed.includes(PASSPHRASE))).toBe(false)
  })
})
