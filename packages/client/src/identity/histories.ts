/** Key logs that a proof bundle needs: those of agents that have had other keys (spec 12-proof-bundle, 12.4). */
import { openDelegation } from '@talos/capability'
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import type { ProofParty } from '@talos/proof'
import type { Agent } from '../agent.ts'

/** A side of a call, with its key log where its keys have changed. */
export function partyOf(agent: Agent, { did, logKey }: { readonly did: Did; readonly logKey: Uint8Array }): ProofParty {
  const history = historyOf(agent, did)
  return { did, logKey, ...(history !== undefined && { history }) }
}

/** The key logs of those in a chain that are neither side. Delegations that do not open name nobody. */
export function historiesOf(
  agent: Agent,
  { proofs, sides }: { readonly proofs: readonly Uint8Array[]; readonly sides: readonly Did[] },
): readonly string[] {
  const named = proofs.flatMap((bytes) => namedIn(bytes, agent))
  const others = named.filter((did) => sides.every((side) => !agent.identities.isSame(side, did)))
  const texts = others.map((did) => historyOf(agent, did)).filter((text) => text !== undefined)
  return [...new Set(texts)]
}

/** The text of a key's log; undefined where nothing but its first key is known. */
export function historyOf(agent: Agent, did: Did): string | undefined {
  const identity = agent.identities.find(did)
  if (identity === undefined || identity.versionIds.length < 2) return undefined
  return identity.id === agent.keyLog.name ? agent.keyLog.text : agent.database.identities.log(identity.id)
}

function namedIn(bytes: Uint8Array, { kernel }: Agent): readonly Did[] {
  try {
    const { issuer, audience } = openDelegation(bytes, { kernel })
    return [issuer, audience]
  } catch (error) {
    if (!isTalosError(error)) throw error
    return []
  }
}
