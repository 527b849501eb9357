/**
 * Authority at rest: grants issued and received, invocations that were executed, and their evidence.
 *
 * Signed objects are kept as the exact bytes that were signed. Grants are no secrets and lie open, so that they can be
 * listed without a passphrase; evidence may be stored as confidential, which seals it: a signed call holds its arguments.
 */
import { Cid, equalBytes } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Database, Row } from './database.ts'
import type { RowSealer } from './row-seal.ts'
import { bytesOf, integerOf, optionalOf, requireRoom, requireSize, textOf } from './rows.ts'

/** Grants of one agent: people list and read them. */
export const GRANTS_MAX = 100_000
/** Of these, so many at most that others sent: anybody can, and what this agent gives itself must find room. */
export const GRANTS_MAX_RECEIVED = 50_000
/** Invocations of one issuer that are remembered until they expire; above this its calls are refused. */
export const INVOCATIONS_MAX_PER_ISSUER = 100_000
/** Objects of one call: a chain of delegations, the invocation, receipts, openings. */
export const EVIDENCE_MAX_PER_INVOCATION = 64
const EVIDENCE = 'evidence'

export type GrantDirection = 'issued' | 'received'

export interface NewGrant {
  readonly cid: Cid
  readonly direction: GrantDirection
  /** The other side: the audience of what was issued, the issuer of what was received. */
  readonly peer: Did
  /** For people. */
  readonly label: string
  /** The signed envelope. */
  readonly bytes: Uint8Array
  readonly nowMs: number
}

export interface StoredGrant extends Omit<NewGrant, 'nowMs'> {
  readonly createdMs: number
  /** When it was marked as revoked here. */
  readonly revokedMs: number | undefined
}

export class GrantStore {
  readonly #database: Database
  /** Grows with every change made here: what was read at the same count is still so, unless another process writes. */
  changes = 0

  constructor(database: Database) {
    this.#database = database
  }

  /** Storing the same grant again changes nothing. @throws TalosError `STORE_FULL`, `STORE_WRITE_FAILED` */
  put({ cid, direction, peer, label, bytes, nowMs }: NewGrant): void {
    this.changes += 1
    this.#database.transaction(() => {
      if (this.get(cid) !== undefined) return
      if (direction === 'received') {
        requireRoom(this.#database, {
          what: 'grants that were received',
          limit: GRANTS_MAX_RECEIVED,
          count: 'SELECT count(*) AS n FROM grants WHERE direction = :direction',
          parameters: { direction },
        })
      }
      requireRoom(this.#database, {
        what: 'grants',
        limit: GRANTS_MAX,
        count: 'SELECT count(*) AS n FROM grants',
      })
      this.#database.run(
        `INSERT INTO grants (cid, direction, peer, label, bytes, created_ms)
         VALUES (:cid, :direction, :peer, :label, :bytes, :nowMs)`,
        { cid: cid.toString(), direction, peer, label, bytes: requireSize(bytes), nowMs },
      )
    })
  }

  /** Forgets grants that are worth nothing any more. @throws TalosError `STORE_WRITE_FAILED` */
  remove(cids: readonly Cid[]): void {
    this.changes += 1
    this.#database.transaction(() => {
      for (const cid of cids) this.#database.run('DELETE FROM grants WHERE cid = :cid', { cid: cid.toString() })
    })
  }

  get(cid: Cid): StoredGrant | undefined {
    const row = this.#database.get('SELECT * FROM grants WHERE cid = :cid', { cid: cid.toString() })
    return row === undefined ? undefined : grantOf(row)
  }

  /** Newest first. */
  list(direction: GrantDirection): StoredGrant[] {
    const sql = 'SELECT * FROM grants WHERE direction = :direction ORDER BY created_ms DESC, cid'
    return this.#database.all(sql, { direction }).map(grantOf)
  }

  /** Whether somebody is the other side of a grant: gave one to this agent, or got one from it; or of one of a direction. */
  knows(peer: Did, direction?: GrantDirection): boolean {
    const sql = 'SELECT 1 AS found FROM grants WHERE peer = :peer AND direction = ifnull(:direction, direction) LIMIT 1'
    return this.#database.get(sql, { peer, direction: direction ?? null }) !== undefined
  }

  /** Whether there is any. */
  has(direction: GrantDirection): boolean {
    const sql = 'SELECT 1 AS found FROM grants WHERE direction = :direction LIMIT 1'
    return this.#database.get(sql, { direction }) !== undefined
  }

  /** Notes that a grant was revoked; tells whether it was valid until now. @throws TalosError `STORE_WRITE_FAILED` */
  markRevoked(cid: Cid, nowMs: number): boolean {
    this.changes += 1
    const sql = 'UPDATE grants SET revoked_ms = :nowMs WHERE cid = :cid AND revoked_ms IS NULL'
    return this.#database.run(sql, { cid: cid.toString(), nowMs }) === 1
  }
}

/** `fresh`: go on. Everything else refuses the invocation. */
export type ReplayVerdict = 'fresh' | 'replayed' | 'expired' | 'full'

export class InvocationReplayStore {
  readonly #database: Database
  readonly #maxPerIssuer: number

  constructor(database: Database, maxPerIssuer: number = INVOCATIONS_MAX_PER_ISSUER) {
    this.#database = database
    this.#maxPerIssuer = maxPerIssuer
  }

  /**
   * Takes an invocation for execution, once, durably, before anything is executed.
   *
   * `expiresS` is the last second in which it may be taken (spec 08-invocation, 8.6). What expired is forgotten by the highest time ever seen, and an invocation that had expired by then is refused: a
   * clock that steps back opens no window.
   *
   * @throws TalosError `STORE_WRITE_FAILED`: then do not execute
   */
  claim(options: {
    readonly cid: Cid
    readonly issuer: Did
    readonly expiresS: number
    readonly nowS: number
  }): ReplayVerdict {
    const { issuer, expiresS } = options
    const cid = options.cid.toString()
    return this.#database.transaction(() => {
      const nowS = Math.max(options.nowS, this.#highestS())
      this.#forget(nowS)
      if (expiresS < nowS) return 'expired'
      if (this.#database.get('SELECT 1 AS found FROM invocations_seen WHERE cid = :cid', { cid })) return 'replayed'
      const count = this.#database.get('SELECT count(*) AS n FROM invocations_seen WHERE issuer = :issuer', { issuer })
      if (Number(count?.['n']) >= this.#maxPerIssuer) return 'full'
      this.#database.run('INSERT INTO invocations_seen (cid, issuer, expires_s) VALUES (:cid, :issuer, :expiresS)', {
        cid,
        issuer,
        expiresS,
      })
      return 'fresh'
    })
  }

  /** Whether it is recorded as taken. */
  has(cid: Cid): boolean {
    const sql = 'SELECT 1 AS found FROM invocations_seen WHERE cid = :cid'
    return this.#database.get(sql, { cid: cid.toString() }) !== undefined
  }

  /** Forgets what was taken and not executed after all. @throws TalosError `STORE_WRITE_FAILED` */
  release(cid: Cid): void {
    this.#database.run('DELETE FROM invocations_seen WHERE cid = :cid', { cid: cid.toString() })
  }

  /**
   * Calls that expire before `untilS` are refused from now on: some may have been used that are not recorded here.
   *
   * @throws TalosError `STORE_WRITE_FAILED`
   */
  advance(untilS: number): void {
    this.#database.transaction(() => this.#forget(Math.max(untilS, this.#highestS())))
  }

  #highestS(): number {
    const row = this.#database.get('SELECT highest_s FROM replay_clock')
    return row === undefined ? 0 : integerOf(row, 'highest_s')
  }

  #forget(nowS: number): void {
    this.#database.run('INSERT OR REPLACE INTO replay_clock (id, highest_s) VALUES (1, :nowS)', { nowS })
    this.#database.run('DELETE FROM invocations_seen WHERE expires_s < :nowS', { nowS })
  }
}

export interface NewEvidence {
  /** The invocation that it belongs to. */
  readonly invocation: Cid
  /** What it is, such as `receipt` or `delegation/0`; unique per invocation. */
  readonly name: string
  readonly bytes: Uint8Array
  /** Sealed under the storage key, such as arguments and the openings of commitments. */
  readonly confidential: boolean
  readonly nowMs: number
}

export interface StoredEvidence {
  readonly name: string
  readonly bytes: Uint8Array
  readonly confidential: boolean
  readonly atMs: number
}

export class EvidenceStore {
  readonly #database: Database
  readonly #sealer: RowSealer

  constructor(database: Database, sealer: RowSealer) {
    this.#database = database
    this.#sealer = sealer
  }

  /**
   * Keeps evidence for good: the same bytes again change nothing, others are refused.
   *
   * @throws TalosError `STORE_CONFLICT`, `STORE_FULL`, `STORE_WRITE_FAILED`, `INPUT_TOO_LARGE`
   */
  put({ invocation, name, bytes, confidential, nowMs }: NewEvidence): void {
    this.#database.transaction(() => {
      const known = this.get(invocation, name)
      if (known !== undefined) {
        if (equalBytes(known.bytes, bytes)) return
        throw new TalosError('STORE_CONFLICT', { what: 'the evidence' })
      }
      const key = invocation.toString()
      requireRoom(this.#database, {
        what: 'objects of one invocation',
        limit: EVIDENCE_MAX_PER_INVOCATION,
        count: 'SELECT count(*) AS n FROM evidence WHERE invocation = :key',
        parameters: { key },
      })
      const stored = confidential ? this.#sealer.seal(evidencePlace(key, name), bytes) : requireSize(bytes)
      this.#database.run(
        `INSERT INTO evidence (invocation, name, is_sealed, bytes, at_ms)
         VALUES (:key, :name, :isSealed, :stored, :nowMs)`,
        { key, name, isSealed: confidential ? 1 : 0, stored, nowMs },
      )
    })
  }

  get(invocation: Cid, name: string): StoredEvidence | undefined {
    const sql = 'SELECT * FROM evidence WHERE invocation = :invocation AND name = :name'
    const row = this.#database.get(sql, { invocation: invocation.toString(), name })
    return row === undefined ? undefined : this.#open(row)
  }

  /** Everything about one invocation, by name. */
  of(invocation: Cid): StoredEvidence[] {
    const sql = 'SELECT * FROM evidence WHERE invocation = :invocation ORDER BY name'
    return this.#database.all(sql, { invocation: invocation.toString() }).map((row) => this.#open(row))
  }

  /** The invocations that have evidence, newest first. */
  invocations(limit = 100): Cid[] {
    const sql = 'SELECT invocation FROM evidence GROUP BY invocation ORDER BY max(at_ms) DESC, invocation LIMIT :limit'
    return this.#database.all(sql, { limit }).map((row) => Cid.parse(textOf(row, 'invocation')))
  }

  /** The invocations that have evidence of this name, in the order in which it came, the newest first. */
  holding(name: string, limit: number): Cid[] {
    const sql = 'SELECT invocation FROM evidence WHERE name = :name ORDER BY at_ms DESC, invocation LIMIT :limit'
    return this.#database.all(sql, { name, limit }).map((row) => Cid.parse(textOf(row, 'invocation')))
  }

  #open(row: Row): StoredEvidence {
    const name = textOf(row, 'name')
    const confidential = integerOf(row, 'is_sealed') === 1
    const stored = bytesOf(row, 'bytes')
    const place = evidencePlace(textOf(row, 'invocation'), name)
    const bytes = confidential ? this.#sealer.open(place, stored) : stored
    return { name, bytes, confidential, atMs: integerOf(row, 'at_ms') }
  }
}

function evidencePlace(invocation: string, name: string) {
  return { table: EVIDENCE, key: `${invocation}/${name}`, version: 1 }
}

function grantOf(row: Row): StoredGrant {
  return {
    cid: Cid.parse(textOf(row, 'cid')),
    direction: textOf(row, 'direction') === 'issued' ? 'issued' : 'received',
    peer: textOf(row, 'peer') as Did,
    label: textOf(row, 'label'),
    bytes: bytesOf(row, 'bytes'),
    createdMs: integerOf(row, 'created_ms'),
    revokedMs: optionalOf(row, 'revoked_ms', integerOf),
  }
}
