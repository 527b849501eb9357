/**
 * A process that appends to a log, signs and publishes checkpoints and erases salts until it is killed or done. It says
 * what happened, each line in one write and after it happened:
 *
 *     w                       loaded, waits for a word on its standard input
 *     r                       the log is open
 *     a NAME INDEX HASH [s]   the entry was acknowledged; with s it has a salt
 *     yes NAME                the append failed, and the log says that it was stored all the same
 *     no NAME                 the append failed, and the log says that it was not stored
 *     unknown NAME            the append failed, and the log cannot tell
 *     c BASE64                the signed checkpoint was released
 *     e INDEX                 the salt of the entry was erased
 *     f CODE                  something else was refused
 */
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { AuditLog } from '@talos/audit'
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { plant } from './defects.ts'
import { entryName, type WriterOrder } from './order.ts'
import { Prng } from './prng.ts'

const PEER = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp' as Did
/** One in so many entries has a salted commitment, and one in so many of those is erased. */
const SALTED = 8
const ERASED = 4
const MOST_AT_ONCE = 3
const OPEN_FOR_MS = 40
/** How long the defect `early` answers before it writes. */
const EARLY_MS = 8

const order = JSON.parse(process.argv[2] ?? '') as WriterOrder
const options = plant(order)
let log: AuditLog
let isDone = false

function say(line: string): void {
  writeSync(1, `${line}\n`)
}

function refused(error: unknown): string {
  if (!isTalosError(error)) throw error
  say(`f ${error.code}`)
  return error.code
}

async function append(name: string, prng: Prng): Promise<void> {
  const isSalted = prng.below(SALTED) === 0
  const event = { kind: 'message.send' as const, peer: PEER, message: name }
  if (order.defect === 'early') {
    say(`yes ${name}`)
    await sleep(prng.below(EARLY_MS))
  }
  try {
    const appended = await log.append(isSalted ? { ...event, commit: { content: { value: name } } } : event)
    if (appended === undefined) throw new Error('the log keeps no messages')
    const { index, leafHash } = appended
    say(`a ${name} ${index} ${Buffer.from(leafHash).toString('hex')}${isSalted ? ' s' : ''}`)
    if (isSalted && order.keepsSalts !== true && prng.below(ERASED) === 0) await erase(index)
  } catch (error) {
    const isTold = isTalosError(error, 'AUDIT_APPEND_FAILED')
    say(`${isTold ? error.details['stored'] : 'no'} ${name}`)
    refused(error)
  }
}

async function erase(index: number): Promise<void> {
  try {
    await log.erase(index)
    say(`e ${index}`)
  } catch (error) {
    refused(error)
  }
}

async function call(caller: number): Promise<void> {
  const prng = new Prng(order.seed, 1000 * order.life + caller)
  const { entries = Number.POSITIVE_INFINITY } = order
  for (let number = 0; number < entries; ) {
    const count = Math.min(1 + prng.below(MOST_AT_ONCE), entries - number)
    const names = Array.from({ length: count }, (_, offset) => entryName(order.life, caller, number + offset))
    await Promise.all(names.map((name) => append(name, prng)))
    number += count
    if (order.paceMs > 0) await sleep(prng.below(order.paceMs))
  }
}

async function publish(): Promise<void> {
  const prng = new Prng(order.seed, 1000 * order.life + 998)
  do {
    await sleep(prng.below(order.publishMs))
    try {
      say(`c ${Buffer.from(await log.checkpoint()).toString('base64')}`)
    } catch (error) {
      refused(error)
    }
  } while (!isDone)
}

async function reopen(): Promise<void> {
  const prng = new Prng(order.seed, 1000 * order.life + 999)
  while (!isDone && order.reopens === true) {
    await sleep(prng.below(OPEN_FOR_MS))
    try {
      await log.close()
      log = await open()
    } catch (error) {
      refused(error)
    }
  }
}

async function open(): Promise<AuditLog> {
  const opened = await AuditLog.open(options())
  if (opened.fault !== undefined) say(`f ${opened.fault.code}`)
  return opened
}

function breakDisk(): void {
  for (const fault of order.faults ?? []) writeSync(1, fault)
}

if (order.waits === true) {
  // A process that is killed would leave nothing compiled for the next.
  flushCompileCache()
  say('w')
  process.stdin.once('end', () => process.exit())
  await once(process.stdin, 'data')
}
if (order.faultsFirst === true) breakDisk()
const opened = await open().catch((error: unknown) => void refused(error))
if (opened !== undefined) {
  log = opened
  say('r')
  if (order.faultsFirst !== true) breakDisk()
  const others = [publish(), reopen()]
  await Promise.all(Array.from({ length: order.callers }, (_, caller) => call(caller)))
  isDone = true
  await Promise.all(others)
  await log.close()
}
process.stdin.destroy()
