import { McpCaller } from '@talos/mcp'
import { describe, expect, it } from 'vitest'
import { echoServer, serve, TestAuthor, TestGate } from './fixtures.ts'

async function opened(mode: string, gate = new TestGate()) {
  const side = serve(echoServer(mode), { gate })
  const caller = await McpCaller.open({ channel: side.agent, serverName: 'echo', author: new TestAuthor() })
  return { ...side, caller }
}

const open = (mode: string, options: { handshakeTimeoutMs?: number } = {}) => {
  const { agent, served } = serve(echoServer(mode), options)
  return McpCaller.open({ channel: agent, serverName: 'echo', author: new TestAuthor() }).catch(async (error) => {
    agent.close()
    await served.closed
    return [error.code, error.details.reason]
  })
}

describe('a handshake', () => {
  it('fails with a code where the server exits at once', async () => {
    const [code, reason] = (await open('exit-at-once')) as string[]
    expect(code).toBe('MCP_ANSWER_INVALID')
    expect(reason).toMatch(/MCP_SERVER_EXITED|MCP_CHANNEL_CLOSED/)
  })

  it('fails with a code where the server exits when it is greeted', async () => {
    const [code, reason] = (await open('exit-in-handshake')) as string[]
    expect(code).toBe('MCP_ANSWER_INVALID')
    expect(reason).toContain('MCP_SERVER_EXITED')
  })

  it('fails with a code where the server says nothing', async () => {
    const [code, reason] = (await open('silent', { handshakeTimeoutMs: 300 })) as string[]
    expect([code, reason]).toEqual(['MCP_ANSWER_INVALID', expect.stringContaining('MCP_SERVER_SILENT')])
  })

  it('fails with a code where the server floods its stdout', async () => {
    const [code, reason] = (await open('junk')) as string[]
    expect([code, reason]).toEqual([
      'MCP_ANSWER_INVALID',
      expect.stringMatching(/MCP_SERVER_OUTPUT_INVALID|MCP_CHANNEL_CLOSED/),
    ])
  })

  it('fails with a code where the server does not exist', async () => {
    const { agent, served, events } = serve({ command: '/no/such/program', args: [], env: {} })
    const caller = McpCaller.open({ channel: agent, serverName: 'echo', author: new TestAuthor() })
    await expect(caller).rejects.toMatchObject({ code: 'MCP_ANSWER_INVALID' })
    await served.closed
    expect(events).toEqual([
      expect.objectContaining({ error: expect.objectContaining({ code: 'MCP_SERVER_START_FAILED' }) }),
    ])
  })

  it('goes on after a greeting on stdout, and reports it', async () => {
    const { caller, events, served } = await opened('greeting')
    expect(events).toContainEqual(expect.objectContaining({ kind: 'refused' }))
    caller.close()
    await served.closed
  })
})

describe('a call', () => {
  it('gets a refusal as an answer', async () => {
    const { caller, served } = await opened('echo', new TestGate(() => false))
    expect(await caller.callTool({ tool: 'echo' })).toMatchObject({
      isError: true,
      result: undefined,
      error: { code: -32_001, talosCode: 'CAPABILITY_COMMAND_INVALID', message: 'not granted' },
    })
    caller.close()
    await served.closed
  })

  it('ends when it is aborted, before and after it was sent, and when its time is over', async () => {
    const { caller, served, gate } = await opened('mute')
    const abort = new AbortController()
    const call = caller.callTool({ tool: 'echo' }, { signal: abort.signal })
    await expect.poll(() => gate.calls.length).toBe(1)
    abort.abort()
    await expect(call).rejects.toMatchObject({ code: 'MCP_REQUEST_ABORTED' })
    await expect(caller.callTool({ tool: 'echo' }, { signal: abort.signal })).rejects.toMatchObject({
      code: 'MCP_REQUEST_ABORTED',
    })
    await expect(caller.callTool({ tool: 'echo' }, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'MCP_CALL_LOST' })
    caller.close()
    await served.closed
    expect(gate.ends).toEqual([{ lost: 'MCP_CHANNEL_CLOSED' }, { lost: 'MCP_CHANNEL_CLOSED' }])
  })

  it('runs beside others', async () => {
    const { caller, served } = await opened('echo')
    const calls = Array.from({ length: 50 }, (_, n) => caller.callTool({ tool: 'echo', arguments: { n } }))
    const answers = await Promise.all(calls)
    const numbers = answers.map(({ result }) => (result as { echo: { params: { arguments: { n: number } } } }).echo)
    expect(numbers.map(({ params }) => params.arguments.n)).toEqual(Array.from({ length: 50 }, (_, n) => n))
    caller.close()
    await served.closed
  })

  it('lists all pages', async () => {
    const { caller, served } = await opened('pages')
    expect((await caller.listTools()).map(({ name }) => name)).toEqual(['echo', 'echo', 'second', 'third'])
    caller.close()
    await served.closed
    await expect(caller.listTools()).rejects.toMatchObject({ code: 'MCP_ANSWER_INVALID' })
  })
})
