/** What arrives inside sessions, and who takes it. */
import type { AppFrame, Did } from '@talos/contracts'
import type { Link } from '@talos/network'
import type { Agent } from './agent.ts'
import type { ApprovalKeeper } from './approvals.ts'
import type { Authority } from './authority.ts'
import type { ChannelKeeper } from './channels.ts'
import type { Effect, Effects } from './effects.ts'
import type { ClientEvent } from './events.ts'
import type { EvidenceKeeper } from './evidence/keeper.ts'
import { isChannelFrame } from './frames.ts'
import type { Healer } from './healer.ts'
import type { LeaseKeeper } from './leases.ts'
import type { Messenger } from './messages.ts'
import { PeerQuota } from './quota.ts'
import type { ReceivedControl, ReceivedFrame } from './received.ts'
import type { RevocationKeeper } from './revocations.ts'
import type { WitnessFrame, WitnessKeeper } from './witness/keeper.ts'

/** Delegations and revocations that one peer may send: every one is kept on disk. */
const AUTHORITY_QUOTA = { what: 'capabilities from one peer within an hour', limit: 1_000, windowMs: 3_600_000 }

export interface IntakeOptions {
  readonly agent: Agent
  readonly messenger: Messenger
  readonly effects: Effects
  readonly channels: ChannelKeeper
  readonly approvals: ApprovalKeeper
  readonly authority: Authority
  readonly leases: LeaseKeeper
  readonly revocations: RevocationKeeper
  readonly evidence: EvidenceKeeper
  readonly healer: Healer
  readonly witnessing: WitnessKeeper
  readonly emit: (event: ClientEvent) => void
}

export class Intake {
  readonly #options: IntakeOptions
  readonly #authorityFrames = new PeerQuota(AUTHORITY_QUOTA)

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /** Frames that leave no trace: what they came in stays unopened and may come again. @throws TalosError */
  admit(peer: Did, frame: AppFrame): void {
    if (frame.t === 'authority') this.#authorityFrames.take(peer)
    if (frame.t === 'pull' || frame.t === 'revocations') this.#options.revocations.admit(peer, frame)
    if (frame.t === 'ask') this.#options.evidence.requireRoom(peer)
    if (frame.t === 'renew') this.#options.leases.admit(peer)
    if (frame.t === 'consult') this.#options.approvals.admit(peer)
    if (isWitnessFrame(frame)) this.#options.witnessing.admit(peer, frame)
  }

  /** Takes what is durable. */
  async take(received: ReceivedFrame | ReceivedControl, link: Link): Promise<void> {
    const { agent, messenger, effects, channels, healer } = this.#options
    const { peer, messageId, sessionId } = received
    messenger.tellControl({ peer, sessionId })
    if (received.kind === 'control') return
    if (received.opened !== undefined) {
      healer.opened(peer)
      healer.tendSoon(peer)
    }
    const { frame, confirmed } = received
    if (frame.t === 'greeting') return
    if (isChannelFrame(frame)) return await channels.take(link, frame, { sessionId, confirmed })
    if (frame.t !== 'message') return await effects.run({ peer, messageId }, frame)
    const receivedMs = agent.clock.nowMs()
    await messenger.take({ peer, messageId, sessionId, plaintext: frame.body, receivedMs })
  }

  /** What a frame asks of this agent. @throws TalosError what evidence and authority throw */
  async act({ peer, frame, isAgain }: Effect): Promise<void> {
    const { evidence, revocations, leases, approvals, witnessing, emit } = this.#options
    if (frame.t === 'ask') evidence.answerSoon(peer, frame, () => emit({ type: 'handler.failed', peer }))
    if (frame.t === 'answer') evidence.take(peer, frame)
    if (frame.t === 'pull') revocations.answerSoon(peer, frame, () => emit({ type: 'handler.failed', peer }))
    if (frame.t === 'revocations') await revocations.takePage(frame, { from: peer, isAgain })
    if (frame.t === 'renew') leases.answerSoon(peer, frame.capability, () => emit({ type: 'handler.failed', peer }))
    if (frame.t === 'consult') approvals.consulted(peer, frame.call)
    if (isWitnessFrame(frame)) witnessing.takeSoon(peer, frame, () => emit({ type: 'handler.failed', peer }))
    if (frame.t === 'authority') await this.#takeAuthority(frame, { peer, isAgain })
  }

  async #takeAuthority(
    { kind, bytes, label }: Extract<AppFrame, { t: 'authority' }>,
    { peer, isAgain }: { readonly peer: Did; readonly isAgain: boolean },
  ): Promise<void> {
    const { approvals, revocations, emit } = this.#options
    let cid: string
    if (kind === 'approval') cid = approvals.receive(bytes)
    else if (kind === 'revocation') cid = await revocations.take(bytes, { from: peer, isAgain })
    else cid = await this.#takeDelegation({ bytes, label, isAgain })
    emit({ type: 'authority.received', peer, cid, kind })
  }

  async #takeDelegation(given: {
    readonly bytes: Uint8Array
    readonly label: string
    readonly isAgain: boolean
  }): Promise<string> {
    const { authority, leases } = this.#options
    const { cid } = await authority.receive(given.bytes, given)
    leases.arrived(authority.link(cid))
    return cid
  }
}

const WITNESS_FRAMES: ReadonlySet<AppFrame['t']> = new Set<WitnessFrame['t']>([
  'observe',
  'recall',
  'cosigned',
  'behind',
  'heads',
  'fork',
])

function isWitnessFrame(frame: AppFrame): frame is WitnessFrame {
  return WITNESS_FRAMES.has(frame.t)
}
