/** The secrets of an agent (spec 03-identity, 3.4): one for each use, so that none serves two. */
import { Secret } from '@talos/bytes'
import type { Random } from '@talos/ports'

/** Length of each of them. */
export const AGENT_SECRET_BYTES = 32

/** What a running agent uses besides the key of its identity, which may be elsewhere (see `Signer`). */
export interface RunningSecrets {
  /** X25519 secret: the session identity key `IK`. */
  readonly sessionKey: Secret
  /** Ed25519 seed of the audit log's key. */
  readonly logSeed: Secret
  /** Ed25519 seed of the transport key. */
  readonly transportSeed: Secret
  /** ChaCha20-Poly1305 key that seals rows of the agent's database. */
  readonly storageKey: Secret
}

export interface AgentSecrets extends RunningSecrets {
  /** Ed25519 seed of the DID. */
  readonly identitySeed: Secret
}

/**
 * What changes the identity: seeds of update keys to which the key log is committed (18). A running agent does without.
 */
export interface KeyReserve {
  /** Signs the next scheduled entry. */
  readonly nextSeed: Secret
  /** Signs an entry of recovery; the same until an emergency, so that backups outlive scheduled rotations. */
  readonly recoverySeed: Secret
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

/** Fresh update keys. */
export function createKeyReserve(random: Random): KeyReserve {
  return {
    nextSeed: Secret.of(random.bytes(AGENT_SECRET_BYTES)),
    recoverySeed: Secret.of(random.bytes(AGENT_SECRET_BYTES)),
  }
}

/** Disposes of all that are there; using one of them afterwards throws. */
export function disposeAgentSecrets(secrets: RunningSecrets & { readonly identitySeed?: Secret | undefined }): void {
  secrets.identitySeed?.dispose()
  secrets.sessionKey.dispose()
  secrets.logSeed.dispose()
  secrets.transportSeed.dispose()
  secrets.storageKey.dispose()
}

/** Disposes of both. */
export function disposeKeyReserve(reserve: KeyReserve): void {
  reserve.nextSeed.dispose()
  reserve.recoverySeed.dispose()
}
