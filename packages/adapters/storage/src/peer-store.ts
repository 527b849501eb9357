/** Peers and settings at rest: whom this agent knows, how to reach them, and what it was told to remember. */
import { type JsonValue, parseJson, utf8 } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Database, Row } from './database.ts'
import type { RowSealer } from './row-seal.ts'
import { bytesOf, integerOf, optionalOf, requireRoom, requireSize, textOf } from './rows.ts'

/** Peers that one agent knows. */
export const PEERS_MAX = 10_000
/** Endpoint hints per peer, as in an invitation. */
export const PEER_ENDPOINTS_MAX = 8
/** Instances of one peer whose bundles are told apart. */
export const PEER_INSTANCES_MAX = 64
/** Settings of one agent. */
export const SETTINGS_MAX = 1_000
const SETTINGS = 'settings'

export interface PeerRecord {
  readonly did: Did
  readonly name?: string | undefined
  /** Addresses to dial, best first; 8 at most. */
  readonly endpoints: readonly string[]
  /** 32-byte Ed25519 key to expect there. */
  readonly transportKey?: Uint8Array | undefined
}

export interface StoredPeer extends PeerRecord {
  readonly updatedMs: number
}

/** One running instance of a peer. */
export interface PeerInstance {
  readonly did: Did
  readonly instance: string
}

export class PeerStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Stores or replaces a peer. @throws TalosError `STORE_FULL`, `STORE_WRITE_FAILED` */
  put(peer: PeerRecord, nowMs: number): void {
    const { did, name, endpoints, transportKey } = peer
    if (endpoints.length > PEER_ENDPOINTS_MAX) {
      throw new TalosError('STORE_FULL', { what: 'endpoints of a peer', limit: PEER_ENDPOINTS_MAX })
    }
    this.#database.transaction(() => {
      if (this.get(did) === undefined) this.#requireRoom()
      this.#database.run(
        `INSERT INTO peers (did, name, endpoints, transport_key, updated_ms)
         VALUES (:did, :name, :endpoints, :transportKey, :nowMs)
         ON CONFLICT (did) DO UPDATE SET name = excluded.name, endpoints = excluded.endpoints,
           transport_key = excluded.transport_key, updated_ms = excluded.updated_ms`,
        { did, name: name ?? null, endpoints: JSON.stringify(endpoints), transportKey: transportKey ?? null, nowMs },
      )
    })
  }

  /** A peer has another DID; what is known of that one already goes first. @throws TalosError `STORE_WRITE_FAILED` */
  move({ from, to }: { readonly from: Did; readonly to: Did }): void {
    this.#database.transaction(() => {
      const name = 'UPDATE peers SET name = (SELECT name FROM peers WHERE did = :from) WHERE did = :to AND name IS NULL'
      this.#database.run(name, { from, to })
      this.#database.run('UPDATE OR IGNORE peers SET did = :to WHERE did = :from', { from, to })
      this.#database.run('DELETE FROM peers WHERE did = :from', { from })
    })
  }

  get(did: Did): StoredPeer | undefined {
    const row = this.#database.get('SELECT * FROM peers WHERE did = :did', { did })
    return row === undefined ? undefined : peerOf(row)
  }

  /** Most recently changed first. */
  list(): StoredPeer[] {
    return this.#database.all('SELECT * FROM peers ORDER BY updated_ms DESC, did').map(peerOf)
  }

  /** Tells whether it was there; its bundle serials stay, against rollback. @throws TalosError `STORE_WRITE_FAILED` */
  remove(did: Did): boolean {
    return this.#database.run('DELETE FROM peers WHERE did = :did', { did }) === 1
  }

  /** Highest serial of a verified prekey bundle of one instance of a peer. */
  bundleSerial({ did, instance }: PeerInstance): number | undefined {
    const sql = 'SELECT serial FROM peer_bundles WHERE did = :did AND instance = :instance'
    const row = this.#database.get(sql, { did, instance })
    return row === undefined ? undefined : integerOf(row, 'serial')
  }

  /**
   * Notes the serial of a bundle that was verified; one lower than before is a rollback.
   *
   * @throws TalosError `BUNDLE_ROLLBACK`, `STORE_FULL`, `STORE_WRITE_FAILED`
   */
  noteBundleSerial({ did, instance, serial }: PeerInstance & { readonly serial: number }): void {
    this.#database.transaction(() => {
      const seen = this.bundleSerial({ did, instance })
      if (seen !== undefined && serial < seen) throw new TalosError('BUNDLE_ROLLBACK', { offered: serial, seen })
      if (seen === undefined) {
        requireRoom(this.#database, {
          what: 'instances of a peer',
          limit: PEER_INSTANCES_MAX,
          count: 'SELECT count(*) AS n FROM peer_bundles WHERE did = :did',
          parameters: { did },
        })
      }
      this.#database.run(
        'INSERT OR REPLACE INTO peer_bundles (did, instance, serial) VALUES (:did, :instance, :serial)',
        { did, instance, serial },
      )
    })
  }

  #requireRoom(): void {
    requireRoom(this.#database, { what: 'peers', limit: PEERS_MAX, count: 'SELECT count(*) AS n FROM peers' })
  }
}

export class SettingStore {
  readonly #database: Database
  readonly #sealer: RowSealer

  constructor(database: Database, sealer: RowSealer) {
    this.#database = database
    this.#sealer = sealer
  }

  /** The bytes of a setting. @throws TalosError `STORE_ROW_INVALID`, `STORE_KEY_MISSING` */
  get(key: string): Uint8Array | undefined {
    const row = this.#database.get('SELECT * FROM settings WHERE key = :key', { key })
    if (row === undefined) return undefined
    const value = bytesOf(row, 'value')
    return integerOf(row, 'is_sealed') === 1 ? this.#sealer.open(settingPlace(key), value) : value
  }

  /** @throws TalosError `STORE_FULL`, `STORE_WRITE_FAILED`, `INPUT_TOO_LARGE` */
  set(key: string, value: Uint8Array | string): void {
    this.#write({ key, isSealed: 0, value: requireSize(typeof value === 'string' ? utf8(value) : value) })
  }

  /** Stores the value sealed. @throws TalosError `STORE_FULL`, `STORE_WRITE_FAILED`, `INPUT_TOO_LARGE` */
  setSecret(key: string, value: Uint8Array): void {
    this.#write({ key, isSealed: 1, value: this.#sealer.seal(settingPlace(key), value) })
  }

  /** Tells whether it was there. @throws TalosError `STORE_WRITE_FAILED` */
  remove(key: string): boolean {
    return this.#database.run('DELETE FROM settings WHERE key = :key', { key }) === 1
  }

  #write(row: { readonly key: string; readonly isSealed: number; readonly value: Uint8Array }): void {
    this.#database.transaction(() => {
      const exists = this.#database.get('SELECT 1 AS found FROM settings WHERE key = :key', { key: row.key })
      if (exists === undefined) {
        const count = 'SELECT count(*) AS n FROM settings'
        requireRoom(this.#database, { what: 'settings', limit: SETTINGS_MAX, count })
      }
      this.#database.run('INSERT OR REPLACE INTO settings (key, is_sealed, value) VALUES (:key, :isSealed, :value)', {
        ...row,
      })
    })
  }
}

function settingPlace(key: string) {
  return { table: SETTINGS, key, version: 1 }
}

function peerOf(row: Row): StoredPeer {
  return {
    did: textOf(row, 'did') as Did,
    name: optionalOf(row, 'name', textOf),
    endpoints: endpointsOf(textOf(row, 'endpoints')),
    transportKey: optionalOf(row, 'transport_key', bytesOf),
    updatedMs: integerOf(row, 'updated_ms'),
  }
}

function endpointsOf(text: string): string[] {
  let value: JsonValue = null
  try {
    value = parseJson(text)
  } catch {
    // Falls through: what is no list of texts is refused below, whatever else it is.
  }
  if (Array.isArray(value)) return value.map(String)
  throw new TalosError('STORE_CORRUPT', { store: 'agent', reason: 'the endpoints of a peer are not a list' })
}
