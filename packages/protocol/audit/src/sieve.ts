/**
 * Narrowing what is read from a log, cheapest first: whole groups and bodies that cannot match are passed over by their
 * text, without being parsed.
 *
 * An entry is canonical JSON, in which a member stands as `"name":"value"` and nothing else can look like it: a quote
 * within a string is escaped.
 */
import type { AuditEntry } from '@talos/contracts'
import type { AuditFilter } from './reader.ts'
import type { EntryGroup } from './store.ts'

const text = new TextDecoder()

export class Sieve {
  readonly #filter: AuditFilter
  /** Texts of which one in each list has to be there. */
  readonly #needles: readonly (readonly string[])[]

  constructor(filter: AuditFilter) {
    this.#filter = filter
    const { kinds, session, peer, tool, cap } = filter
    const exact = Object.entries({ session, peer, tool, cap }).filter(([, value]) => value !== undefined)
    const lists = exact.map(([name, value]) => [member(name, value)])
    this.#needles = kinds === undefined ? lists : [...lists, kinds.map((kind) => member('kind', kind))]
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
    const { kinds, session, peer, tool, cap, fromMs = 0, toMs = Number.POSITIVE_INFINITY } = this.#filter
    return (
      entry.ts >= fromMs &&
      entry.ts < toMs &&
      (kinds === undefined || kinds.includes(entry.kind)) &&
      (session === undefined || entry.session === session) &&
      (peer === undefined || entry.peer === peer) &&
      (tool === undefined || entry.tool === tool) &&
      (cap === undefined || entry.cap === cap)
    )
  }
}

function member(name: string, value: unknown): string {
  return `"${name}":${JSON.stringify(value)}`
}
