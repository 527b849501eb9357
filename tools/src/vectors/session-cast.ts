/** Who acts in the session vectors, and how draws of randomness are written down so that a reader can inject them. */
import { Secret, toHex } from '@talos/bytes'
import { ed25519Signer, type Signer } from '@talos/identity'
import { type Kernel, portableKernel } from '@talos/kernel'
import type { Random } from '@talos/ports'
import {
  type CreatedPrekeys,
  createPrekeys,
  type Initiated,
  type InitiateInput,
  initiate,
  publishBundle,
  type Responded,
  respond,
  verifyBundle,
} from '@talos/session'
import { seededRandom } from '@talos/testkit'

export const kernel: Kernel = portableKernel()
export const NOW_MS = 1_800_000_000_000

export interface CaseInput {
  readonly [member: string]: unknown
}

/** A case before it gets its id. */
export type CaseDraft =
  | { readonly clause: string; readonly description: string; readonly input: CaseInput; readonly expected: CaseInput }
  | { readonly clause: string; readonly description: string; readonly input: CaseInput; readonly error: string }

/** Numbers the cases and states whether each is valid. */
export function numbered(prefix: string, drafts: readonly CaseDraft[]): readonly object[] {
  return drafts.map((draft, index) => {
    const { clause, description, input } = draft
    const head = { id: `${prefix}-${String(index + 1).padStart(3, '0')}`, clause, description }
    return 'error' in draft
      ? { ...head, valid: false, input, error: draft.error }
      : { ...head, valid: true, input, expected: draft.expected }
  })
}

export interface Actor {
  readonly instance: string
  readonly identitySeed: Uint8Array
  readonly sessionKeyBytes: Uint8Array
  readonly signer: Signer
  readonly sessionKey: Secret
}

export function actor(name: string, instance = 'main'): Actor {
  const identitySeed = seededRandom(`session/${name}/identity`).bytes(32)
  const sessionKeyBytes = seededRandom(`session/${name}/${instance}/key`).bytes(32)
  return {
    instance,
    identitySeed,
    sessionKeyBytes,
    signer: ed25519Signer({ kernel, seed: Secret.of(identitySeed) }),
    sessionKey: Secret.of(sessionKeyBytes),
  }
}

export function actorInput({ instance, identitySeed, sessionKeyBytes }: Actor): CaseInput {
  return { instance, identitySeedHex: toHex(identitySeed), sessionKeyHex: toHex(sessionKeyBytes) }
}

export interface Recorder extends Random {
  /** Everything drawn so far, in order. */
  takenHex(): string
}

export function recorder(seed: string): Recorder {
  const source = seededRandom(`session/${seed}`)
  const taken: string[] = []
  return {
    bytes(length) {
      const bytes = source.bytes(length)
      taken.push(toHex(bytes))
      return bytes
    },
    takenHex: () => taken.join(''),
  }
}

export interface Stage {
  readonly alice: Actor
  readonly bob: Actor
  readonly prekeys: CreatedPrekeys
  readonly prekeysInput: CaseInput
  readonly published: Uint8Array
  readonly initiateRandomHex: string
  readonly kemRandomness: Uint8Array
  readonly initiated: Initiated
  readonly respondRandomHex: string
  readonly responded: Responded
}

export interface StageOptions extends Pick<Partial<InitiateInput>, 'context' | 'plaintext' | 'deniable'> {
  readonly seed: string
  readonly oneTimeIndex?: number
  readonly oneTimeCount?: number
}

/** Both sides of one handshake, with everything that it drew. */
export async function stage(options: StageOptions): Promise<Stage> {
  const { seed, oneTimeIndex, oneTimeCount = 3, plaintext = new Uint8Array(0), ...rest } = options
  const [alice, bob] = [actor('alice'), actor('bob')]
  const prekeyRandom = recorder(`${seed}/prekeys`)
  const made = { nowMs: NOW_MS, serial: 1, oneTimeCount }
  const prekeys = await createPrekeys({ kernel, random: prekeyRandom, ...bob, ...made })
  const oneTime = oneTimeIndex === undefined ? undefined : prekeys.oneTime[oneTimeIndex]
  const published = publishBundle({ bundle: prekeys.bundle, ...(oneTime && { oneTime: oneTime.published }) })
  const random = recorder(`${seed}/initiate`)
  const kemRandomness = seededRandom(`session/${seed}/kem`).bytes(32)
  const bundle = verifyBundle({ kernel, bytes: published, nowMs: NOW_MS })
  const given = { kernel, nowMs: NOW_MS, bundle, kemRandomness, plaintext, ...rest }
  const initiated = await initiate({ ...given, random, self: alice })
  const respondRandom = recorder(`${seed}/respond`)
  const responded = respond({
    kernel,
    random: respondRandom,
    nowMs: NOW_MS,
    self: { did: bob.signer.did, ...bob },
    firstFlight: initiated.message,
    findPrekeys: () => prekeys.secrets,
    findOneTime: () => oneTime?.secret,
    seen: () => false,
  })
  return {
    alice,
    bob,
    prekeys,
    prekeysInput: { ...made, randomHex: prekeyRandom.takenHex() },
    published,
    initiateRandomHex: random.takenHex(),
    kemRandomness,
    initiated,
    respondRandomHex: respondRandom.takenHex(),
    responded,
  }
}
