/**
 * This agent as a witness of others' logs: what peers ask to be cosigned, heads that they have seen, and evidence of forks
 * (spec 23-witness, 23.7 and 23.8).
 *
 * A peer may bring checkpoints of any agent's log: what counts is signed by the log's key, and that key by the agent. Each
 * peer has its own room for logs that it makes known.
 */
import {
  type CheckpointOffer,
  type Cosigned as Cosignatures,
  LogForked,
  type LogSigningKey,
  openLogKey,
  type VerifiedFork,
  WitnessConflict,
} from '@talos/audit'
import { utf8 } from '@talos/bytes'
import type { AppFrame, Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { parseCheckpoint, splitNote } from '@talos/merkle'
import type { Agent } from '../agent.ts'
import type { ClientEvent } from '../events.ts'
import type { OwnWitness } from './own-witness.ts'

type Observe = Extract<AppFrame, { t: 'observe' }>
type Recall = Extract<AppFrame, { t: 'recall' }>
type Behind = Extract<AppFrame, { t: 'behind' }>
type Cosigned = Extract<AppFrame, { t: 'cosigned' }>
type SeenHead = Extract<AppFrame, { t: 'heads' }>['heads'][number]

export interface AnsweringOptions {
  readonly agent: Agent
  readonly own: () => Promise<OwnWitness>
  readonly emit: (event: ClientEvent) => void
  /** Evidence that was not known before: others should have it too. */
  readonly onFork: (fork: VerifiedFork) => void
  /** Somebody has a checkpoint of this agent's own log. */
  readonly onOwnHead: (note: string, from: Did) => Promise<void>
}

export class Answering {
  readonly #options: AnsweringOptions

  constructor(options: AnsweringOptions) {
    this.#options = options
  }

  /** Cosigns what a peer shows, or says why not. @throws TalosError store and signer codes */
  async observe(peer: Did, frame: Observe): Promise<Cosigned | Behind> {
    const { request, checkpoint: note, from, root, proof } = frame
    const { witness, key } = await this.#options.own()
    try {
      const logKey = this.#learn(peer, { logKey: frame.logKey, witness })
      if (parseCheckpoint(splitNote(note).text).origin !== logKey.origin) {
        throw new TalosError('WITNESS_LOG_KEY', { reason: 'it is of another log' })
      }
      const { line, size } = await witness.addCheckpoint({ note, from, root, proof })
      await this.#noteCosigned(logKey, size)
      return { t: 'cosigned', request, line, logKey: key.delegation }
    } catch (error) {
      if (!isTalosError(error)) throw error
      if (error instanceof WitnessConflict) return behind(request, error)
      if (error instanceof LogForked) await this.#take(error)
      return { t: 'behind', request, size: this.#sizeOf(note), code: error.code }
    }
  }

  /**
   * Cosigns a checkpoint of a log that is known, wherever it came from.
   *
   * @throws TalosError what `Witness.addCheckpoint` throws
   */
  async cosign(offer: CheckpointOffer): Promise<Cosignatures> {
    const { witness } = await this.#options.own()
    try {
      return await witness.addCheckpoint(offer)
    } catch (error) {
      if (error instanceof LogForked) await this.#take(error)
      throw error
    }
  }

  /** How far a peer's own log is known here. Of others nothing is said: that would tell with whom this agent deals. */
  recall(peer: Did, { request, origin }: Recall): Behind {
    const { database, identities, kernel } = this.#options.agent
    const record = database.witness.get(origin)
    const delegations = record?.keys.flatMap(({ delegation }) => delegation ?? []) ?? []
    const isOwn = delegations.some((bytes) =>
      identities.isSame(openLogKey(bytes, { kernel, agents: identities }).agent, peer),
    )
    return behind(request, record !== undefined && isOwn ? record : { size: 0 })
  }

  /** Takes heads that a peer has seen. What does not verify, and logs that nobody may name, are passed over. */
  async heads(peer: Did, heads: readonly SeenHead[]): Promise<void> {
    const { witness } = await this.#options.own()
    for (const { note, logKey } of heads) {
      try {
        if (this.#isOwn(note)) await this.#options.onOwnHead(note, peer)
        else {
          this.#learn(peer, { logKey, witness })
          witness.see(note)
        }
      } catch (error) {
        if (!isTalosError(error)) throw error
        if (error instanceof LogForked) await this.#take(error)
      }
    }
  }

  /** Takes evidence that a peer has. @throws TalosError `FORK_INVALID`, `WITNESS_LOG_UNKNOWN`, `WITNESS_CONFLICT`, store and log codes */
  async fork(text: string): Promise<void> {
    const { witness } = await this.#options.own()
    const fork = witness.condemn(text)
    if (fork !== undefined) await this.#take({ fork, isNew: true })
  }

  #learn(
    peer: Did,
    { logKey: bytes, witness }: { readonly logKey: Uint8Array; readonly witness: OwnWitness['witness'] },
  ): LogSigningKey {
    const { kernel, identities, database, did } = this.#options.agent
    const logKey = openLogKey(bytes, { kernel, agents: identities })
    if (identities.isSame(logKey.agent, did)) {
      throw new TalosError('WITNESS_LOG_KEY', { reason: 'nobody witnesses its own log' })
    }
    // A peer that has another key meanwhile keeps its room: it goes by the name that outlives its keys.
    const introducer = identities.find(peer)?.id ?? peer
    const isKnown = database.peers.get(peer) !== undefined || database.grants.knows(peer)
    witness.learn(logKey, { introducer, isKnown })
    return logKey
  }

  #isOwn(note: string): boolean {
    return parseCheckpoint(splitNote(note).text).origin === this.#options.agent.log.verifierKey.name
  }

  #sizeOf(note: string): number {
    try {
      const { origin } = parseCheckpoint(splitNote(note).text)
      return this.#options.agent.database.witness.get(origin)?.size ?? 0
    } catch (error) {
      if (!isTalosError(error)) throw error
      return 0
    }
  }

  async #noteCosigned({ agent: peer }: LogSigningKey, size: number): Promise<void> {
    const { agent, emit } = this.#options
    emit({ type: 'log.cosigned', peer: agent.identities.currentOf(peer), size })
    await agent.log.append({ kind: 'log.cosign', peer: agent.identities.currentOf(peer) })
  }

  /** A fork that is new goes into the log, to the program, and to those who should have it too. */
  async #take({ fork, isNew }: { readonly fork: VerifiedFork; readonly isNew: boolean }): Promise<void> {
    if (!isNew) return
    const { agent, emit, onFork } = this.#options
    const { origin, text } = fork
    const peer = agent.identities.currentOf(fork.agent)
    emit({ type: 'log.fork', peer, origin, evidence: text })
    onFork(fork)
    const commit = { content: { bytes: utf8(text) } }
    await agent.log.append({ kind: 'log.fork', peer, reason: 'WITNESS_FORK', commit })
  }
}

function behind(
  request: number,
  { size, note }: { readonly size: number; readonly note?: string | undefined },
): Behind {
  return { t: 'behind', request, size, ...(note !== undefined && { note }) }
}
