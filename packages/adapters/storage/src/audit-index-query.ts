/**
 * From a filter to places, in order: one column leads, the others narrow.
 *
 * The leading column's index lists places in order, so that a page is read without sorting, however many fit. A column with
 * several values is read value by value, side by side.
 */
import type { IndexQuery } from '@talos/audit'
import { fromHex } from '@talos/bytes'
import type { Row } from './database.ts'
import { integerOf } from './rows.ts'

/** Places that are read at once. */
const PAGE_PLACES = 256

export interface PlacesSource {
  readonly read: (sql: string, parameters: Readonly<Record<string, number | Uint8Array>>) => readonly Row[]
  /** The number of a name; undefined where no entry has it. */
  readonly termOf: (text: string) => number | undefined
}

/** A column and the values of which an entry has to have one. */
interface Condition {
  readonly column: string
  readonly values: readonly (number | Uint8Array)[]
}

/** Places of the entries that fit. @throws what the source throws */
export function* placesOf(query: IndexQuery, source: PlacesSource): Generator<number, void> {
  const [lead, ...others] = conditionsOf(query, source)
  const isAscending = query.order !== 'descending'
  if (lead === undefined) return
  const runs = lead.values.map((value) => runOf({ lead: lead.column, value, others, query, source }))
  yield* inOrder(runs, isAscending)
}

/** Those that fewest entries have come first. */
function conditionsOf(query: IndexQuery, { termOf }: PlacesSource): readonly Condition[] {
  const { message, session, cap, peer, peers, tool, reason, kinds, decision } = query
  const named = (column: string, texts: readonly string[] | undefined): Condition[] => {
    if (texts === undefined) return []
    const values = [...new Set(texts)].map(termOf).filter((value) => value !== undefined)
    return [{ column, values }]
  }
  const one = (text: string | undefined) => (text === undefined ? undefined : [text])
  return [
    ...(message === undefined ? [] : [{ column: 'message', values: [fromHex(message)] }]),
    ...named('session', one(session)),
    ...named('cap', one(cap)),
    ...named('peer', one(peer)),
    ...named('peer', peers),
    ...named('tool', one(tool)),
    ...named('reason', one(reason)),
    ...named('kind', kinds),
    ...named('decision', one(decision)),
  ]
}

interface Run {
  readonly lead: string
  readonly value: number | Uint8Array
  readonly others: readonly Condition[]
  readonly query: IndexQuery
  readonly source: PlacesSource
}

/** Places of one value of the leading column. */
function* runOf({ lead, value, others, query, source }: Run): Generator<number, void> {
  const { fromIndex, toIndex, fromMs, toMs, order } = query
  const isAscending = order !== 'descending'
  const parameters: Record<string, number | Uint8Array> = { value, limit: PAGE_PLACES }
  const narrowing = others.map(({ column, values }, position) => {
    const names = values.map((other, rank) => {
      const name = `other${position}_${rank}`
      parameters[name] = other
      return `:${name}`
    })
    return ` AND ${column} IN (${names.join(', ')})`
  })
  const times: [string, string, number | undefined][] = [
    [' AND ts >= :fromMs', 'fromMs', fromMs],
    [' AND ts < :toMs', 'toMs', toMs],
  ]
  for (const [condition, name, time] of times) {
    if (time === undefined) continue
    narrowing.push(condition)
    parameters[name] = time
  }
  const sql =
    `SELECT idx FROM item INDEXED BY item_${lead} WHERE ${lead} = :value AND idx >= :low AND idx < :high` +
    `${narrowing.join('')} ORDER BY idx ${isAscending ? 'ASC' : 'DESC'} LIMIT :limit`
  let low = fromIndex
  let high = toIndex
  for (;;) {
    const rows = source.read(sql, { ...parameters, low, high })
    for (const row of rows) {
      const place = integerOf(row, 'idx')
      if (isAscending) low = place + 1
      else high = place
      yield place
    }
    if (rows.length < PAGE_PLACES) return
  }
}

/** Several runs, each in order, as one. */
function* inOrder(runs: readonly Generator<number, void>[], isAscending: boolean): Generator<number, void> {
  const heads = runs.map((run) => ({ run, next: run.next() })).filter(({ next }) => next.done !== true)
  while (heads.length > 0) {
    heads.sort((one, other) => (Number(one.next.value) - Number(other.next.value)) * (isAscending ? 1 : -1))
    const [head] = heads
    if (head === undefined) return
    yield Number(head.next.value)
    head.next = head.run.next()
    if (head.next.done === true) heads.shift()
  }
}
