/** Hours as people type them: `mon-fri 09:00-17:00 +01:00`, weekdays, minutes and a fixed offset from UTC (spec 16-metering). */
import type { JsonValue } from '@talos/bytes'
import { invalid } from '../../values.ts'

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const FORM = /^(\S+) (\d\d:\d\d)-(\d\d:\d\d)(?: (Z|[+-]\d\d:\d\d))?$/
const HINT = 'write DAYS FROM-TO OFFSET, as in "mon-fri 09:00-17:00 +01:00" or "daily 22:00-06:00"'
const DAY_MINUTES = 1_440
/** As the protocol bounds it (16.8). */
const MAX_OFFSET_MINUTES = 840

/**
 * One condition with all windows; none where there is none.
 *
 * @throws TalosError `CLI_OPTION_INVALID`, also for windows of several offsets: a condition has one
 */
export function hoursOf(texts: readonly string[]): JsonValue[] {
  const parsed = texts.map(windowOf)
  const [first, ...others] = parsed
  if (first === undefined) return []
  if (others.some(({ offset }) => offset !== first.offset)) throw invalid('--hours', 'the offsets differ')
  return [['time', parsed.map(({ window }) => window), first.offset]]
}

function windowOf(text: string): { readonly window: JsonValue; readonly offset: number } {
  const [, days, from, to, offset = 'Z'] = FORM.exec(text.trim().toLowerCase().replace(/z$/, 'Z')) ?? []
  if (days === undefined || from === undefined || to === undefined) throw invalid('--hours', HINT)
  const first = minutesOf(from)
  // The midnight at which a window ends is that of the day's end.
  const last = minutesOf(to) || DAY_MINUTES
  if (first === DAY_MINUTES || first === last) throw invalid('--hours', `no time lies between ${from} and ${to}`)
  return { window: [daysOf(days), first, last], offset: offsetOf(offset) }
}

/** ISO weekdays: Monday is 1. */
function daysOf(text: string): JsonValue {
  if (text === 'daily') return [1, 2, 3, 4, 5, 6, 7]
  return [...new Set(text.split(',').flatMap(rangeOf))].sort((one, other) => one - other)
}

/** `fri-mon` goes over the end of the week. */
function rangeOf(text: string): number[] {
  const [first, last = first, ...rest] = text.split('-').map((name) => DAYS.indexOf(name))
  if (first === undefined || last === undefined || first < 0 || last < 0 || rest.length > 0) {
    throw invalid('--hours', HINT)
  }
  return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => ((first + index) % 7) + 1)
}

function minutesOf(text: string): number {
  const [hours, minutes] = text.split(':').map(Number)
  const total = Number(hours) * 60 + Number(minutes)
  if (Number(minutes) > 59 || total > DAY_MINUTES) throw invalid('--hours', `${text} is no time of day`)
  return total
}

function offsetOf(text: string): number {
  if (text === 'Z') return 0
  const total = minutesOf(text.slice(1))
  if (total > MAX_OFFSET_MINUTES) throw invalid('--hours', `no place on earth is ${text} from UTC`)
  return text.startsWith('-') ? -total : total
}
