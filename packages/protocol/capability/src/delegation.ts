/**
 * Delegations: one link of a chain of authority (spec 07-delegation, clauses 7.1 and 7.2).
 *
 * `ucan/dlg@1.0.0` where UCAN's terms suffice, its sibling `talos/cap@1` where depth, required proof or typed rules are
 * asked for.
 */
import type { Cid, IpldValue, JsonValue } from '@talos/bytes'
import { CAPABILITY_TAG, DELEGATION_TAG, type Did, parseCapability, parseDelegation } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { openEnvelope, type SignedEnvelope, type Signer, signEnvelope, type VerifiedEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { displayCommand, parseCommand } from './command.ts'
import { type Conditions, talosConditions, ucanConditions } from './conditions/conditions.ts'
import { ipldToDisplayJson } from './conditions/ipld.ts'
import { formatSelector } from './conditions/selector.ts'
import { showName } from './conditions/show.ts'
import { DELEGATION_MAX_BYTES, MIN_NONCE_BYTES } from './limits.ts'

/** How strongly a caller proves, per call, that it holds the capability. */
export type ProofLevel = 'channel' | 'mac' | 'signature'

export interface DelegateOptions {
  readonly signer: Signer
  /** Who receives the authority. */
  readonly audience: Did
  /** Whose resource it is; null hands on whatever subject the link before has (UCAN's powerline). */
  readonly subject: Did | null
  readonly command: string
  /** UCAN policy statements; none when absent. */
  readonly policy?: readonly IpldValue[]
  /** The last second of validity; null for no end. */
  readonly expiresS: number | null
  /** The first second of validity. */
  readonly notBeforeS?: number
  /** At least {@link MIN_NONCE_BYTES} fresh bytes. */
  readonly nonce: Uint8Array
  /** Links that may follow. Given, or with `need` or `rules`, the payload is `talos/cap@1`; there it is 0 when absent. */
  readonly depth?: number
  /** `signature` when absent; version 1 demands it in any case. */
  readonly need?: ProofLevel
  /** Typed rules of `talos/cap@1`. */
  readonly rules?: readonly IpldValue[]
}

/** A delegation whose form and signature are good; what it is worth is decided by its chain. */
export interface VerifiedLink {
  readonly cid: Cid
  /** The exact bytes: store and send these. */
  readonly bytes: Uint8Array
  readonly tag: typeof DELEGATION_TAG | typeof CAPABILITY_TAG
  readonly issuer: Did
  readonly audience: Did
  readonly subject: Did | null
  readonly command: string
  readonly notBeforeS: number
  readonly expiresS: number | null
  /** Links that may follow; undefined in a `ucan/dlg@1.0.0`, which sets no bound of its own. */
  readonly depth: number | undefined
  readonly need: ProofLevel
  readonly policy: readonly IpldValue[]
  readonly rules: readonly IpldValue[]
  /** Policy and rules, compiled. */
  readonly conditions: Conditions
}

/** What a delegation says, as JSON: who, to whom, what, until when, under which rules. */
export interface DelegationDescription {
  readonly cid: string
  readonly type: string
  readonly issuer: string
  readonly audience: string
  readonly subject: string | null
  readonly command: string
  readonly display: string
  readonly notBeforeS: number
  readonly expiresS: number | null
  readonly depth: number | null
  readonly need: ProofLevel
  /** The statements and rules as they stand, bytes and links in DAG-JSON's forms. */
  readonly policy: JsonValue
  readonly rules: JsonValue
  /** The typed rules as sentences, and the closed world. */
  readonly summary: readonly string[]
}

/**
 * Signs a delegation.
 *
 * @throws TalosError `CAPABILITY_OPTION_INVALID`, `CAPABILITY_COMMAND_INVALID`, `CAPABILITY_POLICY_INVALID`,
 *   `SCHEMA_INVALID` (times, DIDs), `INPUT_TOO_LARGE`, `SIGNER_FAILED`
 */
export async function delegate(options: DelegateOptions): Promise<SignedEnvelope> {
  const { signer, audience, subject, command, policy = [], expiresS, notBeforeS, nonce, depth, need, rules } = options
  if (nonce.length < MIN_NONCE_BYTES) {
    throw new TalosError('CAPABILITY_OPTION_INVALID', {
      option: 'nonce',
      reason: `fewer than ${MIN_NONCE_BYTES} bytes`,
    })
  }
  parseCommand(command)
  const shared = {
    iss: signer.did,
    aud: audience,
    sub: subject,
    cmd: command,
    pol: policy,
    nonce,
    exp: expiresS,
    ...(notBeforeS === undefined ? {} : { nbf: notBeforeS }),
  }
  if (depth === undefined && need === undefined && rules === undefined) {
    const payload = { ...parseDelegation(shared) }
    ucanConditions(policy)
    return await signEnvelope({ tag: DELEGATION_TAG, payload, signer })
  }
  const payload = {
    ...parseCapability({ ...shared, depth: depth ?? 0, need: need ?? 'signature', rules: rules ?? [] }),
  }
  talosConditions(payload.pol, payload.rules)
  return await signEnvelope({ tag: CAPABILITY_TAG, payload, signer })
}

/**
 * Opens a delegation: size, form, signature, schema, command, policy, rules.
 *
 * @throws TalosError of the envelope, `SCHEMA_INVALID`, `CAPABILITY_COMMAND_INVALID`, `CAPABILITY_POLICY_INVALID`
 */
export function openDelegation(bytes: Uint8Array, { kernel }: { readonly kernel: Kernel }): VerifiedLink {
  return delegationOf(openEnvelope(bytes, { kernel, ...DELEGATION_ENVELOPE }))
}

/** UCAN's own payload under the version of its release candidate, as `iso-ucan` writes it; read, never written. */
export const DELEGATION_CANDIDATE_TAG = 'ucan/dlg@1.0.0-rc.1'

/** What a delegation's envelope is opened with. */
export const DELEGATION_ENVELOPE = {
  tags: [DELEGATION_TAG, DELEGATION_CANDIDATE_TAG, CAPABILITY_TAG],
  maxBytes: DELEGATION_MAX_BYTES,
} as const

/**
 * Reads a delegation out of its verified envelope.
 *
 * @throws TalosError `SCHEMA_INVALID`, `CAPABILITY_COMMAND_INVALID`, `CAPABILITY_POLICY_INVALID`
 */
export function delegationOf(opened: VerifiedEnvelope): VerifiedLink {
  const { cid, bytes } = opened
  if (opened.tag !== CAPABILITY_TAG) {
    const { iss, aud, sub, cmd, pol, nbf = 0, exp } = parseDelegation(opened.payload)
    parseCommand(cmd)
    const shared = {
      cid,
      bytes,
      issuer: iss,
      audience: aud,
      subject: sub,
      command: cmd,
      notBeforeS: nbf,
      expiresS: exp,
    }
    const conditions = ucanConditions(pol)
    return { ...shared, tag: DELEGATION_TAG, depth: undefined, need: 'signature', policy: pol, rules: [], conditions }
  }
  const { iss, aud, sub, cmd, pol, nbf = 0, exp, depth, need, rules } = parseCapability(opened.payload)
  parseCommand(cmd)
  const shared = { cid, bytes, issuer: iss, audience: aud, subject: sub, command: cmd, notBeforeS: nbf, expiresS: exp }
  return { ...shared, tag: CAPABILITY_TAG, depth, need, policy: pol, rules, conditions: talosConditions(pol, rules) }
}

/** What a verified link says, for people and for `--json`. */
export function describeDelegation(link: VerifiedLink): DelegationDescription {
  const { rules, named } = link.conditions
  const summary = rules.map(({ rule }) => `${formatSelector(rule.selector, showName)} ${rule.requirement}`)
  if (named !== undefined) {
    const names = [...named].map(
      ([name, { mayBeAbsent }]) => `${showName(name)}${mayBeAbsent ? ' (may be absent)' : ''}`,
    )
    summary.push(`no arguments but ${names.join(', ')}`)
  }
  return {
    cid: link.cid.toString(),
    type: link.tag,
    issuer: link.issuer,
    audience: link.audience,
    subject: link.subject,
    command: link.command,
    display: displayCommand(link.command),
    notBeforeS: link.notBeforeS,
    expiresS: link.expiresS,
    depth: link.depth ?? null,
    need: link.need,
    policy: ipldToDisplayJson(link.policy),
    rules: ipldToDisplayJson(link.rules),
    summary,
  }
}
