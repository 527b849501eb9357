/** Unpredictable bytes. In production the system's generator; in vectors and simulations a seeded one. */
export interface Random {
  /** Returns `length` fresh bytes. */
  bytes(length: number): Uint8Array
}
