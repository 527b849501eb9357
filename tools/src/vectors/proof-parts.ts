/** Commitments to the parts of a call, for the vectors of proof bundles. */
import { disclosedFields } from './audit-fields.ts'

export function partsOfArguments() {
  return disclosedFields({ name: 'arguments', parts: [['/path', '"/srv/a.txt"']] }, 'intent')
}

/** A number that canonical JSON cannot say stands beside one that it can. */
export function partsOfOutput() {
  const parts = [
    ['/rows/0', '7'],
    ['/rows/1', '1.50'],
    ['/note', '"seven"'],
  ] as const
  return disclosedFields({ name: 'output', parts }, 'execution')
}
