/**
 * Evidence that a log signed two checkpoints which exclude each other (contracts/spec/23-witness.md, clause 23.6).
 *
 * Two of one size with different roots exclude each other as they stand. Of two sizes, the tree of the larger one is shown
 * to have, at the smaller size, another root than the smaller one says: `root` and the consistency proof from it to the
 * larger. Whoever has the evidence sees it alone, offline: nothing in it is anybody's word but the log's own.
 */
import { decodeJcs, encodeJcs, equalBytes, fromBase64, fromBase64url, toBase64, toBase64url, utf8 } from '@talos/bytes'
import { type Did, type ForkEvidence, parseForkEvidence } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { IdentityBook, identityOf, type KeyStanding, verifyKeyLog } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { HASH_BYTES, openCheckpoint, type TreeSize, type VerifiedCheckpoint, verifyConsistency } from '@talos/merkle'
import { onlySignedBy } from './cosignatures.ts'
import { type LogSigningKey, openLogKey } from './log-keys.ts'

export const FORK_FORMAT = 'talos-fork/v1'
/** Largest evidence: a key log of the largest size that agents tell each other, within JSON, and the rest. */
export const MAX_FORK_BYTES = 1_032_192
/** The evidence's own containers are itself and its lists. */
const MAX_FORK_DEPTH = 2

/** A checkpoint, and the delegation of the key that signed it. */
export interface SignedHead {
  readonly checkpoint: VerifiedCheckpoint
  readonly delegation: Uint8Array
}

export interface MakeForkOptions {
  /** Two heads of one log, in either order. */
  readonly heads: readonly [SignedHead, SignedHead]
  /** For two sizes: the root at the smaller one in the tree of the larger, and the proof from there. */
  readonly split?: { readonly root: Uint8Array; readonly proof: readonly Uint8Array[] }
  /** The agent's key log, where a key other than its first delegated. */
  readonly history?: string | undefined
  readonly kernel: Kernel
}

/** One of the two checkpoints of a fork. */
export interface ForkedHead {
  readonly size: TreeSize
  /** 32 bytes. */
  readonly root: Uint8Array
  /** With the log's signature alone. */
  readonly note: string
  readonly logKey: LogSigningKey
  /** How the key that delegated stands by the key log in the evidence: a compromised one may have been a thief's. */
  readonly standing: KeyStanding
}

export interface VerifiedFork {
  readonly origin: string
  /** The key after which the log is named. */
  readonly agent: Did
  readonly first: ForkedHead
  readonly second: ForkedHead
  /** The evidence, as it was verified. */
  readonly text: string
}

/**
 * Writes the evidence of a fork, and verifies it.
 *
 * @throws TalosError `FORK_INVALID` where the two do not exclude each other
 */
export function makeForkEvidence({ heads, split, history, kernel }: MakeForkOptions): VerifiedFork {
  const [first, second] = inOrder(heads)
  const delegations = [...new Set([first, second].map(({ delegation }) => toBase64url(delegation)))]
  const evidence: ForkEvidence = {
    format: FORK_FORMAT,
    origin: first.checkpoint.origin,
    logKeys: delegations,
    history: history === undefined ? [] : [history],
    first: first.checkpoint.note,
    second: second.checkpoint.note,
    ...(split !== undefined && { root: toBase64(split.root) }),
    proof: (split?.proof ?? []).map(toBase64),
  }
  return verifyForkEvidence(encodeJcs(evidence), { kernel })
}

/**
 * Verifies the evidence of a fork, with nothing but the evidence.
 *
 * @throws TalosError `INPUT_TOO_LARGE`, `FORK_INVALID` with the cause
 */
export function verifyForkEvidence(text: string, { kernel }: { readonly kernel: Kernel }): VerifiedFork {
  const evidence = parseFork(text)
  return { ...orInvalid(() => verify(evidence, kernel)), text }
}

/** The name of the log that evidence is about, before anything of it is verified. Throws as {@link verifyForkEvidence}. */
export function originOfFork(text: string): string {
  return parseFork(text).origin
}

function parseFork(text: string): ForkEvidence {
  const bytes = orInvalid(() => utf8(text))
  if (bytes.length > MAX_FORK_BYTES) {
    throw new TalosError('INPUT_TOO_LARGE', { sizeBytes: bytes.length, limitBytes: MAX_FORK_BYTES })
  }
  const limits = { maxBytes: MAX_FORK_BYTES, maxDepth: MAX_FORK_DEPTH }
  return orInvalid(() => parseForkEvidence(decodeJcs(bytes, limits)))
}

function orInvalid<T>(step: () => T): T {
  try {
    return step()
  } catch (cause) {
    if (!isTalosError(cause) || cause.code === 'FORK_INVALID') throw cause
    throw invalid('a part of it does not verify', cause)
  }
}

function verify(evidence: ForkEvidence, kernel: Kernel): Omit<VerifiedFork, 'text'> {
  const { origin } = evidence
  const agents = new IdentityBook(
    // Its own clock is the log's: that an entry is late says nothing of the two checkpoints.
    evidence.history.map((text) =>
      identityOf(verifyKeyLog({ kernel, text, nowMs: 0, leewayMs: Number.MAX_SAFE_INTEGER })),
    ),
  )
  const keys = evidence.logKeys.map((delegation) => openLogKey(fromBase64url(delegation), { kernel, agents }))
  const head = (note: string): ForkedHead => {
    const { logKey, checkpoint } = openHead(note, { origin, keys, kernel })
    const { size, root } = checkpoint
    return { size, root, note, logKey, standing: agents.standingOf(logKey.issuer) }
  }
  const [first, second] = [head(evidence.first), head(evidence.second)]
  if (keys.some((key) => key !== first.logKey && key !== second.logKey))
    throw invalid('it names a key that signed neither')
  requireContradiction({ ...evidence, first, second, kernel })
  return { origin, agent: first.logKey.agent, first, second }
}

function openHead(
  note: string,
  {
    origin,
    keys,
    kernel,
  }: { readonly origin: string; readonly keys: readonly LogSigningKey[]; readonly kernel: Kernel },
): { readonly logKey: LogSigningKey; readonly checkpoint: VerifiedCheckpoint } {
  const logKey = keys.find(({ key }) => onlySignedBy(note, [key]) === note)
  if (logKey === undefined) throw invalid('a checkpoint is not signed by one of its keys alone')
  if (logKey.origin !== origin) throw invalid('a key of it is of another log')
  return { logKey, checkpoint: openCheckpoint(note, { logKey: logKey.key, kernel }) }
}

interface Contradiction extends Pick<ForkEvidence, 'root' | 'proof'> {
  readonly first: ForkedHead
  readonly second: ForkedHead
  readonly kernel: Kernel
}

function requireContradiction({ first, second, root, proof, kernel }: Contradiction): void {
  if (first.size > second.size) throw invalid('its first checkpoint is the larger one')
  if (first.size === second.size) {
    if (root !== undefined || proof.length > 0) throw invalid('two of one size need no proof')
    if (equalBytes(first.root, second.root)) throw invalid('the two are the same')
    return
  }
  if (root === undefined) throw invalid('two of different sizes need a root')
  const fromRoot = fromBase64(root)
  if (equalBytes(fromRoot, first.root)) throw invalid('the second extends the first')
  const hashes = proof.map(fromBase64)
  verifyConsistency({ from: first.size, to: second.size, fromRoot, toRoot: second.root, proof: hashes, kernel })
}

/** The smaller first; of one size, in the order of their texts, so that all who see a fork write the same evidence. */
function inOrder([one, other]: MakeForkOptions['heads']): MakeForkOptions['heads'] {
  const [a, b] = [one.checkpoint, other.checkpoint]
  const isInOrder = a.size === b.size ? a.note < b.note : a.size < b.size
  return isInOrder ? [one, other] : [other, one]
}

/**
 * The root at `from` that a consistency proof speaks of (RFC 9162, section 2.1.4.2): undefined where it speaks of none,
 * because `from` is a power of two, or because it has not the length that is due.
 */
export function impliedRoot(options: {
  readonly from: number
  readonly to: number
  readonly proof: readonly Uint8Array[]
  readonly kernel: Kernel
}): Uint8Array | undefined {
  const [seed, ...path] = options.proof
  if (seed?.length !== HASH_BYTES || isPerfect(options.from)) return undefined
  let [older, last] = [options.from - 1, options.to - 1]
  const halve = () => {
    older = Math.floor(older / 2)
    last = Math.floor(last / 2)
  }
  while (older % 2 === 1) halve()
  let root = seed
  for (const hash of path) {
    if (hash.length !== HASH_BYTES || last === 0) return undefined
    if (older % 2 === 1 || older === last) {
      root = options.kernel.nodeHash(hash, root)
      while (older % 2 === 0 && older !== 0) halve()
    }
    halve()
  }
  return last === 0 ? root : undefined
}

/** Whether a tree of that size is one perfect subtree, or none. */
function isPerfect(size: number): boolean {
  let rest = size
  while (rest > 1 && rest % 2 === 0) rest /= 2
  return rest <= 1
}

function invalid(reason: string, cause?: unknown): TalosError {
  return new TalosError('FORK_INVALID', { reason }, { cause })
}
