/**
 * A log on a small file system of its own, which is filled up, emptied, and made read-only under it. Prints what happened as
 * one line of JSON. For a process in a mount namespace of its own: `node media-steps.ts MOUNTPOINT`.
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { AuditLog } from '@talos/audit'
import { isTalosError } from '@talos/errors'
import { openCheckpoint, verifyConsistency } from '@talos/merkle'
import { auditFiles } from './audit-files.ts'

const MOST_APPENDS = 10_000
const [mount = ''] = process.argv.slice(2)
const folder = join(mount, 'log')
const filler = join(mount, 'filler')
mkdirSync(folder, { mode: 0o700 })

/** Opens the log; where that fails, its files are closed, as whoever gives a store to a log has to. */
async function open(): Promise<AuditLog> {
  const options = auditFiles(folder)
  try {
    return await AuditLog.open(options)
  } catch (error) {
    options.store.close()
    options.index?.close()
    throw error
  }
}

async function outcome(run: () => unknown): Promise<string> {
  try {
    await run()
    return 'done'
  } catch (error) {
    if (!isTalosError(error)) return `a foreign error: ${String(error)}`
    return [error.code, error.details['stored']].filter((part) => part !== undefined).join(' ')
  }
}

function fill(): void {
  for (let bytes = 65_536; bytes >= 1; bytes /= 2) {
    try {
      for (;;) appendFileSync(filler, new Uint8Array(bytes))
    } catch {
      // Full for pieces of this size.
    }
  }
}

function remount(mode: 'ro' | 'rw'): void {
  const { status, stderr } = spawnSync('mount', ['-o', `remount,${mode}`, mount], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

async function appendUntilRefused(log: AuditLog): Promise<{ readonly acknowledged: number; readonly refusal: string }> {
  for (let acknowledged = 0; acknowledged < MOST_APPENDS; acknowledged += 1) {
    const refusal = await outcome(() => log.append({ kind: 'redact', commit: { content: { value: 1 } } }))
    if (refusal !== 'done') return { acknowledged, refusal }
  }
  return { acknowledged: MOST_APPENDS, refusal: 'none' }
}

const options = auditFiles(folder)
const log = await AuditLog.open(options)
for (let count = 0; count < 5; count += 1) await log.append({ kind: 'key.prekeys' })
const first = await log.checkpoint()
await log.append({ kind: 'key.prekeys' })
fill()
const { acknowledged, refusal } = await appendUntilRefused(log)
const again = await outcome(() => log.append({ kind: 'key.prekeys' }))
const checkpointOnFull = await outcome(() => log.checkpoint())
const faultOnFull = log.fault?.code
const sizeOnFull = log.size
rmSync(filler)
const appendAfter = await outcome(() => log.append({ kind: 'key.prekeys' }))
const checkpointAfter = await outcome(() => log.checkpoint())
const verifyAfter = await outcome(() => log.verify())
const from = openCheckpoint(first, { logKey: log.verifierKey, kernel: options.kernel })
const to = openCheckpoint(await log.checkpoint(), { logKey: log.verifierKey, kernel: options.kernel })
const proof = log.reader.consistency({ from: from.size, to: to.size })
verifyConsistency({ from: from.size, to: to.size, fromRoot: from.root, toRoot: to.root, proof, kernel: options.kernel })
const size = log.size
await log.close()

fill()
const openOnFull = await outcome(async () => await (await open()).close())
rmSync(filler)

remount('ro')
const openOnReadOnly = await outcome(async () => await (await open()).close())
remount('rw')
const last = await open()
const sizeAtEnd = last.size
const end = [await outcome(() => last.append({ kind: 'key.prekeys' })), await outcome(() => last.checkpoint())]
await last.verify()
await last.close()

console.log(
  JSON.stringify({
    acknowledged,
    refusal,
    again,
    checkpointOnFull,
    faultOnFull,
    isKept: sizeOnFull === 7 + acknowledged && size === sizeOnFull + 1 && sizeAtEnd === size,
    appendAfter,
    checkpointAfter,
    verifyAfter,
    openOnFull,
    openOnReadOnly,
    end,
  }),
)
