/** Calls of this agent that others must approve: remembered by the process that made them, until an hour has passed. */
import type { ApprovalRequest, ClientEvent } from '@talos/client'
import type { Did } from '@talos/contracts'

/** The newest ones; a call that is made again moves to the end. */
export const MAX_WAITING = 32
/** As long as an approval may last: whoever asks later makes the call again. */
const KEPT_MS = 3_600_000

export interface WaitingCall {
  readonly request: ApprovalRequest
  /** Whose approval would count, as the executor says. */
  readonly approvers: readonly Did[]
  readonly sinceMs: number
}

export class WaitingCalls {
  readonly #calls = new Map<string, WaitingCall>()

  /** To be called with every event. */
  notice(event: ClientEvent, nowMs: number): void {
    if (event.type === 'authority.received' && event.kind === 'approval') {
      const isOfApprover = this.#calls.get(event.cid)?.approvers.includes(event.peer)
      if (isOfApprover === true) this.approved(event.cid)
    }
    if (event.type !== 'approval.needed') return
    const { request, approvers } = event
    this.#calls.delete(request.digest)
    this.#calls.set(request.digest, { request, approvers, sinceMs: nowMs })
    const [oldest] = this.#calls.keys()
    if (this.#calls.size > MAX_WAITING && oldest !== undefined) this.#calls.delete(oldest)
  }

  /** An approval is there: the next attempt says whether others are needed. */
  approved(digest: string): void {
    this.#calls.delete(digest)
  }

  /** Oldest first. */
  list(nowMs: number): readonly WaitingCall[] {
    return [...this.#calls.values()].filter(({ sinceMs }) => nowMs - sinceMs < KEPT_MS)
  }
}
