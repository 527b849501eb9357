/** `talos audit`: the agent's own log, read, checked and named by its root. Needs no passphrase. */
import type { Command } from 'commander'
import type { Shell } from '../../context.ts'
import { addRoot, addVerify } from './check.ts'
import { addExport } from './export.ts'
import { addLog } from './log.ts'
import { addServe } from './serve.ts'
import { addShow } from './show.ts'
import { addTail } from './tail.ts'

export function addAudit(program: Command, shell: Shell): void {
  const audit = program.command('audit').description("read and check the agent's audit log")
  addLog(audit, shell)
  addTail(audit, shell)
  addExport(audit, shell)
  addShow(audit, shell)
  addRoot(audit, shell)
  addVerify(audit, shell)
  addServe(audit, shell)
}
