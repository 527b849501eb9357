/**
 * Anchoring beside the log (spec 25-anchor, clauses 25.9 and 25.10): what the agent answers for goes into its log of logs, the
 * head of that to a chain, and back into the audit log when it is final.
 *
 * The log never waits for a chain. A step that fails is told once and tried again; what was not anchored meanwhile is
 * covered by the next head.
 */
import { toHex } from '@talos/bytes'
import { isTalosError, type TalosError } from '@talos/errors'
import type { Anchor, AnchorHead, AnchorStatus } from '@talos/ports'
import type { StoredAnchorHead } from '@talos/storage'
import type { Agent } from '../agent.ts'
import type { ClientEvent } from '../events.ts'
import { collect } from './collect.ts'
import { type AnchoredCheckpoint, type AnchoredLeaf, LogOfLogs } from './log-of-logs.ts'
import { ANCHOR_ENTRIES, ANCHOR_INTERVAL_MS, ANCHOR_POLL_MS, type Anchoring, type OpenAnchoring } from './options.ts'

/** Entries of the own log that are looked at to tell whether anything but anchors was added. */
const MAX_QUIET = 8
/** Entries among which the record of an anchor is looked for before it is written: once for each anchor. */
const MAX_LOOKED_BACK = 10_000

export interface AnchorKeeperOptions {
  readonly agent: Agent
  readonly open: OpenAnchoring | undefined
  /** The checkpoint to anchor: one that meets the witness policy where there is one; undefined while there is none. */
  readonly checkpoint: () => Promise<string | undefined>
  readonly emit: (event: ClientEvent) => void
}

/** How an agent's anchors stand. */
export interface AnchorOverview {
  readonly chainId: number
  readonly contract: string
  readonly by: string
  /** The newest heads of the log of logs, newest first. */
  readonly heads: readonly {
    readonly size: number
    /** 64 hexadecimal digits. */
    readonly root: string
    readonly status: AnchorStatus
    readonly isRecorded: boolean
  }[]
  /** Why the last step failed. */
  readonly failure: TalosError | undefined
}

const SHOWN_HEADS = 10

export class AnchorKeeper {
  readonly tree: LogOfLogs
  readonly #options: AnchorKeeperOptions
  /** What endpoints last said of a head, by its size. */
  readonly #seen = new Map<number, AnchorStatus>()
  #anchoring: Promise<Anchoring | undefined> | undefined
  #timer: NodeJS.Timeout | undefined
  #failure: TalosError | undefined
  #isStopped = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: AnchorKeeperOptions) {
    this.#options = options
    this.tree = new LogOfLogs(options.agent)
  }

  /** Begins to anchor by itself. */
  begin(): void {
    if (this.#options.open !== undefined) this.#schedule(0)
  }

  /** Ends; what is on its way stays known. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    // One that is still being opened is closed when it is there; nobody waits for it.
    void this.#anchoring?.then(
      (anchoring) => anchoring?.chain.close(),
      () => undefined,
    )
    await this.#last.catch(() => undefined)
  }

  /**
   * Anchors what is there now, whatever the interval says, and takes the next step for everything on its way.
   *
   * @returns how it stands; undefined where this agent does not anchor
   * @throws TalosError with codes of the areas `anchor`, `audit` and `storage`
   */
  async now(): Promise<AnchorOverview | undefined> {
    const anchoring = await this.#open()
    if (anchoring === undefined) return undefined
    await this.#inTurn(async () => await this.#step(anchoring, true))
    return this.#overview(anchoring)
  }

  /** How it stands, after a step for everything on its way. @throws TalosError as {@link now} */
  async status(): Promise<AnchorOverview | undefined> {
    const anchoring = await this.#open()
    if (anchoring === undefined) return undefined
    await this.#inTurn(async () => await this.#tend(anchoring.chain)).catch((error: unknown) => this.#note(error))
    return this.#overview(anchoring)
  }

  /** The anchors of a checkpoint of that log, or the first larger one: at most one. Asks no chain. */
  anchorsFor(options: { readonly origin: string; readonly size: number }): readonly AnchoredCheckpoint[] {
    const found = this.tree.anchoredCheckpoint(options)
    return found === undefined ? [] : [found]
  }

  /** The same for any leaf. */
  anchored(options: Parameters<LogOfLogs['anchored']>[0]): AnchoredLeaf | undefined {
    return this.tree.anchored(options)
  }

  async #open(): Promise<Anchoring | undefined> {
    const { open, agent } = this.#options
    if (open === undefined) return undefined
    const { database } = agent
    this.#anchoring ??= open({ database, journal: database.anchors })
    try {
      return await this.#anchoring
    } catch (error) {
      this.#anchoring = undefined
      throw error
    }
  }

  #schedule(afterMs: number): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(() => void this.#tick(), afterMs)
    this.#timer.unref()
  }

  async #tick(): Promise<void> {
    let pollMs = ANCHOR_POLL_MS
    try {
      const anchoring = await this.#open()
      if (anchoring === undefined) return
      pollMs = anchoring.pollMs ?? pollMs
      await this.#inTurn(async () => await this.#step(anchoring, false))
      this.#failure = undefined
    } catch (error) {
      this.#note(error)
    }
    this.#schedule(pollMs)
  }

  /** Told once for each reason: a chain that is away for a day is no news every five seconds. */
  #note(error: unknown): void {
    // What was under way when the agent closed finds no database any more.
    if (this.#isStopped) return
    if (!isTalosError(error)) throw error
    const isNews = this.#failure?.code !== error.code
    this.#failure = error
    if (isNews) this.#options.emit({ type: 'anchor.failed', code: error.code })
  }

  async #step(anchoring: Anchoring, isWanted: boolean): Promise<void> {
    if (this.#isStopped) return
    if (isWanted || this.#isDue(anchoring)) await this.#gather(anchoring)
    await this.#tend(anchoring.chain)
  }

  /** Whether the log has grown by enough, or for long enough. */
  #isDue({ intervalMs = ANCHOR_INTERVAL_MS, entries = ANCHOR_ENTRIES }: Anchoring): boolean {
    const { log, database, clock } = this.#options.agent
    if (log.fault !== undefined) return false
    const { anchors } = database
    const covered = anchors.newest('checkpoint', log.verifierKey.name)?.size ?? 0
    const grown = log.size - covered
    if (grown <= 0 || this.#isQuiet(covered)) return false
    const [newest] = anchors.heads(1)
    return grown >= entries || clock.nowMs() - (newest?.madeMs ?? 0) >= intervalMs
  }

  /** Whether nothing but records of anchors came after the newest checkpoint: they alone are no reason for another. */
  #isQuiet(covered: number): boolean {
    const { log } = this.#options.agent
    if (log.size - covered > MAX_QUIET) return false
    for (let index = covered; index < log.size; index += 1) {
      if (log.reader.entry(index).entry.kind !== 'checkpoint.anchor') return false
    }
    return true
  }

  async #gather({ others = false }: Anchoring): Promise<void> {
    const { agent, checkpoint } = this.#options
    const note = await checkpoint()
    if (note === undefined || this.#isStopped) return
    const leaves = collect({ agent, note, others })
    if (leaves.length > 0) this.tree.add(leaves, agent.clock.nowMs())
  }

  /** A step for every head that is not final: the newest is sent, an older one only followed, since the newest covers it. */
  async #tend(chain: Anchor): Promise<void> {
    const heads = this.#options.agent.database.anchors.unfinished()
    for (const [position, head] of heads.entries()) {
      if (this.#isStopped) return
      const isNewest = position === heads.length - 1
      if (head.place === undefined) await this.#follow(chain, { head, isNewest })
      else await this.#record(chain, { ...head, place: head.place })
    }
  }

  async #follow(
    chain: Anchor,
    { head, isNewest }: { readonly head: StoredAnchorHead; readonly isNewest: boolean },
  ): Promise<void> {
    const status = isNewest ? await chain.submit(head) : await chain.status(head)
    const before = this.#seen.get(head.size)
    this.#seen.set(head.size, status)
    if (before?.state === 'included' && (status.state === 'pending' || status.state === 'absent')) {
      this.#options.emit({ type: 'anchor.vanished', chainId: chain.chainId, block: before.place.blockNumber })
    }
    const { anchors } = this.#options.agent.database
    if (status.state === 'absent') return anchors.drop(head.size)
    if (status.state !== 'final') return
    const { place } = status
    const proof = await this.#proofOf(chain, head)
    anchors.finish(head.size, { place, ...(proof !== undefined && { chain: proof }) })
    chain.settle(head)
    this.#seen.delete(head.size)
    await this.#record(chain, { ...head, place })
  }

  /** Chains whose blocks are of another kind give no proof for offline use; the anchor stands all the same. */
  async #proofOf(chain: Anchor, head: AnchorHead) {
    try {
      return await chain.prove(head)
    } catch (error) {
      if (isTalosError(error, 'ANCHOR_PROOF_UNAVAILABLE')) return undefined
      throw error
    }
  }

  async #record(
    chain: Anchor,
    { size, root, place }: AnchorHead & { readonly place: NonNullable<StoredAnchorHead['place']> },
  ): Promise<void> {
    const { agent, emit } = this.#options
    const { chainId, contract } = chain
    const { blockNumber: block, blockHash } = place
    const anchor = { chainId, contract, block, hash: blockHash.slice(2), size, root: toHex(root) }
    if (!this.#isRecorded(size)) await agent.log.append({ kind: 'checkpoint.anchor', anchor })
    agent.database.anchors.recorded(size)
    emit({ type: 'anchor.final', chainId, block, size })
  }

  /** Whether an earlier process wrote the entry and ended before it could note that: among the newest entries, if at all. */
  #isRecorded(size: number): boolean {
    const { log } = this.#options.agent
    for (let index = log.size - 1; index > 0 && index >= log.size - MAX_LOOKED_BACK; index -= 1) {
      const { kind, anchor } = log.reader.entry(index).entry
      if (kind === 'checkpoint.anchor') return anchor?.size === size
    }
    return false
  }

  #overview({ chain }: Anchoring): AnchorOverview {
    const { chainId, contract, by } = chain
    const heads = this.#options.agent.database.anchors.heads(SHOWN_HEADS).map((head) => {
      const { size, root, isRecorded } = head
      return { size, root: toHex(root), isRecorded, status: this.#statusOf(head) }
    })
    return { chainId, contract, by, heads, failure: this.#failure }
  }

  #statusOf({ size, place }: StoredAnchorHead): AnchorStatus {
    if (place !== undefined) return { state: 'final', place, confirmations: 0, needed: 0 }
    return this.#seen.get(size) ?? { state: 'absent' }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return await turn
  }
}
