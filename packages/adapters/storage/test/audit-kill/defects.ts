/** The mistakes of {@link DEFECTS}, each planted where it would stand if it were ours. */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { AuditLogOptions, CheckpointGuard } from '@talos/audit'
import { auditFiles } from '../audit-files.ts'
import type { Defect, WriterOrder } from './order.ts'

/** How to open the log of an order, its defect included. */
export function plant({ folder, defect }: WriterOrder): () => AuditLogOptions {
  if (defect === 'synchronous-off' || defect === 'synchronous-normal') weaken(defect)
  return () => {
    const options = auditFiles(folder)
    return { ...options, guard: guardOf(defect, join(folder, 'checkpoint.note'), options.guard) }
  }
}

function weaken(defect: 'synchronous-off' | 'synchronous-normal'): void {
  const exec = Reflect.get(DatabaseSync.prototype, 'exec') as (this: DatabaseSync, sql: string) => void
  const level = defect === 'synchronous-off' ? 'OFF' : 'NORMAL'
  DatabaseSync.prototype.exec = function weak(sql: string): void {
    exec.call(this, sql.replace('synchronous = FULL', `synchronous = ${level}`))
  }
}

/** `bare-guard` writes the note without a flush, `guard-after` says that it is written before it is. */
function guardOf(defect: Defect | undefined, path: string, guard: CheckpointGuard): CheckpointGuard {
  if (defect === 'bare-guard') {
    return {
      read: () => guard.read(),
      write: async (note) => {
        writeFileSync(`${path}.tmp`, note, { mode: 0o600 })
        renameSync(`${path}.tmp`, path)
      },
    }
  }
  if (defect === 'guard-after') {
    return {
      read: () => guard.read(),
      write: async (note) => {
        setTimeout(() => void guard.write(note), 5)
      },
    }
  }
  return guard
}
