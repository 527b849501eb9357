/** Who does what a control request asks for (spec 17-control). */
import type { TalosClient } from '@talos/client'
import type { WaitingCalls } from '../waiting.ts'

/** Who answers. */
export interface Performer {
  readonly client: TalosClient
  /** The command that runs the agent, such as `mcp serve`. */
  readonly command: string
  /** Calls of this agent that others must approve; none in a process that runs for a moment. */
  readonly waiting?: WaitingCalls
}
