/** What a verification says, as data and as lines for people (spec 12-proof-bundle, clause 12.10). */
import { displayCommand, type Outcome } from '@talos/capability'
import type { ErrorCode } from '@talos/errors'
import type { Refusal, VerifiedAuthority } from './authority.ts'
import type { ProofCheck, ProofLayer } from './checks.ts'
import { type VerifiedExecution, wasExecuted } from './execution.ts'
import type { LogPlace } from './inclusion.ts'
import type { VerifiedIntent } from './intent.ts'

/** What a bundle proves: that a call was made and answered, that it was refused or referred to others, or nothing as a whole. */
export type Proves = 'execution' | 'refusal' | 'nothing'

export interface ProofLayers {
  readonly identity: ProofLayer
  readonly authority: ProofLayer
  readonly intent: ProofLayer
  readonly execution: ProofLayer
}

export interface ProofReport {
  /** Whether the whole bundle holds, as a proof of an execution or of a refusal. */
  readonly valid: boolean
  readonly proves: Proves
  /** The code of the first check that failed, in the order of checking; undefined with `valid: true`. */
  readonly code: ErrorCode | undefined
  /** Whether the file could be read at all. */
  readonly form: ProofLayer
  readonly layers: ProofLayers
  /** `absent` where the bundle discloses nothing. */
  readonly disclosures: ProofLayer
  /** What was proven; there with `valid: true` alone. */
  readonly facts?: ProofFacts
  readonly integrity: { readonly intact: boolean; readonly failed: readonly ErrorCode[] }
  readonly completeness: ProofCompleteness
  /** Cosignatures of witnesses; none in this version. */
  readonly witnessed: { readonly count: 0 }
  readonly anchored: false
}

/** Which of a call's traces are proven. */
export interface ProofCompleteness {
  readonly intent: boolean
  /** The executor's own entry of the beginning. */
  readonly begun: boolean
  readonly outcome: boolean
  /** Sentences, one per gap. */
  readonly gaps: readonly string[]
}

export interface ProofFacts {
  readonly agent: string
  readonly executor: string
  readonly command: string
  /** The command as people read it. */
  readonly display: string
  readonly outcome: Outcome
  /** The receipt's codes of a denial; empty otherwise. */
  readonly denial: readonly string[]
  /** With the outcome `deny`: whether the delegations give the same reason. */
  readonly refusal?: Refusal
  /** CIDs. */
  readonly invocation: string
  readonly receipt: string
  /** From the root to the caller; empty where the owner called. */
  readonly capabilities: readonly string[]
  /** By the agent's clock. */
  readonly issuedAtS: number
  /** By the executor's clock. */
  readonly decidedAtMs: number
  readonly intentLog: LogPlace
  readonly executionLog: LogPlace
}

/** What the layers established. */
export interface Established {
  readonly intent: VerifiedIntent
  readonly execution: VerifiedExecution
  readonly authority: VerifiedAuthority
}

export function factsOf({ intent, execution, authority }: Established): ProofFacts {
  const { invocation, issuedAtS, entry } = intent
  const { receipt } = execution
  return {
    agent: invocation.issuer,
    executor: invocation.audience,
    command: invocation.command,
    display: displayCommand(invocation.command),
    outcome: receipt.outcome,
    denial: receipt.denial,
    ...(authority.refusal !== undefined && { refusal: authority.refusal }),
    invocation: invocation.cid.toString(),
    receipt: receipt.cid.toString(),
    capabilities: invocation.proofs.map(String),
    issuedAtS,
    decidedAtMs: receipt.atMs,
    intentLog: entry.place,
    executionLog: execution.entry.place,
  }
}

export function completenessOf(
  intent: VerifiedIntent | undefined,
  execution: VerifiedExecution | undefined,
): ProofCompleteness {
  const gaps: string[] = []
  if (intent === undefined) gaps.push('no proven intent')
  else if (execution === undefined) gaps.push('an intent without a proven outcome')
  const begun = execution?.invoked !== undefined
  const isRun = execution !== undefined && wasExecuted(execution.receipt.outcome)
  if (isRun && !begun) gaps.push("an outcome without the executor's entry of its beginning")
  return { intent: intent !== undefined, begun, outcome: execution !== undefined, gaps }
}

/** The report for people: one line per statement. */
export function describeProof(report: ProofReport): readonly string[] {
  const { facts, form, layers, disclosures, integrity, completeness, witnessed } = report
  return [
    report.valid
      ? `VALID: proves ${report.proves === 'refusal' ? 'a refusal' : 'a call and its outcome'}`
      : 'NOT VALID',
    ...(facts === undefined ? [] : factLines(facts)),
    ...layerLines('form', form),
    ...Object.entries(layers).flatMap(([name, layer]) => layerLines(name, layer)),
    ...layerLines('disclosures', disclosures),
    `integrity: ${integrity.intact ? 'intact' : `broken (${integrity.failed.join(', ')})`}`,
    `completeness: ${completeness.gaps.length === 0 ? 'no gap' : completeness.gaps.join('; ')}`,
    `witnessed: by ${witnessed.count}`,
    'anchored: no',
    'It does not say that the agent was right to call, nor that the result is true.',
  ]
}

function factLines(facts: ProofFacts): readonly string[] {
  const { refusal, denial, intentLog, executionLog } = facts
  const why =
    refusal === 'confirmed' ? 'the delegations give the same reason' : 'the reason is the word of the executor'
  return [
    `agent: ${facts.agent}`,
    `executor: ${facts.executor}`,
    `command: ${facts.display}`,
    `asked: ${timeOf(facts.issuedAtS * 1000)} (clock of the agent)`,
    `decided: ${timeOf(facts.decidedAtMs)} (clock of the executor)`,
    `outcome: ${facts.outcome}`,
    ...(refusal === undefined ? [] : [`denied: ${denial.join(' > ')}; ${why}`]),
    `invocation: ${facts.invocation}`,
    `receipt: ${facts.receipt}`,
    ...facts.capabilities.map((cid, index) => `capability ${index}: ${cid}`),
    `log of the agent: ${placeOf(intentLog)}`,
    `log of the executor: ${placeOf(executionLog)}`,
  ]
}

function placeOf({ origin, index, size }: LogPlace): string {
  return `${origin}, entry ${index} of ${size}`
}

/** Times out of JavaScript's range stay numbers. */
function timeOf(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString()
}

function layerLines(name: string, { verdict, checks }: ProofLayer): readonly string[] {
  const failures = checks.filter(({ ok }) => !ok).map(failureLine)
  return [`${name}: ${verdict}`, ...failures]
}

function failureLine({ name, code, detail }: ProofCheck): string {
  return `  ${name}: ${detail}${code === undefined ? '' : ` [${code}]`}`
}
