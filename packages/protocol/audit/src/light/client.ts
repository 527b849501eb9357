/**
 * A light client (contracts/spec/24-light-client.md): follows one agent's log, its key log and its list of revocations from
 * checkpoints and proofs alone, in constant space, and refuses what takes back or contradicts anything that it accepted.
 *
 * An update is all or nothing: it verifies in the order of clause 24.4 to 24.6 and replaces the state at its end. Only the
 * checkpoint may wait while the rest goes on: until witnesses have cosigned it, where a policy asks for them.
 */
import { equalBytes } from '@talos/bytes'
import type { AuditEntry, Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { KeyLogEntry, LogKeyDelegation, VerifiedKeyLog } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { leafHash, openCheckpoint, type VerifiedCheckpoint } from '@talos/merkle'
import type { Clock } from '@talos/ports'
import { decodeEntry } from '../entry.ts'
import { onlySignedBy } from '../witness/cosignatures.ts'
import type { WitnessPolicy } from '../witness/policy.ts'
import { forkOf, refusing } from './failures.ts'
import { followKeyLog, followLogKey } from './identity.ts'
import { followRevocations, type RevocationNews } from './revocations.ts'
import type { LogSource } from './source.ts'
import { type FollowedLog, formatLightState, LIGHT_NOTE_MAX_CHARS, readLightState, verifierKeyOf } from './state.ts'
import { contradictionOf, leafHashAt } from './tree.ts'

export interface LightClientOptions {
  readonly source: LogSource
  readonly kernel: Kernel
  readonly clock: Clock
  /** What an earlier client kept; without it the first update decides what is followed. */
  readonly state?: string
  /** Who is expected: the durable name, or any key that the agent has or had. Without it and a state, the first one is believed. */
  readonly did?: Did
  /** Without one, the log's own signature is enough. */
  readonly policy?: WitnessPolicy
}

/** What an update brought. */
export interface LightUpdate {
  /** `unwitnessed`: all holds that is there, but the policy asks for more cosignatures; the checkpoint was not taken over. */
  readonly verdict: 'followed' | 'unwitnessed'
  /** The checkpoint that was offered, verified. */
  readonly offered: VerifiedCheckpoint
  /** Size of the followed tree before; undefined where nothing was followed. */
  readonly before: number | undefined
  /** New entries of the key log, oldest first. */
  readonly keyEvents: readonly KeyLogEntry[]
  /** New revocations, in the order of their list. */
  readonly revocations: readonly RevocationNews[]
}

export class LightClient {
  readonly #options: LightClientOptions
  #followed: FollowedLog | undefined
  /** Updates run one after the other: an older answer must not take the place of a newer one. */
  #updating: Promise<unknown> = Promise.resolve()

  /** @throws TalosError `LIGHT_STATE_INVALID` */
  constructor(options: LightClientOptions) {
    const { state, kernel } = options
    this.#options = options
    this.#followed = state === undefined ? undefined : readLightState(state, kernel)
  }

  /** What is followed, as of the last update; undefined before the first. */
  get followed(): FollowedLog | undefined {
    return this.#followed
  }

  /** What to keep: canonical JSON of at most 4,096 bytes; undefined before the first update. */
  get state(): string | undefined {
    return this.#followed && formatLightState(this.#followed)
  }

  /**
   * Asks the source for what is new, verifies it, and takes it over. After a failure everything is as before.
   *
   * @throws TalosError the `LIGHT_*` codes but `LIGHT_STATE_INVALID` and `LIGHT_ENTRY_INVALID`; {@link LightConflict} where
   *   the agent contradicts itself; what the source throws
   */
  async update(): Promise<LightUpdate> {
    const update = this.#updating.then(async () => await this.#update())
    this.#updating = update.catch(() => undefined)
    return await update
  }

  /**
   * Whether an entry stands at its place of the followed tree.
   *
   * @param body its exact bytes
   * @returns what it says
   * @throws TalosError `LIGHT_ENTRY_INVALID`, `LIGHT_TILES`, `LIGHT_SOURCE_INVALID`, `LIGHT_STATE_INVALID` before the first
   *   update, and what the source throws
   */
  async verifyEntry({ index, body }: { readonly index: number; readonly body: Uint8Array }): Promise<AuditEntry> {
    const { source, kernel } = this.#options
    const tree = this.#followed?.checkpoint
    if (tree === undefined) throw new TalosError('LIGHT_STATE_INVALID', { reason: 'nothing is followed yet' })
    const refused = (cause?: unknown) => new TalosError('LIGHT_ENTRY_INVALID', { index, size: tree.size }, { cause })
    if (!Number.isSafeInteger(index) || index < 0 || index >= tree.size) throw refused()
    const entry = refusing(() => decodeEntry(body), refused)
    if (entry.seq !== index) throw refused()
    const expected = await leafHashAt({ source, kernel, index, tree })
    if (!equalBytes(leafHash(kernel, body), expected)) throw refused()
    return entry
  }

  async #update(): Promise<LightUpdate> {
    const { source, kernel, clock, did } = this.#options
    const known = this.#followed
    const nowMs = clock.nowMs()
    const note = await source.checkpoint()
    const { keyLog, news } = followKeyLog({ text: await source.keyLog(), known, did, nowMs, kernel })
    const logKey = followLogKey(await source.logKey(), { keyLog, known, kernel })
    const offer = this.#open(note, logKey)
    const isNew = known === undefined || (await this.#isGrown(known, { ...offer, keyLog }))
    const nowS = Math.floor(nowMs / 1000)
    const revocations = await followRevocations({ source, known: known?.revocations, keyLog, kernel, nowS })
    const isEnough = offer.isEnough || (!isNew && this.#isWitnessed(known.checkpoint.note))
    const identity = { identity: keyLog.name, version: keyLog.versionId, revocations: revocations.head }
    // The checkpoint that stays goes with the key that signed it.
    if (offer.isEnough) this.#followed = { ...identity, logKey, checkpoint: offer.checkpoint }
    else if (known !== undefined) this.#followed = { ...known, ...identity }
    return {
      verdict: isEnough ? 'followed' : 'unwitnessed',
      offered: offer.checkpoint,
      before: known?.checkpoint.size,
      keyEvents: news,
      revocations: revocations.news,
    }
  }

  /** The checkpoint with the log's line and the policy's, as far as there is room; the policy sees all of them. */
  #open(note: string, logKey: LogKeyDelegation): Omit<Offer, 'keyLog'> {
    const { kernel, policy } = this.#options
    const key = verifierKeyOf(logKey, kernel)
    return refusing(
      () => {
        openCheckpoint(note, { logKey: key, kernel })
        // Extension lines of any length may be signed; none that cannot be kept is followed.
        if (onlySignedBy(note, [key]).length > LIGHT_NOTE_MAX_CHARS) throw new TalosError('LIGHT_CHECKPOINT_INVALID')
        const keys = [key, ...(policy?.keys ?? [])]
        while (onlySignedBy(note, keys).length > LIGHT_NOTE_MAX_CHARS) keys.pop()
        const checkpoint = openCheckpoint(onlySignedBy(note, keys), { logKey: key, kernel })
        return { logKey, checkpoint, isEnough: this.#isWitnessed(note) }
      },
      (cause) => new TalosError('LIGHT_CHECKPOINT_INVALID', {}, { cause }),
    )
  }

  /** Without a policy the log's word is enough. @throws TalosError `NOTE_SIGNATURE_INVALID` of a witness's line */
  #isWitnessed(note: string): boolean {
    const { policy, kernel } = this.#options
    return policy === undefined || policy.evaluate(note, { kernel }).isSatisfied
  }

  /**
   * Whether the offered tree is a larger one, that begins with the known tree, or the same.
   *
   * @throws TalosError `LIGHT_ROLLBACK`, `LIGHT_TILES`, `LIGHT_SOURCE_INVALID`; {@link LightConflict}
   */
  async #isGrown(known: FollowedLog, offer: Offer): Promise<boolean> {
    const { source, kernel } = this.#options
    const [before, offered] = [known.checkpoint, offer.checkpoint]
    const isSmaller = offered.size < before.size
    const comparison = isSmaller
      ? evenSo(contradictionOf({ source, kernel, first: offered, second: before }))
      : contradictionOf({ source, kernel, first: before, second: offered })
    const contradiction = await comparison
    if (contradiction !== undefined) throw forkOf({ known, offer, contradiction, kernel })
    if (isSmaller) throw new TalosError('LIGHT_ROLLBACK', { known: before.size, offered: offered.size })
    return offered.size > before.size
  }
}

/** What a source offers, opened. */
interface Offer {
  readonly logKey: LogKeyDelegation
  readonly checkpoint: VerifiedCheckpoint
  /** Whether the policy is met. */
  readonly isEnough: boolean
  readonly keyLog: VerifiedKeyLog
}

/** A smaller tree is refused whether or not the source has the tiles to show more. */
async function evenSo<T>(comparison: Promise<T>): Promise<T | undefined> {
  try {
    return await comparison
  } catch {
    return undefined
  }
}
