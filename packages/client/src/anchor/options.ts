/** What a client is told about anchoring (spec 25-anchor, clauses 25.9 and 25.10). */
import type { Anchor, AnchorJournal } from '@talos/ports'
import type { AgentDatabase } from '@talos/storage'

/** How long the log may grow before the next anchor, where nothing else is said. */
export const ANCHOR_INTERVAL_MS = 600_000
/** How many new entries bring it forward. */
export const ANCHOR_ENTRIES = 10_000
/** How often a chain is asked about what is on its way. */
export const ANCHOR_POLL_MS = 5_000
/** Logs of others that one anchor covers at most. */
export const ANCHOR_OTHERS_MAX = 1_024

/** A chain, and when to use it. */
export interface Anchoring {
  readonly chain: Anchor
  /** {@link ANCHOR_INTERVAL_MS} unless given. */
  readonly intervalMs?: number
  /** {@link ANCHOR_ENTRIES} unless given. */
  readonly entries?: number
  /** {@link ANCHOR_POLL_MS} unless given. */
  readonly pollMs?: number
  /** Whether the newest checkpoints of others' logs that this agent witnessed are anchored as well. */
  readonly others?: boolean
}

/**
 * Opens the chain of an agent that anchors; undefined for one that does not. Called once, after the agent is open, and waited
 * for by nothing else: a chain that cannot be reached holds up no start.
 */
export type OpenAnchoring = (agent: {
  readonly database: AgentDatabase
  readonly journal: AnchorJournal
}) => Promise<Anchoring | undefined>
