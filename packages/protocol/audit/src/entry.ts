/**
 * Audit entries: the bytes of a leaf (contracts/spec/10-audit-entry.md, clauses 10.1 to 10.3).
 *
 * An entry is canonical JSON of a closed schema. What is hashed, stored and shown is these bytes; reading refuses bytes
 * that would be written otherwise.
 */
import { decodeJcs, encodeJcs, toHex, utf8 } from '@talos/bytes'
import { type AuditEntry, type AuditEntryKind, parseAuditEntry } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Random } from '@talos/ports'

/** Longest entry; 65,535 is the hard limit of tlog-tiles bundles, and no entry needs a quarter of it. */
export const MAX_ENTRY_BYTES = 16_384

/** An entry's only containers are itself, `commit`, `log` and `anchor`. */
const MAX_ENTRY_DEPTH = 2

/** Writes an entry after checking it. Throws `SCHEMA_INVALID`, `JSON_INVALID` or `AUDIT_ENTRY_INVALID`. */
export function encodeEntry(entry: AuditEntry): Uint8Array {
  checkRules(parseAuditEntry(entry))
  // The schema allows JSON alone, which the generated type does not tell the compiler.
  const body = utf8(encodeJcs(entry))
  if (body.length > MAX_ENTRY_BYTES) throw new TalosError('AUDIT_ENTRY_INVALID', { reason: 'it has too many bytes' })
  return body
}

/**
 * Reads an entry from its exact bytes.
 *
 * @throws TalosError `INPUT_TOO_LARGE`, `INPUT_TOO_DEEP`, `JSON_INVALID`, `SCHEMA_INVALID` or `AUDIT_ENTRY_INVALID`
 */
export function decodeEntry(body: Uint8Array): AuditEntry {
  const entry = parseAuditEntry(decodeJcs(body, { maxBytes: MAX_ENTRY_BYTES, maxDepth: MAX_ENTRY_DEPTH }))
  checkRules(entry)
  return entry
}

/** A fresh entry id: 48 bits of time, version 7, and 74 random bits (RFC 9562, section 5.7), as 32 hex digits. */
export function entryId({ nowMs, random }: { readonly nowMs: number; readonly random: Random }): string {
  const bytes = random.bytes(16)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setUint16(0, Math.floor(nowMs / 2 ** 32))
  view.setUint32(2, nowMs % 2 ** 32)
  view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f))
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f))
  return toHex(bytes)
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
