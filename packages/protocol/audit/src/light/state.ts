/**
 * What a light client keeps of a log (contracts/spec/24-light-client.md, clause 24.3): canonical JSON of at most 4,096 bytes,
 * however long the log, its key log and its list of revocations are. What stands in it is signed, so that a state which was
 * damaged is noticed when it is read.
 */
import { decodeJcs, encodeJcs, fromBase64url, toBase64url, utf8 } from '@talos/bytes'
import { type Did, parseLightState } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { type LogKeyDelegation, openLogKeyDelegation } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { logVerifierKey, openCheckpoint, type VerifiedCheckpoint, type VerifierKey } from '@talos/merkle'
import { openHead, type RevocationHeadFacts } from './revocation-head.ts'

/** Most bytes of a state; the schema's limits leave no room for more. */
export const LIGHT_STATE_MAX_BYTES = 4096
/** Longest note that is kept, in UTF-16 units: a checkpoint and about ten cosignatures. */
export const LIGHT_NOTE_MAX_CHARS = 2048

/** The followed log as the client knows it: everything was verified. */
export interface FollowedLog {
  /** `did:talos:<SCID>`. */
  readonly identity: Did
  /** `versionId` of the newest entry of the key log. */
  readonly version: string
  readonly logKey: LogKeyDelegation
  /** Its note holds the log's line and the cosignatures that counted. */
  readonly checkpoint: VerifiedCheckpoint
  /** Undefined where the agent has signed none. */
  readonly revocations: RevocationHeadFacts | undefined
}

/** The key that a delegation speaks for. */
export function verifierKeyOf({ origin, logPublicKey }: LogKeyDelegation, kernel: Kernel): VerifierKey {
  return logVerifierKey({ origin, publicKey: logPublicKey, kernel })
}

/** The state as text. */
export function formatLightState({ identity, version, logKey, checkpoint, revocations }: FollowedLog): string {
  return encodeJcs({
    format: 'talos-light/1',
    identity,
    version,
    logKey: toBase64url(logKey.bytes),
    checkpoint: checkpoint.note,
    ...(revocations !== undefined && { revocations: toBase64url(revocations.bytes) }),
  })
}

/** Reads a state and checks each signature in it. @throws TalosError `LIGHT_STATE_INVALID` */
export function readLightState(text: string, kernel: Kernel): FollowedLog {
  try {
    const state = parseLightState(decodeJcs(utf8(text), { maxBytes: LIGHT_STATE_MAX_BYTES, maxDepth: 1 }))
    const logKey = openLogKeyDelegation(fromBase64url(state.logKey), { kernel })
    const checkpoint = openCheckpoint(state.checkpoint, { logKey: verifierKeyOf(logKey, kernel), kernel })
    const revocations = state.revocations === undefined ? undefined : openHead(fromBase64url(state.revocations), kernel)
    return { identity: state.identity, version: state.version, logKey, checkpoint, revocations }
  } catch (cause) {
    throw new TalosError('LIGHT_STATE_INVALID', { reason: 'it is damaged' }, { cause })
  }
}
