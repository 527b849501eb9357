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
import type { Agent } from './agent.ts'
import { PeerQuota } from './quota.ts'

/** One-time pairs that one peer gets: enough for a peer that lost its sessions a few times. */
const ONE_TIME_QUOTA = { what: 'one-time prekeys for one peer', limit: 8, windowMs: 3_600_000 }

export class PrekeyKeeper {
  readonly #agent: Agent
  readonly #served: PeerQuota
  #making: Promise<void> | undefined

  constructor(agent: Agent) {
    this.#agent = agent
    this.#served = new PeerQuota(ONE_TIME_QUOTA)
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
    const { prekeys } = this.#agent.database
    const latest = prekeys.latest()
    if (latest === undefined) return await this.serve({ withOneTime })
    const served = withOneTime ? prekeys.serveOneTime() : undefined
    if (served === undefined) return publishBundle({ bundle: latest.bundle })
    const oneTime = parsePublishedBundlePublishedOneTime(decodeCbor(served.published))
    return publishBundle({ bundle: latest.bundle, oneTime })
  }

  /** The secrets of a bundle that a first flight names, as long as they are kept. */
  findSecrets(bundleHash: Uint8Array): PrekeySecrets | undefined {
    const bytes = this.#agent.database.prekeys.secrets(bundleHash)
    return bytes === undefined ? undefined : decodePrekeySecrets(bytes)
  }

  findOneTime(name: OneTimeName): Secret | undefined {
    const bytes = this.#agent.database.prekeys.oneTimeSecret(name)
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
    const { database, kernel, clock } = this.#agent
    const latest = database.prekeys.latest()
    if (latest === undefined) return true
    const { payload } = openEnvelope(latest.bundle, { kernel, tags: [PREKEY_BUNDLE_TAG] })
    return prekeysDue({
      payload: parsePrekeyBundle(payload),
      remaining: database.prekeys.unserved(),
      nowMs: clock.nowMs(),
    })
  }

  async #make(): Promise<void> {
    const { kernel, random, clock, signer, instance, secrets, database, log } = this.#agent
    const nowMs = clock.nowMs()
    const serial = database.prekeys.nextSerial()
    const made = await createPrekeys({
      kernel,
      random,
      signer,
      instance,
      sessionKey: secrets.sessionKey,
      nowMs,
      serial,
    })
    database.prekeys.put({
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
    database.removeExpired(nowMs)
    await log.append({ kind: 'key.prekeys' })
  }
}
