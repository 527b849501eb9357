/** Every case of contracts/vectors/witness, valid and invalid. */
import { openLogKey, openWitnessKey, parseWitnessPolicy, verifyForkEvidence, Witness } from '@talos/audit'
import { fromHex, toHex } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { formatVerifierKey } from '@talos/merkle'
import { manualClock, repoVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { kernel } from '../fixtures.ts'
import { MemoryWitnessStore } from './support.ts'

// biome-ignore lint/suspicious/noExplicitAny: the members of a case depend on its operation
type Input = any

/** A witness that knows one log as a case says. */
function witnessOf({ witness, logKeysHex, known }: Input): Witness {
  const store = new MemoryWitnessStore()
  const { name = 'witness.example', seedHex = '14'.repeat(32), nowS = 0 } = witness ?? {}
  const seed = fromHex(seedHex)
  const signer = {
    publicKey: kernel.ed25519PublicKey(seed),
    sign: async (message: Uint8Array) => kernel.ed25519Sign(seed, message),
  }
  const keys = logKeysHex.map((hex: string) => openLogKey(fromHex(hex), { kernel }))
  const [{ origin }] = keys
  store.records.set(origin, {
    origin,
    version: 1,
    introducer: 'the case',
    keys: keys.map(({ key, delegation }: Input) => ({ vkey: formatVerifierKey(key), delegation })),
    ...known,
  })
  return new Witness({ store, signer, name, kernel, clock: manualClock(nowS * 1000) })
}

function keyOf({ agent, key }: ReturnType<typeof openWitnessKey> | ReturnType<typeof openLogKey>): object {
  return { agent, name: key.name, type: key.type, publicKeyHex: toHex(key.publicKey) }
}

const operations: Readonly<Record<string, (input: Input) => object | Promise<object>>> = {
  policy: ({ text }) => {
    const { logs, witnesses } = parseWitnessPolicy(text, { kernel })
    return { logs: logs.map(({ key }) => key.name), witnesses: witnesses.map(({ name }) => name) }
  },
  evaluate: ({ text, note }) => ({ ...parseWitnessPolicy(text, { kernel }).evaluate(note, { kernel }) }),
  offer: async (input) => {
    const { note, from, proofHex, rootHex } = input.offer
    const root = rootHex === undefined ? undefined : fromHex(rootHex)
    const { line, size } = await witnessOf(input).addCheckpoint({ note, from, proof: proofHex.map(fromHex), root })
    return { size, line }
  },
  see: (input) => ({ seen: witnessOf(input).see(input.note) }),
  'log-key': ({ delegationHex }) => keyOf(openLogKey(fromHex(delegationHex), { kernel })),
  'witness-key': ({ delegationHex }) => keyOf(openWitnessKey(fromHex(delegationHex), { kernel })),
  fork: ({ text }) => {
    const { origin, agent, first, second } = verifyForkEvidence(text, { kernel })
    return { origin, agent, sizes: [first.size, second.size] }
  },
}

describe.each(['witness/policy.json', 'witness/offer.json', 'witness/fork.json'])('the cases of %s', (path) => {
  it.each(repoVectors(path).cases.map((vector) => ({ ...vector })))('$id: $description', async (vector) => {
    const run = operations[String(vector.input['operation'])] ?? (() => ({}))
    const outcome = await outcomeOf(() => run(vector.input))
    expect(outcome).toEqual(vector.valid ? { expected: vector.expected } : { error: vector.error })
  })
})

async function outcomeOf(run: () => object | Promise<object>): Promise<object> {
  try {
    return { expected: await run() }
  } catch (error) {
    return { error: isTalosError(error) ? error.code : String(error) }
  }
}
