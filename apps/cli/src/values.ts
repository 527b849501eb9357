/** Values that people type: durations, times, DIDs, CIDs, numbers; each parsed once, with an error that names the option. */
import { Cid } from '@talos/bytes'
import { commandFromDisplay } from '@talos/capability'
import { type CidText, type Did, type DidKey, parseDid, parseDidKey } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { printable } from './output.ts'

const UNITS_S = { s: 1, m: 60, h: 3600, d: 86_400 } as const
const DURATION = /^([1-9][0-9]{0,8})([smhd])$/
const INTEGER = /^(?:0|[1-9][0-9]{0,14})$/
/** Ten years: a capability or invitation beyond that is a slip of the keyboard. */
const MAX_DURATION_S = 3650 * UNITS_S.d

/** Of a reason or note, as their schemas bound them. */
const MAX_REMARK_CHARS = 256

/** Seconds of `90s`, `15m`, `8h`, `7d`. @throws TalosError `CLI_OPTION_INVALID` */
export function parseDuration(text: string, option: string): number {
  const [, count, unit] = DURATION.exec(text) ?? []
  if (count === undefined || unit === undefined)
    throw invalid(option, 'write a whole number and s, m, h or d, as in 15m')
  const seconds = Number(count) * UNITS_S[unit as keyof typeof UNITS_S]
  if (seconds > MAX_DURATION_S) throw invalid(option, `it is longer than ${MAX_DURATION_S / UNITS_S.d} days`)
  return seconds
}

/** Milliseconds since 1970 of an ISO 8601 time, or of so long ago. @throws TalosError `CLI_OPTION_INVALID` */
export function parseMoment(
  text: string,
  { option, nowMs }: { readonly option: string; readonly nowMs: number },
): number {
  if (DURATION.test(text)) return nowMs - parseDuration(text, option) * 1000
  const moment = /^\d{4}-\d{2}-\d{2}(?:T[0-9:.]+(?:Z|[+-]\d{2}:\d{2})?)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(moment)) throw invalid(option, 'write a time as in 2031-05-01T12:00:00Z, or a duration such as 15m')
  return moment
}

/** @throws TalosError `CLI_OPTION_INVALID` */
export function parseCount(
  text: string,
  { option, minimum, maximum }: { readonly option: string; readonly minimum: number; readonly maximum: number },
): number {
  const value = INTEGER.test(text) ? Number(text) : Number.NaN
  if (!(value >= minimum && value <= maximum))
    throw invalid(option, `write a whole number from ${minimum} to ${maximum}`)
  return value
}

/** @throws TalosError `CLI_OPTION_INVALID` */
export function parseDidOption(text: string, option: string): DidKey {
  try {
    return parseDidKey(text)
  } catch (cause) {
    throw new TalosError('CLI_OPTION_INVALID', { option, reason: 'it is neither a did:key nor a did:talos' }, { cause })
  }
}

/** A DID of any method. @throws TalosError `CLI_OPTION_INVALID` */
export function parseName(text: string, option: string): Did {
  try {
    return parseDid(text)
  } catch (cause) {
    throw new TalosError('CLI_OPTION_INVALID', { option, reason: 'it is no DID' }, { cause })
  }
}

/** @throws TalosError `CLI_OPTION_INVALID` */
export function parseCidOption(text: string, option: string): CidText {
  try {
    return Cid.parse(text).toString() as CidText
  } catch (cause) {
    throw new TalosError(
      'CLI_OPTION_INVALID',
      { option, reason: 'it is not the CID of a capability or call' },
      { cause },
    )
  }
}

/** A tool as `mcp:files/tool/read_text_file`, or as a command `/mcp/files/tool/read_text_file`. @throws TalosError `CLI_OPTION_INVALID` */
export function parseTool(text: string, option: string): string {
  try {
    return commandFromDisplay(text)
  } catch (cause) {
    throw new TalosError(
      'CLI_OPTION_INVALID',
      { option, reason: 'write it as talos audit log shows it, such as mcp:files/tool/read_text_file' },
      { cause },
    )
  }
}

/** What is signed for people to read: in one line, without anything that a terminal would obey. @throws TalosError `CLI_OPTION_INVALID` */
export function parseRemark(text: string, option: string): string {
  if (text === '' || text.length > MAX_REMARK_CHARS)
    throw invalid(option, `it does not have 1 to ${MAX_REMARK_CHARS} characters`)
  if (printable(text) !== text) throw invalid(option, 'it has characters that cannot be shown')
  return text
}

/** `2031-05-01T12:00:00Z`, for people; a number that no calendar has is shown as it is. */
export function showTime(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** The beginning and the end of a DID or a CID, enough to tell them apart in a list. */
export function shorten(name: string): string {
  return name.length <= 30 ? name : `${name.slice(0, 18)}…${name.slice(-6)}`
}

export function invalid(option: string, reason: string): TalosError {
  return new TalosError('CLI_OPTION_INVALID', { option, reason })
}
