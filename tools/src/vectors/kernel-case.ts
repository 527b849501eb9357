/** The shape of a kernel case, and small helpers that its generators share. */
import { createHash } from 'node:crypto'

type Value = string | number | readonly string[]
type Outcome = Value | boolean | readonly boolean[]

export interface KernelCase {
  readonly clause: string
  readonly description: string
  readonly valid: boolean
  /** `operation` names the method of the kernel port; byte members are lower-case hex and end in `Hex`. */
  readonly input: Readonly<Record<string, Value>>
  readonly expected?: Readonly<Record<string, Outcome>>
  readonly error?: string
}

/** A clause with its two kinds of case. */
export function casesOf(clause: string, operation: string) {
  return {
    valid: (
      description: string,
      input: Readonly<Record<string, Value>>,
      expected: Readonly<Record<string, Outcome>>,
    ): KernelCase => ({ clause, description, valid: true, input: { operation, ...input }, expected }),
    invalid: (description: string, input: Readonly<Record<string, Value>>, error: string): KernelCase => ({
      clause,
      description,
      valid: false,
      input: { operation, ...input },
      error,
    }),
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'hex')
}

export function ascii(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex')
}

/** `count` times the same byte, in hex. */
export function repeated(byte: number, count: number): string {
  return hex(new Uint8Array(count).fill(byte))
}

/** The bytes from `first` to `last`, both included, in hex. */
export function run(first: number, last: number): string {
  return hex(Uint8Array.from({ length: last - first + 1 }, (_, index) => first + index))
}

/** Bytes that look random and are the same each time: SHA-256 of a label and a counter. */
export function pattern(label: string, lengthBytes: number): string {
  const blocks = Array.from({ length: Math.ceil(lengthBytes / 32) }, (_, index) =>
    createHash('sha256').update(`talos vectors ${label} ${index}`).digest(),
  )
  return Buffer.concat(blocks).subarray(0, lengthBytes).toString('hex')
}

/** The same bytes with one bit flipped in the byte at `index`; negative indexes count from the end. */
export function flipped(text: string, index: number): string {
  const bytes = bytesOf(text)
  const at = index < 0 ? bytes.length + index : index
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  return hex(bytes)
}

/** SHA-256 of bytes in hex, in hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(bytesOf(text)).digest('hex')
}
