import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Secret } from '@talos/bytes'
import { ed25519Signer, type Signer } from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import {
  type Link,
  MemoryNetwork,
  memoryCarrier,
  type OpenLinkOptions,
  openLink,
  type TlsCarrier,
  tlsCarrier,
} from '@talos/network'
import type { CarrierConnection } from '@talos/ports'

export const kernel = portableKernel()

export function seedOf(filler: number): Uint8Array {
  return new Uint8Array(32).fill(filler)
}

export function tlsOf(
  filler: number,
  limits: { handshakeTimeoutMs?: number; maxPendingHandshakes?: number } = {},
): TlsCarrier {
  return tlsCarrier({ kernel, transportSeed: seedOf(filler), ...limits })
}

/** Starts `test/peer-process.ts` in a process of its own and waits for the endpoint that it prints. */
export async function spawnPeer(): Promise<{ readonly endpoint: string; readonly kill: () => Promise<void> }> {
  const script = fileURLToPath(new URL('./peer-process.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=talos-source', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const endpoint = await firstLine(child)
  return {
    endpoint,
    kill: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGKILL')
      }),
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.once('exit', (code) => reject(new Error(`the peer process ended with ${code}`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const end = text.indexOf('\n')
      if (end >= 0) resolve(text.slice(0, end))
    })
  })
}

function signerOf(filler: number): Signer {
  return ed25519Signer({ kernel, seed: Secret.of(seedOf(filler)) })
}

export const alice = signerOf(101)
export const bob = signerOf(102)
export const mallory = signerOf(103)
export const ALICE_KEY = seedOf(1)
export const BOB_KEY = seedOf(2)

/** The two ends of one connection in memory: Alice dialled Bob. */
export async function connectionPair(
  network = new MemoryNetwork(),
): Promise<{ near: CarrierConnection; far: CarrierConnection }> {
  const accepted = Promise.withResolvers<CarrierConnection>()
  const listener = memoryCarrier({ network, transportKey: BOB_KEY })
  const listening = await listener.listen('memory://any', { onConnection: accepted.resolve })
  const dialer = memoryCarrier({ network, transportKey: ALICE_KEY })
  const near = await dialer.dial(listening.endpoints[0] ?? '', { remoteTransportKey: BOB_KEY })
  return { near, far: await accepted.promise }
}

export function dialerOptions(connection: CarrierConnection): OpenLinkOptions {
  return { connection, role: 'dialer', signer: alice, transportKey: ALICE_KEY, expectedDid: bob.did }
}

export function listenerOptions(connection: CarrierConnection): OpenLinkOptions {
  return { connection, role: 'listener', signer: bob, transportKey: BOB_KEY }
}

/** Alice's and Bob's link over memory. */
export async function linkPair(
  settings: Partial<OpenLinkOptions> = {},
  ofBob: Partial<OpenLinkOptions> = {},
): Promise<{ a: Link; b: Link; near: CarrierConnection; far: CarrierConnection }> {
  const { near, far } = await connectionPair()
  const [a, b] = await Promise.all([
    openLink({ ...dialerOptions(near), ...settings }),
    openLink({ ...listenerOptions(far), ...settings, ...ofBob }),
  ])
  return { a, b, near, far }
}

export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(2)
}

/** What the promise fails with; listens at once, so that no failure goes unheard. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}
