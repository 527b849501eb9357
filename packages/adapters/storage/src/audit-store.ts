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
  EntryGroup,
  PartialTile,
  StoredCheckpoint,
  StoreQuery,
} from '@talos/audit'
import { equalBytes } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import type { TileId } from '@talos/merkle'
import { Database, type Migrations, type Parameters, type Row } from './database.ts'
import { bytesOf, integerOf, textOf } from './rows.ts'
import { hasLostTransactions } from './wal-check.ts'

/** Twice SQLite's own: a batch of 1,024 entries costs a fifth less to write, a single one nothing more (ADR 0017). */
const PAGE_BYTES = 8192
/** Groups that are read at once while iterating: a megabyte or two of usual entries, 64 MiB of the longest. */
const PAGE_GROUPS = 16
/** Checkpoints that are read at once while iterating. */
const PAGE_CHECKPOINTS = 256

const ASCENDING = 'SELECT * FROM entries WHERE first >= :low AND first < :high ORDER BY first LIMIT :limit'
const DESCENDING = 'SELECT * FROM entries WHERE first >= :low AND first < :high ORDER BY first DESC LIMIT :limit'

const MIGRATIONS: Migrations = [
  `
  CREATE TABLE entries (
    first INTEGER PRIMARY KEY CHECK (first >= 0),
    count INTEGER NOT NULL CHECK (count BETWEEN 1 AND 256 - first % 256),
    bodies BLOB NOT NULL
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
  /**
   * Transactions that had been durable are gone from the write-ahead file (wal-check.ts). The files are left as they are, and
   * the log is there for reading only.
   */
  readonly damage: TalosError | undefined

  private constructor(database: Database, hasLost: boolean) {
    this.#database = database
    this.damage = hasLost ? new TalosError('AUDIT_CORRUPT', { index: this.head()?.size ?? 0, part: 'wal' }) : undefined
  }

  /** @throws TalosError what `Database.open` throws; `AUDIT_CORRUPT` {part: 'wal'}, see `damage`, where nothing is left */
  static open(options: OpenAuditStoreOptions): SqliteAuditStore {
    const { path, readOnly = false } = options
    const hasLost = !readOnly && hasLostTransactions(`${path}-wal`)
    const reading = { readOnly: readOnly || hasLost }
    try {
      const database = Database.open({
        ...options,
        ...reading,
        store: 'audit',
        migrations: MIGRATIONS,
        pageBytes: PAGE_BYTES,
      })
      return new SqliteAuditStore(database, hasLost)
    } catch (cause) {
      // So much was lost that there is no log left to read.
      throw hasLost ? new TalosError('AUDIT_CORRUPT', { index: 0, part: 'wal' }, { cause }) : cause
    }
  }

  /** Settles first what is in doubt, so that the head that it tells is durable. */
  head(): AuditHead | undefined {
    medium('settle what it holds', () => this.#database.settle())
    const row = this.#get('SELECT size, edge, root FROM head WHERE id = 1')
    return row && { size: integerOf(row, 'size'), edge: bytesOf(row, 'edge'), root: bytesOf(row, 'root') }
  }

  async append(batch: AuditBatch): Promise<void> {
    medium('append entries', () => this.#database.transaction(() => this.#write(batch)))
  }

  group(index: number): EntryGroup | undefined {
    const row = this.#get('SELECT * FROM entries WHERE first <= :index ORDER BY first DESC LIMIT 1', { index })
    const group = row && groupOf(row)
    return group !== undefined && index < group.first + group.count ? group : undefined
  }

  *groups({ from, to, order = 'ascending' }: StoreQuery): Generator<EntryGroup, void> {
    if (from >= to) return
    const isAscending = order === 'ascending'
    const sql = isAscending ? ASCENDING : DESCENDING
    let low = this.group(from)?.first ?? from
    let high = to
    for (;;) {
      const rows = medium('read entries', () => this.#database.all(sql, { low, high, limit: PAGE_GROUPS }))
      for (const row of rows) {
        const group = groupOf(row)
        if (isAscending) low = group.first + 1
        else high = group.first
        yield group
      }
      if (rows.length < PAGE_GROUPS) return
    }
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
      const parameters = { after, limit: PAGE_CHECKPOINTS }
      const rows = medium('read checkpoints', () => this.#database.all(sql, parameters))
      for (const row of rows) {
        after = integerOf(row, 'size')
        yield { size: after, note: textOf(row, 'note') }
      }
      if (rows.length < PAGE_CHECKPOINTS) return
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

  #write({ expected, groups, tiles, partials, saltKeys, head }: AuditBatch): void {
    const database = this.#database
    const current = database.get('SELECT size, root FROM head WHERE id = 1')
    const actual = current === undefined ? 0 : integerOf(current, 'size')
    const sameRoot = current === undefined || equalBytes(bytesOf(current, 'root'), expected.root)
    if (actual !== expected.size || !sameRoot) {
      throw new TalosError('AUDIT_STORE_CONFLICT', { expected: expected.size, actual })
    }
    // No blob is read for this; it tells that the last row is there.
    const last = database.get('SELECT first + count AS size FROM entries ORDER BY first DESC LIMIT 1')
    const end = last === undefined ? 0 : integerOf(last, 'size')
    if (end !== actual) throw new TalosError('AUDIT_CORRUPT', { index: Math.min(end, actual), part: 'missing' })
    for (const { first, count, bodies } of groups) {
      const parameters = { first, count, bodies }
      database.run('INSERT INTO entries (first, count, bodies) VALUES (:first, :count, :bodies)', parameters)
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

function groupOf(row: Row): EntryGroup {
  return { first: integerOf(row, 'first'), count: integerOf(row, 'count'), bodies: bytesOf(row, 'bodies') }
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
