/**
 * Witnessing at rest (spec 23-witness, clauses 23.3 and 23.4): how far this agent cosigned each log, the evidence of forks,
 * and what others cosigned of the agent's own log.
 *
 * Nothing here judges: what is stored was verified. What the agent cosigned is never removed.
 */
import type { WitnessRecord, WitnessStore } from '@talos/audit'
import { fromBase64url, type JsonValue, parseJson, toBase64url } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Database, Row } from './database.ts'
import { bytesOf, integerOf, optionalOf, textOf } from './rows.ts'

/** Witnesses of the own log that are remembered; the ones that were not heard of for longest go first. */
export const OWN_WITNESSES_MAX = 1_024
/** Own checkpoints with cosignatures that are kept; the smallest go first. */
export const WITNESSED_HEADS_MAX = 256

/** A witness of the own log. */
export interface StoredWitness {
  /** The verifier key as text. */
  readonly vkey: string
  /** The agent that cosigned, by the key that it had. */
  readonly peer: Did
  /** The envelope by which that agent lets the key cosign. */
  readonly delegation: Uint8Array
  /** The largest of our checkpoints that it cosigned. */
  readonly size: number
  /** When, by its clock. */
  readonly timeS: number
}

/** A checkpoint of the own log with the log's line first and cosignatures after it. */
export interface StoredWitnessedHead {
  readonly size: number
  readonly note: string
}

export class SqliteWitnessStore implements WitnessStore {
  readonly #database: Database
  readonly #onChange: () => void

  /** @param options.onChange told, within the transaction, of what an older copy must not take back */
  constructor(database: Database, options: { readonly onChange?: () => void } = {}) {
    this.#database = database
    this.#onChange = options.onChange ?? (() => undefined)
  }

  get(origin: string): WitnessRecord | undefined {
    const row = this.#database.get(
      `SELECT witness_logs.*, evidence FROM witness_logs LEFT JOIN witness_forks USING (origin) WHERE origin = :origin`,
      { origin },
    )
    return row === undefined ? undefined : recordOf(row)
  }

  /** @throws TalosError `STORE_WRITE_FAILED` */
  swap(next: WitnessRecord): boolean {
    return this.#database.transaction(() => {
      const { origin, version, fork } = next
      const known = this.#database.get('SELECT version FROM witness_logs WHERE origin = :origin', { origin })
      if ((known === undefined ? 0 : integerOf(known, 'version')) !== version - 1) return false
      this.#put(next)
      if (fork !== undefined) {
        this.#database.run('INSERT OR REPLACE INTO witness_forks (origin, evidence) VALUES (:origin, :fork)', {
          origin,
          fork,
        })
      }
      this.#onChange()
      return true
    })
  }

  count(introducer?: string): number {
    const row =
      introducer === undefined
        ? this.#database.get('SELECT count(*) AS n FROM witness_logs')
        : this.#database.get('SELECT count(*) AS n FROM witness_logs WHERE introducer = :introducer', { introducer })
    return Number(row?.['n'])
  }

  /** Logs in the order of their last change, the newest first. */
  newest(limit: number): WitnessRecord[] {
    const sql = `SELECT witness_logs.*, evidence FROM witness_logs LEFT JOIN witness_forks USING (origin)
      ORDER BY changed DESC LIMIT :limit`
    return this.#database.all(sql, { limit }).map(recordOf)
  }

  /** Evidence of forks by the names of the logs. */
  forks(): { readonly origin: string; readonly evidence: string }[] {
    const rows = this.#database.all('SELECT * FROM witness_forks ORDER BY origin')
    return rows.map((row) => ({ origin: textOf(row, 'origin'), evidence: textOf(row, 'evidence') }))
  }

  /** Remembers a witness of the own log; a smaller size than is known stays out. @throws TalosError `STORE_WRITE_FAILED` */
  putWitness({ vkey, peer, delegation, size, timeS }: StoredWitness): void {
    this.#database.transaction(() => {
      this.#database.run(
        `INSERT INTO witnesses (vkey, peer, delegation, size, time_s) VALUES (:vkey, :peer, :delegation, :size, :timeS)
         ON CONFLICT (vkey) DO UPDATE SET peer = excluded.peer, delegation = excluded.delegation,
           size = max(size, excluded.size), time_s = max(time_s, excluded.time_s)`,
        { vkey, peer, delegation, size, timeS },
      )
      this.#database.run(
        `DELETE FROM witnesses WHERE vkey IN (
           SELECT vkey FROM witnesses ORDER BY time_s DESC, vkey LIMIT -1 OFFSET ${OWN_WITNESSES_MAX})`,
      )
    })
  }

  /** The witnesses of the own log, those heard of last first. */
  witnesses(): StoredWitness[] {
    return this.#database.all('SELECT * FROM witnesses ORDER BY time_s DESC, vkey').map((row) => ({
      vkey: textOf(row, 'vkey'),
      peer: textOf(row, 'peer') as Did,
      delegation: bytesOf(row, 'delegation'),
      size: integerOf(row, 'size'),
      timeS: integerOf(row, 'time_s'),
    }))
  }

  /** Keeps a checkpoint with its cosignatures in the place of the earlier form. @throws TalosError `STORE_WRITE_FAILED` */
  putHead({ size, note }: StoredWitnessedHead): void {
    this.#database.transaction(() => {
      this.#database.run('INSERT OR REPLACE INTO witnessed_heads (size, note) VALUES (:size, :note)', { size, note })
      this.#database.run(
        `DELETE FROM witnessed_heads WHERE size IN (
           SELECT size FROM witnessed_heads ORDER BY size DESC LIMIT -1 OFFSET ${WITNESSED_HEADS_MAX})`,
      )
    })
  }

  head(size: number): StoredWitnessedHead | undefined {
    const row = this.#database.get('SELECT * FROM witnessed_heads WHERE size = :size', { size })
    return row === undefined ? undefined : headOf(row)
  }

  /** Checkpoints with cosignatures, the largest first. */
  heads(): StoredWitnessedHead[] {
    return this.#database.all('SELECT * FROM witnessed_heads ORDER BY size DESC').map(headOf)
  }

  #put({ origin, version, introducer, keys, size, note, heads }: WitnessRecord): void {
    const kept = keys.map(({ vkey, delegation }) =>
      delegation === undefined ? { vkey } : { vkey, delegation: toBase64url(delegation) },
    )
    this.#database.run(
      `INSERT OR REPLACE INTO witness_logs (origin, version, changed, introducer, keys, size, note, heads)
       VALUES (:origin, :version, (SELECT coalesce(max(changed), 0) + 1 FROM witness_logs), :introducer, :keys, :size,
         :note, :heads)`,
      {
        origin,
        version,
        introducer,
        keys: JSON.stringify(kept),
        size,
        note: note ?? null,
        heads: JSON.stringify(heads),
      },
    )
  }
}

function recordOf(row: Row): WitnessRecord {
  const note = optionalOf(row, 'note', textOf)
  const fork = optionalOf(row, 'evidence', textOf)
  return {
    origin: textOf(row, 'origin'),
    version: integerOf(row, 'version'),
    introducer: textOf(row, 'introducer'),
    keys: listOf(textOf(row, 'keys')).map(keyOf),
    size: integerOf(row, 'size'),
    ...(note !== undefined && { note }),
    heads: listOf(textOf(row, 'heads')).map(String),
    ...(fork !== undefined && { fork }),
  }
}

function keyOf(value: JsonValue): WitnessRecord['keys'][number] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged()
  const { vkey, delegation } = value as { readonly [name: string]: JsonValue }
  if (typeof vkey !== 'string') throw damaged()
  return typeof delegation === 'string' ? { vkey, delegation: fromBase64url(delegation) } : { vkey }
}

function listOf(text: string): readonly JsonValue[] {
  let value: JsonValue = null
  try {
    value = parseJson(text)
  } catch {
    // Falls through: what is no list is refused below, whatever else it is.
  }
  if (Array.isArray(value)) return value
  throw damaged()
}

function headOf(row: Row): StoredWitnessedHead {
  return { size: integerOf(row, 'size'), note: textOf(row, 'note') }
}

function damaged(): TalosError {
  return new TalosError('STORE_CORRUPT', { store: 'agent', reason: 'the keys or heads of a log are not a list' })
}
