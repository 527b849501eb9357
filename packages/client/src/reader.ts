/**
 * Reading an agent's folder beside the process that runs it: no passphrase, no lock, and nothing written but the search
 * database, which can be made again.
 */

import {
  AuditReader,
  AuditSearch,
  type LogReport,
  openLogCheckpoint,
  type VerifyLogOptions,
  verifyLog,
} from '@talos/audit'
import { Cid, equalBytes, fromBase64url } from '@talos/bytes'
import { Meter } from '@talos/capability'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { IdentityBook, identityOf, type LogKeyDelegation, parseKeyFile, type VerifiedKeyLog } from '@talos/identity'
import { type Kernel, systemClock, systemRandom } from '@talos/kernel'
import { logVerifierKey, type VerifiedCheckpoint, type VerifierKey } from '@talos/merkle'
import {
  AgentDatabase,
  type AgentFolder,
  AgentHome,
  FileCheckpointGuard,
  type GrantDirection,
  SqliteAuditIndex,
  SqliteAuditStore,
} from '@talos/storage'
import { type CapabilityStanding, standingOf, standingsOf } from './capability-standing.ts'
import { formerDids } from './execution/executor.ts'
import { type CallExplanation, type ExplainRequest, type ExplainWorld, explainCall } from './explain.ts'
import { readOwnLog } from './identity/own-files.ts'
import { AUDIT_FILE, AUDIT_GUARD_FILE, AUDIT_SEARCH_FILE, formerKeys, logKeysOf } from './identity/own-log.ts'
import { type TalosClientOptions, worldOf } from './options.ts'
import { type Publication, publicationOf } from './publication.ts'
import { openRevocationBook } from './revocation-book.ts'

/** The key that signs a log, those that did before, and the envelopes by which keys of the agent let them. */
/** Of a log that was signed, while the note beside it is gone. */
const MISSING_COPY = 'the copy outside of the store is missing'

export interface LogKeys {
  readonly logKey: VerifierKey
  /** Oldest first. */
  readonly formerKeys: readonly VerifierKey[]
  /** Oldest first; that of entry 0 at least. */
  readonly delegations: readonly LogKeyDelegation[]
}

export interface AgentLogReport extends LogReport {
  /** Newest checkpoint that was signed and that the log contains; undefined where there is none. */
  readonly lastCheckpoint: VerifiedCheckpoint | undefined
  /** False where the search database hid entries, or said of some what they do not say. */
  readonly isSearchRight: boolean
}

export interface AgentReader extends Disposable {
  readonly name: string
  readonly did: Did
  /** The agent's key log; undefined before the first start of an agent of before key logs. */
  readonly keyLog: VerifiedKeyLog | undefined
  /** Which keys and durable names are one agent, as far as is known here now. */
  readonly identities: IdentityBook
  readonly folder: AgentFolder
  readonly kernel: Kernel
  /** Sealed rows stay closed: grants, revocations and open evidence can be read. */
  readonly database: AgentDatabase
  readonly log: AuditReader
  /** The same entries by what they say. Its database is filled by `catchUp`; where it cannot be written, the log is read. */
  readonly search: AuditSearch
  /** The key that signs the log's checkpoints, and those that did. @throws TalosError `AUDIT_OTHER_LOG`, `AUDIT_CORRUPT` */
  logKeys(): LogKeys
  /** What a log service gives besides the entries. */
  readonly publication: Publication
  /** The last signed checkpoint as it lies outside of the log. @throws TalosError `AUDIT_ROLLBACK` */
  lastCheckpoint(): Promise<VerifiedCheckpoint | undefined>
  /**
   * A quick look at whether the log holds what was last signed of it; `verifyLog` looks at all of it.
   *
   * @throws TalosError `AUDIT_ROLLBACK`, `AUDIT_CORRUPT`, `AUDIT_OTHER_LOG`
   */
  requireSigned(): Promise<void>
  /**
   * Reads and recomputes the whole log with its own delegated key, and looks for the last signed checkpoint in it. Compares
   * the search database with it, which is emptied where it is wrong.
   *
   * @throws TalosError `AUDIT_CORRUPT`, `AUDIT_OTHER_LOG`, `AUDIT_ROLLBACK`
   */
  verifyLog(onProgress?: VerifyLogOptions['onProgress']): Promise<AgentLogReport>
  /**
   * Why a call would be allowed or refused, as `TalosClient.explainCall` says it. Of limits it knows what is durable: beside a
   * process that runs the agent, some of what is left may be set aside there.
   *
   * @throws TalosError `CAPABILITY_ARGUMENTS_INVALID`, `CAPABILITY_COMMAND_INVALID`, store codes
   */
  explainCall(request: ExplainRequest): CallExplanation
  /** How what this agent gave, or was given, stands; newest first. Of limits it knows what `explainCall` knows. */
  capabilities(direction: GrantDirection): readonly CapabilityStanding[]
  /** How one capability stands. @throws TalosError `GRANT_UNKNOWN` */
  capability(cid: string): CapabilityStanding
  close(): void
}

/**
 * Opens an agent for reading.
 *
 * @throws TalosError `AGENT_NOT_FOUND`, `HOME_PERMISSIONS`, `KEY_FILE_INVALID`, and what the stores throw
 */
export function openAgentReader(name: string, options: Pick<TalosClientOptions, 'home' | 'kernel'> = {}): AgentReader {
  const { kernel } = worldOf(options)
  const folder = new AgentHome({ root: options.home }).open(name)
  const file = parseKeyFile(folder.readKeyFile(), kernel)
  const { did } = file
  const keyLog = file.v === 1 ? undefined : readOwnLog(folder, { kernel, file })
  const database = AgentDatabase.openReader({ folder })
  const store = openStore(folder, database)
  const log = new AuditReader({ store, kernel })
  let search: AuditSearch | undefined
  const searching = () => {
    search ??= new AuditSearch({ reader: log, index: openIndex(folder) })
    return search
  }
  const logKeys = () =>
    verifierKeys(log, { folder, kernel, owners: keyLog?.keys.map((key) => key.did) ?? [did as Did] })
  const close = () => {
    search?.close()
    store.close()
    database.close()
  }
  const world = () => readWorld({ did: did as Did, kernel, database, keyLog })
  return {
    name,
    did: did as Did,
    keyLog,
    get identities() {
      return identitiesOf({ database, keyLog })
    },
    folder,
    kernel,
    database,
    log,
    get search() {
      return searching()
    },
    logKeys,
    publication: publicationOf({ folder, database, store, log, kernel }),
    lastCheckpoint: async () => await lastSigned(folder, { ...logKeys(), kernel }),
    requireSigned: async () => {
      if (log.size === 0) return await requireUnsigned(folder)
      const lastCheckpoint = await lastSigned(folder, { ...logKeys(), kernel })
      if (lastCheckpoint !== undefined) requireContained(log, lastCheckpoint)
      else if (store.lastCheckpoint() !== undefined) throw rollback('unknown', MISSING_COPY)
    },
    verifyLog: async (onProgress) => {
      const keys = logKeys()
      // Read before the log: what is signed is in the log already, while the log may grow beneath us.
      const lastCheckpoint = await lastSigned(folder, { ...keys, kernel })
      const isSound = searching().inspect()
      const comparison = searching().comparison()
      const onEntries = comparison.take
      const options = { store, kernel, ...keys, onEntries, ...(onProgress !== undefined && { onProgress }) }
      const report = await verifyLog(options)
      if (lastCheckpoint !== undefined) requireContained(log, lastCheckpoint)
      else if (report.checkpoints > 0) throw rollback('unknown', MISSING_COPY)
      return { ...report, lastCheckpoint, isSearchRight: comparison.finish() && isSound }
    },
    explainCall: (request) => explainCall(world(), request),
    capabilities: (direction) => standingsOf(world(), direction),
    capability: (cid) => {
      const grant = database.grants.get(Cid.parse(cid))
      if (grant === undefined) throw new TalosError('GRANT_UNKNOWN')
      return standingOf(world(), grant)
    },
    close,
    [Symbol.dispose]: close,
  }
}

/** What an explanation goes by, read anew: the process that runs the agent goes on beside. */
function readWorld(reader: Pick<AgentReader, 'did' | 'kernel' | 'database' | 'keyLog'>): ExplainWorld {
  const { did, kernel, database, keyLog } = reader
  return {
    did,
    kernel,
    database,
    clock: systemClock,
    random: systemRandom,
    revocations: openRevocationBook({ database, kernel }),
    identities: identitiesOf({ database, keyLog }),
    former: keyLog === undefined ? [] : formerDids({ did, keyLog }),
    meter: new Meter({ store: database.meters }),
  }
}

function identitiesOf({ database, keyLog }: Pick<AgentReader, 'database' | 'keyLog'>): IdentityBook {
  const own = keyLog === undefined ? [] : [identityOf(keyLog)]
  return new IdentityBook([...database.identities.list().filter(({ id }) => id !== keyLog?.name), ...own])
}

function openStore(folder: AgentFolder, database: AgentDatabase): SqliteAuditStore {
  try {
    return SqliteAuditStore.open({ path: folder.filePath(AUDIT_FILE), readOnly: true })
  } catch (error) {
    database.close()
    throw error
  }
}

/** Without a search database, everything is found by reading the log. */
function openIndex(folder: AgentFolder): SqliteAuditIndex | undefined {
  try {
    return SqliteAuditIndex.open({ path: folder.filePath(AUDIT_SEARCH_FILE) })
  } catch {
    return undefined
  }
}

/** The key that signs the log, and those that did before; each was delegated by a key of the agent. */
function verifierKeys(
  log: AuditReader,
  options: { readonly folder: AgentFolder; readonly kernel: Kernel; readonly owners: readonly Did[] },
): LogKeys {
  const { folder, kernel, owners } = options
  const delegation = fromBase64url(log.entry(0).entry.log?.delegation ?? '')
  const delegations = logKeysOf(folder, { delegation, kernel })
  if (delegations.some(({ issuer }) => !owners.includes(issuer)))
    throw new TalosError('AUDIT_OTHER_LOG', { part: 'agent' })
  const [newest] = delegations.slice(-1)
  if (newest === undefined) throw new TalosError('AUDIT_OTHER_LOG', { part: 'agent' })
  const { origin, logPublicKey: publicKey } = newest
  const former = formerKeys(delegations, { current: publicKey, world: { kernel } })
  return { logKey: logVerifierKey({ origin, publicKey, kernel }), formerKeys: former, delegations }
}

/** The last checkpoint as it lies outside of the log. */
async function lastSigned(
  folder: AgentFolder,
  options: { readonly logKey: VerifierKey; readonly formerKeys: readonly VerifierKey[]; readonly kernel: Kernel },
): Promise<VerifiedCheckpoint | undefined> {
  const note = await new FileCheckpointGuard({ path: folder.filePath(AUDIT_GUARD_FILE) }).read()
  if (note === undefined) return undefined
  try {
    return openLogCheckpoint(note, options)
  } catch (cause) {
    throw rollback('unknown', 'the copy outside of the store is not signed by the log key', cause)
  }
}

/** A log without entries was never signed, or is not what it was. */
async function requireUnsigned(folder: AgentFolder): Promise<void> {
  const note = await new FileCheckpointGuard({ path: folder.filePath(AUDIT_GUARD_FILE) }).read()
  if (note !== undefined) throw rollback('unknown', 'it has 0 entries')
}

/** A log that was cut or set back does not hold what was signed of it. */
function requireContained(log: AuditReader, { size, root }: VerifiedCheckpoint): void {
  log.refresh()
  if (size > log.size) throw rollback(size, `it has ${log.size} entries`)
  if (!equalBytes(log.rootAt(size), root)) throw rollback(size, 'its entries are others')
}

function rollback(size: number | 'unknown', reason: string, cause?: unknown): TalosError {
  return new TalosError('AUDIT_ROLLBACK', { size, reason }, { cause })
}
