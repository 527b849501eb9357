/** Time as the link needs it, injectable so that tests and simulations do not wait. */
export interface LinkTimers {
  /** Milliseconds that never step back; the origin is of no meaning. */
  nowMs(): number
  /** Calls `action` once after the delay; the returned function calls it off. */
  after(delayMs: number, action: () => void): () => void
}

export const systemTimers: LinkTimers = {
  nowMs: () => performance.now(),
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs)
    return () => clearTimeout(timer)
  },
}
