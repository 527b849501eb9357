/**
 * Audit entries: the bytes of a leaf (contracts/spec/10-audit-entry.md, clauses 10.1 to 10.3).
 *
 * An entry is canonical JSON of a closed schema. What is hashed, stored and shown is these bytes; reading refuses bytes
 * that would be written otherwise.
 */
import { decodeJcs, encodeJcs, utf8 } from '@talos/bytes'
import { type AuditEntry, type AuditEntryKind, parseAuditEntry } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Random } from '@talos/ports'
import { type EntryMembers, knownKinds, readEntryText } from './entry-text.ts'

/** Longest entry; 65,535 is the hard limit of tlog-tiles bundles, and no entry needs a quarter of it. */
export const MAX_ENTRY_BYTES = 16_384

/** An entry's only containers are itself, `commit`, `log` and `anchor`. */
const MAX_ENTRY_DEPTH = 2

/** Writes an entry after checking it. Throws `SCHEMA_INVALID`, `JSON_INVALID` or `AUDIT_ENTRY_INVALID`. */
export function encodeEntry(entry: AuditEntry): Uint8Array {
  return utf8(entryText(entry))
}

/** As `encodeEntry`, the text. */
export function entryText(entry: AuditEntry): string {
  checkRules(parseAuditEntry(entry))
  knownKinds.add(entry.kind)
  const text = encodeJcs(entry)
  // A character has three bytes at most, so that most texts need not be encoded to be measured.
  if (text.length * 3 > MAX_ENTRY_BYTES && utf8(text).length > MAX_ENTRY_BYTES) {
    throw new TalosError('AUDIT_ENTRY_INVALID', { reason: 'it has too many bytes' })
  }
  return text
}

/**
 * Reads an entry from its exact bytes.
 *
 * @throws TalosError `INPUT_TOO_LARGE`, `INPUT_TOO_DEEP`, `JSON_INVALID`, `SCHEMA_INVALID` or `AUDIT_ENTRY_INVALID`
 */
export function decodeEntry(body: Uint8Array): AuditEntry {
  return readEntryText(asciiText(body), { start: 0, end: body.length }, keepsRules) ?? decodeAnyEntry(body)
}

/** Reads an entry the long way, through the canonical reader and the schema. Throws as `decodeEntry`. */
export function decodeAnyEntry(body: Uint8Array): AuditEntry {
  const entry = parseAuditEntry(decodeJcs(body, { maxBytes: MAX_ENTRY_BYTES, maxDepth: MAX_ENTRY_DEPTH }))
  checkRules(entry)
  knownKinds.add(entry.kind)
  return entry
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The text of bytes that are ASCII. Of others it is another text, which has no usual entry in it. */
export function asciiText(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** Random hex digits of an id: 76 bits are drawn, 74 used. */
const ID_DIGITS = 19
/** Among them the one that holds the variant: 8, 9, a or b. */
const VARIANT_DIGIT = 3

/** Makes ids of entries; draws randomness for many at once, all of it public in the end. */
export class EntryIds {
  readonly #random: Random
  readonly #ahead: number
  #digits = ''
  #next = 0
  #nowMs = -1
  #time = ''

  /** @param ahead ids whose randomness is drawn at once */
  constructor(random: Random, ahead: number) {
    this.#random = random
    this.#ahead = ahead
  }

  /** A fresh id: 48 bits of time, version 7, and 74 random bits (RFC 9562, section 5.7), as 32 hex digits. */
  next(nowMs: number): string {
    if (nowMs !== this.#nowMs) {
      this.#nowMs = nowMs
      this.#time = `${nowMs.toString(16).padStart(12, '0')}7`
    }
    if (this.#next + ID_DIGITS > this.#digits.length) this.#draw()
    const start = this.#next
    this.#next += ID_DIGITS
    return this.#time + this.#digits.slice(start, this.#next)
  }

  #draw(): void {
    const bytes = this.#random.bytes(Math.ceil((this.#ahead * ID_DIGITS) / 2))
    const digits = new Uint8Array(2 * bytes.length)
    let offset = 0
    for (const byte of bytes) {
      digits[offset] = hexDigit(byte >> 4)
      digits[offset + 1] = hexDigit(byte & 15)
      offset += 2
    }
    for (let at = VARIANT_DIGIT; at < digits.length; at += ID_DIGITS) {
      const byte = Number(bytes[at >> 1])
      digits[at] = hexDigit(8 + ((at % 2 === 0 ? byte >> 4 : byte) & 3))
    }
    this.#digits = asciiText(digits)
    this.#next = 0
  }
}

/** The character of a hex digit. */
function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x57 + value
}

/** One fresh entry id, as of {@link EntryIds}. */
export function entryId({ nowMs, random }: { readonly nowMs: number; readonly random: Random }): string {
  return new EntryIds(random, 1).next(nowMs)
}

type Rule = readonly [reason: string, broken: (entry: AuditEntry) => boolean]

/** What the schema cannot say (clause 10.3), in the order in which it is checked. */
const RULES: readonly Rule[] = [
  ['entry 0 and no other is log.open', ({ kind, seq }) => (kind === 'log.open') !== (seq === 0)],
  ['log.open and no other kind has the member log', ({ kind, log }) => (kind === 'log.open') !== (log !== undefined)],
  ['a session or message names its peer', ({ kind, peer }) => startsWith(kind, 'session.', 'message.') && !peer],
  ["another's log names its agent", ({ kind, peer }) => startsWith(kind, 'log.fork', 'log.cosign') && !peer],
  ['a session has its id', ({ kind, session }) => startsWith(kind, 'session.') && !session],
  ['a tool entry names its tool', ({ kind, tool }) => startsWith(kind, 'tool.') && !tool],
  ['an outcome names its cause', ({ kind, cause }) => (kind === 'tool.result' || kind === 'tool.lost') && !cause],
  [
    'a denial, and no other kind, has the decision deny',
    (entry) => isDenial(entry.kind) !== (entry.decision === 'deny'),
  ],
  ['a denial has its reason', ({ kind, reason }) => isDenial(kind) && !reason],
  [
    'checkpoint.anchor and no other kind has the member anchor',
    ({ kind, anchor }) => (kind === 'checkpoint.anchor') !== (anchor !== undefined),
  ],
]

/** Tells whether an entry keeps the rules; its members are those of the schema. */
export function keepsRules(entry: EntryMembers): boolean {
  return RULES.every(([, broken]) => !broken(entry as AuditEntry))
}

function checkRules(entry: AuditEntry): void {
  for (const [reason, broken] of RULES) {
    if (broken(entry)) throw new TalosError('AUDIT_ENTRY_INVALID', { reason })
  }
}

function startsWith(kind: AuditEntryKind, ...prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => kind.startsWith(prefix))
}

function isDenial(kind: AuditEntryKind): boolean {
  return kind.endsWith('.deny')
}
