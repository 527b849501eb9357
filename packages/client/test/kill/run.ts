/**
 * `npm run kill -- [--kills N] [--seed S] [--pairs P] [--json]`: kills real agents N times while they talk, and judges what
 * they wrote down. Pairs of agents run side by side, each through at most {@link KILLS_PER_PAIR} kills.
 */
import { parseArgs } from 'node:util'
import { isSound, type KillResult, killRun } from './harness.ts'

const DEFAULT_KILLS = 40
/** A pair starts anew after so many: its logs grow with every life, and opening them with them. */
const KILLS_PER_PAIR = 100
const DEFAULT_PAIRS = 2
const PROGRESS_EVERY = 10

interface Run {
  readonly kills: number
  readonly seed: number
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string' },
      seed: { type: 'string' },
      pairs: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const kills = Number(values.kills ?? DEFAULT_KILLS)
  const pairs = Number(values.pairs ?? DEFAULT_PAIRS)
  const runs = runsOf(kills, { seed: Number(values.seed ?? 1), pairs })
  const results: KillResult[] = []
  let done = 0
  const beganMs = performance.now()
  const onKill = () => {
    done += 1
    if (values.json === true || done % PROGRESS_EVERY !== 0) return
    const leftS = Math.round((((performance.now() - beganMs) / done) * (kills - done)) / 1000)
    process.stderr.write(`${done} of ${kills} kills, ${leftS} s left\n`)
  }
  const work = async () => {
    for (let run = runs.shift(); run !== undefined; run = runs.shift()) results.push(await killRun({ ...run, onKill }))
  }
  await Promise.all(Array.from({ length: pairs }, work))
  report(results, { seconds: (performance.now() - beganMs) / 1000, isJson: values.json === true })
}

/** As many runs as there are pairs at a time, or as it takes to keep each short. */
function runsOf(kills: number, { seed, pairs }: { readonly seed: number; readonly pairs: number }): Run[] {
  const count = Math.max(Math.min(pairs, kills), Math.ceil(kills / KILLS_PER_PAIR))
  return Array.from({ length: count }, (_, index) => ({
    kills: Math.floor((kills * (index + 1)) / count) - Math.floor((kills * index) / count),
    seed: seed + index,
  }))
}

function report(
  results: readonly KillResult[],
  { seconds, isJson }: { readonly seconds: number; readonly isJson: boolean },
): void {
  const sum = (count: (result: KillResult) => number) => results.reduce((total, result) => total + count(result), 0)
  const isAllSound = results.every(isSound)
  const totals = {
    kills: sum(({ kills }) => kills),
    killsAtStart: sum(({ killsAtStart }) => killsAtStart),
    left: sum(({ left }) => left),
    kept: sum(({ kept }) => kept),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    delivered: sum(({ delivered }) => delivered),
    handedOverAgain: sum(({ handedOverAgain }) => handedOverAgain),
    keysUsedTwice: sum(({ keysUsedTwice }) => keysUsedTwice),
    acknowledgedAndLost: sum(({ acknowledgedAndLost }) => acknowledgedAndLost),
    keptAndLost: sum(({ keptAndLost }) => keptAndLost),
    deliveredTwice: sum(({ deliveredTwice }) => deliveredTwice),
    otherSessions: sum(({ otherSessions }) => otherSessions),
    resets: sum(({ resets }) => resets),
    pairsAlive: sum(({ isAlive }) => (isAlive ? 1 : 0)),
    pairs: results.length,
    seconds: Math.round(seconds),
  }
  if (isJson) console.log(JSON.stringify({ ...totals, isSound: isAllSound, runs: results }))
  else {
    for (const [what, count] of Object.entries(totals)) console.log(`${String(count).padStart(10)}  ${what}`)
    console.log(isAllSound ? 'no kill broke anything' : 'something broke')
  }
  process.exitCode = isAllSound ? 0 : 1
}

await main()
