/**
 * Durable values of counters (spec 16-metering, clause 16.10), and the epochs of earlier instances (spec 08-invocation,
 * clause 8.6).
 *
 * A value is what may have been used, at most: the meter raises it before it allows, many counters in one transaction.
 */
import type { Database, Row } from './database.ts'
import { bytesOf, integerOf } from './rows.ts'

/** Counters below one root grant: who delegates without end fills the room of its own tree, and no other's. */
export const METERS_MAX_PER_TREE = 10_000
/** How long calls that name an earlier instance are told to be signed again; what they could last, and some. */
export const EPOCH_KEEP_S = 600
/** Earlier instances that are remembered: more than a process can begin and end within that time. */
export const EPOCHS_MAX = 4_096

export interface MeterValue {
  readonly key: string
  readonly value: number
  /** What the room for counters goes by. */
  readonly tree: string
  /** After this second the counter may be forgotten; null for never. What is stored becomes no earlier. */
  readonly untilS: number | null
}

export class SqliteMeterStore {
  readonly #database: Database
  readonly #maxPerTree: number
  #forgottenS: number | undefined

  constructor(database: Database, maxPerTree: number = METERS_MAX_PER_TREE) {
    this.#database = database
    this.#maxPerTree = maxPerTree
  }

  /** Counters that ended before this second may be forgotten. @throws TalosError `STORE_READ_FAILED`, `STORE_CORRUPT` */
  get forgottenS(): number {
    this.#forgottenS ??= this.#readForgotten()
    return this.#forgottenS
  }

  /** The values of those that are stored. @throws TalosError `STORE_READ_FAILED`, `STORE_CORRUPT` */
  load(keys: readonly string[]): ReadonlyMap<string, number> {
    const values = new Map<string, number>()
    for (const key of keys) {
      const row = this.#database.get('SELECT value FROM meters WHERE key = :key', { key })
      if (row !== undefined) values.set(key, integerOf(row, 'value'))
    }
    return values
  }

  /**
   * Stores all values in one durable transaction, and forgets counters that ended.
   *
   * @returns false where a tree has no room for more counters: then nothing is stored
   * @throws TalosError `STORE_WRITE_FAILED`: then all of it may be stored, or none
   */
  write(changes: readonly MeterValue[], nowS: number): boolean {
    try {
      return this.#database.transaction(() => {
        this.#forget(nowS)
        if (!this.#hasRoom(changes)) return false
        for (const change of changes) this.#put(change)
        return true
      })
    } finally {
      // Also where it failed: whether something was forgotten is not known then.
      this.#forgottenS = undefined
    }
  }

  #put({ key, tree, value, untilS }: MeterValue): void {
    this.#database.run(
      `INSERT INTO meters (key, tree, value, until_s) VALUES (:key, :tree, :value, :untilS)
       ON CONFLICT (key) DO UPDATE SET value = :value, until_s = CASE
         WHEN until_s IS NULL OR :untilS IS NULL THEN NULL ELSE max(until_s, :untilS) END`,
      { key, tree, value, untilS },
    )
  }

  #hasRoom(changes: readonly MeterValue[]): boolean {
    const added = new Map<string, number>()
    for (const { key, tree } of changes) {
      if (this.#database.get('SELECT 1 AS found FROM meters WHERE key = :key', { key }) !== undefined) continue
      added.set(tree, (added.get(tree) ?? 0) + 1)
    }
    return [...added].every(([tree, count]) => {
      const row = this.#database.get('SELECT count(*) AS n FROM meters WHERE tree = :tree', { tree })
      return Number(row?.['n']) + count <= this.#maxPerTree
    })
  }

  /** The mark goes by what was forgotten, not by the clock: one wrong reading ends no account that lasts longer. */
  #forget(nowS: number): void {
    const [ended] = this.#database.all('SELECT max(until_s) + 1 AS before_s FROM meters WHERE until_s < :nowS', {
      nowS,
    })
    const beforeS = ended?.['before_s']
    if (typeof beforeS !== 'number') return
    this.#database.run('DELETE FROM meters WHERE until_s < :nowS', { nowS })
    this.#database.run('UPDATE meters_forgotten SET before_s = max(before_s, :beforeS)', { beforeS })
  }

  #readForgotten(): number {
    return Math.max(0, ...this.#database.all('SELECT before_s FROM meters_forgotten').map(beforeOf))
  }
}

export interface EndedEpoch {
  readonly epoch: Uint8Array
  /** When the instance after it began. */
  readonly endedS: number
}

export class EpochStore {
  readonly #database: Database
  readonly #most: number

  constructor(database: Database, most: number = EPOCHS_MAX) {
    this.#database = database
    this.#most = most
  }

  /**
   * Begins an instance: those before it end now.
   *
   * @param epoch random bytes of this instance
   * @throws TalosError `STORE_WRITE_FAILED`
   */
  begin(epoch: Uint8Array, nowS: number): void {
    this.#database.transaction(() => {
      this.#forget(nowS)
      this.#database.run('UPDATE epochs SET until_s = :untilS WHERE until_s IS NULL', { untilS: nowS + EPOCH_KEEP_S })
      this.#database.run('INSERT INTO epochs (epoch, until_s) VALUES (:epoch, NULL)', { epoch })
      this.#database.run(
        `DELETE FROM epochs WHERE epoch NOT IN
           (SELECT epoch FROM epochs ORDER BY until_s IS NULL DESC, until_s DESC LIMIT :limit)`,
        { limit: this.#most + 1 },
      )
    })
  }

  /**
   * Calls of an epoch that is forgotten were over by now. The record of used ones goes by the highest time ever seen, so that
   * a clock that was wrong opens them none again.
   */
  #forget(nowS: number): void {
    if (this.#database.run('DELETE FROM epochs WHERE until_s < :nowS', { nowS }) === 0) return
    this.#database.run(
      `INSERT INTO replay_clock (id, highest_s) VALUES (1, :nowS)
         ON CONFLICT (id) DO UPDATE SET highest_s = max(highest_s, :nowS)`,
      { nowS },
    )
  }

  /** The instances that ended within the last {@link EPOCH_KEEP_S} seconds, at most {@link EPOCHS_MAX}, the latest first. */
  earlier(nowS: number): EndedEpoch[] {
    const sql = 'SELECT epoch, until_s FROM epochs WHERE until_s >= :nowS ORDER BY until_s DESC, epoch'
    return this.#database
      .all(sql, { nowS })
      .map((row) => ({ epoch: bytesOf(row, 'epoch'), endedS: integerOf(row, 'until_s') - EPOCH_KEEP_S }))
  }
}

function beforeOf(row: Row): number {
  return integerOf(row, 'before_s')
}
