/** What sessions work with: keys, time, chance and the store. An agent brings it; a simulation brings its own. */
import type { Secret } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import type { Signer } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import type { Clock, Random } from '@talos/ports'
import type { Agent } from './agent.ts'
import type { SessionStorage } from './session-storage.ts'

export interface SessionWorld {
  readonly kernel: Kernel
  readonly random: Random
  readonly clock: Clock
  readonly did: Did
  readonly instance: string
  readonly signer: Signer
  /** 32-byte X25519 identity secret of this instance. */
  readonly sessionKey: Secret
  readonly storage: SessionStorage
  /** Milliseconds that only grow: setting the clock opens no quota. The process's own unless given. */
  readonly monotonicMs?: () => number
}

export function sessionWorld(agent: Agent): SessionWorld {
  const { kernel, random, clock, did, instance, signer, secrets, database } = agent
  return { kernel, random, clock, did, instance, signer, sessionKey: secrets.sessionKey, storage: database }
}
