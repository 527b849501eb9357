/**
 * A process that appends to a log until it is killed. It prints, each line in one write:
 *
 *     r                     ready
 *     a INDEX LEAFHASH      the entry was acknowledged
 *     c BASE64              the signed checkpoint was released
 */
import { writeSync } from 'node:fs'
import { AuditLog } from '@talos/audit'
import { auditFiles } from './audit-files.ts'

const [folder = ''] = process.argv.slice(2)
const log = await AuditLog.open(auditFiles(folder))
if (log.fault !== undefined) throw log.fault
writeSync(1, 'r\n')

for (let round = 0; ; round += 1) {
  const events = Array.from({ length: 1 + ((round * 7) % 40) }, () => ({
    kind: 'redact' as const,
    commit: { content: { value: round } },
  }))
  const appended = await Promise.all(events.map((event) => log.append(event)))
  writeSync(1, appended.map((entry) => `a ${entry.index} ${Buffer.from(entry.leafHash).toString('hex')}\n`).join(''))
  if (round % 3 === 0) writeSync(1, `c ${Buffer.from(await log.checkpoint()).toString('base64')}\n`)
}
