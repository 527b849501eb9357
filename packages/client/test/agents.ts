/** Two real agents in temporary homes, for the tests of the SDK. */
import { type ClientEvent, TalosClient, type TalosClientOptions } from '@talos/client'
import type { Did } from '@talos/contracts'
import { tempFolder } from '@talos/testkit'

/** The least that a key file accepts: the tests open many. */
const QUICK_KEY_FILE = { memoryKib: 64, passes: 1, parallelism: 1 }

export const PASSPHRASE = 'a passphrase of the tests alone'

export interface Pair extends AsyncDisposable {
  readonly alice: TalosClient
  readonly bob: TalosClient
  readonly home: string
  readonly events: ClientEvent[]
  /** Bob's invitation. */
  readonly invitation: string
  readonly bobDid: Did
  reopen(name: 'alice' | 'bob'): Promise<TalosClient>
}

export function optionsFor(home: string, more: TalosClientOptions = {}): TalosClientOptions {
  return { home, passphrase: PASSPHRASE, keyFileParameters: QUICK_KEY_FILE, ...more }
}

/** Alice knows Bob's invitation; Bob listens. */
export async function pairOfAgents(): Promise<Pair> {
  const folder = tempFolder()
  const events: ClientEvent[] = []
  const options = optionsFor(folder.path, { onEvent: (event) => events.push(event) })
  const alice = await TalosClient.create('alice', options)
  const bob = await TalosClient.create('bob', options)
  const opened = [alice, bob]
  const listening = await bob.listen()
  const invitation = await listening.createInvitation()
  return {
    alice,
    bob,
    home: folder.path,
    events,
    invitation,
    bobDid: alice.addPeer(invitation),
    reopen: async (name) => {
      const client = await TalosClient.open(name, options)
      opened.push(client)
      return client
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of opened) await client.close()
      folder[Symbol.dispose]()
    },
  }
}

/** Resolves with the first message that arrives. */
export async function nextMessage(
  client: TalosClient,
): Promise<{ readonly text: string; readonly peer: Did; readonly messageHash: string }> {
  const arrived = Promise.withResolvers<{ text: string; peer: Did; messageHash: string }>()
  const stop = client.onMessage(({ bytes, peer, messageHash }) => {
    arrived.resolve({ text: new TextDecoder().decode(bytes), peer, messageHash })
  })
  const message = await arrived.promise
  stop()
  return message
}
