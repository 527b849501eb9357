// Generated from contracts/schemas/light-state.schema.json by tools/src/generate.ts; do not edit.
import { type Check, object, oneOfValues, optional, ref, run, string } from '../check.ts'
import { checkDid, type Did } from './common.ts'

/**
 * What a follower of one agent's log keeps between two updates: never more, however long the log is.
 * Specified in 24-light-client 24.3.
 */
export type LightState = {
  readonly format: 'talos-light/1'
  /** The agent's durable name: `did:talos` with the SCID of its key log. */
  readonly identity: Did
  /** The `versionId` (18-key-log 18.3) of the newest entry of the key log that is known. */
  readonly version: string
  /** The newest delegation (03-identity 3.7) of the log's key, in base64url. */
  readonly logKey: string
  /**
   * The last checkpoint that was accepted: the log's line, and the cosignatures that counted for the policy, as far as
   * there is room.
   */
  readonly checkpoint: string
  /**
   * The newest head (09-receipt-revocation 9.6) of the agent's list of revocations, in base64url; absent where none is
   * known.
   */
  readonly revocations?: string
}

const checkLightState: Check = object({
  format: oneOfValues('talos-light/1'),
  identity: ref(() => checkDid),
  version: string({ maxLength: 51, pattern: /^[1-9][0-9]{0,3}-[1-9A-HJ-NP-Za-km-z]{46}$/u }),
  logKey: string({ minLength: 1, maxLength: 640, pattern: /^[A-Za-z0-9_-]+$/u }),
  checkpoint: string({ minLength: 1, maxLength: 2_048 }),
  revocations: optional(string({ minLength: 1, maxLength: 640, pattern: /^[A-Za-z0-9_-]+$/u })),
})

/** Returns `value` typed as LightState. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseLightState(value: unknown): LightState {
  run('light-state', checkLightState, value)
  return value as LightState
}
