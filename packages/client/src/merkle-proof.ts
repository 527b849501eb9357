/**
 * A proof that an agent's log holds an entry: the entry, its tlog-proof, and the identity's word for the log's key.
 *
 * It verifies offline, by anyone, with nothing else at hand (spec 11-checkpoint, 03-identity 3.7).
 */

import { decodeEntry } from '@talos/audit'
import { fromBase64url, toBase64url, toHex } from '@talos/bytes'
import type { AuditEntry, Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { openLogKeyDelegation, verifyKeyLog } from '@talos/identity'
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
  /** The agent's key log, where another key of it signed the delegation than the one that the log is named by. */
  readonly keyLog?: string
}

export interface VerifiedMerkleProof {
  /** Whose log it is: the key that the agent had when the log began. */
  readonly agent: Did
  /** The key of the agent that lets the log key sign; the same unless the proof has a key log. */
  readonly signer: Did
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
  readonly keyLog?: string
}): MerkleProof {
  return {
    format: 'talos-merkle-proof/v1',
    entry: toBase64url(parts.body),
    proof: parts.proof,
    logKey: toBase64url(parts.logKey),
    ...(parts.keyLog !== undefined && { keyLog: parts.keyLog }),
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
  if (!isOneAgent(proof, { named: entry.agent, signer: delegation.issuer, kernel })) {
    throw new TalosError('MERKLE_PROOF_INVALID', { reason: 'the entry is of another agent than the log' })
  }
  const hash = leafHash(kernel, body)
  const logKey = logVerifierKey({ origin: delegation.origin, publicKey: delegation.logPublicKey, kernel })
  const verified = verifyTlogProof(proof.proof, { logKey, leafHash: hash, kernel })
  if (verified.index !== entry.seq) {
    throw new TalosError('MERKLE_PROOF_INVALID', { reason: 'the entry stands at another place' })
  }
  const { origin, size, root } = verified.checkpoint
  return {
    agent: entry.agent,
    signer: delegation.issuer,
    entry,
    leafHash: toHex(hash),
    origin,
    treeSize: size,
    root: toHex(root),
  }
}

/** One key, or two of one key log, of which the one that signs is not compromised. */
function isOneAgent(
  { keyLog }: MerkleProof,
  { named, signer, kernel }: { readonly named: Did; readonly signer: Did; readonly kernel: Kernel },
): boolean {
  if (keyLog === undefined) return named === signer
  const { keys } = verifyKeyLog({ kernel, text: keyLog, nowMs: 0, leewayMs: Number.MAX_SAFE_INTEGER })
  const isGood = keys.some(({ did, standing }) => did === signer && standing !== 'compromised')
  return isGood && keys.some(({ did }) => did === named)
}
