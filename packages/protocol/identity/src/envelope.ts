/**
 * The one signed form of Talos: the UCAN 1.0 envelope (spec 04-envelope; ucan-wg/spec 1.0, "Envelope").
 *
 *     [ signature (64 bytes), { "h": 3401ed01ed011371, <tag>: payload } ]     as deterministic DAG-CBOR
 *
 * The signature is Ed25519 over the encoded second item, by the key of `payload.iss`. The CID names the whole bytes.
 * Left out: signature types other than Ed25519 and issuers other than `did:key`.
 */
import { Cid, concatBytes, decodeCbor, encodeCbor, equalBytes, type IpldValue } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { ED25519_SIGNATURE_BYTES, type EnvelopeVerdict, type Kernel } from '@talos/kernel'
import { parseDidKey, publicKeyFromDidKey } from './did-key.ts'
import { type Signer, signWith } from './signer.ts'

/** Largest envelope that is made or opened unless the caller allows another size (4.5): a prekey bundle needs 4 KiB. */
export const ENVELOPE_MAX_BYTES = 65_536
/** Payload nesting that is decoded: a policy within a payload within the envelope stays far below (4.5). */
export const ENVELOPE_MAX_DEPTH = 32

/** varsig v1, EdDSA, Edwards25519, SHA2-512, DAG-CBOR (4.3). */
const VARSIG_HEADER = Uint8Array.of(0x34, 0x01, 0xed, 0x01, 0xed, 0x01, 0x13, 0x71)
/** Array of two items, then a byte string of 64: what stands before the signature. */
const SIGNATURE_PREFIX = Uint8Array.of(0x82, 0x58, ED25519_SIGNATURE_BYTES)
const SIGNED_OFFSET = SIGNATURE_PREFIX.length + ED25519_SIGNATURE_BYTES
const TAG_PATTERN = /^[a-z0-9]+(?:\/[a-z0-9-]+)+@[0-9]+(?:\.[0-9]+){0,2}$/

/** An object of IPLD values, such as the payload of an envelope. */
export type IpldMap = { readonly [member: string]: IpldValue }

export interface SignedEnvelope {
  readonly bytes: Uint8Array
  readonly cid: Cid
}

export interface VerifiedEnvelope {
  /** One of the tags that the caller accepts. */
  readonly tag: string
  /** The signed payload; its schema is still to be checked. */
  readonly payload: IpldMap
  /** `payload.iss`, whose key made the signature. */
  readonly issuer: Did
  /** The exact bytes that were opened: store and hash these. */
  readonly bytes: Uint8Array
  readonly cid: Cid
}

export interface SignEnvelopeOptions {
  /** Payload type and version, such as `ucan/dlg@1.0.0`. */
  readonly tag: string
  /** Its member `iss` must be the signer's DID. */
  readonly payload: IpldMap
  readonly signer: Signer
  /** {@link ENVELOPE_MAX_BYTES} unless given. */
  readonly maxBytes?: number
}

export interface OpenEnvelopeOptions {
  readonly kernel: Kernel
  /** The payload types that the caller understands. */
  readonly tags: readonly string[]
  /** {@link ENVELOPE_MAX_BYTES} unless given. */
  readonly maxBytes?: number
}

/** One of several envelopes to open. */
export interface EnvelopeToOpen extends Omit<OpenEnvelopeOptions, 'kernel'> {
  readonly bytes: Uint8Array
}

/** An envelope with its name, and either what was verified or why it does not open. */
export type OpenedEnvelope =
  | { readonly cid: Cid; readonly verified: VerifiedEnvelope; readonly error?: never }
  | { readonly cid: Cid; readonly verified?: never; readonly error: unknown }

/**
 * Signs a payload and names the result.
 *
 * @throws TalosError `ENVELOPE_MALFORMED` (tag), `ENVELOPE_ISSUER` (`iss` is not the signer), `CBOR_INVALID` (payload),
 *   `INPUT_TOO_LARGE`, `SIGNER_FAILED`
 */
export async function signEnvelope(options: SignEnvelopeOptions): Promise<SignedEnvelope> {
  const { tag, payload, signer, maxBytes = ENVELOPE_MAX_BYTES } = options
  if (!TAG_PATTERN.test(tag)) throw malformed('the tag is not of the form name/type@version')
  if (payload['iss'] !== signer.did) throw new TalosError('ENVELOPE_ISSUER')
  const signed = encodeCbor({ h: VARSIG_HEADER, [tag]: payload })
  const sizeBytes = SIGNED_OFFSET + signed.length
  if (sizeBytes > maxBytes) throw new TalosError('INPUT_TOO_LARGE', { sizeBytes, limitBytes: maxBytes })
  const signature = await signWith(signer, signed)
  const bytes = concatBytes(SIGNATURE_PREFIX, signature, signed)
  return { bytes, cid: envelopeCid(bytes, signer.kernel) }
}

/**
 * Opens an envelope in the order of 4.4: size, canonical form, shape, header, tag, issuer, signature.
 *
 * @throws TalosError `INPUT_TOO_LARGE`, `CBOR_INVALID`, `INPUT_TOO_DEEP`, `ENVELOPE_MALFORMED`, `ENVELOPE_HEADER`,
 *   `ENVELOPE_TAG`, `ENVELOPE_ISSUER`, `ENVELOPE_SIGNATURE`
 */
export function openEnvelope(bytes: Uint8Array, options: OpenEnvelopeOptions): VerifiedEnvelope {
  const unverified = parseEnvelope({ ...options, bytes })
  const [verdict] = options.kernel.verifyEnvelopes([unverified])
  return conclude(unverified, verdict)
}

/**
 * Opens several envelopes with one call for all signatures: each one in the order of 4.4 and judged alone.
 *
 * @param items as many as `VERIFY_MAX_ENVELOPES` at most
 * @returns one result per item, in their order; an error is what {@link openEnvelope} would have thrown
 * @throws TalosError `KERNEL_PARAMETER` for more items
 */
export function openEnvelopes<const Items extends readonly EnvelopeToOpen[]>(
  items: Items,
  kernel: Kernel,
): { readonly [Place in keyof Items]: OpenedEnvelope } {
  const opened = openRead(items.map(readEnvelope), kernel)
  // One result was made for each item, so a list of known places keeps them.
  return opened as { [Place in keyof Items]: OpenedEnvelope }
}

/** An envelope of good form whose signature is still to be checked: nothing that it says counts yet. */
export interface UnverifiedEnvelope {
  readonly tag: string
  readonly payload: IpldMap
  readonly issuer: Did
  readonly envelope: Uint8Array
  readonly publicKey: Uint8Array
}

/** Bytes that were read, and either what they hold or why they are no envelope. */
export type ReadEnvelope =
  | { readonly bytes: Uint8Array; readonly unverified: UnverifiedEnvelope; readonly error?: never }
  | { readonly bytes: Uint8Array; readonly unverified?: never; readonly error: unknown }

/** Reads an envelope in the order of 4.4 up to the signature, which is left for {@link openRead}. */
export function readEnvelope(item: EnvelopeToOpen): ReadEnvelope {
  const { bytes } = item
  try {
    return { bytes, unverified: parseEnvelope(item) }
  } catch (error) {
    return { bytes, error }
  }
}

/**
 * Checks the signatures of envelopes that were read, with one call of the kernel.
 *
 * @param items as many as `VERIFY_MAX_ENVELOPES` at most
 * @returns one result per item, in their order; an error is what {@link openEnvelope} would have thrown
 * @throws TalosError `KERNEL_PARAMETER` for more items
 */
export function openRead(items: readonly ReadEnvelope[], kernel: Kernel): readonly OpenedEnvelope[] {
  const unverified = items.flatMap((item) => (item.unverified === undefined ? [] : [item.unverified]))
  const verdicts = kernel.verifyEnvelopes(unverified).values()
  return items.map(({ bytes, unverified: read, error }): OpenedEnvelope => {
    if (read === undefined) return { cid: envelopeCid(bytes, kernel), error }
    const verdict = verdicts.next().value
    try {
      const verified = conclude(read, verdict)
      return { cid: verified.cid, verified }
    } catch (refused) {
      return { cid: envelopeCid(bytes, kernel), error: refused }
    }
  })
}

/** Everything of 4.4 but the signature. */
function parseEnvelope({ bytes, tags, maxBytes = ENVELOPE_MAX_BYTES }: EnvelopeToOpen): UnverifiedEnvelope {
  const decoded = decodeCbor(bytes, { maxBytes, maxDepth: ENVELOPE_MAX_DEPTH })
  const { header, tag, body } = dissect(decoded)
  if (!equalBytes(header, VARSIG_HEADER)) throw new TalosError('ENVELOPE_HEADER')
  if (!tags.includes(tag)) throw new TalosError('ENVELOPE_TAG', { accepted: tags.join(', ') })
  if (!isIpldMap(body)) throw malformed('the payload is not an object')
  const issuer = issuerOf(body)
  return { tag, payload: body, issuer, envelope: bytes, publicKey: publicKeyFromDidKey(issuer) }
}

/**
 * The decoder proved the bytes canonical, so what follows the 64-byte signature is exactly the signed item: what the
 * kernel judged. A verdict that is missing is none.
 */
function conclude(
  { tag, payload, issuer, envelope }: UnverifiedEnvelope,
  verdict: EnvelopeVerdict | undefined,
): VerifiedEnvelope {
  if (verdict?.valid !== true) throw new TalosError('ENVELOPE_SIGNATURE')
  return { tag, payload, issuer, bytes: envelope, cid: Cid.fromSha256(verdict.digest) }
}

/** The CIDv1 (DAG-CBOR, SHA-256) of an envelope's exact bytes. Checks nothing. */
export function envelopeCid(bytes: Uint8Array, kernel: Kernel): Cid {
  return Cid.fromSha256(kernel.sha256(bytes))
}

/** Tells an object apart from the other IPLD kinds. */
export function isIpldMap(value: IpldValue | undefined): value is IpldMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Cid)
  )
}

interface EnvelopeParts {
  readonly header: Uint8Array
  readonly tag: string
  readonly body: IpldValue | undefined
}

function dissect(decoded: IpldValue): EnvelopeParts {
  if (!isIpldList(decoded) || decoded.length !== 2) throw malformed('not an array of two items')
  const [signature, signed] = decoded
  if (!(signature instanceof Uint8Array) || signature.length !== ED25519_SIGNATURE_BYTES) {
    throw malformed(`the signature is not ${ED25519_SIGNATURE_BYTES} bytes`)
  }
  if (!isIpldMap(signed)) throw malformed('the signed item is not an object')
  const { h: header } = signed
  const names = Object.keys(signed)
  const tag = names.find((name) => name !== 'h')
  if (header === undefined || tag === undefined || names.length !== 2) {
    throw malformed('the signed item has not exactly the member h and one payload')
  }
  if (!(header instanceof Uint8Array)) throw new TalosError('ENVELOPE_HEADER')
  return { header, tag, body: signed[tag] }
}

function isIpldList(value: IpldValue): value is readonly IpldValue[] {
  return Array.isArray(value)
}

function issuerOf(payload: IpldMap): Did {
  try {
    return parseDidKey(payload['iss'])
  } catch (cause) {
    throw new TalosError('ENVELOPE_ISSUER', {}, { cause })
  }
}

function malformed(reason: string): TalosError {
  return new TalosError('ENVELOPE_MALFORMED', { reason })
}
