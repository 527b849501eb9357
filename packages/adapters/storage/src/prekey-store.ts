/**
 * Prekeys at rest: the published bundles with their secrets, the one-time keys, and the first flights that were seen.
 *
 * A one-time key is served once and its secret used once; it goes in the transaction that creates its session.
 */
import { TalosError } from '@talos/errors'
import type { Database, Row } from './database.ts'
import type { RowSealer } from './row-seal.ts'
import { bytesOf, integerOf, requireRoom, requireSize } from './rows.ts'

/** Keys of one bundle: 100 are made, refilled at a quarter; more than this is a mistake. */
export const ONE_TIME_KEYS_MAX = 1_000
/** First flights remembered until their prekeys expire: full means that new sessions wait (fails closed). */
export const FIRST_FLIGHTS_MAX = 100_000
const BUNDLES = 'prekey_bundles'
const ONE_TIME = 'one_time_prekeys'

export interface OneTimePrekey {
  readonly index: number
  /** What is served: public keys and Merkle path. */
  readonly published: Uint8Array
  /** Secret bytes; sealed before they are stored. */
  readonly secret: Uint8Array
}

export interface NewPrekeys {
  /** {@link PrekeyStore.nextSerial} or more. */
  readonly serial: number
  /** By which a first flight names the bundle; 32 bytes. */
  readonly bundleHash: Uint8Array
  /** The signed bundle as published. */
  readonly bundle: Uint8Array
  /** Secret bytes of its signed prekeys; sealed before they are stored. */
  readonly secrets: Uint8Array
  readonly oneTime: readonly OneTimePrekey[]
  readonly nowMs: number
  /** Until when first flights for this bundle are still answered. */
  readonly keepUntilMs: number
}

export interface StoredBundle {
  readonly serial: number
  readonly bundleHash: Uint8Array
  readonly bundle: Uint8Array
  readonly createdMs: number
  readonly keepUntilMs: number
}

/** Names one one-time key of one bundle. */
export interface OneTimeKeyName {
  readonly bundleHash: Uint8Array
  readonly index: number
}

export class PrekeyStore {
  readonly #database: Database
  readonly #sealer: RowSealer
  readonly #onChange: () => void

  /** @param options.onChange told within the transaction of what an older copy must not take back: bundles and pairs that peers saw */
  constructor(database: Database, sealer: RowSealer, { onChange }: { readonly onChange: () => void }) {
    this.#database = database
    this.#sealer = sealer
    this.#onChange = onChange
  }

  /** @throws TalosError `STORE_CONFLICT` (the serial does not grow), `STORE_FULL`, `STORE_WRITE_FAILED` */
  put({ serial, bundleHash, bundle, secrets, oneTime, nowMs, keepUntilMs }: NewPrekeys): void {
    if (oneTime.length > ONE_TIME_KEYS_MAX) {
      throw new TalosError('STORE_FULL', { what: 'one-time keys', limit: ONE_TIME_KEYS_MAX })
    }
    this.#database.transaction(() => {
      if (serial < this.nextSerial()) throw new TalosError('STORE_CONFLICT', { what: 'the prekey bundle' })
      this.#onChange()
      const sealed = this.#sealer.seal({ table: BUNDLES, key: `${serial}`, version: 1 }, secrets)
      this.#database.run(
        `INSERT INTO prekey_bundles (serial, bundle_hash, bundle, sealed, created_ms, keep_until_ms)
         VALUES (:serial, :bundleHash, :bundle, :sealed, :nowMs, :keepUntilMs)`,
        { serial, bundleHash, bundle: requireSize(bundle), sealed, nowMs, keepUntilMs },
      )
      for (const { index, published, secret } of oneTime) {
        const sealedKey = this.#sealer.seal({ table: ONE_TIME, key: `${serial}/${index}`, version: 1 }, secret)
        this.#database.run(
          `INSERT INTO one_time_prekeys (serial, key_index, published, sealed)
           VALUES (:serial, :index, :published, :sealedKey)`,
          { serial, index, published: requireSize(published), sealedKey },
        )
      }
    })
  }

  /** The least serial that a new bundle may have: above every one before, those removed included. */
  nextSerial(): number {
    const row = this.#database.get("SELECT seq FROM sqlite_sequence WHERE name = 'prekey_bundles'")
    return row === undefined ? 1 : integerOf(row, 'seq') + 1
  }

  /** The bundle with the highest serial. */
  latest(): StoredBundle | undefined {
    const row = this.#database.get('SELECT * FROM prekey_bundles ORDER BY serial DESC LIMIT 1')
    return row === undefined ? undefined : bundleOf(row)
  }

  /** Every bundle whose first flights are still answered, newest first. */
  list(): StoredBundle[] {
    return this.#database.all('SELECT * FROM prekey_bundles ORDER BY serial DESC').map(bundleOf)
  }

  /** Secret bytes of a bundle's signed prekeys. @throws TalosError `STORE_ROW_INVALID`, `STORE_KEY_MISSING` */
  secrets(bundleHash: Uint8Array): Uint8Array | undefined {
    const sql = 'SELECT serial, sealed FROM prekey_bundles WHERE bundle_hash = :bundleHash'
    const row = this.#database.get(sql, { bundleHash })
    if (row === undefined) return undefined
    const key = `${integerOf(row, 'serial')}`
    return this.#sealer.open({ table: BUNDLES, key, version: 1 }, bytesOf(row, 'sealed'))
  }

  /**
   * Hands out the next one-time key of the latest bundle; it is never handed out again.
   *
   * @throws TalosError `STORE_WRITE_FAILED`
   */
  serveOneTime(): { readonly serial: number; readonly index: number; readonly published: Uint8Array } | undefined {
    return this.#database.transaction(() => {
      const row = this.#database.get(
        `SELECT serial, key_index, published FROM one_time_prekeys
         WHERE served = 0 AND serial = (SELECT max(serial) FROM prekey_bundles) ORDER BY key_index LIMIT 1`,
      )
      if (row === undefined) return undefined
      this.#onChange()
      const served = {
        serial: integerOf(row, 'serial'),
        index: integerOf(row, 'key_index'),
        published: bytesOf(row, 'published'),
      }
      this.#database.run('UPDATE one_time_prekeys SET served = 1 WHERE serial = :serial AND key_index = :index', {
        serial: served.serial,
        index: served.index,
      })
      return served
    })
  }

  /** How many one-time keys of the latest bundle were not handed out yet. */
  unserved(): number {
    const row = this.#database.get(
      `SELECT count(*) AS n FROM one_time_prekeys
       WHERE served = 0 AND serial = (SELECT max(serial) FROM prekey_bundles)`,
    )
    return Number(row?.['n'])
  }

  /** Hands out none of the one-time keys that are there: it is not known which were. @throws TalosError `STORE_WRITE_FAILED` */
  withdraw(): void {
    this.#database.transaction(() => {
      this.#database.run('UPDATE one_time_prekeys SET served = 1 WHERE served = 0')
      // Peers may have seen later bundles than these: the next one is due at once, however young these are.
      this.#database.run('UPDATE prekey_bundles SET created_ms = 0')
    })
  }

  /** Secret bytes of a one-time key that no session used yet. @throws TalosError `STORE_ROW_INVALID`, `STORE_KEY_MISSING` */
  oneTimeSecret({ bundleHash, index }: OneTimeKeyName): Uint8Array | undefined {
    const row = this.#database.get(
      `SELECT serial, one_time_prekeys.sealed AS sealed FROM one_time_prekeys JOIN prekey_bundles USING (serial)
       WHERE bundle_hash = :bundleHash AND key_index = :index`,
      { bundleHash, index },
    )
    if (row === undefined) return undefined
    const key = `${integerOf(row, 'serial')}/${index}`
    return this.#sealer.open({ table: ONE_TIME, key, version: 1 }, bytesOf(row, 'sealed'))
  }

  /** Removes a one-time key. @throws TalosError `STORE_CONFLICT` (another session used it), `STORE_WRITE_FAILED` */
  consumeOneTime({ bundleHash, index }: OneTimeKeyName): void {
    const removed = this.#database.run(
      `DELETE FROM one_time_prekeys WHERE key_index = :index
       AND serial = (SELECT serial FROM prekey_bundles WHERE bundle_hash = :bundleHash)`,
      { bundleHash, index },
    )
    if (removed !== 1) throw new TalosError('STORE_CONFLICT', { what: 'the one-time key' })
  }

  /** Whether a first flight with this transcript hash was accepted before. */
  hasFirstFlight(transcriptHash: Uint8Array): boolean {
    const sql = 'SELECT 1 AS found FROM first_flights WHERE transcript_hash = :transcriptHash'
    return this.#database.get(sql, { transcriptHash }) !== undefined
  }

  /**
   * Remembers a first flight until its prekeys are gone.
   *
   * @throws TalosError `STORE_CONFLICT` (seen before), `STORE_FULL`, `STORE_WRITE_FAILED`
   */
  rememberFirstFlight(options: { readonly transcriptHash: Uint8Array; readonly expiresMs: number }): void {
    const { transcriptHash, expiresMs } = options
    this.#database.transaction(() => {
      if (this.hasFirstFlight(transcriptHash)) throw new TalosError('STORE_CONFLICT', { what: 'the first flight' })
      requireRoom(this.#database, {
        what: 'first flights',
        limit: FIRST_FLIGHTS_MAX,
        count: 'SELECT count(*) AS n FROM first_flights',
      })
      this.#database.run(
        'INSERT INTO first_flights (transcript_hash, expires_ms) VALUES (:transcriptHash, :expiresMs)',
        { transcriptHash, expiresMs },
      )
    })
  }

  /** Removes bundles, their keys and first flights whose time is over. @throws TalosError `STORE_WRITE_FAILED` */
  removeExpired(nowMs: number): void {
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM prekey_bundles WHERE keep_until_ms <= :nowMs', { nowMs })
      this.#database.run('DELETE FROM first_flights WHERE expires_ms <= :nowMs', { nowMs })
    })
  }
}

function bundleOf(row: Row): StoredBundle {
  return {
    serial: integerOf(row, 'serial'),
    bundleHash: bytesOf(row, 'bundle_hash'),
    bundle: bytesOf(row, 'bundle'),
    createdMs: integerOf(row, 'created_ms'),
    keepUntilMs: integerOf(row, 'keep_until_ms'),
  }
}
