/** Small readers for the JSON under `contracts/`, and the error that names the place where it is not as it must be. */

export type JsonObject = Readonly<Record<string, unknown>>

/** A contract that the generator refuses. It ends on the terminal of whoever edits the contract. */
export class Refusal extends Error {
  override readonly name = 'Refusal'

  constructor(at: string, reason: string) {
    super(`${at}: ${reason}`)
  }
}

export function fields(value: unknown, at: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refusal(at, 'an object is due here')
  return value as JsonObject
}

/** The text in `object[key]`. */
export function text(object: JsonObject, key: string, at: string): string {
  const value = object[key]
  if (typeof value !== 'string' || value === '') throw new Refusal(at, `${key} must be a text that is not empty`)
  return value
}

/** The safe integer in `object[key]`, or undefined where the member is absent. */
export function whole(object: JsonObject, key: string, at: string): number | undefined {
  const value = object[key]
  if (value === undefined) return undefined
  if (!Number.isSafeInteger(value)) throw new Refusal(at, `${key} must be an integer within 2^53 - 1`)
  return value as number
}

/** Refuses members that the profile does not name at this place. */
export function only(object: JsonObject, allowed: readonly string[], at: string): void {
  for (const key of Object.keys(object)) {
    if (!allowed.includes(key)) throw new Refusal(at, `unknown keyword ${JSON.stringify(key)} here`)
  }
}

/** Reads the text of a contract. Duplicate names, which JSON.parse would pass over, are refused. */
export function parseContract(name: string, source: string): unknown {
  try {
    const value: unknown = JSON.parse(source)
    assertUniqueNames(name, source, value)
    return value
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw new Refusal(name, 'is not JSON')
  }
}

/** Every name in the text is followed by a colon; where some are repeated, the parsed value holds fewer. */
function assertUniqueNames(name: string, source: string, value: unknown): void {
  const written = source.match(/"(?:[^"\\]|\\.)*"(?=\s*:)/g)?.length ?? 0
  if (written !== countNames(value)) throw new Refusal(name, 'has one name twice in an object')
}

function countNames(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  return Object.values(value).reduce<number>((sum, child: unknown) => sum + countNames(child), own)
}
