/** Vectors of 15-frames: application frames inside a session, as bytes. */
import { createHash } from 'node:crypto'
import { Cid, concatBytes, encodeCbor, type IpldValue, toHex, utf8 } from '@talos/bytes'
import type { VectorFile } from './vector-file.ts'

const filled = (byte: number, length: number) => new Uint8Array(length).fill(byte)
const CID = Cid.fromSha256(filled(7, 32))
const DID = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
const OTHER = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'

interface Case {
  readonly id: string
  readonly clause: string
  readonly description: string
  readonly valid: boolean
  readonly input: { readonly frameHex: string }
  readonly expected?: { readonly t: string }
  readonly error?: string
}

const WITNESS = { did: DID, logKey: filled(6, 100), history: '' }
const NOTHING_FOUND = {
  t: 'answer',
  request: 2,
  found: false,
  logKey: new Uint8Array(0),
  inclusions: [],
  revocations: [],
  heads: [],
  witnesses: [],
  anchors: [],
}

const OBSERVE = {
  t: 'observe',
  request: 1,
  checkpoint: 'a note\n',
  from: 5,
  root: filled(1, 32),
  proof: [filled(2, 32)],
  logKey: filled(3, 100),
}

/** What a valid frame of each kind holds. */
const FRAMES: readonly (readonly [
  clause: string,
  frame: { readonly t: string; readonly [name: string]: IpldValue },
])[] = [
  ['15.1', { t: 'greeting' }],
  ['15.3', { t: 'message', body: utf8('Hello!') }],
  ['15.3', { t: 'message', body: new Uint8Array(0) }],
  ['15.5', { t: 'authority', kind: 'delegation', label: 'reading', bytes: filled(1, 64) }],
  ['15.5', { t: 'authority', kind: 'revocation', label: '', bytes: filled(2, 64) }],
  ['15.6', { t: 'ask', request: 1, invocation: CID }],
  [
    '15.6',
    {
      t: 'answer',
      request: 1,
      found: true,
      logKey: filled(3, 100),
      inclusions: [{ entry: utf8('{}'), proof: 'c2sp.org/tlog-proof@v1\n' }],
      revocations: [filled(4, 80)],
      heads: [
        { head: filled(1, 90), items: [filled(4, 80)] },
        { head: filled(2, 90), items: [] },
      ],
      log: { checkpoint: 'a note\n', consistency: [filled(5, 32)] },
      witnesses: [WITNESS],
      anchors: [utf8('{}')],
    },
  ],
  ['15.6', NOTHING_FOUND],
  ['15.4', { t: 'open', channel: 1, protocol: 'talos/mcp/1', name: 'files' }],
  ['15.4', { t: 'data', channel: 1, sequence: 0, last: false, body: filled(5, 3) }],
  ['15.4', { t: 'close', channel: 1, reason: 'done' }],
  ['15.11', { t: 'pull', issuer: DID, after: 0 }],
  ['15.11', { t: 'revocations', issuer: DID, after: 7, items: [filled(6, 200), filled(7, 200)], head: filled(8, 200) }],
  ['15.11', { t: 'revocations', issuer: DID, after: 0, items: [], head: filled(8, 200) }],
  ['15.12', { t: 'renew', capability: CID }],
  ['15.13', { t: 'consult', call: filled(9, 300) }],
  ['15.13', { t: 'authority', kind: 'approval', label: '', bytes: filled(1, 64) }],
  ['15.14', OBSERVE],
  ['15.14', { t: 'recall', request: 1, origin: 'talos/z6Mk/1' }],
  ['15.14', { t: 'cosigned', request: 1, line: '— w AAAA\n', logKey: filled(3, 100) }],
  ['15.14', { t: 'behind', request: 1, size: 0 }],
  ['15.14', { t: 'behind', request: 1, size: 7, note: 'a note\n', code: 'WITNESS_FULL' }],
  ['15.14', { t: 'heads', heads: [{ note: 'a note\n', logKey: filled(3, 100) }] }],
  ['15.14', { t: 'fork', evidence: utf8('{}') }],
]

/** Frames that look like one and are none. */
function refused(): readonly (readonly [clause: string, description: string, bytes: Uint8Array])[] {
  const of = (value: IpldValue) => encodeCbor(value)
  const message = of({ t: 'message', body: utf8('Hello!') })
  return [
    ['15.1', 'nothing at all', new Uint8Array(0)],
    ['15.1', 'a text instead of a map', of('greeting')],
    ['15.1', 'an unknown kind', of({ t: 'farewell' })],
    ['15.1', 'no kind', of({ body: utf8('Hello!') })],
    ['15.1', 'a kind that is no text', of({ t: 1 })],
    ['15.1', 'an unknown member', of({ t: 'greeting', note: 'x' })],
    ['15.1', 'a member of another kind', of({ t: 'greeting', body: utf8('x') })],
    ['15.1', 'a byte after the map', concatBytes(message, filled(0, 1))],
    ['15.1', 'the last byte is missing', message.slice(0, -1)],
    [
      '15.1',
      'members in another order',
      Uint8Array.of(0xa2, 0x64, ...utf8('body'), 0x40, 0x61, 0x74, 0x67, ...utf8('message')),
    ],
    ['15.3', 'a message without its body', of({ t: 'message' })],
    ['15.3', 'a body that is a text', of({ t: 'message', body: 'Hello!' })],
    ['15.5', 'authority of an unknown kind', of({ t: 'authority', kind: 'root', label: '', bytes: filled(1, 64) })],
    [
      '15.5',
      'authority without bytes',
      of({ t: 'authority', kind: 'delegation', label: '', bytes: new Uint8Array(0) }),
    ],
    ['15.6', 'a question numbered 0', of({ t: 'ask', request: 0, invocation: CID })],
    ['15.6', 'a CID as text', of({ t: 'ask', request: 1, invocation: CID.toString() })],
    [
      '15.6',
      'five inclusions',
      of({
        t: 'answer',
        request: 1,
        found: true,
        logKey: filled(3, 100),
        inclusions: Array.from({ length: 5 }, () => ({ entry: utf8('{}'), proof: 'x' })),
        revocations: [],
        heads: [],
        witnesses: [],
        anchors: [],
      }),
    ],
    ['15.6', 'an answer that says nothing of lists', of(dropped(NOTHING_FOUND, 'heads'))],
    ['15.6', 'seventeen witnesses', of({ ...NOTHING_FOUND, witnesses: Array.from({ length: 17 }, () => WITNESS) })],
    [
      '15.6',
      'a consistency hash of 31 bytes',
      of({ ...NOTHING_FOUND, log: { checkpoint: 'x', consistency: [filled(5, 31)] } }),
    ],
    ['15.4', 'a channel numbered 0', of({ t: 'open', channel: 0, protocol: 'talos/mcp/1', name: 'files' })],
    ['15.4', 'a protocol in capitals', of({ t: 'open', channel: 1, protocol: 'MCP', name: 'files' })],
    ['15.4', 'a negative sequence', of({ t: 'data', channel: 1, sequence: -1, last: true, body: filled(5, 3) })],
    ['15.4', 'a reason that is not known', of({ t: 'close', channel: 1, reason: 'bored' })],
    ['15.11', 'a list of nobody', of({ t: 'pull', after: 0 })],
    ['15.11', 'a list of something else than a key', of({ t: 'pull', issuer: 'did:web:example.org', after: 0 })],
    ['15.11', 'a position before the first', of({ t: 'pull', issuer: DID, after: -1 })],
    ['15.11', 'a page without a head', of({ t: 'revocations', issuer: DID, after: 0, items: [filled(6, 200)] })],
    [
      '15.11',
      'an empty revocation',
      of({ t: 'revocations', issuer: DID, after: 0, items: [filled(6, 0)], head: filled(8, 200) }),
    ],
    ['15.12', 'a renewal of nothing', of({ t: 'renew' })],
    ['15.12', 'a renewal of a text', of({ t: 'renew', capability: CID.toString() })],
    ['15.13', 'a request for an approval of nothing', of({ t: 'consult', call: new Uint8Array(0) })],
    ['15.14', 'a checkpoint without a key', of(dropped(OBSERVE, 'logKey'))],
    ['15.14', 'a root of 31 bytes', of({ ...OBSERVE, root: filled(1, 31) })],
    ['15.14', '64 hashes', of({ ...OBSERVE, proof: Array.from({ length: 64 }, () => filled(2, 32)) })],
    ['15.14', 'a size before the first', of({ t: 'behind', request: 1, size: -1 })],
    ['15.14', 'a refusal in words', of({ t: 'behind', request: 1, size: 1, code: 'no room' })],
    [
      '15.14',
      '17 heads',
      of({ t: 'heads', heads: Array.from({ length: 17 }, () => ({ note: 'x', logKey: filled(3, 9) })) }),
    ],
    ['15.14', 'evidence of nothing', of({ t: 'fork', evidence: new Uint8Array(0) })],
    [
      '15.11',
      '257 revocations',
      of({
        t: 'revocations',
        issuer: DID,
        after: 0,
        items: Array.from({ length: 257 }, () => filled(6, 1)),
        head: filled(8, 1),
      }),
    ],
  ]
}

export function framesVectors(): VectorFile[] {
  const valid = FRAMES.map(([clause, frame]): Omit<Case, 'id'> => {
    const input = { frameHex: toHex(encodeCbor(frame)) }
    return { clause, description: `a frame of kind ${frame.t}`, valid: true, input, expected: { t: frame.t } }
  })
  const invalid = refused().map(([clause, description, bytes]): Omit<Case, 'id'> => {
    return { clause, description, valid: false, input: { frameHex: toHex(bytes) }, error: 'FRAME_INVALID' }
  })
  const cases = [...valid, ...invalid].map((one, index) => ({
    id: `frame-${String(index + 1).padStart(3, '0')}`,
    ...one,
  }))
  return [
    {
      path: 'frames/app-frame.json',
      file: { format: 'talos-vectors/1', subject: 'application frames', spec: '15-frames', cases },
    },
    approvalRequests(),
  ]
}

/** What approvers are shown, and the digest that they sign: put together here from the specification's words. */
function approvalRequests(): VectorFile {
  const named = { iss: DID, aud: OTHER, sub: OTHER, cmd: '/mcp/files/tool/write_file' }
  const args = { path: '/srv/a', mode: 420, rate: utf8('1.50'), tags: ['x', null, true] }
  const digest = (call: { readonly [name: string]: IpldValue }) =>
    createHash('sha256')
      .update(encodeCbor({ 'talos/call@1': call }))
      .digest('hex')
  const valid = (description: string, more: { readonly [name: string]: IpldValue }) => {
    const call = { ...named, args, ...more }
    const { why, ...approved } = call as typeof call & { readonly why?: string }
    const expected = {
      digest: digest(approved),
      caller: DID,
      executor: OTHER,
      command: named.cmd,
      argumentsJson: argumentsOf(call.args === args),
      justification: why ?? null,
    }
    return { description, valid: true, input: { requestHex: toHex(encodeCbor(call)) }, expected }
  }
  const refused = (description: string, bytes: Uint8Array) => {
    return { description, valid: false, input: { requestHex: toHex(bytes) }, error: 'APPROVAL_REQUEST_INVALID' }
  }
  const { iss: _iss, ...withoutCaller } = named
  const cases = [
    valid('a call', {}),
    valid('the same call with a reason, which is no part of the digest', { why: 'the report is due' }),
    valid('a call without arguments', { args: {} }),
    refused('no caller', encodeCbor({ ...withoutCaller, args })),
    refused('an unknown member', encodeCbor({ ...named, args, nonce: filled(1, 12) })),
    refused('arguments that are a list', encodeCbor({ ...named, args: [] })),
    refused('an argument that no JSON is mapped to', encodeCbor({ ...named, args: { path: utf8('/srv') } })),
    refused('a caller that is no key', encodeCbor({ ...named, iss: 'did:web:example.org', args })),
    refused('an empty reason', encodeCbor({ ...named, args, why: '' })),
    refused('a byte more', concatBytes(encodeCbor({ ...named, args }), filled(0, 1))),
  ].map((one, index) => ({ id: `request-${String(index + 1).padStart(3, '0')}`, clause: '15.13', ...one }))
  return {
    path: 'frames/call-to-approve.json',
    file: { format: 'talos-vectors/1', subject: 'requests for approvals', spec: '15-frames', cases },
  }
}

function argumentsOf(hasSome: boolean): string {
  return hasSome ? '{"mode":420,"path":"/srv/a","rate":1.50,"tags":["x",null,true]}' : '{}'
}

function dropped(frame: { readonly [name: string]: IpldValue }, name: string): IpldValue {
  return Object.fromEntries(Object.entries(frame).filter(([member]) => member !== name))
}
