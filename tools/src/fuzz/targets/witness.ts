/** Policies, evidence of forks, and what a witness is offered (spec 23-witness). */
import {
  openLogKey,
  parseWitnessPolicy,
  verifyForkEvidence,
  Witness,
  type WitnessRecord,
  type WitnessStore,
} from '@talos/audit'
import { formatVerifierKey } from '@talos/merkle'
import { casesOf, fromHexSeed, seedsOf, textOf } from '../seeds.ts'
import { must, type Target } from '../target.ts'
import { kernel } from './kernels.ts'

export function witnessTargets(): readonly Target[] {
  return [policyTarget(), forkTarget(), offerTarget()]
}

function policyTarget(): Target {
  return {
    name: 'witness/policy',
    refusals: /^WITNESS_POLICY_INVALID$/,
    form: 'text',
    seeds: seedsOf('witness/policy.json', 'text'),
    run(input) {
      const policy = parseWitnessPolicy(textOf(input), { kernel })
      must(policy.quorum.kind === 'none' || !policy.satisfiedBy([]), 'nobody is enough only where nobody is asked for')
      const everybody = policy.keys.map((key) => ({ key }))
      must(policy.satisfiedBy(everybody), 'everybody is always enough')
    },
  }
}

function forkTarget(): Target {
  const seeds = seedsOf('witness/fork.json', 'text')
  const honest = seeds.map(textOf).join('\n')
  return {
    name: 'witness/fork',
    refusals: /^FORK_INVALID$|^INPUT_TOO_LARGE$/,
    form: 'json',
    seeds,
    run(input) {
      const { first, second } = verifyForkEvidence(textOf(input), { kernel })
      for (const { note } of [first, second]) {
        must(honest.includes(JSON.stringify(note).slice(1, -1)), 'nobody is blamed but for what was signed')
      }
      must(first.size < second.size || first.note !== second.note, 'one checkpoint is no fork')
    },
  }
}

/** Notes are changed; the proof and everything that the witness knows stay. */
function offerTarget(): Target {
  const notes = seedsOf('witness/offer.json', 'note')
  const offers = casesOf('witness/offer.json').flatMap(({ input }) => (input['offer'] === undefined ? [] : [input]))
  const seeds = offers.map(({ offer }) => new Uint8Array(Buffer.from((offer as Offer).note)))
  const honest = [...notes, ...seeds].map(textOf)
  return {
    name: 'witness/offer',
    refusals: /^NOTE_|^CHECKPOINT_INVALID$|^WITNESS_|^MERKLE_/,
    form: 'text',
    seeds,
    async run(input, random) {
      const scene = offers[random.below(offers.length)] ?? {}
      const { from, proofHex } = scene['offer'] as Offer
      const note = textOf(input)
      const { line } = await witnessOf(scene).addCheckpoint({ note, from, proof: proofHex.map(fromHexSeed) })
      must(
        line.endsWith('\n') && honest.some((one) => note.startsWith(one.split('\n\n')[0] ?? one)),
        'what is cosigned was signed',
      )
    },
  }
}

interface Offer {
  readonly note: string
  readonly from: number
  readonly proofHex: readonly string[]
}

function witnessOf(scene: Readonly<Record<string, unknown>>): Witness {
  const logKey = openLogKey(fromHexSeed((scene['logKeysHex'] as readonly string[])[0]), { kernel })
  const { origin, delegation } = logKey
  const known = scene['known'] as Pick<WitnessRecord, 'size' | 'heads'>
  let record: WitnessRecord = {
    origin,
    version: 1,
    introducer: 'the seed',
    keys: [{ vkey: formatVerifierKey(logKey.key), delegation }],
    ...known,
  }
  const store: WitnessStore = {
    get: (name) => (name === origin ? record : undefined),
    swap: (next) => {
      record = next
      return true
    },
    count: () => 1,
  }
  const seed = new Uint8Array(32).fill(20)
  const signer = {
    publicKey: kernel.ed25519PublicKey(seed),
    sign: async (message: Uint8Array) => kernel.ed25519Sign(seed, message),
  }
  return new Witness({ store, signer, name: 'witness.example', kernel, clock: { nowMs: () => 0 } })
}
