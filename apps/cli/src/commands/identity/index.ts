/** `talos identity`: the agent's durable name, its keys, and what changes them. */
import type { Command } from 'commander'
import type { Shell } from '../../context.ts'
import { addBackup, addRecover, addRestore } from './backup.ts'
import { addDeactivate, addRotate } from './change.ts'
import { addLog, addShow, addVerify } from './look.ts'
import { addResolve } from './resolve.ts'

export function addIdentity(program: Command, shell: Shell): void {
  const identity = program
    .command('identity')
    .description("show, replace, back up, recover and end the agent's identity")
  addShow(identity, shell)
  addLog(identity, shell)
  addVerify(identity, shell)
  addRotate(identity, shell)
  addBackup(identity, shell)
  addRestore(identity, shell)
  addRecover(identity, shell)
  addDeactivate(identity, shell)
  addResolve(identity, shell)
}
