/** An endpoint that forwards to a chain, and answers some methods as it likes. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Gets the true result and gives another one; throws for an HTTP status as `{ status }`. */
type Lie = (result: unknown, params: readonly unknown[]) => unknown

export interface LyingEndpoint extends AsyncDisposable {
  readonly url: string
  /** Lies by method; may be changed at any time. */
  readonly lies: Map<string, Lie>
  /** How often a method was asked. */
  readonly asked: Map<string, number>
}

export async function lyingEndpoint(target: string): Promise<LyingEndpoint> {
  const lies = new Map<string, Lie>()
  const asked = new Map<string, number>()
  const server = createServer((request, response) => void answerTo(request, response))
  const answerTo = async (request: IncomingMessage, response: ServerResponse) => {
    const { id, method, params } = JSON.parse(await bodyOf(request)) as {
      id: number
      method: string
      params: unknown[]
    }
    asked.set(method, (asked.get(method) ?? 0) + 1)
    const forwarded = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
    })
    const answer = (await forwarded.json()) as { result?: unknown; error?: unknown }
    try {
      const lie = lies.get(method)?.(answer.result, params ?? [])
      const result = lie === undefined ? answer.result : lie
      const isResult = lie !== undefined || answer.error === undefined
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...(isResult ? { result } : { error: answer.error }) }))
    } catch (thrown) {
      response.statusCode = (thrown as { status: number }).status
      response.end()
    }
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/a-key-in-the-path`,
    lies,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
