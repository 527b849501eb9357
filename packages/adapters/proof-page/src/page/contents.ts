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
  /** What the caller sent, as JSON; undefined where there are no arguments. */
  readonly arguments: string | undefined
  /** From the root to the caller. */
  readonly delegations: readonly DelegationDescription[]
  readonly logs: readonly LogContents[]
  readonly witnesses: readonly string[]
  /** How many lists of revocations there are, and how many revocations of these delegations. */
  readonly revocations: { readonly lists: number; readonly known: number }
  readonly anchors: readonly AnchorContents[]
  readonly shown: readonly Shown[]
}

export interface LogContents {
  readonly side: 'caller' | 'executor'
  readonly origin: string
  readonly index: number
  readonly size: number
  /** Hex. */
  readonly root: string
  /** The later checkpoint that others saw. */
  readonly later: { readonly size: number; readonly root: string; readonly cosignatures: number } | undefined
}

export interface AnchorContents {
  readonly side: string
  readonly chainId: number
  readonly contract: string
}

/** One opened seal. */
export interface Shown {
  readonly what: string
  readonly where: string
  readonly text: string
}

/** Reads a bundle whose report found nothing wrong. */
export function contentsOf(text: string, kernel: Kernel): Contents | undefined {
  const { intent, execution, authority, logs = {}, ...bundle } = read(text)
  if (intent === undefined || execution === undefined || authority === undefined) return undefined
  const { args } = openInvocation(fromBase64url(intent.invocation), { kernel })
  return {
    arguments: Object.keys(args).length === 0 ? undefined : argumentsToJson(args),
    delegations: authority.proofs.map((bytes) => describeDelegation(openDelegation(fromBase64url(bytes), { kernel }))),
    logs: [
      logOf('caller', intent.inclusion, logs.agent?.checkpoint),
      logOf('executor', execution.inclusion, logs.executor?.checkpoint),
    ],
    witnesses: bundle.witnesses.map(({ did }) => did),
    revocations: { lists: authority.heads.length, known: authority.revocations.length },
    anchors: bundle.anchors.map(anchorOf),
    shown: bundle.disclosures.map(shownOf),
  }
}

function read(text: string): ProofBundle {
  return parseProofBundle(decodeJcs(text, { maxBytes: PROOF_BUNDLE_MAX_BYTES }))
}

function logOf(side: LogContents['side'], { proof }: ProofBundleInclusion, later: string | undefined): LogContents {
  const { index, checkpoint } = parseTlogProof(proof)
  const { origin, size, root } = checkpointOf(checkpoint)
  const place = { side, origin, index, size, root: toHex(root) }
  if (later === undefined) return { ...place, later: undefined }
  const seen = checkpointOf(later)
  const cosignatures = splitNote(later).lines.length - 1
  return { ...place, later: { size: seen.size, root: toHex(seen.root), cosignatures } }
}

function checkpointOf(note: string) {
  return parseCheckpoint(splitNote(note).text)
}

function anchorOf(anchor: ProofBundle['anchors'][number]): AnchorContents {
  const { side } = anchor
  const { chain } = anchor as { readonly chain?: { readonly chainId: number; readonly contract: string } }
  return { side, chainId: chain?.chainId ?? 0, contract: chain?.contract ?? '' }
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
