/**
 * Vectors of audit entries and commitments. Made with `node:crypto` and text written out in canonical order, so that
 * they do not repeat what the package under test believes.
 */
import { createHmac } from 'node:crypto'
import { fieldCases } from './audit-fields.ts'
import { sha256 } from './merkle-tree.ts'
import type { VectorFile } from './vector-file.ts'

const AGENT = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
const PEER = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
const ID = '018bcfe5680070008000000000000001'
const HASH = '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'
const CID = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const TS = 1_700_000_000_000

interface Case {
  readonly clause: string
  readonly description: string
  readonly input: Readonly<Record<string, unknown>>
  readonly expected?: Readonly<Record<string, unknown>>
  readonly error?: string
}

type Members = Readonly<Record<string, unknown>>

export function auditVectors(): VectorFile[] {
  return [
    fileOf('entry', [...validEntries(), ...malformedEntries(), ...ruleBreakers()]),
    fileOf('commitment', [...commitments(), ...salts(), ...falseDisclosures()]),
    fileOf('fields', fieldCases()),
  ]
}

function fileOf(subject: string, cases: readonly Case[]): VectorFile {
  const numbered = cases.map(({ clause, description, input, expected, error }, position) => ({
    id: `${subject}-${String(position + 1).padStart(3, '0')}`,
    clause,
    description,
    valid: error === undefined,
    input,
    ...(error === undefined ? { expected } : { error }),
  }))
  return {
    path: `audit/${subject}.json`,
    file: { format: 'talos-vectors/1', subject: `audit ${subject}`, spec: '10-audit-entry', cases: numbered },
  }
}

/** Canonical for these members: ASCII names, sorted; the values are strings, integers and objects of such. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`
}

function entry(members: Members): Members {
  return { v: 1, seq: 1, ts: TS, agent: AGENT, id: ID, ...members }
}

const OPENING = entry({
  kind: 'log.open',
  seq: 0,
  log: { origin: 'talos/z6MkvectorLog/1', delegation: 'glhAAQ' },
})
const INVOKE = entry({
  kind: 'tool.invoke',
  peer: PEER,
  session: '00112233445566778899aabbccddeeff',
  cap: CID,
  ref: CID,
  tool: '/mcp/files/tool/read_text_file',
  cause: HASH,
  decision: 'allow',
  commit: { params: HASH },
})

function accepted(clause: string, description: string, members: Members): Case {
  const body = canonical(members)
  return {
    clause,
    description,
    input: { operation: 'decode', body },
    expected: { entry: members, leafHashHex: sha256(Buffer.of(0), body).toString('hex') },
  }
}

function refused(clause: string, description: string, body: string | Members, error: string): Case {
  const text = typeof body === 'string' ? body : canonical(body)
  return { clause, description, input: { operation: 'decode', body: text }, error }
}

function validEntries(): Case[] {
  const opening = { origin: 'talos/z6MkvectorLog/2', delegation: 'glhAAQ', previous: 'an earlier checkpoint\n' }
  return [
    accepted('10.2', 'entry 0 opens the log', OPENING),
    accepted('10.2', 'entry 0 of a later epoch', entry({ kind: 'log.open', seq: 0, log: opening })),
    accepted('10.2', 'a tool invocation with everything that it may carry', INVOKE),
    accepted(
      '10.2',
      'a result',
      entry({ kind: 'tool.result', tool: '/mcp/files/tool/x', cause: HASH, commit: { result: HASH } }),
    ),
    accepted('10.2', 'a message', entry({ kind: 'message.send', peer: PEER, message: ID, commit: { content: HASH } })),
    accepted('10.2', 'a fork', entry({ kind: 'log.fork', peer: PEER, reason: 'WITNESS_FORK' })),
    accepted('10.2', 'a session', entry({ kind: 'session.open', peer: PEER, session: '0011223344556677' })),
    accepted('10.2', 'a denial', entry({ kind: 'cap.deny', decision: 'deny', reason: 'CAPABILITY_EXPIRED' })),
    accepted('10.2', 'the largest place', entry({ kind: 'redact', seq: 9_007_199_254_740_990 })),
    accepted('10.2', 'no commitment made', entry({ kind: 'redact', commit: {} })),
  ]
}

function malformedEntries(): Case[] {
  const text = canonical(INVOKE)
  const without = (name: string): Members => Object.fromEntries(Object.entries(INVOKE).filter(([key]) => key !== name))
  const required = ['v', 'seq', 'ts', 'kind', 'agent', 'id'].map((name) =>
    refused('10.2', `${name} is missing`, without(name), 'SCHEMA_INVALID'),
  )
  const wrong = (description: string, change: Members): Case =>
    refused('10.2', description, { ...INVOKE, ...change }, 'SCHEMA_INVALID')
  return [
    refused('10.1', 'a space', text.replace(',', ', '), 'JSON_INVALID'),
    refused('10.1', 'members in another order', `{"v":1,${text.slice(1).replace(',"v":1', '')}`, 'JSON_INVALID'),
    refused('10.1', 'a member twice', text.replace('"v":1', '"v":1,"v":1'), 'JSON_INVALID'),
    refused('10.1', 'a float', text.replace('"v":1', '"v":1.5'), 'JSON_INVALID'),
    refused('10.1', 'an integer written as a float', text.replace('"v":1', '"v":1.0'), 'JSON_INVALID'),
    refused('10.1', 'an integer beyond 2^53', text.replace('"seq":1', '"seq":9007199254740993'), 'JSON_INVALID'),
    refused(
      '10.1',
      'a character written as an escape',
      text.replace('"tool.invoke"', '"tool.in\\u0076oke"'),
      'JSON_INVALID',
    ),
    refused('10.1', 'bytes after the end', `${text}\n`, 'JSON_INVALID'),
    refused('10.1', 'no object', '[]', 'SCHEMA_INVALID'),
    refused('10.1', 'deeper than an entry is', `${text.slice(0, -2)},"w":{"x":{}}}`, 'INPUT_TOO_DEEP'),
    refused('10.1', '16,385 bytes', `"${'x'.repeat(16_383)}"`, 'INPUT_TOO_LARGE'),
    refused('10.1', '16,384 bytes that are no entry', `"${'x'.repeat(16_382)}"`, 'SCHEMA_INVALID'),
    ...required,
    wrong('a member that is not known', { payload: 'hello' }),
    wrong('another version', { v: 2 }),
    wrong('a kind that is not known', { kind: 'tool.guess' }),
    wrong('an agent that is no DID', { agent: 'alice' }),
    wrong('an id of another UUID version', { id: '018bcfe5680040008000000000000001' }),
    wrong('an id in upper case', { id: ID.toUpperCase() }),
    wrong('a place of 2^53 - 1', { seq: 9_007_199_254_740_991 }),
    wrong('a negative time', { ts: -1 }),
    wrong('a cause of 31 bytes', { cause: HASH.slice(2) }),
    wrong('a tool that is no command', { tool: 'read text file' }),
    wrong('a reason in the words of a peer', { reason: 'because I say so' }),
    wrong('a commitment to something else', { commit: { password: HASH } }),
    wrong('a session id of 15 digits', { session: '001122334455667' }),
    wrong('a capability that is no CID', { cap: 'bafy' }),
  ]
}

function ruleBreakers(): Case[] {
  const broken = (description: string, members: Members): Case =>
    refused('10.3', description, members, 'AUDIT_ENTRY_INVALID')
  const tool = { tool: '/mcp/files/tool/x' }
  return [
    broken('another kind at place 0', { ...INVOKE, seq: 0 }),
    broken('log.open at another place', { ...OPENING, seq: 1 }),
    broken('log.open without the member log', entry({ kind: 'log.open', seq: 0 })),
    broken('another kind with the member log', { ...INVOKE, log: OPENING['log'] }),
    broken('a session without a peer', entry({ kind: 'session.open', session: '0011223344556677' })),
    broken('a session without its id', entry({ kind: 'session.close', peer: PEER })),
    broken('a message without a peer', entry({ kind: 'message.receive' })),
    broken("a fork of nobody's log", entry({ kind: 'log.fork', reason: 'WITNESS_FORK' })),
    broken("a cosignature of nobody's log", entry({ kind: 'log.cosign' })),
    broken('a tool entry without a tool', entry({ kind: 'tool.invoke' })),
    broken('a result without a cause', entry({ kind: 'tool.result', ...tool })),
    broken('a lost call without a cause', entry({ kind: 'tool.lost', ...tool })),
    broken('a denial that allows', entry({ kind: 'tool.deny', ...tool, decision: 'allow', reason: 'X' })),
    broken('a denial without a decision', entry({ kind: 'cap.deny', reason: 'X' })),
    broken('a denial without a reason', entry({ kind: 'cap.deny', decision: 'deny' })),
    broken('a grant that denies', entry({ kind: 'cap.grant', decision: 'deny', reason: 'X' })),
  ]
}

const SALT = Buffer.from(Array.from({ length: 32 }, (_, position) => position))

interface Disclosure {
  readonly description: string
  readonly path: string
  /** Canonical text of the value, which the generator writes out by hand. */
  readonly canonicalValue?: string
  readonly value?: unknown
  readonly bytes?: Buffer
}

const DISCLOSURES: readonly Disclosure[] = [
  { description: 'an object', path: 'params', value: { b: 2, a: 'x' }, canonicalValue: '{"a":"x","b":2}' },
  { description: 'a number that is no integer', path: 'params', value: { n: 0.1 }, canonicalValue: '{"n":0.1}' },
  { description: 'null', path: 'result', value: null, canonicalValue: 'null' },
  { description: 'a string beyond ASCII', path: 'result', value: 'Grüße', canonicalValue: '"Grüße"' },
  { description: 'the same value under another path', path: 'params', value: null, canonicalValue: 'null' },
  { description: 'bytes', path: 'content', bytes: Buffer.from('hello') },
  { description: 'no bytes', path: 'content', bytes: Buffer.alloc(0) },
  { description: 'bytes that look like the JSON form', path: 'content', bytes: Buffer.from('["content","hello"]') },
]

function commitmentOf({ path, canonicalValue, bytes }: Disclosure): Buffer {
  if (bytes === undefined) {
    return sha256('talos/commit/v1\0', SALT, `[${JSON.stringify(path)},${canonicalValue}]`)
  }
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(path))
  return sha256('talos/commit-bytes/v1\0', SALT, length, path, bytes)
}

function inputOf({ path, value, bytes }: Disclosure): Record<string, unknown> {
  const common = { operation: 'commit', path, saltHex: SALT.toString('hex') }
  return bytes === undefined ? { ...common, value } : { ...common, bytesHex: bytes.toString('hex') }
}

function commitments(): Case[] {
  return DISCLOSURES.map((disclosure) => ({
    clause: '10.4',
    description: disclosure.description,
    input: inputOf(disclosure),
    expected: { commitmentHex: commitmentOf(disclosure).toString('hex') },
  }))
}

function salts(): Case[] {
  const saltKey = Buffer.alloc(32, 7)
  const places = [
    [0, 'params'],
    [1, 'params'],
    [1, 'result'],
    [2 ** 40 + 1, 'content'],
  ] as const
  return places.map(([index, path]) => {
    const place = Buffer.alloc(8)
    place.writeBigUInt64BE(BigInt(index))
    const salt = createHmac('sha256', saltKey).update('talos/salt/v1\0').update(place).update(path).digest()
    return {
      clause: '10.5',
      description: `the salt of ${path} in entry ${index}`,
      input: { operation: 'salt', saltKeyHex: saltKey.toString('hex'), index, path },
      expected: { saltHex: salt.toString('hex') },
    }
  })
}

function falseDisclosures(): Case[] {
  const [object, , , , , bytes] = DISCLOSURES
  if (object === undefined || bytes === undefined) throw new Error('the disclosures are missing')
  const false_ = (description: string, disclosure: Disclosure, change: Record<string, unknown>): Case => ({
    clause: '10.4',
    description,
    input: {
      ...inputOf(disclosure),
      operation: 'verify',
      commitmentHex: commitmentOf(disclosure).toString('hex'),
      ...change,
    },
    error: 'AUDIT_COMMITMENT_MISMATCH',
  })
  return [
    false_('another value', object, { value: { a: 'x', b: 3 } }),
    false_('another path', object, { path: 'result' }),
    false_('another salt', object, { saltHex: Buffer.alloc(32).toString('hex') }),
    false_('other bytes', bytes, { bytesHex: '00' }),
    false_('another commitment', bytes, { commitmentHex: HASH }),
    {
      ...false_('a salt of 31 bytes', object, { saltHex: SALT.subarray(1).toString('hex') }),
      error: 'AUDIT_ENTRY_INVALID',
    },
  ]
}
