/**
 * A process that appends one entry after the other to the log of a folder, as often as it is told, and says so:
 *
 *     r            ready
 *     a INDEX      the entry is durable
 *     c SIZE       a checkpoint of so many entries is signed
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { openLog } from './world.ts'

const [folder = ''] = process.argv.slice(2)
await using log = await openLog(folder)
writeSync(1, 'r\n')
for await (const line of createInterface({ input: process.stdin })) {
  for (let count = Number(line); count > 0; count -= 1) {
    const appended = await log.append({ kind: 'key.prekeys' })
    if (appended === undefined) throw new Error('the level leaves the entry out')
    const { index } = appended
    writeSync(1, `a ${index}\n`)
    if (index % 16 !== 0) continue
    await log.checkpoint()
    writeSync(1, `c ${log.size}\n`)
  }
}
