/** Invocations: the signed intent to make one call (spec 08-invocation, clauses 8.1 and 8.2). */
import type { Cid } from '@talos/bytes'
import { type Did, INVOCATION_TAG, type Invocation, parseInvocation } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import {
  type IpldMap,
  openEnvelope,
  type SignedEnvelope,
  type Signer,
  signEnvelope,
  type VerifiedEnvelope,
} from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { parseCommand } from './command.ts'
import { DEFAULT_INVOCATION_LIFETIME_S, INVOCATION_MAX_BYTES, MIN_NONCE_BYTES } from './limits.ts'

export interface InvokeOptions {
  readonly signer: Signer
  /** The executor. */
  readonly audience: Did
  /** Whose resource is called: the executor's own in most cases. */
  readonly subject: Did
  readonly command: string
  /** See `argumentsFromJson`. */
  readonly args: IpldMap
  /** The chain, from the root to the caller; none where the caller is the subject. */
  readonly proofs: readonly Cid[]
  /** At least {@link MIN_NONCE_BYTES} fresh bytes. */
  readonly nonce: Uint8Array
  readonly issuedAtS: number
  /** {@link DEFAULT_INVOCATION_LIFETIME_S} after `issuedAtS` when absent. */
  readonly expiresS?: number
  /** The receipt that led to this call. */
  readonly cause?: Cid
}

/** An invocation whose form and signature are good; whether it is allowed is `authorize`'s to say. */
export interface VerifiedInvocation {
  readonly cid: Cid
  /** The exact bytes. */
  readonly bytes: Uint8Array
  readonly issuer: Did
  readonly subject: Did
  /** The executor: the member `aud`, or the subject where there is none. */
  readonly audience: Did
  readonly command: string
  readonly args: IpldMap
  readonly proofs: readonly Cid[]
  readonly nonce: Uint8Array
  /** null: no end. */
  readonly expiresS: number | null
  readonly issuedAtS: number | undefined
  readonly cause: Cid | undefined
}

/**
 * Signs an invocation.
 *
 * @throws TalosError `CAPABILITY_OPTION_INVALID`, `CAPABILITY_COMMAND_INVALID`, `SCHEMA_INVALID`, `CBOR_INVALID`,
 *   `INPUT_TOO_LARGE`, `SIGNER_FAILED`
 */
export async function invoke(options: InvokeOptions): Promise<SignedEnvelope> {
  const { signer, audience, subject, command, args, proofs, nonce, issuedAtS, cause } = options
  const { expiresS = issuedAtS + DEFAULT_INVOCATION_LIFETIME_S } = options
  if (nonce.length < MIN_NONCE_BYTES) {
    throw new TalosError('CAPABILITY_OPTION_INVALID', {
      option: 'nonce',
      reason: `fewer than ${MIN_NONCE_BYTES} bytes`,
    })
  }
  parseCommand(command)
  const payload: Invocation = parseInvocation({
    iss: signer.did,
    aud: audience,
    sub: subject,
    cmd: command,
    args,
    prf: proofs,
    nonce,
    iat: issuedAtS,
    exp: expiresS,
    ...(cause === undefined ? {} : { cause }),
  })
  return await signEnvelope({ tag: INVOCATION_TAG, payload: { ...payload }, signer, maxBytes: INVOCATION_MAX_BYTES })
}

/**
 * Opens an invocation: size, form, signature, schema, command.
 *
 * @throws TalosError of the envelope, `SCHEMA_INVALID`, `CAPABILITY_COMMAND_INVALID`
 */
export function openInvocation(bytes: Uint8Array, { kernel }: { readonly kernel: Kernel }): VerifiedInvocation {
  return invocationOf(openEnvelope(bytes, { kernel, ...INVOCATION_ENVELOPE }))
}

/** What an invocation's envelope is opened with. */
export const INVOCATION_ENVELOPE = { tags: [INVOCATION_TAG], maxBytes: INVOCATION_MAX_BYTES } as const

/**
 * Reads an invocation out of its verified envelope.
 *
 * @throws TalosError `SCHEMA_INVALID`, `CAPABILITY_COMMAND_INVALID`
 */
export function invocationOf({ payload, cid, bytes }: VerifiedEnvelope): VerifiedInvocation {
  const { iss, sub, aud = sub, cmd, args, prf, nonce, exp, iat, cause } = parseInvocation(payload)
  parseCommand(cmd)
  return {
    cid,
    bytes,
    issuer: iss,
    subject: sub,
    audience: aud,
    command: cmd,
    args,
    proofs: prf,
    nonce,
    expiresS: exp,
    issuedAtS: iat,
    cause,
  }
}
