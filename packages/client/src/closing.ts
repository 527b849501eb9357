/** Ending in bounded time. */

/** How long one step of closing may take: a link needs a second, a tool's server a few. */
const CLOSE_STEP_MS = 5_000

/** Waits for a step of closing, and not longer than {@link CLOSE_STEP_MS}. What it throws stays. */
export async function within(step: Promise<unknown>): Promise<void> {
  const over = Promise.withResolvers<void>()
  const timer = setTimeout(over.resolve, CLOSE_STEP_MS)
  try {
    await Promise.race([step, over.promise])
  } finally {
    clearTimeout(timer)
  }
}
