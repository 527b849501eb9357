/** What the vectors of witnessing share: keys from seeds of 32 equal bytes, and a log with two histories. */
import { Secret, toHex, utf8 } from '@talos/bytes'
import { delegateLogKey, ed25519Signer, type Signer } from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import {
  consistencyProof,
  cosignCheckpoint,
  leafHash,
  type NoteSigner,
  type ReadNode,
  rootAt,
  rootOf,
  signCheckpoint,
  treeSize,
} from '@talos/merkle'

export const kernel = portableKernel()
export const NOW_S = 1_800_000_000
export const WITNESS_SEED = 20
/** Size up to which the two histories are one. */
const COMMON = 6

export interface WitnessCase {
  readonly clause: string
  readonly description: string
  readonly input: Readonly<Record<string, unknown>>
  readonly expected?: Readonly<Record<string, unknown>>
  readonly error?: string
}

export function identity(byte: number): Signer {
  return ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(byte)) })
}

export function noteSigner(byte: number): NoteSigner {
  const seed = new Uint8Array(32).fill(byte)
  return { publicKey: kernel.ed25519PublicKey(seed), sign: async (message) => kernel.ed25519Sign(seed, message) }
}

export const AGENT = identity(10)
export const LOG_SEED = 11
export const ORIGIN = `talos/${AGENT.did.slice('did:key:'.length)}/1`

export async function delegation({
  by = AGENT,
  logSeed = LOG_SEED,
  origin = ORIGIN,
}: {
  readonly by?: Signer
  readonly logSeed?: number
  readonly origin?: string
} = {}): Promise<Uint8Array> {
  const logPublicKey = noteSigner(logSeed).publicKey
  return (await delegateLogKey({ signer: by, logPublicKey, origin, issuedAtS: NOW_S })).bytes
}

/** A history of the log: leaves 0, 1, ... up to {@link COMMON}, then those of the branch. */
export class History {
  readonly #hashes: readonly Uint8Array[]
  readonly #signer: NoteSigner
  readonly #origin: string

  constructor(branch: string, { logSeed = LOG_SEED, origin = ORIGIN } = {}) {
    const names = Array.from({ length: 20 }, (_, index) => (index < COMMON ? `${index}` : `${branch}${index}`))
    this.#hashes = names.map((name) => leafHash(kernel, utf8(name)))
    this.#signer = noteSigner(logSeed)
    this.#origin = origin
  }

  readonly #readNode: ReadNode = (level, index) => {
    const width = 2 ** level
    return rootOf(this.#hashes.slice(index * width, (index + 1) * width), kernel)
  }

  root(size: number): Uint8Array {
    return rootAt({ size: treeSize(size), readNode: this.#readNode, kernel })
  }

  proof(from: number, to: number): Uint8Array[] {
    return consistencyProof({ from: treeSize(from), to: treeSize(to), readNode: this.#readNode, kernel })
  }

  async note(size: number): Promise<string> {
    const root = this.root(size)
    return await signCheckpoint({ origin: this.#origin, size: treeSize(size), root, signer: this.#signer, kernel })
  }

  /** The members of an offer: `note`, `from`, `proofHex` and `rootHex`. */
  async offer(from: number, size: number): Promise<Record<string, unknown>> {
    const proofHex = this.proof(from, size).map(toHex)
    return { note: await this.note(size), from, proofHex, rootHex: toHex(this.root(from)) }
  }
}

export async function cosigned(note: string, names: Readonly<Record<string, number>>): Promise<string> {
  let all = note
  for (const [name, seed] of Object.entries(names)) {
    all = await cosignCheckpoint({ note: all, name, signer: noteSigner(seed), timeS: NOW_S + seed, kernel })
  }
  return all
}
