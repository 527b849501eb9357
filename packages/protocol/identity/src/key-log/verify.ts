/**
 * Verification of a key log (spec 18-key-log, 18.6; did:webvh 1.0, "Read (Resolve)").
 *
 * Each entry is checked in one order, cheap before costly, and the first failure ends the whole: form, parameters, version,
 * time, document, identifier of the log, entry hash, proofs, agreement of new keys. There is no log that is valid up to
 * some entry: whoever wants the older version asks for it. Witnesses are checked at the end, for a later approval covers
 * the entries before it.
 */
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { type ParsedDid, readDid } from '../did/did.ts'
import { splitLog } from './entry.ts'
import { KEY_LOG_LEEWAY_MS } from './limits.ts'
import { LogReader } from './log-reader.ts'
import type { VerifiedKeyLog } from './types.ts'
import { checkWitnesses } from './witness.ts'

export interface VerifyKeyLogOptions {
  readonly kernel: Kernel
  /** The log (did.jsonl). */
  readonly text: string
  /** The reader's clock. */
  readonly nowMs: number
  /** How far an entry may be ahead of the clock; KEY_LOG_LEEWAY_MS when absent. */
  readonly leewayMs?: number
  /** The DID that was asked for: refuses a log that is not its log. */
  readonly did?: string
  /** Approvals of witnesses (did-witness.json); needed where the log names witnesses. */
  readonly witnessFile?: string
}

/**
 * Verifies every entry of a log.
 *
 * @throws TalosError `KEY_LOG_*`; `DID_SYNTAX`, `DID_LOCATION_INVALID` for an `options.did` that is no DID
 */
export function verifyKeyLog(options: VerifyKeyLogOptions): VerifiedKeyLog {
  const [first, ...more] = splitLog(options.text)
  const reader = new LogReader(options.kernel, latestOf(options))
  return finish(reader.read(first, more), options)
}

/**
 * Verifies further lines on top of a verified log; `options.text` holds those alone.
 *
 * @throws TalosError as {@link verifyKeyLog}
 */
export function extendKeyLog(known: VerifiedKeyLog, options: VerifyKeyLogOptions): VerifiedKeyLog {
  const [first, ...more] = splitLog(options.text)
  const reader = new LogReader(options.kernel, latestOf(options), known)
  return finish(reader.read(first, more), options)
}

/**
 * The newer of two verified states of one log.
 *
 * @returns `offered`
 * @throws TalosError `KEY_LOG_OTHER` for another log, `KEY_LOG_FORK` for another history, `KEY_LOG_ROLLBACK` for an older state
 */
export function newerKeyLog(known: VerifiedKeyLog, offered: VerifiedKeyLog): VerifiedKeyLog {
  if (known.scid !== offered.scid) throw new TalosError('KEY_LOG_OTHER')
  for (const [index, entry] of known.entries.entries()) {
    const other = offered.entries[index]
    if (other === undefined)
      throw new TalosError('KEY_LOG_ROLLBACK', { known: known.version, offered: offered.version })
    if (other.versionId !== entry.versionId) throw new TalosError('KEY_LOG_FORK', { entry: entry.number })
  }
  return offered
}

/** The key of that `did:key` as the log tells of it; undefined for a key that the log never had. */
export function keyOfLog(log: VerifiedKeyLog, did: Did): VerifiedKeyLog['keys'][number] | undefined {
  return log.keys.find((key) => key.did === did)
}

function finish(log: VerifiedKeyLog, { kernel, did, witnessFile }: VerifyKeyLogOptions): VerifiedKeyLog {
  if (did !== undefined && !isNameOf(readDid(did), log)) throw new TalosError('KEY_LOG_OTHER')
  checkWitnesses(log.entries, { kernel, witnessFile })
  return log
}

/** `did:talos` names the log by its SCID alone; a did:webvh must have been the log's name in one of its versions. */
function isNameOf(did: ParsedDid, log: VerifiedKeyLog): boolean {
  if (did.method === 'talos') return did.scid === log.scid
  return log.entries.some((entry) => entry.did === did.did)
}

function latestOf({ nowMs, leewayMs = KEY_LOG_LEEWAY_MS }: VerifyKeyLogOptions): number {
  return nowMs + leewayMs
}
