/** Amounts are bigints, which `Math.max` does not take. */

export function larger(one: bigint, other: bigint): bigint {
  if (one > other) return one
  return other
}

export function smaller(one: bigint, other: bigint): bigint {
  if (one < other) return one
  return other
}

export function largest(amounts: readonly bigint[]): bigint {
  return amounts.reduce(larger, 0n)
}
