/** The parts of a simulated agent that schedules share: keys, and a kernel that repeats. */
import { Secret } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { ed25519Signer, type Signer } from '@talos/identity'
import {
  AEAD_NONCE_BYTES,
  AEAD_TAG_BYTES,
  type Kernel,
  MLKEM768_RANDOMNESS_BYTES,
  RATCHET_COMMITMENT_BYTES,
} from '@talos/kernel'
import type { Random } from '@talos/ports'
import { Prng } from './prng.ts'

/** What a simulated agent is, whatever happens to it. */
export interface Identity {
  readonly name: string
  readonly did: Did
  readonly signer: Signer
  readonly sessionKey: Secret
}

/** Both agents of every schedule; made once per process. */
export function makeIdentities(kernel: Kernel): readonly [Identity, Identity] {
  const prng = new Prng(1, 0)
  const make = (name: string): Identity => {
    const signer = ed25519Signer({ kernel, seed: Secret.random(prng, 32) })
    return { name, did: signer.did, signer, sessionKey: Secret.random(prng, 32) }
  }
  return [make('alice'), make('bob')]
}

/** Told what was sealed: the message's key commitment and its plain header. */
export type SealWatch = (commitment: Uint8Array, header: Uint8Array) => void

/**
 * A kernel whose encapsulations repeat with `random`, and that tells of every message that it seals. Signatures that were
 * verified before are not verified again: every schedule shows the same bundles.
 */
export function simulationKernel(
  base: Kernel,
  parts: { readonly random: Random; readonly onSeal: SealWatch; readonly verified: Map<string, boolean> },
): Kernel {
  const { random, onSeal, verified } = parts
  return {
    ...base,
    mlkem768Encapsulate: (key, randomness) =>
      base.mlkem768Encapsulate(key, randomness ?? random.bytes(MLKEM768_RANDOMNESS_BYTES)),
    handshakeInitiate: (input) =>
      base.handshakeInitiate({
        ...input,
        kemRandomness: input.kemRandomness ?? random.bytes(MLKEM768_RANDOMNESS_BYTES),
      }),
    ratchetSeal: (input) => {
      const sealed = base.ratchetSeal(input)
      const commitmentAt = input.prefix.length + AEAD_NONCE_BYTES + input.header.length + AEAD_TAG_BYTES
      onSeal(sealed.message.subarray(commitmentAt, commitmentAt + RATCHET_COMMITMENT_BYTES), input.header)
      return sealed
    },
    ed25519Verify: (publicKey, message, signature) => {
      if (message.length < 1_000) return base.ed25519Verify(publicKey, message, signature)
      const key = Buffer.concat([publicKey, signature, message]).toString('latin1')
      const known = verified.get(key) ?? base.ed25519Verify(publicKey, message, signature)
      if (verified.size < 64) verified.set(key, known)
      return known
    },
  }
}
