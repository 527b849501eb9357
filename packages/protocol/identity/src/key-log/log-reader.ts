/** Reads a key log line by line; the checks of one entry in their order (spec 18-key-log, 18.6). */
import { encodeJcs } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { checkProof, proofsOf } from '../did/data-integrity.ts'
import { type ParsedDid, readDid } from '../did/did.ts'
import { isJsonArray, type JsonObject, member, textMember, without } from '../did/json.ts'
import { computeEntryHash, computeScid, hasNumber, type RawEntry, readEntry, SCID_PLACEHOLDER } from './entry.ts'
import { KeyBook } from './key-book.ts'
import { KEY_LOG_MAX_BYTES, KEY_LOG_MAX_ENTRIES, KEY_LOG_MAX_METHODS } from './limits.ts'
import { countMethods } from './methods.ts'
import { readParameters } from './parameters.ts'
import type { KeyLogEntry, KeyLogParameters, VerifiedKeyLog } from './types.ts'

export class LogReader {
  readonly #kernel: Kernel
  readonly #latestMs: number
  readonly #entries: KeyLogEntry[]
  readonly #keys: KeyBook

  /**
   * @param latestMs no entry may be later than this
   * @param known a verified log to go on from
   */
  constructor(kernel: Kernel, latestMs: number, known?: VerifiedKeyLog) {
    this.#kernel = kernel
    this.#latestMs = latestMs
    this.#entries = [...(known?.entries ?? [])]
    this.#keys = new KeyBook(known?.keys ?? [])
  }

  /** The log with these lines at its end. @throws TalosError `KEY_LOG_*` */
  read(firstLine: string, moreLines: readonly string[]): VerifiedKeyLog {
    let newest = this.#append(firstLine)
    for (const line of moreLines) newest = this.#append(line)
    const [oldest = newest] = this.#entries
    const text = this.#entries.map(({ line }) => `${line}\n`).join('')
    if (text.length > KEY_LOG_MAX_BYTES) throw limit('characters', KEY_LOG_MAX_BYTES)
    const { deactivated } = newest.parameters
    const scid = scidOf(oldest.did)
    return {
      did: newest.did,
      scid,
      name: `did:talos:${scid}` as Did,
      text,
      entries: this.#entries,
      versionId: newest.versionId,
      version: newest.number,
      createdMs: oldest.versionTimeMs,
      versionTimeMs: newest.versionTimeMs,
      document: newest.document,
      parameters: newest.parameters,
      deactivated,
      keys: this.#keys.list(deactivated),
      signingKey: this.#keys.signingKey,
    }
  }

  #append(line: string): KeyLogEntry {
    const kernel = this.#kernel
    const last = this.#entries.at(-1)
    const number = this.#entries.length + 1
    if (number > KEY_LOG_MAX_ENTRIES) throw limit('entries', KEY_LOG_MAX_ENTRIES)
    if (last?.parameters.deactivated === true) throw new TalosError('KEY_LOG_DEACTIVATED', { entry: last.number })
    const raw = readEntry(line, number)
    const parameters = readParameters({ kernel, entry: number, value: raw.parameters, before: last?.parameters })
    if (!hasNumber(raw.versionId, number)) throw new TalosError('KEY_LOG_VERSION', { entry: number })
    this.#checkTime(raw, number, last)
    const scid = last === undefined ? textMember(raw.parameters, 'scid') : scidOf(last.did)
    const did = checkDocument(raw.state, { number, scid, last, portable: parameters.portable })
    if (last === undefined) checkScid(kernel, raw.json, scid)
    const hash = computeEntryHash(kernel, { entry: raw.json, before: last?.versionId ?? scid })
    if (raw.versionId !== `${number}-${hash}`) throw new TalosError('KEY_LOG_HASH', { entry: number })
    const signedBy = checkProofs(kernel, { json: raw.json, number, allowed: authorized(parameters, last) })
    const { versionId, versionTime, versionTimeMs, state } = raw
    this.#keys.step({
      kernel,
      entry: number,
      timeMs: versionTimeMs,
      document: state,
      deactivated: parameters.deactivated,
      signedBy,
      basis: { before: last?.versionId, versionTime, parameters: raw.parameters, did, scid },
    })
    const entry = { number, versionId, versionTimeMs, did, document: state, parameters, signedBy, line }
    this.#entries.push(entry)
    return entry
  }

  #checkTime({ versionTimeMs }: RawEntry, entry: number, last: KeyLogEntry | undefined): void {
    if (last !== undefined && versionTimeMs <= last.versionTimeMs) {
      throw new TalosError('KEY_LOG_TIME', { entry, reason: 'it is not later than the entry before' })
    }
    if (versionTimeMs > this.#latestMs) throw new TalosError('KEY_LOG_TIME', { entry, reason: 'it is in the future' })
  }
}

/** The keys of which one must have signed: with keys announced ahead those of this entry, else those in force before it. */
function authorized(parameters: KeyLogParameters, last: KeyLogEntry | undefined): readonly string[] {
  if (last === undefined || last.parameters.nextKeyHashes.length > 0) return parameters.updateKeys
  return last.parameters.updateKeys
}

interface DocumentToCheck {
  readonly number: number
  readonly scid: string
  readonly last: KeyLogEntry | undefined
  readonly portable: boolean
}

/** The document's id is the log's name; it may change for a portable log, which then says what it was. */
function checkDocument(document: JsonObject, { number, scid, last, portable }: DocumentToCheck): Did {
  const refuse = (reason: string, cause?: unknown) =>
    new TalosError('KEY_LOG_DOCUMENT', { entry: number, reason }, { cause })
  let did: ParsedDid
  try {
    did = readDid(textMember(document, 'id'))
  } catch (cause) {
    throw refuse('its id is not a DID', cause)
  }
  if ((did.method !== 'talos' && did.method !== 'webvh') || did.scid !== scid) throw refuse('its id has another SCID')
  if (countMethods(document) > KEY_LOG_MAX_METHODS) throw limit('verification methods', KEY_LOG_MAX_METHODS)
  if (last === undefined || last.did === did.did) return did.did
  const alsoKnownAs = member(document, 'alsoKnownAs')
  if (!portable) throw refuse('its id changed, and the log is not portable')
  if (!isJsonArray(alsoKnownAs) || !alsoKnownAs.includes(last.did)) throw refuse('it moved and does not say from where')
  return did.did
}

/** A placeholder left in the entry would give two entries one SCID. */
function checkScid(kernel: Kernel, entry: JsonObject, scid: string): void {
  const isWhole = !encodeJcs(without(entry, 'proof')).includes(SCID_PLACEHOLDER)
  if (!isWhole || computeScid(kernel, { entry, scid }) !== scid) throw new TalosError('KEY_LOG_SCID')
}

interface ProofsToCheck {
  readonly json: JsonObject
  readonly number: number
  readonly allowed: readonly string[]
}

/** Every proof must verify and be by an authorized key; returns the Multikeys that signed. */
function checkProofs(kernel: Kernel, { json, number, allowed }: ProofsToCheck): readonly string[] {
  const refuse = (reason: string, cause?: unknown) =>
    new TalosError('KEY_LOG_PROOF', { entry: number, reason }, { cause })
  const document = without(json, 'proof')
  try {
    const proofs = proofsOf(json)
    const signers = proofs.map((proof) => checkProof({ kernel, document, proof, purpose: 'assertionMethod' }).multikey)
    if (signers.every((multikey) => allowed.includes(multikey))) return signers
  } catch (cause) {
    throw refuse('a proof does not verify', cause)
  }
  throw refuse('a proof is by a key that may not sign it')
}

/** The third part of `did:talos:SCID` and of `did:webvh:SCID:...` alike. */
function scidOf(did: Did): string {
  return String(did.split(':')[2])
}

function limit(what: string, most: number): TalosError {
  return new TalosError('KEY_LOG_LIMIT', { what, limit: most })
}
