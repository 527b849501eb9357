/**
 * Content identifiers of one kind only: CIDv1, codec dag-cbor (0x71), SHA-256 (0x12), 36 bytes
 * `01 71 12 20 || digest(32)`; as text `b` and lower-case base32, 59 characters. Clause 2.3 of contracts/spec/02-canonical.md.
 */
import { TalosError } from '@talos/errors'
import { concatBytes, equalBytes } from './bytes.ts'
import { fromBase32, toBase32 } from './encodings.ts'

/** Length of a CID in bytes. */
export const CID_BYTES = 36

/** Length of a CID as text: the multibase letter `b` and 58 characters of base32. */
export const CID_CHARS = 59

const DIGEST_BYTES = 32
const PREFIX = Uint8Array.of(0x01, 0x71, 0x12, 0x20)

export class Cid {
  /** The 36 bytes; not to be changed. */
  readonly bytes: Uint8Array
  /** The text form once somebody asked for it; that the field exists tells instances from imitations. */
  #text: string | undefined

  private constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Tells whether `value` was made by this class. */
  static is(value: object): value is Cid {
    return #text in value
  }

  /** @throws CID_INVALID unless the text is the canonical text form */
  static parse(text: string): Cid {
    if (text.length !== CID_CHARS || !text.startsWith('b')) throw new TalosError('CID_INVALID')
    let bytes: Uint8Array
    try {
      bytes = fromBase32(text.slice(1))
    } catch (cause) {
      throw new TalosError('CID_INVALID', {}, { cause })
    }
    return Cid.fromBytes(bytes)
  }

  /** Copies the 36 bytes. @throws CID_INVALID for another length, version, codec or hash */
  static fromBytes(bytes: Uint8Array): Cid {
    if (bytes.length !== CID_BYTES || PREFIX.some((byte, index) => bytes[index] !== byte)) {
      throw new TalosError('CID_INVALID')
    }
    return new Cid(new Uint8Array(bytes))
  }

  /** Names an object by the SHA-256 of its encoded bytes. @throws CID_INVALID unless the digest has 32 bytes */
  static fromSha256(digest: Uint8Array): Cid {
    if (digest.length !== DIGEST_BYTES) throw new TalosError('CID_INVALID')
    return new Cid(concatBytes(PREFIX, digest))
  }

  /** A copy of the 32 bytes of SHA-256. */
  get digest(): Uint8Array {
    return this.bytes.slice(PREFIX.length)
  }

  equals(other: Cid): boolean {
    return equalBytes(this.bytes, other.bytes)
  }

  /** The canonical text form, `bafyrei…`. */
  toString(): string {
    this.#text ??= `b${toBase32(this.bytes)}`
    return this.#text
  }

  toJSON(): string {
    return this.toString()
  }
}
