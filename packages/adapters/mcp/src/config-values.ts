/** Reading of single values of a configuration, each refused with its place. */
import type { JsonValue } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { MAX_WORD_CHARS } from './limits.ts'

export type JsonObject = { readonly [name: string]: JsonValue }

/** Names that cannot be told apart on a terminal, or that break a line of it. */
export const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

/** A string that the system takes as an argument: without NUL, of bounded length. */
export function word(value: JsonValue | undefined, path: string): string {
  if (typeof value !== 'string') throw invalid(path, 'it is not a string')
  if (value.includes('\0')) throw invalid(path, 'it has a NUL character')
  if (value.length > MAX_WORD_CHARS) throw invalid(path, `it has more than ${MAX_WORD_CHARS} characters`)
  return value
}

/** @throws MCP_CONFIG_INVALID */
export function object(value: JsonValue | undefined, path: string): JsonObject {
  if (value === undefined) throw invalid(path, 'it is missing')
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalid(path, 'it is not an object')
  return value as JsonObject
}

export function invalid(path: string, reason: string, cause?: unknown): TalosError {
  return new TalosError('MCP_CONFIG_INVALID', { path, reason }, { cause })
}
