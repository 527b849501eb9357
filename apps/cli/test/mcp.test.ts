/** The connector end to end: the official SDK's client, `talos mcp connect`, `talos mcp serve`, the filesystem server. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { tempFolder } from '@talos/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Home, LAUNCHER, PASSPHRASE, type Running } from './talos.ts'

const SERVER_PACKAGE = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/package.json')
const TOOL = 'mcp:files/tool/read_text_file'
const box = new Home()
const agent = new Home()
const files = tempFolder()
let agentDid = ''
let boxDid = ''
let serving: Running
let invitation = ''

beforeAll(async () => {
  boxDid = await box.init('box')
  agentDid = await agent.init('agent')
  const config = join(box.path, 'mcp.json')
  const server = join(dirname(SERVER_PACKAGE), 'dist', 'index.js')
  const mcpServers = { files: { command: process.execPath, args: [server, files.path] } }
  writeFileSync(config, JSON.stringify({ mcpServers }))
  writeFileSync(join(files.path, 'hello.txt'), 'Hello from a real file\n')
  serving = box.start(['mcp', 'serve', config])
  const [line] = await serving.lines(1)
  invitation = `${line}`
})

afterAll(async () => {
  await serving.stop('SIGKILL')
  box[Symbol.dispose]()
  agent[Symbol.dispose]()
  files[Symbol.dispose]()
})

/** An MCP client of the official SDK whose server is `talos mcp connect`. */
async function connect(...words: readonly string[]) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [LAUNCHER, 'mcp', 'connect', ...words],
    env: { PATH: `${process.env['PATH']}`, TALOS_HOME: agent.path, TALOS_PASSPHRASE: PASSPHRASE },
    stderr: 'pipe',
  })
  transport.stderr?.on('data', (chunk: Buffer) => {
    agent.printed += chunk.toString()
  })
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(transport)
  return {
    client,
    [Symbol.asyncDispose]: async () => await client.close(),
  }
}

describe('mcp serve and mcp connect', () => {
  it('print the invitation alone to stdout, and how to allow a tool to stderr', async () => {
    await serving.until(() => serving.stderr.includes('capabilities grant'))
    expect(serving.stdout).toBe(`${invitation}\n`)
    expect(invitation).toMatch(/^talos1:[A-Za-z0-9_-]+$/)
    expect(serving.stderr).toContain(`serving files as ${boxDid}`)
  })

  it('list and run what was granted, refuse the rest with the reason, and end with the grant', async () => {
    const { cid } = await box.json<{ cid: string }>(
      ['capabilities', 'grant', '--to', agentDid, '--server', 'files', '--tool', 'read_text_file'].concat([
        '--under',
        `path=${files.path}`,
        '--for',
        '15m',
      ]),
      { passphrase: null },
    )
    await using connected = await connect(invitation, 'files')
    const { client } = connected
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['read_text_file'])
    const read = async (path: string) => await client.callTool({ name: 'read_text_file', arguments: { path } })
    expect(await read(join(files.path, 'hello.txt'))).toMatchObject({
      content: [{ type: 'text', text: 'Hello from a real file\n' }],
    })
    for (const path of ['/etc/passwd', `${files.path}/../../etc/passwd`]) {
      const refused = await read(path)
      expect(refused.isError).toBe(true)
      expect(JSON.stringify(refused.content)).toMatch(/path must be a plain absolute path at or below/)
      expect(JSON.stringify(refused.content)).not.toContain('root:')
    }
    await serving.until(() => /^deny /m.test(serving.stderr) && /^allow /m.test(serving.stderr))
    expect(serving.stderr).toMatch(/^allow {2}mcp:files\/tool\/read_text_file {2}did:key:/m)
    await box.json(['capabilities', 'revoke', cid], { passphrase: null })
    const after = await read(join(files.path, 'hello.txt')).catch((error: unknown) => error)
    expect(JSON.stringify(after instanceof Error ? after.message : after)).not.toContain('Hello from a real file')
  })

  it('leave a proof of the call that anybody can check', async () => {
    const { entries } = await agent.json<{ entries: { entry: { ref?: string } }[] }>([
      'audit',
      'log',
      '--kind',
      'tool.invoke',
      '--tool',
      TOOL,
    ])
    const calls = entries.map(({ entry }) => entry.ref).filter((ref) => ref !== undefined)
    expect(calls.length).toBeGreaterThan(2)
    const outcomes: string[] = []
    for (const call of calls) {
      const file = join(agent.path, `${call}.talosproof`)
      expect(await agent.run(['proof', 'export', call, '--out', file])).toMatchObject({ code: 0, stderr: '' })
      const verified = await agent.json<{ facts: { display: string; outcome: string } }>(['proof', 'verify', file], {
        passphrase: null,
        environment: { TALOS_HOME: '/nonexistent' },
      })
      outcomes.push(`${verified.facts.display} ${verified.facts.outcome}`)
      writeFileSync(`${file}.bad`, readFileSync(file, 'utf8').replace(/"receipt":"g/, '"receipt":"h'))
      expect((await agent.run(['proof', 'verify', `${file}.bad`])).code).toBe(1)
    }
    expect(outcomes).toContain(`${TOOL} allow`)
    expect(outcomes).toContain(`${TOOL} deny`)
  })

  it('record the calls in both logs', async () => {
    for (const [home, kind] of [
      [agent, 'tool.invoke'],
      [box, 'tool.result'],
      [box, 'tool.deny'],
    ] as const) {
      const { entries } = await home.json<{ entries: unknown[] }>(['audit', 'log', '--kind', kind])
      expect(entries.length, kind).toBeGreaterThan(0)
      expect(await home.json(['audit', 'verify'])).toMatchObject({ valid: true })
    }
  })

  it('need no server name where one alone is granted, and say what is missing where none is', async () => {
    using stranger = new Home()
    await stranger.init('stranger')
    const ran = await stranger.run(['mcp', 'connect', invitation])
    expect([ran.code, ran.stdout]).toEqual([2, ''])
    expect(ran.stderr).toMatch(/Nothing is granted to this agent/)
    expect(ran.stderr).toMatch(/error CLI_NO_SERVER/)
    await box.json(
      ['capabilities', 'grant', '--to', agentDid, '--server', 'files', '--tool', 'list_directory', '--for', '1h'],
      {
        passphrase: null,
      },
    )
    await using connected = await connect(invitation)
    expect((await connected.client.listTools()).tools.map(({ name }) => name)).toEqual(['list_directory'])
  })

  it('refuse configurations that cannot be served', async () => {
    const file = join(agent.path, 'bad.json')
    for (const content of ['', '{}', '{"mcpServers":{}}', '{"mcpServers":{"x":{"command":1}}}']) {
      writeFileSync(file, content)
      const ran = await agent.run(['mcp', 'serve', file, '--json'])
      expect([ran.code, JSON.parse(ran.stderr)]).toMatchObject([2, { error: { code: 'MCP_CONFIG_INVALID' } }])
    }
  })

  it('end with Ctrl-C, leave no child behind and have shown no secret', async () => {
    await using connected = await connect(invitation, 'files')
    const ended = Promise.withResolvers<void>()
    connected.client.onclose = () => ended.resolve()
    expect(await serving.stop()).toBe(0)
    await ended.promise
    expect(agent.printed).toMatch(/the link for files has ended/)
    expect(box.printed + agent.printed).not.toContain(PASSPHRASE)
  })
})
