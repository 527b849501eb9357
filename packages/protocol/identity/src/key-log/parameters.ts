/**
 * The parameters of an entry (spec 18-key-log, 18.4; did:webvh 1.0, "did:webvh DID Method Parameters"): read strictly,
 * then laid over those in force before.
 */
import type { JsonValue } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { isJsonArray, isJsonObject, type JsonObject, member } from '../did/json.ts'
import { isMultihash, multihashOf } from '../did/multihash.ts'
import { decodeMultikey } from '../did-key.ts'
import { KEY_LOG_MAX_LIST } from './limits.ts'
import type { KeyLogParameters, WitnessTerms } from './types.ts'

/** The one version of the method that is read and written. */
export const METHOD = 'did:webvh:1.0'
/** What holds when the first entry does not say otherwise, in seconds. */
export const DEFAULT_TTL_S = 3_600
/** 2^31, the method's bound. */
const MAX_TTL_S = 2_147_483_648
/** The longest hash or watcher's URL; the method allows any text as a hash that no key has. */
const MAX_TEXT_CHARACTERS = 512
const NAMES = ['deactivated', 'method', 'nextKeyHashes', 'portable', 'scid', 'ttl', 'updateKeys', 'watchers', 'witness']

/** What the first entry starts from, and what `null` stands for. */
const DEFAULTS: KeyLogParameters = {
  updateKeys: [],
  nextKeyHashes: [],
  portable: false,
  deactivated: false,
  ttlS: DEFAULT_TTL_S,
  witness: undefined,
  watchers: [],
}

export interface ParametersToRead {
  readonly kernel: Kernel
  /** Number of the entry, from 1. */
  readonly entry: number
  readonly value: JsonObject
  /** Those in force at the entry before; undefined for the first. */
  readonly before: KeyLogParameters | undefined
}

/**
 * The parameters in force from this entry on.
 *
 * @throws TalosError `KEY_LOG_METHOD`, `KEY_LOG_PARAMETERS`
 */
export function readParameters({ kernel, entry, value, before }: ParametersToRead): KeyLogParameters {
  const method = member(value, 'method')
  if (method !== undefined && method !== METHOD) throw new TalosError('KEY_LOG_METHOD', { entry })
  const reader = new ParameterReader(entry, value, before ?? DEFAULTS)
  if (Object.keys(value).some((name) => !NAMES.includes(name))) throw reader.refusal('one has another name')
  const parameters: KeyLogParameters = {
    updateKeys: reader.texts('updateKeys', isUpdateKey),
    nextKeyHashes: reader.texts('nextKeyHashes', isText),
    portable: reader.flag('portable'),
    deactivated: reader.flag('deactivated'),
    ttlS: reader.ttl(),
    witness: reader.witness(),
    watchers: reader.texts('watchers', isText),
  }
  const problem = before === undefined ? first(value, parameters) : later({ kernel, value, parameters, before })
  if (problem !== undefined) throw reader.refusal(problem)
  return parameters
}

/** The hash under which an update key is announced: over the text of its Multikey (18.5). */
export function updateKeyHash(kernel: Kernel, multikey: string): string {
  return multihashOf(kernel, multikey)
}

function first(value: JsonObject, { updateKeys }: KeyLogParameters): string | undefined {
  if (member(value, 'method') === undefined) return 'the first entry does not name the method'
  const scid = member(value, 'scid')
  if (typeof scid !== 'string' || !isMultihash(scid)) return 'scid is not a multihash of SHA-256'
  return updateKeys.length === 0 ? 'the first entry has no update key' : undefined
}

interface Later {
  readonly kernel: Kernel
  readonly value: JsonObject
  readonly parameters: KeyLogParameters
  readonly before: KeyLogParameters
}

function later({ kernel, value, parameters, before }: Later): string | undefined {
  if (member(value, 'scid') !== undefined) return 'scid stands in the first entry only'
  if (parameters.portable && !before.portable) return 'portable was given up'
  if (before.nextKeyHashes.length === 0) return undefined
  if (member(value, 'updateKeys') === undefined || member(value, 'nextKeyHashes') === undefined) {
    return 'updateKeys and nextKeyHashes must stand in every entry while keys are announced ahead'
  }
  if (parameters.updateKeys.length === 0) return 'none of the announced keys is used'
  const announced = parameters.updateKeys.every((key) => before.nextKeyHashes.includes(updateKeyHash(kernel, key)))
  return announced ? undefined : 'an update key was not announced by the entry before'
}

/** Reads single parameters: an absent one keeps what is in force, `null` is the default (an early form of the method). */
class ParameterReader {
  readonly #entry: number
  readonly #value: JsonObject
  readonly #inForce: KeyLogParameters

  constructor(entry: number, value: JsonObject, inForce: KeyLogParameters) {
    this.#entry = entry
    this.#value = value
    this.#inForce = inForce
  }

  refusal(reason: string): TalosError {
    return new TalosError('KEY_LOG_PARAMETERS', { entry: this.#entry, reason })
  }

  texts(name: 'nextKeyHashes' | 'updateKeys' | 'watchers', accept: (text: string) => boolean): readonly string[] {
    const value = member(this.#value, name)
    if (value === undefined) return this.#inForce[name]
    if (value === null) return DEFAULTS[name]
    if (!isJsonArray(value) || value.length > KEY_LOG_MAX_LIST) {
      throw this.refusal(`${name} is not a list of at most ${KEY_LOG_MAX_LIST}`)
    }
    const texts = value.filter((item): item is string => typeof item === 'string' && accept(item))
    if (texts.length !== value.length || new Set(texts).size !== texts.length) {
      throw this.refusal(`${name} has an item that does not belong there, or twice the same`)
    }
    return texts
  }

  flag(name: 'deactivated' | 'portable'): boolean {
    const value = member(this.#value, name)
    if (value === undefined) return this.#inForce[name]
    if (value === null) return DEFAULTS[name]
    if (typeof value !== 'boolean') throw this.refusal(`${name} is not true or false`)
    return value
  }

  ttl(): number {
    const value = member(this.#value, 'ttl')
    if (value === undefined) return this.#inForce.ttlS
    if (value === null) return DEFAULTS.ttlS
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MAX_TTL_S) {
      throw this.refusal(`ttl is not a number from 0 to ${MAX_TTL_S}`)
    }
    return value
  }

  witness(): WitnessTerms | undefined {
    const value = member(this.#value, 'witness')
    if (value === undefined) return this.#inForce.witness
    if (value === null) return undefined
    if (!isJsonObject(value)) throw this.refusal('witness is not an object')
    if (Object.keys(value).length === 0) return undefined
    const witnesses = this.#witnesses(member(value, 'witnesses'))
    const threshold = member(value, 'threshold')
    const isThreshold = typeof threshold === 'number' && Number.isInteger(threshold)
    if (!isThreshold || threshold < 1 || threshold > witnesses.length || Object.keys(value).length > 2) {
      throw this.refusal('the threshold of witnesses is not 1 to their number')
    }
    return { threshold, witnesses }
  }

  #witnesses(value: JsonValue | undefined): readonly Did[] {
    const items = isJsonArray(value) && value.length <= KEY_LOG_MAX_LIST ? value : []
    const dids = items.map(witnessDid).filter((did) => did !== undefined)
    if (dids.length === 0 || dids.length !== items.length || new Set(dids).size !== dids.length) {
      throw this.refusal(`witnesses are not 1 to ${KEY_LOG_MAX_LIST} different did:keys`)
    }
    return dids
  }
}

/** A witness names itself by its did:key; one implementation in use leaves `did:key:` away. */
function witnessDid(item: JsonValue): Did | undefined {
  if (!isJsonObject(item) || Object.keys(item).length !== 1) return undefined
  const id = member(item, 'id')
  if (typeof id !== 'string') return undefined
  const multikey = id.startsWith('did:key:') ? id.slice('did:key:'.length) : id
  return isUpdateKey(multikey) ? (`did:key:${multikey}` as Did) : undefined
}

/** An Ed25519 Multikey: the only key that can make a proof of the one cryptosuite. */
function isUpdateKey(text: string): boolean {
  try {
    decodeMultikey('ed25519', text)
    return true
  } catch {
    return false
  }
}

function isText(text: string): boolean {
  return text.length > 0 && text.length <= MAX_TEXT_CHARACTERS
}
