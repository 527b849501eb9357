/**
 * Sending transactions so that none is lost and none counts twice (contracts/spec/25-anchor.md, clause 25.4).
 *
 * A signed transaction is remembered before it leaves. All attempts of one anchor have the same nonce, and a chain takes one
 * transaction per nonce, so however often an attempt is sent, and wherever this program dies, at most one of them counts.
 */
import type { Secret } from '@talos/bytes'
import { toHex } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { AnchorHead, AnchorJournal, AnchorTransaction, Clock } from '@talos/ports'
import { encodeFunctionData, type Hex, keccak256, type PublicClient, parseTransaction } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { accountOf } from './account.ts'
import { largest } from './amounts.ts'
import type { Endpoints } from './endpoints.ts'
import { type Fees, feesWithin } from './fees.ts'
import { TALOS_ANCHOR_ABI } from './generated/talos-anchor.ts'
import { DEFAULT_MAX_FEE_PER_GAS_WEI, DEFAULT_MAX_GAS, MAX_ATTEMPTS, MAX_IN_FLIGHT } from './options.ts'

export interface SenderParts {
  readonly endpoints: Endpoints
  readonly key: Secret
  readonly contract: string
  readonly journal: AnchorJournal
  readonly clock: Clock
  readonly maxFeePerGasWei: bigint | undefined
  readonly maxGas: bigint | undefined
}

export class Sender {
  /** In lower-case hexadecimal with 0x before it. */
  readonly address: string
  readonly #parts: SenderParts
  readonly #account: PrivateKeyAccount
  readonly #maxFee: bigint
  readonly #maxGas: bigint

  constructor(parts: SenderParts) {
    this.#parts = parts
    this.#account = accountOf(parts.key)
    this.address = this.#account.address.toLowerCase()
    this.#maxFee = parts.maxFeePerGasWei ?? DEFAULT_MAX_FEE_PER_GAS_WEI
    this.#maxGas = parts.maxGas ?? DEFAULT_MAX_GAS
  }

  /**
   * Signs a transaction for a head, remembers it and sends it.
   *
   * @throws TalosError `ANCHOR_FEE_CAP`, `ANCHOR_GAS_CAP`, `ANCHOR_FUNDS`, `ANCHOR_NOT_FINAL` (too many on their way), what
   *   the endpoints throw; nothing is remembered then. `ANCHOR_TRANSACTION_REFUSED`: it is remembered, and sent again later
   */
  async send(head: AnchorHead): Promise<AnchorTransaction> {
    const { endpoints, journal } = this.#parts
    const before = journal.list()
    if (before.length >= MAX_IN_FLIGHT) throw new TalosError('ANCHOR_NOT_FINAL', { state: 'too many are on their way' })
    const nonce = Math.max(await this.#nextNonce(), ...before.map((each) => each.nonce + 1))
    const fees = await feesWithin(endpoints, { limit: this.#maxFee })
    const gas = await this.#gasFor(head)
    await this.#requireFunds(gas * fees.maxFeePerGas)
    const transaction = { nonce, head, attempts: [await this.#sign({ head, nonce, fees, gas })] }
    journal.put(transaction)
    await this.#broadcast(transaction)
    return transaction
  }

  /** Sends the newest attempt again, as it was signed. */
  async resend(transaction: AnchorTransaction): Promise<void> {
    await this.#broadcast(transaction)
  }

  /**
   * Offers more for a transaction that no block has taken; within the limit, else the newest attempt is sent again.
   *
   * @throws TalosError as {@link send}
   */
  async replace(transaction: AnchorTransaction): Promise<AnchorTransaction> {
    const { endpoints, journal } = this.#parts
    const { nonce, head, attempts } = transaction
    const newest = attempts.at(-1)
    if (newest === undefined || newest.raw === '' || attempts.length >= MAX_ATTEMPTS) return transaction
    const {
      gas = this.#maxGas,
      maxFeePerGas,
      maxPriorityFeePerGas,
      gasPrice = 0n,
    } = parseTransaction(newest.raw as Hex)
    const above = { maxFeePerGas: maxFeePerGas ?? gasPrice, maxPriorityFeePerGas }
    const fees = await this.#feesAbove(endpoints, above)
    if (fees === undefined) {
      await this.#broadcast(transaction)
      return transaction
    }
    const next = { ...transaction, attempts: [...attempts, await this.#sign({ head, nonce, fees, gas })] }
    journal.put(next)
    await this.#broadcast(next)
    return next
  }

  async #feesAbove(endpoints: Endpoints, above: Fees): Promise<Fees | undefined> {
    try {
      return await feesWithin(endpoints, { limit: this.#maxFee, above })
    } catch (error) {
      if (error instanceof TalosError && error.code === 'ANCHOR_FEE_CAP') return undefined
      throw error
    }
  }

  async #nextNonce(): Promise<number> {
    return await this.#parts.endpoints.agree('eth_getTransactionCount', {
      what: 'the next transaction of the sender',
      question: async (client) =>
        await client.getTransactionCount({ address: this.#account.address, blockTag: 'latest' }),
      keyOf: String,
    })
  }

  async #gasFor(head: AnchorHead): Promise<bigint> {
    const { endpoints, contract } = this.#parts
    const estimates = await endpoints.ask(
      'eth_estimateGas',
      async (client) =>
        await client.estimateGas({
          account: this.#account.address,
          to: contract as Hex,
          data: callData(head),
        }),
    )
    const needed = largest(estimates)
    // Chains count differently from one block to the next; what is not used is not paid.
    const gas = needed + needed / 4n
    if (gas > this.#maxGas) throw new TalosError('ANCHOR_GAS_CAP', { gas: String(gas), limit: String(this.#maxGas) })
    return gas
  }

  async #requireFunds(needWei: bigint): Promise<void> {
    const { endpoints } = this.#parts
    const balances = await endpoints.ask('eth_getBalance', async (client) =>
      client.getBalance({ address: this.#account.address }),
    )
    const haveWei = largest(balances)
    if (haveWei >= needWei) return
    throw new TalosError('ANCHOR_FUNDS', { address: this.address, haveWei: String(haveWei), needWei: String(needWei) })
  }

  async #sign(options: {
    readonly head: AnchorHead
    readonly nonce: number
    readonly fees: Fees
    readonly gas: bigint
  }): Promise<AnchorTransaction['attempts'][number]> {
    const { head, nonce, fees, gas } = options
    const { endpoints, contract, clock } = this.#parts
    const common = { chainId: endpoints.chainId, nonce, gas, to: contract as Hex, data: callData(head) }
    const { maxFeePerGas, maxPriorityFeePerGas } = fees
    const raw = await this.#account.signTransaction(
      maxPriorityFeePerGas === undefined
        ? { ...common, type: 'legacy', gasPrice: maxFeePerGas }
        : { ...common, type: 'eip1559', maxFeePerGas, maxPriorityFeePerGas },
    )
    return { hash: keccak256(raw), raw, maxFeePerGasWei: String(maxFeePerGas), atMs: clock.nowMs() }
  }

  /** Some endpoint must take it, or know it already. */
  async #broadcast({ attempts }: AnchorTransaction): Promise<void> {
    const newest = attempts.at(-1)
    if (newest === undefined || newest.raw === '') return
    const { answers, failures } = await this.#parts.endpoints.tryAll('eth_sendRawTransaction', async (client) => {
      await handOver(client, { raw: newest.raw as Hex, hash: newest.hash as Hex })
    })
    if (answers.length === 0) throw new TalosError('ANCHOR_TRANSACTION_REFUSED', {}, { cause: failures[0] })
  }
}

/** Endpoints refuse in many words what they have already; whether they have it tells better. */
async function handOver(client: PublicClient, { raw, hash }: { readonly raw: Hex; readonly hash: Hex }): Promise<void> {
  try {
    await client.sendRawTransaction({ serializedTransaction: raw })
  } catch (error) {
    const isThere = await client.getTransaction({ hash }).then(
      () => true,
      () => false,
    )
    if (!isThere) throw error
  }
}

function callData({ size, root }: AnchorHead): Hex {
  return encodeFunctionData({ abi: TALOS_ANCHOR_ABI, functionName: 'anchor', args: [BigInt(size), `0x${toHex(root)}`] })
}
