/** Everything that writers said of one log, over all of their lives. */

/** Where an entry was acknowledged to stand. */
export interface Acknowledged {
  readonly index: number
  /** Leaf hash, 64 hex digits. */
  readonly hash: string
  readonly isSalted: boolean
}

export class Ledger {
  readonly acknowledged = new Map<string, Acknowledged>()
  /** Entries that failed and are in the log, as it said. */
  readonly stored = new Set<string>()
  /** Entries that failed and are not in the log, as it said. */
  readonly refused = new Set<string>()
  readonly unknown = new Set<string>()
  /** Signed notes in the order of their release. */
  readonly published: string[] = []
  readonly erased = new Set<number>()
  /** Codes of what else was refused, and how often. */
  readonly failures = new Map<string, number>()
  /** How often a log was opened. */
  opened = 0
  #rest = ''

  /** Takes over what was said, whole lines only: a line that was cut was not said. */
  hear(text: string): void {
    const lines = `${this.#rest}${text}`.split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#line(line.split(' '))
  }

  /** A writer is gone: what it did not end to say was not said. */
  cut(): void {
    this.#rest = ''
  }

  /** Another one that has heard the same. */
  copy(): Ledger {
    const copy = new Ledger()
    for (const [name, place] of this.acknowledged) copy.acknowledged.set(name, place)
    for (const fate of ['stored', 'refused', 'unknown'] as const) for (const name of this[fate]) copy[fate].add(name)
    copy.published.push(...this.published)
    for (const index of this.erased) copy.erased.add(index)
    return copy
  }

  #line([word, first = '', second = '', third = '', fourth]: readonly string[]): void {
    if (word === 'a') this.acknowledged.set(first, { index: Number(second), hash: third, isSalted: fourth === 's' })
    else if (word === 'yes') this.stored.add(first)
    else if (word === 'no') this.refused.add(first)
    else if (word === 'unknown') this.unknown.add(first)
    else if (word === 'c') this.published.push(Buffer.from(first, 'base64').toString('utf8'))
    else if (word === 'r') this.opened += 1
    else if (word === 'e') this.erased.add(Number(first))
    else if (word === 'f') this.failures.set(first, (this.failures.get(first) ?? 0) + 1)
  }
}
