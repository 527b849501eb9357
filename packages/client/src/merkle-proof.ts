/**
 * A proof that an agent's log holds an entry: the entry, its tlog-proof, and the identity's word for the log's key.
 *
 * It verifies offline, by anyone, with nothing else at hand (spec 11-checkpoint, 03-identity 3.7).
 */

import { decodeEntry } from '@talos/audit'
import { fromBase64url, toBase64url, toHex } from '@talos/bytes'
import type { AuditEntry, Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { openLogKeyDelegation } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { leafHash, logVerifierKey, verifyTlogProof } from '@talos/merkle'

export interface MerkleProof {
  readonly format: 'talos-merkle-proof/v1'
  /** The exact bytes of the entry, base64url. */
  readonly entry: string
  /** c2sp.org/tlog-proof@v1 text: index, path, signed checkpoint. */
  readonly proof: string
  /** The log-key delegation envelope, base64url. */
  readonly logKey: string
}

export interface VerifiedMerkleProof {
  /** Whose log it is. */
  readonly agent: Did
  readonly entry: AuditEntry
  /** Leaf hash, 64 hex digits. */
  readonly leafHash: string
  readonly origin: string
  readonly treeSize: number
  readonly root: string
}

export function makeMerkleProof(parts: {
  readonly body: Uint8Array
  readonly proof: string
  readonly logKey: Uint8Array
}): MerkleProof {
  return {
    format: 'talos-merkle-proof/v1',
    entry: toBase64url(parts.body),
    proof: parts.proof,
    logKey: toBase64url(parts.logKey),
  }
}

/** @throws TalosError `MERKLE_PROOF_INVALID`; its cause names the step */
export function verifyMerkleProof(proof: MerkleProof, kernel: Kernel): VerifiedMerkleProof {
  try {
    return verify(proof, kernel)
  } catch (cause) {
    if (isTalosError(cause, 'MERKLE_PROOF_INVALID')) throw cause
    const reason = isTalosError(cause) ? cause.code : 'it is malformed'
    throw new TalosError('MERKLE_PROOF_INVALID', { reason }, { cause })
  }
}

function verify(proof: MerkleProof, kernel: Kernel): VerifiedMerkleProof {
  if (proof.format !== 'talos-merkle-proof/v1') throw new TalosError('MERKLE_PROOF_INVALID', { reason: 'its format' })
  const body = fromBase64url(proof.entry)
  const delegation = openLogKeyDelegation(fromBase64url(proof.logKey), { kernel })
  const entry = decodeEntry(body)
  if (entry.agent !== delegation.issuer) {
    throw new TalosError('MERKLE_PROOF_INVALID', { reason: 'the entry is of another agent than the log' })
  }
  const hash = leafHash(kernel, body)
  const logKey = logVerifierKey({ origin: delegation.origin, publicKey: delegation.logPublicKey, kernel })
  const verified = verifyTlogProof(proof.proof, { logKey, leafHash: hash, kernel })
  if (verified.index !== entry.seq) {
    throw new TalosError('MERKLE_PROOF_INVALID', { reason: 'the entry stands at another place' })
  }
  const { origin, size, root } = verified.checkpoint
  return { agent: entry.agent, entry, leafHash: toHex(hash), origin, treeSize: size, root: toHex(root) }
}
