/**
 * The engine's view of a verification: five ordered layers, four levels, one verdict (spec 12-proof-bundle, clause 12.12).
 */
import type { ErrorCode } from '@talos/errors'
import { VALIDATION_LAYERS, type ValidationLayer } from './check-table.ts'
import type { ProofCheck } from './checks.ts'

/** How much is asked of a bundle; each level asks for all that those before it ask for. */
export const VALIDATION_LEVELS = ['minimal', 'standard', 'strict', 'paranoid'] as const

export type ValidationLevel = (typeof VALIDATION_LEVELS)[number]

/** `incomplete`: all that is there holds, and something is missing: a part of the evidence, or what the level asks for. */
export type ValidationVerdict = 'valid' | 'invalid' | 'incomplete'

/**
 * `unchecked`: something before it failed, so that not everything was asked. `absent`: the bundle has nothing for it.
 * `skipped`: the level does not ask.
 */
export type LayerVerdict = ValidationVerdict | 'unchecked' | 'absent' | 'skipped'

export interface ValidatedLayer {
  readonly layer: ValidationLayer
  readonly verdict: LayerVerdict
  /** The code of its first check that failed, or that wants something. */
  readonly code: ErrorCode | undefined
  readonly checks: readonly ProofCheck[]
  /** Microseconds; 0 where nobody measured. */
  readonly durationUs: number
}

export interface Validation {
  readonly level: ValidationLevel
  readonly verdict: ValidationVerdict
  /** In the order in which they are judged. */
  readonly layers: readonly ValidatedLayer[]
}

const LAYERS_OF: Readonly<Record<ValidationLevel, readonly ValidationLayer[]>> = {
  minimal: ['structural', 'cryptographic'],
  standard: VALIDATION_LAYERS,
  strict: VALIDATION_LAYERS,
  paranoid: VALIDATION_LAYERS,
}

/** Whether a level judges a layer. */
export function asksFor(level: ValidationLevel, layer: ValidationLayer): boolean {
  return LAYERS_OF[level].includes(layer)
}

/** Whether a level is at least another one. */
export function isAtLeast(level: ValidationLevel, other: ValidationLevel): boolean {
  return VALIDATION_LEVELS.indexOf(level) >= VALIDATION_LEVELS.indexOf(other)
}

/** Times the layers with a clock that the caller brings; without one nothing is measured. */
export class LayerTimes {
  readonly #clock: () => number
  readonly #spent = new Map<ValidationLayer, number>()

  /** @param clock milliseconds from any beginning, with fractions */
  constructor(clock: (() => number) | undefined) {
    this.#clock = clock ?? (() => 0)
  }

  measure<T>(layer: ValidationLayer, run: () => T): T {
    const begun = this.#clock()
    try {
      return run()
    } finally {
      this.#spent.set(layer, this.durationUs(layer) + (this.#clock() - begun) * 1000)
    }
  }

  durationUs(layer: ValidationLayer): number {
    return this.#spent.get(layer) ?? 0
  }
}

/** What all checks of a verification amount to. */
export function validationOf(
  checks: readonly ProofCheck[],
  { level, times }: { readonly level: ValidationLevel; readonly times: LayerTimes },
): Validation {
  let isWhole = true
  const byLayer = Map.groupBy(checks, (check) => check.layer)
  const layers = VALIDATION_LAYERS.map((layer): ValidatedLayer => {
    const own = byLayer.get(layer) ?? []
    const verdict = layerVerdict(own, { isAsked: asksFor(level, layer), isWhole })
    isWhole &&= verdict !== 'invalid' && !own.some(({ wanting, name }) => wanting === true && name.endsWith('.present'))
    return { layer, verdict, code: firstCode(own), checks: own, durationUs: Math.round(times.durationUs(layer)) }
  })
  return { level, verdict: verdictOf(checks), layers }
}

/** Whether a check says that something is wrong. */
export function isBroken({ ok, code, wanting }: ProofCheck): boolean {
  return !ok && code !== undefined && wanting !== true
}

function verdictOf(checks: readonly ProofCheck[]): ValidationVerdict {
  if (checks.some(isBroken)) return 'invalid'
  return checks.some(({ wanting }) => wanting === true) ? 'incomplete' : 'valid'
}

function layerVerdict(
  checks: readonly ProofCheck[],
  { isAsked, isWhole }: { readonly isAsked: boolean; readonly isWhole: boolean },
): LayerVerdict {
  if (!isAsked) return 'skipped'
  const verdict = verdictOf(checks)
  if (verdict !== 'valid') return verdict
  if (!isWhole) return 'unchecked'
  return checks.length === 0 ? 'absent' : 'valid'
}

function firstCode(checks: readonly ProofCheck[]): ErrorCode | undefined {
  return (checks.find(isBroken) ?? checks.find(({ wanting }) => wanting === true))?.code
}
