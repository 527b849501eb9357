/**
 * An agent's audit log under its identity, which may change: the log keeps the name that it began with, and each key of the
 * identity delegates the log's key anew (spec 21-identity-lifecycle, 21.5).
 */
import { type AuditEvent, type AuditLevel, AuditLog, AuditReader } from '@talos/audit'
import { fromBase64url, toHex } from '@talos/bytes'
import type { Did, PendingChange } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { delegateLogKey, type LogKeyDelegation, openLogKeyDelegation, type RunningSecrets } from '@talos/identity'
import { logVerifierKey, type NoteSigner, type VerifierKey } from '@talos/merkle'
import { type AgentFolder, FileCheckpointGuard, SqliteAuditIndex, SqliteAuditStore } from '@talos/storage'
import { type AgentWorld, nowS } from '../options.ts'
import type { SigningHold } from '../witness/hold.ts'
import { forgetChange, readLogKeys } from './own-files.ts'
import type { OwnIdentity } from './own-identity.ts'

export const AUDIT_FILE = 'audit.db'
export const AUDIT_SEARCH_FILE = 'auditsearch.db'
export const AUDIT_GUARD_FILE = 'checkpoint.txt'

export interface OwnLog {
  readonly log: AuditLog
  /** The newest envelope by which the identity lets the log key sign. */
  readonly logKey: Uint8Array
}

/** Opens the log, or begins it. @throws TalosError what `AuditLog.open` throws, `AUDIT_OTHER_LOG` */
export async function openOwnLog(options: {
  readonly folder: AgentFolder
  readonly identity: OwnIdentity
  readonly world: AgentWorld
  /** Keeps the log from signing while it is not known how far it went. */
  readonly hold: SigningHold
  /** How much the log says from now on. */
  readonly level: AuditLevel
}): Promise<OwnLog> {
  const { folder, identity, world, hold, level } = options
  const signer = hold.guard(logSigner(identity.secrets, world))
  const store = SqliteAuditStore.open({ path: folder.filePath(AUDIT_FILE) })
  try {
    const opening = openingOf(store, world) ?? (await beginning(signer, options))
    const delegations = logKeysOf(folder, { delegation: opening.delegation, kernel: world.kernel })
    requireOwn(delegations, { identity, origin: opening.origin })
    const log = await AuditLog.open({
      ...world,
      store,
      guard: new FileCheckpointGuard({ path: folder.filePath(AUDIT_GUARD_FILE) }),
      index: SqliteAuditIndex.open({ path: folder.filePath(AUDIT_SEARCH_FILE) }),
      signer,
      formerKeys: formerKeys(delegations, { current: signer.publicKey, world }),
      agent: opening.agent,
      origin: opening.origin,
      logKeyDelegation: opening.delegation,
      level,
      ...(opening.previous !== undefined && { previousCheckpoint: opening.previous }),
    })
    return { log, logKey: delegations.at(-1)?.bytes ?? opening.delegation }
  } catch (error) {
    store.close()
    throw error
  }
}

/** Every delegation of a log's keys, oldest first: that of entry 0, then those of later changes. */
export function logKeysOf(
  folder: AgentFolder,
  { delegation, kernel }: { readonly delegation: Uint8Array; readonly kernel: AgentWorld['kernel'] },
): readonly LogKeyDelegation[] {
  return [delegation, ...readLogKeys(folder)].map((bytes) => openLogKeyDelegation(bytes, { kernel }))
}

/** The keys that signed a log before its newest, oldest first. */
export function formerKeys(
  delegations: readonly LogKeyDelegation[],
  { current, world }: { readonly current: Uint8Array; readonly world: Pick<AgentWorld, 'kernel'> },
): readonly VerifierKey[] {
  const { kernel } = world
  const earlier = new Map(
    delegations.map(({ origin, logPublicKey }) => [toHex(logPublicKey), { origin, logPublicKey }]),
  )
  earlier.delete(toHex(current))
  return [...earlier.values()].map(({ origin, logPublicKey: publicKey }) =>
    logVerifierKey({ origin, publicKey, kernel }),
  )
}

/** Records a change of the identity that is not recorded yet, and forgets it. A log that is damaged keeps it waiting. */
export async function recordChange(
  { log }: OwnLog,
  {
    folder,
    change,
    kernel,
  }: { readonly folder: AgentFolder; readonly change: PendingChange; readonly kernel: AgentWorld['kernel'] },
): Promise<void> {
  if (log.fault !== undefined) return
  for (const event of eventsOf(change, kernel)) if (!isRecorded(log, event)) await log.append(event)
  await signWhereAllowed(log)
  forgetChange(folder)
}

/** While signing is held, the next checkpoint covers the change. */
async function signWhereAllowed(log: AuditLog): Promise<void> {
  try {
    await log.checkpoint()
  } catch (error) {
    if (!isTalosError(error) || !isTalosError(error.cause, 'WITNESS_HOLD')) throw error
  }
}

function eventsOf(change: PendingChange, kernel: AgentWorld['kernel']): readonly AuditEvent[] {
  const { kind, logKey, isEmergency } = change
  if (kind === 'deactivate') return [{ kind: 'identity.deactivate' }]
  if (logKey === undefined) return [{ kind: kind === 'restore' ? 'identity.restore' : 'identity.recover' }]
  const ref = openLogKeyDelegation(fromBase64url(logKey), { kernel }).cid.toString()
  const rotated = { kind: 'key.rotate', ref } as const
  return isEmergency ? [{ kind: 'key.revoke', ref }, rotated] : [rotated]
}

/** Without a signed object, a kind is recorded once in a log. */
function isRecorded(log: AuditLog, { kind, ref }: AuditEvent): boolean {
  for (const { entry } of log.reader.entries({ kinds: [kind] })) if (entry.ref === ref) return true
  return false
}

interface Opening {
  readonly agent: Did
  readonly origin: string
  readonly delegation: Uint8Array
  readonly previous?: string | undefined
}

/** What entry 0 says. One that cannot be read is the log's to report. */
function openingOf(store: SqliteAuditStore, { kernel }: AgentWorld): Opening | undefined {
  try {
    const reader = new AuditReader({ store, kernel })
    if (reader.size === 0) return undefined
    const { agent, log } = reader.entry(0).entry
    if (log === undefined) return undefined
    const { origin, delegation, previous } = log
    return { agent, origin, delegation: fromBase64url(delegation), previous }
  } catch (error) {
    if (!isTalosError(error)) throw error
    return undefined
  }
}

async function beginning(
  logKey: NoteSigner,
  { identity, world }: { readonly identity: OwnIdentity; readonly world: AgentWorld },
): Promise<Opening> {
  const { signer, pending } = identity
  const { epoch = 1, previous } = pending?.newLog ?? {}
  const origin = `talos/${signer.did.slice('did:key:'.length)}/${epoch}`
  const { bytes: delegation } = await delegateLogKey({
    signer,
    logPublicKey: logKey.publicKey,
    origin,
    issuedAtS: nowS(world.clock),
  })
  return { agent: signer.did, origin, delegation, previous }
}

/** Each delegation is by a key of this agent and for this log. */
function requireOwn(
  delegations: readonly LogKeyDelegation[],
  { identity, origin }: { readonly identity: OwnIdentity; readonly origin: string },
): void {
  const keys = identity.keyLog.keys.map(({ did }) => did)
  for (const delegation of delegations) {
    if (!keys.includes(delegation.issuer)) throw new TalosError('AUDIT_OTHER_LOG', { part: 'agent' })
    if (delegation.origin !== origin) throw new TalosError('AUDIT_OTHER_LOG', { part: 'origin' })
  }
}

function logSigner(secrets: RunningSecrets, { kernel }: AgentWorld): NoteSigner {
  return {
    publicKey: secrets.logSeed.use((seed) => kernel.ed25519PublicKey(seed)),
    sign: async (message) => secrets.logSeed.use((seed) => kernel.ed25519Sign(seed, message)),
  }
}
