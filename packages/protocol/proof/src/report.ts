/** What a verification says, as data and as lines for people (spec 12-proof-bundle, clause 12.10). */
import type { WitnessPolicy } from '@talos/audit'
import { toHex } from '@talos/bytes'
import { displayCommand, type Outcome, type UnjudgedCondition } from '@talos/capability'
import type { ErrorCode } from '@talos/errors'
import { isAnchored, type ProvenAnchor } from './anchors.ts'
import type { VerifiedAuthority } from './authority.ts'
import type { ProofCheck, ProofLayer } from './checks.ts'
import { type VerifiedExecution, wasExecuted } from './execution.ts'
import { SIDES, type Side } from './identity.ts'
import type { LogPlace } from './inclusion.ts'
import type { VerifiedIntent } from './intent.ts'
import { isWitnessed, type ProvenHead, type ProvenLogs, type WitnessFacts } from './logs.ts'
import type { Refusal } from './refusal.ts'
import type { RevocationKnowledge } from './revocation-lists.ts'
import { isBroken, type Validation, type ValidationVerdict } from './validation.ts'

/** What a bundle proves: that a call was made and answered, that it was refused or referred to others, or nothing as a whole. */
export type Proves = 'execution' | 'refusal' | 'nothing'

export interface ProofLayers {
  readonly identity: ProofLayer
  readonly authority: ProofLayer
  readonly intent: ProofLayer
  readonly execution: ProofLayer
}

export interface ProofReport {
  readonly verdict: ValidationVerdict
  /** Whether the whole bundle holds, and has all that the level asks for. */
  readonly valid: boolean
  /** `nothing` where the verdict is `invalid`, where a part is missing, and at the level `minimal`, which does not ask. */
  readonly proves: Proves
  /** The code of the first check that failed, part by part, or of the first thing that is missing; undefined with `valid: true`. */
  readonly code: ErrorCode | undefined
  /** Whether the file could be read at all. */
  readonly form: ProofLayer
  readonly layers: ProofLayers
  /** `absent` where the bundle discloses nothing. */
  readonly disclosures: ProofLayer
  /** Later checkpoints and witnesses; `absent` where the bundle has none. */
  readonly logs: ProofLayer
  /** `absent` where the bundle has none. */
  readonly anchors: ProofLayer
  /** What was proven. */
  readonly facts?: ProofFacts
  readonly integrity: { readonly intact: boolean; readonly failed: readonly ErrorCode[] }
  readonly completeness: ProofCompleteness
  /** What was known of revocations; there with {@link facts}. */
  readonly revocations?: RevocationKnowledge
  readonly witnessed: Witnessed
  readonly anchored: Anchored
  /** The same checks by the layers of validation. */
  readonly validation: Validation
}

/** Which of a call's traces are proven. */
export interface ProofCompleteness {
  readonly intent: boolean
  /** The executor's own entry of the beginning. */
  readonly begun: boolean
  readonly outcome: boolean
  /** Sentences, one per gap. */
  readonly gaps: readonly string[]
  /** What the level asks for, and the bundle does not have. */
  readonly missing: readonly ErrorCode[]
  /** Conditions of the delegations that depend on hidden arguments. */
  readonly unjudged: readonly UnjudgedCondition[]
}

/** A later checkpoint of one side, and who saw it. */
export interface WitnessedLog {
  readonly origin: string
  readonly size: number
  readonly witnesses: readonly WitnessFacts[]
  /** Whether the verifier's policy is met; without one, one witness is enough. */
  readonly satisfied: boolean
}

export interface Witnessed {
  /** Identities that cosigned a checkpoint of either side. */
  readonly count: number
  readonly agent?: WitnessedLog
  readonly executor?: WitnessedLog
}

/** A block that has an anchor of a checkpoint. */
export interface AnchorFacts {
  readonly side: Side
  readonly chainId: number
  readonly contract: string
  readonly blockNumber: number
  /** 64 hex digits. */
  readonly blockHash: string
  readonly timestampS: number
  /** Whether the verifier knows the block. Else the anchor holds only if the block is one of the chain's. */
  readonly known: boolean
}

export interface Anchored {
  /** Whether the checkpoints of both sides stand in blocks that the verifier knows. */
  readonly known: boolean
  readonly blocks: readonly AnchorFacts[]
}

export interface ProofFacts {
  readonly agent: string
  readonly executor: string
  readonly command: string
  /** The command as people read it. */
  readonly display: string
  /** There where the invocation is not shown: arguments and result are hidden but for what is disclosed, and the logs speak for it. */
  readonly contents?: 'hidden'
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

/** What a bundle that holds established. */
interface Established {
  readonly intent: VerifiedIntent
  readonly execution: VerifiedExecution
  readonly authority: VerifiedAuthority
}

export function factsOf({ intent, execution, authority }: Established): ProofFacts {
  const { call, issuedAtS, entry } = intent
  const { receipt } = execution
  return {
    agent: call.issuer,
    executor: call.audience,
    command: call.command,
    display: displayCommand(call.command),
    ...(call.invocation === undefined && { contents: 'hidden' }),
    outcome: receipt.outcome,
    denial: receipt.denial,
    ...(authority.refusal !== undefined && { refusal: authority.refusal }),
    invocation: call.cid.toString(),
    receipt: receipt.cid.toString(),
    capabilities: authority.capabilities,
    issuedAtS,
    decidedAtMs: receipt.atMs,
    intentLog: entry.place,
    executionLog: execution.entry.place,
  }
}

export function completenessOf({
  intent,
  execution,
  authority,
}: {
  readonly intent: VerifiedIntent | undefined
  readonly execution: VerifiedExecution | undefined
  readonly authority: VerifiedAuthority | undefined
}): Omit<ProofCompleteness, 'missing'> {
  const gaps: string[] = []
  if (intent === undefined) gaps.push('no proven intent')
  else if (execution === undefined) gaps.push('an intent without a proven outcome')
  const begun = execution?.invoked !== undefined
  const isRun = execution !== undefined && wasExecuted(execution.receipt.outcome)
  if (isRun && !begun) gaps.push("an outcome without the executor's entry of its beginning")
  const { unjudged = [] } = authority ?? {}
  return { intent: intent !== undefined, begun, outcome: execution !== undefined, gaps, unjudged }
}

export function witnessedBy(logs: ProvenLogs | undefined, policy: WitnessPolicy | undefined): Witnessed {
  const of = (head: ProvenHead | undefined): WitnessedLog | undefined =>
    head && { ...head.place, witnesses: head.witnesses, satisfied: isWitnessed(head, policy) }
  const [agent, executor] = [of(logs?.agent), of(logs?.executor)]
  const witnesses = [agent, executor].flatMap((log) => (log === undefined ? [] : log.witnesses))
  return {
    count: new Set(witnesses.map(({ did }) => did)).size,
    ...(agent !== undefined && { agent }),
    ...(executor !== undefined && { executor }),
  }
}

export function anchoredBy(anchors: readonly ProvenAnchor[]): Anchored {
  const blocks = anchors.map(({ side, chainId, contract, blockNumber, blockHash, timestampS, trusted }) => ({
    side,
    chainId,
    contract,
    blockNumber,
    blockHash: toHex(blockHash),
    timestampS,
    known: trusted === 'header',
  }))
  return { known: SIDES.every((side) => isAnchored(anchors, side)), blocks }
}

/** The report for people: one line per statement. */
export function describeProof(report: ProofReport): readonly string[] {
  const { facts, form, layers, disclosures, logs, anchors, integrity, completeness } = report
  const { gaps, missing } = completeness
  return [
    headline(report),
    ...(facts === undefined ? [] : factLines(facts)),
    ...Object.entries({ form, ...layers }).flatMap(([name, layer]) => layerLines(name, layer, 'not asked')),
    ...Object.entries({ disclosures, logs, anchors }).flatMap(([name, layer]) => layerLines(name, layer, 'absent')),
    `level: ${report.validation.level}${missing.length === 0 ? '' : `, which asks for more (${missing.join(', ')})`}`,
    `integrity: ${integrity.intact ? 'intact' : `broken (${integrity.failed.join(', ')})`}`,
    `completeness: ${gaps.length === 0 ? 'no gap' : gaps.join('; ')}`,
    ...describeUnjudged(completeness),
    ...revocationLines(report.revocations),
    ...witnessLines(report.witnessed),
    ...anchorLines(report.anchored),
    'It does not say that the agent was right to call, nor that the result is true.',
  ]
}

/** Which conditions hidden arguments leave open, by delegation and selector; of what is hidden nothing is said. None where there is none. */
export function describeUnjudged({ unjudged }: Pick<ProofCompleteness, 'unjudged'>): readonly string[] {
  if (unjudged.length === 0) return []
  const lines = unjudged.map(({ link, path, selectors }) => {
    const about = path === 'args' ? 'that there are no other arguments' : selectors.join(', ')
    return `  delegation ${link}, ${path}: ${about}`
  })
  return ['not judged, since the arguments are hidden; the executor says that they held:', ...lines]
}

function headline({ verdict, proves, facts }: ProofReport): string {
  const hidden = facts?.contents === 'hidden' ? ', with hidden contents' : ''
  const what = { execution: ': proves a call and its outcome', refusal: ': proves a refusal', nothing: '' }[proves]
  if (verdict === 'invalid') return 'NOT VALID'
  return `${verdict === 'valid' ? 'VALID' : 'INCOMPLETE'}${what}${hidden}`
}

function revocationLines(knowledge: RevocationKnowledge | undefined): readonly string[] {
  if (knowledge === undefined) return []
  const { freshness, lists } = knowledge
  return [
    `revocations of those who gave leave: ${freshness}`,
    ...lists.map(({ issuer, n, atS, withheld }) => {
      const hidden = withheld === 0 ? '' : `, ${withheld} of them without content`
      return `  ${issuer}: ${n} until ${timeOf(atS * 1000)}${hidden}`
    }),
  ]
}

function witnessLines({ count, ...logs }: Witnessed): readonly string[] {
  const lines = Object.entries(logs).flatMap(([side, { size, witnesses, satisfied }]) => [
    `  log of the ${side} at ${size}: ${satisfied ? 'enough' : 'not enough'} by the policy`,
    ...witnesses.map(({ did, timeS }) => `    ${did} at ${timeOf(timeS * 1000)}`),
  ])
  return [`witnessed: by ${count}`, ...lines]
}

function anchorLines({ known, blocks }: Anchored): readonly string[] {
  const lines = blocks.map(({ side, chainId, blockNumber, blockHash, timestampS, known: isKnown }) => {
    const trust = isKnown
      ? 'which you know'
      : 'if that block is one of the chain: check its hash at a source that you trust'
    return `  checkpoint of the ${side}: chain ${chainId}, block ${blockNumber} (0x${blockHash}) of ${timeOf(timestampS * 1000)}, ${trust}`
  })
  const verdict = known ? 'yes' : blocks.length === 0 ? 'no' : 'not for sure'
  return [`anchored: ${verdict}`, ...lines]
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
    ...(facts.contents === undefined
      ? []
      : ['contents: hidden; that the agent made this call is said by its log alone']),
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

/** @param unasked the word for a part of which nothing was asked: one that need not be there is not */
function layerLines(name: string, layer: ProofLayer, unasked: 'absent' | 'not asked'): readonly string[] {
  const failures = layer.checks.filter(({ ok }) => !ok).map(failureLine)
  return [`${name}: ${{ ...STANDINGS, unasked }[standingOf(layer)]}`, ...failures]
}

const STANDINGS = {
  valid: 'valid',
  invalid: 'invalid',
  denied: 'did not allow the call',
  missing: 'absent',
  unfinished: 'not all asked',
} as const

/**
 * How a part stands, for people: its verdict alone does not say that the delegations rightly refused a call (`denied`), nor
 * whether the bundle lacks the part (`missing`), or another part failed before everything (`unfinished`) or anything (`unasked`)
 * was asked of it.
 */
export type PartStanding = keyof typeof STANDINGS | 'unasked'

export function standingOf({ verdict, checks }: ProofLayer): PartStanding {
  if (verdict === 'valid') return 'valid'
  if (verdict === 'invalid') return checks.some(isBroken) ? 'invalid' : 'denied'
  if (checks.some(({ name }) => name.endsWith('.present'))) return 'missing'
  return checks.length === 0 ? 'unasked' : 'unfinished'
}

function failureLine({ name, code, detail }: ProofCheck): string {
  return `  ${name}: ${detail}${code === undefined ? '' : ` [${code}]`}`
}
