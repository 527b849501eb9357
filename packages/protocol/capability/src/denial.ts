/**
 * Denials: a tree of causes with stable codes (spec 08-invocation, clause 8.7).
 *
 * The root says that the call is not allowed; each cause underneath says why, down to the place in the token. Messages
 * hold our words, numbers, and plain short names only: never an argument's value, never another's sentence.
 */
import type { Denial } from '@talos/contracts'
import { ERROR_TABLE, type ErrorCode, type ErrorDetails, isTalosError, TalosError } from '@talos/errors'

export interface DenialCause {
  /** One of the codes of contracts/errors; those of the area `capability` say what is wrong with call or permission. */
  readonly code: ErrorCode
  readonly message: string
  readonly details: ErrorDetails
  /** Where: `proofs[1]`, `rules[0]`, `args`. */
  readonly path?: string
  readonly causes: readonly DenialCause[]
}

/** A result, or why there is none. */
export type Step<T> =
  | { readonly value: T; readonly cause?: undefined }
  | { readonly value?: undefined; readonly cause: DenialCause }

interface DenialOptions {
  readonly details?: ErrorDetails
  readonly path?: string
  readonly causes?: readonly DenialCause[]
}

/** Builds one cause; its message is the one of the code. */
export function denial(code: ErrorCode, { details = {}, path, causes = [] }: DenialOptions = {}): DenialCause {
  const { message } = new TalosError(code, details)
  return path === undefined ? { code, message, details, causes } : { code, message, details, path, causes }
}

/**
 * A parser's error as a cause.
 *
 * @throws `error` itself when it is none of ours: a defect must not look like a refusal
 */
export function denialOf(error: unknown): DenialCause {
  if (!isTalosError(error)) throw error
  return { code: error.code, message: error.message, details: error.details, causes: [] }
}

/** The tree as indented lines, for terminals: what, where, and on the leaves what to do. */
export function explainDenial(cause: DenialCause): string {
  return linesOf(cause, 0).join('\n')
}

/** The tree in the contract's JSON form (contracts/schemas/denial.schema.json). */
export function denialToJson(cause: DenialCause): Denial {
  const { code, message, path } = cause
  const causes = cause.causes.map(denialToJson)
  const { remedy } = ERROR_TABLE[code]
  return path === undefined ? { code, message, remedy, causes } : { code, message, remedy, path, causes }
}

/** The codes from the root down the first branch: the short form that receipts carry. */
export function denialPath(cause: DenialCause): readonly ErrorCode[] {
  const [first] = cause.causes
  return first === undefined ? [cause.code] : [cause.code, ...denialPath(first)]
}

const TOO_MANY = 'Too many calls at the moment; try again later.'
const USED_UP = 'The allowance for calls like this is used up.'
const OUT_OF_TIME = 'The permission or the call has run out of time.'
const MADE_BEFORE = 'This very call was made before; make a new one.'
const MODEL_SENTENCES: Readonly<Partial<Record<ErrorCode, string>>> = {
  CAPABILITY_EXPIRED: OUT_OF_TIME,
  CAPABILITY_NOT_YET_VALID: 'The permission is not valid yet.',
  CAPABILITY_LIFETIME: OUT_OF_TIME,
  CAPABILITY_TIME_WINDOW: 'The permission is not in force at this time.',
  CAPABILITY_REPLAY: MADE_BEFORE,
  CAPABILITY_EPOCH: MADE_BEFORE,
  CAPABILITY_REPLAY_FULL: TOO_MANY,
  CAPABILITY_RATE: TOO_MANY,
  CAPABILITY_CONCURRENCY: TOO_MANY,
  CAPABILITY_ACCOUNTS: TOO_MANY,
  CAPABILITY_CALLS: USED_UP,
  CAPABILITY_BYTES: USED_UP,
  CAPABILITY_BUDGET: USED_UP,
  CAPABILITY_UNKNOWN_TOOL: 'There is no such tool.',
  CAPABILITY_LIMIT: 'The call is too large.',
  CAPABILITY_STALE: 'It cannot be told at the moment whether the permission still holds; try again later.',
  CAPABILITY_JUSTIFICATION: 'A call of this tool must come with the reason for it.',
  CAPABILITY_APPROVAL: 'Somebody must approve this call before it is made.',
}
const MODEL_DEFAULT = 'You have no permission for this call.'
const CORRECTABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CAPABILITY_ARGUMENT',
  'CAPABILITY_ARGUMENT_UNKNOWN',
  'CAPABILITY_ARGUMENT_ABSENT',
])

/**
 * What a model is told: how to correct its arguments where they are at fault, else one plain sentence. Nothing about
 * issuers, chains, keys, other tools, limits or approvers.
 */
export function modelMessage(cause: DenialCause): string {
  const leaves = leavesOf(cause)
  const corrections = leaves.filter(({ code }) => CORRECTABLE.has(code)).map(({ message }) => `- ${message}`)
  if (corrections.length > 0) {
    return ['The call is not allowed with these arguments:', ...new Set(corrections)].join('\n')
  }
  const known = denialPath(cause).map((code) => MODEL_SENTENCES[code])
  return known.find((sentence) => sentence !== undefined) ?? MODEL_DEFAULT
}

function leavesOf(cause: DenialCause): readonly DenialCause[] {
  return cause.causes.length === 0 ? [cause] : cause.causes.flatMap(leavesOf)
}

function linesOf(cause: DenialCause, depth: number): readonly string[] {
  const indent = '  '.repeat(depth)
  const place = cause.path === undefined ? '' : ` at ${cause.path}`
  const line = `${indent}${cause.message}${place} [${cause.code}]`
  const advice = cause.causes.length === 0 ? [`${indent}  ${ERROR_TABLE[cause.code].remedy}`] : []
  return [line, ...advice, ...cause.causes.flatMap((inner) => linesOf(inner, depth + 1))]
}
