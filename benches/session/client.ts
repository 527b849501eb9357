/**
 * What one `send` of the SDK costs on the sender's machine, without the network: the entry in the audit log, the seal, the
 * message in the outbox, each durable. The peer is away; delivery is not part of it.
 */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import type { TalosClient } from '@talos/client'
import type { Kernel } from '@talos/kernel'
import type { Scenario } from '../harness/command.ts'
import { type Kernels, kernelList } from '../harness/kernels.ts'
import type { Subject } from '../harness/measure.ts'
import { temporaryFolder } from './store.ts'

const CONTENT_BYTES = 1024
/** Messages of a batch at most: the outbox holds ten thousand. */
const MAX_WAITING = 1024
/** Sends that wait for their entries at a time: their commits to the log are one. */
const IN_FLIGHT = 32
/** The least that a key file accepts: opening it is not what is measured. */
const KEY_FILE = { memoryKib: 64, passes: 1, parallelism: 1 }

export function clientScenario(kernels: Kernels): Scenario {
  const makers = new Map(
    kernelList(kernels).flatMap((kernel) => {
      const name = `talos ${kernel.name}`
      return [
        [`${name}, one at a time`, 1],
        [`${name}, ${IN_FLIGHT} in flight`, IN_FLIGHT],
      ].map(([label, inFlight]) => [String(label), { kernel, inFlight: Number(inFlight) }] as const)
    }),
  )
  return {
    id: 'client-send',
    title: 'Whole send of the client, 1 KiB, peer away: log entry, seal, outbox',
    subjectNames: [...makers.keys()],
    open: async (names) => {
      const opened: Sending[] = []
      for (const [name, how] of makers) if (names.has(name)) opened.push(await openSending(name, how))
      return {
        subjects: opened.map(({ subject }) => subject),
        close: async () => {
          for (const { close } of opened) await close()
        },
      }
    },
  }
}

interface Sending {
  readonly subject: Subject
  readonly close: () => Promise<void>
}

async function openSending(
  name: string,
  { kernel, inFlight }: { readonly kernel: Kernel; readonly inFlight: number },
): Promise<Sending> {
  // Loaded where it is measured: it brings the network with it.
  const { TalosClient: Client } = await import('@talos/client')
  const home = temporaryFolder()
  const options = { home, passphrase: 'of a benchmark', keyFileParameters: KEY_FILE, kernel }
  const [alice, bob] = [await Client.create('alice', options), await Client.create('bob', options)]
  const listening = await bob.listen()
  const peer = alice.addPeer(await listening.createInvitation())
  await alice.establishSession(peer)
  await alice.send(peer, new Uint8Array(1))
  await bob.close()

  const content = randomBytes(CONTENT_BYTES)
  const subject: Subject = {
    name,
    maxBatch: MAX_WAITING,
    prepare: () => forgetOutbox(alice, peer),
    run: async (count) => {
      for (let sent = 0; sent < count; sent += inFlight) {
        const size = Math.min(inFlight, count - sent)
        await Promise.all(Array.from({ length: size }, async () => await alice.send(peer, content)))
      }
    },
  }
  return {
    subject,
    close: async () => {
      await alice.close()
      rmSync(home, { recursive: true })
    },
  }
}

function forgetOutbox({ database }: TalosClient, peer: Parameters<TalosClient['send']>[0]): void {
  database.transaction(() => {
    for (const { messageId } of database.messages.outgoing(peer)) database.messages.acknowledge({ peer, messageId })
  })
}
