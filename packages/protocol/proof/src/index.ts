export {
  buildProofBundle,
  type ProofDisclosure,
  type ProofInclusion,
  type ProofLogHead,
  type ProofParts,
  type ProofParty,
  type ProofRevocationList,
  type WholeDisclosure,
} from './build.ts'
export { CHECK_TABLE, checkName, VALIDATION_LAYERS, type ValidationLayer } from './check-table.ts'
export type { ProofCheck, ProofLayer, ProofVerdict } from './checks.ts'
export type { FieldDisclosure } from './disclosures.ts'
export { readKeyLog } from './histories.ts'
export type { Side } from './identity.ts'
export type { LogPlace } from './inclusion.ts'
export { CLOCK_TOLERANCE_S } from './intent.ts'
export type { WitnessFacts } from './logs.ts'
export { ProofMetrics, proofMetricsText } from './metrics.ts'
export type { Refusal } from './refusal.ts'
export {
  type Anchored,
  type AnchorFacts,
  describeProof,
  describeUnjudged,
  type PartStanding,
  type ProofCompleteness,
  type ProofFacts,
  type ProofLayers,
  type ProofReport,
  type Proves,
  standingOf,
  type Witnessed,
  type WitnessedLog,
} from './report.ts'
export { proofReportJson } from './report-json.ts'
export { proofReportMarkdown } from './report-markdown.ts'
export {
  DEFAULT_MAX_STALE_S,
  type RevocationFreshness,
  type RevocationKnowledge,
  type RevocationListFacts,
} from './revocation-lists.ts'
export { type SignatureCheck, signaturesOf } from './signatures.ts'
export {
  type LayerVerdict,
  VALIDATION_LEVELS,
  type ValidatedLayer,
  type Validation,
  type ValidationLevel,
  type ValidationVerdict,
} from './validation.ts'
export { PROOF_BUNDLE_MAX_BYTES, type VerifyProofOptions, verifyProofBundle } from './verify.ts'
