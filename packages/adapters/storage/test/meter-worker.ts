/**
 * A process that charges calls of two siblings under one parent until it is killed. It prints, each line in one write:
 *
 *     r                       ready
 *     c CHILD NOWMS BYTES     a call was allowed
 *     s BYTES                 its result was charged
 *     e                       the parent has no calls left
 */
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Secret } from '@talos/bytes'
import { Meter } from '@talos/capability'
import { portableKernel, systemRandom } from '@talos/kernel'
import { AgentDatabase, AgentHome } from '../src/index.ts'
import { family } from './meter-family.ts'

const [root = '', calls = '0'] = process.argv.slice(2)
const folder = new AgentHome({ root }).open('agent')
const storageKey = Secret.of(new Uint8Array(32).fill(7))
const kernel = portableKernel()
const database = AgentDatabase.open({ folder, lock: folder.lock(), storageKey, kernel, random: systemRandom })
const meter = new Meter({ store: database.meters })
const accounts = await family(Number(calls))
writeSync(1, 'r\n')

for (let round = 0; ; round += 1) {
  const child = 1 + (round % 2)
  const charged = accounts.filter((_, index) => index === 0 || index === child)
  const bytes = round % 50
  const nowMs = Date.now()
  const { ticket, cause } = meter.charge(charged, { nowMs, bytes, args: {}, cost: () => undefined })
  if (cause?.code === 'CAPABILITY_CALLS' && cause.details['link'] === 0) {
    writeSync(1, 'e\n')
    break
  }
  if (ticket === undefined) {
    await sleep(1)
    continue
  }
  writeSync(1, `c ${child} ${nowMs} ${bytes}\n`)
  if (meter.settle(ticket, { bytes: 7, nowMs }) === undefined) writeSync(1, 's 7\n')
  if (round % 16 === 0) await sleep(1)
}
