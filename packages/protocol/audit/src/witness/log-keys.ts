/**
 * Who may sign for a log, and for a witness (contracts/spec/23-witness.md, clauses 23.1 and 23.2).
 *
 * A log of this project is named after the key that its agent had when it began, `talos/<fingerprint>/<epoch>`, a witness after
 * its agent's first key, `talos/witness/<fingerprint>`. Whoever is that agent, by that key or by a key log that lists it, says in a signed
 * delegation which key signs. Left out: logs of other projects, whose keys an operator writes down.
 */
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { type KeyStanding, type LogKeyDelegation, openLogKeyDelegation } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { logVerifierKey, NOTE_COSIGNATURE, type VerifierKey, verifierKey } from '@talos/merkle'

/** What is known of agents and their keys; an `IdentityBook` of `@talos/identity` is one. */
export interface KnownAgents {
  /** Whether two keys are one agent's. */
  isSame(one: Did, other: Did): boolean
  /** A key of no known log is current. */
  standingOf(did: Did): KeyStanding
}

/** Nobody is known by a key log: every key is one agent. */
export const NO_AGENTS: KnownAgents = { isSame: (one, other) => one === other, standingOf: () => 'current' }

/** A key that an agent lets sign one log's checkpoints. */
export interface LogSigningKey {
  /** The log's name. */
  readonly origin: string
  /** The `did:key` after which the log is named: the one that its agent had when it began. */
  readonly agent: Did
  /** Who signed the delegation: a key of the same agent. */
  readonly issuer: Did
  readonly key: VerifierKey
  /** The signed envelope. */
  readonly delegation: Uint8Array
}

/** A key that an agent lets cosign, type 04. */
export interface WitnessKey {
  /** `talos/witness/<fingerprint>`. */
  readonly name: string
  readonly agent: Did
  readonly issuer: Did
  readonly key: VerifierKey
  readonly delegation: Uint8Array
}

export interface OpenKeyOptions {
  readonly kernel: Kernel
  /** {@link NO_AGENTS} where absent. */
  readonly agents?: KnownAgents
}

const LOG_ORIGIN = /^talos\/(z6Mk[1-9A-HJ-NP-Za-km-z]{44})\/[1-9][0-9]{0,15}$/
const WITNESS_NAME = /^talos\/witness\/(z6Mk[1-9A-HJ-NP-Za-km-z]{44})$/

/** The name under which an agent cosigns. `agent` is the agent's first key. */
export function witnessName(agent: Did): string {
  return `talos/witness/${agent.slice('did:key:'.length)}`
}

/**
 * Opens the delegation of a log's key.
 *
 * @throws TalosError what `openLogKeyDelegation` throws; `WITNESS_LOG_KEY` for another origin than a log's, or a key of
 *   another agent than the one that the log is named after
 */
export function openLogKey(delegation: Uint8Array, options: OpenKeyOptions): LogSigningKey {
  const opened = openLogKeyDelegation(delegation, options)
  const { origin, issuer, logPublicKey: publicKey } = opened
  const agent = agentOf(opened, { pattern: LOG_ORIGIN, ...options })
  return { origin, agent, issuer, key: logVerifierKey({ origin, publicKey, kernel: options.kernel }), delegation }
}

/**
 * Opens the delegation of a witness's key.
 *
 * @throws TalosError what `openLogKeyDelegation` throws; `WITNESS_LOG_KEY` for another name than a witness's, or a key
 *   of another agent than the one that it is named after
 */
export function openWitnessKey(delegation: Uint8Array, options: OpenKeyOptions): WitnessKey {
  const opened = openLogKeyDelegation(delegation, options)
  const { origin: name, issuer, logPublicKey: publicKey } = opened
  const agent = agentOf(opened, { pattern: WITNESS_NAME, ...options })
  const key = verifierKey({ name, type: NOTE_COSIGNATURE, publicKey, kernel: options.kernel })
  return { name, agent, issuer, key, delegation }
}

function agentOf(
  { origin, issuer }: LogKeyDelegation,
  { pattern, agents = NO_AGENTS }: OpenKeyOptions & { readonly pattern: RegExp },
): Did {
  const [, fingerprint] = pattern.exec(origin) ?? []
  if (fingerprint === undefined) throw refused('its name is not of the form that is due')
  // A fingerprint that is no key's is nobody's.
  const agent = `did:key:${fingerprint}` as Did
  if (issuer !== agent && !agents.isSame(issuer, agent)) throw refused('it is delegated by another agent')
  return agent
}

function refused(reason: string): TalosError {
  return new TalosError('WITNESS_LOG_KEY', { reason })
}
