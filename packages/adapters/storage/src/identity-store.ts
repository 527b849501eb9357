/** Key logs of peers at rest, and what peers were told of the agent's own. */
import { type JsonValue, parseJson, utf8 } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { KeyStanding, KnownIdentity, LogKey } from '@talos/identity'
import type { Database, Row } from './database.ts'
import { integerOf, optionalOf, requireRoom, textOf } from './rows.ts'

/** Key logs that one agent keeps: as many as peers. */
export const IDENTITIES_MAX = 10_000
/** Bytes of them, so that a few hundred of the largest kind fit, and a hundred times as many of the usual one. */
export const IDENTITIES_MAX_BYTES = 268_435_456
/** Logs of strangers that go at once when there is no room. */
const EVICTED_AT_ONCE = 100
/** With whom this agent has to do. Their logs stay, whatever strangers send. */
const KNOWN = 'did IN (SELECT did FROM peers) OR did IN (SELECT peer FROM grants)'

export class IdentityStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * Stores or replaces what is known of a log, and its text.
   *
   * @returns the logs of strangers that had to go for it
   * @throws TalosError `STORE_FULL`, `STORE_WRITE_FAILED`
   */
  put(identity: KnownIdentity, { log, nowMs }: { readonly log: string; readonly nowMs: number }): readonly Did[] {
    const { id, versionIds, keys, signingKey, deactivated } = identity
    return this.#database.transaction(() => {
      const evicted = this.#makeRoom({ id, sizeBytes: utf8(log).length })
      this.#database.run(
        `INSERT INTO identities (id, signing_key, is_deactivated, version_ids, log, updated_ms)
         VALUES (:id, :signingKey, :isDeactivated, :versionIds, :log, :nowMs)
         ON CONFLICT (id) DO UPDATE SET signing_key = excluded.signing_key, is_deactivated = excluded.is_deactivated,
           version_ids = excluded.version_ids, log = excluded.log, updated_ms = excluded.updated_ms`,
        {
          id,
          signingKey: signingKey ?? null,
          isDeactivated: deactivated ? 1 : 0,
          versionIds: JSON.stringify(versionIds),
          log,
          nowMs,
        },
      )
      this.#database.run('DELETE FROM identity_keys WHERE id = :id', { id })
      for (const [position, key] of keys.entries()) this.#putKey(id, position, key)
      return evicted
    })
  }

  /** What is known of every log. */
  list(): KnownIdentity[] {
    return this.#database.all('SELECT * FROM identities ORDER BY id').map((row) => this.#identityOf(row))
  }

  /** The text of a log, as it was verified. */
  log(id: Did): string | undefined {
    const row = this.#database.get('SELECT log FROM identities WHERE id = :id', { id })
    return row === undefined ? undefined : textOf(row, 'log')
  }

  /** The log that an invitation by a key said to be its agent's. */
  expected(did: Did): Did | undefined {
    const row = this.#database.get('SELECT id FROM identity_expected WHERE did = :did', { did })
    return row === undefined ? undefined : (textOf(row, 'id') as Did)
  }

  /** No other log speaks for a key from now on; the first one that was said stays. @throws TalosError `STORE_FULL`, `STORE_WRITE_FAILED` */
  expect(did: Did, id: Did): void {
    this.#database.transaction(() => {
      if (this.expected(did) !== undefined) return
      const count = 'SELECT count(*) AS n FROM identity_expected'
      requireRoom(this.#database, { what: 'key logs that are expected', limit: IDENTITIES_MAX, count })
      this.#database.run('INSERT INTO identity_expected (did, id) VALUES (:did, :id)', { did, id })
    })
  }

  /** The version of the agent's own log that a peer has. */
  told(peer: Did): string | undefined {
    const row = this.#database.get('SELECT version_id FROM identity_told WHERE peer = :peer', { peer })
    return row === undefined ? undefined : textOf(row, 'version_id')
  }

  /** A peer has the agent's own log up to a version. @throws TalosError `STORE_WRITE_FAILED` */
  noteTold(peer: Did, versionId: string): void {
    this.#database.transaction(() => {
      const sql = 'SELECT count(*) AS n FROM identity_told'
      // Whoever is not noted is told again, which costs a message.
      if (Number(this.#database.get(sql)?.['n']) >= IDENTITIES_MAX) this.#database.run('DELETE FROM identity_told')
      this.#database.run('INSERT OR REPLACE INTO identity_told (peer, version_id) VALUES (:peer, :versionId)', {
        peer,
        versionId,
      })
    })
  }

  /** The texts of the logs of peers and of those who gave or were given something; small ones first, as many as fit. */
  logsOfKnown(maxBytes: number): string[] {
    const texts: string[] = []
    let sizeBytes = 0
    const sql = `SELECT id, octet_length(log) AS size FROM identities
      WHERE EXISTS (SELECT 1 FROM identity_keys WHERE identity_keys.id = identities.id AND (${KNOWN})) ORDER BY size, id`
    for (const row of this.#database.all(sql)) {
      sizeBytes += integerOf(row, 'size')
      if (sizeBytes > maxBytes) break
      const text = this.log(textOf(row, 'id') as Did)
      if (text !== undefined) texts.push(text)
    }
    return texts
  }

  /**
   * Strangers may send a log each: where there is no room, those of nobody that this agent has to do with go first, and of
   * these the ones that say nothing but one key.
   */
  #makeRoom(wanted: { readonly id: Did; readonly sizeBytes: number }): readonly Did[] {
    const { id, sizeBytes } = wanted
    const evicted: Did[] = []
    for (;;) {
      const row = this.#database.get(
        'SELECT count(*) AS n, total(octet_length(log)) AS size FROM identities WHERE id <> :id',
        { id },
      )
      const isFull = Number(row?.['n']) >= IDENTITIES_MAX
      if (!isFull && Number(row?.['size']) + sizeBytes <= IDENTITIES_MAX_BYTES) return evicted
      const strangers = this.#strangers(id)
      if (strangers.length === 0) {
        const limit = isFull ? IDENTITIES_MAX : IDENTITIES_MAX_BYTES
        throw new TalosError('STORE_FULL', { what: isFull ? 'key logs of peers' : 'bytes of key logs of peers', limit })
      }
      for (const stranger of strangers) this.#database.run('DELETE FROM identities WHERE id = :stranger', { stranger })
      evicted.push(...strangers)
    }
  }

  /** Those that can go, but for one. */
  #strangers(id: Did): readonly Did[] {
    const rows = this.#database.all(
      `SELECT id FROM identities WHERE id <> :id AND NOT EXISTS (
         SELECT 1 FROM identity_keys WHERE identity_keys.id = identities.id AND (
           ${KNOWN} OR did IN (SELECT peer FROM sessions)))
       ORDER BY json_array_length(version_ids) > 1, updated_ms LIMIT :most`,
      { id, most: EVICTED_AT_ONCE },
    )
    return rows.map((row) => textOf(row, 'id') as Did)
  }

  #putKey(id: Did, position: number, key: LogKey): void {
    const { did, fromMs, toMs, standing, compromisedFromMs } = key
    this.#database.run(
      `INSERT INTO identity_keys (did, id, position, from_ms, to_ms, standing, compromised_from_ms)
       VALUES (:did, :id, :position, :fromMs, :toMs, :standing, :compromisedFromMs)`,
      { did, id, position, fromMs, toMs: toMs ?? null, standing, compromisedFromMs: compromisedFromMs ?? null },
    )
  }

  #identityOf(row: Row): KnownIdentity {
    const id = textOf(row, 'id') as Did
    const keys = this.#database.all('SELECT * FROM identity_keys WHERE id = :id ORDER BY position', { id })
    return {
      id,
      versionIds: versionIdsOf(textOf(row, 'version_ids')),
      keys: keys.map(keyOf),
      signingKey: optionalOf(row, 'signing_key', textOf) as Did | undefined,
      deactivated: integerOf(row, 'is_deactivated') === 1,
    }
  }
}

function keyOf(row: Row): LogKey {
  return {
    did: textOf(row, 'did') as Did,
    fromMs: integerOf(row, 'from_ms'),
    toMs: optionalOf(row, 'to_ms', integerOf),
    standing: textOf(row, 'standing') as KeyStanding,
    compromisedFromMs: optionalOf(row, 'compromised_from_ms', integerOf),
  }
}

function versionIdsOf(text: string): string[] {
  let value: JsonValue = null
  try {
    value = parseJson(text)
  } catch {
    // Falls through: what is no list of texts is refused below, whatever else it is.
  }
  if (Array.isArray(value)) return value.map(String)
  throw new TalosError('STORE_CORRUPT', { store: 'agent', reason: 'the versions of a key log are not a list' })
}
