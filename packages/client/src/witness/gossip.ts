/** What peers are told of others' logs: the newest checkpoints, and evidence of forks (spec 23-witness, 23.8). */
import { onlySignedBy, type WitnessRecord } from '@talos/audit'
import { utf8 } from '@talos/bytes'
import type { AppFrame, Did } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { parseVerifierKey } from '@talos/merkle'
import type { Agent } from '../agent.ts'

/** Heads in one frame. */
const MAX_HEADS = 16
/** Evidence that is handed to a peer in one turn. */
const MAX_FORKS = 4
/** Peers for which it is remembered what they were told. */
const MAX_TOLD = 10_000

type SeenHead = Extract<AppFrame, { t: 'heads' }>['heads'][number]

export interface GossipOptions {
  readonly agent: Agent
  readonly post: (peer: Did, frame: AppFrame) => Promise<void>
}

export class Gossip {
  readonly #options: GossipOptions
  /** The last list that a peer was told, as one text. */
  readonly #told = new Map<Did, string>()
  /** Logs of which a peer has the evidence. */
  readonly #toldForks = new Map<Did, Set<string>>()

  constructor(options: GossipOptions) {
    this.#options = options
  }

  /** Tells a peer the newest heads, where there is news. @throws TalosError what posting throws */
  async tell(peer: Did): Promise<void> {
    const { agent, post } = this.#options
    const heads = agent.database.witness.newest(MAX_HEADS).flatMap((record) => headOf(record, agent.kernel))
    const text = heads.map(({ note }) => note).join('')
    if (heads.length === 0 || this.#told.get(peer) === text) return
    remember(this.#told, peer, text)
    await post(peer, { t: 'heads', heads })
  }

  /** Hands a peer the evidence that it does not have from here. @throws TalosError what posting throws */
  async tellForks(peer: Did): Promise<void> {
    const { agent, post } = this.#options
    const told = this.#toldForks.get(peer) ?? new Set()
    remember(this.#toldForks, peer, told)
    const news = agent.database.witness.forks().filter(({ origin }) => !told.has(origin))
    for (const { origin, evidence } of news.slice(0, MAX_FORKS)) {
      told.add(origin)
      await post(peer, { t: 'fork', evidence: utf8(evidence) })
    }
  }
}

/** The last checkpoint that was cosigned, else one that was seen, with the delegation of the key that signed it. */
function headOf({ note, heads, keys, fork }: WitnessRecord, kernel: Kernel): readonly SeenHead[] {
  const newest = note ?? heads.at(-1)
  if (newest === undefined || fork !== undefined) return []
  const key = keys.find(({ vkey }) => onlySignedBy(newest, [parseVerifierKey(vkey, kernel)]) === newest)
  return key?.delegation === undefined ? [] : [{ note: newest, logKey: key.delegation }]
}

function remember<T>(map: Map<Did, T>, peer: Did, value: T): void {
  map.delete(peer)
  map.set(peer, value)
  const [oldest] = map.keys()
  if (map.size > MAX_TOLD && oldest !== undefined) map.delete(oldest)
}
