/** What an agent tells its program beside the answers to calls. Facts for people and logs; never contents. */
import type { Did } from '@talos/contracts'
import type { ErrorCode } from '@talos/errors'
import type { ApprovalRequest } from './approvals.ts'
import type { ResetReason } from './healing.ts'

export type ClientEvent =
  | { readonly type: 'link.up'; readonly peer: Did; readonly address: string }
  | { readonly type: 'link.down'; readonly peer: Did; readonly reason: string }
  | {
      readonly type: 'session.open'
      readonly peer: Did
      readonly sessionId: string
      readonly initiator: boolean
      readonly oneTimeKey: boolean
    }
  | {
      /** A session is lost at one side: another one takes its place, and what waits travels in that. */
      readonly type: 'session.reset'
      readonly peer: Did
      readonly sessionId: string
      readonly reason: ResetReason
      /** Who said so. */
      readonly by: 'self' | 'peer'
    }
  | {
      /** The agent's database is an older copy of itself. Its sessions seal nothing any more; others take their place. */
      readonly type: 'session.restored'
      readonly sessions: number
    }
  | { readonly type: 'message.refused'; readonly peer: Did; readonly code: ErrorCode }
  | { readonly type: 'message.undelivered'; readonly peer: Did; readonly messageId: string; readonly code: ErrorCode }
  | {
      /** The peer did not take it within a week: it is given up. */
      readonly type: 'message.expired'
      readonly peer: Did
      readonly messageId: string
    }
  | {
      readonly type: 'authority.received'
      readonly peer: Did
      readonly cid: string
      readonly kind: 'delegation' | 'revocation' | 'approval'
    }
  | {
      /** What is known of an issuer's revocations is old: calls that need it fresh are refused until a link is there. */
      readonly type: 'authority.stale'
      readonly issuer: Did
      /** Signing time of the newest head of its list. */
      readonly knownAtS: number | undefined
    }
  | {
      /** An issuer signed two lists of revocations that exclude each other: nothing of its list is relied on any more. */
      readonly type: 'revocation.fork'
      readonly issuer: Did
      readonly code: ErrorCode
      /** The two signed heads: whoever has them can show it to anybody. */
      readonly heads: readonly [known: Uint8Array, offered: Uint8Array]
    }
  | {
      /** A peer has seen a longer list of this agent's own revocations: nothing is signed until that is known here. */
      readonly type: 'revocation.rollback'
      readonly code: ErrorCode
      readonly seen: number
      readonly known: number
    }
  | {
      /** A call of this agent waits for approvals: `approvals.ask` sends the request to those who may give them. */
      readonly type: 'approval.needed'
      /** The executor. */
      readonly peer: Did
      readonly command: string
      readonly request: ApprovalRequest
      /** Whose approval would count, as the executor says. */
      readonly approvers: readonly Did[]
    }
  | {
      /** A peer asks for the approval of one exact call: `pendingApprovals` has it in full. */
      readonly type: 'approval.asked'
      readonly peer: Did
      /** Who is to call. */
      readonly caller: Did
      readonly command: string
      /** 64 hex digits. */
      readonly digest: string
    }
  | {
      readonly type: 'tool.call'
      readonly peer: Did
      readonly command: string
      /** `refer`: it waits for approvals. */
      readonly decision: 'allow' | 'deny' | 'refer'
      readonly code?: ErrorCode
      readonly invocation?: string
    }
  | {
      /** A peer has another key: what is kept of it goes by its new DID. */
      readonly type: 'identity.moved'
      /** The new DID. */
      readonly peer: Did
      readonly from: Did
      /** The peer's durable name. */
      readonly id: Did
      /** The old key is compromised. */
      readonly isEmergency: boolean
    }
  | {
      /** A peer was deactivated by its owner. */
      readonly type: 'identity.ended'
      readonly peer: Did
      readonly id: Did
    }
  | {
      /** A peer shows a key log that contradicts the one that is known: its owner should hear of it by another way. */
      readonly type: 'identity.fork'
      readonly peer: Did
      readonly id: Did
    }
  | {
      /** A witness cosigned a checkpoint of this agent's log. */
      readonly type: 'log.witnessed'
      readonly peer: Did
      readonly size: number
      /** By the witness's clock. */
      readonly timeS: number
    }
  | {
      /** This agent cosigned a checkpoint of a peer's log. */
      readonly type: 'log.cosigned'
      readonly peer: Did
      readonly size: number
    }
  | {
      /** A log signed two checkpoints that exclude each other: nothing of it is cosigned any more. */
      readonly type: 'log.fork'
      /** Whose log it is. */
      readonly peer: Did
      readonly origin: string
      /** Schema fork-evidence: whoever has it can show it to anybody. */
      readonly evidence: string
    }
  | {
      /** A peer has a checkpoint of this agent's own log that the log does not contain: nothing is signed any more. */
      readonly type: 'log.rollback'
      readonly peer: Did
      readonly code: ErrorCode
      readonly seen: number
      readonly known: number
      /** The checkpoint, signed by this agent's log key. */
      readonly note: string
    }
  | {
      /** A block that is final holds this agent's log of logs; the audit log says so. */
      readonly type: 'anchor.final'
      readonly chainId: number
      readonly block: number
      /** Leaves of the log of logs. */
      readonly size: number
    }
  | {
      /** The block that held an anchor is none of the chain any more; the anchor is sent again. */
      readonly type: 'anchor.vanished'
      readonly chainId: number
      readonly block: number
    }
  | {
      /** A step of anchoring failed for a reason that is new; it is tried again. The log goes on. */
      readonly type: 'anchor.failed'
      readonly code: ErrorCode
    }
  | { readonly type: 'handler.failed'; readonly peer: Did }
