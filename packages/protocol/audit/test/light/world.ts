/** An agent whose log, key log and revocations grow, offered by a source that a test can bend. */

import { encodeEntry, LightClient, type LightClientOptions, type LogSource, type RevocationPage } from '@talos/audit'
import { concatBytes, utf8 } from '@talos/bytes'
import { type Did, REVOCATION_HEAD_TAG, REVOCATION_TAG } from '@talos/contracts'
import { appendEntry, createKeyLog, delegateLogKey, signEnvelope, type VerifiedKeyLog } from '@talos/identity'
import {
  cosignCheckpoint,
  leafHash,
  MAX_TILE_LEVEL,
  signCheckpoint,
  TILE_WIDTH,
  type TileId,
  treeSize,
} from '@talos/merkle'
import { manualClock } from '@talos/testkit'
import { entry, kernel, signerOf } from '../fixtures.ts'
import { identity } from '../witness/support.ts'

export const NOW_S = 1_800_000_000
const CREATED_MS = 1_700_000_000_000
const ROTATED_MS = 1_750_000_000_000

/** What a list of revocations is at one time. */
export interface SignedHead {
  readonly bytes: Uint8Array
  readonly n: number
}

export interface WorldParts {
  /** Seed bytes. */
  readonly first?: number
  readonly logByte?: number
}

/** Everything that an agent has published. Members may be replaced by tests; each method adds to them. */
export class World {
  readonly origin: string
  readonly first: number
  /** Seed byte of the key that signs for the agent. */
  current: number
  /** Seed byte of the key that signs the log. */
  logByte: number
  bodies: Uint8Array[] = []
  keyLog: VerifiedKeyLog
  logKey: Uint8Array
  note = ''
  items: Uint8Array[] = []
  head: Uint8Array | undefined
  /** Items of one page. */
  pageItems = 4
  readonly #nodes = new Map<string, Uint8Array>()
  #updates = 0

  private constructor(parts: { readonly keyLog: VerifiedKeyLog; readonly logKey: Uint8Array } & Required<WorldParts>) {
    this.first = parts.first
    this.current = parts.first
    this.logByte = parts.logByte
    this.keyLog = parts.keyLog
    this.logKey = parts.logKey
    this.origin = originOf(parts.first)
  }

  static async begin({ first = 10, logByte = 11 }: WorldParts = {}): Promise<World> {
    const keyLog = await createKeyLog({ signer: identity(first), ...updating(first, 0), nowMs: CREATED_MS })
    const logKey = await delegation({ by: first, logByte, origin: originOf(first) })
    const world = new World({ keyLog, logKey, first, logByte })
    world.append(1)
    await world.sign()
    return world
  }

  /** An independent copy, whose history may part from this one's. */
  clone(): World {
    const { keyLog, logKey, first, logByte, current, note, head, pageItems } = this
    const copy = new World({ keyLog, logKey, first, logByte })
    Object.assign(copy, { current, note, head, pageItems, bodies: [...this.bodies], items: [...this.items] })
    copy.#updates = this.#updates
    return copy
  }

  get size(): number {
    return this.bodies.length
  }

  append(count: number, id = '018bcfe5680070008000000000000001'): void {
    for (let index = 0; index < count; index += 1) this.bodies.push(this.bodyAt(this.size, id))
  }

  bodyAt(seq: number, id = '018bcfe5680070008000000000000001'): Uint8Array {
    const log = { origin: this.origin, delegation: 'AA' }
    return encodeEntry(entry({ seq, id, ...(seq === 0 && { kind: 'log.open', log }) }))
  }

  /** The root of the first `size` entries. */
  root(size = this.size): Uint8Array {
    return this.#rangeRoot(0, size)
  }

  async signed(size = this.size, { logByte = this.logByte, origin = this.origin, root = this.root(size) } = {}) {
    return await signCheckpoint({ origin, size: treeSize(size), root, signer: signerOf(logByte), kernel })
  }

  async sign(): Promise<void> {
    this.note = await this.signed()
  }

  /** Adds cosignatures of witnesses, by their seed bytes. */
  async cosign(...witnesses: readonly number[]): Promise<void> {
    for (const byte of witnesses) {
      const place = { name: witnessName(byte), signer: signerOf(byte), timeS: NOW_S, kernel }
      this.note = await cosignCheckpoint({ note: this.note, ...place })
    }
  }

  /** The next identity key, in good order or because the one before was lost; `logByte` where the log's key changes too. */
  async rotate(next: number, { logByte = this.logByte, isEmergency = false } = {}): Promise<void> {
    this.#updates += 1
    const keys = updating(this.first, this.#updates)
    const change = { signer: identity(next), ...keys, nowMs: ROTATED_MS + 1000 * this.#updates }
    const compromised = [{ key: identity(this.current).did, fromMs: CREATED_MS + 1000 }]
    this.keyLog = await appendEntry(
      this.keyLog,
      isEmergency ? { kind: 'recover', compromised, ...change } : { kind: 'rotate', ...change },
    )
    this.current = next
    this.logByte = logByte
    this.logKey = await delegation({ by: next, logByte, origin: this.origin })
    this.head = undefined
    this.items = []
  }

  async deactivate(): Promise<void> {
    this.#updates += 1
    const { updateSigner } = updating(this.first, this.#updates)
    this.keyLog = await appendEntry(this.keyLog, {
      kind: 'deactivate',
      updateSigner,
      nowMs: ROTATED_MS + 1000 * this.#updates,
    })
  }

  /** Revokes so many audiences and signs the list. */
  async revoke(count: number, atS = NOW_S - 1000): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const number = this.items.length
      this.items.push(
        await revocation({ by: this.current, who: identity(number % 200).did, atS: NOW_S - 5000 + number }),
      )
    }
    this.head = (await this.signedHead(this.items, { atS })).bytes
  }

  async signedHead(
    items: readonly Uint8Array[],
    { by = this.current, atS = NOW_S - 1000, n = items.length }: { by?: number; atS?: number; n?: number } = {},
  ): Promise<SignedHead> {
    const signer = identity(by)
    let digest = kernel.sha256(utf8(`talos/revlist/1\0${signer.did}`))
    for (const item of items) digest = kernel.sha256(concatBytes(digest, kernel.sha256(item)))
    const payload = { iss: signer.did, n, digest, atS }
    return { bytes: (await signEnvelope({ tag: REVOCATION_HEAD_TAG, payload, signer })).bytes, n }
  }

  /** What an honest source gives; `changes` bend it. */
  source(changes: Partial<LogSource> = {}): LogSource {
    return {
      checkpoint: async () => this.note,
      tile: async (tile) => this.tile(tile),
      entries: async () => new Uint8Array(0),
      logKey: async () => this.logKey,
      keyLog: async () => this.keyLog.text,
      revocations: async (after) => this.page(after),
      ...changes,
    }
  }

  page(after: number): RevocationPage | undefined {
    if (this.head === undefined) return undefined
    return { head: this.head, items: this.items.slice(after, after + this.pageItems) }
  }

  tile({ level, index, width }: TileId & { readonly width: number }): Uint8Array {
    if (level > MAX_TILE_LEVEL) throw new Error('there is no such level')
    const span = TILE_WIDTH ** level
    const first = index * TILE_WIDTH
    return concatBytes(
      ...Array.from({ length: width }, (_, offset) =>
        this.#rangeRoot((first + offset) * span, (first + offset + 1) * span),
      ),
    )
  }

  #rangeRoot(begin: number, end: number): Uint8Array {
    if (end > this.size) throw new Error('the log does not have so many')
    if (end - begin === 0) return kernel.sha256(new Uint8Array(0))
    if (end - begin === 1) return leafHash(kernel, this.bodies[begin] ?? new Uint8Array(0))
    const key = `${begin}-${end}`
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    let split = 1
    while (split * 2 < end - begin) split *= 2
    const root = kernel.nodeHash(this.#rangeRoot(begin, begin + split), this.#rangeRoot(begin + split, end))
    this.#nodes.set(key, root)
    return root
  }
}

export function originOf(byte: number, epoch = 1): string {
  return `talos/${identity(byte).did.slice('did:key:'.length)}/${epoch}`
}

export function witnessName(byte: number): string {
  return `talos/witness/${identity(byte).did.slice('did:key:'.length)}`
}

export async function delegation({ by, logByte, origin }: { by: number; logByte: number; origin: string }) {
  const logPublicKey = signerOf(logByte).publicKey
  return (await delegateLogKey({ signer: identity(by), logPublicKey, origin, issuedAtS: NOW_S })).bytes
}

export async function revocation(payload: {
  readonly by: number
  readonly who?: Did
  readonly reason?: string
  readonly atS: number
}): Promise<Uint8Array> {
  const { by, ...members } = payload
  const signer = identity(by)
  return (await signEnvelope({ tag: REVOCATION_TAG, payload: { iss: signer.did, ...members }, signer })).bytes
}

/** A client of a source that has seen nothing, or has this state. */
export function clientOf(source: LogSource, options: Partial<LightClientOptions> = {}): LightClient {
  return new LightClient({ source, kernel, clock: manualClock(NOW_S * 1000), ...options })
}

/** Update keys: the one that signs entry `number` (from 0), and what it announces. */
function updating(first: number, number: number) {
  return {
    updateSigner: identity(100 + first + number * 3),
    nextUpdateKeys: [identity(100 + first + (number + 1) * 3).did],
  }
}
