/**
 * Whose log it is and which key signs it (contracts/spec/24-light-client.md, clause 24.4): the agent's key log, which only
 * grows, and the delegation of the log's key by the agent's newest key.
 */

import { equalBytes } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import {
  IdentityBook,
  identityOf,
  type KeyLogEntry,
  type LogKeyDelegation,
  openLogKeyDelegation,
  readDid,
  type VerifiedKeyLog,
  verifyKeyLog,
} from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { openLogKey } from '../witness/log-keys.ts'
import { refusing } from './failures.ts'
import type { FollowedLog } from './state.ts'

type Known = Pick<FollowedLog, 'identity' | 'version' | 'logKey'>

export interface KeyLogOptions {
  /** `did.jsonl` as the source gives it. */
  readonly text: string
  readonly known: Known | undefined
  /** Who is expected: the durable name, or any key that the agent has or had. */
  readonly did: Did | undefined
  readonly nowMs: number
  readonly kernel: Kernel
}

/**
 * Verifies the key log whole, and that it continues the one that is known.
 *
 * @throws TalosError `LIGHT_KEY_LOG_INVALID`, `LIGHT_OTHER_LOG`, `LIGHT_KEY_LOG_ROLLBACK`, `LIGHT_KEY_LOG_FORK`
 */
export function followKeyLog({ text, known, did, nowMs, kernel }: KeyLogOptions): {
  readonly keyLog: VerifiedKeyLog
  /** Entries that are new. */
  readonly news: readonly KeyLogEntry[]
} {
  const keyLog = refusing(
    () => verifyKeyLog({ kernel, text, nowMs }),
    (cause) => new TalosError('LIGHT_KEY_LOG_INVALID', {}, { cause }),
  )
  if (did !== undefined && !isNameOf(did, keyLog)) throw otherLog('agent')
  if (known === undefined) return { keyLog, news: keyLog.entries }
  if (keyLog.name !== known.identity) throw otherLog('agent')
  const length = Number.parseInt(known.version, 10)
  const [last] = keyLog.entries.slice(length - 1, length)
  if (last === undefined) {
    throw new TalosError('LIGHT_KEY_LOG_ROLLBACK', { known: length, offered: keyLog.version })
  }
  if (last.versionId !== known.version) throw new TalosError('LIGHT_KEY_LOG_FORK', { entry: length })
  return { keyLog, news: keyLog.entries.slice(length) }
}

/**
 * Opens the delegation of the log's key: by the key that the agent has now, for a log that one of its keys began.
 *
 * @throws TalosError `LIGHT_LOG_KEY`, `LIGHT_OTHER_LOG`
 */
export function followLogKey(
  bytes: Uint8Array,
  {
    keyLog,
    known,
    kernel,
  }: { readonly keyLog: VerifiedKeyLog; readonly known: Known | undefined; readonly kernel: Kernel },
): LogKeyDelegation {
  const delegation = refusing(
    () => {
      openLogKey(bytes, { kernel, agents: new IdentityBook([identityOf(keyLog)]) })
      return openLogKeyDelegation(bytes, { kernel })
    },
    (cause) => refused('its delegation does not verify', cause),
  )
  const { issuer, origin, logPublicKey } = delegation
  if (issuer !== currentKey(keyLog)) throw refused("it is not delegated by the agent's current key")
  if (known === undefined) return delegation
  if (origin !== known.logKey.origin) throw otherLog('name')
  if (issuer === known.logKey.issuer && !equalBytes(logPublicKey, known.logKey.logPublicKey)) {
    throw refused('one key of the agent delegated two')
  }
  return delegation
}

/** The key that signs for the agent; of a deactivated one the last that did, unless it was lost. */
function currentKey({ deactivated, signingKey, keys }: VerifiedKeyLog): Did | undefined {
  if (!deactivated) return signingKey
  const [last] = keys.slice(-1).filter(({ standing }) => standing !== 'compromised')
  return last?.did
}

function isNameOf(did: Did, { scid, keys, entries }: VerifiedKeyLog): boolean {
  const parsed = readDid(did)
  if (parsed.method === 'talos') return parsed.scid === scid
  return keys.some((key) => key.did === did) || entries.some((entry) => entry.did === did)
}

function otherLog(part: string): TalosError {
  return new TalosError('LIGHT_OTHER_LOG', { part })
}

function refused(reason: string, cause?: unknown): TalosError {
  return new TalosError('LIGHT_LOG_KEY', { reason }, { cause })
}
