/**
 * Backup, restore and recovery of an identity (spec 21-identity-lifecycle, 21.8 and 21.9).
 *
 * A backup holds what makes the agent: its keys, its key log, whom it knows, what it gave and was given. Sessions, prekeys,
 * messages and the audit log stay where they are: an agent made from a backup begins others.
 */
import type { AuditLog } from '@talos/audit'
import { Secret, utf8 } from '@talos/bytes'
import { openDelegation, openRevocation } from '@talos/capability'
import type { BackupContents, Did, PendingChange } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import {
  AGENT_SECRET_BYTES,
  appendEntry,
  createAgentSecrets,
  disposeAgentSecrets,
  identityOf,
  type KeyReserve,
  newerKeyLog,
  openBackup,
  openKeyFileSecrets,
  openKeyReserve,
  type RunningSecrets,
  type Signer,
  sealBackup,
  type VerifiedKeyLog,
} from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import type { VerifiedCheckpoint } from '@talos/merkle'
import { type AgentDatabase, AgentHome } from '@talos/storage'
import { type Agent, type AgentAtRest, closeAgent, openAgent, openAtRest } from '../agent.ts'
import { type AgentWorld, nowS, type TalosClientOptions } from '../options.ts'
import { distrust } from '../put-back.ts'
import { targetText } from '../revocation-book.ts'
import { type ChangedIdentity, factsOf, keyOptionsOf } from './change.ts'
import { lastSigned } from './last-signed.ts'
import { CHANGE_FILE, encodeChange, KEY_LOG_FILE, readChange, verifyOwnLog } from './own-files.ts'
import { type KeyOptions, nextUpdateKeys, sealIdentity, seedSigner } from './own-identity.ts'

/** Half of what a backup holds: logs that peers made large must not keep anybody from having one. */
const LOGS_OF_PEERS_MAX_BYTES = 16_777_216

export interface BackupIdentityOptions extends TalosClientOptions {
  /** Of the backup; it may be the agent's. */
  readonly backupPassphrase: string
}

export interface RestoreIdentityOptions extends BackupIdentityOptions {
  /** The text of the backup. */
  readonly backup: string
  /** The agent's newest key log, where it has grown since the backup: from a peer or its web site. */
  readonly keyLog?: string
}

export interface RecoverIdentityOptions extends RestoreIdentityOptions {
  /** From when on what the lost key signed is not the agent's; now unless given. Milliseconds. */
  readonly compromisedFromMs?: number
  /** Holds the next key; in the key file unless given. */
  readonly nextSigner?: Signer
}

export interface IdentityBackup {
  /** The encrypted backup. */
  readonly text: string
  /** Why the audit log refuses: the backup is not recorded in it then. */
  readonly refusal: TalosError | undefined
  /** Entries that the log had when it was last signed, as far as that is known: a log that follows it names that checkpoint. */
  readonly signedSize: number | undefined
}

/**
 * The encrypted backup of an agent that does not run. It is recorded in the agent's log, unless that refuses, as it was set back
 * or is damaged (`AUDIT_ROLLBACK`, `AUDIT_CORRUPT`, `STORE_CORRUPT` of the log): keys and database are sound, and the backup is
 * the way to a new log.
 *
 * @throws TalosError `AGENT_LOCKED`, `IDENTITY_DEACTIVATED`, and what opening throws
 */
export async function backupIdentity(name: string, options: BackupIdentityOptions): Promise<IdentityBackup> {
  const opened = await openToBackUp(name, options)
  try {
    const { keyLog, clock, kernel, random, log } = opened
    if (keyLog.deactivated) throw new TalosError('IDENTITY_DEACTIVATED')
    const { keyFileParameters: params, backupPassphrase: passphrase } = options
    const signed = opened.refusal === undefined ? log?.lastCheckpoint : await lastSigned(opened)
    const contents = await contentsOf(opened, { ...keyOptionsOf(options), signed })
    const head = { id: keyLog.name, did: opened.did, version: keyLog.version, madeS: nowS(clock) }
    const text = await sealBackup({ ...head, contents, passphrase, kernel, random, ...(params && { params }) })
    const refusal = opened.refusal ?? (await recordIn(log))
    return { text, refusal, signedSize: signed?.size }
  } finally {
    await opened.close()
  }
}

/**
 * Makes an agent anew from its backup, with the key that it had. The old one must not run any more.
 *
 * @throws TalosError `BACKUP_INVALID`, `PASSPHRASE_WRONG`, `AGENT_EXISTS`, `IDENTITY_RECOVERY` (its key was replaced since:
 *   recover it), `IDENTITY_DEACTIVATED`, `RESTORE_UNFINISHED` (another was begun under that name), `KEY_LOG_*`
 */
export async function restoreIdentity(name: string, options: RestoreIdentityOptions): Promise<ChangedIdentity> {
  const given = { ...options, kind: 'restore', held: options.signer } as const
  return await makeFrom(name, given, async (contents, log, keyOptions) => {
    const { identitySeed } = contents
    const signer = identitySeed === undefined ? options.signer : seedSigner(Secret.of(identitySeed.slice()), keyOptions)
    if (signer === undefined) throw new TalosError('KEY_FILE_SIGNER', { holder: 'an external signer' })
    if (signer.did !== log.signingKey) throw refusal('its key was replaced after the backup was made')
    const seed = identitySeed === undefined ? undefined : Secret.of(identitySeed.slice())
    const reserve = reserveOf(contents)
    return { log, signer, seed, reserve, sessionKey: Secret.of(contents.sessionKey.slice()) }
  })
}

/**
 * Makes an agent anew from its backup, with another key: the one that it had counts as compromised.
 *
 * @throws TalosError as `restoreIdentity`; `IDENTITY_RECOVERY` where the backup's recovery key does not count any more
 */
export async function recoverIdentity(name: string, options: RecoverIdentityOptions): Promise<ChangedIdentity> {
  const given = { ...options, kind: 'recover', held: options.nextSigner } as const
  return await makeFrom(name, given, async (contents, before, keyOptions) => {
    const { random, kernel, clock } = keyOptions.world
    const fresh = () => Secret.of(random.bytes(AGENT_SECRET_BYTES))
    const { nextSigner } = options
    const seed = nextSigner === undefined ? fresh() : undefined
    const signer = nextSigner ?? seedSigner(seed ?? fresh(), keyOptions)
    const reserve = { nextSeed: fresh(), recoverySeed: fresh() }
    const sessionKey = fresh()
    const lost = before.signingKey
    if (lost === undefined) throw new TalosError('IDENTITY_DEACTIVATED')
    const nowMs = clock.nowMs()
    const log = await appendEntry(before, {
      kind: 'recover',
      signer,
      compromised: [{ key: lost, fromMs: options.compromisedFromMs ?? nowMs }],
      updateSigner: seedSigner(Secret.of(contents.recoverySeed.slice()), keyOptions),
      nextUpdateKeys: nextUpdateKeys(reserve, keyOptions),
      keyAgreement: sessionKey.use((key) => kernel.x25519PublicKey(key)),
      nowMs,
    }).catch((cause: unknown) => {
      if (!isTalosError(cause, 'KEY_LOG_CHANGE')) throw cause
      throw refusal('the recovery key of the backup was replaced since, or the key log is not the newest', cause)
    })
    return { log, signer, seed, reserve, sessionKey }
  })
}

/** What an agent is made with. */
interface Remake {
  readonly log: VerifiedKeyLog
  readonly signer: Signer
  readonly seed: Secret | undefined
  readonly reserve: KeyReserve
  readonly sessionKey: Secret
}

/** Which of the two it is to be, and who holds the agent's key afterwards where its key file does not. */
interface RemakeOptions extends RestoreIdentityOptions {
  readonly kind: 'restore' | 'recover'
  readonly held: Signer | undefined
}

async function makeFrom(
  name: string,
  options: RemakeOptions,
  remake: (contents: BackupContents, log: VerifiedKeyLog, keyOptions: KeyOptions) => Promise<Remake>,
): Promise<ChangedIdentity> {
  const keyOptions = keyOptionsOf(options)
  const { kernel } = keyOptions.world
  const contents = await openBackup({ text: options.backup, passphrase: options.backupPassphrase, kernel })
  const log = newestLog(contents, { keyLog: options.keyLog, kernel })
  const home = new AgentHome({ root: options.home })
  const { signer: _, kind, held: signer, ...rest } = options
  if (!isUnfinished(home, name, { kind, log })) {
    const made = await remake(contents, log, keyOptions)
    await makeFolder(home, name, { contents, made, keyOptions, kind })
  }
  const fill = (database: AgentDatabase) => fillFrom(contents, { database, keyOptions })
  const openOptions = { ...rest, name, create: false, fill, ...(signer !== undefined && { signer }) }
  const agent = await openAgent(openOptions)
  try {
    return factsOf(agent, log.signingKey ?? agent.did)
  } finally {
    await closeAgent(agent)
  }
}

/** The backup's log, or a newer one that continues it. @throws TalosError `KEY_LOG_*`, `IDENTITY_DEACTIVATED` */
function newestLog(
  contents: BackupContents,
  { keyLog, kernel }: { readonly keyLog: string | undefined; readonly kernel: Kernel },
): VerifiedKeyLog {
  const known = verifyOwnLog(contents.log, kernel)
  const newest = keyLog === undefined ? known : newerKeyLog(known, verifyOwnLog(keyLog, kernel))
  if (newest.deactivated) throw new TalosError('IDENTITY_DEACTIVATED')
  return newest
}

/**
 * Whether an earlier process died in the midst of making this very agent.
 *
 * @throws TalosError `RESTORE_UNFINISHED`: in the midst of making another, such as one with the key that counts as lost now
 */
function isUnfinished(
  home: AgentHome,
  name: string,
  { kind, log }: { readonly kind: 'restore' | 'recover'; readonly log: VerifiedKeyLog },
): boolean {
  if (!home.has(name)) return false
  const change = readChange(home.open(name))
  if (change?.newLog === undefined) return false
  if (change.kind !== kind || !change.log.startsWith(log.text)) throw new TalosError('RESTORE_UNFINISHED', { name })
  return true
}

async function makeFolder(
  home: AgentHome,
  name: string,
  given: {
    readonly contents: BackupContents
    readonly made: Remake
    readonly keyOptions: KeyOptions
    readonly kind: 'restore' | 'recover'
  },
): Promise<void> {
  const { contents, made, keyOptions, kind } = given
  const { random, clock } = keyOptions.world
  const { log, signer, seed, reserve, sessionKey } = made
  const others = createAgentSecrets(random)
  const transportSeed = Secret.of(contents.transportSeed.slice())
  const secrets: RunningSecrets = { ...others, sessionKey, transportSeed }
  const identity = { id: log.name, reserve }
  const keyFile = await sealIdentity({ ...keyOptions, secrets, did: signer.did, identitySeed: seed, identity })
  const { checkpoint: previous } = contents
  // By the clock, as two agents made from one backup must not both go on under one name of a log.
  const newLog = { epoch: Math.max(2, nowS(clock)), ...(previous !== undefined && { previous }) }
  const change: PendingChange = {
    v: 1,
    kind,
    did: signer.did,
    keyFile,
    log: log.text,
    isEmergency: kind === 'recover',
    newLog,
  }
  home.create({ name, keyFile, files: { [KEY_LOG_FILE]: utf8(log.text), [CHANGE_FILE]: encodeChange(change) } })
  disposeAgentSecrets({ ...others, identitySeed: others.identitySeed })
}

/** What a backup is made of, and the log that it is recorded in. */
interface ToBackUp extends Pick<Agent, 'did' | 'keyLog' | 'folder' | 'database' | 'secrets' | keyof AgentWorld> {
  readonly log: AuditLog | undefined
  /** Why nothing can be recorded in it. */
  readonly refusal: TalosError | undefined
  readonly close: () => Promise<void>
}

/** Opens the agent; without its log where that refuses so that not even its entries can be read. @throws TalosError */
async function openToBackUp(name: string, options: BackupIdentityOptions): Promise<ToBackUp> {
  const given = { ...options, name, create: false }
  try {
    const agent = await openAgent(given)
    return { ...agent, refusal: agent.log.fault, close: async () => await closeAgent(agent) }
  } catch (error) {
    if (!isRefusal(error)) throw error
    const rest = await openAtRest(given)
    // Before its backup is in its database, an agent is not whole.
    if (rest.identity.pending?.newLog === undefined) return { ...partsOf(rest), refusal: error }
    await rest.close()
    throw error
  }
}

function partsOf(rest: AgentAtRest): Omit<ToBackUp, 'refusal'> {
  const { world, folder, database, identity, close } = rest
  const { keyLog, secrets, signer } = identity
  return { ...world, did: signer.did, keyLog, folder, database, secrets, log: undefined, close }
}

/** Whether it is the log that cannot go on, and nothing else of the agent. */
function isRefusal(error: unknown): error is TalosError {
  if (isTalosError(error, 'AUDIT_ROLLBACK') || isTalosError(error, 'AUDIT_CORRUPT')) return true
  return isTalosError(error, 'STORE_CORRUPT') && error.details['store'] === 'audit'
}

/** Records the backup. @returns why the log refuses, where it finds that only now @throws TalosError what `append` throws */
async function recordIn(log: AuditLog | undefined): Promise<TalosError | undefined> {
  try {
    await log?.append({ kind: 'identity.backup' })
    return undefined
  } catch (error) {
    if (isRefusal(log?.fault)) return log?.fault
    throw error
  }
}

async function contentsOf(
  agent: ToBackUp,
  { passphrase, signed }: KeyOptions & { readonly signed: VerifiedCheckpoint | undefined },
): Promise<BackupContents> {
  const { folder, kernel, database, keyLog } = agent
  const text = folder.readKeyFile()
  const secrets = await openKeyFileSecrets({ text, passphrase, kernel })
  const reserve = await openKeyReserve({ text, passphrase, kernel })
  const bytesOf = (secret: Secret) => secret.use((bytes) => bytes.slice())
  const { identitySeed } = secrets
  const grants = [...database.grants.list('issued'), ...database.grants.list('received')]
  const contents: BackupContents = {
    v: 1,
    ...(identitySeed !== undefined && { identitySeed: bytesOf(identitySeed) }),
    sessionKey: bytesOf(secrets.sessionKey),
    transportSeed: bytesOf(secrets.transportSeed),
    nextSeed: bytesOf(reserve.nextSeed),
    recoverySeed: bytesOf(reserve.recoverySeed),
    log: keyLog.text,
    ...(signed !== undefined && { checkpoint: signed.note }),
    peers: database.peers.list().map(({ did, name, endpoints, transportKey }) => ({
      did,
      ...(name !== undefined && { name }),
      endpoints: [...endpoints],
      ...(transportKey !== undefined && { transportKey }),
    })),
    identities: database.identities.logsOfKnown(LOGS_OF_PEERS_MAX_BYTES),
    grants: grants.map(({ direction, peer, label, bytes, createdMs, revokedMs }) => ({
      direction,
      peer,
      label,
      bytes,
      createdMs,
      ...(revokedMs !== undefined && { revokedMs }),
    })),
    revocations: keyLog.keys.flatMap(({ did }) => database.revocations.by(did)).map(({ bytes }) => bytes),
  }
  disposeAgentSecrets(secrets)
  for (const secret of [reserve.nextSeed, reserve.recoverySeed]) secret.dispose()
  return contents
}

/**
 * Puts what the backup holds into a database, in one transaction. What may have been signed or used since is not known: the
 * own list of revocations is suspended, and calls and approvals that may have been used before are refused.
 */
function fillFrom(
  contents: BackupContents,
  { database, keyOptions }: { readonly database: AgentDatabase; readonly keyOptions: KeyOptions },
): void {
  const { kernel, clock } = keyOptions.world
  const nowMs = clock.nowMs()
  database.transaction(() => {
    for (const text of contents.identities) {
      database.identities.put(identityOf(verifyOwnLog(text, kernel)), { log: text, nowMs })
    }
    for (const { did, name, endpoints, transportKey } of contents.peers) {
      database.peers.put({ did: did as Did, name, endpoints, transportKey }, nowMs)
    }
    for (const { direction, peer, label, bytes, createdMs, revokedMs } of contents.grants) {
      const { cid } = openDelegation(bytes, { kernel })
      database.grants.put({ cid, direction, peer, label, bytes, nowMs: createdMs })
      if (revokedMs !== undefined) database.grants.markRevoked(cid, revokedMs)
    }
    for (const bytes of contents.revocations) {
      const revocation = openRevocation(bytes, { kernel })
      const { cid, issuer, reason, atS } = revocation
      database.revocations.put({ cid, issuer, target: targetText(revocation), reason, bytes, atS })
    }
    distrust(database, clock)
  })
}

function reserveOf({ nextSeed, recoverySeed }: BackupContents): KeyReserve {
  return { nextSeed: Secret.of(nextSeed.slice()), recoverySeed: Secret.of(recoverySeed.slice()) }
}

function refusal(reason: string, cause?: unknown): TalosError {
  return new TalosError('IDENTITY_RECOVERY', { reason }, { cause })
}
