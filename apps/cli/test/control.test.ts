/** The control socket: commands beside a running agent, and whatever else may be written into it. */
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tempFolder } from '@talos/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findSocketPath, prepareSocketPath, SOCKET_PATH_MAX_BYTES } from '../src/control/path.ts'
import { MAX_REQUESTS_OPEN, REQUEST_MAX_BYTES } from '../src/control/protocol.ts'
import { Home, type Running } from './talos.ts'

const PEER = 'did:key:z6MkvHQKpv1V3MXnK99HhLD4MHyh3E1XSD11ZzA4j7q1c1UL'
const home = new Home()
let did = ''
let socketPath = ''
let owner: Running

beforeAll(async () => {
  did = await home.init('box')
  socketPath = join(home.path, 'agents', 'box', 'control.sock')
  owner = home.start(['listen', '--json'])
  await owner.lines(1)
})

afterAll(async () => {
  await owner.stop('SIGKILL')
  home[Symbol.dispose]()
})

/** Writes bytes to the socket and returns what comes back until it is closed. */
function exchange(path: string, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(path, () => socket.write(bytes))
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString()
    })
    socket.on('error', () => resolve(answer))
    socket.on('close', () => resolve(answer))
  })
}

async function ask(line: string): Promise<unknown> {
  return JSON.parse(await exchange(socketPath, `${line}\n`))
}

describe('beside a running agent', () => {
  const noPassphrase = { passphrase: null }

  it('capabilities are given, taken and taken back, and the log is signed, without the passphrase', async () => {
    const file = join(home.path, 'x.taloscap')
    const words = ['--to', PEER, '--server', 'files', '--for', '1h', '--under', 'path=/srv', '--out', file]
    const { cid, delivered } = await home.json<{ cid: string; delivered: boolean }>(
      ['capabilities', 'grant', ...words],
      noPassphrase,
    )
    expect(delivered).toBe(false)
    expect(await home.json(['capabilities', 'verify', file])).toMatchObject({ cid, issuer: did, audience: PEER })
    expect(await home.json(['capabilities', 'import', file], noPassphrase)).toMatchObject({ cid })
    expect(await home.json(['capabilities', 'revoke', cid], noPassphrase)).toEqual({ cid, revoked: true })
    expect(await home.json(['capabilities', 'list'], noPassphrase)).toMatchObject({
      capabilities: [{ cid, standing: 'revoked' }],
    })
    const { checkpoint } = await home.json<{ checkpoint: string }>(['audit', 'root', '--sign'], noPassphrase)
    const { size } = await home.json<{ size: number }>(['audit', 'root'], noPassphrase)
    expect(checkpoint.split('\n')[1]).toBe(String(size))
    expect(await home.json(['audit', 'verify'], noPassphrase)).toMatchObject({ valid: true, size })
    expect((await home.run(['doctor'], noPassphrase)).stdout).toMatch(/ok {4}box process: one runs the agent now/)
  })

  it('errors come with their own codes', async () => {
    const cid = 'bafyreiahqzj5g3fdokzfh6vqryptqnbanpgyf5r2cloz6ripkq6ezq4uny'
    for (const [words, code] of [
      [['capabilities', 'revoke', cid], 'GRANT_UNKNOWN'],
      [['proof', 'export', cid], 'EVIDENCE_MISSING'],
    ] as const) {
      const ran = await home.run([...words, '--json'], noPassphrase)
      expect([ran.code, ran.stdout, JSON.parse(ran.stderr)]).toMatchObject([1, '', { error: { code } }])
    }
  })

  it('a second owner is refused with exit code 3', async () => {
    for (const words of [['listen'], ['send', PEER, 'x']]) {
      const ran = await home.run([...words, '--json'])
      expect([ran.code, JSON.parse(ran.stderr)]).toMatchObject([3, { error: { code: 'AGENT_LOCKED' } }])
    }
  })
})

describe('the socket', () => {
  it('is for this user alone', () => {
    expect(lstatSync(socketPath).isSocket()).toBe(true)
    expect(statSync(socketPath).mode & 0o777).toBe(0o600)
    expect(statSync(join(home.path, 'agents', 'box')).mode & 0o777).toBe(0o700)
  })

  it('tells who runs the agent', async () => {
    expect(await ask('{"method":"status"}')).toEqual({
      answer: 'status',
      did,
      command: 'listen',
      processId: owner.child.pid,
    })
  })

  it.each([
    '',
    'hello',
    '[]',
    '{"method":"status","more":1}',
    '{"method":"eval","code":"1"}',
    '{"method":"constructor"}',
    '{"method":"grant"}',
    '{"method":"revoke","cid":"x"}',
    `{"method":"grant","to":"${PEER}","server":"s","rules":[${'['.repeat(20)}${']'.repeat(20)}],"expiresInS":1,"label":""}`,
    `{"method":"grant","to":"${PEER}","server":"s","rules":[],"expiresInS":0,"label":""}`,
    '{"method":"status","method":"status"}',
  ])('refuses %o', async (line) => {
    expect(await ask(line)).toMatchObject({ answer: 'failed', code: 'CONTROL_INVALID' })
  })

  it('takes a line up to its limit and none beyond, whether it ends or not', async () => {
    const filler = ' '.repeat(REQUEST_MAX_BYTES - '{"method":"status"}\n'.length)
    expect(await ask(`{"method":"status"}${filler}`)).toMatchObject({ answer: 'status' })
    expect(await ask(`{"method":"status"}${filler} `)).toMatchObject({ answer: 'failed', code: 'CONTROL_INVALID' })
    const endless = await exchange(socketPath, Buffer.alloc(REQUEST_MAX_BYTES + 1, 'x'))
    expect(JSON.parse(endless)).toMatchObject({ answer: 'failed', code: 'CONTROL_INVALID' })
  })

  it('serves so many at a time and says so to those beyond', async () => {
    const idle = Array.from({ length: MAX_REQUESTS_OPEN }, () => connect(socketPath))
    await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
    expect(await ask('{"method":"status"}')).toEqual({
      answer: 'failed',
      code: 'CONTROL_BUSY',
      details: { limit: MAX_REQUESTS_OPEN },
    })
    for (const socket of idle) socket.destroy()
    await expect.poll(async () => await ask('{"method":"status"}')).toMatchObject({ answer: 'status' })
  })

  it('goes with its owner, and one that a killed owner left is replaced', async () => {
    await home.init('mortal')
    const path = join(home.path, 'agents', 'mortal', 'control.sock')
    const killed = home.start(['listen', '--agent', 'mortal'])
    await killed.lines(1)
    await killed.stop('SIGKILL')
    expect(existsSync(path)).toBe(true)
    expect((await home.run(['audit', 'root', '--sign', '--agent', 'mortal'])).code).toBe(0)
    await using next = home.start(['listen', '--agent', 'mortal'])
    await next.lines(1)
    expect((await home.run(['audit', 'root', '--sign', '--agent', 'mortal'], { passphrase: null })).code).toBe(0)
    expect(await next.stop()).toBe(0)
    expect(existsSync(path)).toBe(false)
  })
})

describe('a home with a long path', () => {
  it('has its socket in the temporary folder, in a folder of its own', async () => {
    using long = new Home()
    const deep = join(long.path, 'a'.repeat(SOCKET_PATH_MAX_BYTES))
    const words = ['--home', deep]
    await long.json(['init', 'box', ...words])
    const listening = long.start(['listen', ...words])
    await listening.lines(1)
    const folder = join(deep, 'agents', 'box')
    expect(existsSync(join(folder, 'control.sock'))).toBe(false)
    const name = createHash('sha256').update(folder).digest('hex').slice(0, 32)
    expect(statSync(join(tmpdir(), `talos-${name}`)).mode & 0o777).toBe(0o700)
    expect((await long.run(['audit', 'root', '--sign', ...words], { passphrase: null })).code).toBe(0)
    expect(await listening.stop()).toBe(0)
    rmSync(join(tmpdir(), `talos-${name}`), { recursive: true })
  })

  it('trusts no folder there that others may enter, nor a link', () => {
    using folder = tempFolder()
    const agent = join(folder.path, 'b'.repeat(SOCKET_PATH_MAX_BYTES))
    const name = createHash('sha256').update(agent).digest('hex').slice(0, 32)
    const outside = join(tmpdir(), `talos-${name}`)
    const refusal = expect.objectContaining({ code: 'CONTROL_SOCKET' })
    expect(findSocketPath(agent)).toBeUndefined()
    for (const make of [() => mkdirSync(outside, { mode: 0o755 }), () => symlinkSync(folder.path, outside)]) {
      make()
      expect(() => prepareSocketPath(agent)).toThrow(refusal)
      expect(() => findSocketPath(agent)).toThrow(refusal)
      rmSync(outside, { recursive: true })
    }
  })
})
