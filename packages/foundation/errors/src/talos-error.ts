/**
 * The one error class of Talos. Callers read `code`; people read `message` and `remedy`.
 *
 * Details are data to act on (sizes, indexes, names of ours). They never hold a secret and never a peer's text
 * verbatim, because errors end in logs and terminals.
 */
import { ERROR_TABLE, type ErrorCode } from './generated/codes.ts'

export type ErrorDetails = Readonly<Record<string, string | number | boolean>>

/** What `toJSON` yields: the stable, printable form of an error. */
export interface ErrorReport {
  readonly code: ErrorCode
  readonly message: string
  readonly remedy: string
  readonly details: ErrorDetails
}

export class TalosError extends Error {
  override readonly name = 'TalosError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  /**
   * @param code one of the codes of `contracts/errors`
   * @param details values for the placeholders of the code's message, and further numbers needed to act
   * @param options `cause`: the error underneath, kept for debugging and never printed by `toJSON`
   */
  constructor(code: ErrorCode, details: ErrorDetails = {}, options: { readonly cause?: unknown } = {}) {
    super(interpolate(ERROR_TABLE[code].message, details), options)
    this.code = code
    this.details = details
  }

  /** The area of the contract that the code belongs to, such as `session`. */
  get area(): string {
    return ERROR_TABLE[this.code].area
  }

  /** What the reader can do about it. */
  get remedy(): string {
    return interpolate(ERROR_TABLE[this.code].remedy, this.details)
  }

  toJSON(): ErrorReport {
    return { code: this.code, message: this.message, remedy: this.remedy, details: this.details }
  }
}

/** Tells whether `error` is a Talos error, and of that code where one is given. */
export function isTalosError(error: unknown, code?: ErrorCode): error is TalosError {
  return error instanceof TalosError && (code === undefined || error.code === code)
}

function interpolate(template: string, details: ErrorDetails): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? '?'))
}
