/**
 * Which keys are one agent (spec 08-invocation, clause 8.10). Every signature is by a `did:key`; an agent that rotates keys
 * has a log of them, and a verifier that knows the log takes its keys for one.
 */
import type { Did } from '@talos/contracts'

/**
 * What a verifier knows of a key: in use, replaced in good order, given up because somebody else may have it, or of an agent
 * that is no more.
 */
export type IdentityStanding = 'current' | 'rotated' | 'compromised' | 'deactivated'

export interface IdentityView {
  /** One name for all DIDs of an agent; a DID of which nothing is known is its own. */
  currentOf(did: Did): Did
  /** A DID of which nothing is known is `current`. */
  standingOf(did: Did): IdentityStanding
}

/** Every DID is an agent of its own, and current. */
export const TEXTUAL_IDENTITIES: IdentityView = { currentOf: (did) => did, standingOf: () => 'current' }
