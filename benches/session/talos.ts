/**
 * Talos as its client uses it: everything of the design on (header encryption, commitment, transcript signature, Padmé,
 * send leases, the sparse post-quantum step), states in memory.
 */
import { Secret } from '@talos/bytes'
import { ed25519Signer, type Signer } from '@talos/identity'
import { type Kernel, systemRandom } from '@talos/kernel'
import {
  type CreatedPrekeys,
  controlDue,
  createPrekeys,
  initiate,
  open,
  publishBundle,
  respond,
  type Sealed,
  type SessionState,
  seal,
  sealControl,
  verifyBundle,
} from '@talos/session'

/** Sessions age by a clock: this one stands still, so that a long run does not outlive its session. */
export const NOW_MS = 1_800_000_000_000
const INSTANCE = 'main'

interface Party {
  readonly signer: Signer
  readonly sessionKey: Secret
}

/** Two agents that never met, and what Bob publishes. */
export interface Strangers {
  readonly alice: Party
  readonly bob: Party
  readonly prekeys: CreatedPrekeys
  /** Bob's bundle with a one-time pair. */
  readonly served: Uint8Array
}

export interface Established {
  readonly alice: SessionState
  readonly bob: SessionState
  readonly plaintext: Uint8Array
}

export class TalosBench {
  readonly #kernel: Kernel

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  async strangers(): Promise<Strangers> {
    const [alice, bob] = [this.#party(), this.#party()]
    const prekeys = await createPrekeys({ ...this.#step(), ...bob, instance: INSTANCE, serial: 1, oneTimeCount: 1 })
    const [oneTime] = prekeys.oneTime
    const served = publishBundle({ bundle: prekeys.bundle, ...(oneTime && { oneTime: oneTime.published }) })
    return { alice, bob, prekeys, served }
  }

  /** Alice verifies Bob's bundle and sends; Bob accepts and has the first plaintext. */
  async setUp({ alice, bob, prekeys, served }: Strangers, content: Uint8Array): Promise<Established> {
    const kernel = this.#kernel
    const bundle = verifyBundle({ kernel, bytes: served, nowMs: NOW_MS })
    const self = { ...alice, instance: INSTANCE }
    const initiated = await initiate({ ...this.#step(), self, bundle, plaintext: content })
    const responded = respond({
      ...this.#step(),
      self: { did: bob.signer.did, instance: INSTANCE, sessionKey: bob.sessionKey },
      firstFlight: initiated.message,
      findPrekeys: () => prekeys.secrets,
      findOneTime: ({ index }) => prekeys.oneTime[index]?.secret,
      seen: () => false,
    })
    return { alice: initiated.state, bob: responded.state, plaintext: responded.plaintext }
  }

  /** A session in which both sides have sent: confirmed, with chains in both directions. */
  async established(): Promise<TalosPair> {
    const { alice, bob } = await this.setUp(await this.strangers(), new Uint8Array(64))
    const pair = new TalosPair(this.#kernel, { alice, bob })
    exchange(pair.alice, pair.bob, new Uint8Array(64))
    exchange(pair.bob, pair.alice, new Uint8Array(64))
    return pair
  }

  #party(): Party {
    const kernel = this.#kernel
    const signer = ed25519Signer({ kernel, seed: Secret.random(systemRandom, 32) })
    return { signer, sessionKey: Secret.random(systemRandom, 32) }
  }

  #step() {
    return { kernel: this.#kernel, random: systemRandom, nowMs: NOW_MS }
  }
}

/** One end of a session. */
export class TalosEnd {
  readonly #kernel: Kernel
  state: SessionState

  constructor(kernel: Kernel, state: SessionState) {
    this.#kernel = kernel
    this.state = state
  }

  seal(content: Uint8Array): Sealed {
    const sealed = seal(this.state, { ...this.#step(), plaintext: content })
    this.state = sealed.state
    return sealed
  }

  send(content: Uint8Array): Uint8Array {
    return this.seal(content).message
  }

  /** The frame of the post-quantum step that is due, as it is asked for after every message. */
  control(): Uint8Array | undefined {
    if (!controlDue(this.state, NOW_MS)) return undefined
    const sealed = sealControl(this.state, this.#step())
    this.state = sealed.state
    return sealed.message
  }

  /** The content; none in a frame of the protocol itself. */
  receive(message: Uint8Array): Uint8Array | undefined {
    const opened = open(this.state, { kernel: this.#kernel, nowMs: NOW_MS, message })
    this.state = opened.state
    return opened.kind === 'content' ? opened.plaintext : undefined
  }

  #step() {
    return { kernel: this.#kernel, random: systemRandom, nowMs: NOW_MS }
  }
}

export class TalosPair {
  readonly alice: TalosEnd
  readonly bob: TalosEnd

  constructor(kernel: Kernel, states: { readonly alice: SessionState; readonly bob: SessionState }) {
    this.alice = new TalosEnd(kernel, states.alice)
    this.bob = new TalosEnd(kernel, states.bob)
  }
}

/** One message, and the frame of the protocol that either side owes then. */
export function exchange(from: TalosEnd, to: TalosEnd, content: Uint8Array): void {
  to.receive(from.send(content))
  const answer = to.control()
  if (answer !== undefined) from.receive(answer)
  const offer = from.control()
  if (offer !== undefined) to.receive(offer)
}
