/** Invocations: the signed intent to make one call (spec 08-invocation, clauses 8.1 and 8.2). */
import { INVOCATION_TAG, parseInvocation } from '@talos/contracts'
import { openEnvelope, type SignedEnvelope, type Signer, signEnvelope, type VerifiedEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { type CallTerms, callOf, callPayload, type VerifiedCall } from './call.ts'
import { INVOCATION_MAX_BYTES } from './limits.ts'

export interface InvokeOptions extends CallTerms {
  /** Who calls. */
  readonly signer: Signer
}

/** An invocation whose form and signature are good; whether it is allowed is `authorize`'s to say. */
export type VerifiedInvocation = VerifiedCall

/**
 * Signs an invocation.
 *
 * @throws TalosError `CAPABILITY_OPTION_INVALID`, `CAPABILITY_COMMAND_INVALID`, `SCHEMA_INVALID`, `CBOR_INVALID`,
 *   `INPUT_TOO_LARGE`, `SIGNER_FAILED`
 */
export async function invoke({ signer, ...terms }: InvokeOptions): Promise<SignedEnvelope> {
  const payload = callPayload(signer.did, terms)
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

/** UCAN's own payload under the version of its release candidate, as `iso-ucan` writes it; read, never written. */
const INVOCATION_CANDIDATE_TAG = 'ucan/inv@1.0.0-rc.1'

/** What an invocation's envelope is opened with. */
export const INVOCATION_ENVELOPE = {
  tags: [INVOCATION_TAG, INVOCATION_CANDIDATE_TAG],
  maxBytes: INVOCATION_MAX_BYTES,
} as const

/**
 * Reads an invocation out of its verified envelope.
 *
 * @throws TalosError `SCHEMA_INVALID`, `CAPABILITY_COMMAND_INVALID`
 */
export function invocationOf({ payload, cid, bytes }: VerifiedEnvelope): VerifiedInvocation {
  return callOf(parseInvocation(payload), { cid, bytes })
}
