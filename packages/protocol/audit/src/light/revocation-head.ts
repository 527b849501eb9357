/** Heads of lists of revocations (contracts/spec/09-receipt-revocation.md, clause 9.6), opened. */
import { utf8 } from '@talos/bytes'
import { type Did, parseRevocationHead, REVOCATION_HEAD_TAG } from '@talos/contracts'
import { openEnvelope } from '@talos/identity'
import type { Kernel } from '@talos/kernel'

/** Longest list that is followed (9.7): whoever has more to take back takes it back from whole audiences. */
export const MAX_FOLLOWED_REVOCATIONS = 10_000
/** Longest head and longest revocation (9.4, 9.6), in bytes. */
export const STATEMENT_MAX_BYTES = 16_384
const LIST_DOMAIN = 'talos/revlist/1\0'

/** A head whose signature was checked. */
export interface RevocationHeadFacts {
  readonly issuer: Did
  /** Items of the list. */
  readonly n: number
  /** d(n) of 9.6, 32 bytes. */
  readonly digest: Uint8Array
  readonly atS: number
  /** The exact bytes. */
  readonly bytes: Uint8Array
}

/** Opens a head. @throws TalosError of the envelope, `SCHEMA_INVALID` */
export function openHead(bytes: Uint8Array, kernel: Kernel): RevocationHeadFacts {
  const { payload } = openEnvelope(bytes, { kernel, tags: [REVOCATION_HEAD_TAG], maxBytes: STATEMENT_MAX_BYTES })
  const { iss, n, digest, atS } = parseRevocationHead(payload)
  return { issuer: iss, n, digest, atS, bytes }
}

/** d(0) of 9.6. */
export function firstDigest(issuer: Did, kernel: Kernel): Uint8Array {
  return kernel.sha256(utf8(`${LIST_DOMAIN}${issuer}`))
}
