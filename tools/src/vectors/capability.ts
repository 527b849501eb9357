/**
 * Vectors of delegation, invocation, receipts and revocations (contracts/spec 07 to 09). Tokens are made with
 * `node:crypto` and an encoder of their own, what is expected is typed in: none of it by the code under test.
 */
import { approvalCases, approvalCheckCases } from './capability-approvals.ts'
import { authorizeCases } from './capability-authorize.ts'
import { callCases, replayCases } from './capability-call.ts'
import { decisionCases } from './capability-decision.ts'
import { argumentCases, commandCases } from './capability-forms.ts'
import { meteringCases } from './capability-metering.ts'
import { policyCases, selectorCases } from './capability-policy.ts'
import { bookCases, headCases, revocationCases } from './capability-revocation.ts'
import { ruleCases } from './capability-rules.ts'
import { argvCases } from './capability-rules-argv.ts'
import { cidrCases } from './capability-rules-cidr.ts'
import { pathCases } from './capability-rules-path.ts'
import { rangeCases } from './capability-rules-range.ts'
import { regexCases } from './capability-rules-regex.ts'
import { urlCases } from './capability-rules-url.ts'
import { receiptBatchCases, receiptCases } from './capability-statements.ts'
import { leaseCases, whenCases } from './capability-terms.ts'
import type { VectorFile } from './vector-file.ts'

export function capabilityVectors(): readonly VectorFile[] {
  return [
    vectorFile('07-delegation', 'command', { subject: 'commands and MCP tool names', cases: commandCases() }),
    vectorFile('07-delegation', 'selector', { subject: 'selectors', cases: selectorCases() }),
    vectorFile('07-delegation', 'policy', { subject: 'the policy language in both readings', cases: policyCases() }),
    vectorFile('07-delegation', 'rules', { subject: 'typed rules and the closed world', cases: ruleCases() }),
    vectorFile('07-delegation', 'rules-range', { subject: 'range on decimals', cases: rangeCases() }),
    vectorFile('07-delegation', 'rules-cidr', { subject: 'addresses and networks', cases: cidrCases() }),
    vectorFile('07-delegation', 'rules-url', { subject: 'URLs', cases: urlCases() }),
    vectorFile('07-delegation', 'rules-argv', { subject: 'command lines', cases: argvCases() }),
    vectorFile('07-delegation', 'rules-regex', { subject: 'patterns', cases: regexCases() }),
    vectorFile('07-delegation', 'path', { subject: 'paths that subpath judges', cases: pathCases() }),
    vectorFile('08-invocation', 'arguments', { subject: 'JSON arguments as IPLD', cases: argumentCases() }),
    vectorFile('08-invocation', 'authorize', { subject: 'authorization of whole calls', cases: authorizeCases() }),
    vectorFile('08-invocation', 'authorize-decision', {
      subject: 'decisions with all that an executor knows and asks',
      cases: decisionCases(),
    }),
    vectorFile('08-invocation', 'call', { subject: 'bare calls and their codes', cases: callCases() }),
    vectorFile('08-invocation', 'replay', { subject: 'the record of used calls', cases: replayCases() }),
    vectorFile('09-receipt-revocation', 'receipt', { subject: 'receipts', cases: receiptCases() }),
    vectorFile('09-receipt-revocation', 'receipt-batch', {
      subject: 'receipts of a batch',
      cases: receiptBatchCases(),
    }),
    vectorFile('19-approval', 'approval', { subject: 'approvals and what they bind', cases: approvalCases() }),
    vectorFile('19-approval', 'approval-check', { subject: 'which approvals count', cases: approvalCheckCases() }),
    vectorFile('09-receipt-revocation', 'revocation', { subject: 'revocations', cases: revocationCases() }),
    vectorFile('09-receipt-revocation', 'revocation-head', { subject: 'heads of lists', cases: headCases() }),
    vectorFile('09-receipt-revocation', 'revocation-book', { subject: 'what counts', cases: bookCases() }),
    vectorFile('16-metering', 'metering', { subject: 'counted limits', cases: meteringCases() }),
    vectorFile('16-metering', 'when', { subject: 'hours and environment', cases: whenCases() }),
    vectorFile('07-delegation', 'lease', { subject: 'leases and their renewals', cases: leaseCases() }),
  ]
}

function vectorFile(
  spec: string,
  name: string,
  { subject, cases }: { readonly subject: string; readonly cases: readonly object[] },
): VectorFile {
  const numbered = cases.map((entry, index) => ({ id: `${name}-${String(index + 1).padStart(3, '0')}`, ...entry }))
  return { path: `capability/${name}.json`, file: { format: 'talos-vectors/1', subject, spec, cases: numbered } }
}
