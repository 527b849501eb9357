/**
 * The Ed25519 keys of a document, read from whatever a did:webvh document may look like (spec 18-key-log, 18.7). What is not
 * understood is passed over: it names no key of ours.
 */
import type { JsonValue } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { isJsonArray, isJsonObject, type JsonObject, member, textMember } from '../did/json.ts'
import { parseUtc } from '../did/time.ts'
import { decodeMultikey, didKeyFromPublicKey } from '../did-key.ts'

/** The relationships that make a key one that speaks for the subject, the first one first. */
const SIGNING = ['authentication', 'assertionMethod'] as const
/** Both carry an Ed25519 Multikey in publicKeyMultibase. */
const TYPES: readonly (JsonValue | undefined)[] = ['Multikey', 'Ed25519VerificationKey2020']

/** A verification method with an Ed25519 key. */
export interface KeyMethod {
  /** Absolute DID URL. */
  readonly id: string
  readonly did: Did
  readonly publicKey: Uint8Array
  /** The agreement of 18.7, unchecked; undefined where there is none. */
  readonly acceptance: string | undefined
  /** From when on the key is not to be trusted; undefined while it is. */
  readonly revokedMs: number | undefined
}

export interface DocumentKeys {
  /** All of them. */
  readonly methods: readonly KeyMethod[]
  /** Those that a signing relationship names, in its order, each once. */
  readonly signing: readonly KeyMethod[]
}

/** The keys of a document; a method with another controller than the document's subject is not one of its keys. */
export function documentKeys(document: JsonObject): DocumentKeys {
  const subject = textMember(document, 'id')
  const relations = SIGNING.flatMap((name) => listOf(member(document, name)))
  const own = [...listOf(member(document, 'verificationMethod')), ...relations.filter(isJsonObject)]
  const methods = own.map((method) => keyMethod(method, subject)).filter((method) => method !== undefined)
  const named = new Set(relations.map((item) => absolute(isJsonObject(item) ? member(item, 'id') : item, subject)))
  const signing = [...named]
    .map((id) => methods.find((method) => method.id === id))
    .filter((method) => method !== undefined)
  return { methods, signing }
}

/** How many verification methods the document has, embedded ones included. */
export function countMethods(document: JsonObject): number {
  const relations = SIGNING.flatMap((name) => listOf(member(document, name)))
  return listOf(member(document, 'verificationMethod')).length + relations.length
}

function keyMethod(method: JsonValue, subject: string): KeyMethod | undefined {
  if (!isJsonObject(method) || !TYPES.includes(member(method, 'type'))) return undefined
  const controller = member(method, 'controller')
  if (controller !== undefined && controller !== subject) return undefined
  const publicKey = publicKeyOf(member(method, 'publicKeyMultibase'))
  const id = absolute(member(method, 'id'), subject)
  if (publicKey === undefined || id === undefined) return undefined
  const acceptance = member(method, 'acceptance')
  return {
    id,
    did: didKeyFromPublicKey(publicKey),
    publicKey,
    acceptance: typeof acceptance === 'string' ? acceptance : undefined,
    revokedMs: revocationOf(member(method, 'revoked')),
  }
}

/** A revocation whose time cannot be read counts from the beginning. */
function revocationOf(revoked: JsonValue | undefined): number | undefined {
  if (revoked === undefined) return undefined
  return (typeof revoked === 'string' ? parseUtc(revoked) : undefined) ?? 0
}

function publicKeyOf(multikey: JsonValue | undefined): Uint8Array | undefined {
  if (typeof multikey !== 'string') return undefined
  try {
    return decodeMultikey('ed25519', multikey)
  } catch {
    return undefined
  }
}

/** `#key` is short for the subject's `did#key`. */
function absolute(id: JsonValue | undefined, subject: string): string | undefined {
  if (typeof id !== 'string') return undefined
  return id.startsWith('#') ? `${subject}${id}` : id
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isJsonArray(value) ? value : []
}
