/** Two agents at rest with their keepers, and no network between them. */
import type { Clock } from '@talos/ports'
import { type TempFolder, tempFolder } from '@talos/testkit'
import { type Agent, closeAgent, openAgent } from '../src/agent.ts'
import { Courier } from '../src/courier.ts'
import { Healing } from '../src/healing.ts'
import { PrekeyKeeper } from '../src/prekeys.ts'
import type { SessionStorage } from '../src/session-storage.ts'
import { type SessionWorld, sessionWorld } from '../src/session-world.ts'
import { SessionKeeper } from '../src/sessions.ts'
import { optionsFor } from './agents.ts'

export interface Party {
  readonly agent: Agent
  readonly world: SessionWorld
  readonly prekeys: PrekeyKeeper
  readonly sessions: SessionKeeper
  readonly courier: Courier
  readonly healing: Healing
}

export interface Parties extends AsyncDisposable {
  readonly alice: Party
  readonly bob: Party
  /** Makes the keepers of an agent anew, as after a restart; `storage` stands before its own. */
  again(party: Party, storage?: (own: SessionStorage) => SessionStorage): Party
  /** Alice begins, Bob answers, both are confirmed. */
  establish(): Promise<Uint8Array>
  /** The same with their parts exchanged. */
  establishFromBob(): Promise<Uint8Array>
}

export async function twoParties(options: { readonly clock?: Clock } = {}): Promise<Parties> {
  const folder: TempFolder = tempFolder()
  const open = async (name: string) => await openAgent({ ...optionsFor(folder.path, options), name, create: true })
  const [alice, bob] = [partyOf(await open('alice')), partyOf(await open('bob'))]
  return {
    alice,
    bob,
    again: ({ agent }, storage = (own) => own) => partyOf(agent, storage),
    establish: async () => await establish(alice, bob),
    establishFromBob: async () => await establish(bob, alice),
    [Symbol.asyncDispose]: async () => {
      await closeAgent(alice.agent)
      await closeAgent(bob.agent)
      folder[Symbol.dispose]()
    },
  }
}

/** Delivers what waits at one for the other; what does not open is thrown. */
export function carry(from: Party, to: Party): number {
  let count = 0
  for (;;) {
    const message = from.courier.next(to.agent.did)
    if (message === undefined) return count
    to.sessions.receive({ ...message, peer: from.agent.did, carriage: 'request' })
    from.courier.delivered(message)
    count += 1
  }
}

async function establish(from: Party, to: Party): Promise<Uint8Array> {
  const [sender, receiver] = [from.agent.did, to.agent.did]
  const messageId = from.sessions.newMessageId()
  const bundle = await to.prekeys.serve()
  const { sessionId, wire } = await from.sessions.begin({ peer: receiver, bundle, messageId, deniable: false })
  to.sessions.receive({ peer: sender, wire, messageId, carriage: 'request' })
  from.courier.delivered({ peer: receiver, messageId })
  const frame = { t: 'greeting' } as const
  const pairs = [
    { by: to, peer: sender, at: from, of: receiver },
    { by: from, peer: receiver, at: to, of: sender },
  ]
  for (const { by, peer, at, of } of pairs) {
    const sealed = by.sessions.seal({ peer, sessionId, frame })
    at.sessions.receive({ peer: of, messageId: '0'.repeat(32), carriage: 'one-way', wire: sealed.wire })
  }
  return sessionId
}

function partyOf(agent: Agent, storage: (own: SessionStorage) => SessionStorage = (own) => own): Party {
  const world = { ...sessionWorld(agent), storage: storage(agent.database) }
  const prekeys = new PrekeyKeeper({ world })
  const sessions = new SessionKeeper({ world, prekeys })
  return {
    agent,
    world,
    prekeys,
    sessions,
    courier: new Courier({ world, sessions }),
    healing: new Healing({ world, sessions }),
  }
}
