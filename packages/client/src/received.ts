/** What sealing, opening and exporting are given, and what they yield. */
import type { AppFrame, Did } from '@talos/contracts'

/** Sealed bytes that arrived. */
export interface Arrival {
  readonly peer: Did
  readonly messageId: string
  readonly wire: Uint8Array
}

/** A key that a session exports. */
export interface Export {
  readonly peer: Did
  readonly sessionId: Uint8Array
  /** See `sessionExporter`. */
  readonly label: string
}

/** What became of sealed bytes that arrived. */
export type Received = ReceivedFrame | ReceivedControl | ReceivedAgain

export interface ReceivedFrame {
  readonly kind: 'frame'
  readonly peer: Did
  readonly messageId: string
  readonly sessionId: Uint8Array
  readonly frame: AppFrame
  /** Whether the session that it came in was confirmed with it. */
  readonly confirmed: boolean
  /** Set when the bytes opened a new session. */
  readonly opened?: { readonly oneTimeKey: boolean }
  /** True for a first flight that opened its session before: its sender lost the answer. */
  readonly isRepeatedFlight?: boolean
}

/** A frame of the session protocol itself: it changed the state and asks for nothing else. */
export interface ReceivedControl {
  readonly kind: 'control'
  readonly peer: Did
  readonly messageId: string
  readonly sessionId: Uint8Array
}

/** Its id had arrived before: nothing was opened, and it is acknowledged again. */
interface ReceivedAgain {
  readonly kind: 'again'
  readonly peer: Did
  readonly messageId: string
}

export interface SealedFrame {
  readonly sessionId: Uint8Array
  readonly wire: Uint8Array
}

/** Sealed bytes that wait in the outbox. */
export interface QueuedFrame extends SealedFrame {
  readonly peer: Did
  readonly messageId: string
}
