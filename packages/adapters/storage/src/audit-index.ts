/**
 * The search database beside an audit log (contracts/spec/10-audit-entry.md, clause 10.9): what entries say, in a file of its
 * own, since random keys on the log's own write path would cost a factor of four to six. Everything in it can be made again
 * from the log, so a damaged file is thrown away. Two processes may fill one.
 */
import { rmSync } from 'node:fs'
import type { AuditIndex, AuditRecord, IndexQuery, IndexRange } from '@talos/audit'
import { equalBytes, fromHex } from '@talos/bytes'
import type { AuditEntry } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { placesOf } from './audit-index-query.ts'
import { Database, type Migrations, type Row } from './database.ts'
import { bytesOf, integerOf, optionalOf } from './rows.ts'

/** Entries whose times one row of `span` bounds: 2,442 rows bound those of 10 million. */
const SPAN_ENTRIES = 4096

/** Peers, tools and the like stand once in `term`; items and their indexes hold numbers. */
const MIGRATIONS: Migrations = [
  `
  CREATE TABLE term (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE item (
    idx INTEGER PRIMARY KEY CHECK (idx >= 0),
    hash INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    session INTEGER,
    peer INTEGER,
    tool INTEGER,
    cap INTEGER,
    decision INTEGER,
    reason INTEGER,
    message BLOB
  ) STRICT;
  CREATE INDEX item_hash ON item (hash);
  CREATE INDEX item_kind ON item (kind);
  CREATE INDEX item_session ON item (session) WHERE session IS NOT NULL;
  CREATE INDEX item_peer ON item (peer) WHERE peer IS NOT NULL;
  CREATE INDEX item_tool ON item (tool) WHERE tool IS NOT NULL;
  CREATE INDEX item_cap ON item (cap) WHERE cap IS NOT NULL;
  CREATE INDEX item_decision ON item (decision) WHERE decision IS NOT NULL;
  CREATE INDEX item_reason ON item (reason) WHERE reason IS NOT NULL;
  CREATE INDEX item_message ON item (message) WHERE message IS NOT NULL;
  CREATE TABLE span (
    n INTEGER PRIMARY KEY,
    low INTEGER NOT NULL,
    high INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE known (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    last BLOB CHECK (length(last) = 32)
  ) STRICT;
  INSERT INTO known (id, size) VALUES (1, 0);
  `,
]

const TABLES = ['item', 'span', 'term'] as const
/** Columns of `item` that hold a number of `term`. */
const NAMED = ['kind', 'session', 'peer', 'tool', 'cap', 'decision', 'reason'] as const

export class SqliteAuditIndex implements AuditIndex {
  readonly #path: string
  #database: Database

  private constructor(path: string, database: Database) {
    this.#path = path
    this.#database = database
  }

  /**
   * Opens the file, or begins it anew where it is damaged.
   *
   * @param options `path`: absolute
   * @throws TalosError what `Database.open` throws, but `STORE_CORRUPT` for a file that is no database
   */
  static open({ path }: { readonly path: string }): SqliteAuditIndex {
    try {
      return new SqliteAuditIndex(path, openFile(path))
    } catch (error) {
      if (!isTalosError(error, 'STORE_CORRUPT')) throw error
      return new SqliteAuditIndex(path, openAnew(path))
    }
  }

  get size(): number {
    return this.#use(() => integerOf(this.#known(), 'size'))
  }

  get last(): Uint8Array | undefined {
    return this.#use(() => optionalOf(this.#known(), 'last', bytesOf))
  }

  add(records: readonly AuditRecord[]): void {
    this.#use(() => this.#database.transaction(() => this.#add(records)))
  }

  find(leafHash: Uint8Array): readonly number[] {
    const rows = () =>
      this.#database.all('SELECT idx FROM item WHERE hash = :hash ORDER BY idx', { hash: prefixOf(leafHash) })
    return this.#use(() => rows().map((row) => integerOf(row, 'idx')))
  }

  narrow({ fromIndex: from, toIndex: to, fromMs, toMs }: IndexQuery): IndexRange {
    if (fromMs === undefined && toMs === undefined) return { from, to }
    const row = this.#use(() =>
      this.#database.get('SELECT min(n) AS low, max(n) AS high FROM span WHERE high >= :fromMs AND low < :toMs', {
        fromMs: fromMs ?? 0,
        toMs: toMs ?? Number.MAX_SAFE_INTEGER,
      }),
    )
    const low = row && optionalOf(row, 'low', integerOf)
    const high = row && optionalOf(row, 'high', integerOf)
    if (low === undefined || high === undefined) return { from, to: from }
    return { from: Math.max(from, low * SPAN_ENTRIES), to: Math.min(to, (high + 1) * SPAN_ENTRIES) }
  }

  *search(query: IndexQuery): Generator<number, void> {
    const read = (sql: string, parameters: Readonly<Record<string, number | Uint8Array>>): Row[] =>
      this.#use(() => this.#database.all(sql, parameters))
    yield* placesOf(query, { read, termOf: (text) => this.#use(() => this.#termOf(text)) })
  }

  agrees(records: readonly AuditRecord[]): boolean {
    const [first] = records
    if (first === undefined) return true
    const from = first.index
    const to = from + records.length
    const sql = 'SELECT * FROM item WHERE idx >= :from AND idx < :to ORDER BY idx'
    return this.#use(() => {
      const rows = this.#database.all(sql, { from, to })
      const terms = new Map<string, number | undefined>()
      const isOf = (row: Row, record: AuditRecord | undefined) => record !== undefined && this.#isOf(row, record, terms)
      return (
        rows.length === records.length &&
        rows.every((row, position) => isOf(row, records[position])) &&
        this.#isWithinSpans(records)
      )
    })
  }

  isSound(): boolean {
    const row = this.#use(() => this.#database.get('PRAGMA integrity_check(1)'))
    return row?.['integrity_check'] === 'ok'
  }

  clear(): void {
    this.#use(() =>
      this.#database.transaction(() => {
        for (const table of TABLES) this.#database.run(`DELETE FROM ${table}`)
        this.#database.run('INSERT OR REPLACE INTO known (id, size) VALUES (1, 0)')
      }),
    )
  }

  close(): void {
    this.#database.close()
  }

  #add(records: readonly AuditRecord[]): void {
    const size = integerOf(this.#known(), 'size')
    const added = records.filter(({ index }) => index >= size)
    const last = added.at(-1)
    // Where another process emptied it meanwhile, these do not follow any more.
    if (last === undefined || added[0]?.index !== size) return
    // Names are held for one transaction: another process may empty the table after it.
    const terms = new Map<string, number>()
    for (const record of added) this.#insert(record, terms)
    const { index, leafHash } = last
    const parameters = { size: index + 1, last: leafHash }
    this.#database.run('INSERT OR REPLACE INTO known (id, size, last) VALUES (1, :size, :last)', parameters)
  }

  #insert({ index, leafHash, entry }: AuditRecord, terms: Map<string, number>): void {
    const named = NAMED.map((name) => [name, this.#numberOf(entry[name], terms)] as const)
    this.#database.run(
      `INSERT INTO item (idx, hash, ts, kind, session, peer, tool, cap, decision, reason, message)
       VALUES (:index, :hash, :ts, :kind, :session, :peer, :tool, :cap, :decision, :reason, :message)`,
      { index, hash: prefixOf(leafHash), ts: entry.ts, ...Object.fromEntries(named), message: messageOf(entry) },
    )
    this.#database.run(
      `INSERT INTO span (n, low, high) VALUES (:n, :ts, :ts)
       ON CONFLICT (n) DO UPDATE SET low = min(low, :ts), high = max(high, :ts)`,
      { n: Math.floor(index / SPAN_ENTRIES), ts: entry.ts },
    )
  }

  /** The number of a name, which gets one where it has none. */
  #numberOf(text: string | undefined, terms: Map<string, number>): number | null {
    if (text === undefined) return null
    const known = terms.get(text) ?? this.#termOf(text)
    if (known === undefined) this.#database.run('INSERT INTO term (text) VALUES (:text)', { text })
    const id = known ?? this.#termOf(text) ?? null
    if (id !== null) terms.set(text, id)
    return id
  }

  #termOf(text: string): number | undefined {
    const row = this.#database.get('SELECT id FROM term WHERE text = :text', { text })
    return row && integerOf(row, 'id')
  }

  /** Names that were looked up are held in `terms`, for one comparison. */
  #isOf(row: Row, { index, leafHash, entry }: AuditRecord, terms: Map<string, number | undefined>): boolean {
    const numberOf = (text: string | undefined): number | null | undefined => {
      if (text === undefined) return null
      if (!terms.has(text)) terms.set(text, this.#termOf(text))
      return terms.get(text)
    }
    const message = messageOf(entry)
    const stored = row['message']
    return (
      row['idx'] === index &&
      row['hash'] === prefixOf(leafHash) &&
      row['ts'] === entry.ts &&
      NAMED.every((name) => row[name] === numberOf(entry[name])) &&
      (message === null ? stored === null : stored instanceof Uint8Array && equalBytes(stored, message))
    )
  }

  #isWithinSpans(records: readonly AuditRecord[]): boolean {
    const bounds = new Map<number, { low: number; high: number }>()
    for (const { index, entry } of records) {
      const n = Math.floor(index / SPAN_ENTRIES)
      const { low, high } = bounds.get(n) ?? { low: entry.ts, high: entry.ts }
      bounds.set(n, { low: Math.min(low, entry.ts), high: Math.max(high, entry.ts) })
    }
    const sql = 'SELECT 1 FROM span WHERE n = :n AND low <= :low AND high >= :high'
    return [...bounds].every(([n, { low, high }]) => this.#database.get(sql, { n, low, high }) !== undefined)
  }

  #known(): Row {
    return this.#database.get('SELECT size, last FROM known WHERE id = 1') ?? { size: 0, last: null }
  }

  /** A damaged file is begun anew, for the next who asks. */
  #use<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (isTalosError(error, 'STORE_CORRUPT')) {
        this.#database.close()
        this.#database = openAnew(this.#path)
      }
      throw error
    }
  }
}

/** What is in it can be made again, so that a commit need not wait for the disk. */
function openFile(path: string): Database {
  const database = Database.open({ path, store: 'audit index', migrations: MIGRATIONS })
  database.get('PRAGMA synchronous = NORMAL')
  return database
}

function openAnew(path: string): Database {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
  return openFile(path)
}

/** The first 48 bits of a hash: enough to find it, little enough to keep. */
function prefixOf(hash: Uint8Array): number {
  const view = new DataView(hash.buffer, hash.byteOffset, hash.byteLength)
  return view.getUint32(0) * 2 ** 16 + view.getUint16(4)
}

function messageOf({ message }: AuditEntry): Uint8Array | null {
  return message === undefined ? null : fromHex(message)
}
