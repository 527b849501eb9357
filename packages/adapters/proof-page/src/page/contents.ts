/** What a bundle that verified holds, read once more for people: that it is true says the report. */
import { decodeJcs, encodeJcs, fromBase64url, fromUtf8, type JsonValue, toHex } from '@talos/bytes'
import {
  argumentsToJson,
  type DelegationDescription,
  describeDelegation,
  openDelegation,
  openInvocation,
} from '@talos/capability'
import {
  type ProofBundle,
  type ProofBundleDisclosure,
  type ProofBundleInclusion,
  parseProofBundle,
} from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { parseCheckpoint, parseTlogProof, splitNote } from '@talos/merkle'
import { PROOF_BUNDLE_MAX_BYTES } from '@talos/proof'

export interface Contents {
  /** What the caller sent, as JSON; undefined where there are no arguments, or where they are hidden. */
  readonly arguments: string | undefined
  /** From the root to the caller; undefined for what nobody can open, which a refusal may rest on. */
  readonly delegations: readonly (DelegationDescription | undefined)[]
  readonly logs: readonly LogContents[]
  /** How many revocations of these delegations the bundle holds. */
  readonly revocations: number
  readonly shown: readonly Shown[]
}

export interface LogContents {
  readonly side: 'caller' | 'executor'
  readonly origin: string
  readonly index: number
  readonly size: number
  /** Hex. */
  readonly root: string
  /** Root of the later checkpoint, hex. */
  readonly laterRoot: string | undefined
}

/** One opened seal. */
export interface Shown {
  readonly what: string
  readonly where: string
  readonly text: string
}

/** Reads a bundle whose report found nothing wrong. */
export function contentsOf(text: string, kernel: Kernel): Contents | undefined {
  const { intent, execution, authority, logs = {}, disclosures } = read(text)
  if (intent === undefined || execution === undefined || authority === undefined) return undefined
  return {
    arguments: intent.invocation === undefined ? undefined : argumentsOf(intent.invocation, kernel),
    delegations: authority.proofs.map((bytes) => delegationIn(bytes, kernel)),
    logs: [
      logOf('caller', intent.inclusion, logs.agent?.checkpoint),
      logOf('executor', execution.inclusion, logs.executor?.checkpoint),
    ],
    revocations: authority.revocations.length,
    shown: disclosures.map(shownOf),
  }
}

/** A call may hold what no JSON says; that it was made is proven all the same. */
function textOfArguments(args: Parameters<typeof argumentsToJson>[0]): string {
  try {
    return argumentsToJson(args)
  } catch {
    return 'Values that no JSON has: they stand in the file alone.'
  }
}

function argumentsOf(invocation: string, kernel: Kernel): string | undefined {
  const { args } = openInvocation(fromBase64url(invocation), { kernel })
  return Object.keys(args).length === 0 ? undefined : textOfArguments(args)
}

function delegationIn(bytes: string, kernel: Kernel): DelegationDescription | undefined {
  try {
    return describeDelegation(openDelegation(fromBase64url(bytes), { kernel }))
  } catch {
    return undefined
  }
}

function read(text: string): ProofBundle {
  return parseProofBundle(decodeJcs(text, { maxBytes: PROOF_BUNDLE_MAX_BYTES }))
}

function logOf(side: LogContents['side'], { proof }: ProofBundleInclusion, later: string | undefined): LogContents {
  const { index, checkpoint } = parseTlogProof(proof)
  const { origin, size, root } = checkpointOf(checkpoint)
  const laterRoot = later === undefined ? undefined : toHex(checkpointOf(later).root)
  return { side, origin, index, size, root: toHex(root), laterRoot }
}

function checkpointOf(note: string) {
  return parseCheckpoint(splitNote(note).text)
}

const WHATS: Readonly<Record<ProofBundleDisclosure['path'], string>> = {
  arguments: 'argument',
  output: 'part of the result',
  params: 'request',
  request: 'request',
  result: 'result',
  content: 'content',
}

function shownOf({ layer, path, pointer, value, bytes = '' }: ProofBundleDisclosure): Shown {
  const side = layer === 'intent' ? 'caller' : 'executor'
  const where = pointer === undefined ? 'all of it' : pointer === '' ? 'the whole' : pointer
  return {
    what: `${WHATS[path]}, as the ${side} sealed it`,
    where,
    text: value === undefined ? textOf(bytes) : readable(value),
  }
}

function readable(value: JsonValue): string {
  return typeof value === 'string' ? value : encodeJcs(value)
}

function textOf(bytes: string): string {
  const raw = fromBase64url(bytes)
  try {
    return fromUtf8(raw)
  } catch {
    return `${raw.length} bytes: ${toHex(raw)}`
  }
}
