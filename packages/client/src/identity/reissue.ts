/**
 * Grants that end with the key that signed them (spec 21-identity-lifecycle, 21.7): those by a compromised key, which executors
 * refuse, whenever they were made, and leases by any earlier key, since only their issuer renews them. The agent gives the same
 * anew by its next key.
 */
import type { IpldValue } from '@talos/bytes'
import { openDelegation, type VerifiedLink } from '@talos/capability'
import { CAPABILITY_TAG, DELEGATION_TAG, type Did } from '@talos/contracts'
import { openEnvelope, type SignedEnvelope, signEnvelope } from '@talos/identity'
import type { StoredGrant } from '@talos/storage'
import type { Agent } from '../agent.ts'
import { nowS } from '../options.ts'

const NONCE_BYTES = 12

/** A grant of this agent's that is in force, or could be renewed, but for the key that signed it. */
export interface LostGrant {
  readonly stored: StoredGrant
  readonly link: VerifiedLink
}

/**
 * Grants of this agent's own earlier keys that end with these and were neither taken back nor are over, newest first; of a lease
 * its last renewal.
 */
export function lostGrants(agent: Agent): readonly LostGrant[] {
  const { database, kernel, identities, did, clock } = agent
  const now = nowS(clock)
  const lost = database.grants
    .list('issued')
    .filter(({ revokedMs }) => revokedMs === undefined)
    .map((stored) => ({ stored, link: openDelegation(stored.bytes, { kernel }) }))
    .filter(({ link: { issuer, expiresS, lease } }) => {
      if (issuer === did || !identities.isSame(issuer, did) || (expiresS !== null && expiresS <= now)) return false
      return identities.standingOf(issuer) === 'compromised' || (lease !== undefined && lease.n < lease.max)
    })
  const last = new Map<string, LostGrant>()
  for (const one of lost) {
    const { account, lease } = one.link
    if ((last.get(account)?.link.lease?.n ?? -1) < (lease?.n ?? 0)) last.set(account, one)
  }
  return [...last.values()]
}

/** The same terms, by the key of now and for the keys of now; a lease begins anew with the renewals that it had left. */
export async function signAnew(agent: Agent, { stored }: LostGrant): Promise<SignedEnvelope> {
  const { kernel, signer, random, identities } = agent
  const { tag, payload } = openEnvelope(stored.bytes, { kernel, tags: [DELEGATION_TAG, CAPABILITY_TAG] })
  const subject = payload['sub'] as Did | null
  return await signEnvelope({
    tag,
    signer,
    payload: {
      ...payload,
      iss: signer.did,
      aud: identities.currentOf(payload['aud'] as Did),
      sub: subject === null ? null : identities.currentOf(subject),
      nonce: random.bytes(NONCE_BYTES),
      ...(payload['lease'] !== undefined && { lease: leaseAnew(payload['lease']) }),
    },
  })
}

/** Its schema has been checked where the grant was opened. */
function leaseAnew(lease: IpldValue): IpldValue {
  const { term, max, n } = lease as { readonly term: number; readonly max: number; readonly n: number }
  return { term, max: max - n, n: 0 }
}
