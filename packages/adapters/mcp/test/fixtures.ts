import { fileURLToPath } from 'node:url'
import { equalBytes } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { portableKernel } from '@talos/kernel'
import {
  type CallAuthor,
  type CallEnd,
  type CallProof,
  type ChannelTerms,
  type GateDecision,
  type GatedCall,
  type GatedList,
  type IntendedCall,
  type SealedChannel,
  type StdioServerConfig,
  serveMcpChannel,
  type ToolGate,
} from '@talos/mcp'

const AGENT = 'did:key:z6MkagentagentagentagentagentagentagentagentAgen' as Did
const OWNER = 'did:key:z6MkownerownerownerownerownerownerownerownerOwne' as Did

const kernel = portableKernel()
const SEED = new Uint8Array(32).fill(7)
const PUBLIC_KEY = kernel.ed25519PublicKey(SEED)

export const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')
export const bytes = (value: string) => new Uint8Array(Buffer.from(value))

/** Two ends of an ordered channel in memory; frames are copied, and each waits for the handler of the one before. */
function channelPair(): { agent: SealedChannel; tool: SealedChannel } {
  const { promise: closed, resolve } = Promise.withResolvers<string>()
  let open = true
  const close = (reason = 'closed') => {
    open = false
    resolve(reason)
  }
  const pipe = () => {
    const handler = Promise.withResolvers<(frame: Uint8Array) => void | Promise<void>>()
    let last: Promise<void> = Promise.resolve()
    const send = async (frame: Uint8Array) => {
      if (!open) throw new Error('closed')
      const copy = frame.slice()
      last = last.then(async () => (await handler.promise)(copy))
      await Promise.race([last, closed])
    }
    return { send, onFrame: handler.resolve }
  }
  const [up, down] = [pipe(), pipe()]
  return {
    agent: { peer: OWNER, name: 'echo', send: up.send, onFrame: down.onFrame, closed, close },
    tool: { peer: AGENT, name: 'echo', send: down.send, onFrame: up.onFrame, closed, close },
  }
}

/** A gate that allows what it is told to, and signs the hash of each response. */
export class TestGate implements ToolGate {
  readonly calls: GatedCall[] = []
  readonly lists: GatedList[] = []
  readonly ends: CallEnd[] = []
  readonly #allowed: (tool: string) => boolean
  denial: GateDecision | undefined
  failToRecord = false
  /** Bytes of a response that an agent may have. */
  allowance = Number.MAX_SAFE_INTEGER

  constructor(allowed: (tool: string) => boolean = () => true) {
    this.#allowed = allowed
  }

  async authorizeCall(call: GatedCall): Promise<GateDecision> {
    this.calls.push(call)
    if (this.denial !== undefined) return this.denial
    if (call.proof === undefined || !call.known || !this.#allowed(call.tool)) {
      const message = call.known ? 'not granted' : 'no such tool'
      return {
        allowed: false,
        receipt: sign('denied'),
        argumentsAtFault: false,
        code: 'CAPABILITY_COMMAND_INVALID',
        message,
      }
    }
    return { allowed: true, charge: (sizeBytes) => this.#charge(sizeBytes), finish: (end) => this.#finish(end) }
  }

  async authorizeList(list: GatedList) {
    this.lists.push(list)
    return {
      allowed: true as const,
      permits: this.#allowed,
      charge: () => undefined,
      finish: (end: CallEnd) => this.#finish(end),
    }
  }

  #charge(sizeBytes: number) {
    if (sizeBytes <= this.allowance) return undefined
    return { code: 'CAPABILITY_LIMIT' as const, message: 'more than is left' }
  }

  async #finish(end: CallEnd): Promise<Uint8Array> {
    this.ends.push(end)
    if (this.failToRecord) throw new Error('the disk is full')
    return sign('lost' in end ? 'lost' : kernel.sha256(end.response))
  }
}

function sign(message: string | Uint8Array): Uint8Array {
  return kernel.ed25519Sign(SEED, typeof message === 'string' ? bytes(message) : message)
}

/** An author that accepts exactly the receipts of {@link TestGate}. */
export class TestAuthor implements CallAuthor {
  readonly intents: IntendedCall[] = []
  /** What the next calls bring along. */
  approvals: readonly Uint8Array[] = []
  /** How the next calls are proven. */
  level: CallProof['level'] = 'signature'
  readonly finished: { receipt: Uint8Array | undefined; response: Uint8Array }[] = []

  async intend(call: IntendedCall) {
    this.intents.push(call)
    return {
      proof: this.#proofOf(bytes(`intent ${this.intents.length}`)),
      proofs: [bytes('proof')],
      approvals: this.approvals,
      saltKey: new Uint8Array(32).fill(9),
      finish: async (end: { receipt: Uint8Array | undefined; response: Uint8Array }) => {
        this.finished.push(end)
        if (end.receipt === undefined) throw new Error('no receipt')
        const fits = [kernel.sha256(end.response), bytes('denied'), bytes('lost')].some((message) =>
          kernel.ed25519Verify(PUBLIC_KEY, message, end.receipt ?? new Uint8Array()),
        )
        if (!fits || equalBytes(end.receipt, new Uint8Array(64))) throw new Error('a receipt that does not fit')
      },
    }
  }

  #proofOf(named: Uint8Array): CallProof {
    if (this.level === 'signature') return { level: 'signature', invocation: named }
    return this.level === 'mac'
      ? { level: 'mac', call: named, mac: new Uint8Array(32).fill(1) }
      : { level: 'channel', call: named }
  }
}

export function echoServer(mode = 'echo'): StdioServerConfig {
  const path = fileURLToPath(new URL('./fixtures/echo-server.mjs', import.meta.url))
  return { command: process.execPath, args: [path, mode], env: {} }
}

/** Serves a fixture and returns the agent's end of the channel. */
export function serve(server: StdioServerConfig, { gate = new TestGate(), ...options }: ServeOptions = {}) {
  const { agent, tool } = channelPair()
  const events: unknown[] = []
  const served = serveMcpChannel({
    channel: tool,
    server,
    serverName: 'echo',
    gate,
    onEvent: (event) => events.push(event),
    ...options,
  })
  return { agent, tool, served, gate, events }
}

interface ServeOptions {
  readonly gate?: TestGate
  readonly requestTimeoutMs?: number
  readonly handshakeTimeoutMs?: number
  readonly terms?: ChannelTerms
}
