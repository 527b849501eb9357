/** Vectors of anchors: RLP, statements, and proofs that hold or do not, made without the package under test. */

import { RECORDED_BLOCKS } from './anchor-blocks.ts'
import { type Case, CHECKPOINT, growthCases, leafOf, OTHER, rlpCases, statementCases } from './anchor-forms.ts'
import {
  base64url,
  bytes,
  CONTRACT,
  fill,
  header,
  hex,
  type Item,
  join,
  keccak,
  leafHash,
  logItem,
  nodeHash,
  oneLeaf,
  receipt,
  rlp,
  SENDER,
  TOPIC,
  uint,
  word,
} from './anchor-scene.ts'
import type { VectorFile } from './vector-file.ts'

export function anchorVectors(): VectorFile[] {
  return [
    fileOf('rlp', rlpCases()),
    fileOf('statement', statementCases()),
    fileOf('proof', [...recordedCases(), ...goodCases(), ...refusedCases()]),
    fileOf('growth', growthCases()),
  ]
}

function fileOf(subject: string, cases: readonly Case[]): VectorFile {
  const numbered = cases.map(({ clause, description, input, expected, error }, position) => ({
    id: `anchor-${subject}-${String(position + 1).padStart(3, '0')}`,
    clause,
    description,
    valid: error === undefined,
    input,
    ...(error === undefined ? { expected: expected ?? {} } : { error }),
  }))
  return {
    path: `anchor/${subject}.json`,
    file: { format: 'talos-vectors/1', subject, spec: '25-anchor', cases: numbered },
  }
}

interface Scene {
  readonly header?: Parameters<typeof header>[1]
  readonly receipt?: Parameters<typeof receipt>[1]
  readonly log?: Parameters<typeof logItem>[0]
  readonly logs?: readonly Item[]
  /** Leaves of the log of logs; the statement is the second of three. */
  readonly index?: number
  readonly path?: readonly Uint8Array[]
  readonly node?: (value: Uint8Array) => Uint8Array
  readonly nodes?: readonly Uint8Array[]
  readonly transactionIndex?: number
  readonly logIndex?: number
  readonly contract?: string
  readonly headerBytes?: Uint8Array
}

const LEAVES = [fill(32, 0x11), leafHash(leafOf(CHECKPOINT)), fill(32, 0x33)] as const
const ROOT = nodeHash(nodeHash(LEAVES[0], LEAVES[1]), LEAVES[2])

function sceneOf(scene: Scene = {}) {
  const value = receipt(scene.logs ?? [logItem({ root: ROOT, size: 3, ...scene.log })], scene.receipt)
  const node = (scene.node ?? oneLeaf)(value)
  const head = scene.headerBytes ?? header(keccak(node), scene.header)
  const { index = 1, path = [LEAVES[0], LEAVES[2]] } = scene
  return {
    leaf: { index, path: path.map(base64url) },
    chain: {
      chainId: 8453,
      contract: scene.contract ?? `0x${hex(CONTRACT)}`,
      header: base64url(head),
      receipt: {
        index: scene.transactionIndex ?? 0,
        nodes: (scene.nodes ?? [node]).map(base64url),
        log: scene.logIndex ?? 0,
      },
    },
  }
}

const blockHashOf = (proof: ReturnType<typeof sceneOf>) =>
  hex(keccak(new Uint8Array(Buffer.from(proof.chain.header, 'base64url'))))

function expectedOf(proof: ReturnType<typeof sceneOf>, trusted = 'unverified-header') {
  return {
    chainId: 8453,
    contract: `0x${hex(CONTRACT)}`,
    by: `0x${hex(SENDER)}`,
    blockNumber: 20_000_000,
    blockHashHex: blockHashOf(proof),
    timestampS: 1_800_000_000,
    rootSize: 3,
    rootHex: hex(ROOT),
    trusted,
  }
}

/** Blocks of another implementation: the event is there, by the chain's own hash and root of receipts. */
function recordedCases(): Case[] {
  return RECORDED_BLOCKS.map(({ hash, contract, header: head, receipt: part }) => ({
    clause: '25.7',
    description: `a block of anvil, transaction ${part.index}, ${part.nodes.length} nodes`,
    input: { chain: { chainId: 31_337, contract, header: head, receipt: part } },
    expected: { blockHashHex: hash.slice(2) },
  }))
}

function goodCases(): Case[] {
  const good = (description: string, scene: Scene = {}, clause = '25.7'): Case => {
    const proof = sceneOf(scene)
    return { clause, description, input: { statement: CHECKPOINT, proof }, expected: expectedOf(proof) }
  }
  const trusted = sceneOf()
  return [
    good('a checkpoint in a log of logs of three'),
    ...[
      [15, 'of the beginning'],
      [16, 'since London'],
      [17, 'since Shanghai'],
      [20, 'since Cancun'],
      [22, 'of a fork to come'],
      [32, 'of as many members as may be'],
    ].map(([members, text]) =>
      good(`a header ${text}: ${members} members`, { header: { members: Number(members) } }, '25.5'),
    ),
    good('a receipt without a type', { receipt: { type: new Uint8Array(0) } }, '25.5'),
    good(
      'a deposit of the OP stack, with two members more',
      {
        receipt: { type: Uint8Array.of(0x7e), further: [uint(9), uint(1)] },
      },
      '25.5',
    ),
    good('the second event of its receipt', {
      logs: [logItem({ size: 9 }), logItem({ root: ROOT, size: 3 })],
      logIndex: 1,
    }),
    {
      clause: '25.7',
      description: 'a block that the verifier knows',
      input: { statement: CHECKPOINT, proof: trusted, trustedHashHex: blockHashOf(trusted) },
      expected: expectedOf(trusted, 'header'),
    },
  ]
}

function refusedCases(): Case[] {
  const refused = (error: string, description: string, scene: Scene, clause = '25.7'): Case => ({
    clause,
    description,
    input: { statement: CHECKPOINT, proof: sceneOf(scene) },
    error,
  })
  const form = '25.5'
  const topics = (...all: readonly Uint8Array[]) => ({ log: { topics: all } })
  return [
    refused('ANCHOR_HEADER_INVALID', 'a header of 14 members', { header: { members: 14 } }, form),
    refused('ANCHOR_HEADER_INVALID', 'a header of 33 members', { header: { members: 33 } }, form),
    refused('ANCHOR_HEADER_INVALID', 'a header that is a string', { headerBytes: rlp(fill(600, 1)) }, form),
    refused(
      'ANCHOR_HEADER_INVALID',
      'a header of more than 4,096 bytes',
      { header: { changed: { 12: fill(4_096, 1) } } },
      form,
    ),
    refused(
      'ANCHOR_HEADER_INVALID',
      'a header whose root of receipts is too short',
      { header: { changed: { 5: fill(31, 1) } } },
      form,
    ),
    refused('ANCHOR_HEADER_INVALID', 'a header with a list in it', { header: { changed: { 16: [] } } }, form),
    refused(
      'RLP_INVALID',
      'a header whose number has a zero before it',
      { header: { changed: { 8: bytes('0001') } } },
      form,
    ),
    refused(
      'RLP_INVALID',
      'a header with a byte after it',
      { headerBytes: join(header(fill(32, 1)), Uint8Array.of(0)) },
      form,
    ),
    refused('ANCHOR_RECEIPT_UNPROVEN', 'another root of receipts', { headerBytes: header(fill(32, 1)) }),
    refused('ANCHOR_RECEIPT_UNPROVEN', 'another transaction of the block', { transactionIndex: 1 }),
    refused('ANCHOR_RECEIPT_UNPROVEN', 'a node more', {
      nodes: [oneLeaf(receipt([logItem({ root: ROOT, size: 3 })])), oneLeaf(fill(40, 1))],
    }),
    refused(
      'ANCHOR_RECEIPT_UNPROVEN',
      'a node of three items',
      { node: (value) => rlp([bytes('2080'), value, uint(1)]) },
      form,
    ),
    refused('ANCHOR_RECEIPT_UNPROVEN', 'a node that is a string', { node: () => rlp(fill(40, 1)) }, form),
    refused('ANCHOR_RECEIPT_UNPROVEN', 'a node without a path', { node: (value) => rlp([[], value]) }, form),
    refused('ANCHOR_RECEIPT_UNPROVEN', 'an empty path', { node: (value) => rlp([new Uint8Array(0), value]) }, form),
    refused(
      'ANCHOR_RECEIPT_UNPROVEN',
      'a path with unknown flags',
      { node: (value) => rlp([bytes('4080'), value]) },
      form,
    ),
    refused(
      'ANCHOR_RECEIPT_UNPROVEN',
      'a path whose padding is not zero',
      { node: (value) => rlp([bytes('2180'), value]) },
      form,
    ),
    refused('ANCHOR_RECEIPT_UNPROVEN', 'a path of one digit', { node: (value) => rlp([bytes('38'), value]) }, form),
    refused(
      'ANCHOR_RECEIPT_UNPROVEN',
      'a leaf with a list for its value',
      { node: (value) => rlp([bytes('2080'), [value]]) },
      form,
    ),
    refused(
      'ANCHOR_RECEIPT_UNPROVEN',
      'a leaf that only leads on',
      { node: (value) => rlp([bytes('0080'), keccak(value)]) },
      form,
    ),
    refused(
      'ANCHOR_RECEIPT_UNPROVEN',
      'a branch that ends at the key',
      { node: () => rlp(Array.from({ length: 17 }, () => new Uint8Array(0))) },
      form,
    ),
    refused('ANCHOR_RECEIPT_INVALID', 'a receipt that is a string', { node: () => oneLeaf(rlp(fill(40, 1))) }, form),
    refused(
      'ANCHOR_RECEIPT_INVALID',
      'a receipt of five members',
      { receipt: { type: new Uint8Array(0), further: [uint(1)] } },
      form,
    ),
    refused(
      'ANCHOR_RECEIPT_INVALID',
      'a receipt of a type, of nine members',
      { receipt: { further: [1, 2, 3, 4, 5].map(uint) } },
      form,
    ),
    refused('ANCHOR_RECEIPT_INVALID', 'a root in the place of the status', { receipt: { status: fill(32, 1) } }, form),
    refused('ANCHOR_RECEIPT_INVALID', 'a status of 2', { receipt: { status: uint(2) } }, form),
    refused('ANCHOR_RECEIPT_INVALID', 'a status of one zero', { receipt: { status: Uint8Array.of(0) } }, form),
    refused('ANCHOR_RECEIPT_INVALID', 'a bloom of 255 bytes', { receipt: { bloom: fill(255, 0) } }, form),
    refused(
      'ANCHOR_RECEIPT_INVALID',
      'events that are a string',
      { node: () => oneLeaf(rlp([uint(1), uint(1), fill(256, 0), fill(40, 1)])) },
      form,
    ),
    refused(
      'ANCHOR_RECEIPT_INVALID',
      'more than 4,096 events',
      { logs: Array.from({ length: 4_097 }, () => []) },
      form,
    ),
    refused(
      'ANCHOR_RECEIPT_INVALID',
      'an event of four members',
      { logs: [[CONTRACT, [TOPIC], word(uint(1)), uint(1)]] },
      form,
    ),
    refused('ANCHOR_RECEIPT_INVALID', 'an event that is a string', { logs: [fill(3, 1)] }, form),
    refused('ANCHOR_RECEIPT_INVALID', 'an event of five topics', topics(TOPIC, TOPIC, TOPIC, TOPIC, TOPIC), form),
    refused('ANCHOR_RECEIPT_INVALID', 'a topic of 31 bytes', topics(fill(31, 1)), form),
    refused('ANCHOR_RECEIPT_INVALID', 'an address of 19 bytes', { log: { address: fill(19, 1) } }, form),
    refused('ANCHOR_EVENT_MISMATCH', 'a transaction that failed', { receipt: { status: uint(0) } }),
    refused('ANCHOR_EVENT_MISMATCH', 'an event that is not there', { logIndex: 1 }),
    refused('ANCHOR_EVENT_MISMATCH', 'an event of another contract', { contract: `0x${'ab'.repeat(20)}` }),
    refused('ANCHOR_EVENT_MISMATCH', 'another event', topics(keccak(TOPIC), word(SENDER), ROOT)),
    refused('ANCHOR_EVENT_MISMATCH', 'an event without topics', topics()),
    refused('ANCHOR_EVENT_MISMATCH', 'an event of two topics', topics(TOPIC, word(SENDER))),
    refused('ANCHOR_EVENT_MISMATCH', 'an event of one topic', topics(TOPIC)),
    refused('ANCHOR_EVENT_MISMATCH', 'an event of four topics', topics(TOPIC, word(SENDER), ROOT, ROOT)),
    refused('ANCHOR_EVENT_MISMATCH', 'a sender of more than 20 bytes', topics(TOPIC, fill(32, 1), ROOT)),
    refused('ANCHOR_EVENT_MISMATCH', 'an event of two words of data', { log: { data: fill(64, 0) } }),
    refused('ANCHOR_EVENT_MISMATCH', 'a log of logs without leaves', { log: { size: 0 } }),
    refused('ANCHOR_EVENT_MISMATCH', 'a size of 2^53', { log: { data: word(bytes('20000000000000')) } }),
    refused('ANCHOR_LEAF_UNPROVEN', 'another leaf', { index: 0 }),
    refused('ANCHOR_LEAF_UNPROVEN', 'an index beyond the tree', { index: 3 }),
    refused('ANCHOR_LEAF_UNPROVEN', 'a sibling less', { path: [LEAVES[0]] }),
    refused('ANCHOR_LEAF_UNPROVEN', 'another size', { log: { size: 5 } }),
    {
      clause: '25.7',
      description: 'another statement',
      input: { statement: OTHER, proof: sceneOf() },
      error: 'ANCHOR_LEAF_UNPROVEN',
    },
    {
      clause: '25.7',
      description: 'a header that is no base64url',
      input: { statement: CHECKPOINT, proof: withHeader(`${sceneOf().chain.header}A`) },
      error: 'ANCHOR_FORM_INVALID',
    },
  ]
}

function withHeader(text: string) {
  const proof = sceneOf()
  return { ...proof, chain: { ...proof.chain, header: text } }
}
