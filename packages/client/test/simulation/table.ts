/** Rows in memory that a transaction can take back: each change leaves what undoes it. */

/** Takes back one change. */
export type Undo = () => void

export class Table<Row> {
  #rows = new Map<string, Row>()
  readonly #changed: (undo: Undo) => void

  /** @param changed told of every change; throws where nothing may change */
  constructor(changed: (undo: Undo) => void) {
    this.#changed = changed
  }

  get size(): number {
    return this.#rows.size
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key)
  }

  has(key: string): boolean {
    return this.#rows.has(key)
  }

  /** In the order in which the keys were first put. */
  values(): Row[] {
    return Array.from(this.#rows.values())
  }

  keys(): string[] {
    return Array.from(this.#rows.keys())
  }

  put(key: string, row: Row): void {
    const before = this.#rows
    const old = before.get(key)
    this.#changed(old === undefined ? () => before.delete(key) : () => before.set(key, old))
    before.set(key, row)
  }

  /** Taken back, the row stands last: what reads in order sorts by a position of its own. */
  remove(key: string): boolean {
    const before = this.#rows
    const old = before.get(key)
    if (old === undefined) return false
    this.#changed(() => before.set(key, old))
    return before.delete(key)
  }

  /** The rows as they are now. Rows are never changed, so that this costs their number and not their size. */
  copy(): ReadonlyMap<string, Row> {
    return new Map(this.#rows)
  }

  restore(rows: ReadonlyMap<string, Row>): void {
    this.#rows = new Map(rows)
  }
}

/** Runs a piece of work so that it is durable all at once or not at all. */
export type Transaction = <T>(work: () => T) => T
