import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { Client, type JSONRPCMessage, type Transport } from '@modelcontextprotocol/client'
import { connectMcpStdio, McpCaller, type SealedChannel, type StdioServerConfig } from '@talos/mcp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve, TestAuthor, TestGate } from './fixtures.ts'

const require = createRequire(import.meta.url)
const manifest = require.resolve('@modelcontextprotocol/server-filesystem/package.json')
let folder = ''

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'talos-mcp-')))
  mkdirSync(join(folder, 'notes'))
  writeFileSync(join(folder, 'notes', 'a.txt'), 'grüße\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

const filesystem = (): StdioServerConfig => ({
  command: process.execPath,
  args: [join(dirname(manifest), 'dist', 'index.js'), folder],
  env: {},
})

/** The official client's messages as lines on the relay's two streams, as on a process's stdin and stdout. */
class StreamTransport implements Transport {
  onmessage?: (message: JSONRPCMessage) => void
  onclose?: () => void
  readonly #input = new PassThrough()
  readonly #output = new PassThrough()
  #rest = ''

  constructor(channel: SealedChannel) {
    connectMcpStdio({
      channel,
      serverName: 'files',
      author: new TestAuthor(),
      input: this.#input,
      output: this.#output,
    })
  }

  async start(): Promise<void> {
    this.#output.on('data', (chunk: Buffer) => {
      const lines = (this.#rest + chunk.toString('utf8')).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) this.onmessage?.(JSON.parse(line) as JSONRPCMessage)
    })
    this.#output.on('end', () => this.onclose?.())
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#input.write(`${JSON.stringify(message)}\n`)
  }

  async close(): Promise<void> {
    this.#input.end()
  }
}

describe('the official client and the official filesystem server', () => {
  it('see each other through the relay: tools that are permitted, and files', async () => {
    const { agent, served, gate } = serve(filesystem(), { gate: new TestGate((tool) => tool.startsWith('read_')) })
    const client = new Client({ name: 'test', version: '1' })
    await client.connect(new StreamTransport(agent))
    expect(client.getServerVersion()?.name).toBe('secure-filesystem-server')
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name).sort()).toEqual([
      'read_file',
      'read_media_file',
      'read_multiple_files',
      'read_text_file',
    ])
    const path = join(folder, 'notes', 'a.txt')
    const { content } = await client.callTool({ name: 'read_text_file', arguments: { path } })
    expect(content).toMatchObject([{ type: 'text', text: 'grüße\n' }])
    await expect(client.callTool({ name: 'write_file', arguments: { path, content: '' } })).rejects.toThrow(
      'not granted',
    )
    expect(gate.ends).toHaveLength(2)
    await client.close()
    expect(await served.closed).toBe('done')
  })

  it('fall back to the handshake where the client asks for the stateless revision first', async () => {
    const { agent, served } = serve(filesystem())
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new StreamTransport(agent))
    expect((await client.listTools()).tools.length).toBeGreaterThan(5)
    await client.close()
    await served.closed
  })
})

describe('the caller', () => {
  it('lists and calls tools of the filesystem server', async () => {
    const { agent, served } = serve(filesystem())
    const caller = await McpCaller.open({ channel: agent, serverName: 'files', author: new TestAuthor() })
    expect((await caller.listTools()).map(({ name }) => name)).toContain('read_text_file')
    const path = join(folder, 'notes', 'a.txt')
    const answer = await caller.callTool({ tool: 'read_text_file', arguments: { path } })
    expect(answer).toMatchObject({ isError: false, error: undefined, result: { content: [{ text: 'grüße\n' }] } })
    expect([answer.invocation, answer.receipt]).toEqual([expect.any(Uint8Array), expect.any(Uint8Array)])
    const outside = await caller.callTool({ tool: 'read_text_file', arguments: { path: '/etc/hostname' } })
    expect([outside.isError, outside.error]).toEqual([true, undefined])
    caller.close()
    await Promise.all([caller.closed, served.closed])
  })
})
