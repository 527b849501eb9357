/** The tree in memory: building it, verifying what it proves, and a checkpoint that extends another one. */
import { randomBytes } from 'node:crypto'
import type { Kernel } from '@talos/kernel'
import {
  CompactRange,
  consistencyProof,
  inclusionProof,
  leafIndex,
  logVerifierKey,
  MAX_TILE_CACHE_BYTES,
  nodeReader,
  openCheckpoint,
  type ReadNode,
  signCheckpoint,
  TILE_BYTES,
  TILE_WIDTH,
  TileBuilder,
  TileCache,
  type TileId,
  treeSize,
  verifyConsistency,
  verifyInclusion,
} from '@talos/merkle'
import type { Scenario } from '../harness/command.ts'
import { type Kernels, kernelList } from '../harness/kernels.ts'
import { repeat, type Subject } from '../harness/measure.ts'
import { importEntry, isInstalled } from '../harness/peers.ts'
import * as floor from './floor.ts'
import { buildSubject, MERKLETREEJS, type Merkletreejs, proofSubject, verifySubject } from './merkletreejs.ts'

export const FLOOR = 'plain hashes'
export const BUILD = 'build-1m'
const PROVE = 'inclusion-hot'
export const VERIFY = 'inclusion-verify'
export const CHECKPOINT = 'checkpoint'
export const BATCH = 'batch-100'

const LEAVES = 1_048_576
/** Their tiles fit into the largest cache, with those above them. */
const CACHED_LEAVES = LEAVES / 2
const LEAF_BYTES = 32
/** Leaves of a batch. */
const CHUNK = 1024
/** A path in a tree of `LEAVES`. */
const PATH = 20
const BATCH_ENTRIES = 100
const ENTRY_BYTES = 300

export function treeScenarios(kernels: Kernels): readonly Scenario[] {
  return [
    scenario(kernels, {
      id: BUILD,
      title: 'A tree of 1,048,576 leaves of 32 B: leaf hashes, tiles, root',
      ours: (kernel) => {
        const bundles = bundlesOf(someLeaves())
        return () => void build(kernel, bundles)
      },
      floor: () => {
        const leaves = floor.prefixLeaves(someLeaves())
        return () => void floor.perfectRoot(floor.leafHashes(leaves))
      },
      peer: (peer) => buildSubject(peer, someLeaves()),
    }),
    scenario(kernels, {
      id: PROVE,
      title: 'An inclusion proof from a tree of 1,048,576 leaves in memory',
      ours: prove,
      peer: (peer) => proofSubject(peer, someLeaves()),
    }),
    scenario(kernels, {
      id: VERIFY,
      title: `Verifying an inclusion proof of ${PATH} hashes`,
      ours: verifyPath,
      floor: () => floor.hashPath(PATH),
      peer: (peer) => verifySubject(peer, someLeaves()),
    }),
    scenario(kernels, {
      id: CHECKPOINT,
      title: 'Verifying a checkpoint and that it extends another one; the floor verifies its signature',
      ours: verifyCheckpoint,
      floor: floor.verifyOne,
    }),
    scenario(kernels, {
      id: BATCH,
      title: `Verifying ${BATCH_ENTRIES} new entries and their checkpoint; the floor: their hashes and one signature`,
      ours: verifyBatch,
      floor: batchFloor,
    }),
  ]
}

interface Case {
  readonly id: string
  readonly title: string
  readonly ours: (kernel: Kernel) => (() => void) | Promise<() => void>
  readonly floor?: () => () => unknown
  readonly peer?: (peer: Merkletreejs) => Subject
}

function scenario(kernels: Kernels, { id, title, ours, floor: floorOf, peer }: Case): Scenario {
  const makers = new Map<string, () => Subject | Promise<Subject>>(
    kernelList(kernels).map((kernel) => {
      const name = `talos ${kernel.name}`
      return [name, async () => repeat(name, await ours(kernel))]
    }),
  )
  if (floorOf !== undefined) makers.set(FLOOR, () => repeat(FLOOR, floorOf()))
  if (peer !== undefined && isInstalled(MERKLETREEJS)) {
    makers.set(MERKLETREEJS, async () => peer(await importEntry<Merkletreejs>(MERKLETREEJS)))
  }
  return {
    id,
    title,
    subjectNames: ['talos native', 'talos portable', FLOOR, ...(peer === undefined ? [] : [MERKLETREEJS])],
    open: async (names) => {
      const subjects: Subject[] = []
      for (const [name, make] of makers) if (names.has(name)) subjects.push(await make())
      return { subjects }
    },
  }
}

function someLeaves(): Uint8Array[] {
  const all = randomBytes(LEAVES * LEAF_BYTES)
  return Array.from({ length: LEAVES }, (_, index) => all.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES))
}

interface Built {
  /** 32 bytes. */
  readonly root: Uint8Array
  readonly tiles: ReadonlyMap<string, Uint8Array>
}

/** Leaves as a log hands them to the kernel: in bundles, with a length before each. */
function bundlesOf(leaves: readonly Uint8Array[]): Uint8Array[] {
  const entryBytes = 2 + LEAF_BYTES
  return Array.from({ length: Math.ceil(leaves.length / CHUNK) }, (_, part) => {
    const some = leaves.slice(part * CHUNK, (part + 1) * CHUNK)
    const bundle = new Uint8Array(some.length * entryBytes)
    for (const [index, leaf] of some.entries()) {
      bundle[index * entryBytes + 1] = LEAF_BYTES
      bundle.set(leaf, index * entryBytes + 2)
    }
    return bundle
  })
}

/** As the log does it: one call of the kernel for a batch, and the tiles that the batch completes. */
function build(kernel: Kernel, bundles: readonly Uint8Array[]): Built {
  const builder = TileBuilder.empty(kernel)
  const tiles = new Map<string, Uint8Array>()
  let [size, edge]: [number, Uint8Array] = [0, new Uint8Array(0)]
  let root = edge
  for (const bundle of bundles) {
    const {
      leafHashes,
      tileRoots,
      edge: grown,
      root: next,
    } = kernel.appendBundle({ size: treeSize(size), edge, bundle })
    for (const { level, index, hashes } of builder.appendRun({ leafHashes, tileRoots })) {
      tiles.set(`${level}/${index}`, hashes)
    }
    size += leafHashes.length / LEAF_BYTES
    edge = grown
    root = next
  }
  for (let level = 0; level < 3; level += 1) {
    const hashes = builder.partial(level)
    if (hashes.length > 0) tiles.set(`${level}/${Math.floor(LEAVES / 256 ** (level + 1))}`, hashes)
  }
  return { root, tiles }
}

function nodesOf(kernel: Kernel): { readonly root: Uint8Array; readonly readNode: ReadNode } {
  const { root, tiles } = build(kernel, bundlesOf(someLeaves()))
  const readTile = ({ level, index }: TileId) => tiles.get(`${level}/${index}`) ?? new Uint8Array(TILE_BYTES)
  return { root, readNode: new TileCache({ readTile, kernel, limitBytes: MAX_TILE_CACHE_BYTES }).readNode }
}

function prove(kernel: Kernel): () => void {
  const { readNode } = nodesOf(kernel)
  const proveOne = (index: number) =>
    inclusionProof({ index: leafIndex(index), size: treeSize(LEAVES), readNode, kernel })
  for (let first = 0; first < CACHED_LEAVES; first += TILE_WIDTH) proveOne(first)
  let index = 0
  return () => {
    index = (index + 7919) % CACHED_LEAVES
    proveOne(index)
  }
}

function verifyPath(kernel: Kernel): () => void {
  const proof = Array.from({ length: PATH }, () => randomBytes(LEAF_BYTES))
  const leafHash = randomBytes(LEAF_BYTES)
  const root = proof.reduce((below: Uint8Array, sibling) => kernel.nodeHash(below, sibling), leafHash)
  const claim = { index: leafIndex(0), size: treeSize(LEAVES), leafHash, proof, root, kernel }
  return () => verifyInclusion(claim)
}

const ORIGIN = 'talos/z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK/1'

/** A log of some hundred thousand entries that grew by a batch: its checkpoint, and what shows that it only grew. */
async function grown(kernel: Kernel, leaves: readonly Uint8Array[]) {
  const seed = randomBytes(LEAF_BYTES)
  const range = CompactRange.empty(kernel)
  const builder = TileBuilder.empty(kernel)
  const tiles = new Map<string, Uint8Array>()
  const add = (more: readonly Uint8Array[]): void => {
    for (const hash of range.appendLeaves(more)) {
      for (const { level, index, hashes } of builder.append(hash)) tiles.set(`${level}/${index}`, hashes)
    }
  }
  const from = 300_000
  const before = someLeaves().slice(0, from)
  for (let start = 0; start < from; start += CHUNK) add(before.slice(start, start + CHUNK))
  const fromRange = { size: range.size, edge: range.edge(), root: range.root() }
  add(leaves)
  const readTile = ({ level, index }: TileId) => tiles.get(`${level}/${index}`) ?? builder.partial(level)
  const to = range.size
  const proof = consistencyProof({ from: treeSize(from), to, readNode: nodeReader(readTile, kernel), kernel })
  const signer = {
    publicKey: kernel.ed25519PublicKey(seed),
    sign: async (text: Uint8Array) => kernel.ed25519Sign(seed, text),
  }
  const note = await signCheckpoint({ origin: ORIGIN, size: to, root: range.root(), signer, kernel })
  const logKey = logVerifierKey({ origin: ORIGIN, publicKey: signer.publicKey, kernel })
  return { from: fromRange, proof, note, logKey }
}

async function verifyCheckpoint(kernel: Kernel): Promise<() => void> {
  const { from, proof, note, logKey } = await grown(kernel, someLeaves().slice(0, BATCH_ENTRIES))
  return () => {
    const { size, root } = openCheckpoint(note, { logKey, kernel })
    verifyConsistency({ from: from.size, to: size, fromRoot: from.root, toRoot: root, proof, kernel })
  }
}

async function verifyBatch(kernel: Kernel): Promise<() => void> {
  const entries = Array.from({ length: BATCH_ENTRIES }, () => randomBytes(ENTRY_BYTES))
  const { from, note, logKey } = await grown(kernel, entries)
  return () => {
    const { size, root } = openCheckpoint(note, { logKey, kernel })
    const range = CompactRange.decode({ kernel, ...from })
    range.appendLeaves(entries)
    if (range.size !== size || Buffer.compare(range.root(), root) !== 0) throw new Error('another tree')
  }
}

function batchFloor(): () => void {
  const entries = floor.prefixLeaves(Array.from({ length: BATCH_ENTRIES }, () => randomBytes(ENTRY_BYTES)))
  const verify = floor.verifyOne()
  const hasher = new floor.NodeHasher()
  return () => {
    const hashes = floor.leafHashes(entries)
    hashes.reduce((below, hash) => hasher.hash(below, hash))
    verify()
  }
}
