/**
 * What all calls of one executor share, however many servers it serves: the record of used calls, counters, receipts, and the
 * keys by which sessions authenticate calls.
 */
import type { Secret } from '@talos/bytes'
import { EPOCH_BYTES, Meter, ReceiptSigner, ReplaySet } from '@talos/capability'
import type { Did } from '@talos/contracts'
import type { Agent } from '../agent.ts'
import type { FrameOrigin } from '../channels.ts'
import { nowS } from '../options.ts'
import { PeerQuota } from '../quota.ts'
import type { SessionKeeper } from '../sessions.ts'

/** The label of a session's key for the authentication of calls (spec 08-invocation, 8.3). */
export const CALL_MAC_LABEL = 'talos/call/mac@1'

/** Bytes of calls of one peer that are refused, and kept as evidence within an hour: who may do nothing fills no disk. */
export const REFUSED_MAX_BYTES = 16_777_216
const REFUSED_QUOTA = {
  what: 'bytes of refused calls from one peer within an hour',
  limit: REFUSED_MAX_BYTES,
  windowMs: 3_600_000,
}

/** DIDs that an agent had before: what was given by them and to them is its own. */
export function formerDids({ did, keyLog }: Pick<Agent, 'did' | 'keyLog'>): readonly Did[] {
  return keyLog.keys.map((key) => key.did).filter((key) => key !== did)
}

export class Executor {
  readonly agent: Agent
  readonly replay: ReplaySet
  readonly meter: Meter
  readonly receipts: ReceiptSigner
  /** What is kept of refused calls. */
  readonly refused = new PeerQuota(REFUSED_QUOTA)
  readonly #sessions: Pick<SessionKeeper, 'exporter'>

  /** @throws TalosError store codes */
  constructor({ agent, sessions }: { readonly agent: Agent; readonly sessions: Pick<SessionKeeper, 'exporter'> }) {
    const { database, clock, random, signer } = agent
    this.agent = agent
    this.#sessions = sessions
    const [epoch, now] = [random.bytes(EPOCH_BYTES), nowS(clock)]
    // Durable before the epoch is told to anybody: calls that name it are refused once this process is gone.
    database.epochs.begin(epoch, now)
    this.replay = new ReplaySet({ epoch, earlier: database.epochs.earlier(now), record: database.replay })
    this.meter = new Meter({ store: database.meters })
    this.receipts = new ReceiptSigner({ signer, nowMs: () => clock.nowMs() })
  }

  /** The key by which a peer authenticates calls in a session. @throws TalosError `SESSION_MISSING` */
  macKey(peer: Did, { sessionId }: FrameOrigin): Secret {
    return this.#sessions.exporter({ peer, sessionId, label: CALL_MAC_LABEL })
  }

  /** Gives back what was reserved of limits and not used. @throws TalosError store codes: then that much is lost */
  close(): void {
    this.meter.close()
  }
}
