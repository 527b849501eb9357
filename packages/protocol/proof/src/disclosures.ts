/** Openings of the salted commitments in entries and receipts (spec 12-proof-bundle, clause 12.9). */
import { type AuditEntry, commitTo } from '@talos/audit'
import { fromBase64url, toHex } from '@talos/bytes'
import type { ProofBundleDisclosure } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { type Checks, demand } from './checks.ts'
import type { VerifiedExecution } from './execution.ts'
import type { VerifiedIntent } from './intent.ts'

export interface DisclosureContext {
  readonly checks: Checks
  readonly kernel: Kernel
  readonly intent: VerifiedIntent
  readonly execution: VerifiedExecution
}

export function checkDisclosures(disclosures: readonly ProofBundleDisclosure[], context: DisclosureContext): void {
  const { checks, kernel } = context
  for (const [index, disclosure] of disclosures.entries()) {
    const name = `disclosures[${index}]`
    const commitment = checks.ask(`${name}.form`, 'PROOF_DISCLOSURE_FORM', () => commitmentOf(disclosure, kernel))
    checks.ask(`${name}.opens`, 'PROOF_DISCLOSURE_MISMATCH', () =>
      demand(candidates(disclosure, context).includes(commitment), 'PROOF_DISCLOSURE_MISMATCH', { index }),
    )
  }
}

function commitmentOf(disclosure: ProofBundleDisclosure, kernel: Kernel): string {
  const { path, value, bytes } = disclosure
  const salt = fromBase64url(disclosure.salt)
  const code = 'PROOF_DISCLOSURE_FORM'
  demand(value === undefined || bytes === undefined, code, { reason: 'one has both value and bytes' })
  if (value !== undefined) return toHex(commitTo({ path, salt, value, kernel }))
  demand(bytes !== undefined, code, { reason: 'one has neither value nor bytes' })
  return toHex(commitTo({ path, salt, bytes: fromBase64url(bytes), kernel }))
}

/** What the disclosure may open: the commitments of its layer under its path. */
function candidates({ layer, path }: ProofBundleDisclosure, context: DisclosureContext): readonly string[] {
  const { intent, execution } = context
  const { receipt, entry, invoked } = execution
  if (layer === 'intent') return inEntry(path, intent.entry.entry)
  const ofRequest = path === 'request' || path === 'params' ? [toHex(receipt.requestCommitment)] : []
  const ofResult = path === 'result' && receipt.resultCommitment !== undefined ? [toHex(receipt.resultCommitment)] : []
  const recorded = [entry, ...(invoked === undefined ? [] : [invoked])].flatMap((verified) =>
    inEntry(path, verified.entry),
  )
  return [...ofRequest, ...ofResult, ...recorded]
}

function inEntry(path: ProofBundleDisclosure['path'], { commit }: AuditEntry): readonly string[] {
  return Object.entries({ ...commit }).flatMap(([name, commitment]) => (name === path ? [String(commitment)] : []))
}
