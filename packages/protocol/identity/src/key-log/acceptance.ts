/**
 * A signing key's agreement to be a key of a log (spec 18-key-log, 18.7).
 *
 * Without it, anybody could write another agent's key into a log of their own and, by "rotating" it, pass for that agent.
 * The new key signs what its entry is about to say:
 *
 *     basis      = { versionId: that of the entry before, versionTime, parameters, id: that of the document }
 *     acceptance = "z" || base58btc(Ed25519(key, "talos/key-log/1" || 0x00 || SHA-256(JCS(basis))))
 *
 * In a first entry the versionId is `{SCID}` and so is every SCID in the basis, because the SCID covers the acceptance.
 */
import { concatBytes, encodeJcs, fromBase58btc, toBase58btc, utf8 } from '@talos/bytes'
import { ED25519_SIGNATURE_BYTES, type Kernel } from '@talos/kernel'
import type { JsonObject } from '../did/json.ts'
import { type Signer, signWith } from '../signer.ts'
import { replaceScid, SCID_PLACEHOLDER } from './entry.ts'

const CONTEXT = utf8('talos/key-log/1\0')

export interface AcceptanceBasis {
  /** versionId of the entry before; undefined in the first. */
  readonly before: string | undefined
  /** The text of the entry. */
  readonly versionTime: string
  readonly parameters: JsonObject
  /** `id` of the document. */
  readonly did: string
  readonly scid: string
}

/** @throws TalosError `SIGNER_FAILED` */
export async function makeAcceptance(signer: Signer, basis: AcceptanceBasis): Promise<string> {
  return `z${toBase58btc(await signWith(signer, acceptedBytes(signer.kernel, basis)))}`
}

/** Tells whether `acceptance` is the agreement of this 32-byte key to that entry. */
export function isAcceptance(
  kernel: Kernel,
  options: { readonly acceptance: string; readonly publicKey: Uint8Array; readonly basis: AcceptanceBasis },
): boolean {
  const signature = decodeSignature(options.acceptance)
  if (signature === undefined) return false
  return kernel.ed25519Verify(options.publicKey, acceptedBytes(kernel, options.basis), signature)
}

function acceptedBytes(kernel: Kernel, basis: AcceptanceBasis): Uint8Array {
  const { before, versionTime, parameters, did, scid } = basis
  const said = { versionId: before ?? SCID_PLACEHOLDER, versionTime, parameters, id: did }
  const json = before === undefined ? replaceScid(said, { from: scid, to: SCID_PLACEHOLDER }) : said
  return concatBytes(CONTEXT, kernel.sha256(utf8(encodeJcs(json))))
}

function decodeSignature(text: string): Uint8Array | undefined {
  if (!text.startsWith('z')) return undefined
  try {
    const signature = fromBase58btc(text.slice(1))
    return signature.length === ED25519_SIGNATURE_BYTES ? signature : undefined
  } catch {
    return undefined
  }
}
