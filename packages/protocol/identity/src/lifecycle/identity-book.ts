/**
 * Whom this agent knows by key log, and which keys are one agent's (spec 21-identity-lifecycle, 21.3).
 *
 * The principal of a signature is a `did:key`. A key log makes the keys that it lists one agent: the newest stands for all
 * of them. A log counts from the first time that it is seen; afterwards only what continues it is taken, and a key stays
 * with the log that named it first.
 */
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { KeyStanding, LogKey, VerifiedKeyLog } from '../key-log/types.ts'

/** What is remembered of a key log. */
export interface KnownIdentity {
  /** `did:talos:<SCID>`. */
  readonly id: Did
  /** The version id of each entry, oldest first; one at least. */
  readonly versionIds: readonly string[]
  /** In order of appearance; one at least. */
  readonly keys: readonly LogKey[]
  /** The key that signs for the agent; undefined when the log is deactivated. */
  readonly signingKey: Did | undefined
  readonly deactivated: boolean
}

/** What an offered log means for what is known. */
export type IdentityChange = 'new' | 'extended' | 'same'

export class IdentityBook {
  readonly #identities = new Map<Did, KnownIdentity>()
  readonly #byKey = new Map<Did, KnownIdentity>()
  readonly #representatives = new Map<Did, Did>()
  readonly #standings = new Map<Did, KeyStanding>()

  constructor(known: Iterable<KnownIdentity> = []) {
    for (const identity of known) this.#set(identity)
  }

  /** The key that stands for the agent of a key, or of a durable name: its newest one. One of no known log stands for itself. */
  currentOf(did: Did): Did {
    return this.#representatives.get(did) ?? did
  }

  /** A key of no known log is current. */
  standingOf(did: Did): KeyStanding {
    return this.#standings.get(did) ?? 'current'
  }

  /** The known log that lists a key, or that has this durable name. */
  find(did: Did): KnownIdentity | undefined {
    return this.#byKey.get(did) ?? this.#identities.get(did)
  }

  /** Whether two keys are one agent's. */
  isSame(one: Did, other: Did): boolean {
    return this.currentOf(one) === this.currentOf(other)
  }

  /**
   * What taking a verified log would change; changes nothing.
   *
   * @throws TalosError `KEY_LOG_FORK`, `KEY_LOG_ROLLBACK` (older than what is known), `IDENTITY_CONFLICT` (a key of it
   *   belongs to another log)
   */
  compare(log: VerifiedKeyLog): IdentityChange {
    const { name: id, entries, keys } = log
    const known = this.#identities.get(id)
    const versionIds = known?.versionIds ?? []
    for (const [index, versionId] of versionIds.entries()) {
      const offered = entries.at(index)?.versionId
      if (offered === undefined) {
        throw new TalosError('KEY_LOG_ROLLBACK', { offered: entries.length, known: versionIds.length })
      }
      if (offered !== versionId) throw new TalosError('KEY_LOG_FORK', { entry: index + 1 })
    }
    for (const { did } of keys) {
      const owner = this.#byKey.get(did)
      if (owner !== undefined && owner.id !== id) throw new TalosError('IDENTITY_CONFLICT', { did, id })
    }
    if (known === undefined) return 'new'
    return entries.length === versionIds.length ? 'same' : 'extended'
  }

  /** Takes a verified log. @throws TalosError as `compare` */
  put(log: VerifiedKeyLog): { readonly change: IdentityChange; readonly identity: KnownIdentity } {
    const change = this.compare(log)
    const identity = identityOf(log)
    this.#set(identity)
    return { change, identity }
  }

  /** Knows nothing of a log any more: each of its keys stands for itself. */
  forget(id: Did): void {
    const known = this.#identities.get(id)
    if (known === undefined) return
    for (const name of [id, ...known.keys.map(({ did }) => did)]) {
      this.#byKey.delete(name)
      this.#representatives.delete(name)
      this.#standings.delete(name)
    }
    this.#identities.delete(id)
  }

  #set(identity: KnownIdentity): void {
    const { id, keys } = identity
    this.#identities.set(id, identity)
    const representative = representativeOf(identity)
    this.#representatives.set(id, representative)
    this.#standings.set(id, identity.deactivated ? 'deactivated' : 'current')
    for (const { did, standing } of keys) {
      this.#byKey.set(did, identity)
      this.#representatives.set(did, representative)
      this.#standings.set(did, standing)
    }
  }
}

/** What is remembered of a verified log. */
export function identityOf(log: VerifiedKeyLog): KnownIdentity {
  const { name: id, entries, keys, signingKey, deactivated } = log
  return { id, versionIds: entries.map(({ versionId }) => versionId), keys, signingKey, deactivated }
}

/** The key that signs; of an agent that is deactivated, the last that did; of a log without keys, its name. */
export function representativeOf({ id, keys, signingKey }: KnownIdentity): Did {
  return signingKey ?? keys.at(-1)?.did ?? id
}
