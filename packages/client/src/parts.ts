/** The parts of a running client, joined: who asks whom is decided here and nowhere else. */
import type { WitnessPolicy } from '@talos/audit'
import type { AppFrame, Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Agent } from './agent.ts'
import { AnchorKeeper } from './anchor/keeper.ts'
import { ApprovalKeeper } from './approvals.ts'
import { Authority } from './authority.ts'
import { IntentAuthor } from './call-author.ts'
import { ChannelKeeper } from './channels.ts'
import { Courier } from './courier.ts'
import { Effects } from './effects.ts'
import type { ClientEvent } from './events.ts'
import { EvidenceKeeper } from './evidence/keeper.ts'
import { Executor } from './execution/executor.ts'
import { Healer } from './healer.ts'
import { Healing } from './healing.ts'
import { IdentityExchange } from './identity/exchange.ts'
import { Intake } from './intake.ts'
import { LeaseKeeper } from './leases.ts'
import { Messenger } from './messages.ts'
import type { TalosClientOptions } from './options.ts'
import { PrekeyKeeper } from './prekeys.ts'
import { Readiness } from './readiness.ts'
import { RevocationKeeper } from './revocations.ts'
import { type SessionWorld, sessionWorld } from './session-world.ts'
import { SessionKeeper } from './sessions.ts'
import { ToolUser } from './tools.ts'
import { Wire } from './wire.ts'
import { WitnessKeeper, type WitnessSettings } from './witness/keeper.ts'

export interface Parts extends Carriage, Capabilities {
  /** What serves tools at the moment. */
  readonly serving: Set<{ close(): Promise<void> }>
  readonly effects: Effects
  readonly intake: Intake
}

/** What brings bytes to peers and takes them from there. */
interface Carriage {
  readonly wire: Wire
  readonly prekeys: PrekeyKeeper
  readonly sessions: SessionKeeper
  readonly messenger: Messenger
  readonly channels: ChannelKeeper
  readonly healer: Healer
  readonly exchange: IdentityExchange
}

/** What may be done, and what was. */
interface Capabilities {
  readonly authority: Authority
  readonly revocations: RevocationKeeper
  readonly evidence: EvidenceKeeper
  readonly executor: Executor
  readonly leases: LeaseKeeper
  readonly approvals: ApprovalKeeper
  readonly author: IntentAuthor
  readonly tools: ToolUser
  readonly witnessing: WitnessKeeper
  readonly anchors: AnchorKeeper
}

export interface AssembleOptions {
  readonly agent: Agent
  readonly emit: (event: ClientEvent) => void
  readonly carriers: TalosClientOptions['carriers']
  readonly revocationIntervalMs: number | undefined
  readonly witness: WitnessSettings
  readonly witnessPolicy: WitnessPolicy | undefined
  readonly anchoring: TalosClientOptions['anchoring']
  /** Whether the client is about to end: then it takes nothing in. */
  readonly isClosing: () => boolean
}

/** What arrives at the carriage and is for others; set before anything can arrive. */
interface Takers {
  readonly effects: Effects
  readonly intake: Intake
  readonly revocations: RevocationKeeper
  readonly witnessing: WitnessKeeper
}

export function assemble(options: AssembleOptions): Parts {
  const { agent, emit } = options
  const world = sessionWorld(agent)
  const takers = (): Takers => ({ effects, intake, revocations, witnessing })
  const carriage = carriageOf({ ...options, world, takers })
  const { channels, messenger, healer } = carriage
  const effects: Effects = new Effects({
    messages: agent.database.messages,
    act: async (effect) => await intake.act(effect),
  })
  const capabilities = capabilitiesOf({ ...options, carriage })
  const { authority, revocations, evidence, leases, approvals, witnessing } = capabilities
  const intake: Intake = new Intake({
    agent,
    messenger,
    effects,
    channels,
    approvals,
    authority,
    leases,
    revocations,
    evidence,
    healer,
    witnessing,
    emit,
  })
  return { ...carriage, ...capabilities, effects, intake, serving: new Set() }
}

function carriageOf(
  options: AssembleOptions & { readonly world: SessionWorld; readonly takers: () => Takers },
): Carriage {
  const { agent, emit, world, takers } = options
  const onMade = async () => void (await agent.log.append({ kind: 'key.prekeys' }))
  const prekeys = new PrekeyKeeper({ world, onMade })
  const admit = (peer: Did, frame: AppFrame) => {
    if (options.isClosing()) throw new TalosError('CLIENT_CLOSED')
    takers().intake.admit(peer, frame)
  }
  const sessions = new SessionKeeper({ world, prekeys, admit })
  const healing = new Healing({ world, sessions })
  const exchange = new IdentityExchange({
    agent,
    emit,
    onMoved: ({ from, to }) => {
      channels.dropAll(from)
      healer.moved(from, to)
      void wire.drop(from)
    },
    onEnded: (peer) => channels.dropAll(peer),
  })
  const wire: Wire = new Wire({
    agent,
    sessions,
    healing,
    exchange,
    prekeys,
    carriers: options.carriers,
    emit,
    onReceived: async (received, link) => await takers().intake.take(received, link),
    onRepeated: async (message) => {
      await messenger.recorded(message)
      await takers().effects.settled(message)
    },
    onReset: async (peer, bytes) => await healer.takeReset(peer, bytes),
    onLost: (peer) => healer.tendSoon(peer),
    onLinkUp: (peer) => {
      healer.tendSoon(peer)
      takers().revocations.linkUp(peer)
      takers().witnessing.linkUp(peer)
    },
    onLinkDown: (link) => channels.drop(link),
  })
  const healer: Healer = new Healer({
    agent,
    sessions,
    healing,
    wire,
    emit,
    deliver: async (flight) => await messenger.deliver(flight),
    flush: async (peer) => await messenger.flush(peer),
    dropChannels: (peer) => channels.dropAll(peer),
  })
  const courier = new Courier({ world, sessions })
  const messenger: Messenger = new Messenger({ agent, sessions, courier, healer, wire, emit })
  const post = async (peer: Did, frame: AppFrame) => await messenger.post(peer, frame)
  const readiness = new Readiness({ healer, wire, sessions, post })
  const channels: ChannelKeeper = new ChannelKeeper({
    agent,
    sessions,
    wire,
    ready: async (peer) => await readiness.of(peer),
  })
  return { wire, prekeys, sessions, messenger, channels, healer, exchange }
}

function capabilitiesOf(options: {
  readonly agent: Agent
  readonly emit: (event: ClientEvent) => void
  readonly revocationIntervalMs: number | undefined
  readonly witness: WitnessSettings
  readonly witnessPolicy: WitnessPolicy | undefined
  readonly anchoring: TalosClientOptions['anchoring']
  readonly carriage: Carriage
}): Capabilities {
  const { agent, emit, carriage, revocationIntervalMs: intervalMs } = options
  const { sessions, wire, messenger, channels } = carriage
  const post = async (peer: Did, frame: AppFrame) => await messenger.post(peer, frame)
  const authority = new Authority(agent)
  const revocations = new RevocationKeeper({ agent, authority, sessions, wire, messenger, emit, intervalMs })
  const isLinked = (peer: Did) => wire.isLinked(peer)
  const leases = new LeaseKeeper({ agent, authority, post, isLinked })
  const approvals = new ApprovalKeeper({ agent, post, emit })
  const author = new IntentAuthor({ agent, sessions, authority, leases, approvals, emit })
  const { witness: settings, witnessPolicy: policy } = options
  const witnessing = new WitnessKeeper({ agent, sessions, wire, post, emit, settings, policy })
  const checkpoint = async () => await witnessing.checkpointToShow()
  const anchors = new AnchorKeeper({ agent, open: options.anchoring, checkpoint, emit })
  const witnessed = () => witnessing.policy
  return {
    authority,
    revocations,
    evidence: new EvidenceKeeper({ agent, wire, post, anchors, policy: witnessed }),
    executor: new Executor({ agent, sessions }),
    leases,
    approvals,
    author,
    tools: new ToolUser({ channels, author, approvals, kernel: agent.kernel }),
    witnessing,
    anchors,
  }
}
