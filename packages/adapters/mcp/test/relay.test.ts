import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { connectMcpStdio, McpCaller, type SealedChannel } from '@talos/mcp'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMcpFrame, encodeMcpFrame } from '../src/frames.ts'
import { bytes, echoServer, serve, TestAuthor, TestGate, text } from './fixtures.ts'

const INITIALIZE =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}'

/** A client that writes and reads raw lines. */
function rawClient(channel: SealedChannel, author = new TestAuthor()) {
  const input = new PassThrough()
  const output = new PassThrough()
  const connected = connectMcpStdio({ channel, serverName: 'echo', author, input, output })
  const lines: string[] = []
  const waiting: ((line: string) => void)[] = []
  let rest = ''
  output.on('data', (chunk: Buffer) => {
    rest += chunk.toString('utf8')
    const found = rest.split('\n')
    rest = found.pop() ?? ''
    for (const line of found) {
      const next = waiting.shift()
      if (next === undefined) lines.push(line)
      else next(line)
    }
  })
  const next = async () => lines.shift() ?? new Promise<string>((resolve) => waiting.push(resolve))
  const send = (line: string) => input.write(`${line}\n`)
  const ask = async (line: string) => {
    send(line)
    return next()
  }
  return { send, next, ask, input, author, connected }
}

async function ready(mode = 'echo', gate = new TestGate()) {
  const side = serve(echoServer(mode), { gate, requestTimeoutMs: 2_000 })
  const client = rawClient(side.agent)
  await client.ask(INITIALIZE)
  client.send('{"jsonrpc":"2.0","method":"notifications/initialized"}')
  return { ...side, ...client }
}

function call(id: string, argumentsJson: string, extra = '') {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":${argumentsJson}${extra}}}`
}

/** The message in a frame. */
function bodyOf(frame: Uint8Array): string {
  const decoded = decodeMcpFrame(frame)
  return decoded.k === 'ready' ? 'ready' : text(decoded.body)
}

const codeOf = (line: string) => (JSON.parse(line) as { error?: { data?: { code?: string } } }).error?.data?.code
const rpcCodeOf = (line: string) => (JSON.parse(line) as { error?: { code?: number } }).error?.code

describe('exact bytes', () => {
  const odd = '{"n":9007199254740993, "e":1e400,"f":-0.10E+2 ,"s":"\\ud800\\u0041\\/","__proto__":{"x":null},"é":[ ] }'

  it('carries numbers, escapes, white space and unknown members as they were written, both ways', async () => {
    const { ask, gate, author, served, agent } = await ready()
    const request = call('"a\\u0062"', odd, ',"_meta":{"progressToken":1e0},"unknown": [1.0]')
    const line = await ask(request)
    expect(line).toBe(
      `{"jsonrpc":"2.0","id":"ab","result":{"content":[],"echo":${request}, "odd":"\\ud800" , "big":9007199254740993}}`,
    )
    expect(text(gate.calls[0]?.argumentsJson ?? bytes(''))).toBe(odd)
    expect(text(author.intents[0]?.argumentsJson ?? bytes(''))).toBe(odd)
    expect(text(gate.calls[0]?.request ?? bytes(''))).toBe(request)
    agent.close()
    await served.closed
  })

  it('carries arbitrary JSON arguments of any spelling', async () => {
    const { ask, served, agent, gate } = await ready()
    let id = 0
    const spaced = fc.tuple(fc.json(), fc.constantFrom('', ' ', '\t', '  '))
    await fc.assert(
      fc.asyncProperty(spaced, async ([json, space]) => {
        id += 1
        const argumentsJson = `{${space}"value":${space}${json}${space}}`
        const request = call(String(id), argumentsJson)
        expect(await ask(request)).toContain(`"echo":${request}, "odd"`)
        expect(text(gate.calls.at(-1)?.argumentsJson ?? bytes(''))).toBe(argumentsJson)
      }),
      { seed: 42, numRuns: 100 },
    )
    agent.close()
    await served.closed
  })

  it('cuts tools out of a list and leaves every other byte', async () => {
    const { ask, served, agent } = await ready('echo', new TestGate((tool) => tool !== 'second'))
    const line = await ask('{"jsonrpc":"2.0","id":1,"method":"tools/list"}')
    const tool = (name: string) => `{"name":"${name}", "inputSchema":{"type":"object"},"x-limit":1e400 }`
    expect(line).toBe(
      `{"jsonrpc":"2.0","id":1,"result":{"ttlMs":9007199254740993, "tools":[${tool('echo')},${tool('third')}]}}`,
    )
    agent.close()
    await served.closed
  })

  it('passes a list unchanged where every tool is permitted, and an empty one where none is', async () => {
    const all = await ready()
    expect(await all.ask('{"jsonrpc":"2.0","id":1,"method":"tools/list"}')).toContain('"tools":[ {"name":"echo"')
    all.agent.close()
    const none = await ready('echo', new TestGate(() => false))
    expect(await none.ask('{"jsonrpc":"2.0","id":1,"method":"tools/list"}')).toContain('"tools":[]}')
    none.agent.close()
    await Promise.all([all.served.closed, none.served.closed])
  })

  it('carries requests of the server to the client, and the answers back', async () => {
    const { ask, served, agent } = await ready('asks')
    expect(await ask(call('1', '{}'))).toBe('{"jsonrpc":"2.0","id":"s1","method":"roots/list","x":1e400}')
    const answer = '{"jsonrpc":"2.0","id":"s1","result":{"roots":[],"n":1e400}}'
    expect(await ask(answer)).toBe(`{"jsonrpc":"2.0","id":1,"result":{"content":[],"echo":${answer}}}`)
    agent.close()
    await served.closed
  })
})

/** What readers without regard to case take for another call than the one that is written. */
const OTHER_CASES = [
  '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"x","arguments":{}}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"},"PARAMS":{"name":"y"}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"},"param\\u017f":{"name":"y"}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","Name":"y"}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","Arguments":{"path":"/etc"}}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_Meta":{}}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"path":"/a","Path":"/etc"}}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":[{"b":1,"B":2}]}}}',
  '{"jsonrpc":"2.0","id":1,"method":"notifications/x","ID":2}',
]

describe('what is refused', () => {
  it('refuses by JSON-RPC errors what is no message, and goes on', async () => {
    const { ask, agent, served } = await ready()
    const cases: [string, string, number][] = [
      ['{', 'MCP_MESSAGE_INVALID', -32_600],
      ['[]', 'MCP_BATCH_UNSUPPORTED', -32_600],
      [call('1', '{"a":1,"\\u0061":2}'), 'MCP_MESSAGE_INVALID', -32_600],
      [call('1', '[1]'), 'MCP_MESSAGE_INVALID', -32_600],
      [call('1', `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`), 'MCP_MESSAGE_INVALID', -32_600],
      [call('"talos:1"', '{}'), 'MCP_MESSAGE_INVALID', -32_600],
      ['{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"a:b"}}', 'MCP_METHOD_REFUSED', -32_601],
      ['{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"x"}}', 'MCP_METHOD_REFUSED', -32_601],
      ['{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{}}', 'MCP_METHOD_REFUSED', -32_601],
      ...OTHER_CASES.map((line): [string, string, number] => [line, 'MCP_MESSAGE_INVALID', -32_600]),
      [INITIALIZE, 'MCP_NOT_INITIALIZED', -32_600],
    ]
    for (const [line, code, rpcCode] of cases) {
      const answer = await ask(line)
      expect([codeOf(answer), rpcCodeOf(answer)]).toEqual([code, rpcCode])
    }
    expect(await ask('{"jsonrpc":"2.0","id":9,"method":"ping"}')).toContain('"id":9,"result"')
    agent.close()
    await served.closed
  })

  it('answers a refused request under its own id', async () => {
    const { ask, agent, served } = await ready()
    expect(await ask(call('77', '{"a":1,"a":2}'))).toContain('"id":77,"error"')
    agent.close()
    await served.closed
  })

  it('refuses requests before the handshake without letting them reach the server', async () => {
    const { agent, served } = serve(echoServer())
    const { ask } = rawClient(agent)
    expect(codeOf(await ask(call('1', '{}')))).toBe('MCP_UNPROVEN_REFUSAL')
    expect(codeOf(await ask('{"jsonrpc":"2.0","id":2,"method":"logging/setLevel"}'))).toBe('MCP_NOT_INITIALIZED')
    agent.close()
    await served.closed
  })

  it('keeps a call without intent from the server', async () => {
    const { agent, tool, served, gate } = serve(echoServer())
    const frames: string[] = []
    agent.onFrame((frame) => void frames.push(bodyOf(frame)))
    await agent.send(encodeMcpFrame({ k: 'data', body: bytes(INITIALIZE) }))
    await expect.poll(() => frames.length).toBe(1)
    await agent.send(encodeMcpFrame({ k: 'data', body: bytes(call('1', '{}')) }))
    await expect.poll(() => frames.length).toBe(2)
    expect(gate.calls[0]?.proof).toBeUndefined()
    expect(frames[1]).toContain('not granted')
    tool.close()
    await served.closed
  })

  it('drops a tools/call without id', async () => {
    const { send, ask, agent, served, gate } = await ready()
    send('{"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo"}}')
    expect(await ask(call('1', '{}'))).toContain('"id":1,"result"')
    expect(gate.calls).toHaveLength(1)
    agent.close()
    await served.closed
  })

  it('refuses an id that is in use, and leaves the first request its answer', async () => {
    const { ask, next, agent, served, send } = await ready('mute')
    send(call('1', '{}'))
    const answer = await ask(call('1.0', '{}'))
    expect([codeOf(answer), JSON.parse(answer)]).toEqual(['MCP_ID_IN_USE', expect.objectContaining({ id: null })])
    expect(codeOf(await next())).toBe('MCP_SERVER_SILENT')
    agent.close()
    await served.closed
  })

  it('bounds the requests in flight', async () => {
    const { next, agent, served, send } = await ready('mute')
    for (let id = 1; id <= 257; id += 1) send(call(String(id), '{}'))
    const answer = await next()
    expect([codeOf(answer), answer.includes('"id":257')]).toEqual(['MCP_TOO_MANY_REQUESTS', true])
    agent.close()
    await served.closed
  })

  it('tells the gate which tools the server lists, over all pages', async () => {
    const { ask, agent, served, gate } = await ready('pages')
    await ask(call('1', '{}').replace('"echo"', '"third"'))
    await ask(call('2', '{}').replace('"echo"', '"fourth"'))
    expect(gate.calls.map(({ tool, known }) => [tool, known])).toEqual([
      ['third', true],
      ['fourth', false],
    ])
    agent.close()
    await served.closed
  })
})

describe('denials', () => {
  const denial = { allowed: false as const, code: 'CAPABILITY_COMMAND_INVALID' as const, message: 'stay below /srv' }

  it('tells the model where arguments are at fault', async () => {
    const { ask, agent, served, gate } = await ready()
    const { receipt } = (await new TestGate(() => false).authorizeCall({ known: true } as never)) as {
      receipt: Uint8Array
    }
    gate.denial = { ...denial, receipt, argumentsAtFault: true }
    expect(JSON.parse(await ask(call('1', '{}')))).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: {
        content: [{ type: 'text', text: 'stay below /srv' }],
        isError: true,
        _meta: { 'talos/denied': denial.code },
      },
    })
    gate.denial = { ...denial, receipt, argumentsAtFault: false }
    expect(JSON.parse(await ask(call('2', '{}')))).toEqual({
      jsonrpc: '2.0',
      id: 2,
      error: { code: -32_001, message: 'stay below /srv', data: { code: denial.code } },
    })
    agent.close()
    await served.closed
  })
})

describe('what a tool side asks of calls', () => {
  const terms = {
    epoch: new Uint8Array(16).fill(3),
    proof: 'channel' as const,
    tools: new Map([['second', { proof: 'signature' as const, mustSayWhy: true }]]),
  }

  it('is told first of all, and known when the first call is made', async () => {
    const { agent, served } = serve(echoServer(), { terms })
    const author = new TestAuthor()
    const { ask } = rawClient(agent, author)
    await ask(INITIALIZE)
    await ask(call('1', '{}'))
    expect(author.intents[0]?.terms).toEqual(terms)
    agent.close()
    await served.closed
  })

  it.each(['channel', 'mac', 'signature'] as const)(
    'takes calls that are proven by %s, with their approvals',
    async (level) => {
      const { agent, served, gate } = serve(echoServer(), { terms })
      const author = new TestAuthor()
      author.level = level
      author.approvals = [bytes('approved')]
      const { ask } = rawClient(agent, author)
      await ask(INITIALIZE)
      expect(await ask(call('1', '{}'))).toContain('"result"')
      const [{ proof, approvals } = { proof: undefined, approvals: [] }] = gate.calls
      expect([proof?.level, approvals.map(text)]).toEqual([level, ['approved']])
      agent.close()
      await served.closed
    },
  )

  it('takes from the client why a call is made, and has words of its own for calls that do not say it', async () => {
    const { agent, served } = serve(echoServer())
    const author = new TestAuthor()
    const [input, output] = [new PassThrough(), new PassThrough()]
    connectMcpStdio({
      channel: agent,
      serverName: 'echo',
      author,
      input,
      output,
      remarks: { justification: 'as ever' },
    })
    const lines = createInterface({ input: output })[Symbol.asyncIterator]()
    const ask = async (line: string) => {
      input.write(`${line}\n`)
      await lines.next()
    }
    await ask(INITIALIZE)
    await ask(call('1', '{}', ',"_meta":{"talos/justification":"the report \\u0031 is due","x":{"a":[1]}}'))
    for (const meta of ['{}', '{"talos/justification":""}', '{"talos/justification":1}', '[]']) {
      await ask(call('1', '{}', `,"_meta":${meta}`))
    }
    expect(author.intents.map(({ justification }) => justification)).toEqual([
      'the report 1 is due',
      ...Array.from({ length: 4 }, () => 'as ever'),
    ])
    agent.close()
    await served.closed
  })

  it('lists tools for signed requests alone', async () => {
    const { agent, served, gate } = serve(echoServer())
    const author = new TestAuthor()
    author.level = 'channel'
    const { ask } = rawClient(agent, author)
    await ask(INITIALIZE)
    await ask('{"jsonrpc":"2.0","id":1,"method":"tools/list"}')
    expect(gate.lists[0]?.invocation).toBeUndefined()
    agent.close()
    await served.closed
  })

  it('withholds a response that is larger than what is left, and has the refusal recorded in its place', async () => {
    const { ask, agent, served, gate } = await ready()
    gate.allowance = 10
    const answer = await ask(call('1', '{}'))
    expect([codeOf(answer), answer.includes('echo')]).toEqual(['CAPABILITY_LIMIT', false])
    expect(gate.ends).toEqual([{ response: bytes(answer), isError: true }])
    agent.close()
    await served.closed
  })

  it('says what a call waits for, and the caller reads it', async () => {
    const { agent, served, gate } = serve(echoServer())
    const { receipt } = (await new TestGate(() => false).authorizeCall({ known: true } as never)) as {
      receipt: Uint8Array
    }
    const of = ['did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' as Did]
    const referral = { digest: 'ab'.repeat(32), approvals: [{ m: 1, of }] }
    const code = 'CAPABILITY_APPROVAL' as const
    gate.denial = { allowed: false, code, message: 'others decide', receipt, argumentsAtFault: false, referral }
    const caller = await McpCaller.open({ channel: agent, serverName: 'echo', author: new TestAuthor() })
    const { error } = await caller.callTool({ tool: 'echo' })
    expect(error).toMatchObject({ talosCode: code, referral })
    for (const broken of [
      { ...referral, digest: 'x' },
      { ...referral, approvals: [{ m: 1, of: ['bob' as Did] }] },
      { ...referral, approvals: [{ m: 1.5, of }] },
    ]) {
      gate.denial = { ...gate.denial, referral: broken }
      expect((await caller.callTool({ tool: 'echo' })).error?.referral).toBeUndefined()
    }
    caller.close()
    await Promise.all([caller.closed, served.closed])
  })

  it.each([
    ['agent', { k: 'ready', epoch: terms.epoch, proof: 'channel', tools: [] }],
    ['agent', { k: 'result', body: bytes('{}'), rcpt: bytes('r') }],
    ['tool', { k: 'bare', body: bytes('{}'), call: bytes('c'), prf: [], salt: new Uint8Array(32) }],
  ] as const)('closes the channel for a frame from the wrong side: %s %o', async (side, frame) => {
    const scene = serve(echoServer())
    rawClient(scene.agent)
    await scene[side].send(encodeMcpFrame(frame))
    expect(await scene.agent.closed).toBe('MCP_FRAME_INVALID')
    await scene.served.closed
  })
})

describe('an authority that fails', () => {
  it('keeps the call from the channel on the agent side', async () => {
    const { agent, served, gate } = serve(echoServer())
    const author = new TestAuthor()
    const { ask } = rawClient(agent, author)
    await ask(INITIALIZE)
    author.intend = async () => {
      throw new TalosError('CAPABILITY_COMMAND_INVALID', { reason: 'no grant' })
    }
    expect(codeOf(await ask(call('1', '{}')))).toBe('CAPABILITY_COMMAND_INVALID')
    author.intend = async () => {
      throw new Error('the disk is full')
    }
    const answer = await ask(call('1', '{}'))
    expect([codeOf(answer), answer.includes('disk')]).toEqual(['MCP_AUTHORITY_FAILED', false])
    expect(gate.calls).toHaveLength(0)
    agent.close()
    await served.closed
  })

  it('keeps the call from the server on the tool side', async () => {
    const { ask, agent, served, gate } = await ready()
    gate.authorizeCall = async () => {
      throw new Error('the disk is full')
    }
    const answer = await ask(call('1', '{}'))
    expect([codeOf(answer), answer.includes('MCP_AUTHORITY_FAILED')]).toEqual(['MCP_UNPROVEN_REFUSAL', true])
    expect(gate.ends).toEqual([])
    agent.close()
    await served.closed
  })
})

describe('receipts', () => {
  it('releases nothing whose receipt does not fit', async () => {
    const { agent, tool, served } = serve(echoServer())
    const forged: SealedChannel = {
      ...agent,
      onFrame: (handler) =>
        agent.onFrame((frame) => {
          const decoded = decodeMcpFrame(frame)
          return handler(decoded.k === 'result' ? encodeMcpFrame({ ...decoded, rcpt: new Uint8Array(64) }) : frame)
        }),
    }
    const { ask } = rawClient(forged)
    await ask(INITIALIZE)
    const answer = await ask(call('1', '{"secret":1}'))
    expect([codeOf(answer), answer.includes('secret')]).toEqual(['MCP_RECEIPT_REFUSED', false])
    tool.close()
    await served.closed
  })

  it('releases nothing that could not be recorded', async () => {
    const { ask, agent, served, gate, author } = await ready()
    gate.failToRecord = true
    const answer = await ask(call('1', '{"secret":1}'))
    expect([codeOf(answer), answer.includes('secret')]).toEqual(['MCP_UNPROVEN_REFUSAL', false])
    expect(text(author.finished[0]?.response ?? bytes(''))).toContain('MCP_RECEIPT_FAILED')
    agent.close()
    await served.closed
  })
})

describe('ends', () => {
  it('ends a call that the server answers with something unreadable', async () => {
    const { ask, agent, served, gate } = await ready('unreadable')
    expect(codeOf(await ask(call('1', '{}')))).toBe('MCP_ANSWER_INVALID')
    expect(gate.ends).toEqual([{ lost: 'MCP_ANSWER_INVALID' }])
    agent.close()
    await served.closed
  })

  it('ends a call that the server never answers', async () => {
    const { ask, agent, served, gate } = await ready('mute')
    expect(codeOf(await ask(call('1', '{}')))).toBe('MCP_SERVER_SILENT')
    expect(gate.ends).toEqual([{ lost: 'MCP_SERVER_SILENT' }])
    agent.close()
    await served.closed
  })

  it('ends calls, the channel and the connection when the server is killed', async () => {
    const { ask, connected, served, gate } = await ready('die')
    expect(codeOf(await ask(call('1', '{}')))).toBe('MCP_SERVER_EXITED')
    expect(gate.ends).toEqual([{ lost: 'MCP_SERVER_EXITED' }])
    expect(await Promise.all([connected.closed, served.closed])).toEqual(['MCP_SERVER_EXITED', 'MCP_SERVER_EXITED'])
  })

  it('ends everything when the server writes an oversized line', async () => {
    const { ask, served } = await ready('oversize')
    expect(codeOf(await ask(call('1', '{}')))).toBe('MCP_SERVER_OUTPUT_INVALID')
    expect(await served.closed).toBe('MCP_SERVER_OUTPUT_INVALID')
  })

  it('gives pending calls their end when the link dies', async () => {
    const { send, next, tool, served, gate } = await ready('mute')
    send(call('1', '{}'))
    await expect.poll(() => gate.calls.length).toBe(1)
    tool.close('link lost')
    expect(codeOf(await next())).toBe('MCP_CHANNEL_CLOSED')
    expect(await served.closed).toBe('link lost')
    expect(gate.ends).toEqual([{ lost: 'MCP_CHANNEL_CLOSED' }])
  })

  it('lets answers under way arrive after the end of the input, then closes', async () => {
    const { send, input, next, served, connected } = await ready()
    send(call('1', '{}'))
    input.end()
    expect(await next()).toContain('"id":1,"result"')
    expect(await Promise.all([connected.closed, served.closed])).toEqual(['done', 'done'])
  })

  it('ends where the client writes a line over the limit', async () => {
    const { send, next, served } = await ready()
    send('x'.repeat(16 * 1_048_576 + 1))
    expect(codeOf(await next())).toBe('MCP_MESSAGE_INVALID')
    expect(await served.closed).toBe('MCP_MESSAGE_INVALID')
  })

  it('carries large messages at the pace of the slower side', async () => {
    const { send, next, agent, served } = await ready()
    const large = `{"text":"${'x'.repeat(4 * 1_048_576)}"}`
    for (const id of ['1', '2', '3']) send(call(id, large))
    for (const id of ['1', '2', '3']) expect((await next()).includes(`"echo":${call(id, large)}`)).toBe(true)
    agent.close()
    await served.closed
  })

  it('closes on a frame that is none', async () => {
    const { agent, served } = serve(echoServer())
    await agent.send(bytes('nonsense'))
    expect(await served.closed).toBe('MCP_FRAME_INVALID')
  })
})
