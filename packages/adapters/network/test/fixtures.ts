import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { portableKernel } from '@talos/kernel'
import { type TlsCarrier, tlsCarrier } from '@talos/network'

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
export async function spawnPeer(mode: string): Promise<{ readonly endpoint: string; kill(): Promise<void> }> {
  const script = join(import.meta.dirname, 'peer-process.ts')
  const child = spawn(process.execPath, ['--conditions=talos-source', script, mode], {
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
