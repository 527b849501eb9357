/**
 * One entry of a key log: its members, its hash, the identifier of the log (spec 18-key-log, 18.2 and 18.3; did:webvh 1.0,
 * "The DID Log File", "SCID Generation and Verification", "Entry Hash Generation and Verification").
 *
 *     SCID       = multihash(JCS(first entry without proof, versionId "{SCID}", each SCID in it replaced by "{SCID}"))
 *     entry hash = multihash(JCS(entry without proof, versionId that of the entry before; the SCID for the first))
 */
import { encodeJcs, parseJson } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { isJsonObject, type JsonObject, member, textMember, without } from '../did/json.ts'
import { MULTIHASH_CHARACTERS, multihashOf } from '../did/multihash.ts'
import { parseUtc } from '../did/time.ts'
import { KEY_LOG_MAX_BYTES, KEY_LOG_MAX_DEPTH, KEY_LOG_MAX_ENTRIES, KEY_LOG_MAX_ENTRY_BYTES } from './limits.ts'

/** Stands for the SCID in what the SCID is the hash of. */
export const SCID_PLACEHOLDER = '{SCID}'
const MEMBERS = ['parameters', 'proof', 'state', 'versionId', 'versionTime']

/** An entry whose members have the right types; nothing else of it was checked. */
export interface RawEntry {
  /** The line without its end. */
  readonly line: string
  /** The whole entry. */
  readonly json: JsonObject
  readonly versionId: string
  readonly versionTime: string
  readonly versionTimeMs: number
  readonly parameters: JsonObject
  readonly state: JsonObject
}

/**
 * The lines of a log: each ended by a line feed, the last one may lack it. A carriage return before it belongs to the end.
 *
 * @throws TalosError `KEY_LOG_LIMIT`, `KEY_LOG_MALFORMED` for a log without a line and for an empty line
 */
export function splitLog(text: string): readonly [string, ...string[]] {
  if (text.length > KEY_LOG_MAX_BYTES)
    throw new TalosError('KEY_LOG_LIMIT', { what: 'characters', limit: KEY_LOG_MAX_BYTES })
  const lines = text.split('\n', KEY_LOG_MAX_ENTRIES + 2)
  if (lines.at(-1) === '') lines.pop()
  if (lines.length > KEY_LOG_MAX_ENTRIES)
    throw new TalosError('KEY_LOG_LIMIT', { what: 'entries', limit: KEY_LOG_MAX_ENTRIES })
  const [first, ...more] = lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  if (first === undefined) throw new TalosError('KEY_LOG_MALFORMED', { reason: 'it is empty' })
  return [first, ...more]
}

/**
 * Reads one line.
 *
 * @param entry its number, from 1
 * @throws TalosError `KEY_LOG_MALFORMED`, `KEY_LOG_LIMIT`, `KEY_LOG_TIME`
 */
export function readEntry(line: string, entry: number): RawEntry {
  const json = parseLine(line, entry)
  const names = Object.keys(json).sort()
  if (names.join() !== MEMBERS.join()) throw malformed(entry, 'does not have the five members of an entry')
  const [parameters, state] = [member(json, 'parameters'), member(json, 'state')]
  if (!isJsonObject(parameters) || !isJsonObject(state))
    throw malformed(entry, 'has parameters or a state that is no object')
  const versionId = member(json, 'versionId')
  if (typeof versionId !== 'string') throw malformed(entry, 'has a versionId that is no text')
  const versionTime = textMember(json, 'versionTime')
  const versionTimeMs = parseUtc(versionTime)
  if (versionTimeMs === undefined) throw new TalosError('KEY_LOG_TIME', { entry, reason: 'it is not in UTC' })
  return { line, json, versionId, versionTime, versionTimeMs, parameters, state }
}

/** The SCID that a first entry hashes to, when `scid` is what stands in it. */
export function computeScid(kernel: Kernel, options: { readonly entry: JsonObject; readonly scid: string }): string {
  const preliminary: JsonObject = { ...without(options.entry, 'proof'), versionId: SCID_PLACEHOLDER }
  return multihashOf(kernel, encodeJcs(replaceScid(preliminary, { from: options.scid, to: SCID_PLACEHOLDER })))
}

/** Replaces one text by the other wherever it stands in the JSON, names of members included. */
export function replaceScid(value: JsonObject, texts: { readonly from: string; readonly to: string }): JsonObject {
  // Both are free of characters that JSON escapes, so that the text of the JSON may be edited.
  return parseJson(encodeJcs(value).replaceAll(texts.from, texts.to), { maxBytes: KEY_LOG_MAX_BYTES }) as JsonObject
}

/** The hash behind the dash of a versionId. `before`: the versionId of the entry before, or the SCID. */
export function computeEntryHash(
  kernel: Kernel,
  options: { readonly entry: JsonObject; readonly before: string },
): string {
  return multihashOf(kernel, encodeJcs({ ...without(options.entry, 'proof'), versionId: options.before }))
}

/** Tells whether a versionId begins with that number and a dash, and goes on as long as a hash is. */
export function hasNumber(versionId: string, number: number): boolean {
  const prefix = `${number}-`
  return versionId.startsWith(prefix) && versionId.length === prefix.length + MULTIHASH_CHARACTERS
}

function parseLine(line: string, entry: number): JsonObject {
  try {
    const json = parseJson(line, { maxBytes: KEY_LOG_MAX_ENTRY_BYTES, maxDepth: KEY_LOG_MAX_DEPTH })
    if (isJsonObject(json)) return json
  } catch (cause) {
    if (isTalosError(cause, 'INPUT_TOO_LARGE')) {
      throw new TalosError('KEY_LOG_LIMIT', { what: 'bytes of an entry', limit: KEY_LOG_MAX_ENTRY_BYTES }, { cause })
    }
    throw malformed(entry, 'is not JSON', cause)
  }
  throw malformed(entry, 'is not an object')
}

function malformed(entry: number, what: string, cause?: unknown): TalosError {
  return new TalosError('KEY_LOG_MALFORMED', { reason: `entry ${entry} ${what}`, entry }, { cause })
}
