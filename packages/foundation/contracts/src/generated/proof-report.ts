// Generated from contracts/schemas/proof-report.schema.json by tools/src/generate.ts; do not edit.
import {
  array,
  boolean,
  byType,
  type Check,
  integer,
  nothing,
  object,
  oneOfValues,
  optional,
  ref,
  run,
  string,
} from '../check.ts'

/**
 * What the verification of a proof bundle says, for machines.
 * Specified in 12-proof-bundle 12.10.
 */
export type ProofReport = {
  readonly format: 'talos-proof-report/v1'
  readonly level: 'minimal' | 'standard' | 'strict' | 'paranoid'
  readonly verdict: ProofReportVerdict
  readonly valid: boolean
  readonly proves: 'execution' | 'refusal' | 'nothing'
  /** The first check that failed, or the first thing that is missing; null where the verdict is valid. */
  readonly code: null | ProofReportCode
  readonly facts?: ProofReportFacts
  /** The checks by the parts of the evidence. */
  readonly evidence: {
    readonly form: ProofReportPart
    readonly identity: ProofReportPart
    readonly intent: ProofReportPart
    readonly execution: ProofReportPart
    readonly authority: ProofReportPart
    readonly disclosures: ProofReportPart
    readonly logs: ProofReportPart
    readonly anchors: ProofReportPart
  }
  /** The same checks by the layers of validation, in their order. */
  readonly validation: readonly ProofReportLayer[]
  readonly integrity: {
    readonly intact: boolean
    readonly failed: readonly ProofReportCode[]
  }
  readonly completeness: {
    readonly intent: boolean
    readonly begun: boolean
    readonly outcome: boolean
    readonly gaps: readonly string[]
    readonly missing: readonly ProofReportCode[]
    /** Conditions of the delegations that depend on hidden arguments (12-proof-bundle 12.17). */
    readonly unjudged: readonly ProofReportCondition[]
  }
  readonly revocations?: {
    readonly freshness: 'fresh' | 'stale' | 'unknown'
    readonly lists: readonly {
      readonly issuer: string
      readonly n: number
      readonly atS: number
      readonly withheld: number
    }[]
  }
  readonly witnessed: {
    readonly count: number
    readonly agent?: ProofReportWitnessedLog
    readonly executor?: ProofReportWitnessedLog
  }
  readonly anchored: {
    readonly known: boolean
    readonly blocks: readonly {
      readonly side: 'agent' | 'executor'
      readonly chainId: number
      readonly contract: string
      readonly blockNumber: number
      readonly blockHash: string
      readonly timestampS: number
      readonly known: boolean
    }[]
  }
}

const checkProofReport: Check = object({
  format: oneOfValues('talos-proof-report/v1'),
  level: oneOfValues('minimal', 'standard', 'strict', 'paranoid'),
  verdict: ref(() => checkProofReportVerdict),
  valid: boolean,
  proves: oneOfValues('execution', 'refusal', 'nothing'),
  code: byType({
    null: nothing,
    string: ref(() => checkProofReportCode),
  }),
  facts: optional(ref(() => checkProofReportFacts)),
  evidence: object({
    form: ref(() => checkProofReportPart),
    identity: ref(() => checkProofReportPart),
    intent: ref(() => checkProofReportPart),
    execution: ref(() => checkProofReportPart),
    authority: ref(() => checkProofReportPart),
    disclosures: ref(() => checkProofReportPart),
    logs: ref(() => checkProofReportPart),
    anchors: ref(() => checkProofReportPart),
  }),
  validation: array(
    ref(() => checkProofReportLayer),
    { minItems: 0, maxItems: 5 },
  ),
  integrity: object({
    intact: boolean,
    failed: array(
      ref(() => checkProofReportCode),
      { minItems: 0, maxItems: 1024 },
    ),
  }),
  completeness: object({
    intent: boolean,
    begun: boolean,
    outcome: boolean,
    gaps: array(string({ maxLength: 65_536 }), { minItems: 0, maxItems: 8 }),
    missing: array(
      ref(() => checkProofReportCode),
      { minItems: 0, maxItems: 64 },
    ),
    unjudged: array(
      ref(() => checkProofReportCondition),
      { minItems: 0, maxItems: 8192 },
    ),
  }),
  revocations: optional(
    object({
      freshness: oneOfValues('fresh', 'stale', 'unknown'),
      lists: array(
        object({
          issuer: string({ maxLength: 65_536 }),
          n: integer(0, Number.MAX_SAFE_INTEGER),
          atS: integer(0, Number.MAX_SAFE_INTEGER),
          withheld: integer(0, Number.MAX_SAFE_INTEGER),
        }),
        { minItems: 0, maxItems: 16 },
      ),
    }),
  ),
  witnessed: object({
    count: integer(0, Number.MAX_SAFE_INTEGER),
    agent: optional(ref(() => checkProofReportWitnessedLog)),
    executor: optional(ref(() => checkProofReportWitnessedLog)),
  }),
  anchored: object({
    known: boolean,
    blocks: array(
      object({
        side: oneOfValues('agent', 'executor'),
        chainId: integer(0, Number.MAX_SAFE_INTEGER),
        contract: string({ maxLength: 65_536 }),
        blockNumber: integer(0, Number.MAX_SAFE_INTEGER),
        blockHash: string({ maxLength: 65_536 }),
        timestampS: integer(0, Number.MAX_SAFE_INTEGER),
        known: boolean,
      }),
      { minItems: 0, maxItems: 4 },
    ),
  }),
})

/** Returns `value` typed as ProofReport. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofReport(value: unknown): ProofReport {
  run('proof-report', checkProofReport, value)
  return value as ProofReport
}

/** A code of contracts/errors. */
export type ProofReportCode = string

const checkProofReportCode: Check = string({ maxLength: 64, pattern: /^[A-Z0-9_]+$/u })

/** Returns `value` typed as ProofReportCode. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofReportCode(value: unknown): ProofReportCode {
  run('proof-report#code', checkProofReportCode, value)
  return value as ProofReportCode
}

export type ProofReportVerdict = 'valid' | 'invalid' | 'incomplete'

const checkProofReportVerdict: Check = oneOfValues('valid', 'invalid', 'incomplete')

/** Returns `value` typed as ProofReportVerdict. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofReportVerdict(value: unknown): ProofReportVerdict {
  run('proof-report#verdict', checkProofReportVerdict, value)
  return value as ProofReportVerdict
}

export type ProofReportCheck = {
  readonly name: string
  readonly ok: boolean
  readonly code?: ProofReportCode
  readonly detail?: string
  /** Nothing is wrong with what is there; the level asks for more. */
  readonly wanting?: true
}

const checkProofReportCheck: Check = object({
  name: string({ maxLength: 65_536 }),
  ok: boolean,
  code: optional(ref(() => checkProofReportCode)),
  detail: optional(string({ maxLength: 65_536 })),
  wanting: optional(oneOfValues(true)),
})

/** Returns `value` typed as ProofReportCheck. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofReportCheck(value: unknown): ProofReportCheck {
  run('proof-report#check', checkProofReportCheck, value)
  return value as ProofReportCheck
}

export type ProofReportPart = {
  readonly verdict: 'valid' | 'invalid' | 'absent'
  readonly checks: readonly ProofReportCheck[]
}

const checkProofReportPart: Check = object({
  verdict: oneOfValues('valid', 'invalid', 'absent'),
  checks: array(
    ref(() => checkProofReportCheck),
    { minItems: 0, maxItems: 1024 },
  ),
})

/** Returns `value` typed as ProofReportPart. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofReportPart(value: unknown): ProofReportPart {
  run('proof-report#part', checkProofReportPart, value)
  return value as ProofReportPart
}

export type ProofReportLayer = {
  readonly layer: 'structural' | 'cryptographic' | 'chain' | 'semantic' | 'anchor'
  readonly verdict: 'valid' | 'invalid' | 'incomplete' | 'unchecked' | 'absent' | 'skipped'
  readonly code?: ProofReportCode
  readonly durationUs: number
  readonly checks: readonly ProofReportCheck[]
}

const checkProofReportLayer: Check = object({
  layer: oneOfValues('structural', 'cryptographic', 'chain', 'semantic', 'anchor'),
  verdict: oneOfValues('valid', 'invalid', 'incomplete', 'unchecked', 'absent', 'skipped'),
  code: optional(ref(() => checkProofReportCode)),
  durationUs: integer(0, Number.MAX_SAFE_INTEGER),
  checks: array(
    ref(() => checkProofReportCheck),
    { minItems: 0, maxItems: 1024 },
  ),
})

/** Returns `value` typed as ProofReportLayer. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofReportLayer(value: unknown): ProofReportLayer {
  run('proof-report#layer', checkProofReportLayer, value)
  return value as ProofReportLayer
}

export type ProofReportPlace = {
  readonly origin: string
  readonly index: number
  readonly size: number
}

const checkProofReportPlace: Check = object({
  origin: string({ maxLength: 65_536 }),
  index: integer(0, Number.MAX_SAFE_INTEGER),
  size: integer(0, Number.MAX_SAFE_INTEGER),
})

/** Returns `value` typed as ProofReportPlace. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofReportPlace(value: unknown): ProofReportPlace {
  run('proof-report#place', checkProofReportPlace, value)
  return value as ProofReportPlace
}

export type ProofReportCondition = {
  /** Place of the delegation in the chain, from 0 at the root. */
  readonly link: number
  /** Where it stands in the delegation; `args` for the names of all arguments. */
  readonly path: string
  /** Where it looks. */
  readonly selectors: readonly string[]
}

const checkProofReportCondition: Check = object({
  link: integer(0, 15),
  path: string({ maxLength: 64 }),
  selectors: array(string({ maxLength: 65_536 }), { minItems: 0, maxItems: 256 }),
})

/** Returns `value` typed as ProofReportCondition. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofReportCondition(value: unknown): ProofReportCondition {
  run('proof-report#condition', checkProofReportCondition, value)
  return value as ProofReportCondition
}

export type ProofReportFacts = {
  readonly agent: string
  readonly executor: string
  readonly command: string
  readonly display: string
  /** There where the bundle hides the call's arguments and result, but for what it discloses. */
  readonly contents?: 'hidden'
  readonly outcome: 'allow' | 'deny' | 'refer' | 'error'
  readonly denial: readonly string[]
  readonly refusal?: 'confirmed' | 'executor-only'
  readonly invocation: string
  readonly receipt: string
  readonly capabilities: readonly string[]
  readonly issuedAtS: number
  readonly decidedAtMs: number
  readonly intentLog: ProofReportPlace
  readonly executionLog: ProofReportPlace
}

const checkProofReportFacts: Check = object({
  agent: string({ maxLength: 65_536 }),
  executor: string({ maxLength: 65_536 }),
  command: string({ maxLength: 65_536 }),
  display: string({ maxLength: 65_536 }),
  contents: optional(oneOfValues('hidden')),
  outcome: oneOfValues('allow', 'deny', 'refer', 'error'),
  denial: array(string({ maxLength: 65_536 }), { minItems: 0, maxItems: 8 }),
  refusal: optional(oneOfValues('confirmed', 'executor-only')),
  invocation: string({ maxLength: 65_536 }),
  receipt: string({ maxLength: 65_536 }),
  capabilities: array(string({ maxLength: 65_536 }), { minItems: 0, maxItems: 16 }),
  issuedAtS: integer(0, Number.MAX_SAFE_INTEGER),
  decidedAtMs: integer(0, Number.MAX_SAFE_INTEGER),
  intentLog: ref(() => checkProofReportPlace),
  executionLog: ref(() => checkProofReportPlace),
})

/** Returns `value` typed as ProofReportFacts. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofReportFacts(value: unknown): ProofReportFacts {
  run('proof-report#facts', checkProofReportFacts, value)
  return value as ProofReportFacts
}

export type ProofReportWitnessedLog = {
  readonly origin: string
  readonly size: number
  readonly witnesses: readonly {
    readonly did: string
    readonly name: string
    readonly timeS: number
  }[]
  readonly satisfied: boolean
}

const checkProofReportWitnessedLog: Check = object({
  origin: string({ maxLength: 65_536 }),
  size: integer(0, Number.MAX_SAFE_INTEGER),
  witnesses: array(
    object({
      did: string({ maxLength: 65_536 }),
      name: string({ maxLength: 65_536 }),
      timeS: integer(0, Number.MAX_SAFE_INTEGER),
    }),
    { minItems: 0, maxItems: 16 },
  ),
  satisfied: boolean,
})

/** Returns `value` typed as ProofReportWitnessedLog. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function parseProofReportWitnessedLog(value: unknown): ProofReportWitnessedLog {
  run('proof-report#witnessedLog', checkProofReportWitnessedLog, value)
  return value as ProofReportWitnessedLog
}
