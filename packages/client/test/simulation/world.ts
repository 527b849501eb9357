/** Two agents, the network between them and the schedule that drives them; then the quiet in which all must heal. */
import type { Did } from '@talos/contracts'
import { type Kernel, loadKernel } from '@talos/kernel'
import { OUTBOX_KEEP_MS } from '@talos/storage'
import type { SessionStorage } from '../../src/session-storage.ts'
import type { Defect } from './defects.ts'
import { type Backup, Endpoint } from './endpoint.ts'
import { FaultCount } from './faults.ts'
import type { MemoryStorage, Snapshot } from './memory-storage.ts'
import { Network, type Packet } from './network.ts'
import { Oracle, Violation } from './oracle.ts'
import { type Identity, makeIdentities, simulationKernel } from './parts.ts'
import { Prng } from './prng.ts'
import {
  type FaultKind,
  type PlannedFault,
  type Schedule,
  SEND_FAULTS,
  STARTS,
  type Start,
  type Step,
  WRITE_FAULTS,
} from './schedule.ts'

/** When every schedule begins. */
const BEGIN_MS = 1_800_000_000_000
const STEP_MS = 40
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** What the clock of a machine does at its worst, and how long nothing may happen. */
const CLOCK_JUMPS_MS = [MINUTE_MS, -MINUTE_MS, 7 * MINUTE_MS, HOUR_MS, -HOUR_MS, DAY_MS, -DAY_MS, 8 * DAY_MS]
const WAITS_MS = [1_000, 6 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, DAY_MS]
const BACKUPS_KEPT = 3
/** Rounds of quiet within which all must be well, and how long one takes: a reset may have to wait for its limit. */
const QUIET_ROUNDS = 40
const QUIET_ROUND_MS = MINUTE_MS
/**
 * Whoever went back with everything it has, or lost all, or made bundles while its clock was ahead and went back, may serve bundles that its peer takes for old ones, until the
 * next is made: no other way to heal keeps an old bundle from being served again. Rounds of hours pass then.
 */
const PATIENT_ROUNDS = 80
const PATIENT_ROUND_MS = 6 * HOUR_MS

export interface Counts {
  [what: string]: number
}

export interface Outcome {
  readonly seed: number
  readonly violation?: Violation
  /** Steps that ran, one line each; empty unless asked for. */
  readonly trace: readonly string[]
  readonly counts: Counts
}

/** What schedules of one process share: keys, verified signatures, and the stores that they begin with. */
export class Shared {
  readonly kernel: Kernel
  readonly identities: readonly [Identity, Identity]
  readonly verified = new Map<string, boolean>()
  readonly #starts = new Map<string, readonly [Snapshot, Snapshot]>()

  constructor(kernel = loadKernel()) {
    this.kernel = kernel
    this.identities = makeIdentities(kernel)
  }

  /** The two stores with which a schedule begins. */
  start(start: Schedule['start'], variant: number): readonly [Snapshot, Snapshot] {
    if (start === 'nothing') return [[], []]
    const found = this.#starts.get(`${start}/${variant}`)
    if (found === undefined) throw new RangeError('the stores were not prepared')
    return found
  }

  /** Makes the stores once: the same in every process. */
  async prepare(): Promise<void> {
    for (const [index, start] of STARTS.entries()) {
      for (let variant = 0; variant < START_VARIANTS; variant += 1) {
        const world = new World(this, { seed: index * START_VARIANTS + variant, stream: START_STREAM })
        this.#starts.set(`${start}/${variant}`, await world.prepare(start))
      }
    }
  }
}

/** Different stores of each start, for sessions with other ids. */
const START_VARIANTS = 4
/** Streams of randomness: apart for what is shared and for what runs. */
const START_STREAM = 7
const RUN_STREAM = 100

interface WorldOptions {
  readonly seed: number
  readonly stream: number
  readonly fault?: PlannedFault | undefined
  readonly defect?: Defect | undefined
  readonly inFront?: ((storage: MemoryStorage) => SessionStorage) | undefined
}

export interface RunOptions extends Pick<WorldOptions, 'defect' | 'inFront'> {
  readonly isTraced?: boolean
}

class World {
  readonly #endpoints: readonly [Endpoint, Endpoint]
  readonly #network = new Network()
  readonly #oracle = new Oracle()
  readonly #counts: Counts = {}
  readonly #clockOffsets = new Map<Did, number>()
  readonly #backups = new Map<Did, readonly Backup[]>()
  readonly #events: string[] = []
  #elapsedMs = 0
  #clockJumped = false
  #wentBack = false
  #lostAll = false

  /** Writes and sends so far. */
  readonly faultCount: FaultCount

  constructor(shared: Shared, { seed, stream, fault, defect, inFront }: WorldOptions) {
    this.faultCount = new FaultCount(fault)
    const [alice, bob] = shared.identities
    const make = (identity: Identity, peer: Did, own: number): Endpoint => {
      const prng = new Prng(seed, stream + own)
      return new Endpoint({
        identity,
        peer,
        prng,
        kernel: simulationKernel(shared.kernel, {
          random: prng,
          onSeal: (commitment, header) => this.#oracle.sealed(commitment, header),
          verified: shared.verified,
        }),
        nowMs: () => BEGIN_MS + this.#elapsedMs + (this.#clockOffsets.get(identity.did) ?? 0),
        monotonicMs: () => this.#elapsedMs,
        network: this.#network,
        oracle: this.#oracle,
        faultCount: this.faultCount,
        defect,
        inFront,
        onFault: (kind) => this.#count(`fault ${kind}`),
        mayExpire: () => this.#clockJumped || this.#lostAll || this.#elapsedMs > OUTBOX_KEEP_MS,
        note: (event) => this.#note(event),
      })
    }
    this.#endpoints = [make(alice, bob.did, 0), make(bob, alice.did, 1)]
  }

  get counts(): Counts {
    return this.#counts
  }

  /** Brings both agents to where schedules begin, without a fault. */
  async prepare(start: Start): Promise<readonly [Snapshot, Snapshot]> {
    const [alice, bob] = this.#endpoints
    for (const { did, storage, nowMs } of this.#endpoints) this.#oracle.watch(did, storage, nowMs)
    await alice.step(undefined, async () => alice.askBundle())
    await bob.step(undefined, async () => bob.askBundle())
    if (start === 'strangers') {
      // Both made their bundles; nobody used them.
      for (const packet of this.#takeAll()) if (packet.content.kind === 'ask-bundle') await this.#deliver(packet)
    } else {
      if (start === 'in-session')
        this.#takeAll()
          .slice(0, 1)
          .map((packet) => this.#network.put(packet))
      await this.#deliverAll()
    }
    return [alice.storage.snapshot(), bob.storage.snapshot()]
  }

  /** Runs a schedule, then quiet, and says whether everything held. */
  async run(shared: Shared, schedule: Schedule, { isTraced = false }: RunOptions = {}): Promise<Outcome> {
    const [alice, bob] = this.#endpoints
    const [first, second] = shared.start(schedule.start, schedule.seed % START_VARIANTS)
    alice.storage.restore(first)
    bob.storage.restore(second)
    for (const { did, storage, nowMs } of this.#endpoints) this.#oracle.watch(did, storage, nowMs)
    const trace: string[] = []
    try {
      for (const step of schedule.steps) {
        this.#count(`step ${step.kind}`)
        await this.#run(step)
        this.#oracle.checkKept()
        if (isTraced) trace.push(`${describeStep(step)}: ${this.#takeEvents()}`)
        this.#elapsedMs += STEP_MS
      }
      await this.#quiet()
    } catch (error) {
      const violation = error instanceof Violation ? error : new Violation('no surprise', describeError(error))
      trace.push(`then: ${this.#takeEvents()}`)
      return { seed: schedule.seed, violation, trace, counts: this.#counts }
    }
    return { seed: schedule.seed, trace, counts: this.#counts }
  }

  async #run({ kind, a, b, fault }: Step): Promise<void> {
    const endpoint = this.#side(a)
    switch (kind) {
      case 'send':
        return await endpoint.step(fault, () => endpoint.send(b))
      case 'deliver': {
        const packet = this.#network.take(a)
        if (packet === undefined) return await endpoint.step(fault, () => endpoint.send(b))
        return await this.#deliver(packet, fault)
      }
      case 'flush':
        return await endpoint.step(fault, () => endpoint.flush())
      case 'hand-over':
        return await endpoint.step(fault, () => endpoint.handOver())
      case 'begin':
        return await endpoint.step(fault, () => endpoint.askBundle())
      case 'begin-both':
        for (const each of this.#endpoints) await each.step(undefined, () => each.askBundle())
        return
      case 'time-out':
        return await endpoint.step(undefined, () => endpoint.timeOut(b))
      case 'crash':
        return endpoint.crash()
      default:
        return await this.#runOutside({ kind, a, b })
    }
  }

  /** Steps that happen to the agents and the network from outside. */
  async #runOutside({ kind, a, b }: Step): Promise<void> {
    const endpoint = this.#side(a)
    switch (kind) {
      case 'drop':
        this.#network.take(a)
        return
      case 'duplicate': {
        const packet = this.#network.peek(a)
        // What travels one way has no id that would be known again: too many copies of it look like a peer that went back.
        if (packet?.content.kind === 'envelope' && packet.requestId === undefined) this.#oracle.mayCostSession()
        if (packet !== undefined) this.#network.put(packet)
        return
      }
      case 'corrupt': {
        const packet = spoil(this.#network.peek(a), b)
        this.#oracle.mayCostSession()
        if (packet !== undefined) await this.#deliver(packet)
        return
      }
      case 'snapshot':
        this.#backups.set(endpoint.did, [endpoint.backup(), ...this.#kept(endpoint)].slice(0, BACKUPS_KEPT))
        return
      case 'restore':
      case 'restore-all': {
        const kept = this.#kept(endpoint)
        const backup = kept[b % Math.max(1, kept.length)]
        this.#lostAll ||= kind === 'restore-all'
        this.#wentBack = true
        if (backup !== undefined) endpoint.restore(backup, kind === 'restore' ? 'stays' : 'goes back')
        this.#note(backup === undefined ? 'nothing to go back to' : 'restored')
        return
      }
      case 'wipe':
        this.#lostAll = true
        endpoint.restore({ store: [], guard: 0 }, b % 2 === 0 ? 'stays' : 'goes back')
        return
      case 'clock': {
        this.#oracle.mayCostSession()
        this.#clockJumped = true
        const jumpMs = CLOCK_JUMPS_MS[b % CLOCK_JUMPS_MS.length] ?? 0
        this.#clockOffsets.set(endpoint.did, (this.#clockOffsets.get(endpoint.did) ?? 0) + jumpMs)
        return
      }
      default:
        this.#elapsedMs += WAITS_MS[b % WAITS_MS.length] ?? 0
    }
  }

  /** No faults any more, right clocks, a network that works: everything arrives, and a message more each way. */
  async #quiet(): Promise<void> {
    this.#clockOffsets.clear()
    await this.#settle()
    this.#oracle.checkArrived()
    const before = this.#oracle.messages
    for (let round = 0; this.#oracle.messages < before + 2; round += 1) {
      if (round >= QUIET_ROUNDS) throw new Violation('alive', 'no message can be sent any more')
      for (const endpoint of this.#endpoints) await endpoint.step(undefined, () => endpoint.send(1))
      await this.#settle()
    }
    this.#oracle.checkArrived()
  }

  async #settle(): Promise<void> {
    const isPatient = this.#lostAll || (this.#clockJumped && this.#wentBack)
    for (let round = 0; round < (isPatient ? PATIENT_ROUNDS : QUIET_ROUNDS); round += 1) {
      await this.#deliverAll()
      for (const endpoint of this.#endpoints) {
        while (endpoint.waiting > 0) endpoint.timeOut(0)
        await endpoint.step(undefined, () => endpoint.flush())
      }
      await this.#deliverAll()
      for (const endpoint of this.#endpoints) {
        while (endpoint.storage.messages.hasIncoming) await endpoint.step(undefined, () => endpoint.handOver())
      }
      this.#oracle.checkKept()
      if (this.#endpoints.every(({ storage }) => storage.messages.waitingPeers().length === 0)) return
      if (round === QUIET_ROUNDS) this.#count('healed late')
      this.#elapsedMs += round < QUIET_ROUNDS ? QUIET_ROUND_MS : PATIENT_ROUND_MS
    }
    throw new Violation('alive', `the outboxes do not empty: ${this.#takeEvents()}`)
  }

  async #deliverAll(): Promise<void> {
    for (let count = 0; count < 500; count += 1) {
      const packet = this.#network.takeFirst()
      if (packet === undefined) return
      await this.#deliver(packet)
    }
    throw new Violation('alive', `the two do not come to rest: ${this.#takeEvents()}`)
  }

  async #deliver(packet: Packet, fault?: Step['fault']): Promise<void> {
    const endpoint = this.#endpoints.find(({ did }) => did === packet.to)
    if (endpoint === undefined) return
    this.#note(packet.content.kind)
    await endpoint.step(fault, async () => await endpoint.receive(packet))
  }

  #takeAll(): Packet[] {
    const packets: Packet[] = []
    for (let packet = this.#network.takeFirst(); packet !== undefined; packet = this.#network.takeFirst()) {
      packets.push(packet)
    }
    return packets
  }

  #side(choice: number): Endpoint {
    return this.#endpoints[choice % 2 === 0 ? 0 : 1]
  }

  #kept(endpoint: Endpoint): readonly Backup[] {
    return this.#backups.get(endpoint.did) ?? []
  }

  #count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1
  }

  #note(event: string): void {
    this.#count(`event ${event}`)
    if (this.#events.length < 64) this.#events.push(event)
  }

  #takeEvents(): string {
    return this.#events.splice(0).join(', ')
  }
}

/** Runs the schedule with one fresh pair of agents. */
export async function runSchedule(shared: Shared, schedule: Schedule, options: RunOptions = {}): Promise<Outcome> {
  const { seed, fault } = schedule
  const world = new World(shared, { ...options, seed, fault, stream: RUN_STREAM })
  return await world.run(shared, schedule, options)
}

/**
 * Every schedule that is this one with one fault more: of each kind, at each write and each send.
 */
export async function sweepOf(shared: Shared, schedule: Schedule): Promise<Schedule[]> {
  const world = new World(shared, { seed: schedule.seed, stream: RUN_STREAM })
  const { violation } = await world.run(shared, schedule)
  if (violation !== undefined) throw violation
  const { writes, sends } = world.faultCount
  const at = (kinds: readonly FaultKind[], count: number) =>
    kinds.flatMap((kind) => Array.from({ length: count }, (_, index) => ({ ...schedule, fault: { kind, at: index } })))
  return [...at(WRITE_FAULTS, writes), ...at(SEND_FAULTS, sends)]
}

/** A copy of a sealed packet with one bit flipped; of others, none: they have nothing to protect them, and need nothing. */
function spoil(packet: Packet | undefined, choice: number): Packet | undefined {
  if (packet?.content.kind !== 'envelope') return undefined
  const { messageId, wire } = packet.content.envelope
  const spoilt = wire.slice()
  const at = choice % spoilt.length
  spoilt[at] = (spoilt[at] ?? 0) ^ (1 << (choice >>> 29))
  const { requestId: _answered, ...rest } = packet
  return { ...rest, isSpoilt: true, content: { kind: 'envelope', envelope: { messageId, wire: spoilt } } }
}

function describeStep({ kind, a, fault }: Step): string {
  const side = a % 2 === 0 ? 'alice' : 'bob'
  return fault === undefined ? `${kind} (${side})` : `${kind} (${side}), ${fault.kind} #${fault.at}`
}

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
