/** Vectors of evidence of forks (contracts/spec 23-witness, clause 23.6). */
import { encodeJcs, toBase64, toBase64url } from '@talos/bytes'
import { appendEntry, createKeyLog } from '@talos/identity'
import { AGENT, delegation, History, identity, ORIGIN, type WitnessCase } from './witness-scene.ts'

type Evidence = Record<string, string | string[]>
const [a, b] = [new History('a'), new History('b')]

async function evidence(changes: Evidence = {}): Promise<Evidence> {
  return {
    format: 'talos-fork/v1',
    origin: ORIGIN,
    logKeys: [toBase64url(await delegation())],
    history: [],
    first: await a.note(7),
    second: await b.note(12),
    root: toBase64(b.root(7)),
    proof: b.proof(7, 12).map(toBase64),
    ...changes,
  }
}

const without = ({ ...members }: Evidence, name: string): Evidence => {
  delete members[name]
  return members
}

const verify = (description: string, members: Evidence) => ({
  clause: '23.6',
  description,
  input: { operation: 'fork', text: encodeJcs(members) },
})

export async function forkCases(): Promise<WitnessCase[]> {
  const origin = ORIGIN
  const agent = AGENT.did
  const [small, large] = [await a.note(9), await b.note(9)].sort()
  const same = without(await evidence({ first: String(small), second: String(large), proof: [] }), 'root')
  const later = new History('b', { logSeed: 13 })
  const next = identity(12)
  const both = await evidence({
    logKeys: [toBase64url(await delegation()), toBase64url(await delegation({ by: next, logSeed: 13 }))],
    history: [await keyLog()],
    second: await later.note(12),
  })
  return [
    { ...verify('two sizes', await evidence()), expected: { origin, agent, sizes: [7, 12] } },
    { ...verify('one size', same), expected: { origin, agent, sizes: [9, 9] } },
    {
      ...verify(
        'a perfect tree and a larger one',
        await evidence({ first: await a.note(8), root: toBase64(b.root(8)), proof: b.proof(8, 12).map(toBase64) }),
      ),
      expected: { origin, agent, sizes: [8, 12] },
    },
    {
      ...verify('two keys, and the key log that joins who delegated them', both),
      expected: { origin, agent, sizes: [7, 12] },
    },
  ]
}

export async function changedFork(): Promise<WitnessCase[]> {
  const good = await evidence()
  const cases: readonly (readonly [string, Evidence])[] = [
    [
      'two of one history',
      { ...good, second: await a.note(12), root: toBase64(a.root(7)), proof: a.proof(7, 12).map(toBase64) },
    ],
    ['the same twice', without({ ...good, second: await a.note(7), proof: [] }, 'root')],
    ['the larger one first', { ...good, first: await b.note(12), second: await a.note(7) }],
    ['two sizes without a root', without(good, 'root')],
    ['two sizes without a proof', { ...good, proof: [] }],
    ['a root that the proof does not lead from', { ...good, root: toBase64(b.root(8)) }],
    ['one size with a proof', without({ ...good, second: await b.note(7) }, 'root')],
    ['the name of another log', { ...good, origin: ORIGIN.replace(/1$/, '2') }],
    [
      'a key that signed neither',
      { ...good, logKeys: [...(good['logKeys'] as string[]), toBase64url(await delegation({ logSeed: 15 }))] },
    ],
    ['a checkpoint by a key that is not there', { ...good, second: await new History('b', { logSeed: 13 }).note(12) }],
    ['a delegation by another agent', { ...good, logKeys: [toBase64url(await delegation({ by: identity(12) }))] }],
    ['a key log that is none', { ...good, history: ['{}'] }],
    ['another format', { ...good, format: 'talos-fork/v2' }],
    ['a member that is not known', { ...good, more: 'x' }],
  ]
  return cases.map(([description, members]) => ({ ...verify(description, members), error: 'FORK_INVALID' }))
}

async function keyLog(): Promise<string> {
  const begun = await createKeyLog({
    signer: AGENT,
    updateSigner: identity(110),
    nextUpdateKeys: [identity(111).did],
    nowMs: 1_700_000_000_000,
  })
  const rotated = await appendEntry(begun, {
    kind: 'rotate',
    signer: identity(12),
    updateSigner: identity(111),
    nextUpdateKeys: [identity(112).did],
    nowMs: 1_700_000_100_000,
  })
  return rotated.text
}
