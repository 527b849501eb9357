/** This agent's prekey bundles: made when due, served with one one-time pair at most, kept as long as they answer. */
import { decodeCbor, encodeCbor, Secret } from '@talos/bytes'
import { type Did, PREKEY_BUNDLE_TAG, parsePrekeyBundle, parsePublishedBundlePublishedOneTime } from '@talos/contracts'
import { openEnvelope } from '@talos/identity'
import {
  createPrekeys,
  decodePrekeySecrets,
  encodePrekeySecrets,
  type OneTimeName,
  type PrekeySecrets,
  prekeysDue,
  publishBundle,
  SESSION_LIFETIME_MS,
} from '@talos/session'
import { PeerQuota } from './quota.ts'
import type { SessionWorld } from './session-world.ts'

/** One-time pairs that one peer gets: enough for a peer that lost its sessions a few times. */
const ONE_TIME_QUOTA = { what: 'one-time prekeys for one peer within an hour', limit: 8, windowMs: 3_600_000 }

/**
 * Bundles made for want of one-time pairs: one in this time. Each costs a hundred key pairs and 125 KB for three weeks, and
 * whoever makes up enough identities can use pairs up; beyond, the signed prekeys serve.
 */
export const REFILL_INTERVAL_MS = 3_600_000

export interface PrekeyKeeperOptions {
  readonly world: SessionWorld
  /** One-time pairs of a new bundle; as many as `createPrekeys` makes unless given. */
  readonly oneTimeCount?: number
  /** A new bundle is stored. */
  readonly onMade?: () => Promise<void>
}

export class PrekeyKeeper {
  readonly #world: SessionWorld
  readonly #oneTimeCount: number | undefined
  readonly #onMade: () => Promise<void>
  readonly #served: PeerQuota
  #making: Promise<void> | undefined

  constructor({ world, oneTimeCount, onMade = async () => undefined }: PrekeyKeeperOptions) {
    this.#world = world
    this.#oneTimeCount = oneTimeCount
    this.#onMade = onMade
    this.#served = new PeerQuota(ONE_TIME_QUOTA, world.monotonicMs)
  }

  /**
   * A bundle for a peer. A peer that asks too often gets it without a one-time pair: the signed prekeys serve then, and
   * nobody can use up what others need.
   *
   * @throws TalosError store and signer codes
   */
  async serveTo(peer: Did): Promise<Uint8Array> {
    return await this.serve({ withOneTime: this.#served.tryTake(peer) })
  }

  /** A bundle to hand out, with a one-time pair where one is left. @throws TalosError store and signer codes */
  async serve({ withOneTime } = { withOneTime: true }): Promise<Uint8Array> {
    await this.#refill()
    const { prekeys } = this.#world.storage
    const latest = prekeys.latest()
    if (latest === undefined) return await this.serve({ withOneTime })
    const served = withOneTime ? prekeys.serveOneTime() : undefined
    if (served === undefined) return publishBundle({ bundle: latest.bundle })
    const oneTime = parsePublishedBundlePublishedOneTime(decodeCbor(served.published))
    return publishBundle({ bundle: latest.bundle, oneTime })
  }

  /** The secrets of a bundle that a first flight names, as long as they are kept. */
  findSecrets(bundleHash: Uint8Array): PrekeySecrets | undefined {
    const bytes = this.#world.storage.prekeys.secrets(bundleHash)
    return bytes === undefined ? undefined : decodePrekeySecrets(bytes)
  }

  findOneTime(name: OneTimeName): Secret | undefined {
    const bytes = this.#world.storage.prekeys.oneTimeSecret(name)
    if (bytes === undefined) return undefined
    const secret = Secret.of(bytes)
    bytes.fill(0)
    return secret
  }

  /** One refill at a time; those who ask meanwhile wait for it. */
  async #refill(): Promise<void> {
    if (!this.#due()) return
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined
    })
    await this.#making
  }

  #due(): boolean {
    const { storage, kernel, clock } = this.#world
    const latest = storage.prekeys.latest()
    if (latest === undefined) return true
    const { payload } = openEnvelope(latest.bundle, { kernel, tags: [PREKEY_BUNDLE_TAG] })
    const nowMs = clock.nowMs()
    const isFresh = Math.abs(nowMs - latest.createdMs) < REFILL_INTERVAL_MS
    const parsed = parsePrekeyBundle(payload)
    // One that was made while the clock was ahead is good for nobody until that time has come.
    const isEarly = parsed.spk.nbf * 1000 > nowMs
    const remaining = isFresh ? parsed.otkCount : storage.prekeys.unserved()
    return isEarly || prekeysDue({ payload: parsed, remaining, nowMs })
  }

  async #make(): Promise<void> {
    const { kernel, random, clock, signer, instance, sessionKey, storage } = this.#world
    const nowMs = clock.nowMs()
    // By the clock as well: an agent whose database is gone goes on above what its peers have seen of it.
    const serial = Math.max(storage.prekeys.nextSerial(), Math.floor(nowMs / 1000))
    const made = await createPrekeys({
      kernel,
      random,
      signer,
      instance,
      sessionKey,
      nowMs,
      serial,
      ...(this.#oneTimeCount !== undefined && { oneTimeCount: this.#oneTimeCount }),
    })
    storage.prekeys.put({
      serial,
      bundleHash: made.secrets.bundleHash,
      bundle: made.bundle,
      secrets: encodePrekeySecrets(made.secrets),
      oneTime: made.oneTime.map(({ published, secret }) => ({
        index: published.index,
        published: encodeCbor({ ...published }),
        secret: secret.use((bytes) => bytes.slice()),
      })),
      nowMs,
      keepUntilMs: made.payload.spk.exp * 1000 + SESSION_LIFETIME_MS,
    })
    for (const { secret } of made.oneTime) secret.dispose()
    storage.removeExpired(nowMs)
    await this.#onMade()
  }
}
