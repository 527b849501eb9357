/**
 * What sessions, outbox and inbox need of a store: the calls that the keepers make and no others. Synchronous, so that
 * nothing happens between a step and its record. `AgentDatabase` is one; a simulation brings one that fails on purpose.
 */
import type { AgentDatabase } from '@talos/storage'

export interface SessionStorage {
  /** All of `work` is durable when this returns, none of it when it throws; inside another one it is a part of that. */
  transaction<T>(work: () => T): T
  readonly commitSend: AgentDatabase['commitSend']
  readonly commitReceive: AgentDatabase['commitReceive']
  readonly removeExpired: AgentDatabase['removeExpired']
  readonly sessions: Pick<AgentDatabase['sessions'], 'get' | 'list' | 'activate' | 'retire'>
  readonly messages: Pick<
    AgentDatabase['messages'],
    | 'outgoing'
    | 'findOutgoing'
    | 'resealOutgoing'
    | 'acknowledge'
    | 'dropOutdated'
    | 'waitingPeers'
    | 'hasArrived'
    | 'incoming'
    | 'handOver'
  >
  readonly prekeys: Pick<
    AgentDatabase['prekeys'],
    'latest' | 'nextSerial' | 'put' | 'serveOneTime' | 'unserved' | 'secrets' | 'oneTimeSecret' | 'hasFirstFlight'
  >
  readonly peers: Pick<AgentDatabase['peers'], 'noteBundleSerial'>
}
