/** Judging all parts of a bundle, layer by layer (spec 12-proof-bundle, clauses 12.3 and 12.12). */
import type { TrustedBlocks } from '@talos/anchor'
import type { WitnessPolicy } from '@talos/audit'
import type { ProofBundle } from '@talos/contracts'
import type { VerifiedKeyLog } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { isAnchored, type ProvenAnchor, proveAnchors } from './anchors.ts'
import { judgeAuthority, openAuthority, proveAuthority, readAuthority, type VerifiedAuthority } from './authority.ts'
import { Part } from './checks.ts'
import { checkDisclosures, NOTHING_SHOWN } from './disclosures.ts'
import { Envelopes } from './envelopes.ts'
import {
  judgeExecution,
  openExecution,
  proveExecution,
  readExecution,
  type VerifiedExecution,
  wasExecuted,
} from './execution.ts'
import { openIdentities, proveIdentities, readIdentities, SIDES } from './identity.ts'
import { judgeIntent, openIntent, proveIntent, readIntent, type VerifiedIntent } from './intent.ts'
import { isWitnessed, judgeLogs, openLogs, type ProvenLogs, proveLogs, readLogs } from './logs.ts'
import { asksFor, isAtLeast, type LayerTimes, type ValidationLevel } from './validation.ts'

export interface ExaminationOptions {
  readonly kernel: Kernel
  readonly nowS: number
  readonly level: ValidationLevel
  readonly policy: WitnessPolicy | undefined
  readonly keyLogs: readonly VerifiedKeyLog[]
  readonly chains: TrustedBlocks | undefined
  readonly maxStaleS: number
  readonly times: LayerTimes
}

/** The parts of a bundle, each with its checks. */
export type Parts = ReturnType<typeof newParts>

/** What the layers established; undefined where a part, or what it builds on, failed or was not asked about. */
export interface Established {
  readonly intent: VerifiedIntent | undefined
  readonly execution: VerifiedExecution | undefined
  readonly authority: VerifiedAuthority | undefined
  readonly logs: ProvenLogs | undefined
  readonly anchors: readonly ProvenAnchor[]
}

const NOTHING: Established = {
  intent: undefined,
  execution: undefined,
  authority: undefined,
  logs: undefined,
  anchors: [],
}

function newParts() {
  return {
    identity: new Part(),
    intent: new Part(),
    execution: new Part(),
    authority: new Part(),
    disclosures: new Part(),
    logs: new Part(),
    anchors: new Part(),
  }
}

interface Scene {
  readonly bundle: ProofBundle
  readonly options: ExaminationOptions
  readonly parts: Parts
  readonly envelopes: Envelopes
}

/** Judges a bundle of good form. */
export function examine(
  bundle: ProofBundle,
  options: ExaminationOptions,
): { readonly parts: Parts; readonly established: Established } {
  const { times, level } = options
  const scene: Scene = { bundle, options, parts: newParts(), envelopes: new Envelopes() }
  const { parts } = scene
  const read = times.measure('structural', () => readParts(scene))
  const opened = times.measure('cryptographic', () => openParts(read, scene))
  if (!asksFor(level, 'chain')) return { parts, established: NOTHING }
  const proven = times.measure('chain', () => proveParts(opened, scene))
  const { shown } = opened
  const judged = times.measure('semantic', () => judgeParts({ ...proven, shown }, scene))
  const anchors = times.measure('anchor', () =>
    parts.anchors.step(judged.logs, (logs, checks) =>
      proveAnchors(bundle.anchors, { checks, kernel: options.kernel, logs, trust: options.chains }),
    ),
  )
  const established = { ...judged, anchors: anchors ?? [] }
  want(established, scene)
  return { parts, established }
}

/** The structural layer. */
function readParts({ bundle, options, parts, envelopes }: Scene) {
  const { kernel } = options
  return {
    identity: parts.identity.step(bundle.identity, (part, checks) => readIdentities(part, { checks, envelopes })),
    intent: parts.intent.step(bundle.intent, (part, checks) => readIntent(part, { checks, envelopes })),
    execution: parts.execution.step(bundle.execution, (part, checks) => readExecution(part, { checks, envelopes })),
    authority: parts.authority.step(bundle.authority, (part, checks) =>
      readAuthority(part, { checks, envelopes, kernel }),
    ),
    logs: parts.logs.step(bundle, (part, checks) => readLogs(part, { checks, envelopes })),
  }
}

/** The cryptographic layer. */
function openParts(read: ReturnType<typeof readParts>, { bundle, options, parts, envelopes }: Scene) {
  const { kernel } = options
  envelopes.verify(kernel)
  const identity = parts.identity.step(read.identity, (part, checks) =>
    openIdentities(part, { checks, envelopes, kernel }),
  )
  const intent = parts.intent.step(all({ part: read.intent, identities: identity }), ({ part, identities }, checks) =>
    openIntent(part, { checks, envelopes, kernel, identities }),
  )
  const execution = parts.execution.step(
    all({ part: read.execution, identities: identity }),
    ({ part, identities }, checks) => openExecution(part, { checks, envelopes, kernel, identities }),
  )
  const authority = parts.authority.step(
    all({ part: read.authority, executed: execution }),
    ({ part, executed }, checks) => openAuthority(part, { checks, envelopes, execution: executed }),
  )
  const recorded = all({ asked: intent, executed: execution })
  const shown = parts.disclosures.step(recorded, ({ asked, executed: { receipt, inclusion, invoked } }, checks) =>
    checkDisclosures(bundle.disclosures, {
      checks,
      kernel,
      args: asked.invocation?.args,
      intent: { entry: asked.inclusion },
      execution: { receipt, entry: inclusion, invoked },
    }),
  )
  const logs = parts.logs.step(all({ part: read.logs, identities: identity }), ({ part, identities }, checks) =>
    openLogs(part, { checks, envelopes, kernel, identities }),
  )
  return { identity, intent, execution, authority, shown: shown ?? NOTHING_SHOWN, logs }
}

/** The chain layer. */
function proveParts(opened: ReturnType<typeof openParts>, { options, parts }: Scene) {
  const { kernel, keyLogs, maxStaleS } = options
  const identity = parts.identity.step(opened.identity, (part, checks) =>
    proveIdentities(part, { checks, kernel, keyLogs }),
  )
  const intent = parts.intent.step(opened.intent, (part, checks) => proveIntent(part, { checks, kernel }))
  const execution = parts.execution.step(opened.execution, (part, checks) => proveExecution(part, { checks, kernel }))
  const known = all({ identities: identity, intent, execution })
  const authority = parts.authority.step(all({ part: opened.authority, known }), ({ part, known: given }, checks) =>
    proveAuthority(part, { checks, kernel, ...given, maxStaleS }),
  )
  const logs = parts.logs.step(all({ part: opened.logs, known }), ({ part, known: given }, checks) =>
    proveLogs(part, { checks, kernel, ...given }),
  )
  return { identity, intent, execution, authority, logs }
}

/** The semantic layer. */
function judgeParts(
  proven: ReturnType<typeof proveParts> & Pick<ReturnType<typeof openParts>, 'shown'>,
  { options, parts }: Scene,
) {
  const { kernel, nowS } = options
  const intent = parts.intent.step(
    all({ part: proven.intent, identities: proven.identity }),
    ({ part, identities }, checks) => judgeIntent(part, { checks, identities, nowS }),
  )
  const asked = all({ identities: proven.identity, intent })
  const execution = parts.execution.step(all({ part: proven.execution, asked }), ({ part, asked: given }, checks) =>
    judgeExecution(part, { checks, nowS, ...given }),
  )
  const answered = all({ intent, execution })
  const authority = parts.authority.step(
    all({ part: proven.authority, answered }),
    ({ part, answered: given }, checks) =>
      judgeAuthority(part, { checks, kernel, shown: proven.shown, nowS, ...given }),
  )
  const logs = parts.logs.step(proven.logs, (part, checks) => judgeLogs(part, { checks, nowS }))
  return { intent, execution, authority, logs }
}

/** What the level asks for beyond what is there. */
function want(established: Established, { options, parts }: Scene): void {
  const { level, policy } = options
  const { anchors, ...others } = established
  const known = all(others)
  if (known === undefined) return
  const { intent, execution, authority, logs } = known
  // Of a hidden call the executor's entry of its beginning is all that its side says of what was asked for.
  const isNeeded = isAtLeast(level, 'strict') || intent.call.invocation === undefined
  if (isNeeded && wasExecuted(execution.receipt.outcome)) {
    parts.execution.checks.want('execution.begun', 'PROOF_GAP', { isThere: execution.invoked !== undefined })
  }
  if (intent.call.invocation === undefined && execution.receipt.outcome !== 'deny') {
    const { length: count } = authority.unjudged
    const details = { count }
    parts.authority.checks.want('authority.arguments', 'PROOF_ARGUMENTS_HIDDEN', { isThere: count === 0, details })
  }
  if (!isAtLeast(level, 'strict')) return
  for (const side of SIDES) {
    const isThere = isWitnessed(logs[side], policy)
    parts.logs.checks.want(`logs.${side}.witnessed`, 'PROOF_UNWITNESSED', { isThere, details: { side } })
  }
  const { freshness: state, lists } = authority.knowledge
  const isFresh = state === 'fresh'
  parts.authority.checks.want('authority.fresh', 'PROOF_REVOCATIONS_STALE', { isThere: isFresh, details: { state } })
  // What is not shown may be the revocation of this very leave.
  const count = lists.reduce((sum, { withheld }) => sum + withheld, 0)
  parts.authority.checks.want('authority.shown', 'PROOF_REVOCATIONS_WITHHELD', {
    isThere: count === 0,
    details: { count },
  })
  if (level !== 'paranoid') return
  const isConfirmed = authority.refusal !== 'executor-only'
  parts.authority.checks.want('authority.confirmed', 'PROOF_REFUSAL_UNCONFIRMED', { isThere: isConfirmed })
  for (const side of SIDES) {
    const isThere = isAnchored(anchors, side)
    parts.anchors.checks.want(`anchors.${side}`, 'PROOF_UNANCHORED', { isThere, details: { side } })
  }
}

/** All of these, or none. */
function all<T extends { readonly [name: string]: unknown }>(
  values: T,
): { readonly [Name in keyof T]: Exclude<T[Name], undefined> } | undefined {
  const isWhole = Object.values(values).every((value) => value !== undefined)
  return isWhole ? (values as { [Name in keyof T]: Exclude<T[Name], undefined> }) : undefined
}
