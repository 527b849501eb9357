/**
 * Anchoring at rest (spec 25-anchor, clause 25.9): the log of logs, the heads that go to a chain, and the transactions that
 * carry them. Leaves and nodes are only ever added.
 */
import { type JsonValue, parseJson } from '@talos/bytes'
import { type AnchorProofChain, parseAnchorProofChain } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { AnchorHead, AnchorJournal, AnchorPlace, AnchorTransaction } from '@talos/ports'
import type { Database, Row } from './database.ts'
import { bytesOf, integerOf, optionalOf, requireSize, textOf } from './rows.ts'

/** A leaf of the log of logs. */
export interface AnchorLeaf {
  readonly kind: 'checkpoint' | 'revocations' | 'identity'
  /** What it is a head of: an origin, an issuer, a durable name. */
  readonly subject: string
  /** How large that was. */
  readonly size: number
  /** Canonical bytes of the statement: the leaf itself. */
  readonly statement: Uint8Array
  /** The signed checkpoint that it was made from. */
  readonly note?: string
}

export interface StoredAnchorLeaf extends AnchorLeaf {
  /** Index of the leaf. */
  readonly position: number
}

/** One node of the tree: `position` counts the nodes of its level. */
export interface AnchorNode {
  readonly level: number
  readonly position: number
  /** 32 bytes. */
  readonly hash: Uint8Array
}

export interface StoredAnchorHead extends AnchorHead {
  readonly madeMs: number
  /** Where the chain has it, once that is final. */
  readonly place: AnchorPlace | undefined
  /** The proof of that; undefined where the chain gives none. */
  readonly chain: AnchorProofChain | undefined
  /** Whether the audit log says so. */
  readonly isRecorded: boolean
}

export class AnchorStore implements AnchorJournal {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Leaves of the log of logs. */
  get size(): number {
    const row = this.#database.get('SELECT coalesce(max(position) + 1, 0) AS size FROM anchor_leaves')
    return row === undefined ? 0 : integerOf(row, 'size')
  }

  /** Adds a leaf at the end, with the nodes that it completes. @throws TalosError `STORE_WRITE_FAILED` */
  append(leaf: AnchorLeaf, nodes: readonly AnchorNode[]): void {
    const { kind, subject, size, statement, note } = leaf
    this.#database.transaction(() => {
      this.#database.run(
        `INSERT INTO anchor_leaves (position, kind, subject, size, statement, note)
         VALUES (:position, :kind, :subject, :size, :statement, :note)`,
        { position: this.size, kind, subject, size, statement: requireSize(statement), note: note ?? null },
      )
      for (const { level, position, hash } of nodes) {
        this.#database.run('INSERT INTO anchor_nodes (level, position, hash) VALUES (:level, :position, :hash)', {
          level,
          position,
          hash,
        })
      }
    })
  }

  /** Hash of a node, 32 bytes. @throws TalosError `STORE_CORRUPT` where it is missing */
  node(level: number, position: number): Uint8Array {
    const sql = 'SELECT hash FROM anchor_nodes WHERE level = :level AND position = :position'
    const row = this.#database.get(sql, { level, position })
    if (row === undefined) throw new TalosError('STORE_CORRUPT', { store: 'agent', reason: 'a node is missing' })
    return bytesOf(row, 'hash')
  }

  /** The newest leaf of a subject. */
  newest(kind: AnchorLeaf['kind'], subject: string): StoredAnchorLeaf | undefined {
    const sql = `SELECT * FROM anchor_leaves WHERE kind = :kind AND subject = :subject ORDER BY position DESC LIMIT 1`
    const row = this.#database.get(sql, { kind, subject })
    return row === undefined ? undefined : leafOf(row)
  }

  /** Leaves of a subject at least so large, below a size of the log of logs, oldest first. */
  covering(options: {
    readonly kind: AnchorLeaf['kind']
    readonly subject: string
    readonly size: number
    readonly limit: number
  }): StoredAnchorLeaf[] {
    const sql = `SELECT * FROM anchor_leaves WHERE kind = :kind AND subject = :subject AND size >= :size
      ORDER BY position LIMIT :limit`
    return this.#database.all(sql, { ...options }).map(leafOf)
  }

  /** The leaf at an index. */
  leaf(position: number): StoredAnchorLeaf | undefined {
    const row = this.#database.get('SELECT * FROM anchor_leaves WHERE position = :position', { position })
    return row === undefined ? undefined : leafOf(row)
  }

  /** Notes a head that is to be anchored; the same again changes nothing. @throws TalosError `STORE_WRITE_FAILED` */
  want({ size, root }: AnchorHead, nowMs: number): void {
    this.#database.run('INSERT OR IGNORE INTO anchor_heads (size, root, made_ms) VALUES (:size, :root, :nowMs)', {
      size,
      root,
      nowMs,
    })
  }

  /** A head is final. @throws TalosError `STORE_WRITE_FAILED` */
  finish(size: number, { place, chain }: { readonly place: AnchorPlace; readonly chain?: AnchorProofChain }): void {
    this.#database.run('UPDATE anchor_heads SET place = :place, chain = :chain WHERE size = :size', {
      size,
      place: JSON.stringify(place),
      chain: chain === undefined ? null : JSON.stringify(chain),
    })
  }

  /** The audit log says that a head is final. @throws TalosError `STORE_WRITE_FAILED` */
  recorded(size: number): void {
    this.#database.run('UPDATE anchor_heads SET is_recorded = 1 WHERE size = :size', { size })
  }

  /** Forgets a head that the chain does not have: a larger one covers it. @throws TalosError `STORE_WRITE_FAILED` */
  drop(size: number): void {
    this.#database.run('DELETE FROM anchor_heads WHERE size = :size AND place IS NULL', { size })
  }

  /** Heads that are not final, or not recorded, oldest first. */
  unfinished(): StoredAnchorHead[] {
    return this.#database.all('SELECT * FROM anchor_heads WHERE is_recorded = 0 ORDER BY size LIMIT 100').map(headOf)
  }

  /** Heads, newest first. */
  heads(limit: number): StoredAnchorHead[] {
    return this.#database.all('SELECT * FROM anchor_heads ORDER BY size DESC LIMIT :limit', { limit }).map(headOf)
  }

  /** The smallest final head with a proof that has the leaf. */
  finalAbove(position: number): StoredAnchorHead | undefined {
    const sql = 'SELECT * FROM anchor_heads WHERE size > :position AND chain IS NOT NULL ORDER BY size LIMIT 1'
    const row = this.#database.get(sql, { position })
    return row === undefined ? undefined : headOf(row)
  }

  /** Another chain or another sender: what was on its way there counts no more. @throws TalosError `STORE_WRITE_FAILED` */
  forgetUnfinished(): void {
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM anchor_transactions')
      this.#database.run('DELETE FROM anchor_heads WHERE place IS NULL')
    })
  }

  list(): readonly AnchorTransaction[] {
    return this.#database.all('SELECT * FROM anchor_transactions ORDER BY nonce').map(transactionOf)
  }

  /** @throws TalosError `STORE_WRITE_FAILED` */
  put({ nonce, head, attempts }: AnchorTransaction): void {
    const sql = `INSERT OR REPLACE INTO anchor_transactions (nonce, size, root, attempts)
      VALUES (:nonce, :size, :root, :attempts)`
    this.#database.run(sql, { nonce, size: head.size, root: head.root, attempts: JSON.stringify(attempts) })
  }

  /** @throws TalosError `STORE_WRITE_FAILED` */
  remove(nonce: number): void {
    this.#database.run('DELETE FROM anchor_transactions WHERE nonce = :nonce', { nonce })
  }
}

function leafOf(row: Row): StoredAnchorLeaf {
  const kind = textOf(row, 'kind')
  const note = optionalOf(row, 'note', textOf)
  return {
    position: integerOf(row, 'position'),
    kind: kind === 'revocations' || kind === 'identity' ? kind : 'checkpoint',
    subject: textOf(row, 'subject'),
    size: integerOf(row, 'size'),
    statement: bytesOf(row, 'statement'),
    ...(note !== undefined && { note }),
  }
}

function headOf(row: Row): StoredAnchorHead {
  const chain = optionalOf(row, 'chain', textOf)
  return {
    size: integerOf(row, 'size'),
    root: bytesOf(row, 'root'),
    madeMs: integerOf(row, 'made_ms'),
    place: placeOf(optionalOf(row, 'place', textOf)),
    chain: chain === undefined ? undefined : parseAnchorProofChain(parseJson(chain)),
    isRecorded: integerOf(row, 'is_recorded') === 1,
  }
}

function placeOf(text: string | undefined): AnchorPlace | undefined {
  if (text === undefined) return undefined
  const { transaction, blockNumber, blockHash } = objectOf(parseJson(text))
  if (typeof transaction !== 'string' || typeof blockNumber !== 'number' || typeof blockHash !== 'string')
    throw damaged()
  return { transaction, blockNumber, blockHash }
}

function transactionOf(row: Row): AnchorTransaction {
  const attempts = parseJson(textOf(row, 'attempts'))
  if (!Array.isArray(attempts)) throw damaged()
  return {
    nonce: integerOf(row, 'nonce'),
    head: { size: integerOf(row, 'size'), root: bytesOf(row, 'root') },
    attempts: attempts.map(attemptOf),
  }
}

function attemptOf(value: JsonValue): AnchorTransaction['attempts'][number] {
  const { hash, raw, maxFeePerGasWei, atMs } = objectOf(value)
  const isText = typeof hash === 'string' && typeof raw === 'string' && typeof maxFeePerGasWei === 'string'
  if (!isText || typeof atMs !== 'number') throw damaged()
  return { hash, raw, maxFeePerGasWei, atMs }
}

function objectOf(value: JsonValue): Readonly<Record<string, JsonValue>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged()
  return value as Readonly<Record<string, JsonValue>>
}

function damaged(): TalosError {
  return new TalosError('STORE_CORRUPT', { store: 'agent', reason: 'an anchor has another form' })
}
