/** What anchoring on a chain is told (contracts/spec/25-anchor.md, clause 25.4), and the limits that hold where it is not. */
import type { Secret } from '@talos/bytes'
import type { AnchorJournal, Clock, Random } from '@talos/ports'

/** Endpoints of one chain; more add no certainty worth their requests. */
export const MAX_ENDPOINTS = 8
/** Blocks above an anchor before it is final, where nothing else is said: two epochs of Ethereum. */
export const DEFAULT_CONFIRMATIONS = 64
/** A unit of gas costs so much at most: 50 gwei, which no L2 and seldom Ethereum itself reaches. */
export const DEFAULT_MAX_FEE_PER_GAS_WEI = 50_000_000_000n
/** An anchor needs 24,000; chains that count the data of their layer below into it, some hundred thousand. */
export const DEFAULT_MAX_GAS = 500_000n
/** Deploying needs 90,000, the same chains more. */
export const MAX_DEPLOY_GAS = 5_000_000n
/** A transaction that no block takes for so long is sent again with a higher fee. */
export const DEFAULT_STUCK_AFTER_MS = 90_000
/** A signed transaction is kept for so many fees; afterwards it stays at the last one. */
export const MAX_ATTEMPTS = 16
/** Transactions on their way at a time. */
export const MAX_IN_FLIGHT = 8
/** How far back events are searched for an anchor whose transaction is not known: a day of Ethereum, hours of others. */
export const SEARCH_BLOCKS = 7_200
/** Events of one search; a sender that anchors every minute has as many in eleven days. */
export const MAX_FOUND = 16_384
/** Pause before a head whose transactions were lost twice is sent once more; doubles with each further loss. */
export const LOST_PAUSE_MS = 60_000
export const MAX_LOST_PAUSE_MS = 86_400_000
/** Blocks of one search: what public endpoints allow. */
export const SEARCH_STEP_BLOCKS = 900
export const DEFAULT_TIMEOUT_MS = 10_000
/** How long those that are slow are waited for once as many have answered as must. */
export const GRACE_MS = 1_000
/** Attempts of one request to one endpoint. */
export const REQUEST_ATTEMPTS = 3
/** Pause before the second attempt; doubles, and varies by half. */
export const RETRY_BASE_MS = 200
/** An answer of an endpoint. All receipts of a full block are a few MiB. */
export const MAX_ANSWER_BYTES = 16_777_216

/** How deep an anchor must lie: a number of blocks, its own counted, or what the chain itself calls final. */
export type Confirmations = number | 'finalized'

export interface EndpointOptions {
  /** `http:` or `https:` URLs of JSON-RPC endpoints, 1 to 8. */
  readonly rpcUrls: readonly string[]
  /** EIP-155 id; an endpoint of another chain is refused. */
  readonly chainId: number
  /** How many endpoints must say the same; more than half of them where nothing else is said. */
  readonly quorum?: number
  readonly timeoutMs?: number
  /** Varies the pauses between attempts. */
  readonly random: Random
}

export interface SenderOptions {
  /** secp256k1 private key, 32 bytes. Its address pays, and what it anchors stands under it. */
  readonly key: Secret
  readonly maxFeePerGasWei?: bigint
  readonly maxGas?: bigint
}

export interface EvmAnchorOptions extends EndpointOptions, SenderOptions {
  /** Address of the contract in lower-case hexadecimal with 0x before it. */
  readonly contract: string
  readonly confirmations?: Confirmations
  readonly stuckAfterMs?: number
  readonly journal: AnchorJournal
  readonly clock: Clock
}
