/** Every case of contracts/vectors/merkle, valid and invalid. */
import { fromHex, toHex } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { loadKernel } from '@talos/kernel'
import {
  leafHash,
  leafIndex,
  openCheckpoint,
  openNote,
  parseVerifierKey,
  rootOf,
  tilePath,
  treeSize,
  verifyConsistency,
  verifyInclusion,
  verifyTlogProof,
} from '@talos/merkle'
import { repoVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')

// biome-ignore lint/suspicious/noExplicitAny: the members of a case depend on its operation
type Input = any

const operations: Readonly<Record<string, (input: Input) => object>> = {
  root: ({ leavesHex }) => {
    const hashes = leavesHex.map((leaf: string) => leafHash(kernel, fromHex(leaf)))
    return { rootHex: toHex(rootOf(hashes, kernel)) }
  },
  inclusion: ({ index, size, leafHashHex, proofHex, rootHex }) => {
    verifyInclusion({
      index: leafIndex(index),
      size: treeSize(size),
      leafHash: fromHex(leafHashHex),
      proof: proofHex.map(fromHex),
      root: fromHex(rootHex),
      kernel,
    })
    return {}
  },
  consistency: ({ from, to, fromRootHex, toRootHex, proofHex }) => {
    verifyConsistency({
      from: treeSize(from),
      to: treeSize(to),
      fromRoot: fromHex(fromRootHex),
      toRoot: fromHex(toRootHex),
      proof: proofHex.map(fromHex),
      kernel,
    })
    return {}
  },
  'verifier-key': ({ text }) => {
    const { name, type, keyId, publicKey } = parseVerifierKey(text, kernel)
    return { name, type, keyIdHex: toHex(keyId), publicKeyHex: toHex(publicKey) }
  },
  'open-note': ({ note, keys }) => {
    const parsed = keys.map((key: string) => parseVerifierKey(key, kernel))
    const { text, signatures, unknown } = openNote(note, { keys: parsed, kernel })
    return { text, signedBy: signatures.map(({ key }) => key.name), unknown }
  },
  'open-checkpoint': ({ note, logKey, witnessKeys }) => {
    const opened = openCheckpoint(note, {
      logKey: parseVerifierKey(logKey, kernel),
      witnessKeys: witnessKeys.map((key: string) => parseVerifierKey(key, kernel)),
      kernel,
    })
    const { origin, size, root, cosignatures } = opened
    const cosigned = cosignatures.map(({ key, timeS }) => ({ name: key.name, timeS }))
    return { origin, size, rootHex: toHex(root), cosignatures: cosigned }
  },
  'tlog-proof': ({ text, logKey, leafHashHex }) => {
    const options = { logKey: parseVerifierKey(logKey, kernel), leafHash: fromHex(leafHashHex), kernel }
    const { index, checkpoint } = verifyTlogProof(text, options)
    return { index, size: checkpoint.size }
  },
  'tile-path': (input) => ({ path: tilePath(input) }),
}

describe.each(['merkle/tree.json', 'merkle/note.json'])('the cases of %s', (path) => {
  it.each(repoVectors(path).cases.map((vector) => ({ ...vector })))('$id: $description', (vector) => {
    const run = operations[String(vector.input['operation'])]!
    const outcome = outcomeOf(() => run(vector.input))
    expect(outcome).toEqual(vector.valid ? { expected: vector.expected } : { error: vector.error })
  })
})

function outcomeOf(run: () => object): object {
  try {
    return { expected: run() }
  } catch (error) {
    return { error: isTalosError(error) ? error.code : String(error) }
  }
}
