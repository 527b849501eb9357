/** Logs that can be made to fork, their keys and delegations, and a witness's memory that fails on command. */
import {
  type Introduction,
  type KnownAgents,
  type LogSigningKey,
  openLogKey,
  Witness,
  type WitnessRecord,
  type WitnessStore,
} from '@talos/audit'
import { Secret, utf8 } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { delegateLogKey, ed25519Signer } from '@talos/identity'
import {
  type Checkpoint,
  consistencyProof,
  leafHash,
  type NoteSigner,
  type ReadNode,
  rootAt,
  rootOf,
  signCheckpoint,
  treeSize,
} from '@talos/merkle'
import { manualClock } from '@talos/testkit'
import { kernel, signerOf } from '../fixtures.ts'

export { kernel, signerOf }
export const NOW_S = 1_800_000_000
export const PEER: Introduction = { introducer: 'did:key:peer', isKnown: true }

/** The identity whose seed is 32 times one byte. */
export function identity(byte: number) {
  return ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(byte)) })
}

export function originOf(did: Did, epoch = 1): string {
  return `talos/${did.slice('did:key:'.length)}/${epoch}`
}

/** The envelope by which an identity lets a key sign a log. */
export async function delegate(options: {
  readonly by: number
  readonly logByte: number
  readonly origin?: string
}): Promise<Uint8Array> {
  const signer = identity(options.by)
  const { origin = originOf(signer.did), logByte } = options
  const logPublicKey = signerOf(logByte).publicKey
  return (await delegateLogKey({ signer, logPublicKey, origin, issuedAtS: NOW_S })).bytes
}

export async function logKeyOf(by: number, logByte: number, agents?: KnownAgents): Promise<LogSigningKey> {
  return openLogKey(await delegate({ by, logByte }), { kernel, ...(agents !== undefined && { agents }) })
}

/** A tree of named leaves; two that share their first ones have one history up to there. */
export class Branch {
  readonly #hashes: readonly Uint8Array[]
  readonly #origin: string
  readonly #signer: NoteSigner

  constructor(leaves: readonly string[], { origin, signer }: { readonly origin: string; readonly signer: NoteSigner }) {
    this.#hashes = leaves.map((leaf) => leafHash(kernel, utf8(leaf)))
    this.#origin = origin
    this.#signer = signer
  }

  get size(): number {
    return this.#hashes.length
  }

  readonly #readNode: ReadNode = (level, index) => {
    const width = 2 ** level
    return rootOf(this.#hashes.slice(index * width, (index + 1) * width), kernel)
  }

  root(size = this.size): Uint8Array {
    return rootAt({ size: treeSize(size), readNode: this.#readNode, kernel })
  }

  proof(from: number, to = this.size): Uint8Array[] {
    return consistencyProof({ from: treeSize(from), to: treeSize(to), readNode: this.#readNode, kernel })
  }

  async note(size = this.size): Promise<string> {
    const checkpoint: Pick<Checkpoint, 'size' | 'root'> = { size: treeSize(size), root: this.root(size) }
    return await signCheckpoint({ origin: this.#origin, ...checkpoint, signer: this.#signer, kernel })
  }

  /** What the log offers a witness that knows it at `from`. */
  async offer(from: number, size = this.size) {
    return { note: await this.note(size), from, proof: this.proof(from, size), root: this.root(from) }
  }
}

/** `count` leaves, of which those from `since` on are named after the branch. */
export function leaves(count: number, { since = count, branch = '' } = {}): string[] {
  return Array.from({ length: count }, (_, index) => (index < since ? `${index}` : `${branch}${index}`))
}

export class MemoryWitnessStore implements WitnessStore {
  readonly records = new Map<string, WitnessRecord>()
  swaps = 0
  /** The next swap fails before it stores, or after, or finds another's change, or `swap` stays as it is. */
  fault: 'none' | 'fails and is not stored' | 'fails but is stored' | 'another was faster' = 'none'
  /** Stands in for rows that a test does not want to make. */
  more = 0

  get(origin: string): WitnessRecord | undefined {
    return this.records.get(origin)
  }

  swap(next: WitnessRecord): boolean {
    if (this.fault === 'another was faster') return false
    if (this.fault === 'fails and is not stored') throw new TalosError('STORE_WRITE_FAILED')
    if ((this.records.get(next.origin)?.version ?? 0) !== next.version - 1) return false
    this.records.set(next.origin, next)
    this.swaps += 1
    if (this.fault === 'fails but is stored') throw new TalosError('STORE_WRITE_FAILED')
    return true
  }

  count(introducer?: string): number {
    const records = [...this.records.values()]
    if (introducer === undefined) return records.length + this.more
    return records.filter((record) => record.introducer === introducer).length
  }
}

export interface Scene {
  readonly store: MemoryWitnessStore
  readonly witness: Witness
  readonly logKey: LogSigningKey
  /** A branch of the log with these leaves. */
  readonly branch: (leaves: readonly string[]) => Branch
}

/** A witness that knows one log: that of the identity 10, whose log key is 11. */
export async function scene(
  options: { readonly agents?: KnownAgents; readonly historyOf?: () => string | undefined } = {},
): Promise<Scene> {
  const store = new MemoryWitnessStore()
  const witness = new Witness({
    store,
    signer: signerOf(20),
    name: 'talos/witness/test',
    kernel,
    clock: manualClock(NOW_S * 1000),
    ...options,
  })
  const logKey = await logKeyOf(10, 11, options.agents)
  witness.learn(logKey, PEER)
  const place = { origin: logKey.origin, signer: signerOf(11) }
  return { store, witness, logKey, branch: (named) => new Branch(named, place) }
}

/** The code and the details of a refusal; the value where there is none. */
export async function outcomeOf<T>(work: () => T | Promise<T>): Promise<T | { code: string }> {
  try {
    return await work()
  } catch (error) {
    if (!isTalosError(error)) throw error
    return { code: error.code, ...error.details }
  }
}

export async function codeOf(work: () => unknown): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (!isTalosError(error)) throw error
    return error.code
  }
}

/** Evidence as it travels, changed. */
export function changed(evidence: string, change: (members: Record<string, unknown>) => void): string {
  const members: Record<string, unknown> = JSON.parse(evidence)
  change(members)
  return JSON.stringify(Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1))))
}
