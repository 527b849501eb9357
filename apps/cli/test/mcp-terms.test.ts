/** What a configuration asks of calls, end to end: `talos mcp serve`, `talos mcp connect`, an MCP client, real servers. */
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { tempFolder } from '@talos/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Home, LAUNCHER, PASSPHRASE, type Running } from './talos.ts'

const SERVER_PACKAGE = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/package.json')
const box = new Home()
const agent = new Home()
const files = tempFolder()
const root = realpathSync(files.path)
const docs = join(root, 'docs')
let serving: Running
let invitation = ''

beforeAll(async () => {
  await box.init('box')
  const agentDid = await agent.init('agent')
  mkdirSync(docs)
  writeFileSync(join(root, 'outside.txt'), 'Nobody may read this.\n')
  writeFileSync(join(docs, 'note.txt'), 'The meeting is on Monday.\n')
  writeFileSync(join(docs, 'private.txt'), 'A private note.\n')
  symlinkSync(join(root, 'outside.txt'), join(docs, 'innocent.txt'))
  const server = join(dirname(SERVER_PACKAGE), 'dist', 'index.js')
  writeFileSync(
    join(box.path, 'own.cedar'),
    'permit(principal, action, resource);\nforbid(principal, action, resource) when { context.args has path && context.args.path like "*private*" };\n',
  )
  const tools = { read_text_file: { proof: 'mac', effect: 'read', receipt: 'batch' }, write_file: { risk: 'high' } }
  const config = {
    mcpServers: { files: { command: process.execPath, args: [server, root] } },
    talos: { environment: { stage: 'test' }, policy: 'own.cedar', servers: { files: { tools } } },
  }
  writeFileSync(join(box.path, 'mcp.json'), JSON.stringify(config))
  for (const tool of ['read_text_file', 'write_file']) {
    const words = ['capabilities', 'grant', '--to', agentDid, '--server', 'files', '--tool', tool, '--for', '15m']
    const rules = tool === 'write_file' ? ['--rule', '["known",".content"]'] : []
    await box.json([...words, '--under', `path=${docs}`, ...rules, '--out', join(box.path, `${tool}.taloscap`)])
    await agent.json(['capabilities', 'import', join(box.path, `${tool}.taloscap`)])
  }
  serving = box.start(['mcp', 'serve', join(box.path, 'mcp.json')])
  const [line] = await serving.lines(1)
  invitation = `${line}`
})

afterAll(async () => {
  await serving.stop('SIGKILL')
  box[Symbol.dispose]()
  agent[Symbol.dispose]()
  files[Symbol.dispose]()
})

async function connect(...words: readonly string[]) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [LAUNCHER, 'mcp', 'connect', ...words],
    env: { PATH: `${process.env['PATH']}`, TALOS_HOME: agent.path, TALOS_PASSPHRASE: PASSPHRASE },
    stderr: 'pipe',
  })
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(transport)
  const call = async (name: string, args: object, meta?: object) =>
    JSON.stringify(
      await client
        .callTool({ name, arguments: { ...args }, ...(meta !== undefined && { _meta: { ...meta } }) })
        .catch((error: unknown) => (error instanceof Error ? { message: error.message } : error)),
    )
  return { call, [Symbol.asyncDispose]: async () => await client.close() }
}

describe('what a configuration asks of calls', () => {
  it('holds beside the capability: links are followed, a policy refuses, a high risk wants a reason', async () => {
    await using connected = await connect(invitation, 'files')
    const { call } = connected
    const read = async (name: string) => await call('read_text_file', { path: join(docs, name) })
    expect(await read('note.txt')).toContain('The meeting is on Monday')
    expect(await read('innocent.txt')).not.toContain('Nobody may read this')
    expect(await read('private.txt')).not.toContain('A private note')
    const write = { path: join(docs, 'new.txt'), content: 'words' }
    expect(await call('write_file', write)).not.toContain('Successfully')
    expect(await call('write_file', write, { 'talos/justification': 'the report is due' })).toContain('Successfully')
    await serving.until(() => /CAPABILITY_JUSTIFICATION/.test(serving.stderr))
    expect(serving.stderr).toMatch(/^deny .*CAPABILITY_POLICY_DENIED$/m)
    expect(serving.stderr).toMatch(/^deny .*CAPABILITY_ARGUMENT$/m)
  })

  it('takes the reason from the command line where a client says none', async () => {
    await using connected = await connect(invitation, 'files', '--why', 'the report is due')
    expect(await connected.call('write_file', { path: join(docs, 'again.txt'), content: 'words' })).toContain(
      'Successfully',
    )
  })

  it('is refused where a word of it is not known, or a file is not there', async () => {
    const file = join(box.path, 'bad.json')
    const mcpServers = { files: { command: 'x' } }
    for (const [talos, code] of [
      [{ servers: { files: { proofs: 'mac' } } }, 'MCP_CONFIG_INVALID'],
      [{ policy: 'gone.cedar' }, 'CLI_FILE_UNREADABLE'],
      [{ policy: 'mcp.json' }, 'POLICY_INVALID'],
    ] as const) {
      writeFileSync(file, JSON.stringify({ mcpServers, talos }))
      const ran = await box.run(['mcp', 'serve', file, '--json'])
      expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code } })
    }
  })
})
