/**
 * One call between two agents with all its evidence, for the vectors of proof bundles. Made with `node:crypto`, the
 * recursive tree of RFC 6962 and JSON written out in canonical order: never with the code that the vectors test.
 */
import { createHash, createPublicKey, sign } from 'node:crypto'
import { batchedReceipt } from './capability-statements.ts'
import { type Agent, agent, type Link, linkText, type Token, token, type Value } from './capability-tokens.ts'
import { path, sha256, treeHash } from './merkle-tree.ts'

export const NOW = 1_767_225_600
export const COMMAND = '/mcp/files/tool/read_text_file'

export const caller = agent(2)
export const executor = agent(1)
export const stranger = agent(66)
const CALLER_LOG = agent(102)
const EXECUTOR_LOG = agent(101)

/** Members of a payload; undefined takes one away. */
export type Payload = { readonly [name: string]: Value | undefined }
export type Members = Readonly<Record<string, unknown>>

/** What differs from the ordinary call: an allowed one with one delegation. */
export interface Changes {
  /** The delegations that the bundle carries; those that the invocation names when absent. */
  readonly carried?: readonly Token[]
  /** The delegations that the invocation names. */
  readonly named?: readonly Token[]
  readonly revocations?: readonly Token[]
  readonly invocation?: Payload
  readonly invocationBy?: Agent
  readonly receipt?: Payload
  readonly receiptBy?: Agent
  /** Whether the receipt shares its signature with others. */
  readonly isBatched?: boolean
  /** Members of the agent's entry; undefined takes one away. */
  readonly intentEntry?: Members
  /** Members of the executor's entries. */
  readonly outcomeEntry?: Members
  readonly begunEntry?: Members
  /** Whether the bundle shows the executor's entry of the beginning; it does when absent, but for a denial. */
  readonly showsBegun?: boolean
  readonly disclosures?: readonly Members[]
}

/** The bundle as a value to change, and the signed objects in it. */
export interface Scene {
  // biome-ignore lint/suspicious/noExplicitAny: negative cases change any member
  readonly bundle: any
  readonly invocation: Token
  readonly receipt: Token
  /** The entries of each side's log. */
  readonly leaves: { readonly agent: readonly Buffer[]; readonly executor: readonly Buffer[] }
}

/** Of the disclosed values below. */
export const SALT = Buffer.alloc(32, 7)
export const REQUEST = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call"}')
export const RESULT = { content: [{ text: 'seven', type: 'text' }] }

/** A delegation by the executor, who owns the resource, to the caller. */
export function grant(changes: Payload = {}, issuer: Agent = executor): Token {
  return token(issuer, 'ucan/dlg@1.0.0', grantMembers(changes))
}

export function grantMembers(changes: Payload = {}): { readonly [name: string]: Value } {
  const shared = { aud: caller.did, sub: executor.did, cmd: COMMAND, pol: [], exp: NOW + 3600 }
  return defined({ ...shared, nonce: Buffer.alloc(12, 1), ...changes })
}

export function revocation(issuer: Agent, revoke: Link, atS: number): Token {
  return token(issuer, 'talos/revoke@1', { revoke, atS })
}

export function scene(changes: Changes = {}): Scene {
  const named = changes.named ?? [grant()]
  const asked = {
    aud: executor.did,
    sub: executor.did,
    cmd: COMMAND,
    args: { path: '/srv/a.txt' },
    prf: named.map(({ link }) => link),
    nonce: Buffer.alloc(12, 3),
    iat: NOW,
    exp: NOW + 30,
  }
  const invocation = token(
    changes.invocationBy ?? caller,
    'ucan/inv@1.0.0',
    defined({ ...asked, ...changes.invocation }),
  )
  const answered = {
    ran: invocation.link,
    outcome: 'allow',
    request: commitBytes('request', REQUEST),
    atMs: NOW * 1000 + 250,
  }
  const said = defined({ ...answered, ...changes.receipt })
  const by = changes.receiptBy ?? executor
  const receipt = changes.isBatched === true ? batchedReceipt(by, said) : token(by, 'talos/receipt@1', said)
  const last = named.at(-1)
  const cap = last && linkText(last.link)
  const leaves = {
    agent: intentLeaves({ invocation, cap, changes }),
    executor: outcomeLeaves({ invocation, receipt, cap, changes }),
  }
  const prove = (index: number) => inclusion(leaves.executor, index, { origin: originOf(executor), key: EXECUTOR_LOG })
  const carried = changes.carried ?? named
  const bundle = {
    format: 'talos-proof/v1',
    identity: { agent: party(caller, CALLER_LOG), executor: party(executor, EXECUTOR_LOG) },
    authority: { proofs: carried.map(base64url), revocations: (changes.revocations ?? []).map(base64url), heads: [] },
    intent: {
      invocation: base64url(invocation),
      inclusion: inclusion(leaves.agent, 1, { origin: originOf(caller), key: CALLER_LOG }),
    },
    execution: {
      receipt: base64url(receipt),
      inclusion: prove(3),
      ...(changes.showsBegun !== false && { invoked: prove(1) }),
    },
    witnesses: [],
    disclosures: changes.disclosures ?? [],
    anchors: [],
  }
  return { bundle, invocation, receipt, leaves }
}

/** The denial of a call, with the codes below `CAPABILITY_DENIED`, and the changes that made it. */
export function denied(codes: readonly string[], changes: Changes = {}): Scene {
  const receipt = { outcome: 'deny', denial: ['CAPABILITY_DENIED', ...codes], ...changes.receipt }
  const refusal = { kind: 'tool.deny', decision: 'deny', reason: codes[0], cause: undefined, ...changes.outcomeEntry }
  return scene({ showsBegun: false, ...changes, receipt, outcomeEntry: refusal })
}

/** An entry and its proof in a log of the executor's. */
export function executorInclusion(entries: readonly Members[], index: number): Members {
  const leaves = entries.map(entryBytes)
  return inclusion(leaves, index, { origin: originOf(executor), key: EXECUTOR_LOG })
}

interface Evidence {
  readonly invocation: Token
  readonly cap: string | undefined
  readonly changes: Changes
}

function intentLeaves({ invocation, cap, changes }: Evidence): readonly Buffer[] {
  const entries = [
    opening(caller, CALLER_LOG),
    entry(caller, 1, {
      kind: 'tool.invoke',
      ts: NOW * 1000 + 20,
      peer: executor.did,
      tool: COMMAND,
      cap,
      ref: linkText(invocation.link),
      commit: { params: commitValue('params', { path: '/srv/a.txt' }).toString('hex') },
      ...changes.intentEntry,
    }),
    entry(caller, 2, { kind: 'key.prekeys' }),
  ]
  return entries.map(entryBytes)
}

/** The executor's log: opening, beginning, something else, outcome, something else. */
function outcomeLeaves({
  invocation,
  receipt,
  cap,
  changes,
}: Evidence & { readonly receipt: Token }): readonly Buffer[] {
  const common = { peer: caller.did, tool: COMMAND, cap }
  const begun = entry(executor, 1, {
    kind: 'tool.invoke',
    ts: NOW * 1000 + 100,
    ...common,
    decision: 'allow',
    ref: linkText(invocation.link),
    ...changes.begunEntry,
  })
  const outcome = entry(executor, 3, {
    kind: 'tool.result',
    ts: NOW * 1000 + 300,
    ...common,
    cause: sha256(Buffer.of(0), entryBytes(begun)).toString('hex'),
    ref: linkText(receipt.link),
    commit: { result: commitValue('result', RESULT).toString('hex') },
    ...changes.outcomeEntry,
  })
  const between = entry(executor, 2, { kind: 'key.prekeys' })
  const after = entry(executor, 4, { kind: 'key.prekeys' })
  return [opening(executor, EXECUTOR_LOG), begun, between, outcome, after].map(entryBytes)
}

function party(side: Agent, log: Agent): Members {
  return { did: side.did, document: documentOf(side), logKey: base64url(logKey(side, log)), history: [] }
}

/** The document of a `did:key` without session key and services (03-identity 3.5). */
export function documentOf({ did }: Agent): Members {
  const multikey = did.slice('did:key:'.length)
  const id = `${did}#${multikey}`
  return {
    '@context': ['https://www.w3.org/ns/did/v1.1'],
    id: did,
    verificationMethod: [{ id, type: 'Multikey', controller: did, publicKeyMultibase: multikey }],
    authentication: [id],
    assertionMethod: [id],
    capabilityInvocation: [id],
    capabilityDelegation: [id],
  }
}

/** The delegation of a log key, changed as told. */
export function logKey(side: Agent, log: Agent, changes: Payload = {}): Token {
  const payload = { log: publicKeyOf(log), origin: originOf(side), iat: NOW - 60, ...changes }
  return token(side, 'talos/logkey@1', defined(payload))
}

export function logOf(side: Agent): Agent {
  return side === caller ? CALLER_LOG : EXECUTOR_LOG
}

export function originOf({ did }: Agent): string {
  return `talos/${did.slice('did:key:'.length)}/1`
}

function opening(side: Agent, log: Agent): Members {
  return entry(side, 0, {
    kind: 'log.open',
    log: { origin: originOf(side), delegation: base64url(logKey(side, log)) },
  })
}

/** An entry; members that are undefined are left out. */
export function entry(side: Agent, seq: number, members: Members): Members {
  const id = `019b76da8c007000800000000000${String(seq).padStart(4, '0')}`
  return { v: 1, seq, ts: NOW * 1000 - 5000, agent: side.did, id, ...members }
}

export function entryBytes(members: Members): Buffer {
  return Buffer.from(canonical(members))
}

export interface LogName {
  readonly origin: string
  readonly key: Agent
}

function inclusion(leaves: readonly Buffer[], index: number, log: LogName): Members {
  const hashes = path(index, leaves).map((hash) => hash.toString('base64'))
  const lines = ['c2sp.org/tlog-proof@v1', `index ${index}`, ...hashes, '', checkpoint(leaves, log)]
  return { entry: leaves[index]?.toString('base64url'), proof: lines.join('\n') }
}

export function checkpoint(leaves: readonly Buffer[], { origin, key }: LogName): string {
  const text = `${origin}\n${leaves.length}\n${treeHash(leaves).toString('base64')}\n`
  return `${text}\n${noteSignature(origin, key, text)}`
}

/** A cosignature line of type 4. */
export function cosignature(
  name: string,
  signer: Agent,
  { text, timeS }: { readonly text: string; readonly timeS: number },
) {
  const id = sha256(name, '\n', Buffer.of(4), publicKeyOf(signer)).subarray(0, 4)
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(timeS))
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${timeS}\n${text}`), signer.key)
  return `— ${name} ${Buffer.concat([id, time, signature]).toString('base64')}\n`
}

/** A signature line of type 1. */
export function noteSignature(name: string, signer: Agent, text: string): string {
  const id = sha256(name, '\n', Buffer.of(1), publicKeyOf(signer)).subarray(0, 4)
  const signature = sign(null, Buffer.from(text), signer.key)
  return `— ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`
}

export function publicKeyOf({ key }: Agent): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
}

/** Clause 10.4, of a JSON value. */
function commitValue(name: string, value: unknown): Buffer {
  const hash = createHash('sha256').update('talos/commit/v1\0').update(SALT)
  return hash.update(canonical([name, value])).digest()
}

/** Clause 10.4, of raw bytes. */
export function commitBytes(name: string, bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(name.length)
  return sha256('talos/commit-bytes/v1\0', SALT, length, name, bytes)
}

function defined(payload: Payload): { readonly [name: string]: Value } {
  return Object.fromEntries(
    Object.entries(payload).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

export function base64url({ bytes }: Token): string {
  return bytes.toString('base64url')
}

/** RFC 8785 for ASCII names and values that are strings, integers, booleans, null, lists and objects of such. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`
}
