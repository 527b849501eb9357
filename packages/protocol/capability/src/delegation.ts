/**
 * Delegations: one link of a chain of authority (spec 07-delegation, clauses 7.1 and 7.2).
 *
 * `ucan/dlg@1.0.0` where UCAN's terms suffice, its sibling `talos/cap@1` where any other term is asked for.
 */
import type { Cid, IpldValue, JsonValue } from '@talos/bytes'
import {
  CAPABILITY_TAG,
  type Capability,
  DELEGATION_TAG,
  type Did,
  parseCapability,
  parseDelegation,
} from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { openEnvelope, type SignedEnvelope, type Signer, signEnvelope, type VerifiedEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { displayCommand, parseCommand } from './command.ts'
import { type Conditions, talosConditions, ucanConditions } from './conditions/conditions.ts'
import { ipldToDisplayJson } from './conditions/ipld.ts'
import { formatSelector } from './conditions/selector.ts'
import { showName } from './conditions/show.ts'
import { DELEGATION_MAX_BYTES, MIN_NONCE_BYTES } from './limits.ts'
import { accountOf, type Lease, leaseMember, leaseOf, type RevocableNames, revocableNames } from './metering/lease.ts'
import { compileLimits, type Limit, limitSelectors } from './metering/limit.ts'
import { compileWhen, type WhenCondition } from './metering/when.ts'
import type { ApprovalTerms, ProofLevel } from './requirements.ts'

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
  /** Links that may follow. With any member from here on the payload is `talos/cap@1`; there it is 0 when absent. */
  readonly depth?: number
  /** `signature` when absent. */
  readonly need?: ProofLevel
  /** Typed rules (7.6). */
  readonly rules?: readonly IpldValue[]
  /** Limits that are counted over all calls (16.2). */
  readonly limits?: readonly IpldValue[]
  /** Hours, and facts of the executor's environment (16.8, 16.9). */
  readonly when?: readonly IpldValue[]
  /** Begins a lease, or renews one: see `renew`. `notBeforeS` and `expiresS` must then be there. */
  readonly lease?: Lease
  /** Approvals of the exact call that it needs besides. */
  readonly approvals?: ApprovalTerms
}

/** A delegation whose form and signature are good; what it is worth is decided by its chain. */
export interface VerifiedLink {
  readonly cid: Cid
  /** The CID as text. */
  readonly name: string
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
  /** What is counted over all calls, compiled; none in a `ucan/dlg@1.0.0`. */
  readonly limits: readonly Limit[]
  /** When and where it is in force. */
  readonly when: readonly WhenCondition[]
  readonly lease: Lease | undefined
  readonly approvals: ApprovalTerms | undefined
  /** What it is counted under: the same for a lease and its renewals. */
  readonly account: string
  /** The names under which it can be revoked. */
  readonly revocable: RevocableNames
  /** The members that are terms of a `talos/cap@1` beyond policy and rules, as they stand. */
  readonly terms: CapabilityTerms
}

/** The optional members of a `talos/cap@1`, as they stand in the payload. */
export type CapabilityTerms = Pick<Capability, 'limits' | 'when' | 'lease' | 'approvals'>

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
  /** The statements, rules and further terms as they stand, bytes and links in DAG-JSON's forms. */
  readonly policy: JsonValue
  readonly rules: JsonValue
  readonly terms: JsonValue
  /** The typed rules, limits, hours and other terms as sentences, and the closed world. */
  readonly summary: readonly string[]
}

/**
 * Signs a delegation.
 *
 * @throws TalosError `CAPABILITY_OPTION_INVALID`, `CAPABILITY_COMMAND_INVALID`, `CAPABILITY_POLICY_INVALID`,
 *   `CAPABILITY_LEASE`, `SCHEMA_INVALID` (times, DIDs), `INPUT_TOO_LARGE`, `SIGNER_FAILED`
 */
export async function delegate(options: DelegateOptions): Promise<SignedEnvelope> {
  const { signer, audience, subject, command, policy = [], expiresS, notBeforeS, nonce } = options
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
  const { depth, need, rules } = options
  const terms = termsOf(options)
  if (depth === undefined && need === undefined && rules === undefined && Object.keys(terms).length === 0) {
    const payload = { ...parseDelegation(shared) }
    ucanConditions(policy)
    return await signEnvelope({ tag: DELEGATION_TAG, payload, signer })
  }
  const payload = parseCapability({
    ...shared,
    depth: depth ?? 0,
    need: need ?? 'signature',
    rules: rules ?? [],
    ...terms,
  })
  compileCapability(payload)
  return await signEnvelope({ tag: CAPABILITY_TAG, payload: { ...payload }, signer })
}

function termsOf({ limits, when, lease, approvals }: DelegateOptions): CapabilityTerms {
  return {
    ...(limits === undefined ? {} : { limits }),
    ...(when === undefined ? {} : { when }),
    ...(lease === undefined ? {} : { lease: leaseMember(lease) }),
    ...(approvals === undefined ? {} : { approvals: { m: approvals.m, of: approvals.of } }),
  }
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
const DELEGATION_CANDIDATE_TAG = 'ucan/dlg@1.0.0-rc.1'

/** What a delegation's envelope is opened with. */
export const DELEGATION_ENVELOPE = {
  tags: [DELEGATION_TAG, DELEGATION_CANDIDATE_TAG, CAPABILITY_TAG],
  maxBytes: DELEGATION_MAX_BYTES,
} as const

/**
 * Reads a delegation out of its verified envelope.
 *
 * @throws TalosError `SCHEMA_INVALID`, `CAPABILITY_COMMAND_INVALID`, `CAPABILITY_POLICY_INVALID`, `CAPABILITY_LEASE`
 */
export function delegationOf(opened: VerifiedEnvelope): VerifiedLink {
  return opened.tag === CAPABILITY_TAG ? capabilityLink(opened) : ucanLink(opened)
}

function ucanLink({ cid, bytes, payload }: VerifiedEnvelope): VerifiedLink {
  const { iss, aud, sub, cmd, pol, nbf = 0, exp } = parseDelegation(payload)
  parseCommand(cmd)
  const name = cid.toString()
  return {
    cid,
    name,
    bytes,
    tag: DELEGATION_TAG,
    issuer: iss,
    audience: aud,
    subject: sub,
    command: cmd,
    notBeforeS: nbf,
    expiresS: exp,
    depth: undefined,
    need: 'signature',
    policy: pol,
    rules: [],
    conditions: ucanConditions(pol),
    limits: [],
    when: [],
    lease: undefined,
    approvals: undefined,
    account: accountOf(iss, { name, lease: undefined }),
    revocable: revocableNames(name, undefined),
    terms: {},
  }
}

function capabilityLink({ cid, bytes, payload }: VerifiedEnvelope): VerifiedLink {
  const capability = parseCapability(payload)
  const { iss, aud, sub, cmd, pol, nbf = 0, exp, depth, need, rules, approvals } = capability
  parseCommand(cmd)
  const name = cid.toString()
  const compiled = compileCapability(capability)
  return {
    cid,
    name,
    bytes,
    tag: CAPABILITY_TAG,
    issuer: iss,
    audience: aud,
    subject: sub,
    command: cmd,
    notBeforeS: nbf,
    expiresS: exp,
    depth,
    need,
    policy: pol,
    rules,
    ...compiled,
    approvals,
    account: accountOf(iss, { name, lease: compiled.lease }),
    revocable: revocableNames(name, compiled.lease),
    terms: presentTerms(capability),
  }
}

/** @throws TalosError `CAPABILITY_POLICY_INVALID`, `CAPABILITY_LEASE` */
function compileCapability(capability: Capability): Pick<VerifiedLink, 'conditions' | 'limits' | 'when' | 'lease'> {
  const { pol, rules, limits: limitList = [], when: whenList = [], lease, approvals, nbf, exp } = capability
  const limits = compileLimits(limitList)
  if (
    approvals !== undefined &&
    (approvals.m > approvals.of.length || new Set(approvals.of).size < approvals.of.length)
  ) {
    const reason = 'there are fewer approvers than it asks for, or one stands there twice'
    throw new TalosError('CAPABILITY_POLICY_INVALID', { path: 'approvals', reason })
  }
  return {
    conditions: talosConditions(pol, rules, limitSelectors(limits)),
    limits,
    when: compileWhen(whenList),
    lease: lease === undefined ? undefined : leaseOf(lease, { nbf, exp }),
  }
}

function presentTerms({ limits, when, lease, approvals }: Capability): CapabilityTerms {
  return {
    ...(limits === undefined ? {} : { limits }),
    ...(when === undefined ? {} : { when }),
    ...(lease === undefined ? {} : { lease }),
    ...(approvals === undefined ? {} : { approvals }),
  }
}

/** What a verified link says, for people and for `--json`. */
export function describeDelegation(link: VerifiedLink): DelegationDescription {
  const { rules, named } = link.conditions
  const summary = rules.map(({ rule }) => `${formatSelector(rule.selector, showName)} ${rule.requirement}`)
  summary.push(...link.limits.map(({ requirement }) => requirement), ...link.when.map(({ requirement }) => requirement))
  if (link.lease !== undefined) {
    const { termS, max, n } = link.lease
    summary.push(`a lease of ${termS} seconds, renewed ${n} of ${max} times`)
  }
  if (link.approvals !== undefined) {
    summary.push(`with the approval of ${link.approvals.m} out of ${link.approvals.of.length}`)
  }
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
    terms: ipldToDisplayJson({ ...link.terms }),
    summary,
  }
}
