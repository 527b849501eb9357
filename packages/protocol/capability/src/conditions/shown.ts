/**
 * Arguments of which only parts are shown (spec 12-proof-bundle, clause 12.17).
 *
 * What is not shown may be anything, and may also not be there. A pointer (RFC 6901) does not tell an item of a list from a
 * member of a map, so a container whose shown parts are all named like items may be either.
 */
import { fromUtf8, type IpldValue } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { type IpldMap, isIpldMap } from '@talos/identity'
import { argumentsFromJson, sameArguments } from '../json-arguments.ts'
import type { Spend } from './budget.ts'
import { type Selector, select } from './selector.ts'

/** One part of the arguments. */
export interface ShownPart {
  /** RFC 6901; empty for the whole. */
  readonly pointer: string
  /** Its JSON text, in UTF-8. */
  readonly text: Uint8Array
}

/** A value as far as it is shown. */
export type Shown =
  | { readonly kind: 'known'; readonly value: IpldValue }
  | { readonly kind: 'hidden' }
  /** A container that has these parts, and perhaps others. */
  | { readonly kind: 'parts'; readonly isMap: boolean; readonly parts: ReadonlyMap<string, Shown> }

/** The arguments of a call as far as they are shown: all of them, or a map that has some members. */
export type ShownArguments =
  | { readonly kind: 'known'; readonly value: IpldMap }
  | Extract<Shown, { readonly kind: 'parts' }>

const HIDDEN: Shown = { kind: 'hidden' }

/** How items of a list are named. */
const ITEM = /^(?:0|[1-9][0-9]*)$/

/**
 * Puts parts together.
 *
 * @throws TalosError `CAPABILITY_ARGUMENTS_INVALID` where no arguments have all of these parts
 */
export function shownArguments(parts: readonly ShownPart[]): ShownArguments {
  const root = new Node()
  for (const { pointer, text } of parts) root.put(tokensOf(pointer), text)
  const shown = root.shown()
  if (shown.kind === 'parts') return { ...shown, isMap: true }
  if (!isIpldMap(shown.value)) throw invalid('they are not an object')
  return { kind: 'known', value: shown.value }
}

/**
 * Holds parts against the arguments of a call that are known as a whole.
 *
 * @throws TalosError `CAPABILITY_ARGUMENTS_INVALID` where one of them is not there, or something else is
 */
export function requireParts(args: IpldMap, parts: readonly ShownPart[]): void {
  for (const { pointer, text } of parts) {
    const value = valueAt(args, tokensOf(pointer))
    const isThere = value !== undefined && sameArguments({ value }, { value: argumentOf(fromUtf8(text)) })
    if (!isThere) throw invalid('one part is not what they say')
  }
}

function valueAt(args: IpldMap, tokens: readonly string[]): IpldValue | undefined {
  let current: IpldValue | undefined = args
  for (const token of tokens) {
    if (Array.isArray(current)) current = ITEM.test(token) ? current[Number(token)] : undefined
    else current = isIpldMap(current) && Object.hasOwn(current, token) ? current[token] : undefined
  }
  return current
}

/** A place on the way to a part, or the part itself. */
class Node {
  readonly #parts = new Map<string, Node>()
  #text: string | undefined

  put([token, ...tokens]: readonly string[], text: Uint8Array): void {
    if (token === undefined) {
      const known = fromUtf8(text)
      if (this.#parts.size > 0) throw invalid('one part stands in another')
      if (this.#text !== undefined && this.#text !== known) throw invalid('one part has two values')
      this.#text = known
      return
    }
    if (this.#text !== undefined) throw invalid('one part stands in another')
    const part = this.#parts.get(token) ?? new Node()
    this.#parts.set(token, part)
    part.put(tokens, text)
  }

  shown(): Exclude<Shown, { readonly kind: 'hidden' }> {
    if (this.#text !== undefined) return { kind: 'known', value: argumentOf(this.#text) }
    const parts = new Map([...this.#parts].map(([name, part]) => [name, part.shown()]))
    return { kind: 'parts', isMap: [...parts.keys()].some((name) => !ITEM.test(name)), parts }
  }
}

/** As the arguments of a call are mapped (08-invocation, clause 8.4). */
function argumentOf(text: string): IpldValue {
  const members = Object.values(argumentsFromJson(`{"":${text}}`))
  const [value, ...others] = members
  if (value === undefined || others.length > 0) throw invalid('a part is more than one value')
  return value
}

function tokensOf(pointer: string): readonly string[] {
  const tokens = pointer.split('/').slice(1)
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/**
 * What a selector leads to, as far as that is shown; undefined where it leads nowhere for certain.
 *
 * @param spend as of `select`
 */
export function selectShown(selector: Selector, value: Shown, spend: Spend): Shown | undefined {
  let current = value
  for (const [index, segment] of selector.entries()) {
    if (current.kind === 'hidden') return current
    if (current.kind === 'known') return known(select(selector.slice(index), current.value, spend))
    if (!spend()) return HIDDEN
    const { isMap, parts } = current
    if (segment.kind === 'values') current = { kind: 'parts', isMap: false, parts }
    else current = (segment.kind === 'field' && isMap ? parts.get(segment.name) : undefined) ?? HIDDEN
  }
  return current
}

function known(value: IpldValue | undefined): Shown | undefined {
  return value === undefined ? undefined : { kind: 'known', value }
}

function invalid(reason: string): TalosError {
  return new TalosError('CAPABILITY_ARGUMENTS_INVALID', { reason })
}
