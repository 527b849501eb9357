// Generated from contracts/schemas/call-to-approve.schema.json by tools/src/generate.ts; do not edit.
import type { IpldValue } from '@talos/bytes'
import { anyIpld, type Check, map, object, optional, ref, run, string } from '../check.ts'
import { checkDid, checkDidKey, type Did, type DidKey } from './common.ts'

/**
 * One exact call that somebody is asked to approve: what the digest of 19-approval is taken of, in full, and why it is
 * made.
 * Specified in 15-frames 15.13.
 */
export type CallToApprove = {
  /** Who is to call. */
  readonly iss: DidKey
  /** Who is to execute. */
  readonly aud: Did
  /** Whose resource it is. */
  readonly sub: Did
  /** The command. */
  readonly cmd: string
  /** The arguments, as the call will carry them. */
  readonly args: { readonly [name: string]: IpldValue }
  /** The caller's own reason; no part of what is approved. */
  readonly why?: string
}

const checkCallToApprove: Check = object({
  iss: ref(() => checkDidKey),
  aud: ref(() => checkDid),
  sub: ref(() => checkDid),
  cmd: string({ minLength: 1, maxLength: 1_024, pattern: /^\/(?:[^/]+(?:\/[^/]+)*)?$/u }),
  args: map(anyIpld, 1_024),
  why: optional(string({ minLength: 1, maxLength: 1_024 })),
})

/** Returns `value` typed as CallToApprove. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseCallToApprove(value: unknown): CallToApprove {
  run('call-to-approve', checkCallToApprove, value)
  return value as CallToApprove
}
