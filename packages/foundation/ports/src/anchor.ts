/**
 * The anchor port: a public chain that holds the root of a log of logs (contracts/spec/25-anchor.md).
 *
 * A chain is slow, costs money and may take back what it said. Nothing waits for it, and nothing counts as anchored before
 * it is final.
 */
import type { AnchorProofChain } from '@talos/contracts'

/** What is anchored: a log of logs at one size. */
export interface AnchorHead {
  readonly size: number
  /** RFC 6962 root, 32 bytes. */
  readonly root: Uint8Array
}

/** Where the chain has an anchor. */
export interface AnchorPlace {
  /** Hash of the transaction, 0x and 64 hexadecimal digits. */
  readonly transaction: string
  readonly blockNumber: number
  /** The same form. */
  readonly blockHash: string
}

/**
 * How far an anchor has come. `absent`: the chain knows nothing of it. `pending`: a transaction is on its way. `included`: a
 * block has it that may still vanish, or endpoints disagree. `final`: it has the depth that was asked for.
 */
export type AnchorStatus =
  | { readonly state: 'absent' }
  | { readonly state: 'pending'; readonly transaction: string }
  | {
      readonly state: 'included' | 'final'
      readonly place: AnchorPlace
      /** Blocks from its own up to the newest, its own counted. */
      readonly confirmations: number
      /** How many are asked for; 0 where the chain itself says what is final. */
      readonly needed: number
    }

export interface Anchor {
  /** EIP-155 id. */
  readonly chainId: number
  /** Addresses in lower-case hexadecimal with 0x before them: of the contract, and of who sends and pays. */
  readonly contract: string
  readonly by: string
  /**
   * Sends the head unless it is on its way or there already: the same head again does no harm.
   *
   * @throws TalosError with a code of the area `anchor`; nothing was lost then, and it may be called again
   */
  submit(head: AnchorHead): Promise<AnchorStatus>
  /**
   * Looks how far a head is, and gives what is stuck or was lost on the way another push.
   *
   * @throws TalosError with a code of the area `anchor`
   */
  status(head: AnchorHead): Promise<AnchorStatus>
  /**
   * The proof that a block has a head; checked before it is given.
   *
   * @throws TalosError with a code of the area `anchor`, `ANCHOR_NOT_FINAL` among them
   */
  prove(head: AnchorHead): Promise<AnchorProofChain>
  /** Forgets what is known of transactions that are final. */
  settle(head: AnchorHead): void
  /** Gives up what is being asked, and asks nothing more. What is on its way stays known. */
  close(): void
}

/** One transaction on its way, as it is remembered until it is final: all attempts have the same nonce, so one counts at most. */
export interface AnchorTransaction {
  readonly nonce: number
  readonly head: AnchorHead
  /** Oldest first. */
  readonly attempts: readonly {
    /** 0x and 64 hexadecimal digits. */
    readonly hash: string
    /** The signed transaction, hexadecimal with 0x before it; empty where it was found on the chain. */
    readonly raw: string
    /** Highest price of a unit of gas, decimal. */
    readonly maxFeePerGasWei: string
    readonly atMs: number
  }[]
}

/** Where transactions are remembered; every call is durable when it returns. */
export interface AnchorJournal {
  /** By nonce. */
  list(): readonly AnchorTransaction[]
  put(transaction: AnchorTransaction): void
  remove(nonce: number): void
}
