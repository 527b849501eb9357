/**
 * Vectors of receipts, alone and in batches (contracts/spec 09, 9.1 to 9.3). The tree is that of RFC 6962 word for word, the
 * tokens are made by an encoder of their own.
 */
import { type Agent, agent, cbor, linkText, linkTo, type Token, token, type Value } from './capability-tokens.ts'
import { path, sha256, treeHash } from './merkle-tree.ts'

type Payload = { readonly [name: string]: Value }

const RECEIPT = 'talos/receipt@1'
const BATCH = 'talos/receipts@1'
const NOW_MS = 1_767_225_600_000
const EXECUTOR = agent(1)
const INVOCATION = linkTo(Buffer.from('an invocation'))
const BASE = { ran: INVOCATION, outcome: 'allow', request: Buffer.alloc(32, 7), atMs: NOW_MS }
const DENIED = { ...BASE, outcome: 'deny', denial: ['CAPABILITY_DENIED', 'CAPABILITY_EXPIRED'] }
const REFERRED = { ...BASE, outcome: 'refer', denial: ['CAPABILITY_DENIED', 'CAPABILITY_APPROVAL', 'APPROVAL_MISSING'] }

export function receiptCases(): readonly object[] {
  const alone = (payload: Payload): Buffer => token(EXECUTOR, RECEIPT, payload).bytes
  const opens = (payload: Payload, description: string): object =>
    accepted({ clause: '9.1', description }, { bytes: alone(payload), payload, batch: null })
  const refuse = (payload: Payload, error: string, description: string): object =>
    refused({ clause: '9.1', description }, alone(payload), error)
  return [
    opens(BASE, 'a call that was executed'),
    opens(
      { ...BASE, result: Buffer.alloc(32, 9), prev: linkTo(Buffer.from('a receipt')) },
      'with result and predecessor',
    ),
    opens(DENIED, 'a call that was refused'),
    opens(REFERRED, 'a call that was referred'),
    opens({ ...BASE, outcome: 'error' }, 'a call that failed'),
    refuse(
      { ...BASE, denial: ['CAPABILITY_DENIED'] },
      'RECEIPT_INVALID',
      'codes of a denial with a call that was executed',
    ),
    refuse({ ...DENIED, outcome: 'error' }, 'RECEIPT_INVALID', 'codes of a denial with a call that failed'),
    refuse({ ...BASE, outcome: 'deny' }, 'RECEIPT_INVALID', 'a denial without codes'),
    refuse({ ...BASE, outcome: 'refer' }, 'RECEIPT_INVALID', 'a referral that does not say what is missing'),
    refuse({ ...DENIED, denial: [] }, 'SCHEMA_INVALID', 'an empty list of codes'),
    refuse({ ...DENIED, denial: Array(9).fill('CAPABILITY_DENIED') }, 'SCHEMA_INVALID', 'nine codes'),
    refuse({ ...BASE, outcome: 'maybe' }, 'SCHEMA_INVALID', 'an unknown outcome'),
    refuse({ ...BASE, request: Buffer.alloc(31) }, 'SCHEMA_INVALID', 'a commitment of 31 bytes'),
    refuse({ ...BASE, extra: 1 }, 'SCHEMA_INVALID', 'an unknown member'),
    refused(
      { clause: '9.3', description: 'a signature by another key' },
      token(EXECUTOR, RECEIPT, BASE, { corrupt: true }).bytes,
      'ENVELOPE_SIGNATURE',
    ),
    refused(
      { clause: '9.3', description: 'another tag' },
      token(EXECUTOR, 'talos/revoke@1', BASE).bytes,
      'ENVELOPE_TAG',
    ),
    refused({ clause: '9.3', description: 'no bytes' }, Buffer.alloc(0), 'CBOR_INVALID'),
  ]
}

export function receiptBatchCases(): readonly object[] {
  const three = batchOf([BASE, DENIED, REFERRED])
  const many = batchOf(Array.from({ length: 1024 }, (_, index) => ({ ...BASE, atMs: NOW_MS + index })))
  const eleven = batchOf(Array.from({ length: 11 }, (_, index) => ({ ...BASE, atMs: NOW_MS + index })))
  const opens = (batch: Batch, index: number, description: string): object => {
    const { payload } = batch.leaf(index)
    const place = { size: batch.size, index, rootHex: batch.root.toString('hex'), signedMs: NOW_MS + 5 }
    return accepted({ clause: '9.3', description }, { bytes: batch.bytes(index), payload, batch: place })
  }
  return [
    opens(batchOf([BASE]), 0, 'a batch of one'),
    opens(three, 0, 'the first of three'),
    opens(three, 1, 'the second of three'),
    opens(three, 2, 'the third of three, whose path has one hash'),
    opens(eleven, 10, 'the last of eleven'),
    opens(many, 0, 'the first of 1,024'),
    opens(many, 1023, 'the last of 1,024'),
    ...falsePlaces(three),
    ...falseHeads(),
    ...falseContents(),
    ...falseForms(three),
  ]
}

function falsePlaces(batch: Batch): readonly object[] {
  const { content, path } = batch.leaf(1)
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = path
  const refuse = (index: number, hashes: readonly Value[], description: string): object =>
    refused({ clause: '9.3', description }, cbor([content, index, hashes, batch.head.bytes]), 'RECEIPT_BATCH_INVALID')
  const bare = sha256(Buffer.of(0), content)
  const unlabelled = token(EXECUTOR, BATCH, { n: 1, root: bare, atMs: NOW_MS })
  const pair = batchOf([BASE, DENIED])
  return [
    refuse(0, path, 'the path of one place with the number of another'),
    refuse(2, path, 'the number of a place that has a shorter path'),
    refuse(3, path, 'a number past the last'),
    refuse(-1, path, 'a number below the first'),
    refuse(1, [first], 'a hash less'),
    refuse(1, [first, second, second], 'a hash more'),
    refuse(1, [second, first], 'the hashes from the top down'),
    refuse(1, [first, second.subarray(1)], 'a hash of 31 bytes'),
    refuse(1, [first, Buffer.concat([second, Buffer.of(0)])], 'a hash of 33 bytes'),
    refuse(1, [], 'no hashes'),
    refused(
      { clause: '9.3', description: 'a leaf without the text that keeps trees apart' },
      cbor([content, 0, [], unlabelled.bytes]),
      'RECEIPT_BATCH_INVALID',
    ),
    refused(
      { clause: '9.3', description: 'a receipt under the signed root of another batch' },
      cbor([batch.leaf(2).content, 1, [pair.leaf(0).hash], pair.head.bytes]),
      'RECEIPT_BATCH_INVALID',
    ),
  ]
}

function falseHeads(): readonly object[] {
  const leaf = leafOf(BASE)
  const head = { n: 1, root: leaf.hash, atMs: NOW_MS }
  const under = (signed: Token): Buffer => cbor([leaf.content, 0, [], signed.bytes])
  const refuse = (change: Payload, error: string, description: string): object =>
    refused({ clause: '9.3', description }, under(token(EXECUTOR, BATCH, { ...head, ...change })), error)
  return [
    refuse({ n: 0 }, 'SCHEMA_INVALID', 'a batch of none'),
    refuse({ n: 1025 }, 'SCHEMA_INVALID', 'a batch of 1,025'),
    refuse({ n: 2 }, 'RECEIPT_BATCH_INVALID', 'a batch that says to be larger than it is'),
    refuse({ root: Buffer.alloc(31) }, 'SCHEMA_INVALID', 'a root of 31 bytes'),
    refuse({ root: Buffer.alloc(32) }, 'RECEIPT_BATCH_INVALID', 'another root'),
    refuse({ extra: 1 }, 'SCHEMA_INVALID', 'an unknown member of the batch'),
    refused(
      { clause: '9.3', description: 'a batch signed by another key than its issuer’s' },
      under(token(EXECUTOR, BATCH, head, { corrupt: true })),
      'ENVELOPE_SIGNATURE',
    ),
    refused(
      { clause: '9.3', description: 'a batch by another executor than the receipt’s' },
      under(token(agent(2), BATCH, head)),
      'RECEIPT_BATCH_INVALID',
    ),
    refused(
      { clause: '9.3', description: 'a batch of another tag' },
      under(token(EXECUTOR, RECEIPT, head)),
      'ENVELOPE_TAG',
    ),
  ]
}

function falseContents(): readonly object[] {
  const refuse = (content: Buffer, error: string, description: string): object => {
    const head = token(EXECUTOR, BATCH, { n: 1, root: hashLeaf(content), atMs: NOW_MS })
    return refused({ clause: '9.3', description }, cbor([content, 0, [], head.bytes]), error)
  }
  const { outcome: _outcome, ...without } = BASE
  const written = (payload: Payload): Buffer => cbor({ iss: EXECUTOR.did, ...payload })
  return [
    refuse(Buffer.concat([written(BASE), Buffer.of(0)]), 'CBOR_INVALID', 'a byte after the receipt, under a signature'),
    refuse(Buffer.of(0x81, 0x81, 0x81, 0x00), 'INPUT_TOO_DEEP', 'lists in lists, under a signature'),
    refuse(written(without), 'SCHEMA_INVALID', 'a receipt without outcome, under a signature'),
    refuse(written({ ...BASE, outcome: 'deny' }), 'RECEIPT_INVALID', 'a denial without codes, under a signature'),
    refuse(token(EXECUTOR, RECEIPT, BASE).bytes, 'INPUT_TOO_DEEP', 'a signed receipt in place of its payload'),
  ]
}

function falseForms(batch: Batch): readonly object[] {
  const { content, path } = batch.leaf(1)
  const head = batch.head.bytes
  const whole = batch.bytes(1)
  const refuse = (bytes: Buffer, error: string, description: string): object =>
    refused({ clause: '9.3', description }, bytes, error)
  const large = cbor([content, 1, path, Buffer.alloc(16_384 - content.length)])
  return [
    refuse(Buffer.concat([whole, Buffer.of(0)]), 'CBOR_INVALID', 'a byte more'),
    refuse(whole.subarray(0, -1), 'CBOR_INVALID', 'a byte less'),
    refuse(cbor([content, 1, path]), 'ENVELOPE_MALFORMED', 'three items'),
    refuse(cbor([content, 1, path, head, 0]), 'ENVELOPE_MALFORMED', 'five items'),
    refuse(cbor([{ ...BASE }, 1, path, head]), 'RECEIPT_BATCH_INVALID', 'a receipt that is not in a byte string'),
    refuse(cbor([content, '1', path, head]), 'RECEIPT_BATCH_INVALID', 'a number that is a text'),
    refuse(
      cbor([content, 1, Buffer.concat([...path]), head]),
      'RECEIPT_BATCH_INVALID',
      'a path that is one byte string',
    ),
    refuse(cbor([content, 1, [1, 2], head]), 'RECEIPT_BATCH_INVALID', 'a path of integers'),
    refuse(cbor([content, 1, [[Buffer.alloc(32)]], head]), 'INPUT_TOO_DEEP', 'a path of lists'),
    refuse(cbor([content, 1, path, 'head']), 'RECEIPT_BATCH_INVALID', 'an envelope that is a text'),
    refuse(large, 'INPUT_TOO_LARGE', 'more than 16,384 bytes'),
  ]
}

interface Leaf {
  readonly payload: Payload
  readonly content: Buffer
  readonly hash: Buffer
}

interface Batch {
  readonly size: number
  readonly root: Buffer
  readonly head: Token
  leaf(index: number): Leaf & { readonly path: readonly Buffer[] }
  bytes(index: number): Buffer
}

/** A receipt in the middle of a batch of three, the other two unknown. */
export function batchedReceipt(executor: Agent, payload: Payload): Token {
  const content = cbor({ iss: executor.did, ...payload })
  const [before, after] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  const root = sha256(Buffer.of(1), sha256(Buffer.of(1), before, hashLeaf(content)), after)
  const head = token(executor, BATCH, { n: 3, root, atMs: NOW_MS + 5 })
  const bytes = cbor([content, 1, [before, after], head.bytes])
  return { bytes, link: linkTo(bytes) }
}

function batchOf(payloads: readonly Payload[]): Batch {
  const leaves = payloads.map(leafOf)
  const data = leaves.map(({ content }) => dataOf(content))
  const root = treeHash(data)
  const head = token(EXECUTOR, BATCH, { n: leaves.length, root, atMs: NOW_MS + 5 })
  const leaf = (index: number): Leaf & { readonly path: readonly Buffer[] } => {
    const found = leaves[index]
    if (found === undefined) throw new Error('no such leaf')
    return { ...found, path: path(index, data) }
  }
  const bytes = (index: number): Buffer => {
    const { content, path } = leaf(index)
    return cbor([content, index, path, head.bytes])
  }
  return { size: leaves.length, root, head, leaf, bytes }
}

function leafOf(payload: Payload): Leaf {
  const content = cbor({ iss: EXECUTOR.did, ...payload })
  return { payload, content, hash: hashLeaf(content) }
}

/** What the leaf's hash is taken over, after RFC 6962's prefix. */
function dataOf(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${RECEIPT}\0`), content])
}

function hashLeaf(content: Buffer): Buffer {
  return treeHash([dataOf(content)])
}

interface Named {
  readonly clause: string
  readonly description: string
}

function accepted(
  named: Named,
  { bytes, payload, batch }: { readonly bytes: Buffer; readonly payload: Payload; readonly batch: object | null },
): object {
  return {
    ...named,
    valid: true,
    input: { receiptHex: bytes.toString('hex') },
    expected: {
      cid: linkText(linkTo(bytes)),
      issuer: EXECUTOR.did,
      invocation: linkText(INVOCATION),
      outcome: payload['outcome'],
      denial: payload['denial'] ?? [],
      batch,
    },
  }
}

function refused(named: Named, bytes: Buffer, error: string): object {
  return { ...named, valid: false, input: { receiptHex: bytes.toString('hex') }, error }
}
