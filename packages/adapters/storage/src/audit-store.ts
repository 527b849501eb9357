/**
 * The audit log in SQLite: entries, tiles, the tree's edge, checkpoints and salt keys of one log in one file
 * (contracts/spec/10-audit-entry.md, clause 10.6).
 *
 * One transaction per batch holds everything that the batch changes, so that after a crash the head, the tiles and the
 * entries belong together. Nothing on this path is indexed by a random key: that costs a factor of four to six.
 */
import type {
  AuditBatch,
  AuditHead,
  AuditStore,
  PartialTile,
  StoredCheckpoint,
  StoredEntry,
  StoreQuery,
} from '@talos/audit'
import { concatBytes, equalBytes } from '@talos/bytes'
import type { AuditEntryKind } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import type { TileId } from '@talos/merkle'
import { Database, type Migrations, type Parameters, type Row } from './database.ts'
import { bytesOf, integerOf, optionalOf, textOf } from './rows.ts'

/** Entries that are read at once while iterating; at 16 KiB each a page stays below 4 MiB. */
const PAGE_ENTRIES = 256

const MIGRATIONS: Migrations = [
  `
  CREATE TABLE entry (
    idx INTEGER PRIMARY KEY CHECK (idx >= 0),
    ts INTEGER NOT NULL,
    kind TEXT NOT NULL,
    session TEXT,
    leaf BLOB NOT NULL CHECK (length(leaf) = 32),
    body BLOB NOT NULL
  ) STRICT;
  CREATE TABLE tile (
    level INTEGER NOT NULL,
    n INTEGER NOT NULL,
    hashes BLOB NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (level, n)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE partial (
    level INTEGER PRIMARY KEY CHECK (level > 0),
    n INTEGER NOT NULL,
    hashes BLOB NOT NULL CHECK (length(hashes) < 8192 AND length(hashes) % 32 = 0)
  ) STRICT;
  CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    edge BLOB NOT NULL,
    root BLOB NOT NULL CHECK (length(root) = 32)
  ) STRICT;
  CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    note TEXT NOT NULL
  ) STRICT;
  CREATE TABLE secret (
    scope TEXT PRIMARY KEY,
    salt_key BLOB NOT NULL CHECK (length(salt_key) = 32)
  ) STRICT, WITHOUT ROWID;
  `,
]

export interface OpenAuditStoreOptions {
  /** Absolute path of the file; it is created with mode 0600. */
  readonly path: string
  /** Opens an existing log for reading beside its writer. */
  readonly readOnly?: boolean
  /** Injects a full disk: the file grows to this many pages and no further. Tests only. */
  readonly maxPages?: number
}

export class SqliteAuditStore implements AuditStore {
  readonly #database: Database

  private constructor(database: Database) {
    this.#database = database
  }

  /** @throws TalosError what `Database.open` throws */
  static open(options: OpenAuditStoreOptions): SqliteAuditStore {
    return new SqliteAuditStore(Database.open({ ...options, store: 'audit', migrations: MIGRATIONS }))
  }

  head(): AuditHead | undefined {
    const row = this.#get('SELECT size, edge, root FROM head WHERE id = 1')
    return row && { size: integerOf(row, 'size'), edge: bytesOf(row, 'edge'), root: bytesOf(row, 'root') }
  }

  async append(batch: AuditBatch): Promise<void> {
    medium('append entries', () => this.#database.transaction(() => this.#write(batch)))
  }

  entry(index: number): StoredEntry | undefined {
    const row = this.#get('SELECT * FROM entry WHERE idx = :index', { index })
    return row && entryOf(row)
  }

  *entries(query: StoreQuery): Generator<StoredEntry, void> {
    const { from, to, order = 'ascending', ...columns } = query
    const { sql, parameters } = pageStatement(columns, order)
    let low = from
    let high = to
    for (;;) {
      const rows = medium('read entries', () => this.#database.all(sql, { ...parameters, low, high }))
      for (const row of rows) {
        const entry = entryOf(row)
        if (order === 'ascending') low = entry.index + 1
        else high = entry.index
        yield entry
      }
      if (rows.length < PAGE_ENTRIES) return
    }
  }

  leafHashes({ from, to }: { readonly from: number; readonly to: number }): Uint8Array {
    const sql = 'SELECT leaf FROM entry WHERE idx >= :from AND idx < :to ORDER BY idx'
    const rows = medium('read leaf hashes', () => this.#database.all(sql, { from, to }))
    return concatBytes(...rows.map((row) => bytesOf(row, 'leaf')))
  }

  tile({ level, index }: TileId): Uint8Array | undefined {
    const row = this.#get('SELECT hashes FROM tile WHERE level = :level AND n = :index', { level, index })
    return row && bytesOf(row, 'hashes')
  }

  partial(level: number): PartialTile | undefined {
    const row = this.#get('SELECT n, hashes FROM partial WHERE level = :level', { level })
    return row && { level, index: integerOf(row, 'n'), hashes: bytesOf(row, 'hashes') }
  }

  async addCheckpoint({ size, note }: StoredCheckpoint): Promise<void> {
    this.#run('keep a checkpoint', 'INSERT OR IGNORE INTO checkpoint (size, note) VALUES (:size, :note)', {
      size,
      note,
    })
  }

  *checkpoints(): Generator<StoredCheckpoint, void> {
    const sql = 'SELECT size, note FROM checkpoint WHERE size > :after ORDER BY size LIMIT :limit'
    let after = -1
    for (;;) {
      const parameters = { after, limit: PAGE_ENTRIES }
      const rows = medium('read checkpoints', () => this.#database.all(sql, parameters))
      for (const row of rows) {
        after = integerOf(row, 'size')
        yield { size: after, note: textOf(row, 'note') }
      }
      if (rows.length < PAGE_ENTRIES) return
    }
  }

  lastCheckpoint(): StoredCheckpoint | undefined {
    const row = this.#get('SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1')
    return row && { size: integerOf(row, 'size'), note: textOf(row, 'note') }
  }

  saltKey(scope: string): Uint8Array | undefined {
    const row = this.#get('SELECT salt_key FROM secret WHERE scope = :scope', { scope })
    return row && bytesOf(row, 'salt_key')
  }

  /** Freed space is overwritten (`secure_delete`), and the WAL, which still has the key, is emptied. */
  async eraseSaltKey(scope: string): Promise<boolean> {
    const changes = this.#run('erase a salt key', 'DELETE FROM secret WHERE scope = :scope', { scope })
    this.#get('PRAGMA wal_checkpoint(TRUNCATE)')
    return changes > 0
  }

  close(): void {
    this.#database.close()
  }

  #write({ expected, entries, tiles, partials, saltKeys, head }: AuditBatch): void {
    const database = this.#database
    const current = this.head()
    const sameRoot = current === undefined || equalBytes(current.root, expected.root)
    if ((current?.size ?? 0) !== expected.size || !sameRoot) {
      throw new TalosError('AUDIT_STORE_CONFLICT', { expected: expected.size, actual: current?.size ?? 0 })
    }
    for (const { index, tsMs, kind, session = null, leafHash, body } of entries) {
      database.run(
        'INSERT INTO entry (idx, ts, kind, session, leaf, body) VALUES (:index, :tsMs, :kind, :session, :leafHash, :body)',
        { index, tsMs, kind, session, leafHash, body },
      )
    }
    for (const { level, index, hashes } of tiles) {
      database.run('INSERT INTO tile (level, n, hashes) VALUES (:level, :index, :hashes)', { level, index, hashes })
    }
    for (const { level, index, hashes } of partials) {
      const parameters = { level, index, hashes }
      database.run('INSERT OR REPLACE INTO partial (level, n, hashes) VALUES (:level, :index, :hashes)', parameters)
    }
    for (const { scope, key } of saltKeys) {
      database.run('INSERT INTO secret (scope, salt_key) VALUES (:scope, :key)', { scope, key })
    }
    const { size, edge, root } = head
    database.run('INSERT OR REPLACE INTO head (id, size, edge, root) VALUES (1, :size, :edge, :root)', {
      size,
      edge,
      root,
    })
  }

  #get(sql: string, parameters: Parameters = {}): Row | undefined {
    return medium('read', () => this.#database.get(sql, parameters))
  }

  #run(operation: string, sql: string, parameters: Parameters): number {
    return medium(operation, () => this.#database.run(sql, parameters))
  }
}

/** The statement of one page: only the columns that narrow, so that each combination is prepared once. */
function pageStatement(
  { kinds, session, fromMs, toMs }: Omit<StoreQuery, 'from' | 'to' | 'order'>,
  order: 'ascending' | 'descending',
): { readonly sql: string; readonly parameters: Parameters } {
  const conditions = ['idx >= :low', 'idx < :high']
  const parameters: Record<string, string | number> = { limit: PAGE_ENTRIES }
  const narrow = (condition: string, name: string, value: string | number | undefined): void => {
    if (value === undefined) return
    conditions.push(condition)
    parameters[name] = value
  }
  narrow('kind IN (SELECT value FROM json_each(:kinds))', 'kinds', kinds && JSON.stringify(kinds))
  narrow('session = :session', 'session', session)
  narrow('ts >= :fromMs', 'fromMs', fromMs)
  narrow('ts < :toMs', 'toMs', toMs)
  const direction = order === 'ascending' ? 'ASC' : 'DESC'
  const sql = `SELECT * FROM entry WHERE ${conditions.join(' AND ')} ORDER BY idx ${direction} LIMIT :limit`
  return { sql, parameters }
}

function entryOf(row: Row): StoredEntry {
  const session = optionalOf(row, 'session', textOf)
  const entry = {
    index: integerOf(row, 'idx'),
    tsMs: integerOf(row, 'ts'),
    // Another text than a kind's is found when the entry is read: it has to be the body's.
    kind: textOf(row, 'kind') as AuditEntryKind,
    leafHash: bytesOf(row, 'leaf'),
    body: bytesOf(row, 'body'),
  }
  return session === undefined ? entry : { ...entry, session }
}

/** A medium that fails becomes `AUDIT_STORE_FAILED`; a damaged file and a conflict keep their own codes. */
function medium<T>(operation: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (isTalosError(cause, 'STORE_READ_FAILED') || isTalosError(cause, 'STORE_WRITE_FAILED')) {
      throw new TalosError('AUDIT_STORE_FAILED', { operation }, { cause })
    }
    throw cause
  }
}
