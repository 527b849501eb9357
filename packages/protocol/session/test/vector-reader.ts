/** Reading the members of a vector, and the randomness that it injects. */
import { fromHex } from '@talos/bytes'
import type { Random } from '@talos/ports'

export type Fields = Readonly<Record<string, unknown>>

/** The members of a case, read by the type that the case must have. */
export function reader(fields: Fields) {
  const bytes = (name: string) => fromHex(String(fields[name]))
  const maybe = <T>(name: string, read: (name: string) => T) => (fields[name] === undefined ? undefined : read(name))
  return {
    bytes,
    number: (name: string) => Number(fields[name]),
    fields: (name: string) => fields[name] as Fields,
    list: (name: string) => (fields[name] ?? []) as readonly Fields[],
    texts: (name: string) => (fields[name] ?? []) as readonly string[],
    maybeBytes: (name: string) => maybe(name, bytes),
  }
}

/** Gives out just the bytes of the case, and ends with the last one. */
export function fixedRandom(hex: unknown): Random & { readonly left: () => number } {
  let rest = fromHex(String(hex))
  return {
    bytes(length) {
      if (length > rest.length) throw new Error('the case holds fewer random bytes than were drawn')
      const drawn = rest.slice(0, length)
      rest = rest.slice(length)
      return drawn
    },
    left: () => rest.length,
  }
}
