/**
 * A disk that keeps what was flushed and is free in everything else. It follows a journal, and at any place of it tells
 * what a power cut may leave behind:
 *
 * - of each file, everything up to its last flush that went well;
 * - of the writes after it any, each possibly torn between sectors of 512 bytes, in any order among files;
 * - of names that were made, moved or removed after the folder's last flush, any;
 * - of writes that a flush failed for, any for ever: a later flush that goes well says nothing about them, as the kernel
 *   took their pages for clean (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
 *
 * Left out: sectors that are torn within themselves (SQLite's "powersafe overwrite"), and maps of memory: `-shm` files
 * are no part of any state.
 */
import type { Prng } from '../audit-kill/prng.ts'
import { type JournalRecord, textOf } from './journal.ts'

const SECTOR_BYTES = 512
const CREATED = 1
const EMPTIED = 2

/** How a state is chosen among those that are possible. */
export const CUTS = ['nothing', 'everything', 'torn', 'prefix', 'one file', 'any'] as const
export type Cut = (typeof CUTS)[number]

/** Contents of a folder. */
export type Files = ReadonlyMap<string, Uint8Array>

interface Change {
  readonly offset: number
  /** What is written; nothing where the file is cut, or made longer, to `offset`. */
  readonly bytes?: Uint8Array
  /** Place among all changes of the disk. */
  readonly turn: number
  isSure: boolean
  isDoomed: boolean
}

interface File {
  /** What a power cut leaves of it for certain. */
  kept: Uint8Array
  changes: Change[]
}

interface NameChange {
  readonly turn: number
  readonly apply: (names: Map<string, File>) => void
}

/** Chooses what of a change that is not sure is there: nothing, all of it, or these sectors. */
type Choice = (change: Change) => boolean | ((sector: number) => boolean)

export class Disk {
  readonly #inodes = new Map<number, File>()
  #names = new Map<string, File>()
  #keptNames: Map<string, File>
  #nameChanges: NameChange[] = []
  #turn = 0

  /** @param files what is there, and durable, before the journal begins */
  constructor(files: Files = new Map()) {
    for (const [name, kept] of files) this.#names.set(name, { kept, changes: [] })
    this.#keptNames = new Map(this.#names)
  }

  /** Takes one record of the journal. */
  follow({ kind, inode, number, data }: JournalRecord): void {
    this.#turn += 1
    if (kind === 'open') this.#open(inode, number, textOf(data))
    else if (kind === 'write') this.#change(inode, { offset: number, bytes: data })
    else if (kind === 'truncate') this.#change(inode, { offset: number })
    else if (kind === 'sync') this.#settle(inode, 'isSure')
    else if (kind === 'syncfail') this.#settle(inode, 'isDoomed')
    else if (kind === 'rename') this.#rename(textOf(data))
    else if (kind === 'unlink') this.#rename(`${textOf(data)}\0`)
    else if (kind === 'dirsync') {
      for (const { apply } of this.#nameChanges) apply(this.#keptNames)
      this.#nameChanges = []
    }
  }

  /** Number of changes that a power cut may take back. */
  get pending(): number {
    const changes = [...this.#inodes.values()].flatMap((file) => file.changes)
    return changes.filter(({ isSure }) => !isSure).length + this.#nameChanges.length
  }

  /** One of the states that a power cut may leave now. */
  cut(how: Cut, prng: Prng): Files {
    const { choice, hasName } = this.#chooser(how, prng)
    const names = new Map(this.#keptNames)
    for (const change of this.#nameChanges) if (hasName(change)) change.apply(names)
    const files = new Map<string, Uint8Array>()
    for (const [name, file] of names) {
      if (!name.endsWith('-shm')) files.set(name, contentOf(file, choice))
    }
    return files
  }

  #chooser(how: Cut, prng: Prng): { choice: Choice; hasName: (change: NameChange) => boolean } {
    const unsure = [...new Set([...this.#inodes.values(), ...this.#names.values()])]
    const turns = unsure.flatMap(({ changes }) => changes.filter(({ isSure }) => !isSure).map(({ turn }) => turn))
    turns.push(...this.#nameChanges.map(({ turn }) => turn))
    turns.sort((one, other) => one - other)
    const last = turns.at(-1) ?? 0
    const tear = (): ((sector: number) => boolean) => {
      // A prefix, or any sectors.
      if (prng.chance(0.5)) {
        const end = prng.below(16)
        return (sector) => sector < end
      }
      return () => prng.chance(0.5)
    }
    if (how === 'nothing') return { choice: () => false, hasName: () => false }
    if (how === 'everything') return { choice: () => true, hasName: () => true }
    if (how === 'torn') {
      return { choice: ({ turn }) => turn < last || tear(), hasName: ({ turn }) => turn < last || prng.chance(0.5) }
    }
    if (how === 'prefix') {
      const end = turns[prng.below(turns.length)] ?? 0
      return { choice: ({ turn }) => (turn === end ? tear() : turn < end), hasName: ({ turn }) => turn <= end }
    }
    if (how === 'one file') {
      const chosen = new Set(unsure[prng.below(unsure.length)]?.changes)
      const hasNames = prng.chance(0.5)
      return { choice: (change) => chosen.has(change), hasName: () => hasNames }
    }
    const likelihood = prng.below(10) / 10
    const choice = (): boolean | ((sector: number) => boolean) =>
      prng.chance(likelihood) || (prng.chance(0.5) && tear())
    return { choice, hasName: () => prng.chance(likelihood) }
  }

  #open(inode: number, how: number, name: string): void {
    let file = this.#names.get(name)
    if ((how & CREATED) !== 0 || file === undefined) {
      const created: File = { kept: new Uint8Array(0), changes: [] }
      file = created
      this.#names.set(name, created)
      this.#nameChanges.push({ turn: this.#turn, apply: (names) => names.set(name, created) })
    } else if ((how & EMPTIED) !== 0) file.changes.push({ ...this.#unsure(), offset: 0 })
    this.#inodes.set(inode, file)
  }

  #change(inode: number, change: { readonly offset: number; readonly bytes?: Uint8Array }): void {
    this.#inodes.get(inode)?.changes.push({ ...this.#unsure(), ...change })
  }

  #unsure(): { turn: number; isSure: boolean; isDoomed: boolean } {
    return { turn: this.#turn, isSure: false, isDoomed: false }
  }

  #settle(inode: number, how: 'isSure' | 'isDoomed'): void {
    const file = this.#inodes.get(inode)
    if (file === undefined) return
    for (const change of file.changes) if (!change.isSure && !change.isDoomed) change[how] = true
    const sure = file.changes.findIndex(({ isSure }) => !isSure)
    const settled = sure < 0 ? file.changes.length : sure
    file.kept = contentOf({ kept: file.kept, changes: file.changes.slice(0, settled) }, () => false)
    file.changes = file.changes.slice(settled)
  }

  /** `from 00 to`; a file whose `to` is empty is removed. */
  #rename(names: string): void {
    const [from = '', to = ''] = names.split('\0')
    const moved = this.#names.get(from)
    const apply = (all: Map<string, File>): void => {
      if (all.get(from) === moved) all.delete(from)
      if (to !== '' && moved !== undefined) all.set(to, moved)
    }
    apply(this.#names)
    this.#nameChanges.push({ turn: this.#turn, apply })
  }
}

/** What of a file is there, in the order of its changes. */
function contentOf({ kept, changes }: File, choice: Choice): Uint8Array {
  if (changes.length === 0) return kept
  const room = changes.reduce((end, { offset, bytes }) => Math.max(end, offset + (bytes?.length ?? 0)), kept.length)
  const content = new Uint8Array(room)
  content.set(kept)
  let size = kept.length
  for (const change of changes) {
    const chosen = change.isSure || choice(change)
    if (chosen === false) continue
    const { offset, bytes } = change
    if (bytes === undefined) {
      content.fill(0, offset)
      size = offset
    } else if (chosen === true) {
      content.set(bytes, offset)
      size = Math.max(size, offset + bytes.length)
    } else size = Math.max(size, writeSectors(content, offset, bytes, chosen))
  }
  return content.slice(0, size)
}

/** Writes the chosen sectors; returns where the last of them ends. */
function writeSectors(
  content: Uint8Array,
  offset: number,
  bytes: Uint8Array,
  isChosen: (sector: number) => boolean,
): number {
  let end = 0
  let sector = 0
  for (let start = 0; start < bytes.length; sector += 1) {
    const stop = Math.min(bytes.length, start + SECTOR_BYTES - ((offset + start) % SECTOR_BYTES))
    if (isChosen(sector)) {
      content.set(bytes.subarray(start, stop), offset + start)
      end = offset + stop
    }
    start = stop
  }
  return end
}
