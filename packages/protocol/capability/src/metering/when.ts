/**
 * The member `when` of a `talos/cap@1`: hours of the executor's clock and facts of its environment (spec 16-metering,
 * clauses 16.8 and 16.9).
 *
 * Hours are weekdays and minutes in a fixed offset from UTC: no time zone's rules, which two machines may know
 * differently, and so no summer time.
 */
import type { IpldValue } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { isIpldList } from '../conditions/ipld.ts'
import { showChoices, showName } from '../conditions/show.ts'
import { type DenialCause, denial } from '../denial.ts'
import { MAX_CHOICES } from '../limits.ts'

/** Conditions of one link. */
export const MAX_WHEN = 16
/** Windows of one `time`: several for each day of the week. */
export const MAX_WINDOWS = 64
/** Characters of a fact's name. */
const MAX_NAME_LENGTH = 64
/** The widest offsets in use are 12 hours behind and 14 ahead of UTC. */
const MAX_OFFSET_MINUTES = 840
const DAY_MINUTES = 1_440
const WEEK_MINUTES = 7 * DAY_MINUTES
/** Windows that a sentence lists; a longer list is only counted. */
const SHOWN_WINDOWS = 7
/** 1970-01-01 was a Thursday, the fourth day of ISO's week. */
const FIRST_DAY = 3

/** What the executor knows when a call is made. */
export interface Moment {
  readonly nowS: number
  /** Facts of the executor's environment by name, stated by its operator. */
  readonly environment: ReadonlyMap<string, string>
}

/** One condition. */
export interface WhenCondition {
  readonly kind: 'time' | 'env'
  /** For people. */
  readonly requirement: string
  /** Why it does not hold; undefined where it does. `link` is the place of the delegation in its chain. */
  readonly check: (moment: Moment, link: number) => DenialCause | undefined
}

/**
 * Compiles the member `when`.
 *
 * @throws TalosError `CAPABILITY_POLICY_INVALID` with the path of the condition
 */
export function compileWhen(list: readonly IpldValue[]): readonly WhenCondition[] {
  if (list.length > MAX_WHEN) throw invalid('when', `there are more than ${MAX_WHEN} conditions`)
  return list.map((item, index) => {
    const path = `when[${index}]`
    if (!isIpldList(item)) throw invalid(path, 'a condition is not a list')
    const [kind, ...operands] = item
    if (operands.length !== 2) throw invalid(path, 'a condition has another number of operands')
    if (kind === 'time') return time(operands, path)
    if (kind === 'env') return environment(operands, path)
    throw invalid(path, 'the kind of a condition is not known')
  })
}

/** The first condition of a link that does not hold: `CAPABILITY_TIME_WINDOW` or `CAPABILITY_ENVIRONMENT`. */
export function checkWhen(
  when: readonly WhenCondition[],
  { link, ...moment }: Moment & { readonly link: number },
): DenialCause | undefined {
  for (const [index, { check }] of when.entries()) {
    const cause = check(moment, link)
    if (cause !== undefined) return { ...cause, path: `proofs[${link}].when[${index}]` }
  }
  return undefined
}

/** A window's beginning, in minutes of the week, and its length. */
interface Opening {
  readonly start: number
  readonly length: number
}

function time([windows, offset]: readonly IpldValue[], path: string): WhenCondition {
  if (!isIpldList(windows) || windows.length < 1 || windows.length > MAX_WINDOWS) {
    throw invalid(path, `there are not 1 to ${MAX_WINDOWS} windows`)
  }
  const offsetMinutes = integer(offset, { path, minimum: -MAX_OFFSET_MINUTES, maximum: MAX_OFFSET_MINUTES })
  const compiled = windows.map((window) => windowOf(window, path))
  const openings = compiled.flatMap((window) => window.openings)
  const shown = compiled.slice(0, SHOWN_WINDOWS).map(({ requirement }) => requirement)
  return {
    kind: 'time',
    requirement: `${shown.join(', ')}${showMore(windows.length)}, UTC${showOffset(offsetMinutes)}`,
    check({ nowS }, link) {
      // 7 days more keep the remainder positive where the offset reaches back before the first second.
      const seconds = nowS + (offsetMinutes + FIRST_DAY * DAY_MINUTES + WEEK_MINUTES) * 60
      const minute = Math.floor(seconds / 60) % WEEK_MINUTES
      const ahead = openings.map(({ start }) => (start - minute + WEEK_MINUTES) % WEEK_MINUTES)
      const isOpen = openings.some(({ start, length }) => (minute - start + WEEK_MINUTES) % WEEK_MINUTES < length)
      if (isOpen) return undefined
      return denial('CAPABILITY_TIME_WINDOW', { details: { link, seconds: Math.min(...ahead) * 60 - (seconds % 60) } })
    },
  }
}

/** One opening on each of its days. */
function windowOf(window: IpldValue, path: string): { readonly openings: readonly Opening[]; requirement: string } {
  if (!isIpldList(window) || window.length !== 3) throw invalid(path, 'a window is not days and two minutes')
  const [days, from, to] = window
  if (!isIpldList(days) || days.length < 1) throw invalid(path, 'a window names no day')
  const first = integer(from, { path, minimum: 0, maximum: DAY_MINUTES - 1 })
  const last = integer(to, { path, minimum: 1, maximum: DAY_MINUTES })
  if (first === last) throw invalid(path, 'a window has no length')
  // The end lies in the next day where it is not after the beginning.
  const length = last > first ? last - first : last - first + DAY_MINUTES
  const numbers: number[] = []
  for (const day of days) numbers.push(integer(day, { path, minimum: (numbers.at(-1) ?? 0) + 1, maximum: 7 }))
  return {
    openings: numbers.map((day) => ({ start: (day - 1) * DAY_MINUTES + first, length })),
    requirement: `${showDays(numbers)} ${showMinute(first)} to ${showMinute(last)}`,
  }
}

function environment([name, values]: readonly IpldValue[], path: string): WhenCondition {
  if (typeof name !== 'string' || name.length < 1 || name.length > MAX_NAME_LENGTH) {
    throw invalid(path, `the name of a fact has not 1 to ${MAX_NAME_LENGTH} characters`)
  }
  if (!isIpldList(values) || values.length < 1 || values.length > MAX_CHOICES) {
    throw invalid(path, `there are not 1 to ${MAX_CHOICES} values`)
  }
  const choices = values.map((value) => {
    if (typeof value !== 'string') throw invalid(path, 'a value is not a text')
    return value
  })
  const shown = { name: showName(name), requirement: showChoices(choices) }
  return {
    kind: 'env',
    requirement: `where ${shown.name} is ${shown.requirement}`,
    check({ environment: facts }, link) {
      const fact = facts.get(name)
      if (fact !== undefined && choices.includes(fact)) return undefined
      return denial('CAPABILITY_ENVIRONMENT', { details: { link, ...shown } })
    },
  }
}

/** `daily`, `Mon-Fri`, `Mon, Wed-Fri`: days one after the other are a range. */
function showDays(days: readonly number[]): string {
  if (days.length === 7) return 'daily'
  const ranges: { readonly first: number; last: number }[] = []
  for (const day of days) {
    const range = ranges.at(-1)
    if (range?.last === day - 1) range.last = day
    else ranges.push({ first: day, last: day })
  }
  return ranges
    .map(({ first, last }) => (first === last ? nameOf(first) : `${nameOf(first)}-${nameOf(last)}`))
    .join(', ')
}

function nameOf(day: number): string {
  return 'MonTueWedThuFriSatSun'.slice((day - 1) * 3, day * 3)
}

function showMore(count: number): string {
  return count > SHOWN_WINDOWS ? ` and ${count - SHOWN_WINDOWS} more` : ''
}

function showMinute(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}

function showOffset(minutes: number): string {
  return `${minutes < 0 ? '-' : '+'}${showMinute(Math.abs(minutes))}`
}

function integer(
  value: IpldValue | undefined,
  { path, minimum, maximum }: { readonly path: string; readonly minimum: number; readonly maximum: number },
): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum && value <= maximum) return value
  throw invalid(path, 'a number of a window is out of its bounds')
}

function invalid(path: string, reason: string): TalosError {
  return new TalosError('CAPABILITY_POLICY_INVALID', { path, reason })
}
