/**
 * How a part of a bundle is checked: named checks, of which the first that fails ends the part (spec 12-proof-bundle, clause
 * 12.3).
 */
import { type ErrorCode, type ErrorDetails, isTalosError, TalosError } from '@talos/errors'
import { layerOfCheck, type ValidationLayer } from './check-table.ts'

/** One question that was asked of a bundle, and its answer. */
export interface ProofCheck {
  /** Stable, such as `intent.inclusion`. */
  readonly name: string
  /** The layer of validation that owns it. */
  readonly layer: ValidationLayer
  readonly ok: boolean
  /** With `ok: false`: the check's stable code. Absent where a denial is what the bundle is to prove. */
  readonly code?: ErrorCode
  /** For people; our words only. */
  readonly detail?: string
  /** Nothing is wrong with what is there: something is missing that the level asks for. */
  readonly wanting?: true
}

/** `absent`: the bundle does not have the part, or nothing could be said since a part that it builds on failed. */
export type ProofVerdict = 'valid' | 'invalid' | 'absent'

export interface ProofLayer {
  readonly verdict: ProofVerdict
  readonly checks: readonly ProofCheck[]
}

/** Ends a part after the check that failed; never leaves this file. */
const STOP = Symbol('stop')

export class Checks {
  readonly list: ProofCheck[] = []

  /** Asks one question; a TalosError that `run` throws is the answer no, and ends the part. */
  ask<T>(name: string, code: ErrorCode, run: () => T): T {
    const layer = layerOfCheck(name)
    try {
      const value = run()
      this.list.push({ name, layer, ok: true })
      return value
    } catch (error) {
      // A defect of ours must not look like a bad bundle.
      if (!isTalosError(error)) throw error
      this.list.push({ name, layer, ok: false, code, detail: detailOf(error, code) })
      throw STOP
    }
  }

  /** Records an answer that does not end the part. */
  note(check: Omit<ProofCheck, 'layer'>): void {
    this.list.push({ ...check, layer: layerOfCheck(check.name) })
  }

  /** Records whether what a level asks for is there. */
  want(name: string, code: ErrorCode, { isThere, details = {} }: { isThere: boolean; details?: ErrorDetails }): void {
    this.note(isThere ? { name, ok: true } : { ...failed(name, code, details), wanting: true })
  }
}

/**
 * One part of the evidence on its way through the layers. What its checks establish in one layer is what the next one begins
 * with; after a failure, or without what it builds on, nothing more is asked.
 */
export class Part {
  readonly checks = new Checks()
  #state: 'open' | 'failed' | 'unreached' = 'open'

  /** Asks the questions of one layer, once what they build on is known. */
  step<K, T>(known: K | undefined, run: (known: K, checks: Checks) => T): T | undefined {
    if (this.#state !== 'open') return undefined
    if (known === undefined) {
      this.#state = 'unreached'
      return undefined
    }
    try {
      return run(known, this.checks)
    } catch (error) {
      if (error !== STOP) throw error
      this.#state = 'failed'
      return undefined
    }
  }

  get layer(): ProofLayer {
    const verdict = { open: 'valid', failed: 'invalid', unreached: 'absent' } as const
    return { verdict: verdict[this.#state], checks: this.checks.list }
  }
}

/** Nothing was checked. */
export const ABSENT: ProofLayer = { verdict: 'absent', checks: [] }

/** The part is not in the bundle, and is needed. */
export function absentLayer(name: string, code: ErrorCode): ProofLayer {
  return { verdict: 'absent', checks: [{ ...failed(name, code), layer: layerOfCheck(name), wanting: true }] }
}

/** A check that failed. */
export function failed(name: string, code: ErrorCode, details: ErrorDetails = {}) {
  return { name, ok: false, code, detail: new TalosError(code, details).message } as const
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
