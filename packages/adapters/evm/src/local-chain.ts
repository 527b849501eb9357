/**
 * A chain of one's own on this machine, for tests, benchmarks and the demonstration: anvil of Foundry, from npm where its
 * package is there for the platform, else from the PATH. It listens on the loopback address alone and holds nothing of value.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { TalosError } from '@talos/errors'

const PACKAGES: Readonly<Record<string, string>> = { 'linux-x64': '@foundry-rs/anvil-linux-amd64' }
const START_TIMEOUT_MS = 15_000
const LISTENING = /Listening on 127\.0\.0\.1:([0-9]{1,5})/
const REQUEST_TIMEOUT_MS = 10_000
/** Of anvil's, where nothing else is said. */
export const LOCAL_CHAIN_ID = 31_337

export interface LocalChainOptions {
  /** Program to run instead of the one that is found. */
  readonly program?: string
  /** Blocks are made by `mine` alone, not with each transaction. */
  readonly manual?: boolean
  /** So many blocks later, the chain calls a block final. */
  readonly chainId?: number
}

export interface LocalChain extends AsyncDisposable {
  readonly url: string
  readonly chainId: number
  /** One request of its RPC interface. @throws TalosError `ANCHOR_ENDPOINT_FAILED` */
  request(method: string, params?: readonly unknown[]): Promise<unknown>
  /** Gives an address funds. */
  fund(address: string, wei: bigint): Promise<void>
  /** Makes blocks. */
  mine(blocks: number): Promise<void>
  /** Ends the process. Idempotent. */
  close(): Promise<void>
}

/** Starts a chain. @throws TalosError `ANCHOR_CHAIN_UNAVAILABLE` */
export async function startLocalChain(options: LocalChainOptions = {}): Promise<LocalChain> {
  const { chainId = LOCAL_CHAIN_ID, manual = false, program = findProgram() } = options
  const flags = ['--host', '127.0.0.1', '--port', '0', '--accounts', '1', '--chain-id', String(chainId)]
  const child = spawn(program, [...flags, ...(manual ? ['--no-mining'] : [])], { stdio: ['ignore', 'pipe', 'ignore'] })
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  const close = async () => {
    process.off('exit', end)
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
    const over = new Promise((resolve) => child.once('exit', resolve))
    end()
    await over
  }
  try {
    const url = `http://127.0.0.1:${await portOf(child)}`
    return chainAt({ url, chainId, close })
  } catch (error) {
    await close()
    throw error
  }
}

/** Whether a chain can be started here: for tests that need one, and say so where there is none. */
export async function hasLocalChain(): Promise<boolean> {
  try {
    await (await startLocalChain()).close()
    return true
  } catch {
    return false
  }
}

function chainAt({ url, chainId, close }: Pick<LocalChain, 'url' | 'chainId' | 'close'>): LocalChain {
  const request = async (method: string, params: readonly unknown[] = []) => await call(url, method, params)
  return {
    url,
    chainId,
    request,
    fund: async (address, wei) => void (await request('anvil_setBalance', [address, `0x${wei.toString(16)}`])),
    mine: async (blocks) => void (await request('anvil_mine', [`0x${blocks.toString(16)}`])),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function call(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const failed = (reason: string, cause?: unknown) =>
    new TalosError('ANCHOR_ENDPOINT_FAILED', { host: new URL(url).host, method, reason }, { cause })
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS)
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body, signal }).catch((cause: unknown) => {
    throw failed('the connection failed', cause)
  })
  const answer = (await response.json()) as { readonly result?: unknown; readonly error?: { readonly code: number } }
  if (answer.error !== undefined) throw failed(`error ${answer.error.code}`)
  return answer.result
}

/** The program's first lines name the port. */
async function portOf(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const failed = (reason: string, cause?: unknown) =>
    reject(new TalosError('ANCHOR_CHAIN_UNAVAILABLE', { reason }, { cause }))
  const timer = setTimeout(() => failed('it took too long'), START_TIMEOUT_MS)
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    text = `${text}${chunk.toString('utf8')}`.slice(-4_096)
    const port = LISTENING.exec(text)?.[1]
    if (port !== undefined) resolve(port)
  })
  child.once('error', (cause) => failed('its program was not found or cannot run', cause))
  child.once('exit', () => failed('its program ended'))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
  }
}

function findProgram(): string {
  const name = PACKAGES[`${process.platform}-${process.arch}`]
  if (name === undefined) return 'anvil'
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
    return join(dirname(manifest), 'bin', 'anvil')
  } catch {
    return 'anvil'
  }
}
