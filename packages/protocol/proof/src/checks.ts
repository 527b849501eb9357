/**
 * How a layer is checked: named checks in a fixed order, of which the first that fails ends the layer (spec
 * 12-proof-bundle, clause 12.3).
 */
import { type ErrorCode, type ErrorDetails, isTalosError, TalosError } from '@talos/errors'

/** One question that was asked of a bundle, and its answer. */
export interface ProofCheck {
  /** Stable, such as `intent.inclusion`. */
  readonly name: string
  readonly ok: boolean
  /** With `ok: false`: the check's stable code. Absent where a denial is what the bundle is to prove. */
  readonly code?: ErrorCode
  /** For people; our words only. */
  readonly detail?: string
}

/** `absent`: the bundle does not have the layer, or nothing could be said since a layer below it failed. */
export type ProofVerdict = 'valid' | 'invalid' | 'absent'

export interface ProofLayer {
  readonly verdict: ProofVerdict
  readonly checks: readonly ProofCheck[]
}

/** A layer's result, and what its checks established where none failed. */
export interface LayerResult<T> {
  readonly layer: ProofLayer
  readonly value?: T
}

/** Ends a layer after the check that failed; never leaves this file. */
const STOP = Symbol('stop')

/** Nothing was checked. */
export const ABSENT: ProofLayer = { verdict: 'absent', checks: [] }

export class Checks {
  readonly list: ProofCheck[] = []

  /** Asks one question; a TalosError that `run` throws is the answer no, and ends the layer. */
  ask<T>(name: string, code: ErrorCode, run: () => T): T {
    try {
      const value = run()
      this.list.push({ name, ok: true })
      return value
    } catch (error) {
      // A defect of ours must not look like a bad bundle.
      if (!isTalosError(error)) throw error
      this.list.push({ name, ok: false, code, detail: detailOf(error, code) })
      throw STOP
    }
  }

  /** Records an answer that does not end the layer. */
  note(check: ProofCheck): void {
    this.list.push(check)
  }
}

/** Runs the checks of one layer. */
export function checkLayer<T>(run: (checks: Checks) => T): LayerResult<T> {
  const checks = new Checks()
  try {
    const value = run(checks)
    return { layer: { verdict: 'valid', checks: checks.list }, value }
  } catch (error) {
    if (error !== STOP) throw error
    return { layer: { verdict: 'invalid', checks: checks.list } }
  }
}

/** The layer is not in the bundle. */
export function absentLayer(name: string, code: ErrorCode): ProofLayer {
  return { verdict: 'absent', checks: [failed(name, code)] }
}

/** A check that failed. */
export function failed(name: string, code: ErrorCode, details: ErrorDetails = {}): ProofCheck {
  return { name, ok: false, code, detail: new TalosError(code, details).message }
}

/** @throws TalosError `code` unless `condition` holds */
export function demand(condition: boolean, code: ErrorCode, details: ErrorDetails): asserts condition {
  if (!condition) throw new TalosError(code, details)
}

/** Our own codes explain themselves; a deeper one becomes the reason, with its code. */
function detailOf(error: TalosError, code: ErrorCode): string {
  if (error.code === code) return error.message
  return `${error.message} [${error.code}]`
}
