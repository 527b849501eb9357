/** Agents, sessions and a line between them, for the tests of this package. */
import { Secret } from '@talos/bytes'
import { ed25519Signer, type Signer } from '@talos/identity'
import { type Kernel, loadKernel } from '@talos/kernel'
import type { Random } from '@talos/ports'
import { seededRandom } from '@talos/testkit'
import {
  type CreatedPrekeys,
  createPrekeys,
  type Initiated,
  type InitiateInput,
  initiate,
  type OneTimeName,
  publishBundle,
  type Responded,
  type RespondInput,
  respond,
  verifyBundle,
} from '../src/index.ts'

export const kernel: Kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')
export const NOW_MS = 1_800_000_000_000

export interface Agent {
  readonly name: string
  readonly instance: string
  readonly random: Random
  readonly signer: Signer
  readonly sessionKey: Secret
}

export interface Holder extends Agent {
  readonly prekeys: CreatedPrekeys
  /** What is served, with the one-time pair at that index or without any. */
  served(index?: number): Uint8Array
}

export function makeAgent(name: string, instance = 'main'): Agent {
  const random = seededRandom(`session-${name}-${instance}`)
  const signer = ed25519Signer({ kernel, seed: Secret.random(seededRandom(`session-${name}`), 32) })
  return { name, instance, random, signer, sessionKey: Secret.random(random, 32) }
}

export async function withPrekeys(
  agent: Agent,
  { nowMs = NOW_MS, oneTimeCount = 3, serial = 1 } = {},
): Promise<Holder> {
  const prekeys = await createPrekeys({ kernel, ...agent, nowMs, serial, oneTimeCount })
  return {
    ...agent,
    prekeys,
    served(index) {
      const oneTime = index === undefined ? undefined : prekeys.oneTime[index]?.published
      return publishBundle({ bundle: prekeys.bundle, ...(oneTime !== undefined && { oneTime }) })
    },
  }
}

export function initiateTo(
  from: Agent,
  { served, ...given }: { readonly served: Uint8Array } & Partial<InitiateInput>,
): Promise<Initiated> {
  const nowMs = given.nowMs ?? NOW_MS
  const bundle = verifyBundle({ kernel, bytes: served, nowMs })
  return initiate({ kernel, random: from.random, nowMs, self: from, bundle, plaintext: new Uint8Array(0), ...given })
}

export function respondTo(
  holder: Holder,
  { firstFlight, ...given }: { readonly firstFlight: Uint8Array } & Partial<RespondInput>,
): Responded {
  return respond({
    kernel,
    random: holder.random,
    nowMs: NOW_MS,
    self: { did: holder.signer.did, instance: holder.instance, sessionKey: holder.sessionKey },
    firstFlight,
    findPrekeys: (hash) => (sameBytes(hash, holder.prekeys.secrets.bundleHash) ? holder.prekeys.secrets : undefined),
    findOneTime: ({ index }: OneTimeName) => holder.prekeys.oneTime[index]?.secret,
    seen: () => false,
    ...given,
  })
}

/** A session of Alice with Bob. */
export async function establish({ oneTime = 0 } = {}) {
  const holder = await withPrekeys(makeAgent('bob'))
  const initiated = await initiateTo(makeAgent('alice'), { served: holder.served(oneTime) })
  const responded = respondTo(holder, { firstFlight: initiated.message })
  return { alice: initiated.state, bob: responded.state, holder, initiated, responded }
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
