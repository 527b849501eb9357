/** Times as texts: ISO 8601 in UTC, as log entries and documents write them (spec 18-key-log, 18.3). */

const FORM = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/

/**
 * Milliseconds since the epoch of `2026-01-31T12:00:00Z`, with 1 to 9 digits of a second's fraction allowed; what is
 * finer than a millisecond is cut off. Undefined for another form and for a day or hour that does not exist.
 */
export function parseUtc(text: string): number | undefined {
  if (!FORM.test(text)) return undefined
  const timeMs = Date.parse(`${text.slice(0, 19)}Z`)
  if (Number.isNaN(timeMs) || new Date(timeMs).toISOString().slice(0, 19) !== text.slice(0, 19)) return undefined
  const fraction = text.slice(20, -1).padEnd(3, '0').slice(0, 3)
  return timeMs + Number(fraction)
}

/** The form that logs of ours write: whole seconds, what is finer is cut off. */
export function formatUtc(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`
}
