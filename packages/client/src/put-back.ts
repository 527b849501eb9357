/** What an agent does whose records were put back to an earlier time (spec 15-frames 15.9, 21-identity-lifecycle). */
import { MAX_APPROVAL_LIFETIME_S, MAX_LEEWAY_S } from '@talos/capability'
import type { Clock } from '@talos/ports'
import type { AgentDatabase } from '@talos/storage'
import { nowS } from './options.ts'
import { holdSigning } from './witness/hold.ts'
import { forgetWitnessKey } from './witness/own-witness.ts'

/** What was used before is over by then: of all that is used once approvals live longest (19.2). */
const USED_MAX_S = MAX_APPROVAL_LIFETIME_S + MAX_LEEWAY_S

/**
 * What was signed or used since is not known: the own list of revocations signs no head, what may have been used is
 * refused, the key that cosigns others' logs is another one, and the own log signs nothing before a peer has said how far it went.
 *
 * @throws TalosError `STORE_WRITE_FAILED`
 */
export function distrust(
  database: Pick<AgentDatabase, 'transaction' | 'revocations' | 'replay' | 'settings' | 'peers'>,
  clock: Clock,
): void {
  database.transaction(() => {
    database.revocations.suspend(0)
    forgetWitnessKey(database)
    holdSigning(database)
    database.replay.advance(nowS(clock) + USED_MAX_S)
  })
}
