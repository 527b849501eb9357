/**
 * Deterministic DAG-CBOR, reading side (clause 2.2 of contracts/spec/02-canonical.md).
 *
 * One pass that accepts nothing but the form that `encodeCbor` writes: every head is checked to be the shortest, every key
 * to follow its predecessor, every count to fit into what is left before anything is allocated. So no second encoding is
 * needed to know that the bytes were canonical, a leading byte order mark in a text survives, and maps have no prototype.
 */
import { TalosError } from '@talos/errors'
import { CID_TAG, type IpldValue } from './cbor-encode.ts'
import { CID_BYTES, Cid } from './cid.ts'
import { fromUtf8 } from './encodings.ts'
import { type DecodeLimits, depthLimit, refuseOversize, refuseTooDeep } from './limits.ts'

const MAJOR_UNSIGNED = 0
const MAJOR_NEGATIVE = 1
const MAJOR_BYTES = 2
const MAJOR_TEXT = 3
const MAJOR_ARRAY = 4
const MAJOR_MAP = 5
const MAJOR_TAG = 6

const BYTE_FALSE = 0xf4
const BYTE_TRUE = 0xf5
const BYTE_NULL = 0xf6

const TWO_32 = 0x1_0000_0000
/** Up to this length the characters of an ASCII text are joined one by one, which costs less than a TextDecoder call. */
const SHORT_TEXT_BYTES = 24

/**
 * Reads one value that fills the input. Maps have no prototype; byte strings are copies.
 *
 * @throws INPUT_TOO_LARGE, INPUT_TOO_DEEP, CBOR_INVALID with a reason of ours
 */
export function decodeCbor(bytes: Uint8Array, limits: DecodeLimits = {}): IpldValue {
  refuseOversize(bytes.length, limits)
  const reader = new CborReader(bytes, depthLimit(limits))
  const value = reader.value(0)
  reader.end()
  return value
}

interface Span {
  readonly start: number
  readonly end: number
}

class CborReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #maxDepth: number
  #offset = 0

  constructor(bytes: Uint8Array, maxDepth: number) {
    // Of a plain array `slice` is a copy; Node's own arrays mean something else by it.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#maxDepth = maxDepth
  }

  /** @param depth containers around the value */
  value(depth: number): IpldValue {
    const first = this.#view.getUint8(this.#take(1))
    switch (first >> 5) {
      case MAJOR_UNSIGNED:
        return this.#argument(first)
      case MAJOR_NEGATIVE:
        return this.#negative(first)
      case MAJOR_BYTES: {
        const { start, end } = this.#span(first)
        return this.#bytes.slice(start, end)
      }
      case MAJOR_TEXT:
        return this.#text(this.#span(first))
      case MAJOR_ARRAY:
        return this.#array(this.#count(first, 1), depth + 1)
      case MAJOR_MAP:
        return this.#map(this.#count(first, 2), depth + 1)
      case MAJOR_TAG:
        return this.#link(first)
      default:
        return simple(first)
    }
  }

  end(): void {
    if (this.#offset !== this.#bytes.length) throw invalid('bytes after the value')
  }

  #array(count: number, depth: number): IpldValue {
    refuseTooDeep(depth, this.#maxDepth)
    const items: IpldValue[] = []
    for (let index = 0; index < count; index += 1) items.push(this.value(depth))
    return items
  }

  #map(count: number, depth: number): IpldValue {
    refuseTooDeep(depth, this.#maxDepth)
    const members: Record<string, IpldValue> = Object.create(null)
    let previous: Span | undefined
    for (let index = 0; index < count; index += 1) {
      const first = this.#view.getUint8(this.#take(1))
      if (first >> 5 !== MAJOR_TEXT) throw invalid('a map key that is not a text')
      const key = this.#span(first)
      if (previous !== undefined && !this.#follows(previous, key)) throw invalid('map keys out of order or repeated')
      previous = key
      members[this.#text(key)] = this.value(depth)
    }
    return members
  }

  /** Key order: the shorter encoded key first, then bytewise; equal keys do not follow one another. */
  #follows(previous: Span, key: Span): boolean {
    const length = key.end - key.start
    const difference = length - (previous.end - previous.start)
    if (difference !== 0) return difference > 0
    for (let index = 0; index < length; index += 1) {
      const step = this.#view.getUint8(key.start + index) - this.#view.getUint8(previous.start + index)
      if (step !== 0) return step > 0
    }
    return false
  }

  #negative(first: number): number {
    const value = -1 - this.#argument(first)
    if (!Number.isSafeInteger(value)) throw invalid('an integer beyond 2^53')
    return value
  }

  #link(first: number): Cid {
    if (this.#argument(first) !== CID_TAG) throw invalid('a tag other than 42')
    const next = this.#view.getUint8(this.#take(1))
    if (next >> 5 !== MAJOR_BYTES) throw invalid('a link that is not a byte string')
    const { start, end } = this.#span(next)
    if (end - start !== CID_BYTES + 1 || this.#view.getUint8(start) !== 0) throw invalid('a link of another form')
    try {
      return Cid.fromBytes(this.#bytes.subarray(start + 1, end))
    } catch (cause) {
      throw new TalosError('CBOR_INVALID', { reason: 'a link of another kind' }, { cause })
    }
  }

  #text({ start, end }: Span): string {
    if (end - start <= SHORT_TEXT_BYTES) {
      let text = ''
      let offset = start
      for (; offset < end; offset += 1) {
        const code = this.#view.getUint8(offset)
        if (code > 0x7f) break
        text += String.fromCharCode(code)
      }
      if (offset === end) return text
    }
    try {
      return fromUtf8(this.#bytes.subarray(start, end))
    } catch (cause) {
      throw new TalosError('CBOR_INVALID', { reason: 'a text that is not UTF-8' }, { cause })
    }
  }

  #span(first: number): Span {
    const length = this.#argument(first)
    const start = this.#take(length)
    return { start, end: start + length }
  }

  /** A container's count, refused where the least possible size of its items exceeds what is left. */
  #count(first: number, itemsEach: number): number {
    const count = this.#argument(first)
    if (count * itemsEach > this.#bytes.length - this.#offset) throw invalid('the input ends too early')
    return count
  }

  /** The number in a head, which must be in its shortest form (RFC 8949, 4.2.1). */
  #argument(first: number): number {
    const info = first & 0x1f
    if (info < 24) return info
    if (info === 24) return shortest(this.#view.getUint8(this.#take(1)), 24)
    if (info === 25) return shortest(this.#view.getUint16(this.#take(2)), 0x100)
    if (info === 26) return shortest(this.#view.getUint32(this.#take(4)), 0x1_0000)
    if (info !== 27) throw invalid('an indefinite length or a reserved head')
    const offset = this.#take(8)
    const value = this.#view.getUint32(offset) * TWO_32 + this.#view.getUint32(offset + 4)
    if (!Number.isSafeInteger(value)) throw invalid('an integer beyond 2^53')
    return shortest(value, TWO_32)
  }

  #take(length: number): number {
    const offset = this.#offset
    if (length > this.#bytes.length - offset) throw invalid('the input ends too early')
    this.#offset = offset + length
    return offset
  }
}

function simple(first: number): boolean | null {
  switch (first) {
    case BYTE_FALSE:
      return false
    case BYTE_TRUE:
      return true
    case BYTE_NULL:
      return null
    default:
      throw invalid('a float, undefined or another simple value')
  }
}

function shortest(value: number, least: number): number {
  if (value < least) throw invalid('a number that is not in its shortest form')
  return value
}

function invalid(reason: string): TalosError {
  return new TalosError('CBOR_INVALID', { reason })
}
