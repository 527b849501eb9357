/**
 * Verification of a proof bundle, offline and without trust in whoever exported it (spec 12-proof-bundle, clauses 12.2
 * and 12.3).
 *
 * Order: form, identity, intent, execution, authority, disclosures. A layer that fails leaves those after it unchecked.
 */
import { decodeJcs } from '@talos/bytes'
import { type ProofBundle, parseProofBundle } from '@talos/contracts'
import { type ErrorCode, isTalosError, type TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { checkAuthority } from './authority.ts'
import {
  ABSENT,
  absentLayer,
  type Checks,
  checkLayer,
  failed,
  type LayerResult,
  type ProofCheck,
  type ProofLayer,
} from './checks.ts'
import { checkDisclosures } from './disclosures.ts'
import { checkExecution, wasExecuted } from './execution.ts'
import { checkIdentity } from './identity.ts'
import { checkIntent } from './intent.ts'
import { completenessOf, factsOf, type ProofLayers, type ProofReport } from './report.ts'

/** Largest bundle that is read or made: some hundred times an ordinary one, and no burden to hold in memory. */
export const PROOF_BUNDLE_MAX_BYTES = 1_048_576

export interface VerifyProofOptions {
  readonly kernel: Kernel
  /** The verifier's time; without it an invocation from the future is not noticed. */
  readonly nowS?: number
}

const NO_LAYERS: ProofLayers = { identity: ABSENT, authority: ABSENT, intent: ABSENT, execution: ABSENT }

/** The code for what the schema refuses, by the member of the bundle that it stands in. */
const FORM_CODES = {
  identity: 'PROOF_IDENTITY_FORM',
  authority: 'PROOF_AUTHORITY_FORM',
  intent: 'PROOF_INTENT_FORM',
  execution: 'PROOF_EXECUTION_FORM',
  disclosures: 'PROOF_DISCLOSURE_FORM',
} as const satisfies Readonly<Record<string, ErrorCode>>

/**
 * Verifies a bundle. Whatever is wrong with it stands in the report.
 *
 * @param bundle the exact text or bytes that were exported, {@link PROOF_BUNDLE_MAX_BYTES} at most
 * @throws only what a defective kernel throws, never because of the bundle
 */
export function verifyProofBundle(bundle: string | Uint8Array, options: VerifyProofOptions): ProofReport {
  const read = readBundle(bundle)
  return isTalosError(read) ? unreadable(read) : verifyParts(read, options)
}

function readBundle(bundle: string | Uint8Array): ProofBundle | TalosError {
  try {
    return parseProofBundle(decodeJcs(bundle, { maxBytes: PROOF_BUNDLE_MAX_BYTES }))
  } catch (error) {
    // The decoder and the schema throw nothing else.
    return error as TalosError
  }
}

function verifyParts(bundle: ProofBundle, options: VerifyProofOptions): ProofReport {
  const { kernel, nowS = Number.MAX_SAFE_INTEGER } = options
  const { disclosures } = bundle
  const identity = layerOf('identity', bundle.identity, true, (part, checks) => checkIdentity(part, { checks, kernel }))
  const identities = identity.value
  const intent = layerOf('intent', bundle.intent, identities, (part, checks, known) =>
    checkIntent(part, { checks, kernel, nowS, identities: known }),
  )
  const asked = identities && intent.value && { identities, intent: intent.value }
  const execution = layerOf('execution', bundle.execution, asked, (part, checks, known) =>
    checkExecution(part, { checks, kernel, ...known }),
  )
  const answered = asked && execution.value && { ...asked, execution: execution.value }
  const authority = layerOf('authority', bundle.authority, answered, (part, checks, known) =>
    checkAuthority(part, { checks, kernel, ...known }),
  )
  const disclosed =
    answered === undefined || disclosures.length === 0
      ? { layer: ABSENT }
      : checkLayer((checks) => checkDisclosures(disclosures, { checks, kernel, ...answered }))
  const established = answered && authority.value && { ...answered, authority: authority.value }
  const isWhole = established !== undefined && disclosed.layer.verdict !== 'invalid'
  const report = {
    form: { verdict: 'valid', checks: [{ name: 'form', ok: true }] } as const,
    layers: {
      identity: identity.layer,
      authority: established?.authority.allowed === false ? refused(authority.layer) : authority.layer,
      intent: intent.layer,
      execution: execution.layer,
    },
    disclosures: disclosed.layer,
    completeness: completenessOf(intent.value, execution.value),
  }
  return isWhole ? accepted(report, factsOf(established)) : rejected(report)
}

/** Judges a layer once what it builds on is known. */
function layerOf<P, K, T>(
  name: keyof ProofLayers,
  part: P | undefined,
  known: K | undefined,
  check: (part: P, checks: Checks, known: K) => T,
): LayerResult<T> {
  if (part === undefined) return { layer: absentLayer(`${name}.present`, ABSENT_CODES[name]) }
  if (known === undefined) return { layer: ABSENT }
  return checkLayer((checks) => check(part, checks, known))
}

const ABSENT_CODES: Readonly<Record<keyof ProofLayers, ErrorCode>> = {
  identity: 'PROOF_IDENTITY_ABSENT',
  authority: 'PROOF_AUTHORITY_ABSENT',
  intent: 'PROOF_INTENT_ABSENT',
  execution: 'PROOF_EXECUTION_ABSENT',
}

/** The delegations did not allow a call that was refused for that very reason: invalid as leave, and rightly so. */
function refused({ checks }: ProofLayer): ProofLayer {
  return { verdict: 'invalid', checks }
}

type Findings = Pick<ProofReport, 'form' | 'layers' | 'disclosures' | 'completeness'>

const OUTSIDE = { witnessed: { count: 0 }, anchored: false } as const

function accepted(findings: Findings, facts: NonNullable<ProofReport['facts']>): ProofReport {
  const proves = wasExecuted(facts.outcome) ? 'execution' : 'refusal'
  return {
    valid: true,
    proves,
    code: undefined,
    ...findings,
    facts,
    integrity: { intact: true, failed: [] },
    ...OUTSIDE,
  }
}

function rejected(findings: Findings): ProofReport {
  const failures = failuresOf(findings)
  const [code] = failures
  const integrity = { intact: false, failed: failures }
  return { valid: false, proves: 'nothing', code, ...findings, integrity, ...OUTSIDE }
}

/** Codes of failed checks in the order of checking. */
function failuresOf({ form, layers, disclosures }: Findings): readonly ErrorCode[] {
  const ordered = [form, layers.identity, layers.intent, layers.execution, layers.authority, disclosures]
  return ordered.flatMap(({ checks }) => checks).flatMap(({ code }) => (code === undefined ? [] : [code]))
}

/** The file could not be read: the layer at fault where the schema tells which, else the form as a whole. */
function unreadable(error: TalosError): ProofReport {
  const name = layerAtFault(error)
  const findings = {
    form: ABSENT,
    layers: NO_LAYERS,
    disclosures: ABSENT,
    completeness: completenessOf(undefined, undefined),
  }
  const reason = `${error.message} [${error.code}]`
  if (name === undefined) {
    const limitBytes = PROOF_BUNDLE_MAX_BYTES
    const isLarge = error.code === 'INPUT_TOO_LARGE'
    const check = isLarge
      ? failed('form', 'PROOF_TOO_LARGE', { limitBytes })
      : failed('form', 'PROOF_FORM_INVALID', { reason })
    return rejected({ ...findings, form: invalid(check) })
  }
  const layer = invalid(failed(`${name}.form`, FORM_CODES[name], { reason }))
  if (name === 'disclosures') return rejected({ ...findings, disclosures: layer })
  return rejected({ ...findings, layers: { ...NO_LAYERS, [name]: layer } })
}

function invalid(check: ProofCheck): ProofLayer {
  return { verdict: 'invalid', checks: [check] }
}

/** The paths of the schema consist of words of the contract (01-forms 1.5). */
function layerAtFault({ code, details }: TalosError): keyof typeof FORM_CODES | undefined {
  if (code !== 'SCHEMA_INVALID') return undefined
  const [, member] = String(details['path']).split(/[.[]/)
  return Object.keys(FORM_CODES).find((name): name is keyof typeof FORM_CODES => name === member)
}
