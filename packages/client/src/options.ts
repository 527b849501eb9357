/** What an agent can be given at its start, and what stands in where nothing is given. */
import type { AuditLevel } from '@talos/audit'
import { TalosError } from '@talos/errors'
import type { KeyFileParameters, Signer } from '@talos/identity'
import { type Kernel, loadKernel, systemClock, systemRandom } from '@talos/kernel'
import type { KeyedCarrier } from '@talos/network'
import type { Clock, Random } from '@talos/ports'
import type { OpenAnchoring } from './anchor/options.ts'
import type { ClientEvent } from './events.ts'
import type { WitnessSettings } from './witness/keeper.ts'

/** Name of the environment variable that holds the passphrase of the agent's keys. */
export const PASSPHRASE_VARIABLE = 'TALOS_PASSPHRASE'

export interface TalosClientOptions {
  /** Root folder of all agents; else TALOS_HOME, else `~/.talos`. */
  readonly home?: string
  /** Opens the agent's keys; else TALOS_PASSPHRASE. */
  readonly passphrase?: string
  readonly kernel?: Kernel
  readonly clock?: Clock
  readonly random?: Random
  /** Makes the carriers from the agent's 32-byte transport seed; TLS 1.3 unless given. */
  readonly carriers?: (transportSeed: Uint8Array) => readonly KeyedCarrier[]
  /** Cost of opening the key file of a new agent. */
  readonly keyFileParameters?: KeyFileParameters
  /**
   * Holds the key of the agent's identity, such as an HSM or a KMS: the key file then has none of it. An agent made with one
   * is opened with one of the same DID. All that the identity signs goes through it: envelopes, links, bundles.
   */
  readonly signer?: Signer
  /**
   * How much the audit log says from now on; the agent's folder keeps it. Unless given, what the folder says, `standard` at
   * first.
   */
  readonly auditLevel?: AuditLevel
  /** Milliseconds between two questions for the revocations of the issuers that matter here; 30,000 unless given. */
  readonly revocationIntervalMs?: number
  /** How the agent takes part in witnessing: which peers cosign its log, and what it tells of others' logs. */
  readonly witness?: WitnessSettings
  /** What counts as witnessed, as a C2SP tlog-policy; goes before the file `witness.policy` of the agent's folder. */
  readonly witnessPolicy?: string
  /** Anchors the log on a public chain, beside everything else (docs/anchoring.md); not unless given. */
  readonly anchoring?: OpenAnchoring
  /** Told of what happens beside the calls: links, sessions, tool calls, deliveries that failed. Must not throw. */
  readonly onEvent?: (event: ClientEvent) => void
}

/** The parts of the outer world that an agent works with. */
export interface AgentWorld {
  readonly kernel: Kernel
  readonly clock: Clock
  readonly random: Random
}

export function worldOf(options: TalosClientOptions): AgentWorld {
  const { kernel = loadKernel(), clock = systemClock, random = systemRandom } = options
  return { kernel, clock, random }
}

/** @throws TalosError `PASSPHRASE_MISSING` */
export function passphraseOf(options: TalosClientOptions): string {
  const passphrase = options.passphrase ?? process.env[PASSPHRASE_VARIABLE]
  if (passphrase === undefined || passphrase === '') throw new TalosError('PASSPHRASE_MISSING')
  return passphrase
}

/** Whole seconds of the clock. */
export function nowS(clock: Clock): number {
  return Math.floor(clock.nowMs() / 1000)
}
