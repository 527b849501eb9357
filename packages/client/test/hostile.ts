/** A peer that keeps to the session and to nothing else: it posts whatever frames a test wants. */
import { toHex } from '@talos/bytes'
import type { TalosClient } from '@talos/client'
import type { AppFrame, Did } from '@talos/contracts'
import { parseInvitation } from '@talos/identity'
import type { Link } from '@talos/network'
import { createReset } from '@talos/session'
import { tempFolder } from '@talos/testkit'
import { closeAgent, openAgent } from '../src/agent.ts'
import { Healing } from '../src/healing.ts'
import { IdentityExchange } from '../src/identity/exchange.ts'
import { PrekeyKeeper } from '../src/prekeys.ts'
import type { QueuedFrame, SealedFrame } from '../src/received.ts'
import { sessionWorld } from '../src/session-world.ts'
import { SessionKeeper } from '../src/sessions.ts'
import { Wire } from '../src/wire.ts'
import { optionsFor } from './agents.ts'

export interface Hostile extends AsyncDisposable {
  readonly did: Did
  readonly received: AppFrame[]
  /** Signed resets that came from the victim. */
  readonly resets: Uint8Array[]
  readonly link: Link
  /** First flight of a new session, not yet sent. */
  begin(): Promise<QueuedFrame>
  deliver(sealed: QueuedFrame): Promise<void>
  /** Seals a frame and sends it one way. */
  post(frame: AppFrame): Promise<void>
  /** Seals a frame and hands it over as a request. */
  ask(frame: AppFrame): Promise<void>
  isConfirmed(): boolean
  /** Signs a reset with this peer's key, and hands it over. */
  reset(options: { readonly session: Uint8Array; readonly instance?: string; readonly nowS?: number }): Promise<void>
  tellReset(bytes: Uint8Array): Promise<void>
  /** Seals a frame and keeps it. */
  sealed(frame: AppFrame): SealedFrame
  /** Hands bytes over as a request. */
  request(wire: Uint8Array): Promise<void>
}

/** Joined to a client that listens. The session is the test's to begin. */
export async function hostileTo(victim: TalosClient): Promise<Hostile> {
  const folder = tempFolder()
  const agent = await openAgent({ ...optionsFor(folder.path), name: 'mallory', create: true })
  const world = sessionWorld(agent)
  const prekeys = new PrekeyKeeper({ world })
  const sessions = new SessionKeeper({ world, prekeys })
  const received: AppFrame[] = []
  const resets: Uint8Array[] = []
  const wire = new Wire({
    agent,
    sessions,
    healing: new Healing({ world, sessions }),
    exchange: new IdentityExchange({
      agent,
      emit: () => undefined,
      onMoved: () => undefined,
      onEnded: () => undefined,
    }),
    prekeys,
    carriers: undefined,
    emit: () => undefined,
    onReceived: async (arrived) => {
      if (arrived.kind === 'frame') received.push(arrived.frame)
    },
    onRepeated: async () => undefined,
    onReset: async (_peer, bytes) => void resets.push(bytes),
    onLost: () => undefined,
    onLinkUp: () => undefined,
    onLinkDown: () => undefined,
  })
  const listening = await victim.listen()
  const peer = victim.did
  const text = await listening.createInvitation()
  const { transportKey } = parseInvitation({ text, kernel: victim.kernel, nowS: Math.floor(Date.now() / 1000) })
  agent.database.peers.put({ did: peer, endpoints: listening.endpoints, transportKey, name: undefined }, Date.now())
  const link = await wire.linkTo(peer)
  const newId = () => toHex(agent.random.bytes(16))
  return {
    did: agent.did,
    received,
    resets,
    link,
    begin: async () => {
      const messageId = newId()
      const bundle = await wire.fetchBundle(peer)
      return await sessions.begin({ peer, bundle, messageId, deniable: false })
    },
    deliver: async (sealed) => await wire.deliver(sealed),
    ask: async (frame) => {
      const messageId = newId()
      await wire.deliver({ peer, messageId, ...sessions.seal({ peer, frame }) })
    },
    post: async (frame) => await wire.post(link, { messageId: newId(), wire: sessions.seal({ peer, frame }).wire }),
    reset: async (options) => {
      const { signer, random, instance, clock } = agent
      const nowS = Math.floor(clock.nowMs() / 1000)
      await wire.tellReset(
        peer,
        await createReset({ signer, random, nowS, peer, instance, reason: 'missing', ...options }),
      )
    },
    sealed: (frame) => sessions.seal({ peer, frame }),
    tellReset: async (bytes) => await wire.tellReset(peer, bytes),
    request: async (bytes) => await wire.deliver({ peer, messageId: newId(), wire: bytes }),
    isConfirmed: () => sessions.active(peer)?.confirmed === true,
    [Symbol.asyncDispose]: async () => {
      await wire.close()
      await closeAgent(agent)
      folder[Symbol.dispose]()
    },
  }
}
