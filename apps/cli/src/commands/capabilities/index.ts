/** `talos capabilities`: what this agent gives, is given, takes back, and what it is worth. */
import type { Command } from 'commander'
import type { Shell } from '../../context.ts'
import { addApprovals, addApprove } from './approve.ts'
import { addExplain } from './explain.ts'
import { addDelegate, addGrant, addRenew } from './grant.ts'
import { addList, addShow } from './look.ts'
import { addRevoke, addRevokeAll } from './revoke.ts'
import { addImport, addVerify } from './verify.ts'

export function addCapabilities(program: Command, shell: Shell): void {
  const capabilities = program
    .command('capabilities')
    .description('give, pass on, renew, explain and take back permissions for tools')
  addGrant(capabilities, shell)
  addDelegate(capabilities, shell)
  addRenew(capabilities, shell)
  addList(capabilities, shell)
  addShow(capabilities, shell)
  addVerify(capabilities, shell)
  addImport(capabilities, shell)
  addExplain(capabilities, shell)
  addApprovals(capabilities, shell)
  addApprove(capabilities, shell)
  addRevoke(capabilities, shell)
  addRevokeAll(capabilities, shell)
}
