/**
 * What generated layout codecs share (contracts/spec/01-forms.md, clause 1.7): a reader and a writer that name the field
 * at which they refuse. Integers are unsigned and big endian; a u64 is held within 2^53 - 1.
 */
import { ByteReader, ByteWriter } from '@talos/bytes'
import { TalosError } from '@talos/errors'

export type IntegerType = 'u8' | 'u16' | 'u32' | 'u64'

/** Inclusive bounds: of a value for integers, of a length in bytes for byte strings. */
export interface Bounds {
  readonly min: number
  readonly max: number
}

/** How the length of a byte string is known: its prefix, or nothing where the bounds or the end of input say it. */
export type LengthPrefix = 'u8' | 'u16' | 'u32'

/** Reads the fields of one layout in order. Every refusal is LAYOUT_INVALID {layout, field, reason}. */
export class LayoutReader {
  readonly #layout: string
  readonly #reader: ByteReader

  constructor(layout: string, input: Uint8Array) {
    this.#layout = layout
    this.#reader = new ByteReader(input)
  }

  /** An integer within `bounds`. */
  integer(field: string, type: IntegerType, bounds: Bounds): number {
    const value = this.#read(field, () => this.#reader[type]())
    if (value < bounds.min || value > bounds.max) refuse(this.#layout, field, 'is out of range')
    return value
  }

  /** `length` bytes. */
  fixed(field: string, length: number): Uint8Array {
    return this.#read(field, () => this.#reader.bytes(length))
  }

  /** A length, then as many bytes; the length is judged before the bytes are touched. */
  prefixed(field: string, prefix: LengthPrefix, bounds: Bounds): Uint8Array {
    const length = this.#read(field, () => this.#reader[prefix]())
    if (length < bounds.min || length > bounds.max) refuse(this.#layout, field, 'has a length out of range')
    return this.fixed(field, length)
  }

  /** What is left of the input. */
  rest(field: string, bounds: Bounds): Uint8Array {
    const value = this.#reader.rest()
    if (value.length < bounds.min || value.length > bounds.max) refuse(this.#layout, field, 'has a length out of range')
    return value
  }

  /** Bytes that never differ. */
  constant(field: string, expected: Uint8Array): void {
    const value = this.fixed(field, expected.length)
    if (!expected.every((byte, index) => byte === value[index])) {
      refuse(this.#layout, field, 'is not the required value')
    }
  }

  /** Refuses bytes after the last field. */
  end(): void {
    this.#read('(end)', () => this.#reader.end())
  }

  #read<T>(field: string, read: () => T): T {
    try {
      return read()
    } catch (cause) {
      return refuse(this.#layout, field, 'does not fit the input', cause)
    }
  }
}

/** Writes the fields of one layout in order, with the same rules as the reader. */
export class LayoutWriter {
  readonly #layout: string
  readonly #writer = new ByteWriter()

  constructor(layout: string) {
    this.#layout = layout
  }

  integer(
    field: string,
    type: IntegerType,
    { value, bounds }: { readonly value: number; readonly bounds: Bounds },
  ): void {
    if (!Number.isSafeInteger(value) || value < bounds.min || value > bounds.max) {
      refuse(this.#layout, field, 'is out of range')
    }
    this.#writer[type](value)
  }

  /** Bytes whose length is fixed (`min` equals `max`), goes before them as `prefix`, or runs to the end. */
  bytes(field: string, value: Uint8Array, { min, max, prefix }: Bounds & { readonly prefix?: LengthPrefix }): void {
    if (value.length < min || value.length > max) refuse(this.#layout, field, 'has a length out of range')
    if (prefix !== undefined) this.#writer[prefix](value.length)
    this.#writer.bytes(value)
  }

  finish(): Uint8Array {
    return this.#writer.finish()
  }
}

function refuse(layout: string, field: string, reason: string, cause?: unknown): never {
  throw new TalosError('LAYOUT_INVALID', { layout, field, reason }, { cause })
}
