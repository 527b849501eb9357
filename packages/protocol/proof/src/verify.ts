/**
 * Verification of a proof bundle, offline and without trust in whoever exported it (spec 12-proof-bundle, clauses 12.2, 12.3
 * and 12.12).
 *
 * Every layer of validation is judged over all parts of the evidence before the next one begins: form before signatures,
 * signatures before what hangs together by them, that before what it means. A part that fails is asked nothing more.
 */
import type { TrustedBlocks } from '@talos/anchor'
import type { WitnessPolicy } from '@talos/audit'
import { decodeJcs } from '@talos/bytes'
import { type ProofBundle, parseProofBundle } from '@talos/contracts'
import { type ErrorCode, isTalosError, type TalosError } from '@talos/errors'
import type { VerifiedKeyLog } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { layerOfCheck } from './check-table.ts'
import { ABSENT, absentLayer, failed, type Part, type ProofCheck, type ProofLayer } from './checks.ts'
import { type Established, examine, type Parts } from './examine.ts'
import { wasExecuted } from './execution.ts'
import { checkingOnce } from './once.ts'
import { anchoredBy, completenessOf, factsOf, type ProofLayers, type ProofReport, witnessedBy } from './report.ts'
import { DEFAULT_MAX_STALE_S } from './revocation-lists.ts'
import { isBroken, LayerTimes, type ValidationLevel, validationOf } from './validation.ts'

/** Largest bundle that is read or made: some hundred times an ordinary one, and no burden to hold in memory. */
export const PROOF_BUNDLE_MAX_BYTES = 1_048_576

export interface VerifyProofOptions {
  readonly kernel: Kernel
  /** The verifier's time; without it what is from the future is not noticed. */
  readonly nowS?: number
  /** `standard` when absent. */
  readonly level?: ValidationLevel
  /** What counts as witnessed; one witness when absent. */
  readonly policy?: WitnessPolicy
  /** Key logs that the verifier has, as `readKeyLog` reads them: a theft that became known later counts. */
  readonly keyLogs?: readonly VerifiedKeyLog[]
  /** The blocks that the verifier knows to be final; none when absent. */
  readonly chains?: TrustedBlocks
  /** How old a list of revocations may be at the time of the call to count as fresh; {@link DEFAULT_MAX_STALE_S} when absent. */
  readonly maxStaleS?: number
  /** Milliseconds from any beginning, with fractions: the durations in the report are measured with it. */
  readonly stopwatch?: () => number
}

/** The code for what the schema refuses, by the member of the bundle that it stands in. */
const FORM_CODES = {
  identity: ['identity', 'PROOF_IDENTITY_FORM'],
  authority: ['authority', 'PROOF_AUTHORITY_FORM'],
  intent: ['intent', 'PROOF_INTENT_FORM'],
  execution: ['execution', 'PROOF_EXECUTION_FORM'],
  disclosures: ['disclosures', 'PROOF_DISCLOSURE_FORM'],
  logs: ['logs', 'PROOF_LOGS_FORM'],
  witnesses: ['logs', 'PROOF_LOGS_FORM'],
  anchors: ['anchors', 'PROOF_ANCHOR_FORM'],
} as const satisfies Readonly<Record<string, readonly [part: keyof Findings, code: ErrorCode]>>

const ABSENT_CODES: Readonly<Record<keyof ProofLayers, ErrorCode>> = {
  identity: 'PROOF_IDENTITY_ABSENT',
  authority: 'PROOF_AUTHORITY_ABSENT',
  intent: 'PROOF_INTENT_ABSENT',
  execution: 'PROOF_EXECUTION_ABSENT',
}

/**
 * Verifies a bundle. Whatever is wrong with it stands in the report.
 *
 * @param bundle the exact text or bytes that were exported, {@link PROOF_BUNDLE_MAX_BYTES} at most
 * @throws only what a defective kernel throws, never because of the bundle
 */
export function verifyProofBundle(bundle: string | Uint8Array, options: VerifyProofOptions): ProofReport {
  const { nowS = Number.MAX_SAFE_INTEGER, level = 'standard', keyLogs = [] } = options
  const { policy, chains, maxStaleS = DEFAULT_MAX_STALE_S } = options
  const times = new LayerTimes(options.stopwatch)
  const read = times.measure('structural', () => readBundle(bundle))
  const about = { level, times, policy }
  if (isTalosError(read)) return reportOf({ ...NOTHING_FOUND, ...faultOf(read) }, NOTHING_ESTABLISHED, about)
  const kernel = checkingOnce(options.kernel)
  const { parts, established } = examine(read, { kernel, nowS, level, policy, keyLogs, chains, maxStaleS, times })
  return reportOf(findingsOf(read, { parts, established }), established, about)
}

function readBundle(bundle: string | Uint8Array): ProofBundle | TalosError {
  try {
    return parseProofBundle(decodeJcs(bundle, { maxBytes: PROOF_BUNDLE_MAX_BYTES }))
  } catch (error) {
    // The decoder and the schema throw nothing else.
    return error as TalosError
  }
}

/** The parts of a report that have checks, in the order in which they are told. */
type Findings = Readonly<Record<'form' | keyof ProofLayers | 'disclosures' | 'logs' | 'anchors', ProofLayer>>

const NOTHING_FOUND: Findings = {
  form: ABSENT,
  identity: ABSENT,
  intent: ABSENT,
  execution: ABSENT,
  authority: ABSENT,
  disclosures: ABSENT,
  logs: ABSENT,
  anchors: ABSENT,
}

const NOTHING_ESTABLISHED: Established = {
  intent: undefined,
  execution: undefined,
  authority: undefined,
  logs: undefined,
  anchors: [],
}

function findingsOf(
  bundle: ProofBundle,
  { parts, established }: { readonly parts: Parts; readonly established: Established },
): Findings {
  const needed = (name: keyof ProofLayers): ProofLayer =>
    bundle[name] === undefined ? absentLayer(`${name}.present`, ABSENT_CODES[name]) : parts[name].layer
  const authority = needed('authority')
  return {
    form: { verdict: 'valid', checks: [{ name: 'form', layer: 'structural', ok: true }] },
    identity: needed('identity'),
    intent: needed('intent'),
    execution: needed('execution'),
    // The delegations did not allow a call that was refused for that very reason: invalid as leave, and rightly so.
    authority: established.authority?.allowed === false ? { ...authority, verdict: 'invalid' } : authority,
    disclosures: optional(parts.disclosures, bundle.disclosures.length > 0),
    logs: optional(parts.logs, bundle.logs !== undefined || bundle.witnesses.length > 0),
    anchors: optional(parts.anchors, bundle.anchors.length > 0),
  }
}

/** A part that a bundle need not have. */
function optional({ layer }: Part, isThere: boolean): ProofLayer {
  return isThere ? layer : { ...layer, verdict: 'absent' }
}

function reportOf(
  findings: Findings,
  established: Established,
  about: {
    readonly level: ValidationLevel
    readonly times: LayerTimes
    readonly policy: WitnessPolicy | undefined
  },
): ProofReport {
  const { intent, execution, authority, logs, anchors } = established
  const checks: readonly ProofCheck[] = Object.values(findings).flatMap((layer) => layer.checks)
  const validation = validationOf(checks, about)
  const isSound = validation.verdict !== 'invalid'
  const facts = isSound && intent && execution && authority ? factsOf({ intent, execution, authority }) : undefined
  const failures = codesOf(checks.filter(isBroken))
  const missing = codesOf(checks.filter(({ wanting }) => wanting === true))
  const { form, disclosures, identity, authority: leave, intent: asked, execution: done } = findings
  return {
    verdict: validation.verdict,
    valid: validation.verdict === 'valid',
    proves: facts === undefined ? 'nothing' : wasExecuted(facts.outcome) ? 'execution' : 'refusal',
    code: [...failures, ...missing][0],
    form,
    layers: { identity, authority: leave, intent: asked, execution: done },
    disclosures,
    logs: findings.logs,
    anchors: findings.anchors,
    ...(facts !== undefined && { facts }),
    integrity: { intact: isSound, failed: failures },
    completeness: { ...completenessOf({ intent, execution, authority }), missing },
    ...(facts !== undefined && authority && { revocations: authority.knowledge }),
    witnessed: witnessedBy(isSound ? logs : undefined, about.policy),
    anchored: anchoredBy(isSound ? anchors : []),
    validation,
  }
}

function codesOf(checks: readonly ProofCheck[]): readonly ErrorCode[] {
  return checks.map(({ code }) => code).filter((code) => code !== undefined)
}

/** Why a file could not be read: the part at fault where the schema tells which, else the form as a whole. */
function faultOf(error: TalosError): Partial<Findings> {
  const reason = `${error.message} [${error.code}]`
  const member = memberAtFault(error)
  if (member !== undefined) {
    const [part, code] = FORM_CODES[member]
    return { [part]: invalid(failed(`${part}.form`, code, { reason })) }
  }
  const limitBytes = PROOF_BUNDLE_MAX_BYTES
  const isLarge = error.code === 'INPUT_TOO_LARGE'
  const check = isLarge
    ? failed('form.size', 'PROOF_TOO_LARGE', { limitBytes })
    : failed('form', 'PROOF_FORM_INVALID', { reason })
  return { form: invalid(check) }
}

function invalid(check: Omit<ProofCheck, 'layer'>): ProofLayer {
  return { verdict: 'invalid', checks: [{ ...check, layer: layerOfCheck(check.name) }] }
}

/** The paths of the schema consist of words of the contract (01-forms 1.5). */
function memberAtFault({ code, details }: TalosError): keyof typeof FORM_CODES | undefined {
  if (code !== 'SCHEMA_INVALID') return undefined
  const [, member] = String(details['path']).split(/[.[]/)
  return Object.keys(FORM_CODES).find((name): name is keyof typeof FORM_CODES => name === member)
}
