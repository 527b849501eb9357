/**
 * Evidence that an agent signed two lists of revocations which exclude each other (contracts/spec/24-light-client.md, clause
 * 24.8).
 *
 * Two heads of one length with different digests exclude each other as they stand, and so do two of which the shorter list
 * was signed later. Otherwise the longer list is shown to pass, at the length of the shorter one, another digest than that
 * head says: `digest`, and the names that lead from it to the longer head. Nobody but the issuer can make such a chain.
 */
import {
  concatBytes,
  decodeJcs,
  encodeJcs,
  equalBytes,
  fromBase64,
  fromBase64url,
  toBase64,
  toBase64url,
  utf8,
} from '@talos/bytes'
import { type Did, parseRevocationFork, type RevocationFork } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { type KeyStanding, keyOfLog, verifyKeyLog } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { openHead, type RevocationHeadFacts } from './revocation-head.ts'

export const REVOCATION_FORK_FORMAT = 'talos-revocation-fork/v1'
/** Largest evidence: a key log of the largest size that agents tell each other, the longest list, and the two heads. */
export const MAX_REVOCATION_FORK_BYTES = 1_572_864
/** The evidence's own containers are itself and its lists. */
const MAX_DEPTH = 2

export interface MakeRevocationForkOptions {
  /** Two heads by one key, in either order. */
  readonly heads: readonly [RevocationHeadFacts, RevocationHeadFacts]
  /** Where the heads alone do not show it: what the longer list passes at the shorter length, and the names from there on. */
  readonly split?: { readonly digest: Uint8Array; readonly items: readonly Uint8Array[] }
  /** The agent's key log, where it has had more than one key. */
  readonly history?: string
  readonly kernel: Kernel
}

export interface VerifiedRevocationFork {
  /** The key that signed both. */
  readonly issuer: Did
  /** The agent's durable name; undefined where the evidence has no key log. */
  readonly agent: Did | undefined
  /** How the key stands by the key log in the evidence: a compromised one may have been a thief's. */
  readonly standing: KeyStanding
  /** The head of the shorter list. */
  readonly first: RevocationHeadFacts
  readonly second: RevocationHeadFacts
  /** The evidence, as it was verified. */
  readonly text: string
}

/**
 * Writes the evidence of two lists, and verifies it.
 *
 * @throws TalosError `FORK_INVALID` where the two do not exclude each other, `INPUT_TOO_LARGE`
 */
export function makeRevocationFork(options: MakeRevocationForkOptions): VerifiedRevocationFork {
  const { split, history, kernel } = options
  const evidence: RevocationFork = {
    format: REVOCATION_FORK_FORMAT,
    heads: inOrder(options.heads).map(({ bytes }) => toBase64url(bytes)),
    history: history === undefined ? [] : [history],
    ...(split !== undefined && { digest: toBase64(split.digest) }),
    items: (split?.items ?? []).map(toBase64),
  }
  return verifyRevocationFork(encodeJcs(evidence), { kernel })
}

/** Whether a text says of itself that it is such evidence, rather than of a log (23-witness, 23.6). Verifies nothing. */
export function isRevocationFork(text: string): boolean {
  return text.includes(`"format":"${REVOCATION_FORK_FORMAT}"`)
}

/**
 * Verifies the evidence of two lists, with nothing but the evidence.
 *
 * @throws TalosError `INPUT_TOO_LARGE`, `FORK_INVALID` with the cause
 */
export function verifyRevocationFork(text: string, { kernel }: { readonly kernel: Kernel }): VerifiedRevocationFork {
  const bytes = orInvalid(() => utf8(text))
  if (bytes.length > MAX_REVOCATION_FORK_BYTES) {
    throw new TalosError('INPUT_TOO_LARGE', { sizeBytes: bytes.length, limitBytes: MAX_REVOCATION_FORK_BYTES })
  }
  return orInvalid(() => {
    const limits = { maxBytes: MAX_REVOCATION_FORK_BYTES, maxDepth: MAX_DEPTH }
    const evidence = parseRevocationFork(decodeJcs(bytes, limits))
    const [first, second] = evidence.heads.map((head) => openHead(fromBase64url(head), kernel)) as [
      RevocationHeadFacts,
      RevocationHeadFacts,
    ]
    const { issuer } = first
    if (second.issuer !== issuer) throw invalid('the two are by two keys')
    requireContradiction({ evidence, first, second, kernel })
    return { issuer, ...ownerOf(issuer, { evidence, kernel }), first, second, text }
  })
}

/** Whose key it is, by the key log that is there. */
function ownerOf(
  issuer: Did,
  { evidence, kernel }: { readonly evidence: RevocationFork; readonly kernel: Kernel },
): Pick<VerifiedRevocationFork, 'agent' | 'standing'> {
  const [text] = evidence.history
  if (text === undefined) return { agent: undefined, standing: 'current' }
  // Its own clock is the agent's: that an entry is late says nothing of the two heads.
  const keyLog = verifyKeyLog({ kernel, text, nowMs: 0, leewayMs: Number.MAX_SAFE_INTEGER })
  const key = keyOfLog(keyLog, issuer)
  if (key === undefined) throw invalid('its key log has not the key that signed')
  return { agent: keyLog.name, standing: key.standing }
}

function requireContradiction(options: {
  readonly evidence: RevocationFork
  readonly first: RevocationHeadFacts
  readonly second: RevocationHeadFacts
  readonly kernel: Kernel
}): void {
  const { evidence, first, second, kernel } = options
  const { digest, items } = evidence
  if (first.n > second.n) throw invalid('its first head is of the longer list')
  if (digest === undefined) {
    if (items.length > 0) throw invalid('its items begin nowhere')
    if (first.n < second.n && first.atS <= second.atS) throw invalid('the second may continue the first')
    if (first.n === second.n && equalBytes(first.digest, second.digest)) throw invalid('the two are one list')
    return
  }
  const from = fromBase64(digest)
  if (first.n === second.n) throw invalid('two of one length need no items')
  if (equalBytes(from, first.digest)) throw invalid('the second continues the first')
  if (items.length !== second.n - first.n) throw invalid('it has not the items between the two')
  const reached = items.reduce((before, item) => kernel.sha256(concatBytes(before, fromBase64(item))), from)
  if (!equalBytes(reached, second.digest)) throw invalid('its items do not lead to the second head')
}

/** The shorter list first; of one length, in the order of their texts, so that all who see it write the same evidence. */
function inOrder([one, other]: MakeRevocationForkOptions['heads']): MakeRevocationForkOptions['heads'] {
  const isInOrder = one.n === other.n ? toBase64url(one.bytes) < toBase64url(other.bytes) : one.n < other.n
  return isInOrder ? [one, other] : [other, one]
}

function orInvalid<T>(step: () => T): T {
  try {
    return step()
  } catch (cause) {
    if (!isTalosError(cause) || cause.code === 'FORK_INVALID') throw cause
    throw new TalosError('FORK_INVALID', { reason: 'a part of it does not verify' }, { cause })
  }
}

function invalid(reason: string): TalosError {
  return new TalosError('FORK_INVALID', { reason })
}
