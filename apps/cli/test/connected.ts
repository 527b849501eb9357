/** An MCP client of the official SDK whose server is `talos mcp connect`. */
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { type Home, LAUNCHER, PASSPHRASE } from './talos.ts'

export interface Connected extends AsyncDisposable {
  /** The result, or the error, as JSON text. */
  readonly call: (name: string, args: object, meta?: object) => Promise<string>
  /** What the command has written to stderr so far. */
  readonly told: () => string
}

export async function connect(home: Home, ...words: readonly string[]): Promise<Connected> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [LAUNCHER, 'mcp', 'connect', ...words],
    env: { PATH: `${process.env['PATH']}`, TALOS_HOME: home.path, TALOS_PASSPHRASE: PASSPHRASE },
    stderr: 'pipe',
  })
  let told = ''
  transport.stderr?.on('data', (chunk: Buffer) => {
    told += chunk.toString()
    home.printed += chunk.toString()
  })
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(transport)
  return {
    call: async (name, args, meta) =>
      JSON.stringify(
        await client
          .callTool({ name, arguments: { ...args }, ...(meta !== undefined && { _meta: { ...meta } }) })
          .catch((error: unknown) =>
            error instanceof Error ? { message: error.message, ...('data' in error && { data: error.data }) } : error,
          ),
      ),
    told: () => told,
    [Symbol.asyncDispose]: async () => await client.close(),
  }
}
