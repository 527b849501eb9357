/** What an agent tells its program beside the answers to calls. Facts for people and logs; never contents. */
import type { Did } from '@talos/contracts'
import type { ErrorCode } from '@talos/errors'

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
  | { readonly type: 'message.refused'; readonly peer: Did; readonly code: ErrorCode }
  | { readonly type: 'message.undelivered'; readonly peer: Did; readonly messageId: string; readonly code: ErrorCode }
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
