import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { isTalosError } from '@talos/errors'
import { describe, expect, it } from 'vitest'
import { MAX_MESSAGE_BYTES, STDERR_TAIL_BYTES } from '../src/limits.ts'
import { LineWriter, readLines } from '../src/lines.ts'
import { StdioServer } from '../src/stdio-server.ts'
import { bytes, echoServer, text } from './fixtures.ts'

const start = (mode: string) => StdioServer.start({ server: echoServer(mode), serverName: 'echo' })
const script = (source: string) =>
  StdioServer.start({ server: { command: process.execPath, args: ['-e', source], env: {} }, serverName: 'script' })

/** Whether a process runs; one that has ended but was not yet collected by its parent does not. */
function isAlive(pid: number): boolean {
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim()
  return state !== '' && !state.startsWith('Z')
}

async function linesOf(server: StdioServer): Promise<string[]> {
  const lines: string[] = []
  for await (const line of server.lines()) lines.push(text(line))
  return lines
}

async function* chunks(...parts: readonly Uint8Array[]) {
  yield* parts
}

describe('lines', () => {
  const read = async (...parts: readonly Uint8Array[]) => {
    const lines: string[] = []
    for await (const line of readLines(chunks(...parts) as never)) lines.push(text(line))
    return lines
  }

  it('joins what comes in pieces, and leaves blank lines out', async () => {
    expect(await read(bytes('{"a"'), bytes(':1}\n\r\n \n{"b":2}\r\n{'), bytes('}'))).toEqual([
      '{"a":1}',
      '{"b":2}\r',
      '{}',
    ])
  })

  it('are written as one, however a message that arrived is broken into some', async () => {
    const output = new PassThrough()
    // Readers of Python, Java and .NET end a line at a lone carriage return, and would find a call of its own on the second.
    const call = '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"x"}}'
    const message = (space: string) =>
      `{"jsonrpc":"2.0",${space}"id":1,"method":"ping","params":${space}${call}${space}}`
    for (const space of ['\r', '\n', '\r\n', '\n\r']) {
      await new LineWriter(output).write(bytes(message(space)))
      const written = String(output.read())
      expect(written).toBe(`${message(' '.repeat(space.length))}\n`)
      expect(written.split(/\r\n|\r|\n/)).toHaveLength(2)
    }
  })

  it('takes a line at the limit and refuses one past it, before and after its line feed has come', async () => {
    const full = new Uint8Array(MAX_MESSAGE_BYTES).fill(0x31)
    expect(await read(full, bytes('\n'))).toHaveLength(1)
    await expect(read(full, bytes('1'))).rejects.toMatchObject({ code: 'MCP_MESSAGE_INVALID' })
    await expect(read(full, bytes('1\n'))).rejects.toMatchObject({ code: 'MCP_MESSAGE_INVALID' })
  })
})

describe('a child process', () => {
  it('ends by the end of its stdin', async () => {
    const server = await start('echo')
    expect(await server.stop()).toBe('exit code 0')
  })

  it('ends by SIGKILL where it heeds neither its stdin nor SIGTERM', async () => {
    const server = await start('stubborn')
    const lines = linesOf(server)
    await server.send(bytes('{"jsonrpc":"2.0","id":1,"method":"ping"}'))
    expect(await server.stop()).toBe('signal SIGKILL')
    expect(await lines).toEqual(['{"jsonrpc":"2.0","id":1,"result":{}}'])
    expect(isAlive(server.pid)).toBe(false)
  })

  it('takes what it started in its group along', async () => {
    const grandchild =
      'const c=require("child_process").spawn("sleep",["600"]);console.log(c.pid);process.stdin.resume().on("end",()=>process.exit(0))'
    const server = await script(grandchild)
    const { value } = await server.lines().next()
    const pid = Number(text(value ?? bytes('0')))
    expect(isAlive(pid)).toBe(true)
    await server.stop()
    await expect.poll(() => isAlive(pid)).toBe(false)
  })

  it('keeps the end of stderr without control characters', async () => {
    const server = await start('echo')
    await server.stop()
    expect(server.stderrTail).toBe('echo server [31mready[0m')
    const loud = await script(`process.stderr.write('x'.repeat(${STDERR_TAIL_BYTES + 1}))`)
    await loud.exited
    expect(loud.stderrTail).toHaveLength(STDERR_TAIL_BYTES)
  })

  it('gets no variable of ours but the harmless ones, and its own', async () => {
    process.env['TALOS_PASSPHRASE'] = 'correct horse'
    const env = { OWN: '1' }
    const args = ['-e', 'console.log(JSON.stringify(process.env))']
    const server = await StdioServer.start({ server: { command: process.execPath, args, env }, serverName: 'env' })
    const [line = '{}'] = await linesOf(server)
    delete process.env['TALOS_PASSPHRASE']
    const seen = JSON.parse(line) as Record<string, string>
    expect([seen['OWN'], seen['PATH'], seen['TALOS_PASSPHRASE']]).toEqual(['1', process.env['PATH'], undefined])
  })

  it('says why it could not be started', async () => {
    const missing = { command: '/no/such/program', args: [], env: {} }
    const reason = (server: typeof missing & { cwd?: string }) =>
      StdioServer.start({ server, serverName: 'x' }).catch((error: unknown) => isTalosError(error) && error.toJSON())
    expect(await reason(missing)).toMatchObject({
      code: 'MCP_SERVER_START_FAILED',
      details: { server: 'x', reason: 'the command or its folder does not exist' },
    })
    expect(await reason({ ...missing, command: process.execPath, cwd: '/no/such/folder' })).toMatchObject({
      details: { reason: 'the command or its folder does not exist' },
    })
    expect(await reason({ ...missing, command: '/etc/passwd' })).toMatchObject({
      details: { reason: 'the command may not be executed' },
    })
  })

  it.skipIf(process.platform === 'win32')(
    'leaves no orphan when this process is killed, even a stubborn one',
    async () => {
      const host = fileURLToPath(new URL('./fixtures/host.ts', import.meta.url))
      const parent = spawn(process.execPath, ['--conditions=talos-source', host], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const [line] = (await once(parent.stdout, 'data')) as [Buffer]
      const pid = Number(line.toString())
      expect(isAlive(pid)).toBe(true)
      parent.kill('SIGKILL')
      await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
    },
  )
})
