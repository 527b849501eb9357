/**
 * Signed evidence in runs: a whole chain of envelopes (04-envelope), entries under one key, leaves of a growing tree
 * (RFC 6962, section 2.1). Each signature is judged alone by the one Ed25519 rule. Specified in 20.17 to 20.19.
 */
import { concatBytes } from '@talos/bytes'
import { requireLength, requireWithin } from './arguments.ts'
import {
  type AppendedLeaves,
  BATCH_MAX_ENTRIES,
  ED25519_SIGNATURE_BYTES,
  type EntriesToVerify,
  type EntryVerdicts,
  type EnvelopeToVerify,
  type EnvelopeVerdict,
  type Kernel,
  type LeavesToAppend,
  SHA256_BYTES,
  VERIFY_MAX_ENVELOPES,
} from './kernel.ts'

/** An array of two items, then a byte string of 64 bytes. */
const ENVELOPE_PREFIX = Uint8Array.of(0x82, 0x58, ED25519_SIGNATURE_BYTES)
const SIGNED_OFFSET = ENVELOPE_PREFIX.length + ED25519_SIGNATURE_BYTES

type Steps = Pick<Kernel, 'sha256' | 'ed25519Verify' | 'leafHashes' | 'nodeHash'>
type EvidenceMethods = Pick<Kernel, 'verifyEnvelopes' | 'verifyEntries' | 'appendLeaves'>

export function evidenceMethods(steps: Steps): EvidenceMethods {
  return {
    verifyEnvelopes: (items) => {
      requireEnvelopes(items)
      return items.map((item) => verdict(steps, item))
    },
    verifyEntries: (input) => verifyEntries(steps, input),
    appendLeaves: (input) => appendLeaves(steps, input),
  }
}

function verdict(steps: Steps, { envelope, publicKey }: EnvelopeToVerify): EnvelopeVerdict {
  const signature = envelope.subarray(ENVELOPE_PREFIX.length, SIGNED_OFFSET)
  // A shorter envelope has a shorter signature, which no key verifies.
  const valid =
    ENVELOPE_PREFIX.every((byte, index) => envelope[index] === byte) &&
    steps.ed25519Verify(publicKey, envelope.subarray(SIGNED_OFFSET), signature)
  return { digest: steps.sha256(envelope), valid }
}

/** Throws `KERNEL_PARAMETER` as 20.17 states it. */
export function requireEnvelopes(items: readonly EnvelopeToVerify[]): void {
  requireWithin('items', items.length, { minimum: 0, maximum: VERIFY_MAX_ENVELOPES })
}

/** Throws `KERNEL_PARAMETER` as 20.18 states it. */
export function requireEntries({ entries, signatures }: EntriesToVerify): void {
  requireWithin('entries', entries.length, { minimum: 0, maximum: BATCH_MAX_ENTRIES })
  requireWithin('signatures', signatures.length, { minimum: entries.length, maximum: entries.length })
}

/** Throws `KERNEL_PARAMETER` and `KERNEL_ARGUMENT` as 20.19 states it. */
export function requireLeaves({ size, edge, leaves }: LeavesToAppend): void {
  requireWithin('leaves', leaves.length, { minimum: 0, maximum: BATCH_MAX_ENTRIES })
  requireWithin('size', size, { minimum: 0, maximum: Number.MAX_SAFE_INTEGER - leaves.length })
  requireLength('edge', edge, SHA256_BYTES * subtreesOf(size))
}

function verifyEntries(steps: Steps, input: EntriesToVerify): EntryVerdicts {
  requireEntries(input)
  const { publicKey, entries, signatures } = input
  const valid = entries.flatMap((entry, index) =>
    signatures.slice(index, index + 1).map((signature) => steps.ed25519Verify(publicKey, entry, signature)),
  )
  return { leafHashes: steps.leafHashes(entries), valid }
}

function appendLeaves(steps: Steps, input: LeavesToAppend): AppendedLeaves {
  requireLeaves(input)
  const { size, edge, leaves } = input
  const roots: Uint8Array[] = []
  for (let start = 0; start < edge.length; start += SHA256_BYTES) roots.push(edge.subarray(start, start + SHA256_BYTES))
  const leafHashes = steps.leafHashes(leaves)
  let before = size
  for (const leafHash of leafHashes) {
    appendOne(steps, { before, roots, leafHash })
    before += 1
  }
  return { leafHashes, edge: concatBytes(...roots) }
}

/** Each trailing 1 bit of the size is a perfect subtree as large as the carried one: the two become one node. */
function appendOne(
  steps: Steps,
  { before, roots, leafHash }: { readonly before: number; readonly roots: Uint8Array[]; readonly leafHash: Uint8Array },
): void {
  let merges = 0
  for (let rest = before; rest % 2 === 1; rest = (rest - 1) / 2) merges += 1
  const merged = roots.splice(roots.length - merges, merges)
  roots.push(merged.reduceRight((right, left) => steps.nodeHash(left, right), leafHash))
}

/** Perfect subtrees of a tree of that size: its 1 bits. */
export function subtreesOf(size: number): number {
  let ones = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2
  return ones
}
