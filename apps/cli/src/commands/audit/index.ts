/** `talos audit`: the agent's own log, read, checked, exported and served; and logs of others, followed. Needs no passphrase. */
import type { Command } from 'commander'
import type { Shell } from '../../context.ts'
import { addRoot, addVerify } from './check.ts'
import { addExport } from './export.ts'
import { addFollow } from './follow.ts'
import { addLog } from './log.ts'
import { addServe } from './serve.ts'
import { addShow } from './show.ts'
import { addTail } from './tail.ts'
import { addWitness } from './witness.ts'

export function addAudit(program: Command, shell: Shell): void {
  const audit = program.command('audit').description('read, check and export the audit log, and follow that of others')
  addLog(audit, shell)
  addTail(audit, shell)
  addExport(audit, shell)
  addShow(audit, shell)
  addRoot(audit, shell)
  addVerify(audit, shell)
  addServe(audit, shell)
  addFollow(audit, shell)
  addWitness(audit, shell)
}
