/**
 * `npm run soak:session -- [--messages N] [--keeper-messages K] [--json]`: two agents exchange N messages in one session,
 * and K with their databases; memory is held against itself, first tenth against last.
 */
import { parseArgs } from 'node:util'
import { loadKernel } from '@talos/kernel'
import { growthOf, type Sample, soakKeepers, soakSessions } from './soak.ts'

const DEFAULT_MESSAGES = 100_000
/** With databases, one of so many. */
const KEEPER_SHARE = 20
const SAMPLES = 50
/** More than this is growth: the engine moves its heap by some of it. */
const FLAT_RATIO = 1.1
const MIB = 1024 * 1024

const { values } = parseArgs({
  options: { messages: { type: 'string' }, 'keeper-messages': { type: 'string' }, json: { type: 'boolean' } },
})
const messages = Number(values.messages ?? DEFAULT_MESSAGES)
const keeperMessages = Number(values['keeper-messages'] ?? Math.ceil(messages / KEEPER_SHARE))
const isJson = values.json === true
const onSample = ({ messages: done, rssBytes }: Sample) => {
  if (!isJson) process.stderr.write(`${done} messages, ${(rssBytes / MIB).toFixed(0)} MiB resident\n`)
}

const parts = [
  {
    what: 'session',
    messages,
    samples: await timed(async () => await soakSessions({ messages, samples: SAMPLES, onSample })),
  },
  {
    what: 'keeper and database',
    messages: keeperMessages,
    samples: await timed(async () => await soakKeepers({ messages: keeperMessages, samples: SAMPLES, onSample })),
  },
].map(({ what, messages: count, samples: { result, seconds } }) => {
  const live = growthOf(result, ({ liveBytes }) => liveBytes)
  const resident = growthOf(result, ({ rssBytes }) => rssBytes)
  return { what, messages: count, seconds, live, resident, isFlat: live.ratio <= FLAT_RATIO }
})
const isFlat = parts.every((part) => part.isFlat)
if (isJson) console.log(JSON.stringify({ kernel: loadKernel().name, isFlat, parts }))
else {
  console.log('part                    messages   first tenth    last tenth   ratio   (MiB alive, then resident)')
  for (const { what, messages: count, live, resident, seconds } of parts) {
    for (const { first, last, ratio } of [live, resident]) {
      const cells = [first, last].map((bytes) => (bytes / MIB).toFixed(2).padStart(14)).join('')
      console.log(`${what.padEnd(20)}${String(count).padStart(12)}${cells}${ratio.toFixed(3).padStart(8)}`)
    }
    console.log(`${''.padEnd(20)}${Math.round(count / seconds)} messages a second`)
  }
  console.log(isFlat ? 'memory is flat' : 'memory grows')
}
process.exitCode = isFlat ? 0 : 1

async function timed<T>(run: () => Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> {
  const beganMs = performance.now()
  const result = await run()
  return { result, seconds: (performance.now() - beganMs) / 1000 }
}
