/** What an executor says that a call waits for (clause 14.6 of contracts/spec/14-mcp.md). It is the executor's word alone. */
import { fromUtf8, type JsonValue } from '@talos/bytes'
import { MAX_APPROVERS } from '@talos/capability'
import { parseDid } from '@talos/contracts'
import type { Referral } from './ports.ts'

type JsonObject = { readonly [name: string]: JsonValue }

/** Links of a chain, and the tool itself: each may ask for approvals of its own. */
const MAX_CHAIN = 17

/** The referral in an error response; undefined for every other message. */
export function referralIn(response: Uint8Array): Referral | undefined {
  const { error } = objectOf(JSON.parse(fromUtf8(response)) as JsonValue)
  return referralOf(objectOf(objectOf(error)['data']))
}

/** A referral as the executor puts it; undefined for everything that has another form. */
export function referralOf({ digest, approvals }: JsonObject): Referral | undefined {
  if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest) || !Array.isArray(approvals)) return undefined
  const terms = approvals.slice(0, MAX_CHAIN).map((item: JsonValue) => termsOf(objectOf(item)))
  return terms.includes(undefined) ? undefined : { digest, approvals: terms.filter((one) => one !== undefined) }
}

function termsOf({ m, of }: JsonObject): Referral['approvals'][number] | undefined {
  if (typeof m !== 'number' || !Number.isSafeInteger(m) || !Array.isArray(of) || of.length > MAX_APPROVERS)
    return undefined
  try {
    return { m, of: of.map(parseDid) }
  } catch {
    return undefined
  }
}

function objectOf(value: JsonValue | undefined): JsonObject {
  const isObject = value !== null && typeof value === 'object' && !Array.isArray(value)
  return isObject ? (value as JsonObject) : {}
}
