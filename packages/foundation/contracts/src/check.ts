/**
 * The checks that generated validators are built from (contracts/spec/01-forms.md, clauses 1.3 to 1.5).
 *
 * A check accepts a value or throws SCHEMA_INVALID with the schema's name, the path and a reason. Path and reason are
 * made of our own words (member names of the schema, indexes), never of the peer's. Only own members are looked at, so
 * `__proto__`, `constructor` and their like are names as any other.
 */
import { Cid } from '@talos/bytes'
import { TalosError } from '@talos/errors'

/** Accepts `value` by returning, refuses it by throwing SCHEMA_INVALID at the place where it stands. */
export type Check = (value: unknown, at: Place) => void

/** Deepest nesting that a validator follows: twice what the decoders let through, so that they decide first. */
export const MAX_CHECK_DEPTH = 128

/** Where a validator stands in the value: the schema's name and the steps from its root. */
export class Place {
  readonly #schema: string
  /** Names with their dot, and indexes. */
  readonly #steps: (string | number)[] = []

  constructor(schema: string) {
    this.#schema = schema
  }

  /** Runs `check` one step further down. */
  step(step: string | number, value: unknown, check: Check): void {
    if (this.#steps.length >= MAX_CHECK_DEPTH) this.fail('nests too deeply')
    this.#steps.push(step)
    check(value, this)
    this.#steps.pop()
  }

  /** Refuses the value at this place, or at the member `step` of it. */
  fail(reason: string, step = ''): never {
    const steps = this.#steps.map((one) => (typeof one === 'number' ? `[${one}]` : one))
    throw new TalosError('SCHEMA_INVALID', { schema: this.#schema, path: `$${steps.join('')}${step}`, reason })
  }
}

/** A member that may be absent. */
export interface Optional {
  readonly optional: Check
}

interface Member {
  readonly name: string
  readonly step: string
  readonly required: boolean
  readonly check: Check
}

/** Marks a member of `object` as one that may be absent. */
export function optional(check: Check): Optional {
  return { optional: check }
}

/** A closed object: unknown members are refused first, then each member in the schema's order. */
export function object(shape: Readonly<Record<string, Check | Optional>>): Check {
  const members = Object.entries(shape).map(([name, given]): Member => {
    const required = typeof given === 'function'
    return { name, step: `.${name}`, required, check: required ? given : given.optional }
  })
  return (value: unknown, at: Place): void => {
    const record = recordOf(value, at)
    let known = 0
    for (const { name } of members) if (Object.hasOwn(record, name)) known += 1
    if (Reflect.ownKeys(record).length !== known) at.fail('has an unknown member')
    for (const { name, step, required, check } of members) {
      if (Object.hasOwn(record, name)) at.step(step, record[name], check)
      else if (required) at.fail('is missing', step)
    }
  }
}

/** An object used as a map: at most `maxProperties` members of any name, each value under one check. */
export function map(values: Check, maxProperties: number): Check {
  return (value: unknown, at: Place): void => {
    const record = recordOf(value, at)
    const keys = Reflect.ownKeys(record)
    if (keys.length > maxProperties) at.fail('has too many members')
    for (const key of keys) {
      if (typeof key !== 'string' || !key.isWellFormed()) at.fail('has a member name that is not well-formed Unicode')
      at.step('.*', record[key], values)
    }
  }
}

/** An array of `minItems` to `maxItems` items. */
export function array(items: Check, { minItems, maxItems }: { minItems: number; maxItems: number }): Check {
  return (value: unknown, at: Place): void => {
    if (!Array.isArray(value)) at.fail('expected an array')
    if (value.length < minItems) at.fail('has too few items')
    if (value.length > maxItems) at.fail('has too many items')
    for (let index = 0; index < value.length; index += 1) at.step(index, value[index], items)
  }
}

/** What a string must be like; lengths count code points, as JSON Schema does. */
export interface StringRules {
  readonly minLength?: number
  readonly maxLength: number
  readonly pattern?: RegExp
}

/** A string of well-formed Unicode. */
export function string({ minLength = 0, maxLength, pattern }: StringRules): Check {
  return (value: unknown, at: Place): void => {
    if (typeof value !== 'string') at.fail('expected a string')
    if (!value.isWellFormed()) at.fail('is not well-formed Unicode')
    // A code point is one or two units: most lengths are decided without counting.
    if (value.length > 2 * maxLength) at.fail('is too long')
    if (value.length > maxLength || value.length < 2 * minLength) {
      const length = codePoints(value)
      if (length > maxLength) at.fail('is too long')
      if (length < minLength) at.fail('is too short')
    }
    if (pattern !== undefined && !pattern.test(value)) at.fail('does not match the pattern')
  }
}

/** An integer from `minimum` to `maximum`, both within 2^53 - 1. */
export function integer(minimum: number, maximum: number): Check {
  return (value: unknown, at: Place): void => {
    if (!Number.isSafeInteger(value)) at.fail('expected an integer')
    if ((value as number) < minimum) at.fail('is below the minimum')
    if ((value as number) > maximum) at.fail('is above the maximum')
  }
}

/** True or false. */
export const boolean: Check = (value: unknown, at: Place): void => {
  if (typeof value !== 'boolean') at.fail('expected a boolean')
}

/** Null alone. */
export const nothing: Check = (value: unknown, at: Place): void => {
  if (value !== null) at.fail('expected null')
}

/** One of the listed values. */
export function oneOfValues(...values: readonly (string | number | boolean | null)[]): Check {
  const allowed = new Set<unknown>(values)
  return (value: unknown, at: Place): void => {
    if (!allowed.has(value))
      at.fail(allowed.size === 1 ? 'is not the required value' : 'is not one of the allowed values')
  }
}

/** What the check accepts, or null. */
export function nullable(check: Check): Check {
  return (value: unknown, at: Place): void => {
    if (value !== null) check(value, at)
  }
}

/** A byte string of `minLength` to `maxLength` bytes. */
export function bytes(minLength: number, maxLength: number): Check {
  return (value: unknown, at: Place): void => {
    if (!(value instanceof Uint8Array)) at.fail('expected a byte string')
    if (value.length < minLength) at.fail('has too few bytes')
    if (value.length > maxLength) at.fail('has too many bytes')
  }
}

/** A CID link. */
export const cid: Check = (value: unknown, at: Place): void => {
  if (!(value instanceof Cid)) at.fail('expected a CID')
}

/** A check that is defined further down or in another file. */
export function ref(check: () => Check): Check {
  return (value, at) => check()(value, at)
}

/** Objects told apart by the text in one member. */
export function variant(discriminator: string, branches: Readonly<Record<string, Check>>): Check {
  const table = new Map(Object.entries(branches))
  const step = `.${discriminator}`
  return (value: unknown, at: Place): void => {
    const record = recordOf(value, at)
    if (!Object.hasOwn(record, discriminator)) at.fail('is missing', step)
    const branch = table.get(record[discriminator] as string)
    if (branch === undefined) at.fail('is not one of the allowed values', step)
    branch(value, at)
  }
}

/** The kinds of value that a choice by type tells apart. */
export type ValueType = 'null' | 'boolean' | 'integer' | 'string' | 'bytes' | 'cid' | 'array' | 'object'

/** Values told apart by their type. */
export function byType(branches: Readonly<Partial<Record<ValueType, Check>>>): Check {
  const table = new Map<string, Check>(Object.entries(branches))
  return (value: unknown, at: Place): void => {
    const branch = table.get(typeName(value))
    if (branch === undefined) at.fail('is of a type that is not allowed')
    branch(value, at)
  }
}

/** Any value of the IPLD data model without floats. */
export const anyIpld: Check = (value: unknown, at: Place): void => {
  if (value instanceof Uint8Array || value instanceof Cid) return
  if (typeof value === 'number' && !Number.isSafeInteger(value)) at.fail('expected an integer')
  anyNested(value, at, anyIpld)
}

/** Any value of JSON. */
export const anyJson: Check = (value, at) => anyNested(value, at, anyJson)

/** Checks `value` under the name of its schema. @throws TalosError SCHEMA_INVALID {schema, path, reason} */
export function run(schema: string, check: Check, value: unknown): void {
  check(value, new Place(schema))
}

function anyNested(value: unknown, at: Place, again: Check): void {
  if (value === null || typeof value === 'boolean' || Number.isFinite(value)) return
  if (typeof value === 'string') {
    if (!value.isWellFormed()) at.fail('is not well-formed Unicode')
  } else if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) at.step(index, value[index], again)
  } else if (typeof value === 'object') {
    map(again, Number.MAX_SAFE_INTEGER)(value, at)
  } else {
    at.fail('is of a type that is not allowed')
  }
}

function recordOf(value: unknown, at: Place): Readonly<Record<PropertyKey, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) at.fail('expected an object')
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) at.fail('expected a plain object')
  return value as Readonly<Record<PropertyKey, unknown>>
}

function typeName(value: unknown): ValueType | 'other' {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof Cid) return 'cid'
  if (typeof value === 'number') return 'integer'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'string') return 'string'
  return typeof value === 'object' ? 'object' : 'other'
}

function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}
