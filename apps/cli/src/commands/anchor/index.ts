/** `talos anchor`: the root of an agent's logs in a public chain. */
import type { Command } from 'commander'
import type { Shell } from '../../context.ts'
import { addAnchorExport } from './export.ts'
import { addAnchorInit } from './init.ts'
import { addAnchorNow, addAnchorStatus } from './standing.ts'
import { addAnchorVerify } from './verify.ts'

export function addAnchor(program: Command, shell: Shell): void {
  const anchor = program.command('anchor').description('anchor the audit log on an EVM chain, and check anchors')
  addAnchorInit(anchor, shell)
  addAnchorStatus(anchor, shell)
  addAnchorNow(anchor, shell)
  addAnchorExport(anchor, shell)
  addAnchorVerify(anchor, shell)
}
