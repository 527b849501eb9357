/**
 * `npm run kill:audit -- [--kills N] [--seed S] [--logs L] [--json]`: kills the writers of a log N times at random moments and
 * judges the log after each. Some logs run side by side, and each goes through at most {@link KILLS_PER_LOG} kills.
 */
import { tempFolder } from '@talos/testkit'
import { isSound, type KillResult, killRun } from './harness.ts'
import { BREACHES } from './judge.ts'
import { readWords } from './words.ts'

const DEFAULT_KILLS = 40
/** A log is left after so many: it grows with every life, and the whole of it is checked after each. */
const KILLS_PER_LOG = 12
const DEFAULT_LOGS = 3
const PROGRESS_EVERY = 50
/** In a long run the first log is killed around its 65,536th entry, where a tile of tiles is completed. */
const LONG_RUN_KILLS = 200
const PREFILL = 65_300

const USAGE = `npm run kill:audit -- [--kills N] [--seed S] [--logs L] [--json]

Kills the writers of audit logs N times (${DEFAULT_KILLS}) at random moments, L logs (${DEFAULT_LOGS}) at a time, and judges each log after
each kill. Ends with 1 where something was lost, doubled, damaged or contradicted.

  npm run kill:audit -- --kills 1000
  npm run kill:audit -- --kills 20 --seed 7 --json`

const words = readWords({ usage: USAGE, defaults: { kills: DEFAULT_KILLS, seed: 1, logs: DEFAULT_LOGS } })
const { kills, seed, logs } = words
const count = Math.max(Math.min(logs, kills), Math.ceil(kills / KILLS_PER_LOG))
const runs = Array.from({ length: count }, (_, index) => ({
  kills: Math.floor((kills * (index + 1)) / count) - Math.floor((kills * index) / count),
  seed: seed + index,
  prefill: index === 0 && kills >= LONG_RUN_KILLS ? PREFILL : 0,
}))
const results: KillResult[] = []
const beganMs = performance.now()
let done = 0

function onKill(): void {
  done += 1
  if (words.json || done % PROGRESS_EVERY !== 0) return
  const leftS = Math.round((((performance.now() - beganMs) / done) * (kills - done)) / 1000)
  process.stderr.write(`${done} of ${kills} kills, ${leftS} s left\n`)
}

using home = tempFolder()

async function work(): Promise<void> {
  for (let run = runs.shift(); run !== undefined; run = runs.shift())
    results.push(await killRun({ ...run, compiled: home.path, onKill }))
}

await Promise.all(Array.from({ length: logs }, work))
const sum = (of: (result: KillResult) => number): number => results.reduce((total, result) => total + of(result), 0)
const totals = {
  kills: sum((result) => result.kills),
  logs: results.length,
  killsAtStart: sum((result) => result.killsAtStart),
  entries: sum((result) => result.entries),
  acknowledged: sum((result) => result.acknowledged),
  published: sum((result) => result.published),
  erased: sum((result) => result.erased),
  ...Object.fromEntries(BREACHES.map((breach) => [breach, sum(({ breaches }) => breaches[breach] ?? 0)])),
  seconds: Math.round((performance.now() - beganMs) / 1000),
}
const isAllSound = results.every(isSound)
if (words.json) console.log(JSON.stringify({ ...totals, isSound: isAllSound, seed, runs: results }))
else {
  for (const [what, number] of Object.entries(totals)) console.log(`${String(number).padStart(10)}  ${what}`)
  console.log(isAllSound ? 'no kill broke anything' : 'something broke')
}
process.exitCode = isAllSound ? 0 : 1
