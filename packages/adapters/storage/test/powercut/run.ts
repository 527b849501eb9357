/**
 * `npm run powercut -- [--states N] [--seed S] [--json]`: writers of a log under the shim, their disk cut off at N places,
 * each state opened with the real code and judged. Before that every planted defect has to be found.
 */
import { tempFolder } from '@talos/testkit'
import { DEFECTS } from '../audit-kill/order.ts'
import { readWords } from '../audit-kill/words.ts'
import { whyNotRecorded } from './record.ts'
import { control, nested, type RoundOptions, type RoundResult, round } from './round.ts'

const DEFAULT_STATES = 2000
const STATES_PER_ROUND = 150
const STATES_PER_CONTROL = 60
const PROGRESS_EVERY = 500
const SORTS: readonly [string, (options: RoundOptions) => Promise<RoundResult>][] = [
  ['plain', (options) => round('plain', options)],
  ['kills', (options) => round('kills', options)],
  ['faults', (options) => round('faults', options)],
  ['nested', nested],
  ['kills', (options) => round('kills', options)],
  ['faults', (options) => round('faults', options)],
  ['long', (options) => round('long', options)],
]

const USAGE = `npm run powercut -- [--states N] [--seed S] [--json]

Records what writers of audit logs ask of their disk, cuts its power at N places (${DEFAULT_STATES}), and judges each state that may be left.
Ends with 1 where something was lost, doubled, damaged or contradicted, or where a planted defect is not found.

  npm run powercut -- --states 10000
  npm run powercut -- --states 300 --seed 7 --json`

const words = readWords({ usage: USAGE, defaults: { states: DEFAULT_STATES, seed: 1 } })
if (whyNotRecorded === undefined) await main()
else {
  console.error(whyNotRecorded)
  process.exitCode = 2
}

async function main(): Promise<void> {
  using home = tempFolder()
  const isJson = words.json
  const { seed, states: wanted } = words
  const missed: string[] = []
  for (const defect of DEFECTS) {
    const { findings } = await control(defect, { home: home.path, seed, states: STATES_PER_CONTROL })
    if (findings.length === 0) missed.push(defect)
    if (!isJson)
      console.log(
        `${String(findings.length).padStart(4)} of ${STATES_PER_CONTROL} states give away the defect ${defect}`,
      )
  }
  const beganMs = performance.now()
  let done = 0
  const onState = (): void => {
    done += 1
    if (isJson || done % PROGRESS_EVERY !== 0) return
    const leftS = Math.round((((performance.now() - beganMs) / done) * (wanted - done)) / 1000)
    process.stderr.write(`${done} of ${wanted} states, ${leftS} s left\n`)
  }
  const results: [string, number, RoundResult][] = []
  for (let number = 0; done < wanted; number += 1) {
    const [sort, run] = SORTS[number % SORTS.length] ?? ['plain', nested]
    const states = Math.min(STATES_PER_ROUND, wanted - done)
    results.push([sort, seed + number, await run({ home: home.path, seed: seed + number, states, onState })])
  }
  const seconds = Math.round((performance.now() - beganMs) / 1000)
  report({ results, missed, seconds, isJson })
}

function report(options: {
  readonly results: readonly [string, number, RoundResult][]
  readonly missed: readonly string[]
  readonly seconds: number
  readonly isJson: boolean
}): void {
  const { results, missed, seconds, isJson } = options
  const counts = ['records', 'acknowledged', 'published', 'failed', 'states', 'acknowledging', 'publishing'] as const
  const table = Object.entries(Object.groupBy(results, ([sort]) => sort)).map(([sort, ofSort = []]) => {
    const sums = counts.map((count) => [count, ofSort.reduce((sum, [, , result]) => sum + result[count], 0)] as const)
    const findings = ofSort.reduce((sum, [, , result]) => sum + result.findings.length, 0)
    return { sort, rounds: ofSort.length, ...Object.fromEntries(sums), findings }
  })
  const findings = results.flatMap(([sort, seed, result]) => result.findings.map((found) => ({ sort, seed, ...found })))
  const isSound = findings.length === 0 && missed.length === 0
  const states = results.reduce((sum, [, , result]) => sum + result.states, 0)
  if (isJson) console.log(JSON.stringify({ states, seconds, isSound, missed, table, findings }))
  else {
    console.table(table)
    for (const finding of findings.slice(0, 20)) console.log(JSON.stringify(finding))
    for (const defect of missed) console.log(`the planted defect ${defect} was not found`)
    console.log(`${states} states in ${seconds} s: ${isSound ? 'no power cut broke anything' : 'something broke'}`)
  }
  process.exitCode = isSound ? 0 : 1
}
