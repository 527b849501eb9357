/** The five secrets of an agent (spec 03-identity, 3.6): one for each use, so that none serves two. */
import { Secret } from '@talos/bytes'
import type { Random } from '@talos/ports'

/** Length of each of the five. */
export const AGENT_SECRET_BYTES = 32

export interface AgentSecrets {
  /** Ed25519 seed of the DID. */
  readonly identitySeed: Secret
  /** X25519 secret: the session identity key `IK`. */
  readonly sessionKey: Secret
  /** Ed25519 seed of the audit log's key. */
  readonly logSeed: Secret
  /** Ed25519 seed of the transport key. */
  readonly transportSeed: Secret
  /** ChaCha20-Poly1305 key that seals rows of the agent's database. */
  readonly storageKey: Secret
}

/** Fresh secrets for a new agent; 32 bytes each. */
export function createAgentSecrets(random: Random): AgentSecrets {
  return {
    identitySeed: Secret.of(random.bytes(AGENT_SECRET_BYTES)),
    sessionKey: Secret.of(random.bytes(AGENT_SECRET_BYTES)),
    logSeed: Secret.of(random.bytes(AGENT_SECRET_BYTES)),
    transportSeed: Secret.of(random.bytes(AGENT_SECRET_BYTES)),
    storageKey: Secret.of(random.bytes(AGENT_SECRET_BYTES)),
  }
}

/** Disposes of all five; using one of them afterwards throws. */
export function disposeAgentSecrets(secrets: AgentSecrets): void {
  secrets.identitySeed.dispose()
  secrets.sessionKey.dispose()
  secrets.logSeed.dispose()
  secrets.transportSeed.dispose()
  secrets.storageKey.dispose()
}
