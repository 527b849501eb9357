/**
 * Anchors on an EVM chain (contracts/spec/25-anchor.md, clause 25.4): the anchor port over viem.
 *
 * Calls follow one another. What is known of a transaction is asked again each time, so an anchor whose block a
 * reorganization removed is noticed, and sent again.
 */
import { equalBytes } from '@talos/bytes'
import type { AnchorProofChain } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Anchor, AnchorHead, AnchorStatus, AnchorTransaction } from '@talos/ports'
import type { Hex } from 'viem'
import { judge, look } from './chain-view.ts'
import { Endpoints } from './endpoints.ts'
import { findAnchors, requireContract } from './events.ts'
import {
  type Confirmations,
  DEFAULT_CONFIRMATIONS,
  DEFAULT_STUCK_AFTER_MS,
  type EvmAnchorOptions,
  LOST_PAUSE_MS,
  MAX_LOST_PAUSE_MS,
  SEARCH_BLOCKS,
} from './options.ts'
import { fetchProof } from './proof.ts'
import { Sender } from './sender.ts'

export class EvmAnchor implements Anchor {
  readonly chainId: number
  readonly contract: string
  readonly by: string
  readonly #options: EvmAnchorOptions
  readonly #endpoints: Endpoints
  readonly #sender: Sender
  readonly #confirmations: Confirmations
  /** Whether a head without a transaction may be on the chain all the same: the journal may be an older copy. */
  #mustSearch = true
  /** Transactions that failed, or whose nonce was used by another, since the last that did not. */
  #losses = 0
  /** Nothing is sent before: whatever fails each time must not cost gas each time. */
  #pausedUntilMs = 0
  #last: Promise<unknown> = Promise.resolve()

  /** @throws TalosError `ANCHOR_OPTION_INVALID` */
  constructor(options: EvmAnchorOptions) {
    const { contract, key, journal, clock, maxFeePerGasWei, maxGas } = options
    if (!/^0x[0-9a-f]{40}$/.test(contract)) {
      throw new TalosError('ANCHOR_OPTION_INVALID', { option: '--contract', reason: 'it is no address' })
    }
    this.#options = options
    this.#endpoints = new Endpoints(options)
    this.#sender = new Sender({ endpoints: this.#endpoints, key, contract, journal, clock, maxFeePerGasWei, maxGas })
    this.#confirmations = options.confirmations ?? DEFAULT_CONFIRMATIONS
    this.chainId = options.chainId
    this.contract = contract
    this.by = this.#sender.address
  }

  async submit(head: AnchorHead): Promise<AnchorStatus> {
    return await this.#inTurn(async () => {
      const status = await this.#statusOf(head)
      if (status.state !== 'absent') return status
      if (this.#options.clock.nowMs() < this.#pausedUntilMs) {
        throw new TalosError('ANCHOR_NOT_FINAL', { state: 'paused, as transactions before it were lost' })
      }
      // A transaction to an address without code succeeds and anchors nothing.
      await requireContract(this.#endpoints, this.contract)
      const { attempts } = await this.#sender.send(head)
      return { state: 'pending', transaction: attempts[0]?.hash ?? '' }
    })
  }

  async status(head: AnchorHead): Promise<AnchorStatus> {
    return await this.#inTurn(async () => await this.#statusOf(head))
  }

  async prove(head: AnchorHead): Promise<AnchorProofChain> {
    return await this.#inTurn(async () => {
      const status = await this.#statusOf(head)
      if (status.state !== 'final') throw new TalosError('ANCHOR_NOT_FINAL', { state: status.state })
      return await fetchProof(this.#endpoints, { place: status.place, head, contract: this.contract, by: this.by })
    })
  }

  settle(head: AnchorHead): void {
    const known = this.#known(head)
    if (known !== undefined) this.#options.journal.remove(known.nonce)
  }

  close(): void {
    this.#endpoints.close()
  }

  async #statusOf(head: AnchorHead): Promise<AnchorStatus> {
    const known = this.#known(head) ?? (this.#mustSearch ? await this.#search(head) : undefined)
    if (known === undefined) return { state: 'absent' }
    const endpoints = this.#endpoints
    const { journal } = this.#options
    const hashes = known.attempts.map(({ hash }) => hash)
    const views = await endpoints.ask('eth_getTransactionReceipt', async (client) => {
      const { contract, by } = this
      return await look(client, { hashes, head, contract, by, confirmations: this.#confirmations })
    })
    const newest = hashes.at(-1) ?? ''
    const judged = judge({
      views,
      quorum: endpoints.quorum,
      confirmations: this.#confirmations,
      nonce: known.nonce,
      transaction: newest,
    })
    switch (judged.state) {
      case 'spent':
        journal.remove(known.nonce)
        this.#noteLoss()
        this.#mustSearch = true
        return { state: 'absent' }
      case 'failed':
        journal.remove(known.nonce)
        this.#noteLoss()
        throw new TalosError('ANCHOR_TRANSACTION_FAILED', { transaction: judged.transaction, contract: this.contract })
      case 'pending':
        return await this.#push(known)
      default:
        this.#losses = 0
        return judged
    }
  }

  /** The first one is made good at once. */
  #noteLoss(): void {
    this.#losses += 1
    if (this.#losses === 1) return
    const pauseMs = Math.min(LOST_PAUSE_MS * 2 ** (this.#losses - 2), MAX_LOST_PAUSE_MS)
    this.#pausedUntilMs = this.#options.clock.nowMs() + pauseMs
  }

  /** Nobody has it in a block: sends it again, after a while with a higher fee. */
  async #push(known: AnchorTransaction): Promise<AnchorStatus> {
    const { clock, stuckAfterMs = DEFAULT_STUCK_AFTER_MS, journal } = this.#options
    const newest = known.attempts.at(-1)
    if (newest === undefined || newest.raw === '') {
      // It was found on the chain and is there no more; nothing signed is at hand.
      journal.remove(known.nonce)
      return { state: 'absent' }
    }
    if (clock.nowMs() - newest.atMs < stuckAfterMs) {
      await this.#sender.resend(known)
      return { state: 'pending', transaction: newest.hash }
    }
    const { attempts } = await this.#sender.replace(known)
    return { state: 'pending', transaction: attempts.at(-1)?.hash ?? newest.hash }
  }

  #known(head: AnchorHead): AnchorTransaction | undefined {
    return this.#options.journal.list().find((each) => isSame(each.head, head))
  }

  /**
   * The same head by the same sender in the newest blocks; remembered where there is one.
   *
   * @throws TalosError `ANCHOR_ROLLBACK`
   */
  async #search(head: AnchorHead): Promise<AnchorTransaction | undefined> {
    const { contract, by } = this
    const found = await this.#endpoints.agree('eth_getLogs', {
      what: 'the events of the contract',
      question: async (client) => {
        const toBlock = Number(await client.getBlockNumber())
        const fromBlock = Math.max(0, toBlock - SEARCH_BLOCKS)
        const anchors = await findAnchors(client, { contract, by, fromBlock, toBlock })
        const size = Math.max(0, ...anchors.map((anchor) => anchor.size))
        const first = anchors.find((anchor) => isSame(anchor, head))
        if (first === undefined) return { size, hash: '', nonce: 0 }
        const { nonce } = await client.getTransaction({ hash: first.place.transaction as Hex })
        return { size, hash: first.place.transaction, nonce }
      },
      keyOf: ({ size, hash }) => `${size} ${hash}`,
    })
    if (found.hash === '') {
      // It would be void: this log of logs is an older copy of the one that was anchored.
      if (found.size >= head.size) throw new TalosError('ANCHOR_ROLLBACK', { size: head.size, anchored: found.size })
      this.#mustSearch = false
      return undefined
    }
    const attempts = [{ hash: found.hash, raw: '', maxFeePerGasWei: '0', atMs: this.#options.clock.nowMs() }]
    const transaction = { nonce: found.nonce, head, attempts }
    this.#options.journal.put(transaction)
    return transaction
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return await turn
  }
}

function isSame(one: AnchorHead, other: AnchorHead): boolean {
  return one.size === other.size && equalBytes(one.root, other.root)
}
