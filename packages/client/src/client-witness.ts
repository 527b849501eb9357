/** The part of the SDK's surface that is about witnesses: of this agent's log, and this agent as one of others'. */
import type { CheckpointOffer, Cosigned, WitnessPolicy } from '@talos/audit'
import type { Did } from '@talos/contracts'
import { CapabilityClient, type CapabilityClientOptions } from './client-capabilities.ts'
import type { Following } from './following.ts'
import type { Parts } from './parts.ts'
import type { Cosignature } from './witness/asking.ts'
import type { WitnessedHead } from './witness/witnessed.ts'

export abstract class WitnessClient extends CapabilityClient {
  readonly #parts: Parts
  readonly #following: Following

  protected constructor(options: CapabilityClientOptions) {
    super(options)
    this.#parts = options.parts
    this.#following = options.following
  }

  /**
   * Asks a peer for its cosignature of this log's newest checkpoint, now.
   *
   * @throws TalosError `SESSION_MISSING`, `PEER_REFUSED` with the witness's code, `WITNESS_ANSWER_MISSING`,
   *   `WITNESS_LINE_INVALID`, `REQUEST_TIMEOUT`; `AUDIT_ROLLBACK` where the peer has seen what this log does not contain
   */
  async witness(peer: Did): Promise<Cosignature> {
    return await this.#following.to(peer, async (current) => await this.#parts.witnessing.witness(current))
  }

  /**
   * The newest checkpoint of this log that witnesses cosigned, enough of them by the policy where one is; undefined where no
   * witness has signed any.
   *
   * @throws TalosError `WITNESS_POLICY_INVALID`, store codes
   */
  witnessedHead(): WitnessedHead | undefined {
    return this.#parts.witnessing.witnessedHead()
  }

  /** Who cosigned this log, and how far. */
  witnesses(): ReturnType<Parts['witnessing']['witnesses']> {
    return this.#parts.witnessing.witnesses()
  }

  /** What counts as witnessed here; undefined where nobody said. @throws TalosError `WITNESS_POLICY_INVALID` */
  get witnessPolicy(): WitnessPolicy | undefined {
    return this.#parts.witnessing.policy
  }

  /**
   * Cosigns a checkpoint of a log that this agent knows, as a witness over another way than a session does (C2SP
   * tlog-witness).
   *
   * @throws TalosError what `Witness.addCheckpoint` throws
   */
  async cosign(offer: CheckpointOffer): Promise<Cosigned> {
    return await this.#parts.witnessing.cosign(offer)
  }

  /** Makes a log known that is no agent's; returns its name. @throws TalosError `NOTE_KEY_INVALID`, `WITNESS_LOG_KEY`, `WITNESS_FULL` */
  async trustLog(vkey: string): Promise<string> {
    return await this.#parts.witnessing.trust(vkey)
  }

  /** Whether the log signs nothing because the agent's database was put back and no peer has said how far the log went. */
  get isLogHeld(): boolean {
    return this.#parts.witnessing.isHeld
  }

  /** Lets the log sign again without a peer's word. @throws TalosError `STORE_WRITE_FAILED` */
  resumeLog(): void {
    this.#parts.witnessing.resume()
  }

  /** Evidence that logs contradicted themselves. */
  forks(): readonly { readonly origin: string; readonly evidence: string }[] {
    return this.#parts.witnessing.forks()
  }
}
