/**
 * Searching a log with the help of a database that may be wrong (contracts/spec/10-audit-entry.md, clause 10.9).
 *
 * The database leads to places; what stands there is read from the log, held against the tree, and compared with what was
 * asked. Entries that the database does not know yet are read one after the other. So a wrong database can hide entries
 * until it is made again, and can never make one up.
 */
import { equalBytes } from '@talos/bytes'
import type { AuditFilter } from '../filter.ts'
import { scanFor } from '../lookup.ts'
import type { AuditReader, AuditRecord } from '../reader.ts'
import { Sieve } from '../sieve.ts'
import type { AuditIndex, IndexQuery, IndexRange } from './audit-index.ts'

/** Entries that are added to the database in one transaction: a few milliseconds, in which the process does nothing else. */
export const INDEX_BATCH_ENTRIES = 256

export interface AuditSearchOptions {
  readonly reader: AuditReader
  /** Without one, everything is read from the log. */
  readonly index?: AuditIndex | undefined
}

/** A look at a search database beside a check of the whole log. */
export interface SearchComparison {
  /** Entries that follow those before; the first ones begin at 0. */
  readonly take: (records: readonly AuditRecord[]) => void
  /** False where the database was wrong. */
  readonly finish: () => boolean
}

export class AuditSearch {
  readonly #reader: AuditReader
  readonly #index: AuditIndex | undefined

  constructor({ reader, index }: AuditSearchOptions) {
    this.#reader = reader
    this.#index = index
  }

  /**
   * Adds at most `limit` entries to the database.
   *
   * @returns how many it does not know yet
   * @throws TalosError `AUDIT_CORRUPT`, `AUDIT_STORE_FAILED` of the log
   */
  catchUp({ limit = INDEX_BATCH_ENTRIES }: { readonly limit?: number } = {}): number {
    const reader = this.#reader
    for (let left = limit; left > 0; left -= INDEX_BATCH_ENTRIES) {
      const from = this.#known()
      const to = Math.min(reader.size, from + Math.min(left, INDEX_BATCH_ENTRIES))
      if (this.#index === undefined || from === to) break
      const records = Array.from(reader.entries({ fromIndex: from, toIndex: to }))
      this.#attempt((index) => index.add(records), undefined)
    }
    return reader.size - this.#known()
  }

  /** Place of the entry with this leaf hash, 32 bytes. Throws `AUDIT_STORE_FAILED`, `AUDIT_CORRUPT`. */
  find(leafHash: Uint8Array): number | undefined {
    const reader = this.#reader
    const known = this.#known()
    const places = this.#attempt((index) => index.find(leafHash), undefined)
    const found = places?.find((place) => place < known && equalBytes(reader.leafHash(place), leafHash))
    return found ?? scanFor(leafHash, { reader, from: places === undefined ? 0 : known })
  }

  /** Reads entries that fit, those of the log as it was at the call. Throws `AUDIT_CORRUPT`, `AUDIT_STORE_FAILED`. */
  *entries(filter: AuditFilter = {}): Generator<AuditRecord, void> {
    const reader = this.#reader
    const { fromIndex = 0, toIndex = reader.size, order } = filter
    const to = Math.min(toIndex, reader.size)
    const split = Math.min(Math.max(this.#known(), fromIndex), to)
    const known = () => this.#hits({ ...filter, fromIndex, toIndex: split })
    const unknown = () => reader.entries({ ...filter, fromIndex: split, toIndex: to })
    for (const part of order === 'descending' ? [unknown, known] : [known, unknown]) yield* part()
  }

  /**
   * Compares what the database says with entries that were read, as far as it knows them, some hundreds at a time. Where it
   * says something else it is emptied.
   */
  comparison(): SearchComparison {
    let waiting: AuditRecord[] = []
    let isRight = true
    const compare = () => {
      const known = this.#known()
      const expected = waiting.filter(({ index }) => index < known)
      isRight &&= expected.length === 0 || this.#keepIf((index) => index.agrees(expected))
      waiting = []
    }
    return {
      take: (records) => {
        waiting.push(...records)
        if (waiting.length >= INDEX_BATCH_ENTRIES) compare()
      },
      finish: () => {
        compare()
        return isRight
      },
    }
  }

  /** Whether the database is sound in itself; it is emptied where it is not. */
  inspect(): boolean {
    return this.#index === undefined || this.#keepIf((index) => index.isSound())
  }

  close(): void {
    this.#index?.close()
  }

  *#hits(query: IndexQuery): Generator<AuditRecord, void> {
    const reader = this.#reader
    const sieve = new Sieve(query)
    const isAscending = query.order !== 'descending'
    let { from: low, to: high } = this.#attempt<IndexRange>((index) => index.narrow(query), {
      from: query.fromIndex,
      to: query.toIndex,
    })
    const rest = () => reader.entries({ ...query, fromIndex: low, toIndex: high })
    if (!sieve.isNarrow) return yield* rest()
    const places = this.#attempt(
      (index) => index.search({ ...query, fromIndex: low, toIndex: high })[Symbol.iterator](),
      undefined,
    )
    for (;;) {
      const next = this.#attempt(() => places?.next(), undefined)
      if (next?.done === true) return
      const place = next?.value ?? -1
      const record = place >= low && place < high ? reader.entry(place) : undefined
      if (record === undefined || !sieve.holds(record.entry)) break
      if (isAscending) low = place + 1
      else high = place
      yield record
    }
    // It failed, or led to an entry that was not asked for.
    this.#attempt((index) => index.clear(), undefined)
    yield* rest()
  }

  /** How many entries of this log the database knows; one of another log is emptied. */
  #known(): number {
    const reader = this.#reader
    return this.#attempt((index) => {
      const { size, last } = index
      if (size === 0) return 0
      // Another process may have written, and have added what it wrote.
      if (size > reader.size) reader.refresh()
      if (size <= reader.size && last !== undefined && equalBytes(reader.leafHash(size - 1), last)) return size
      index.clear()
      return 0
    }, 0)
  }

  #keepIf(holds: (index: AuditIndex) => boolean): boolean {
    if (this.#attempt(holds, false)) return true
    this.#attempt((index) => index.clear(), undefined)
    return false
  }

  /** Whatever fails in the database, the log is there. */
  #attempt<T>(work: (index: AuditIndex) => T, otherwise: T): T {
    try {
      return this.#index === undefined ? otherwise : work(this.#index)
    } catch {
      return otherwise
    }
  }
}
