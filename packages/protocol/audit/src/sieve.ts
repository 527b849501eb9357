/**
 * Narrowing what is read from a log, cheapest first: whole groups and bodies that cannot match are passed over by their
 * text, without being parsed.
 *
 * An entry is canonical JSON, in which a member stands as `"name":"value"` and nothing else can look like it: a quote
 * within a string is escaped.
 */
import type { AuditEntry } from '@talos/contracts'
import type { AuditFilter } from './filter.ts'
import type { EntryGroup } from './store.ts'

const text = new TextDecoder()

export class Sieve {
  readonly #filter: AuditFilter
  /** Texts of which one in each list has to be there. */
  readonly #needles: readonly (readonly string[])[]

  constructor(filter: AuditFilter) {
    this.#filter = filter
    const exact = Object.entries(exactly(filter)).filter(([, value]) => value !== undefined)
    const lists = exact.map(([name, value]) => [member(name, value)])
    const { kinds, peers } = filter
    if (peers !== undefined) lists.push(peers.map((peer) => member('peer', peer)))
    this.#needles = kinds === undefined ? lists : [...lists, kinds.map((kind) => member('kind', kind))]
  }

  /** Whether it looks at more than times. */
  get isNarrow(): boolean {
    return this.#needles.length > 0
  }

  /** False when no entry of the group can match. */
  mayHold({ bodies }: EntryGroup): boolean {
    return this.mayBe(bodies)
  }

  /** False when the entry with these bytes cannot match. */
  mayBe(body: Uint8Array): boolean {
    if (this.#needles.length === 0) return true
    const written = text.decode(body)
    return this.#needles.every((list) => list.some((needle) => written.includes(needle)))
  }

  holds(entry: AuditEntry): boolean {
    const { kinds, peers, fromMs = 0, toMs = Number.POSITIVE_INFINITY } = this.#filter
    return (
      entry.ts >= fromMs &&
      entry.ts < toMs &&
      (kinds === undefined || kinds.includes(entry.kind)) &&
      (peers === undefined || peers.some((peer) => peer === entry.peer)) &&
      EXACT.every((name) => this.#filter[name] === undefined || this.#filter[name] === entry[name])
    )
  }
}

/** Members that a filter names as an entry does. */
const EXACT = ['session', 'peer', 'tool', 'cap', 'message', 'decision', 'reason'] as const

function exactly({ session, peer, tool, cap, message, decision, reason }: AuditFilter): object {
  return { session, peer, tool, cap, message, decision, reason }
}

function member(name: string, value: unknown): string {
  return `"${name}":${JSON.stringify(value)}`
}
