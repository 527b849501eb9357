/**
 * This agent as a witness: the key by which it cosigns, and the identity's word for it (spec 23-witness, 23.2).
 *
 * The key comes from the log's seed and a number that lies in the agent's database: an older copy of the database is given
 * another number, so that a key whose memory is lost cosigns nothing more.
 */
import { openWitnessKey, Witness, type WitnessKey, witnessName } from '@talos/audit'
import { utf8 } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { delegateLogKey } from '@talos/identity'
import type { NoteSigner } from '@talos/merkle'
import type { AgentDatabase } from '@talos/storage'
import type { Agent } from '../agent.ts'
import { historyOf } from '../identity/histories.ts'
import { nowS } from '../options.ts'

/** Sealed: 32 random bytes that the witness's key is derived with. */
const SALT_SETTING = 'witness.salt'
/** The delegation of the key. */
const KEY_SETTING = 'witness.key'
const KEY_LABEL = 'talos/witness/v1'
const SEED_BYTES = 32

export interface OwnWitness {
  readonly witness: Witness
  readonly key: WitnessKey
}

/** What was cosigned since is not known: the key goes, and another one, which has cosigned nothing, takes its place. */
export function forgetWitnessKey(database: Pick<AgentDatabase, 'settings'>): void {
  database.settings.remove(SALT_SETTING)
  database.settings.remove(KEY_SETTING)
}

/** @throws TalosError `SIGNER_FAILED`, store codes */
export async function openOwnWitness(agent: Agent): Promise<OwnWitness> {
  const { kernel, clock, identities, database } = agent
  const signer = witnessSigner(agent)
  const name = witnessName(firstKeyOf(agent))
  const key = keptKey(agent, { signer, name }) ?? (await delegate(agent, { signer, name }))
  const witness = new Witness({
    store: database.witness,
    signer,
    name,
    kernel,
    clock,
    agents: identities,
    historyOf: ({ issuer }) => historyOf(agent, issuer),
  })
  return { witness, key }
}

/** The key that the agent had first: it stays in the names of its logs and of its witness. */
export function firstKeyOf({ keyLog, did }: Agent): Did {
  return keyLog.keys[0]?.did ?? did
}

function witnessSigner({ secrets, kernel, database, random }: Agent): NoteSigner {
  const known = database.settings.get(SALT_SETTING)
  const salt = known ?? random.bytes(SEED_BYTES)
  if (known === undefined) database.settings.setSecret(SALT_SETTING, salt)
  // Derived at each use: beside the log's seed no other secret is kept.
  const withSeed = <T>(use: (seed: Uint8Array) => T): T =>
    secrets.logSeed.use((ikm) => {
      const seed = kernel.hkdfSha256({ ikm, salt, info: utf8(KEY_LABEL), lengthBytes: SEED_BYTES })
      try {
        return use(seed)
      } finally {
        seed.fill(0)
      }
    })
  return {
    publicKey: withSeed((seed) => kernel.ed25519PublicKey(seed)),
    sign: async (message) => withSeed((seed) => kernel.ed25519Sign(seed, message)),
  }
}

interface KeyNames {
  readonly signer: NoteSigner
  readonly name: string
}

/** The delegation that is kept, where it is for this key and by the identity's present one. */
function keptKey(agent: Agent, { signer, name }: KeyNames): WitnessKey | undefined {
  const bytes = agent.database.settings.get(KEY_SETTING)
  if (bytes === undefined) return undefined
  try {
    const key = openWitnessKey(bytes, { kernel: agent.kernel, agents: agent.identities })
    const isSame = key.key.publicKey.every((byte, index) => byte === signer.publicKey[index])
    return isSame && key.name === name && key.issuer === agent.did ? key : undefined
  } catch (error) {
    if (!isTalosError(error)) throw error
    return undefined
  }
}

async function delegate(agent: Agent, { signer, name }: KeyNames): Promise<WitnessKey> {
  const { kernel, clock, identities, database } = agent
  const { bytes } = await delegateLogKey({
    signer: agent.signer,
    logPublicKey: signer.publicKey,
    origin: name,
    issuedAtS: nowS(clock),
  })
  database.settings.set(KEY_SETTING, bytes)
  return openWitnessKey(bytes, { kernel, agents: identities })
}
