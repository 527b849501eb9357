/** What a fuzz target is, and how it says that something is wrong. */
import { ERROR_TABLE, isTalosError } from '@talos/errors'
import type { FuzzRandom } from './random.ts'

/** How the bytes of an input are edited besides bit by bit: by tokens of CBOR or JSON, by lines, or not. */
export type InputForm = 'bytes' | 'cbor' | 'json' | 'text'

export interface Target {
  /** Words and slashes; `--only` takes its beginning. */
  readonly name: string
  readonly form: InputForm
  /** Inputs to begin from; the first cases are these, unedited. Not empty. */
  readonly seeds: readonly Uint8Array[]
  /** The codes with which it may refuse. */
  readonly refusals: RegExp
  /**
   * Parses one input. It returns, or throws a TalosError; everything else that it throws is a finding. The input may not
   * be written to.
   */
  readonly run: (input: Uint8Array, random: FuzzRandom) => void | Promise<void>
}

/** For a target that catches every refusal itself, or has none. */
export const NOTHING = /^(?!)/

/** A promise of the parser that does not hold. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise'
}

/** @throws BrokenPromise unless `holds` */
export function must(holds: boolean, promise: string): asserts holds {
  if (!holds) throw new BrokenPromise(promise)
}

/**
 * Runs what may refuse its input.
 *
 * @param refusals the codes with which it may; any unless given
 * @returns undefined where it refused
 * @throws whatever is no proper refusal
 */
export function unlessRefused<T>(run: () => T, refusals = ANY_CODE): T | undefined {
  try {
    return run()
  } catch (error) {
    checkRefusal(error, refusals)
    return undefined
  }
}

const ANY_CODE = /^/

/** @throws `error` unless it is a TalosError of a code that is known and fits, and says all that its message promises */
export function checkRefusal(error: unknown, refusals: RegExp): void {
  if (!isTalosError(error) || !Object.hasOwn(ERROR_TABLE, error.code)) throw error
  must(refusals.test(error.code), `it does not refuse with ${error.code}`)
  const { message } = ERROR_TABLE[error.code]
  for (const [, name = ''] of message.matchAll(/\{(\w+)\}/g)) {
    must(Object.hasOwn(error.details, name), `${error.code} fills {${name}} of its message`)
  }
  JSON.stringify(error)
}
