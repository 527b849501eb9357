/** Reading JSON whose shape is somebody else's: log entries and documents of other implementations. */
import type { JsonValue } from '@talos/bytes'

export type JsonObject = { readonly [name: string]: JsonValue }

/** Tells an object from an array, a text, a number, a boolean and null. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An array of JSON values. */
export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** The own member of that name; undefined where there is none, also for names that every object inherits. */
export function member(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** The member of that name where it is a text, else the empty text. */
export function textMember(object: JsonObject, name: string): string {
  const value = member(object, name)
  return typeof value === 'string' ? value : ''
}

/** The object without the members of these names. */
export function without(object: JsonObject, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))
}
