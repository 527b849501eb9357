/** What the demo asks of its two agents, and what they answer: plain data over the channel between the processes. */
import type { MerkleProof, SentMessage, SessionInfo } from '@talos/client'
import type { Did, DidDocument } from '@talos/contracts'

export interface AgentReport {
  /** Entries of the log, verified from the first to the last. */
  readonly size: number
  readonly kinds: Readonly<Record<string, number>>
  /** Signed note. */
  readonly checkpoint: string
}

interface Step<Input, Output> {
  readonly input: Input
  readonly output: Output
}

type Nothing = Readonly<Record<never, never>>

export interface DemoSteps {
  readonly open: Step<
    { readonly name: string; readonly home: string; readonly passphrase: string },
    { readonly did: Did; readonly kernel: string; readonly document: DidDocument }
  >
  readonly invite: Step<Nothing, { readonly invitation: string; readonly endpoints: readonly string[] }>
  readonly serve: Step<{ readonly config: string }, Nothing>
  readonly bundle: Step<{ readonly invitation: string }, { readonly bundle: Uint8Array }>
  readonly establish: Step<{ readonly peer: Did; readonly bundle: Uint8Array }, SessionInfo>
  readonly describe: Step<{ readonly peer: Did }, { readonly session: object }>
  readonly send: Step<{ readonly peer: Did; readonly text: string }, SentMessage>
  readonly receive: Step<Nothing, { readonly peer: Did; readonly text: string; readonly messageHash: string }>
  readonly prove: Step<{ readonly messageHash: string }, { readonly proof: MerkleProof }>
  readonly verify: Step<
    { readonly proof: MerkleProof },
    { readonly agent: Did; readonly treeSize: number; readonly root: string; readonly kind: string }
  >
  readonly grant: Step<
    {
      readonly to: Did
      readonly server: string
      readonly tool: string
      readonly folder: string
      readonly expiresInS: number
    },
    { readonly cid: string; readonly summary: readonly string[] }
  >
  readonly revoke: Step<{ readonly cid: string }, Nothing>
  readonly call: Step<
    { readonly peer: Did; readonly server: string; readonly tool: string; readonly path: string },
    {
      readonly outcome: string
      readonly invocation: string
      readonly text: string
      readonly code?: string
      readonly why?: string
    }
  >
  readonly export: Step<{ readonly invocation: string }, { readonly bundle: string }>
  readonly audit: Step<Nothing, AgentReport>
  /** Makes the key that pays for this agent's anchors, and tells its address. */
  readonly payer: Step<Nothing, { readonly address: string }>
  /** Sends the root of the agent's logs to a chain. */
  readonly anchor: Step<{ readonly url: string; readonly chainId: number; readonly contract: string }, Nothing>
  /** Waits until the chain has it for good. */
  readonly anchored: Step<Nothing, { readonly block: number; readonly size: number; readonly root: string }>
  readonly close: Step<Nothing, Nothing>
}

export interface DemoRequest {
  readonly id: number
  readonly method: keyof DemoSteps
  readonly input: unknown
}

export interface DemoReply {
  readonly id: number
  readonly output?: unknown
  readonly failure?: { readonly code: string; readonly message: string }
}
