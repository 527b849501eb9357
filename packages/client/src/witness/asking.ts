/**
 * This agent's own log before its witnesses: it shows each its newest checkpoint, keeps the lines that come back, and learns
 * from them when it was itself put back (spec 23-witness, 23.7 and 23.9).
 */
import {
  addCosignature,
  cosignaturesOf,
  MAX_COSIGNATURES,
  onlySignedBy,
  openWitnessKey,
  type WitnessKey,
  type WitnessPolicy,
} from '@talos/audit'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { formatVerifierKey, parseCheckpoint, splitNote } from '@talos/merkle'
import type { StoredWitness } from '@talos/storage'
import type { Agent } from '../agent.ts'
import type { ClientEvent } from '../events.ts'
import { nowS } from '../options.ts'
import type { Questions, WitnessAnswer } from './questions.ts'
import { type WitnessedHead, witnessedHeadOf } from './witnessed.ts'

/** A witness that knows more than one history asks for a proof from each: four, and the last one that it cosigned, twice. */
const MAX_ROUNDS = 10

/** What a peer cosigned. */
export interface Cosignature {
  readonly peer: Did
  readonly size: number
  /** By the witness's clock. */
  readonly timeS: number
}

export interface AskingOptions {
  readonly agent: Agent
  readonly questions: Questions
  readonly emit: (event: ClientEvent) => void
  /** Whose lines go before those of others. */
  readonly policy: () => WitnessPolicy | undefined
}

export class Asking {
  readonly #options: AskingOptions

  constructor(options: AskingOptions) {
    this.#options = options
  }

  /**
   * Shows the newest checkpoint to a peer and keeps its cosignature.
   *
   * @throws TalosError `WITNESS_ANSWER_MISSING`, `WITNESS_LINE_INVALID`, `PEER_REFUSED` with the witness's code;
   *   `AUDIT_ROLLBACK` where the peer has seen what this log does not contain; `REQUEST_TIMEOUT`, what posting and the log throw
   */
  async witness(peer: Did): Promise<Cosignature> {
    const { agent } = this.#options
    await this.#release(peer)
    let note = await this.#checkpoint()
    let from = this.#knownTo(peer)
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const answer = await this.#show(peer, { note, from })
      if (answer.t === 'cosigned') return this.#keep(peer, { note, answer })
      if (answer.code !== undefined) throw new TalosError('PEER_REFUSED', { peerCode: answer.code })
      await this.#confront(peer, { answer, note })
      if (answer.size > sizeOf(note)) note = await this.#checkpoint()
      from = answer.size
    }
    throw missing(`no cosignature after ${MAX_ROUNDS} questions of ${agent.log.size} entries`)
  }

  /** Somebody has a checkpoint of this log: one that the log does not contain stops it. */
  async confront(note: string, peer: Did): Promise<void> {
    const { agent, emit } = this.#options
    if (agent.log.fault !== undefined) return
    const fault = await agent.log.confront(note)
    if (fault === undefined) return
    emit({ type: 'log.rollback', peer, code: fault.code, seen: sizeOf(note), known: agent.log.size, note })
  }

  /** Who cosigned this log. */
  witnesses(): readonly StoredWitness[] {
    return this.#options.agent.database.witness.witnesses()
  }

  /** The newest checkpoint that witnesses cosigned, by the policy where there is one; undefined where there is none. */
  witnessedHead(policy: WitnessPolicy | undefined): WitnessedHead | undefined {
    const { kernel, database } = this.#options.agent
    return witnessedHeadOf(database.witness, { policy, kernel })
  }

  async #show(peer: Did, { note, from }: { readonly note: string; readonly from: number }): Promise<WitnessAnswer> {
    const { agent, questions } = this.#options
    const { reader } = agent.log
    const proof = reader.consistency({ from, to: sizeOf(note) })
    const root = reader.rootAt(from)
    return await questions.ask(peer, { t: 'observe', checkpoint: note, from, root, proof, logKey: agent.logKey })
  }

  /** What a witness knows of this log is in it, or the log stops; a witness that is owed the proof of that gets it first. */
  async #confront(
    peer: Did,
    { answer, note }: { readonly answer: Extract<WitnessAnswer, { t: 'behind' }>; readonly note: string },
  ): Promise<void> {
    await this.#hear(peer, answer)
    const { fault } = this.#options.agent.log
    if (fault === undefined) return
    // What is shown here was signed before: the witness sees by itself where the two histories part.
    if (answer.size <= sizeOf(note)) await this.#show(peer, { note, from: answer.size }).catch(() => undefined)
    throw fault
  }

  /**
   * After a start from an older copy nothing is signed before a peer has said how far it has seen this log: one that cosigned
   * it before, where there is one.
   */
  async #release(peer: Did): Promise<void> {
    const { agent, questions } = this.#options
    const known = this.witnesses()
    if (!agent.hold.isHeld || (known.length > 0 && !known.some((one) => agent.identities.isSame(one.peer, peer))))
      return
    const answer = await questions.ask(peer, { t: 'recall', origin: agent.log.verifierKey.name })
    if (answer.t !== 'behind') throw missing('it answers another question')
    await this.#hear(peer, answer)
    if (agent.log.fault !== undefined) throw agent.log.fault
    agent.hold.release()
  }

  /** How far a witness has seen this log, with the checkpoint that says so. */
  async #hear(peer: Did, { size, note }: Extract<WitnessAnswer, { t: 'behind' }>): Promise<void> {
    if ((note === undefined ? 0 : sizeOf(note)) !== size) throw missing('its checkpoint is of another size')
    if (note !== undefined) await this.confront(note, peer)
  }

  async #checkpoint(): Promise<string> {
    const { log } = this.#options.agent
    return onlySignedBy(await log.checkpoint(), [log.verifierKey])
  }

  #knownTo(peer: Did): number {
    const { identities, log } = this.#options.agent
    const known = this.witnesses().filter((witness) => identities.isSame(witness.peer, peer))
    return Math.min(log.lastCheckpoint?.size ?? 0, Math.max(0, ...known.map(({ size }) => size)))
  }

  #keep(
    peer: Did,
    { note, answer }: { readonly note: string; readonly answer: Extract<WitnessAnswer, { t: 'cosigned' }> },
  ): Cosignature {
    const { kernel, clock, database } = this.#options.agent
    const witness = this.#open(peer, answer.logKey)
    const size = sizeOf(note)
    const kept = this.#withRoom(database.witness.head(size)?.note ?? note, witness)
    const cosigned = addCosignature(kept, { line: answer.line, key: witness.key, nowS: nowS(clock), kernel })
    const [line] = cosignaturesOf(cosigned, { keys: [witness.key], kernel })
    const timeS = line?.timeS ?? 0
    const vkey = formatVerifierKey(witness.key)
    database.transaction(() => {
      database.witness.putHead({ size, note: cosigned })
      database.witness.putWitness({ vkey, peer: witness.issuer, delegation: witness.delegation, size, timeS })
    })
    return { peer, size, timeS }
  }

  /** Whoever has many agents could fill a checkpoint with their lines: those of the policy's witnesses drive out others. */
  #withRoom(note: string, { key }: WitnessKey): string {
    const { agent, policy } = this.#options
    const wanted = policy()?.keys ?? []
    const vkey = formatVerifierKey(key)
    if (!wanted.some((one) => formatVerifierKey(one) === vkey)) return note
    return splitNote(note).lines.length > MAX_COSIGNATURES
      ? onlySignedBy(note, [agent.log.verifierKey, ...wanted])
      : note
  }

  #open(peer: Did, delegation: Uint8Array): WitnessKey {
    const { kernel, identities } = this.#options.agent
    const witness = openWitnessKey(delegation, { kernel, agents: identities })
    if (identities.isSame(witness.issuer, peer)) return witness
    throw new TalosError('WITNESS_LINE_INVALID', { reason: 'another agent let its key sign' })
  }
}

function sizeOf(note: string): number {
  return parseCheckpoint(splitNote(note).text).size
}

function missing(reason: string): TalosError {
  return new TalosError('WITNESS_ANSWER_MISSING', { reason })
}
