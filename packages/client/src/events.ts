/** What an agent tells its program beside the answers to calls. Facts for people and logs; never contents. */
import type { Did } from '@talos/contracts'
import type { ErrorCode } from '@talos/errors'
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
      readonly kind: 'delegation' | 'revocation'
    }
  | {
      readonly type: 'tool.call'
      readonly peer: Did
      readonly command: string
      readonly decision: 'allow' | 'deny'
      readonly code?: ErrorCode
      readonly invocation?: string
    }
  | { readonly type: 'handler.failed'; readonly peer: Did }
