/** Opens a log as after a restart and holds it to everything that its writers said. */
import { AuditLog, type AuditLogOptions, type AuditReader } from '@talos/audit'
import { isTalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { openCheckpoint, type TreeSize, treeSize, type VerifiedCheckpoint, verifyConsistency } from '@talos/merkle'
import { auditFiles } from '../audit-files.ts'
import type { Ledger } from './ledger.ts'
import { nameOf, partsOf } from './order.ts'

/** So many of the newest salts are looked at: each is a walk through the log's redactions. */
const SALTS = 10

/** What may be wrong with a log. */
export const BREACHES = [
  /** An acknowledged entry is not there, or stands elsewhere. */
  'lost',
  /** A name that stands at two places. */
  'twice',
  /** Entries of one caller out of their order, or with one missing between two. */
  'disordered',
  /** Said to be not stored, and there. */
  'refusedButThere',
  /** A published checkpoint that the log, or a later checkpoint, does not extend. */
  'contradicted',
  /** A salt that was erased and is there, or was not and is not. */
  'salts',
  /** The whole check of the log fails, or it does not open. */
  'damaged',
  /** The log refuses to sign. */
  'stopped',
] as const
export type Breach = (typeof BREACHES)[number]

export interface Verdict {
  readonly size: number
  /** Code of the log's fault. */
  readonly fault?: string
  readonly breaches: Readonly<Partial<Record<Breach, number>>>
  /** Code of what a check of the whole log found. */
  readonly damage?: string
  /** A checkpoint that was signed after the judgement. */
  readonly note?: string
}

/** Judges the log of a folder, then lets it append and sign once more. */
export async function judge(folder: string, ledger: Ledger): Promise<Verdict> {
  let options: AuditLogOptions | undefined
  let log: AuditLog
  let kernel: Kernel
  try {
    options = auditFiles(folder)
    kernel = options.kernel
    log = await AuditLog.open(options)
  } catch (error) {
    options?.store.close()
    options?.index?.close()
    if (!isTalosError(error)) throw error
    return { size: 0, breaches: { damaged: 1 }, damage: error.code }
  }
  try {
    return await new Judge(log, ledger, kernel).judge()
  } finally {
    await log.close()
  }
}

class Judge {
  readonly #log: AuditLog
  readonly #ledger: Ledger
  readonly #kernel: Kernel
  readonly #breaches: Partial<Record<Breach, number>> = {}

  constructor(log: AuditLog, ledger: Ledger, kernel: Kernel) {
    this.#log = log
    this.#ledger = ledger
    this.#kernel = kernel
  }

  async judge(): Promise<Verdict> {
    const log = this.#log
    const damage = await this.#damage()
    if (damage === undefined) {
      this.#entries()
      this.#checkpoints()
    }
    const fault = log.fault?.code
    if (fault !== undefined) this.#breach('stopped')
    const note = fault === undefined && damage === undefined ? await this.#tryToGoOn() : undefined
    return {
      size: log.size,
      breaches: this.#breaches,
      ...(fault !== undefined && { fault }),
      ...(damage !== undefined && { damage }),
      ...(note !== undefined && { note }),
    }
  }

  #breach(breach: Breach): void {
    this.#breaches[breach] = (this.#breaches[breach] ?? 0) + 1
  }

  async #damage(): Promise<string | undefined> {
    try {
      await this.#log.verify()
      return undefined
    } catch (error) {
      if (!isTalosError(error)) throw error
      this.#breach('damaged')
      return error.code
    }
  }

  #entries(): void {
    const { refused, acknowledged, stored } = this.#ledger
    const found = new Map<string, { readonly index: number; readonly hash: string }>()
    const last = new Map<string, number>()
    const salted: number[] = []
    for (const { index, leafHash, entry } of this.#log.reader.entries({ kinds: ['message.send'] })) {
      const { message: name } = entry
      if (name === undefined) continue
      if (found.has(name)) this.#breach('twice')
      found.set(name, { index, hash: Buffer.from(leafHash).toString('hex') })
      if (refused.has(name)) this.#breach('refusedButThere')
      this.#order(name, last)
    }
    for (const [name, { index, hash, isSalted }] of acknowledged) {
      const entry = found.get(name)
      if (entry?.index !== index || entry.hash !== hash) this.#breach('lost')
      else if (isSalted) salted.push(index)
    }
    for (const index of salted.slice(-SALTS)) this.#salt(index)
    for (const name of stored) if (!found.has(name)) this.#breach('lost')
  }

  /** Whatever lacks between two entries of one caller must have been refused, or its fate unknown. */
  #order(name: string, last: Map<string, number>): void {
    const { refused, unknown } = this.#ledger
    const { caller, number } = partsOf(name)
    const before = last.get(caller) ?? -1
    last.set(caller, number)
    if (number <= before) this.#breach('disordered')
    for (let missing = before + 1; missing < number; missing += 1) {
      const other = nameOf(caller, missing)
      if (!refused.has(other) && !unknown.has(other)) this.#breach('disordered')
    }
  }

  /** An erasure that was not acknowledged may or may not have happened. */
  #salt(index: number): void {
    let isThere = true
    try {
      this.#log.salt({ index, path: 'content' })
    } catch {
      isThere = false
    }
    if (isThere && this.#ledger.erased.has(index)) this.#breach('salts')
    if (!isThere && !this.#ledger.erased.has(index) && !this.#isRedacted(index)) this.#breach('salts')
  }

  #isRedacted(index: number): boolean {
    const hash = Buffer.from(this.#log.reader.entry(index).leafHash).toString('hex')
    return Array.from(this.#log.reader.entries({ kinds: ['redact'] })).some(({ entry }) => entry.cause === hash)
  }

  /** Each published checkpoint by proof against the one published after it, and against the log. */
  #checkpoints(): void {
    const { reader, verifierKey: logKey } = this.#log
    const head = { size: treeSize(reader.size), root: reader.root }
    const notes = this.#ledger.published.map((note) => openCheckpoint(note, { logKey, kernel: this.#kernel }))
    for (const [position, note] of notes.entries()) {
      const next = notes[position + 1] ?? head
      if (!this.#extends(note, next, reader) || !this.#extends(note, head, reader)) this.#breach('contradicted')
    }
  }

  #extends(from: Head, to: Head, reader: AuditReader): boolean {
    try {
      const proof = reader.consistency({ from: from.size, to: to.size })
      const sizes = { from: from.size, to: to.size, fromRoot: from.root, toRoot: to.root }
      verifyConsistency({ ...sizes, proof, kernel: this.#kernel })
      return true
    } catch {
      return false
    }
  }

  async #tryToGoOn(): Promise<string | undefined> {
    try {
      return await this.#goOn()
    } catch (error) {
      if (!isTalosError(error)) throw error
      this.#breach('stopped')
      return undefined
    }
  }

  /** The log must be of use: one entry, one checkpoint that extends all of those before. */
  async #goOn(): Promise<string> {
    const log = this.#log
    await log.append({ kind: 'key.rotate' })
    const note = await log.checkpoint()
    const head: VerifiedCheckpoint = openCheckpoint(note, { logKey: log.verifierKey, kernel: this.#kernel })
    if (head.size !== log.size) this.#breach('contradicted')
    for (const earlier of this.#ledger.published) {
      const from = openCheckpoint(earlier, { logKey: log.verifierKey, kernel: this.#kernel })
      if (!this.#extends(from, head, log.reader)) this.#breach('contradicted')
    }
    return note
  }
}

interface Head {
  readonly size: TreeSize
  readonly root: Uint8Array
}
