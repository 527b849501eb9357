/**
 * Every check of a bundle: the layer of validation that owns it, and its stable code (spec 12-proof-bundle, clauses 12.3 and
 * 12.12). A test holds it against the table in the specification.
 *
 * One row for each question that a verification asks. Several questions about one thing share a code; a question has one code.
 * `[]` stands for an index.
 */
import type { ErrorCode } from '@talos/errors'

/** The layers in the order in which they are judged. */
export const VALIDATION_LAYERS = ['structural', 'cryptographic', 'chain', 'semantic', 'anchor'] as const

export type ValidationLayer = (typeof VALIDATION_LAYERS)[number]

interface CheckRow {
  readonly layer: ValidationLayer
  readonly code: ErrorCode
}

const rows = new Map<string, CheckRow>()

function own(layer: ValidationLayer, checks: Readonly<Record<string, ErrorCode>>): void {
  for (const [name, code] of Object.entries(checks)) rows.set(name, { layer, code })
}

/** What can be seen without any key. */
own('structural', {
  'form.size': 'PROOF_TOO_LARGE',
  form: 'PROOF_FORM_INVALID',
  'identity.form': 'PROOF_IDENTITY_FORM',
  'identity.present': 'PROOF_IDENTITY_ABSENT',
  'identity.agent.document': 'PROOF_IDENTITY_DOCUMENT',
  'identity.executor.document': 'PROOF_IDENTITY_DOCUMENT',
  'identity.agent.logKey': 'PROOF_IDENTITY_LOG_KEY',
  'identity.executor.logKey': 'PROOF_IDENTITY_LOG_KEY',
  'intent.form': 'PROOF_INTENT_FORM',
  'intent.present': 'PROOF_INTENT_ABSENT',
  'intent.invocation': 'PROOF_INTENT_INVOCATION',
  'intent.entry': 'PROOF_INTENT_ENTRY',
  'intent.proof': 'PROOF_INTENT_INCLUSION',
  'intent.reference': 'PROOF_INTENT_UNBOUND',
  'execution.form': 'PROOF_EXECUTION_FORM',
  'execution.present': 'PROOF_EXECUTION_ABSENT',
  'execution.receipt': 'PROOF_EXECUTION_RECEIPT',
  'execution.entry': 'PROOF_EXECUTION_ENTRY',
  'execution.proof': 'PROOF_EXECUTION_INCLUSION',
  'execution.invoked.entry': 'PROOF_EXECUTION_INVOKED',
  'execution.invoked.proof': 'PROOF_EXECUTION_INVOKED',
  'authority.form': 'PROOF_AUTHORITY_FORM',
  'authority.present': 'PROOF_AUTHORITY_ABSENT',
  'authority.delegations': 'PROOF_AUTHORITY_PROOFS',
  'authority.revocations': 'PROOF_AUTHORITY_REVOCATIONS',
  'authority.heads': 'PROOF_AUTHORITY_HEADS',
  'disclosures.form': 'PROOF_DISCLOSURE_FORM',
  'disclosures[].form': 'PROOF_DISCLOSURE_FORM',
  'logs.form': 'PROOF_LOGS_FORM',
  'logs.agent.note': 'PROOF_LOGS_CHECKPOINT',
  'logs.executor.note': 'PROOF_LOGS_CHECKPOINT',
  'witnesses[].key': 'PROOF_WITNESS_KEY',
  'anchors.form': 'PROOF_ANCHOR_FORM',
})

/** Every signature, and every commitment that is opened. */
own('cryptographic', {
  'identity.agent.logKey.signature': 'PROOF_IDENTITY_LOG_KEY',
  'identity.executor.logKey.signature': 'PROOF_IDENTITY_LOG_KEY',
  'intent.invocation.signature': 'PROOF_INTENT_INVOCATION',
  'intent.checkpoint': 'PROOF_INTENT_INCLUSION',
  'execution.receipt.signature': 'PROOF_EXECUTION_RECEIPT',
  'execution.checkpoint': 'PROOF_EXECUTION_INCLUSION',
  'execution.invoked.checkpoint': 'PROOF_EXECUTION_INVOKED',
  'authority.delegations.signatures': 'PROOF_AUTHORITY_PROOFS',
  'authority.revocations.signatures': 'PROOF_AUTHORITY_REVOCATIONS',
  'authority.heads.signatures': 'PROOF_AUTHORITY_HEADS',
  'disclosures[].opens': 'PROOF_DISCLOSURE_MISMATCH',
  'disclosures.together': 'PROOF_DISCLOSURE_CONTRADICTION',
  'witnesses[].key.signature': 'PROOF_WITNESS_KEY',
  'logs.agent.checkpoint': 'PROOF_LOGS_CHECKPOINT',
  'logs.executor.checkpoint': 'PROOF_LOGS_CHECKPOINT',
  'logs.agent.cosigners': 'PROOF_WITNESS_UNKNOWN',
  'logs.executor.cosigners': 'PROOF_WITNESS_UNKNOWN',
  'logs.agent.cosignatures': 'PROOF_WITNESS_SIGNATURE',
  'logs.executor.cosignatures': 'PROOF_WITNESS_SIGNATURE',
})

/** What hangs together by hashes and by signed names: key logs, trees, delegations, lists of revocations, witnesses. */
own('chain', {
  'identity.keyLogs': 'PROOF_IDENTITY_KEY_LOGS',
  'identity.agent.history': 'PROOF_IDENTITY_HISTORY',
  'identity.executor.history': 'PROOF_IDENTITY_HISTORY',
  'identity.others': 'PROOF_IDENTITY_HISTORY',
  'identity.agent.logKey.issuer': 'PROOF_IDENTITY_LOG_KEY',
  'identity.executor.logKey.issuer': 'PROOF_IDENTITY_LOG_KEY',
  'identity.agent.origin': 'PROOF_IDENTITY_ORIGIN',
  'identity.executor.origin': 'PROOF_IDENTITY_ORIGIN',
  'intent.inclusion': 'PROOF_INTENT_INCLUSION',
  'execution.inclusion': 'PROOF_EXECUTION_INCLUSION',
  'execution.invoked.inclusion': 'PROOF_EXECUTION_INVOKED',
  'authority.proofs': 'PROOF_AUTHORITY_PROOFS',
  'authority.identities': 'PROOF_IDENTITY_HISTORY',
  'authority.heads.lists': 'PROOF_AUTHORITY_HEADS',
  'authority.revocations.entitled': 'PROOF_AUTHORITY_REVOCATIONS',
  'witnesses[].history': 'PROOF_WITNESS_KEY',
  'witnesses[].issuer': 'PROOF_WITNESS_KEY',
  witnesses: 'PROOF_WITNESS_UNUSED',
  'logs.agent.consistency': 'PROOF_LOGS_CONSISTENCY',
  'logs.executor.consistency': 'PROOF_LOGS_CONSISTENCY',
  'logs.agent.independence': 'PROOF_WITNESS_OWN',
  'logs.executor.independence': 'PROOF_WITNESS_OWN',
  'logs.agent.witnessed': 'PROOF_UNWITNESSED',
  'logs.executor.witnessed': 'PROOF_UNWITNESSED',
})

/** Whether what was signed and recorded says one and the same thing, and was allowed. */
own('semantic', {
  'intent.parties': 'PROOF_INTENT_PARTIES',
  'intent.time': 'PROOF_INTENT_TIME',
  'intent.record': 'PROOF_INTENT_MISMATCH',
  'intent.recordTime': 'PROOF_INTENT_TIME',
  'execution.parties': 'PROOF_EXECUTION_PARTIES',
  'execution.key': 'PROOF_EXECUTION_PARTIES',
  'execution.record': 'PROOF_EXECUTION_MISMATCH',
  'execution.time': 'PROOF_EXECUTION_TIME',
  'execution.invoked.record': 'PROOF_EXECUTION_INVOKED',
  'execution.agreement': 'PROOF_EXECUTION_DISAGREES',
  'execution.begun': 'PROOF_GAP',
  'authority.heads.time': 'PROOF_AUTHORITY_HEADS',
  'authority.allowed': 'PROOF_AUTHORITY_DENIED',
  'authority.arguments': 'PROOF_ARGUMENTS_HIDDEN',
  'authority.refusal': 'PROOF_AUTHORITY_DISAGREES',
  'authority.fresh': 'PROOF_REVOCATIONS_STALE',
  'authority.shown': 'PROOF_REVOCATIONS_WITHHELD',
  'authority.confirmed': 'PROOF_REFUSAL_UNCONFIRMED',
  'logs.agent.time': 'PROOF_WITNESS_TIME',
  'logs.executor.time': 'PROOF_WITNESS_TIME',
})

/** What a public chain says. */
own('anchor', {
  'anchors[].side': 'PROOF_ANCHOR_SIDE',
  'anchors[].proof': 'PROOF_ANCHOR_INVALID',
  'anchors[].time': 'PROOF_ANCHOR_TIME',
  'anchors.agent': 'PROOF_UNANCHORED',
  'anchors.executor': 'PROOF_UNANCHORED',
})

/** Every check by its name. */
export const CHECK_TABLE: ReadonlyMap<string, CheckRow> = rows

/** The name of a check with `[]` for each index, as it stands in {@link CHECK_TABLE}. */
export function checkName(name: string): string {
  return name.includes('[') ? name.replaceAll(/\[[0-9]+\]/g, '[]') : name
}

/** The layer that owns a check. @throws TypeError for a check that is not in the table, which is a defect of ours */
export function layerOfCheck(name: string): ValidationLayer {
  // Most names have no index, and are found as they are.
  const row = CHECK_TABLE.get(name) ?? CHECK_TABLE.get(checkName(name))
  if (row === undefined) throw new TypeError(`no check is named ${checkName(name)}`)
  return row.layer
}
