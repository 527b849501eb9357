/** The time, as the protocol asks for it. Protocol packages never read the system's clock on their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch, a safe integer. May step backwards when the system's clock is set. */
  nowMs(): number
}
