/**
 * A witness in a process of its own, to be killed: `witness-worker.ts ROOT BRANCH`. Cosigns one history of a log, entry by
 * entry, from wherever its memory says, and prints each line once it is signed. Histories part after the fourth entry.
 */
import { openLogKey, Witness } from '@talos/audit'
import { Secret, utf8 } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { delegateLogKey, ed25519Signer } from '@talos/identity'
import { portableKernel, systemClock, systemRandom } from '@talos/kernel'
import { consistencyProof, leafHash, type ReadNode, rootOf, signCheckpoint, treeSize } from '@talos/merkle'
import { AgentDatabase, AgentHome } from '../src/index.ts'

const COMMON = 4
const MAX_SIZE = 400

const [root = '', branch = ''] = process.argv.slice(2)
const kernel = portableKernel()
const folder = new AgentHome({ root }).open('agent')
const storageKey = Secret.of(new Uint8Array(32).fill(7))
const database = AgentDatabase.open({ folder, lock: folder.lock(), storageKey, kernel, random: systemRandom })
const signerOf = (byte: number) => {
  const seed = new Uint8Array(32).fill(byte)
  return { publicKey: kernel.ed25519PublicKey(seed), sign: async (text: Uint8Array) => kernel.ed25519Sign(seed, text) }
}
const agent = ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(1)) })
const origin = `talos/${agent.did.slice('did:key:'.length)}/1`
const log = signerOf(2)
const hashes = Array.from({ length: MAX_SIZE }, (_, index) =>
  leafHash(kernel, utf8(index < COMMON ? `${index}` : `${branch}${index}`)),
)
const readNode: ReadNode = (level, index) => rootOf(hashes.slice(index * 2 ** level, (index + 1) * 2 ** level), kernel)

const { bytes } = await delegateLogKey({ signer: agent, logPublicKey: log.publicKey, origin, issuedAtS: 1 })
const witness = new Witness({ store: database.witness, signer: signerOf(3), name: 'w', kernel, clock: systemClock })
witness.learn(openLogKey(bytes, { kernel }), { introducer: agent.did, isKnown: true })
for (let size = 1; size <= MAX_SIZE; size += 1) {
  const tree = rootOf(hashes.slice(0, size), kernel)
  const note = await signCheckpoint({ origin, size: treeSize(size), root: tree, signer: log, kernel })
  const from = witness.record(origin)?.size ?? 0
  if (from > size) continue
  try {
    const proof = consistencyProof({ from: treeSize(from), to: treeSize(size), readNode, kernel })
    const { line } = await witness.addCheckpoint({ note, from, proof })
    process.stdout.write(`${JSON.stringify({ size, note: `${note}${line}` })}\n`)
  } catch (error) {
    if (!isTalosError(error)) throw error
    process.stdout.write(`${JSON.stringify({ refused: error.code })}\n`)
  }
}
process.stdout.write('done\n')
