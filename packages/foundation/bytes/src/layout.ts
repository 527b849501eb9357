/**
 * Fixed binary layouts: a writer and a reader of big-endian integers and byte strings. The layouts themselves are in
 * `contracts/schemas/*.layout.json`; their generated codecs stand on these two classes.
 */
import { TalosError } from '@talos/errors'

const INITIAL_CAPACITY_BYTES = 128
const MAX_U64 = 2n ** 64n - 1n
const TWO_32 = 0x1_0000_0000

/** Collects bytes, big endian. Its buffers are erased when it grows and when it finishes, since it may carry secrets. */
export class ByteWriter {
  #buffer = new Uint8Array(INITIAL_CAPACITY_BYTES)
  #view = new DataView(this.#buffer.buffer)
  #length = 0

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** @throws LAYOUT_INVALID unless 0 ≤ value < 2^8 */
  u8(value: number): this {
    refuseUnlessUnsigned(value, 0xff, 'u8')
    this.#reserve(1)
    this.#view.setUint8(this.#length - 1, value)
    return this
  }

  /** @throws LAYOUT_INVALID unless 0 ≤ value < 2^16 */
  u16(value: number): this {
    refuseUnlessUnsigned(value, 0xffff, 'u16')
    this.#reserve(2)
    this.#view.setUint16(this.#length - 2, value)
    return this
  }

  /** @throws LAYOUT_INVALID unless 0 ≤ value < 2^32 */
  u32(value: number): this {
    refuseUnlessUnsigned(value, 0xffff_ffff, 'u32')
    this.#reserve(4)
    this.#view.setUint32(this.#length - 4, value)
    return this
  }

  /** @throws LAYOUT_INVALID unless value is a bigint with 0 ≤ value < 2^64, or a safe integer that is not negative */
  u64(value: bigint | number): this {
    if (typeof value === 'number') refuseUnlessUnsigned(value, Number.MAX_SAFE_INTEGER, 'u64')
    else if (value < 0n || value > MAX_U64) throw invalid('u64', 'out of range')
    this.#reserve(8)
    this.#view.setBigUint64(this.#length - 8, BigInt(value))
    return this
  }

  /** Appends the bytes as they are, without a length. */
  bytes(value: Uint8Array): this {
    this.#reserve(value.length)
    this.#buffer.set(value, this.#length - value.length)
    return this
  }

  /** Returns what was written, erases the buffer and starts anew at length 0. */
  finish(): Uint8Array {
    const written = this.#buffer.slice(0, this.#length)
    this.#buffer.fill(0)
    this.#length = 0
    return written
  }

  /** Makes room for `sizeBytes` more, which then count as written. Replaces the view when it grows. */
  #reserve(sizeBytes: number): void {
    this.#length += sizeBytes
    if (this.#length <= this.#buffer.length) return
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length))
    grown.set(this.#buffer)
    this.#buffer.fill(0)
    this.#buffer = grown
    this.#view = new DataView(grown.buffer)
  }
}

/** Reads big-endian integers and byte strings in order; every read is bounded by what is left. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #layout: string
  #offset = 0

  /**
   * @param bytes what to read; not copied, must not change while it is read
   * @param layout the layout's name, for errors
   */
  constructor(bytes: Uint8Array, layout = 'bytes') {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#layout = layout
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  /** @throws LAYOUT_INVALID at the end of the input */
  u8(field = 'u8'): number {
    return this.#view.getUint8(this.#take(1, field))
  }

  /** @throws LAYOUT_INVALID at the end of the input */
  u16(field = 'u16'): number {
    return this.#view.getUint16(this.#take(2, field))
  }

  /** @throws LAYOUT_INVALID at the end of the input */
  u32(field = 'u32'): number {
    return this.#view.getUint32(this.#take(4, field))
  }

  /** @throws LAYOUT_INVALID at the end of the input or beyond 2^53 - 1 */
  u64(field = 'u64'): number {
    const offset = this.#take(8, field)
    const value = this.#view.getUint32(offset) * TWO_32 + this.#view.getUint32(offset + 4)
    if (!Number.isSafeInteger(value)) throw invalid(field, 'beyond 2^53 - 1', this.#layout)
    return value
  }

  /** Returns a copy of the next `length` bytes. @throws LAYOUT_INVALID where fewer are left */
  bytes(length: number, field = 'bytes'): Uint8Array {
    refuseUnlessUnsigned(length, Number.MAX_SAFE_INTEGER, field)
    const offset = this.#take(length, field)
    return new Uint8Array(this.#bytes.subarray(offset, offset + length))
  }

  /** Returns a copy of everything that is left, which may be nothing. */
  rest(): Uint8Array {
    return this.bytes(this.remaining)
  }

  /** @throws LAYOUT_INVALID where bytes are left */
  end(): void {
    if (this.remaining > 0) throw invalid('end', `${this.remaining} bytes too many`, this.#layout)
  }

  #take(length: number, field: string): number {
    const offset = this.#offset
    if (length > this.remaining) {
      throw invalid(field, `${length} bytes are due and ${this.remaining} are left`, this.#layout)
    }
    this.#offset = offset + length
    return offset
  }
}

function refuseUnlessUnsigned(value: number, max: number, field: string): void {
  if (!Number.isInteger(value) || value < 0 || value > max) throw invalid(field, 'out of range')
}

function invalid(field: string, reason: string, layout = 'bytes'): TalosError {
  return new TalosError('LAYOUT_INVALID', { layout, field, reason })
}
