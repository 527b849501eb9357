/** What a proof shows of a call, read once more for people: that it is the call's says the report. */
import { decodeJcs, encodeJcs, fromBase64url, fromUtf8 } from '@talos/bytes'
import { argumentsToJson, openInvocation } from '@talos/capability'
import { type ProofBundleDisclosure, parseProofBundle } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { PROOF_BUNDLE_MAX_BYTES } from '@talos/proof'

export interface Contents {
  /** What the caller sent, as JSON; undefined where the proof does not hold the signed call. */
  readonly arguments: string | undefined
  readonly shown: readonly Shown[]
}

/** One part of a call that the proof shows. */
interface Shown {
  /** As `--disclose` names it: a path, and for one part a colon and its pointer. */
  readonly part: string
  /** Whose entry or receipt commits to it. */
  readonly by: 'agent' | 'executor'
  /** JSON, or the bytes as text; where they are no text, in base64url. */
  readonly text: string
}

/** Reads a bundle whose report found nothing wrong. */
export function contentsOf(bundle: Uint8Array, kernel: Kernel): Contents {
  const { intent, disclosures } = parseProofBundle(decodeJcs(bundle, { maxBytes: PROOF_BUNDLE_MAX_BYTES }))
  const call = intent?.invocation
  return {
    arguments: call && textOfArguments(fromBase64url(call), kernel),
    shown: disclosures.map((disclosure) => ({
      part: disclosure.pointer === undefined ? disclosure.path : `${disclosure.path}:${disclosure.pointer}`,
      by: disclosure.layer === 'intent' ? 'agent' : 'executor',
      text: textOf(disclosure),
    })),
  }
}

/** A call may hold what no JSON says; that it was made is proven all the same. */
function textOfArguments(invocation: Uint8Array, kernel: Kernel): string | undefined {
  try {
    return argumentsToJson(openInvocation(invocation, { kernel }).args)
  } catch (error) {
    if (!isTalosError(error, 'CAPABILITY_ARGUMENTS_INVALID')) throw error
    return undefined
  }
}

function textOf({ value, bytes = '' }: ProofBundleDisclosure): string {
  if (value !== undefined) return encodeJcs(value)
  try {
    return fromUtf8(fromBase64url(bytes))
  } catch (error) {
    if (!isTalosError(error)) throw error
    return bytes
  }
}
