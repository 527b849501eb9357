export type { Refusal } from './authority.ts'
export {
  buildProofBundle,
  type ProofDisclosure,
  type ProofInclusion,
  type ProofParts,
  type ProofParty,
  type WholeDisclosure,
} from './build.ts'
export type { ProofCheck, ProofLayer, ProofVerdict } from './checks.ts'
export type { FieldDisclosure } from './disclosures.ts'
export type { LogPlace } from './inclusion.ts'
export { CLOCK_TOLERANCE_S } from './intent.ts'
export {
  describeProof,
  type ProofCompleteness,
  type ProofFacts,
  type ProofLayers,
  type ProofReport,
  type Proves,
} from './report.ts'
export { PROOF_BUNDLE_MAX_BYTES, type VerifyProofOptions, verifyProofBundle } from './verify.ts'
