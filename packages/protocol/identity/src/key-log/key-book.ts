/** Which keys were the agent's, entry by entry (spec 18-key-log, 18.8). */
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import type { JsonObject } from '../did/json.ts'
import { type AcceptanceBasis, isAcceptance } from './acceptance.ts'
import { documentKeys, type KeyMethod } from './methods.ts'
import type { KeyStanding, LogKey } from './types.ts'

export interface KeyStep {
  readonly kernel: Kernel
  /** Number of the entry. */
  readonly entry: number
  readonly timeMs: number
  readonly document: JsonObject
  /** The log ends with this entry: no key stands after it. */
  readonly deactivated: boolean
  /** Multikeys whose proofs of this entry verified. */
  readonly signedBy: readonly string[]
  readonly basis: AcceptanceBasis
}

interface KeyRecord {
  readonly did: Did
  readonly fromMs: number
  toMs: number | undefined
  compromisedFromMs: number | undefined
}

/** Follows a log; one {@link KeyBook.step} costs as much as the entry has keys, however long the log is. */
export class KeyBook {
  readonly #records: Map<Did, KeyRecord>
  /** The keys of the newest entry that stand, in the order of its document. */
  #listed: readonly KeyRecord[]

  constructor(known: readonly LogKey[]) {
    const records = known.map(({ did, fromMs, toMs, compromisedFromMs }) => ({ did, fromMs, toMs, compromisedFromMs }))
    this.#records = new Map(records.map((record) => [record.did, record]))
    this.#listed = records.filter(({ toMs }) => toMs === undefined)
  }

  /** @throws TalosError `KEY_LOG_PROOF` for a new key whose agreement is not one */
  step(step: KeyStep): void {
    const { methods, signing } = documentKeys(step.document)
    for (const method of signing) {
      if (!this.#records.has(method.did) && isOurs(method, step)) this.#add(method.did, step.timeMs)
    }
    for (const { did, revokedMs } of methods) this.#compromise(did, revokedMs)
    for (const record of this.#listed) record.toMs = step.timeMs
    this.#listed = step.deactivated
      ? []
      : signing.map(({ did }) => this.#standing(did)).filter((key) => key !== undefined)
    for (const record of this.#listed) record.toMs = undefined
  }

  /** All keys in order of appearance, as they stand after the last entry. */
  list(deactivated: boolean): readonly LogKey[] {
    return [...this.#records.values()].map((record) => ({ ...record, standing: standingOf(record, deactivated) }))
  }

  /** The first key of the newest document that stands. */
  get signingKey(): Did | undefined {
    return this.#listed[0]?.did
  }

  #standing(did: Did): KeyRecord | undefined {
    const record = this.#records.get(did)
    return record?.compromisedFromMs === undefined ? record : undefined
  }

  #add(did: Did, timeMs: number): void {
    this.#records.set(did, { did, fromMs: timeMs, toMs: timeMs, compromisedFromMs: undefined })
  }

  /** Once compromised, always: a later entry can only name an earlier time. A key of others cannot be marked. */
  #compromise(did: Did, revokedMs: number | undefined): void {
    const record = this.#records.get(did)
    if (record === undefined || revokedMs === undefined) return
    record.compromisedFromMs = Math.min(revokedMs, record.compromisedFromMs ?? revokedMs)
  }
}

/** A key belongs to the log when it signed one of its entries, or agreed to (18.7). */
function isOurs(method: KeyMethod, step: KeyStep): boolean {
  const { did, publicKey, acceptance } = method
  if (step.signedBy.some((multikey) => did === `did:key:${multikey}`)) return true
  if (acceptance === undefined) return false
  if (isAcceptance(step.kernel, { acceptance, publicKey, basis: step.basis })) return true
  throw new TalosError('KEY_LOG_PROOF', {
    entry: step.entry,
    reason: 'a new key did not agree to be a key of this log',
  })
}

function standingOf({ toMs, compromisedFromMs }: KeyRecord, deactivated: boolean): KeyStanding {
  if (compromisedFromMs !== undefined) return 'compromised'
  if (deactivated) return 'deactivated'
  return toMs === undefined ? 'current' : 'rotated'
}
