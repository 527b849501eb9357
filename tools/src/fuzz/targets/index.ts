/** All targets, in the order in which they run. */
import type { Target } from '../target.ts'
import { anchorTargets } from './anchor.ts'
import { capabilityTargets } from './capability.ts'
import { contractTargets } from './contracts.ts'
import { encodingTargets } from './encodings.ts'
import { evidenceTargets } from './evidence.ts'
import { identityTargets } from './identity.ts'
import { keyLogTargets } from './key-log.ts'
import { lightTargets } from './light.ts'
import { sessionTargets } from './session.ts'
import { wireTargets } from './wire.ts'
import { witnessTargets } from './witness.ts'

/** @param only beginning of the names of those that are wanted; all where it is absent */
export async function allTargets(only = ''): Promise<readonly Target[]> {
  const targets = [
    ...encodingTargets(),
    ...contractTargets(),
    ...identityTargets(),
    ...keyLogTargets(),
    ...(await sessionTargets()),
    ...capabilityTargets(),
    ...evidenceTargets(),
    ...anchorTargets(),
    ...witnessTargets(),
    ...lightTargets(),
    ...wireTargets(),
  ]
  return targets.filter(({ name }) => name.startsWith(only))
}
