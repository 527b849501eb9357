/**
 * What an agent's folder holds of its identity besides the key file: the key log, the delegations of its audit log's keys,
 * and a change that was decided and is being carried out.
 *
 * A change is one file, written before anything else changes: from then on it is carried out, by this process or by the
 * next one that opens the agent, in steps that may be done again.
 */
import { decodeJcs, encodeJcs, fromBase64url, fromUtf8, toBase64url, utf8 } from '@talos/bytes'
import { type PendingChange, parsePendingChange } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { KeyFile, VerifiedKeyLog } from '@talos/identity'
import { verifyKeyLog } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import type { AgentFolder } from '@talos/storage'

/** The key log, as it may lie on a web site. */
export const KEY_LOG_FILE = 'did.jsonl'
/** Delegations of the audit log's keys after the first one, which stands in entry 0: base64url, one in a line. */
const LOG_KEYS_FILE = 'logkeys.txt'
export const CHANGE_FILE = 'change.json'
/** The largest log of one's own: what peers are told, and what a folder and a backup hold. Several hundred entries. */
export const OWN_LOG_MAX_CHARACTERS = 900_000
/** Room that a scheduled rotation leaves: a key that was lost can still be replaced some ten times, and the identity ended. */
const OWN_LOG_RESERVE_CHARACTERS = 100_000
/** The log within JSON, where a quarter of its characters is escaped, and the rest. */
const CHANGE_MAX_BYTES = 2_097_152

/** The agent's own key log. @throws TalosError `IDENTITY_LOG_MISSING`, and what verifying throws */
export function readOwnLog(
  folder: AgentFolder,
  { kernel, file }: { readonly kernel: Kernel; readonly file: KeyFile },
): VerifiedKeyLog {
  const missing = (reason: string) => new TalosError('IDENTITY_LOG_MISSING', { name: folder.name, reason })
  if (!folder.hasFile(KEY_LOG_FILE)) throw missing(`there is no ${KEY_LOG_FILE}`)
  const log = verifyOwnLog(fromUtf8(folder.readFile(KEY_LOG_FILE)), kernel)
  if (file.v === 2 && file.id !== log.name) throw missing('its identifier is another')
  if (!log.keys.some(({ did }) => did === file.did)) throw missing("it does not list the key file's key")
  return log
}

/** The agent wrote it: a clock that was set back since must not lock the agent out. */
export function verifyOwnLog(text: string, kernel: Kernel): VerifiedKeyLog {
  return verifyKeyLog({ kernel, text, nowMs: 0, leewayMs: Number.MAX_SAFE_INTEGER })
}

/** Envelopes by which the identity let keys sign the audit log, oldest first, but the one of entry 0. */
export function readLogKeys(folder: AgentFolder): readonly Uint8Array[] {
  if (!folder.hasFile(LOG_KEYS_FILE)) return []
  const lines = fromUtf8(folder.readFile(LOG_KEYS_FILE)).split('\n')
  return lines.filter((line) => line !== '').map(fromBase64url)
}

/** The change that is being carried out, or none. @throws TalosError store and form codes */
export function readChange(folder: AgentFolder): PendingChange | undefined {
  if (!folder.hasFile(CHANGE_FILE)) return undefined
  return parsePendingChange(decodeJcs(folder.readFile(CHANGE_FILE), { maxBytes: CHANGE_MAX_BYTES }))
}

/**
 * The bytes of a change, of which it is certain that they can be read: what could not be would leave the agent shut.
 *
 * @throws TalosError `KEY_LOG_LIMIT`, `INPUT_TOO_LARGE`, `SCHEMA_INVALID`
 */
export function encodeChange(change: PendingChange): Uint8Array {
  const { kind, isEmergency, log } = change
  const reserve = kind === 'rotate' && !isEmergency ? OWN_LOG_RESERVE_CHARACTERS : 0
  const limit = OWN_LOG_MAX_CHARACTERS - reserve
  if (log.length > limit) throw new TalosError('KEY_LOG_LIMIT', { what: 'characters of a log of ours', limit })
  const bytes = utf8(encodeJcs(parsePendingChange(change)))
  if (bytes.length > CHANGE_MAX_BYTES) {
    throw new TalosError('INPUT_TOO_LARGE', { sizeBytes: bytes.length, limitBytes: CHANGE_MAX_BYTES })
  }
  return bytes
}

/** From here on the change happens. @throws TalosError `FILE_FAILED`, what `encodeChange` throws: then nothing has happened */
export function writeChange(folder: AgentFolder, change: PendingChange): void {
  folder.writeFile(CHANGE_FILE, encodeChange(change))
}

/** The files of a change, in steps that may be done again. @throws TalosError `FILE_FAILED` */
export function applyFiles(folder: AgentFolder, change: PendingChange): void {
  folder.writeFile(KEY_LOG_FILE, utf8(change.log))
  folder.writeKeyFile(change.keyFile)
  const known = readLogKeys(folder).map(toBase64url)
  if (change.logKey === undefined || known.includes(change.logKey)) return
  folder.writeFile(LOG_KEYS_FILE, utf8(`${[...known, change.logKey].join('\n')}\n`))
}

/** Everything of a change is done. @throws TalosError `FILE_FAILED` */
export function forgetChange(folder: AgentFolder): void {
  folder.removeFile(CHANGE_FILE)
}
