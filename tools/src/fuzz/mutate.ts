/** Makes an input of the seeds of a target: one to eight edits of one of them. */
import { concatBytes } from '@talos/bytes'
import { editCbor, editJson, editText } from './mutate-tokens.ts'
import type { FuzzRandom } from './random.ts'
import type { InputForm } from './target.ts'

/** Inputs grow no further: what has a larger limit is tested there by name. */
const MAX_INPUT_BYTES = 262_144
const MAX_EDITS = 8

type Edit = (bytes: Uint8Array, random: FuzzRandom, other: Uint8Array) => Uint8Array

/** An input of its own; the seeds stay as they are. */
export function mutate(
  seeds: readonly Uint8Array[],
  { form, random }: { readonly form: InputForm; readonly random: FuzzRandom },
): Uint8Array {
  let input = random.pick(seeds).slice()
  const edits = FORM_EDITS[form]
  for (let count = 0; count < MAX_EDITS; count += 1) {
    input = random
      .pick(random.oneIn(3) ? BYTE_EDITS : edits)(input, random, random.pick(seeds))
      .slice(0, MAX_INPUT_BYTES)
    if (random.oneIn(2)) return input
  }
  return input
}

const ODD_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x20, 0x0a, 0x22, 0x2f]
const ODD_NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]

const flipBit: Edit = (bytes, random) => {
  const at = random.below(bytes.length)
  if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
  return bytes
}

const setByte: Edit = (bytes, random) => {
  const value = random.oneIn(2) ? random.pick(ODD_BYTES) : random.below(256)
  if (bytes.length > 0) bytes[random.below(bytes.length)] = value
  return bytes
}

const truncate: Edit = (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1))

const cutFront: Edit = (bytes, random) => bytes.subarray(random.below(bytes.length + 1))

const extend: Edit = (bytes, random) =>
  concatBytes(bytes, random.bytes(1 + random.below(random.oneIn(20) ? 5_000 : 40)))

const remove: Edit = (bytes, random) => {
  const at = random.below(bytes.length + 1)
  return concatBytes(bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(random.oneIn(4) ? bytes.length : 4)))
}

const insert: Edit = (bytes, random) => {
  const at = random.below(bytes.length + 1)
  return concatBytes(bytes.subarray(0, at), random.bytes(1 + random.below(4)), bytes.subarray(at))
}

const repeat: Edit = (bytes, random) => {
  const at = random.below(bytes.length + 1)
  const part = bytes.subarray(at, at + 1 + random.below(64))
  const times = random.oneIn(10) ? 200 : 1 + random.below(3)
  return concatBytes(bytes.subarray(0, at), ...Array.from({ length: times }, () => part), bytes.subarray(at))
}

/** The beginning of one seed and the end of another. */
const splice: Edit = (bytes, random, other) =>
  concatBytes(bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1)))

/** Writes a number where a length may stand: odd ones, what is left, one more, one less. */
const editLength: Edit = (bytes, random) => {
  const width = random.pick([1, 2, 4, 8])
  if (bytes.length < width) return bytes
  const at = random.oneIn(2)
    ? random.below(Math.min(64, bytes.length - width + 1))
    : random.below(bytes.length - width + 1)
  const left = bytes.length - at - width
  let rest = random.pick([left, left + 1, left - 1, random.pick(ODD_NUMBERS), random.pick(ODD_NUMBERS)])
  for (let index = at + width - 1; index >= at; index -= 1, rest = Math.floor(rest / 256)) bytes[index] = rest & 0xff
  return bytes
}

const BYTE_EDITS: readonly Edit[] = [
  flipBit,
  flipBit,
  setByte,
  truncate,
  cutFront,
  extend,
  remove,
  insert,
  repeat,
  splice,
  editLength,
]

const FORM_EDITS: Readonly<Record<InputForm, readonly Edit[]>> = {
  bytes: BYTE_EDITS,
  cbor: [editCbor],
  json: [editJson],
  text: [editText],
}
