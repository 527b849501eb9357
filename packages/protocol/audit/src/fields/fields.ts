/**
 * Commitments to the parts of a JSON value, so that each can be disclosed without the others
 * (contracts/spec/10-audit-entry.md, clause 10.8).
 *
 *     leaf   the commitment (10.4, raw bytes) under `name || pointer` to the exact text of the value there
 *     pad    SHA-256(00 || pad key || u32(i)), pad key = HMAC-SHA-256(salt key, "talos/pad/v1\0" || name)
 *     root   RFC 6962 root over leaves and pads, sorted as bytes
 *
 * Each leaf has a salt of its own and its place says nothing, so an opening tells one value and, of the others, no more
 * than that they are at most as many as there are leaves.
 */
import { ByteWriter, concatBytes, fromHex, fromUtf8, toHex, utf8 } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { HASH_BYTES, leafHash, leafIndex, treeSize, verifyInclusion } from '@talos/merkle'
import { commitTo, deriveSalt, SALT_BYTES } from '../commitment.ts'
import {
  type ExactArray,
  type ExactJson,
  isExactArray,
  isExactObject,
  membersOf,
  parseExactJson,
  writeExactJson,
} from './exact-json.ts'

/** Longest JSON text whose parts are committed to: some milliseconds of work; a bundle holds a few such values. */
export const FIELDS_MAX_BYTES = 262_144

/** Deepest nesting: what a message of MCP may have (14-mcp 14.2). */
export const FIELDS_MAX_DEPTH = 128

/** Most leaves of one value: the work and the memory of a commitment. */
export const FIELDS_MAX_LEAVES = 256

/** Fewest leaves, pads included: how few parts an ordinary call has is nobody's business. */
export const FIELDS_MIN_LEAVES = 8

/** Longest pointer, in UTF-16 units: a long name at the top would stand in the pointer of everything below. */
export const FIELD_POINTER_MAX_CHARS = 512

const [MIN_PROOF, MAX_PROOF] = [Math.log2(FIELDS_MIN_LEAVES), Math.log2(FIELDS_MAX_LEAVES)]

/** A pointer of RFC 6901. */
const POINTER = /^(?:\/(?:[^/~]|~[01])*)*$/

/** What is split: the arguments of a call, or the result that a tool gave. Members of an entry's `commit`. */
export type FieldsName = 'arguments' | 'output'

/** One part of a value. */
export interface Field {
  /** RFC 6901; empty for the whole. */
  readonly pointer: string
  /** Its text as `writeExactJson` writes it, in UTF-8. */
  readonly text: Uint8Array
}

/** A part with what it takes to check it against the root. */
export interface FieldOpening extends Field {
  /** 32 bytes. */
  readonly salt: Uint8Array
  /** Place among the sorted leaves. */
  readonly index: number
  /** The sibling's hash first; 3 to 8 hashes of 32 bytes. */
  readonly proof: readonly Uint8Array[]
}

export interface FieldTreeOptions {
  readonly name: FieldsName
  readonly value: ExactJson
  /** 32 bytes. */
  readonly saltKey: Uint8Array
  readonly kernel: Kernel
}

/**
 * Reads a JSON text as a value whose parts can be committed to; `undefined` where they cannot: a text that is too long or
 * too deep, is no JSON, repeats a name, or has a lone surrogate.
 */
export function readFields(bytes: Uint8Array): ExactJson | undefined {
  try {
    return parseExactJson(bytes, { maxBytes: FIELDS_MAX_BYTES, maxDepth: FIELDS_MAX_DEPTH })
  } catch (error) {
    if (isTalosError(error)) return undefined
    throw error
  }
}

/** The parts of one value, committed to. */
export class FieldTree {
  readonly #options: FieldTreeOptions
  readonly #fields: ReadonlyMap<string, Field & { readonly salt: Uint8Array; readonly commitment: string }>
  /** The sorted commitments, in hex. */
  readonly #order: readonly string[]
  /** Hashes of 32 bytes: those of the leaves in their order, then level by level up to the root. */
  readonly #nodes: Uint8Array
  /** 32 bytes. */
  readonly root: Uint8Array

  constructor(options: FieldTreeOptions) {
    const { value, kernel } = options
    this.#options = options
    const fields = splitFields(value).map((field) => this.#commit(field))
    this.#fields = new Map(fields.map((field) => [field.pointer, field]))
    const pads = padsOf({ ...options, count: leafCount(fields.length) - fields.length })
    this.#order = [...fields.map(({ commitment }) => commitment), ...pads.map(toHex)].sort()
    const hashes = concatBytes(...kernel.leafHashes(this.#order.map(fromHex)))
    this.#nodes = concatBytes(hashes, kernel.hashUp(hashes))
    this.root = this.#nodes.slice(-HASH_BYTES)
  }

  /** Of the leaves, in no order that means anything. */
  get pointers(): readonly string[] {
    return [...this.#fields.keys()]
  }

  /** @throws TalosError `AUDIT_FIELD_UNKNOWN` where no leaf has this pointer */
  open(pointer: string): FieldOpening {
    const field = this.#fields.get(pointer)
    if (field === undefined) throw new TalosError('AUDIT_FIELD_UNKNOWN', { name: this.#options.name })
    const { text, salt, commitment } = field
    const index = this.#order.indexOf(commitment)
    return { pointer, text, salt, index, proof: this.#path(index) }
  }

  /** A level is half as wide as the one below it, and stands behind it. */
  #path(index: number): readonly Uint8Array[] {
    const siblings: Uint8Array[] = []
    for (let [width, begin, place] = [this.#order.length, 0, index]; width > 1; width /= 2) {
      const at = (begin + (place ^ 1)) * HASH_BYTES
      siblings.push(this.#nodes.slice(at, at + HASH_BYTES))
      begin += width
      place >>= 1
    }
    return siblings
  }

  #commit({ pointer, text }: Field) {
    const { name, saltKey, kernel } = this.#options
    const path = `${name}${pointer}`
    const salt = deriveSalt({ saltKey, index: 0, path, kernel })
    return { pointer, text, salt, commitment: toHex(commitTo({ path, bytes: text, salt, kernel })) }
  }
}

/** An opening, and the root that it is held against. */
export interface FieldClaim extends FieldOpening {
  readonly name: FieldsName
  /** 32 bytes, from the member `name` of an entry's `commit`. */
  readonly root: Uint8Array
  readonly kernel: Kernel
}

/**
 * The value that an opening tells, whether or not it is true.
 *
 * @throws TalosError `AUDIT_FIELD_INVALID` for what no builder writes: another pointer or another text of the same value may mean
 *   something else to another reader
 */
export function readField({ pointer, text, salt, index, proof }: FieldOpening): ExactJson {
  const value = readFields(text)
  requireForm(pointer.length <= FIELD_POINTER_MAX_CHARS && POINTER.test(pointer), 'its pointer')
  requireForm(salt.length === SALT_BYTES, 'the length of its salt')
  requireForm(proof.length >= MIN_PROOF && proof.length <= MAX_PROOF, 'the length of its proof')
  requireForm(index < 2 ** proof.length, 'its index')
  requireForm(value !== undefined && writeExactJson(value) === fromUtf8(text), 'its text')
  return value
}

function requireForm(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new TalosError('AUDIT_FIELD_INVALID', { reason })
}

/** Whether an opening of the form that {@link readField} takes leads to a root. */
export function isField({ name, pointer, text, salt, index, proof, root, kernel }: FieldClaim): boolean {
  const commitment = commitTo({ path: `${name}${pointer}`, bytes: text, salt, kernel })
  try {
    const place = { index: leafIndex(index), size: treeSize(2 ** proof.length) }
    verifyInclusion({ ...place, leafHash: leafHash(kernel, commitment), proof, root, kernel })
    return true
  } catch (error) {
    if (isTalosError(error)) return false
    throw error
  }
}

/**
 * Checks an opening against a root that an entry commits to.
 *
 * @returns the value
 * @throws TalosError `AUDIT_FIELD_INVALID`, `AUDIT_COMMITMENT_MISMATCH`
 */
export function verifyField(claim: FieldClaim): ExactJson {
  const value = readField(claim)
  if (!isField(claim)) throw new TalosError('AUDIT_COMMITMENT_MISMATCH', { path: claim.name })
  return value
}

/**
 * Splits a value. The whole is the first leaf; containers are taken in the order of their depth, then of their place, and each
 * that is not empty gives way to its items or members, as long as there are at most {@link FIELDS_MAX_LEAVES} leaves then and
 * no pointer is longer than {@link FIELD_POINTER_MAX_CHARS}.
 */
export function splitFields(value: ExactJson): readonly Field[] {
  const fields: Field[] = []
  const queue = [{ pointer: '', value }]
  let leaves = 1
  // The queue grows while it is walked.
  for (const place of queue) {
    const size = sizeOf(place.value)
    const parts = size > 0 && leaves - 1 + size <= FIELDS_MAX_LEAVES ? partsOf(place) : []
    if (parts.length > 0 && parts.every(({ pointer }) => pointer.length <= FIELD_POINTER_MAX_CHARS)) {
      leaves += parts.length - 1
      queue.push(...parts)
    } else {
      fields.push({ pointer: place.pointer, text: utf8(writeExactJson(place.value)) })
    }
  }
  return fields
}

interface Place {
  readonly pointer: string
  readonly value: ExactJson
}

function sizeOf(value: ExactJson): number {
  if (isExactObject(value)) return value.size
  return isExactArray(value) ? value.length : 0
}

function partsOf({ pointer, value }: Place): Place[] {
  if (isExactObject(value)) {
    return membersOf(value).map(([name, part]) => ({ pointer: `${pointer}/${escaped(name)}`, value: part }))
  }
  return (value as ExactArray).map((part, index) => ({ pointer: `${pointer}/${index}`, value: part }))
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** Leaves with pads: a power of two, so that a proof's length tells no more than the order of magnitude. */
function leafCount(fields: number): number {
  let count = FIELDS_MIN_LEAVES
  while (count < fields) count *= 2
  return count
}

/** What stands for leaves that there are not; nobody without the salt key tells them from those that there are. */
function padsOf({
  name,
  saltKey,
  kernel,
  count,
}: FieldTreeOptions & { readonly count: number }): readonly Uint8Array[] {
  const key = kernel.hmacSha256(saltKey, utf8(`talos/pad/v1\0${name}`))
  const messages = Array.from({ length: count }, (_, index) => {
    const message = new ByteWriter()
    message.bytes(key)
    message.u32(index)
    return message.finish()
  })
  return kernel.leafHashes(messages)
}
