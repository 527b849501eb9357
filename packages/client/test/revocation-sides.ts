/** Agents at rest with their keepers of revocations, joined by nothing but frames. */
import type { AppFrame, Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import type { Signer } from '@talos/identity'
import { type Agent, closeAgent, openAgent } from '../src/agent.ts'
import { Authority } from '../src/authority.ts'
import type { ClientEvent } from '../src/events.ts'
import { decodeFrame, encodeFrame } from '../src/frames.ts'
import { RevocationKeeper } from '../src/revocations.ts'
import { optionsFor } from './agents.ts'

export const NOW_S = 1_800_000_000

/** Seconds that the test sets, the same for all sides. */
class TestClock {
  #nowMs = NOW_S * 1000

  nowMs(): number {
    return this.#nowMs
  }

  pass(seconds: number): void {
    this.#nowMs += seconds * 1000
  }
}

export interface Side {
  readonly agent: Agent
  readonly did: Did
  readonly signer: Signer
  readonly authority: Authority
  readonly keeper: RevocationKeeper
  readonly events: ClientEvent[]
  /** Codes with which frames of this side were refused. */
  readonly refused: string[]
}

export class Sides implements AsyncDisposable {
  readonly clock = new TestClock()
  readonly #home: string
  readonly #sides = new Map<Did, Side>()
  readonly #cut = new Set<Did>()
  readonly #sent = new Map<string, number>()
  readonly #refusing = new Set<string>()
  #running: Promise<unknown>[] = []

  constructor(home: string) {
    this.#home = home
  }

  /** Opens a side, new or as it was left. */
  async open(name: string, folder = this.#home): Promise<Side> {
    const options = optionsFor(folder, { clock: this.clock })
    const agent = await openAgent({ ...options, name, create: true })
    const { did, signer } = agent
    const authority = new Authority(agent)
    const events: ClientEvent[] = []
    const refused: string[] = []
    const send = async (to: Did, frame: AppFrame) => this.#carry({ from: did, to, frame })
    const keeper = new RevocationKeeper({
      agent,
      authority,
      sessions: { active: (peer: Did) => (this.#isLinked(did, peer) ? ({} as never) : undefined) },
      wire: { isLinked: (peer) => this.#isLinked(did, peer) },
      messenger: { tell: send, post: send },
      emit: (event) => events.push(event),
      intervalMs: 3_600_000,
    })
    const side = { agent, did, signer, authority, keeper, events, refused }
    this.#sides.set(did, side)
    return side
  }

  /** Ends a side, so that it can be opened again. */
  async close({ did, agent, keeper }: Side): Promise<void> {
    await this.settled()
    this.#sides.delete(did)
    keeper.stop()
    await closeAgent(agent)
  }

  /** Cuts a side off, or joins it again. */
  cut({ did }: Side): void {
    this.#cut.add(did)
  }

  join(side: Side): void {
    this.#cut.delete(side.did)
    for (const other of this.#sides.values()) {
      if (other === side) continue
      side.keeper.linkUp(other.did)
      other.keeper.linkUp(side.did)
    }
  }

  /** Gives a capability from one side to another, who then has it. */
  async give(from: Side, to: Side, parent?: string): Promise<string> {
    const request = { to: to.did, command: '/mcp/files', expiresInS: 86_400, depth: 3 }
    const grant =
      parent === undefined ? await from.authority.grant(request) : await from.authority.delegate({ ...request, parent })
    await to.authority.receive(grant.bytes)
    return grant.cid
  }

  /** Loses all frames of a kind on their way to a side. */
  refuse({ did }: Side, kind: AppFrame['t']): void {
    this.#refusing.add(`${did} ${kind}`)
  }

  /** How many frames of a kind a side sent. */
  sent({ did }: Side, kind: AppFrame['t']): number {
    return this.#sent.get(`${did} ${kind}`) ?? 0
  }

  /** Resolves when nothing has been on its way for a while: what a frame leads to begins some turns later. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet += 1) {
      const running = this.#running
      this.#running = []
      if (running.length > 0) quiet = 0
      await Promise.all(running)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  /** Hands a frame over as if a side had sent it. */
  async deliver(from: Side, to: Side, frame: AppFrame): Promise<void> {
    await this.#take(to, { from: from.did, frame })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const side of Array.from(this.#sides.values())) await this.close(side)
  }

  #isLinked(one: Did, other: Did): boolean {
    return this.#sides.has(other) && !this.#cut.has(one) && !this.#cut.has(other)
  }

  #carry({ from, to, frame }: { readonly from: Did; readonly to: Did; readonly frame: AppFrame }): void {
    const side = this.#sides.get(to)
    if (side === undefined || !this.#isLinked(from, to)) return
    this.#sent.set(`${from} ${frame.t}`, (this.#sent.get(`${from} ${frame.t}`) ?? 0) + 1)
    if (this.#refusing.has(`${to} ${frame.t}`)) return
    const taking = this.#take(side, { from, frame }).catch((error: unknown) => {
      if (!isTalosError(error)) throw error
      this.#sides.get(from)?.refused.push(error.code)
    })
    this.#running.push(taking)
  }

  async #take(
    { keeper }: Side,
    { from, frame: sent }: { readonly from: Did; readonly frame: AppFrame },
  ): Promise<void> {
    const frame = decodeFrame(encodeFrame(sent))
    if (frame.t === 'pull' || frame.t === 'revocations') keeper.admit(from, frame)
    if (frame.t === 'authority') await keeper.take(frame.bytes, { from, isAgain: false })
    if (frame.t === 'revocations') await keeper.takePage(frame, { from, isAgain: false })
    if (frame.t === 'pull') {
      keeper.answerSoon(from, frame, () => this.#sides.get(from)?.refused.push('the answer failed'))
    }
  }
}
