/**
 * The agent side as a stdio MCP server (clause 14.7 of contracts/spec/14-mcp.md): what an MCP client starts in the place
 * of the real server. Exact bytes pass; stdout carries nothing but messages.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { AgentEnd } from './agent-end.ts'
import { INPUT_END_DRAIN_MS } from './limits.ts'
import { LineWriter, readLines } from './lines.ts'
import type { ConnectedMcpStdio, ConnectMcpStdioOptions } from './options.ts'
import { asTalosError, errorResponse } from './replies.ts'

/**
 * Connects an MCP client's stdio to a channel, until the input ends or the channel closes. An input that ends leaves
 * answers under way INPUT_END_DRAIN_MS. Never rejects: what fails is answered, and reported to `onEvent`.
 */
export function connectMcpStdio(options: ConnectMcpStdioOptions): ConnectedMcpStdio {
  const { channel, serverName, input, remarks, onEvent } = options
  const output = new LineWriter(options.output)
  const end = new AgentEnd({ ...options, deliver: (bytes) => output.write(bytes) })
  void readInput()
  const closed = end.closed.then((reason) => {
    input.destroy()
    output.end()
    return reason
  })
  return { closed, close: (reason = 'done') => channel.close(reason) }

  async function readInput(): Promise<void> {
    let reason = 'done'
    try {
      for await (const line of readLines(input)) await end.accept(line, remarks)
      const timer = new AbortController()
      await Promise.race([
        end.idle(),
        sleep(INPUT_END_DRAIN_MS, undefined, { signal: timer.signal }).catch(() => undefined),
      ])
      timer.abort()
    } catch (error) {
      // A line over the limit: its id is unknown, so only the end of the connection tells the client.
      const failure = asTalosError(error, 'MCP_MESSAGE_INVALID')
      onEvent?.({ kind: 'refused', server: serverName, error: failure })
      await output.write(errorResponse('null', failure))
      reason = failure.code
    }
    channel.close(reason)
  }
}
