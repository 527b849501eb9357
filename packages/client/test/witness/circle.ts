/** Agents that know each other, linked over TLS on loopback, witnessing only when they are asked unless told otherwise. */
import { chmodSync, cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type ClientEvent, TalosClient, type TalosClientOptions } from '@talos/client'
import { tempFolder } from '@talos/testkit'
import { optionsFor } from '../agents.ts'

export interface Circle extends AsyncDisposable {
  of(name: string): TalosClient
  events(name: string): readonly ClientEvent[]
  /** The events of one type, as they are now. */
  eventsOf<T extends ClientEvent['type']>(name: string, type: T): readonly Extract<ClientEvent, { type: T }>[]
  /** Opens an agent, the folder of which may be a copy of another's under `home`. */
  open(name: string, more?: TalosClientOptions & { readonly as?: string }): Promise<TalosClient>
  close(name: string): Promise<void>
  /** Copies the folder of an agent that does not run to another home. */
  copy(name: string, home: string): void
  home(label: string): string
  /** Lets two reach each other. */
  introduce(one: string, other: string): Promise<void>
}

export async function circleOf(names: readonly string[], more: TalosClientOptions = {}): Promise<Circle> {
  const folder = tempFolder()
  const clients = new Map<string, TalosClient>()
  const events = new Map<string, ClientEvent[]>()
  const homeOf = (label: string) => join(folder.path, label)
  const circle: Circle = {
    of: (name) => {
      const client = clients.get(name)
      if (client === undefined) throw new Error(`${name} is not there`)
      return client
    },
    events: (name) => events.get(name) ?? [],
    eventsOf: (name, type) =>
      (events.get(name) ?? []).filter(
        (event): event is Extract<ClientEvent, { type: typeof type }> => event.type === type,
      ),
    home: homeOf,
    open: async (name, { as = 'main', ...options } = {}) => {
      const key = as === 'main' ? name : as
      const seen = events.get(key) ?? []
      events.set(key, seen)
      const settings = {
        witness: { intervalMs: 0 },
        ...more,
        ...options,
        onEvent: (event: ClientEvent) => seen.push(event),
      }
      const client = await TalosClient.create(name, optionsFor(homeOf(as), settings))
      clients.set(key, client)
      return client
    },
    close: async (name) => {
      await clients.get(name)?.close()
      clients.delete(name)
    },
    copy: (name, label) => {
      mkdirSync(join(homeOf(label), 'agents'), { recursive: true, mode: 0o700 })
      const target = join(homeOf(label), 'agents', name)
      cpSync(join(homeOf('main'), 'agents', name), target, { recursive: true })
      chmodSync(target, 0o700)
    },
    introduce: async (one, other) => {
      const listening = await circle.of(other).listen()
      circle.of(one).addPeer(await listening.createInvitation())
      await circle.of(one).establishSession(circle.of(other).did)
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients.values()) await client.close()
      folder[Symbol.dispose]()
    },
  }
  for (const name of names) await circle.open(name)
  for (const [index, name] of names.entries()) {
    for (const other of names.slice(index + 1)) await circle.introduce(name, other)
  }
  return circle
}
