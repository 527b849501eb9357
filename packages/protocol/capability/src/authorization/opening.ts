/** Opening a call: bounds, forms, signatures and codes, before anything is believed (spec 08-invocation, 8.5, steps 1 and 2). */
import type { Cid, Secret } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { type EnvelopeToOpen, type IpldMap, type OpenedEnvelope, openEnvelopes } from '@talos/identity'
import { isCallMac, readCall, type VerifiedCall } from '../call.ts'
import type { VerifiedLink } from '../delegation.ts'
import { type DenialCause, denial, type Step } from '../denial.ts'
import { INVOCATION_ENVELOPE, invocationOf } from '../invocation.ts'
import { INVOCATION_MAX_BYTES } from '../limits.ts'
import type { ProofLevel } from '../requirements.ts'
import { MAX_APPROVALS } from '../statements/approval-check.ts'
import type { Library } from './library.ts'
import { boundChain, delegationsToOpen, readLink, unreadable, verifiedOf } from './reading.ts'
import type { Settings } from './settings.ts'

/** A call, and what proves that its caller made it (clause 8.3). */
export type CallProof =
  /** `holder`: the other end of the session that the call came in, where it came in one: nobody else's call counts there. */
  | { readonly level: 'signature'; readonly invocation: Uint8Array; readonly holder?: Did }
  /** `key`: 32 bytes of the exporter of the session with `holder`. */
  | {
      readonly level: 'mac'
      readonly call: Uint8Array
      readonly mac: Uint8Array
      readonly key: Secret
      readonly holder: Did
    }
  /** `holder`: the other end of the session that the call came in. */
  | { readonly level: 'channel'; readonly call: Uint8Array; readonly holder: Did }

export interface CallToAuthorize {
  readonly proof: CallProof
  /** The delegations that the call names, in any order. */
  readonly proofs: readonly Uint8Array[]
  /** Approvals that came along, at most `MAX_APPROVALS`. */
  readonly approvals?: readonly Uint8Array[]
  /** The call as it came in; the proven command and arguments must be the same. */
  readonly received?: { readonly command: string; readonly args: IpldMap }
  /** Size of the request as received, for limits on bytes. */
  readonly bytes: number
  readonly nowMs: number
}

/** A delegation that was sent along: read before, or just opened, well or not. */
export type SentLink =
  | { readonly cid: Cid; readonly link: VerifiedLink; readonly opened?: undefined }
  | { readonly cid: Cid; readonly link?: undefined; readonly opened: OpenedEnvelope }

export interface OpenedCall {
  readonly call: VerifiedCall
  readonly level: ProofLevel
  /** Only those that the call names matter. */
  readonly sent: readonly SentLink[]
}

/** Bounds first, then one call for all signatures; what is wrong with a delegation is told when its turn comes. */
export function openCall(given: CallToAuthorize, settings: Settings, library: Library | undefined): Step<OpenedCall> {
  const { proof, proofs } = given
  const bounds = boundCall(given) ?? boundChain(proofs, settings.maxDepth)
  if (bounds !== undefined) return { cause: bounds }
  const { known, unknown } = setApart(proofs, library)
  const { level } = proof
  const toOpen = delegationsToOpen(unknown)
  const { call, opened } =
    proof.level === 'signature' ? openSigned(proof, toOpen, settings) : openBare(proof, toOpen, settings)
  if (call.cause !== undefined) return call
  const { holder = call.value.issuer } = proof
  if (call.value.issuer !== holder) return { cause: unproven('it names another caller than the session') }
  const fresh = opened.map((each): SentLink => ({ cid: each.cid, opened: each }))
  return { value: { call: call.value, level, sent: [...known, ...fresh] } }
}

/** A call, or why it cannot be read, and delegations that were opened for it. */
interface Opening {
  readonly call: Step<VerifiedCall>
  readonly opened: readonly OpenedEnvelope[]
}

/** The invocation and its delegations with one call of the kernel. */
function openSigned(
  { invocation }: Extract<CallProof, { readonly level: 'signature' }>,
  delegations: readonly EnvelopeToOpen[],
  { kernel }: Settings,
): Opening {
  const [first, ...opened] = openEnvelopes([{ ...INVOCATION_ENVELOPE, bytes: invocation }, ...delegations], kernel)
  return { call: attempt(() => invocationOf(verifiedOf(first))), opened }
}

/** The code before anything is decoded. */
function openBare(
  proof: Exclude<CallProof, { readonly level: 'signature' }>,
  delegations: readonly EnvelopeToOpen[],
  { kernel }: Settings,
): Opening {
  if (proof.level === 'mac' && !isCallMac(proof.mac, { call: proof.call, key: proof.key, kernel })) {
    return { call: { cause: unproven('its authentication code is another') }, opened: [] }
  }
  const call = attempt(() => readCall(proof.call, { kernel }))
  const isWorthIt = call.cause === undefined && delegations.length > 0
  return { call, opened: isWorthIt ? openEnvelopes(delegations, kernel) : [] }
}

/** The delegation that was sent, or why it cannot be read as link `index` of a chain. */
export function readSent({ link, opened }: SentLink, index: number): Step<VerifiedLink> {
  return link === undefined ? readLink(opened, index) : { value: link }
}

function boundCall({ proof, approvals = [] }: CallToAuthorize): DenialCause | undefined {
  const { length } = proof.level === 'signature' ? proof.invocation : proof.call
  if (length > INVOCATION_MAX_BYTES) {
    const details = { what: 'the size of the invocation in bytes', actual: length, limit: INVOCATION_MAX_BYTES }
    return denial('CAPABILITY_LIMIT', { details, path: 'invocation' })
  }
  return boundApprovals(approvals)
}

/** Each approval is a signature to check. */
export function boundApprovals(approvals: readonly Uint8Array[]): DenialCause | undefined {
  if (approvals.length <= MAX_APPROVALS) return undefined
  const details = { what: 'the number of approvals', actual: approvals.length, limit: MAX_APPROVALS }
  return denial('CAPABILITY_LIMIT', { details, path: 'approvals' })
}

/** Tells what was verified before from what is still to be opened. */
function setApart(
  proofs: readonly Uint8Array[],
  library: Library | undefined,
): { readonly known: readonly SentLink[]; readonly unknown: readonly Uint8Array[] } {
  if (library === undefined) return { known: [], unknown: proofs }
  const known: SentLink[] = []
  const unknown: Uint8Array[] = []
  for (const bytes of proofs) {
    const link = library.find(bytes)
    if (link === undefined) unknown.push(bytes)
    else known.push({ cid: link.cid, link })
  }
  return { known, unknown }
}

function unproven(reason: string): DenialCause {
  return denial('CAPABILITY_PROOF_INVALID', { details: { reason }, path: 'invocation' })
}

function attempt(read: () => VerifiedCall): Step<VerifiedCall> {
  try {
    return { value: read() }
  } catch (error) {
    const token = { what: 'the invocation', code: 'CAPABILITY_INVOCATION_INVALID', path: 'invocation' } as const
    return { cause: unreadable(error, token) }
  }
}
