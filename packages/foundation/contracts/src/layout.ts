/**
 * What generated layout codecs share (contracts/spec/01-forms.md, clause 1.7): a reader and a writer that name the field
 * at which they refuse. Integers are unsigned and big endian; a u64 is held within 2^53 - 1.
 */
import { ByteReader, ByteWriter } from '@talos/bytes'
import { TalosError } from '@talos/errors'

export type IntegerType = 'u8' | 'u16' | 'u32' | 'u64'

/** The integer in front of a byte string of variable length, where the layout has one. */
export type LengthPrefix = 'u8' | 'u16' | 'u32'

/** Inclusive bounds: of a value for integers, of a length in bytes for byte strings. */
export interface Bounds {
  readonly min: number
  readonly max: number
}

/** Reads the fields of one layout in order. Every refusal is LAYOUT_INVALID {layout, field, reason}. */
export class LayoutReader {
  readonly #layout: string
  readonly #reader: ByteReader

  constructor(layout: string, input: Uint8Array) {
    this.#layout = layout
    this.#reader = new ByteReader(input, layout)
  }

  /** An integer within `bounds`. */
  integer(field: string, type: IntegerType, { min, max }: Bounds): number {
    const value = this.#reader[type](field)
    if (value < min || value > max) refuse(this.#layout, field, 'is out of range')
    return value
  }

  /** `length` bytes, copied. */
  fixed(field: string, length: number): Uint8Array {
    return this.#reader.bytes(length, field)
  }

  /** A length, then as many bytes, copied; the length is judged before the bytes are touched. */
  prefixed(field: string, prefix: LengthPrefix, bounds: Bounds): Uint8Array {
    const length = this.#reader[prefix](field)
    assertLength(this.#layout, field, { length, ...bounds })
    return this.#reader.bytes(length, field)
  }

  /** What is left of the input, copied. */
  rest(field: string, bounds: Bounds): Uint8Array {
    assertLength(this.#layout, field, { length: this.#reader.remaining, ...bounds })
    return this.#reader.rest()
  }

  /** Bytes that never differ. They are public, so the comparison may stop early. */
  constant(field: string, expected: Uint8Array): void {
    const value = this.#reader.bytes(expected.length, field)
    if (expected.some((byte, index) => byte !== value[index])) refuse(this.#layout, field, 'is not the required value')
  }

  /** Refuses bytes after the last field. */
  end(): void {
    this.#reader.end()
  }
}

/** Writes the fields of one layout in order, by the same rules. */
export class LayoutWriter {
  readonly #layout: string
  readonly #writer = new ByteWriter()

  constructor(layout: string) {
    this.#layout = layout
  }

  integer(field: string, type: IntegerType, { value, min, max }: Bounds & { readonly value: number }): void {
    if (!Number.isSafeInteger(value) || value < min || value > max) refuse(this.#layout, field, 'is out of range')
    this.#writer[type](value)
  }

  /** Bytes of fixed length (`min` equals `max`), behind a length, or up to the end. */
  bytes(field: string, value: Uint8Array, rules: Bounds & { readonly prefix?: LengthPrefix }): void {
    assertLength(this.#layout, field, { length: value.length, min: rules.min, max: rules.max })
    if (rules.prefix !== undefined) this.#writer[rules.prefix](value.length)
    this.#writer.bytes(value)
  }

  finish(): Uint8Array {
    return this.#writer.finish()
  }
}

function assertLength(layout: string, field: string, { length, min, max }: Bounds & { readonly length: number }): void {
  if (length < min || length > max) refuse(layout, field, 'has a length out of range')
}

function refuse(layout: string, field: string, reason: string): never {
  throw new TalosError('LAYOUT_INVALID', { layout, field, reason })
}
