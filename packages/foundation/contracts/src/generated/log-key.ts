// Generated from contracts/schemas/log-key.schema.json by tools/src/generate.ts; do not edit.
import { type Check, object, ref, run, string } from '../check.ts'
import { checkDidKey, checkKey32, checkTimestampS, type DidKey, type Key32, type TimestampS } from './common.ts'

/** Payload tag of the signed envelope that carries Log key delegation. */
export const LOG_KEY_TAG = 'talos/logkey@1'
/**
 * The identity lets a key of its own sign the checkpoints of one audit log.
 * Specified in 03-identity 3.7.
 */
export type LogKey = {
  readonly iss: DidKey
  /** The Ed25519 public key that signs the log's checkpoints. */
  readonly log: Key32
  /** The log's name, the first line of its checkpoints. */
  readonly origin: string
  readonly iat: TimestampS
}

const checkLogKey: Check = object({
  iss: ref(() => checkDidKey),
  log: ref(() => checkKey32),
  origin: string({ minLength: 1, maxLength: 255, pattern: /^[!-*,-~]+$/u }),
  iat: ref(() => checkTimestampS),
})

/** Returns `value` typed as LogKey. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseLogKey(value: unknown): LogKey {
  run('log-key', checkLogKey, value)
  return value as LogKey
}
