/** Which evidence of a call lies sealed in the database: whatever holds its arguments or its result, or opens commitments to them. */
import { CALLER_RESPONSE } from '../disclosure.ts'

/** Signed objects of others and receipts say nothing of contents; a signed call is its arguments. */
const WITH_CONTENTS: ReadonlySet<string> = new Set(['invocation', 'call', CALLER_RESPONSE])

/** @param name what the evidence is kept as */
export function isConfidential(name: string): boolean {
  return WITH_CONTENTS.has(name) || name.endsWith('.salt')
}
