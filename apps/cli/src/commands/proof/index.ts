/** `talos proof`: one call as a file that anybody can check, without an agent and without a network. */
import type { Command } from 'commander'
import type { Shell } from '../../context.ts'
import { addProofExport } from './export.ts'
import { addProofHtml } from './html.ts'
import { addProofList } from './list.ts'
import { addProofShow, addProofVerify } from './verify.ts'

export function addProof(program: Command, shell: Shell): void {
  const proof = program.command('proof').description('list, export, show and check proofs of calls')
  addProofList(proof, shell)
  addProofShow(proof, shell)
  addProofVerify(proof, shell)
  addProofExport(proof, shell)
  addProofHtml(proof, shell)
}
