/** Key logs of peers at rest, and what peers were told of the agent's own. */
import { type JsonValue, parseJson } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { KeyStanding, KnownIdentity, LogKey } from '@talos/identity'
import type { Database, Row } from './database.ts'
import { integerOf, optionalOf, requireRoom, textOf } from './rows.ts'

/** Key logs that one agent keeps: as many as peers. */
export const IDENTITIES_MAX = 10_000
/** Logs of strangers that go at once when there is no room. */
const EVICTED_AT_ONCE = 1_000

export class IdentityStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Stores or replaces what is known of a log, and its text. @throws TalosError `STORE_FULL`, `STORE_WRITE_FAILED` */
  put(identity: KnownIdentity, { log, nowMs }: { readonly log: string; readonly nowMs: number }): void {
    const { id, versionIds, keys, signingKey, deactivated } = identity
    this.#database.transaction(() => {
      if (this.log(id) === undefined) this.#makeRoom()
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

  /** Strangers may send a log each: where there is no room, those of nobody that this agent has to do with go first. */
  #makeRoom(): void {
    const count = 'SELECT count(*) AS n FROM identities'
    if (Number(this.#database.get(count)?.['n']) < IDENTITIES_MAX) return
    this.#database.run(
      `DELETE FROM identities WHERE id IN (
         SELECT id FROM identities WHERE NOT EXISTS (
           SELECT 1 FROM identity_keys WHERE identity_keys.id = identities.id AND (
             did IN (SELECT did FROM peers) OR did IN (SELECT peer FROM sessions) OR did IN (SELECT peer FROM grants)))
         ORDER BY updated_ms LIMIT :evicted)`,
      { evicted: EVICTED_AT_ONCE },
    )
    requireRoom(this.#database, { what: 'key logs of peers', limit: IDENTITIES_MAX, count })
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
