/** A local chain with the contract, a funded sender and a journal in memory. */
import type { Secret } from '@talos/bytes'
import type { AnchorHead, AnchorJournal, AnchorTransaction } from '@talos/ports'
import { manualClock, seededRandom } from '@talos/testkit'
import {
  addressOfKey,
  deployContract,
  EvmAnchor,
  type EvmAnchorOptions,
  type LocalChain,
  makeAnchorKey,
  startLocalChain,
} from '../src/index.ts'

export const ETHER = 10n ** 18n

export interface World extends AsyncDisposable {
  readonly chain: LocalChain
  readonly key: Secret
  readonly contract: string
  readonly clock: ReturnType<typeof manualClock>
  readonly journal: MemoryJournal
  /** An anchor of this world; other options as they are given. */
  anchor(options?: Partial<EvmAnchorOptions>): EvmAnchor
}

let seed = 1

/** @param options.manual blocks are made by `chain.mine` alone */
export async function openWorld(options: { readonly manual?: boolean } = {}): Promise<World> {
  const chain = await startLocalChain(options)
  const random = seededRandom(seed++)
  const key = makeAnchorKey(random)
  await chain.fund(addressOfKey(key), 100n * ETHER)
  const common = { rpcUrls: [chain.url], chainId: chain.chainId, random, key }
  const sent = Promise.withResolvers<void>()
  const [{ contract }] = await Promise.all([
    deployContract({ ...common, waitMs: 10_000, onSent: () => sent.resolve() }),
    sent.promise.then(async () => await chain.mine(1)),
  ])
  const clock = manualClock(1_700_000_000_000)
  const journal = new MemoryJournal()
  return {
    chain,
    key,
    contract,
    clock,
    journal,
    anchor: (more = {}) => new EvmAnchor({ ...common, contract, clock, journal, confirmations: 3, ...more }),
    [Symbol.asyncDispose]: async () => await chain.close(),
  }
}

export class MemoryJournal implements AnchorJournal {
  readonly transactions = new Map<number, AnchorTransaction>()

  list(): readonly AnchorTransaction[] {
    return [...this.transactions.values()].sort((left, right) => left.nonce - right.nonce)
  }

  put(transaction: AnchorTransaction): void {
    this.transactions.set(transaction.nonce, transaction)
  }

  remove(nonce: number): void {
    this.transactions.delete(nonce)
  }
}

export function headOf(size: number, fill = size): AnchorHead {
  return { size, root: new Uint8Array(32).fill(fill % 256) }
}

/** What must be there. */
export function present<T>(value: T | null | undefined): T {
  if (value === undefined || value === null) throw new Error('it is missing')
  return value
}

/** Sends a head and waits until the chain, which makes its blocks beside its answers, has it in one. */
export async function sent(anchor: EvmAnchor, head: AnchorHead): Promise<void> {
  await anchor.submit(head)
  const lastMs = performance.now() + 5_000
  while ((await anchor.status(head)).state === 'pending') {
    if (performance.now() > lastMs) throw new Error('no block took it')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
