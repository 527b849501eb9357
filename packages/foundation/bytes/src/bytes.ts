/** Joining and comparing byte strings. */

/** Returns one new array with the parts in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let sizeBytes = 0
  for (const part of parts) sizeBytes += part.length
  const joined = new Uint8Array(sizeBytes)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/**
 * Tells whether two byte strings are equal. The time depends on their lengths alone, never on where they differ, so that
 * tags and commitments may be compared with it. Lengths are public: unequal ones return at once.
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let offset = 0; offset < a.length; offset += 1) difference |= Number(a[offset]) ^ Number(b[offset])
  return difference === 0
}
