/**
 * Vectors of light clients (contracts/spec/24-light-client): from a state and the answers of a source to the next state or a
 * refusal. The agent is made with the packages for keys and notes; trees, digests and states are written out here, so that they
 * do not repeat what the package under test believes.
 */
import { cosignCheckpoint, formatVerifierKey, NOTE_COSIGNATURE, verifierKey } from '@talos/merkle'
import { revocationForkVectors } from './light-revocation-fork.ts'
import {
  AGENT,
  delegation,
  head,
  identity,
  kernel,
  keyLogs,
  leaves,
  NEXT,
  NOW_S,
  note,
  noteSigner,
  originOf,
  type Parts,
  revocation,
  sourceOf,
  stateOf,
  WITNESS,
} from './light-scene.ts'
import { sha256 } from './merkle-tree.ts'
import type { VectorFile } from './vector-file.ts'

interface Case {
  readonly clause: string
  readonly description: string
  readonly input: object
  readonly expected?: object
  readonly error?: string
}

export async function lightVectors(): Promise<VectorFile[]> {
  const known = await knownParts()
  const cases = [
    ...(await accepted(known)),
    ...(await refusedTrees(known)),
    ...(await refusedKeys(known)),
    ...(await refusedLists(known)),
    ...(await witnessed(known)),
    ...states(known),
  ].map(({ clause, description, input, expected, error }, index) => ({
    id: `light-${String(index + 1).padStart(3, '0')}`,
    clause,
    description,
    valid: error === undefined,
    input: { nowS: NOW_S, ...input },
    ...(error === undefined ? { expected } : { error }),
  }))
  const subject = 'an update of a light client'
  const file = { format: 'talos-vectors/1', subject, spec: '24-light-client', cases }
  return [{ path: 'light/update.json', file }, await revocationForkVectors()]
}

/** What is known in most cases: five entries, two revocations, one key. */
async function knownParts() {
  const logs = await keyLogs()
  const items = [await revocation(0), await revocation(1)]
  const parts: Parts = {
    checkpoint: await note(leaves(5)),
    leaves: leaves(5),
    logKey: await delegation(),
    keyLog: logs.first,
    head: await head(items),
    items,
  }
  return { parts, logs, state: stateOf(parts), items }
}

type Known = Awaited<ReturnType<typeof knownParts>>

function followed(next: Parts, numbers: object): object {
  return { verdict: 'followed', state: stateOf(next), ...numbers }
}

async function accepted({ parts, logs, state, items }: Known): Promise<Case[]> {
  const more = [...items, await revocation(2)]
  const larger: Parts = {
    ...parts,
    checkpoint: await note(leaves(12)),
    leaves: leaves(12),
    head: await head(more, { atS: NOW_S - 50 }),
    items: more,
  }
  const rotated: Parts = { ...larger, keyLog: logs.rotated, logKey: await delegation({ by: NEXT }) }
  const silent: Parts = { ...rotated, head: undefined, items: [] }
  const lost: Parts = {
    ...larger,
    checkpoint: await note(leaves(12), { logByte: 13 }),
    keyLog: logs.recovered,
    logKey: await delegation({ by: NEXT, logByte: 13 }),
    head: await head([await revocation(0, NEXT)], { by: NEXT }),
    items: [await revocation(0, NEXT)],
  }
  const bare: Parts = { ...parts, head: undefined, items: [] }
  const first = { keyEvents: 1, revocations: 2 }
  const did = logs.first.name
  const byKey = identity(AGENT).did
  return [
    {
      clause: '24.1',
      description: 'the first answer, where nobody is expected',
      input: { source: sourceOf(parts) },
      expected: followed(parts, first),
    },
    {
      clause: '24.1',
      description: 'the first answer, of the agent that is expected',
      input: { did, source: sourceOf(parts) },
      expected: followed(parts, first),
    },
    {
      clause: '24.1',
      description: 'an agent that is expected by a key that it has had',
      input: { did: byKey, source: sourceOf(rotated) },
      expected: followed(rotated, { keyEvents: 2, revocations: 3 }),
    },
    {
      clause: '24.6',
      description: 'an agent that has revoked nothing',
      input: { source: sourceOf(bare) },
      expected: followed(bare, { keyEvents: 1, revocations: 0 }),
    },
    {
      clause: '24.5',
      description: 'nothing new',
      input: { state, source: sourceOf(parts) },
      expected: followed(parts, { keyEvents: 0, revocations: 0 }),
    },
    {
      clause: '24.5',
      description: 'a larger tree and a longer list',
      input: { state, source: sourceOf(larger) },
      expected: followed(larger, { keyEvents: 0, revocations: 1 }),
    },
    {
      clause: '24.4',
      description: 'another key in good order',
      input: { state, source: sourceOf(rotated) },
      expected: followed(rotated, { keyEvents: 1, revocations: 1 }),
    },
    {
      clause: '24.6',
      description: 'another key that has signed no head yet',
      input: { state, source: sourceOf(silent) },
      expected: followed({ ...silent, head: parts.head }, { keyEvents: 1, revocations: 0 }),
    },
    {
      clause: '24.4',
      description: 'another key, another key of the log and another list after a theft',
      input: { state, source: sourceOf(lost) },
      expected: followed(lost, { keyEvents: 1, revocations: 1 }),
    },
  ]
}

async function refusedTrees({ parts, state }: Known): Promise<Case[]> {
  const refused = (clause: string, description: string, error: string, changes: Partial<Parts>): Case => ({
    clause,
    description,
    input: { state, source: sourceOf({ ...parts, ...changes }) },
    error,
  })
  const other = leaves(9, 3)
  const wrong = leaves(9).map((hash, index) => (index === 8 ? sha256(hash) : hash))
  return [
    refused('24.5', 'a smaller tree of the same history', 'LIGHT_ROLLBACK', { checkpoint: await note(leaves(4)) }),
    refused('24.5', 'a smaller tree of another history', 'LIGHT_FORK', { checkpoint: await note(leaves(4, 3)) }),
    refused('24.5', 'another tree of the same size', 'LIGHT_FORK', { checkpoint: await note(leaves(5, 3)) }),
    refused('24.5', 'a larger tree of another history', 'LIGHT_FORK', { checkpoint: await note(other), leaves: other }),
    refused('24.5', 'tiles of another tree', 'LIGHT_TILES', { checkpoint: await note(leaves(9)), leaves: wrong }),
    refused('24.5', 'a tile that is too short', 'LIGHT_SOURCE_INVALID', { checkpoint: await note(leaves(9)) }),
    refused('24.4', 'a checkpoint by another key', 'LIGHT_CHECKPOINT_INVALID', {
      checkpoint: await note(leaves(5), { logByte: 13 }),
    }),
    refused('24.4', 'a checkpoint of another log', 'LIGHT_CHECKPOINT_INVALID', {
      checkpoint: await note(leaves(5), { origin: originOf(AGENT, 2) }),
    }),
    refused('24.4', 'a text that is no note', 'LIGHT_CHECKPOINT_INVALID', { checkpoint: 'no note' }),
  ]
}

async function refusedKeys({ parts, logs }: Known): Promise<Case[]> {
  const rotated: Parts = { ...parts, keyLog: logs.rotated, logKey: await delegation({ by: NEXT }) }
  const refused = (description: string, error: string, from: Parts, to: Parts): Case => ({
    clause: '24.4',
    description,
    input: { state: stateOf(from), source: sourceOf(to) },
    error,
  })
  const cut = { ...logs.first, text: logs.first.text.slice(0, -9) }
  const elsewhere = originOf(AGENT, 2)
  return [
    refused('a key log that does not verify', 'LIGHT_KEY_LOG_INVALID', parts, { ...parts, keyLog: cut }),
    refused('a key log that is shorter', 'LIGHT_KEY_LOG_ROLLBACK', rotated, parts),
    refused('a key log of another branch', 'LIGHT_KEY_LOG_FORK', rotated, { ...rotated, keyLog: logs.branch }),
    refused('the key log of another agent', 'LIGHT_OTHER_LOG', parts, { ...parts, keyLog: logs.other }),
    {
      clause: '24.1',
      description: 'another agent than the one that is expected',
      input: { did: logs.other.name, source: sourceOf(parts) },
      error: 'LIGHT_OTHER_LOG',
    },
    refused('a log key that a replaced key delegated', 'LIGHT_LOG_KEY', parts, { ...rotated, logKey: parts.logKey }),
    refused('a second log key by one key', 'LIGHT_LOG_KEY', parts, {
      ...parts,
      logKey: await delegation({ logByte: 13 }),
    }),
    refused('a delegation by a stranger', 'LIGHT_LOG_KEY', parts, { ...parts, logKey: await delegation({ by: 16 }) }),
    refused('bytes that are no delegation', 'LIGHT_LOG_KEY', parts, { ...parts, logKey: new Uint8Array(4) }),
    refused('the key of another log of the agent', 'LIGHT_OTHER_LOG', parts, {
      ...parts,
      logKey: await delegation({ origin: elsewhere }),
      checkpoint: await note(leaves(5), { origin: elsewhere }),
    }),
  ]
}

async function refusedLists({ parts, state, items }: Known): Promise<Case[]> {
  const [first = new Uint8Array(0), second = first] = items
  const third = await revocation(2)
  const refused = async (
    description: string,
    error: string,
    list: {
      readonly signed: readonly Uint8Array[]
      readonly given?: readonly Uint8Array[]
      readonly atS?: number
      readonly by?: number
    },
  ): Promise<Case> => {
    const { signed, given = signed, ...options } = list
    const source = sourceOf({ ...parts, head: await head(signed, options), items: given })
    return { clause: '24.6', description, input: { state, source }, error }
  }
  const ROLLBACK = 'LIGHT_REVOCATIONS_ROLLBACK'
  const FORK = 'LIGHT_REVOCATIONS_FORK'
  const INVALID = 'LIGHT_REVOCATIONS_INVALID'
  return [
    {
      clause: '24.6',
      description: 'no list any more',
      input: { state, source: sourceOf({ ...parts, head: undefined }) },
      error: ROLLBACK,
    },
    await refused('a shorter list of before', ROLLBACK, { signed: [first], atS: NOW_S - 500 }),
    await refused('a shorter list that was signed later', ROLLBACK, { signed: [first], atS: NOW_S - 10 }),
    await refused('a longer list that was signed earlier', ROLLBACK, {
      signed: [first, second, third],
      atS: NOW_S - 500,
    }),
    await refused('another list of the same length', FORK, { signed: [first, third], atS: NOW_S - 10 }),
    await refused('a longer list with another beginning', FORK, { signed: [first, third, second], atS: NOW_S - 10 }),
    await refused('items of no list', INVALID, {
      signed: [first, second, third],
      given: [first, second, await revocation(3)],
      atS: NOW_S - 10,
    }),
    await refused('items that are missing', INVALID, {
      signed: [first, second, third],
      given: [first, second],
      atS: NOW_S - 10,
    }),
    await refused('an item by another key', INVALID, {
      signed: [first, second, await revocation(2, 16)],
      atS: NOW_S - 10,
    }),
    await refused('a head by a stranger', INVALID, { signed: items, by: 16 }),
    await refused('a head of the future', INVALID, { signed: items, atS: NOW_S + 301 }),
  ]
}

async function witnessed({ parts, state }: Known): Promise<Case[]> {
  const name = `talos/witness/${identity(WITNESS).did.slice('did:key:'.length)}`
  const key = verifierKey({ name, type: NOTE_COSIGNATURE, publicKey: noteSigner(WITNESS).publicKey, kernel })
  const policy = `witness one ${formatVerifierKey(key)}\nquorum one\n`
  const cosigned = async (text: string) =>
    await cosignCheckpoint({ note: text, name, signer: noteSigner(WITNESS), timeS: NOW_S - 5, kernel })
  const larger: Parts = { ...parts, checkpoint: await note(leaves(9)), leaves: leaves(9) }
  const enough: Parts = { ...larger, checkpoint: await cosigned(larger.checkpoint) }
  const [line = ''] = (await cosigned(parts.checkpoint)).split('\n').slice(-2)
  const wrong: Parts = { ...larger, checkpoint: `${larger.checkpoint}${line}\n` }
  const none = { keyEvents: 0, revocations: 0 }
  return [
    {
      clause: '24.5',
      description: 'a checkpoint that meets the policy',
      input: { state, policy, source: sourceOf(enough) },
      expected: followed(enough, none),
    },
    {
      clause: '24.5',
      description: 'a checkpoint that does not meet the policy',
      input: { state, policy, source: sourceOf(larger) },
      expected: { verdict: 'unwitnessed', state, ...none },
    },
    {
      clause: '24.5',
      description: 'the first checkpoint, which does not meet the policy',
      input: { policy, source: sourceOf(larger) },
      expected: { verdict: 'unwitnessed', state: null, keyEvents: 1, revocations: 2 },
    },
    {
      clause: '24.5',
      description: 'a witnessed tree that is offered again without its lines',
      input: { state: stateOf(enough), policy, source: sourceOf(larger) },
      expected: followed(enough, none),
    },
    {
      clause: '24.4',
      description: 'a wrong line of a witness',
      input: { state, policy, source: sourceOf(wrong) },
      error: 'LIGHT_CHECKPOINT_INVALID',
    },
  ]
}

function states({ parts, state }: Known): Case[] {
  const source = sourceOf(parts)
  const broken = (description: string, text: string): Case => ({
    clause: '24.3',
    description,
    input: { state: text, source },
    error: 'LIGHT_STATE_INVALID',
  })
  return [
    broken('a state that is not canonical', state.replace('{', '{ ')),
    broken('a state of another format', state.replace('talos-light/1', 'talos-light/2')),
    broken('a state with a checkpoint that was changed', state.replace('\\n5\\n', '\\n4\\n')),
    broken('a state that is too long', state.replace('{', `{"a":"${'x'.repeat(4096)}",`)),
  ]
}
