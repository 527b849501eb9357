/** A page of a list of revocations as JSON (spec 22-log-service, 22.5): `{"head": base64url, "items": [base64url, ...]}`. */
import type { RevocationPage } from '@talos/audit'
import { fromBase64url, parseJson, toBase64url } from '@talos/bytes'
import { TalosError } from '@talos/errors'

/** Revocations of one page. */
export const REVOCATION_PAGE_MAX_ITEMS = 256
/** Bytes of one page's revocations together; one that is larger by itself is given alone. */
export const REVOCATION_PAGE_MAX_BYTES = 1_048_576
/** A head and a page of revocations in base64url, with the JSON around. */
export const REVOCATION_PAGE_MAX_JSON_BYTES = 1_600_000
const PAGE_MAX_DEPTH = 3

/** As many of the revocations as one page takes; one at least. */
export function firstPage(items: readonly Uint8Array[]): Uint8Array[] {
  let sizeBytes = 0
  const end = items.findIndex((item, position) => {
    sizeBytes += item.length
    return position > 0 && sizeBytes > REVOCATION_PAGE_MAX_BYTES
  })
  return items.slice(0, Math.min(end < 0 ? items.length : end, REVOCATION_PAGE_MAX_ITEMS))
}

export function formatRevocationPage({ head, items }: RevocationPage): string {
  return JSON.stringify({ head: toBase64url(head), items: items.map(toBase64url) })
}

/** @throws TalosError `LOG_ANSWER_INVALID` */
export function parseRevocationPage(text: string): RevocationPage {
  try {
    const value = parseJson(text, { maxBytes: REVOCATION_PAGE_MAX_JSON_BYTES, maxDepth: PAGE_MAX_DEPTH })
    if (!isPage(value) || value.items.length > REVOCATION_PAGE_MAX_ITEMS) throw invalid()
    return { head: fromBase64url(value.head), items: value.items.map(fromBase64url) }
  } catch (cause) {
    throw invalid(cause)
  }
}

function isPage(value: unknown): value is { readonly head: string; readonly items: readonly string[] } {
  if (typeof value !== 'object' || value === null || !('head' in value) || !('items' in value)) return false
  const { head, items } = value
  return typeof head === 'string' && Array.isArray(items) && items.every((item) => typeof item === 'string')
}

function invalid(cause?: unknown): TalosError {
  return new TalosError('LOG_ANSWER_INVALID', { what: 'revocations' }, { cause })
}
