/**
 * Revocations at rest (spec 09-receipt-revocation, clauses 9.4 to 9.9): as the exact bytes that were signed, each with its
 * place in its issuer's list where a head has confirmed it, and the newest head of each list.
 *
 * Nothing here judges: what is stored was verified, and nothing stored is ever removed.
 */
import { Cid, concatBytes } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Database, Row } from './database.ts'
import { bytesOf, integerOf, optionalOf, requireSize, textOf } from './rows.ts'

/** Revocations that one issuer can place here: a hostile one must not fill the disk. */
export const REVOCATIONS_MAX_PER_ISSUER = 10_000
/** Revocations of all issuers. */
export const REVOCATIONS_MAX = 200_000

/** In the name of a revocation. */
const HASH_BYTES = 32

export interface NewRevocation {
  /** The revocation itself. */
  readonly cid: Cid
  readonly issuer: Did
  /** What is revoked: the CID of a delegation as text, or the DID of an audience. */
  readonly target: string
  readonly reason: string | undefined
  /** The signed envelope. */
  readonly bytes: Uint8Array
  readonly atS: number
}

export interface StoredRevocation extends Omit<NewRevocation, 'cid'> {
  /** Where it is in the table: names it as long as it has no CID. */
  readonly id: number
  /** Undefined for what an earlier version kept, until it is named. */
  readonly cid: Cid | undefined
}

/** A revocation and its place in its issuer's list. */
export interface PlacedRevocation {
  readonly issuer: Did
  /** From 1. */
  readonly position: number
  readonly cid: Cid
  /** The signed envelope. */
  readonly bytes: Uint8Array
}

export interface StoredHead {
  readonly issuer: Did
  /** The signed head. */
  readonly bytes: Uint8Array
  /** Another head that this one excludes: the issuer contradicted itself. */
  readonly contradiction: Uint8Array | undefined
}

/** Names of a list that contradicts the known one, from the position that follows `after` on. */
export interface OfferedNames {
  readonly after: number
  readonly names: readonly Cid[]
}

/** Which part of a list is asked for. */
export interface ListPart {
  readonly issuer: Did
  /** Position before the first. */
  readonly after: number
  readonly limit: number
}

export class RevocationStore {
  readonly #database: Database
  readonly #onPlaced: (issuer: Did) => void

  /** @param options.onPlaced told, within the transaction, that a list has grown */
  constructor(database: Database, options: { readonly onPlaced?: (issuer: Did) => void } = {}) {
    this.#database = database
    this.#onPlaced = options.onPlaced ?? (() => undefined)
  }

  /**
   * Stores revocations that were verified, all or none; those that are known stay as they are.
   *
   * @throws TalosError `STORE_FULL`, `STORE_WRITE_FAILED`, `INPUT_TOO_LARGE`
   */
  put(...revocations: readonly NewRevocation[]): void {
    this.#database.transaction(() => {
      const isNew = revocations.filter((revocation) => this.#put(revocation))
      for (const issuer of new Set(isNew.map((revocation) => revocation.issuer))) this.#requireRoom(issuer)
    })
  }

  /**
   * Notes the places of revocations that are stored: from the position that follows `after` on, in order.
   *
   * @throws TalosError `STORE_WRITE_FAILED`, where a place is taken or a revocation is not there as well
   */
  place({
    issuer,
    after,
    names,
  }: {
    readonly issuer: Did
    readonly after: number
    readonly names: readonly Cid[]
  }): void {
    this.#database.transaction(() => {
      for (const [index, name] of names.entries()) {
        this.#database.run('INSERT INTO revocation_places (issuer, position, cid) VALUES (:issuer, :position, :cid)', {
          issuer,
          position: after + 1 + index,
          cid: name.toString(),
        })
      }
      this.#onPlaced(issuer)
    })
  }

  /** Keeps the newest head of a list. @throws TalosError `STORE_WRITE_FAILED`, `INPUT_TOO_LARGE` */
  putHead({ issuer, bytes }: Pick<StoredHead, 'issuer' | 'bytes'>): void {
    this.#database.run(
      `INSERT INTO revocation_heads (issuer, bytes) VALUES (:issuer, :bytes)
       ON CONFLICT (issuer) DO UPDATE SET bytes = excluded.bytes`,
      { issuer, bytes: requireSize(bytes) },
    )
  }

  /**
   * Keeps two heads that exclude each other, and what the contradicting one counts where that is needed to show it.
   *
   * @throws TalosError `STORE_WRITE_FAILED`, `INPUT_TOO_LARGE`
   */
  condemn(
    { issuer, bytes, contradiction }: StoredHead & { readonly contradiction: Uint8Array },
    offered?: OfferedNames,
  ): void {
    this.#database.transaction(() => {
      this.#database.run(
        'INSERT OR REPLACE INTO revocation_heads (issuer, bytes, contradiction) VALUES (:issuer, :bytes, :contradiction)',
        { issuer, bytes: requireSize(bytes), contradiction: requireSize(contradiction) },
      )
      if (offered === undefined) return
      const names = requireSize(concatBytes(...offered.names.map(({ digest }) => digest)))
      this.#database.run(
        'INSERT OR REPLACE INTO revocation_forks (issuer, after, names) VALUES (:issuer, :after, :names)',
        { issuer, after: offered.after, names },
      )
    })
  }

  /** What the contradicting head of an issuer counts, where that was kept. */
  offered(issuer: Did): OfferedNames | undefined {
    const row = this.#database.get('SELECT after, names FROM revocation_forks WHERE issuer = :issuer', { issuer })
    if (row === undefined) return undefined
    const names = bytesOf(row, 'names')
    const count = names.length / HASH_BYTES
    const at = (index: number) => Cid.fromSha256(names.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES))
    return { after: integerOf(row, 'after'), names: Array.from({ length: count }, (_, index) => at(index)) }
  }

  heads(): StoredHead[] {
    return this.#database.all('SELECT * FROM revocation_heads ORDER BY issuer').map((row) => ({
      issuer: textOf(row, 'issuer') as Did,
      bytes: bytesOf(row, 'bytes'),
      contradiction: optionalOf(row, 'contradiction', bytesOf),
    }))
  }

  /** How many are stored, by one issuer or in all: several of one audience are that many. */
  count(issuer?: Did): number {
    const row =
      issuer === undefined
        ? this.#database.get('SELECT count(*) AS n FROM revocations')
        : this.#database.get('SELECT count(*) AS n FROM revocations WHERE issuer = :issuer', { issuer })
    return Number(row?.['n'])
  }

  /** A revocation by its own name. */
  find(cid: Cid): StoredRevocation | undefined {
    const row = this.#database.get('SELECT * FROM revocations WHERE cid = :cid', { cid: cid.toString() })
    return row === undefined ? undefined : revocationOf(row)
  }

  /** Who revoked a delegation by its name, or all of an audience, the earliest first; the caller decides whose word counts. */
  of(revoked: Cid | Did): StoredRevocation[] {
    const sql = 'SELECT * FROM revocations WHERE target = :target ORDER BY at_s, id'
    return this.#database.all(sql, { target: revoked.toString() }).map(revocationOf)
  }

  /** Everything that one issuer revoked, in the order in which it came. */
  by(issuer: Did): StoredRevocation[] {
    return this.#database
      .all('SELECT * FROM revocations WHERE issuer = :issuer ORDER BY id', { issuer })
      .map(revocationOf)
  }

  /** Names of what one issuer revoked and that has no place in its list, in the order in which it came. */
  unplaced(issuer: Did): Cid[] {
    const sql = `SELECT cid FROM revocations WHERE issuer = :issuer AND cid IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM revocation_places WHERE revocation_places.cid = revocations.cid) ORDER BY id`
    return this.#database.all(sql, { issuer }).map((row) => Cid.parse(textOf(row, 'cid')))
  }

  /** A part of an issuer's list: at most `limit` from the position after `after` on, in order. */
  page({ issuer, after, limit }: ListPart): PlacedRevocation[] {
    const sql = `SELECT places.issuer, places.position, places.cid, revocations.bytes
      FROM revocation_places AS places JOIN revocations ON revocations.cid = places.cid
      WHERE places.issuer = :issuer AND places.position > :after ORDER BY places.position LIMIT :limit`
    return this.#database.all(sql, { issuer, after, limit }).map((row) => ({
      issuer,
      position: integerOf(row, 'position'),
      cid: Cid.parse(textOf(row, 'cid')),
      bytes: bytesOf(row, 'bytes'),
    }))
  }

  /** The names in an issuer's list, in order. */
  names(issuer: Did): Cid[] {
    const sql = 'SELECT cid FROM revocation_places WHERE issuer = :issuer ORDER BY position'
    return this.#database.all(sql, { issuer }).map((row) => Cid.parse(textOf(row, 'cid')))
  }

  /** The issuers whose lists have places here. */
  listed(): Did[] {
    const sql = 'SELECT DISTINCT issuer FROM revocation_places ORDER BY issuer'
    return this.#database.all(sql).map((row) => textOf(row, 'issuer') as Did)
  }

  /** Everything, in the order in which it came; at most `limit` after the place of `last`. For the start of an agent. */
  all({
    last,
    limit,
  }: {
    readonly last?: Pick<StoredRevocation, 'id'> | undefined
    readonly limit: number
  }): StoredRevocation[] {
    const sql = 'SELECT * FROM revocations WHERE id > :id ORDER BY id LIMIT :limit'
    return this.#database.all(sql, { id: last?.id ?? 0, limit }).map(revocationOf)
  }

  /** What an earlier version kept and has no name yet. */
  unnamed(): StoredRevocation[] {
    return this.#database.all('SELECT * FROM revocations WHERE cid IS NULL ORDER BY id').map(revocationOf)
  }

  /** Gives its name to what an earlier version kept; one that is there twice goes. @throws TalosError `STORE_WRITE_FAILED` */
  name({ id, cid, reason }: Pick<StoredRevocation, 'id' | 'reason'> & { readonly cid: Cid }): void {
    this.#database.transaction(() => {
      if (this.find(cid) !== undefined)
        this.#database.run('DELETE FROM revocations WHERE id = :id AND cid IS NULL', { id })
      else {
        this.#database.run('UPDATE revocations SET cid = :cid, reason = :reason WHERE id = :id', {
          id,
          cid: cid.toString(),
          reason: reason ?? null,
        })
      }
    })
  }

  /**
   * Suspends this agent's own list: it may have signed more than is known here.
   *
   * @param ahead the longest list that it is known to have signed; 0 where that is not known
   * @throws TalosError `STORE_WRITE_FAILED`
   */
  suspend(ahead: number): void {
    const value = Math.max(ahead, this.suspended() ?? 0)
    this.#database.run('INSERT OR REPLACE INTO revocation_suspension (id, ahead) VALUES (1, :value)', { value })
  }

  /** The longest list that this agent is known to have signed, while its list is suspended. */
  suspended(): number | undefined {
    const row = this.#database.get('SELECT ahead FROM revocation_suspension')
    return row === undefined ? undefined : integerOf(row, 'ahead')
  }

  /** @throws TalosError `STORE_WRITE_FAILED` */
  resume(): void {
    this.#database.run('DELETE FROM revocation_suspension')
  }

  /** Tells whether it was not there. */
  #put({ cid, issuer, target, reason, bytes, atS }: NewRevocation): boolean {
    if (this.find(cid) !== undefined) return false
    this.#database.run(
      `INSERT INTO revocations (cid, issuer, target, reason, bytes, at_s)
       VALUES (:name, :issuer, :target, :reason, :bytes, :atS)`,
      { name: cid.toString(), issuer, target, reason: reason ?? null, bytes: requireSize(bytes), atS },
    )
    return true
  }

  /** Takes the whole transaction back where there are more than may be. */
  #requireRoom(issuer: Did): void {
    if (this.count(issuer) > REVOCATIONS_MAX_PER_ISSUER) {
      throw new TalosError('STORE_FULL', { what: 'revocations by one issuer', limit: REVOCATIONS_MAX_PER_ISSUER })
    }
    if (this.count() > REVOCATIONS_MAX) {
      throw new TalosError('STORE_FULL', { what: 'revocations', limit: REVOCATIONS_MAX })
    }
  }
}

function revocationOf(row: Row): StoredRevocation {
  const cid = optionalOf(row, 'cid', textOf)
  return {
    id: integerOf(row, 'id'),
    cid: cid === undefined ? undefined : Cid.parse(cid),
    issuer: textOf(row, 'issuer') as Did,
    target: textOf(row, 'target'),
    reason: optionalOf(row, 'reason', textOf),
    bytes: bytesOf(row, 'bytes'),
    atS: integerOf(row, 'at_s'),
  }
}
