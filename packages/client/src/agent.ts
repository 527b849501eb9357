/**
 * An agent at rest becomes one that runs: its folder locked, its keys opened, its database and its log at hand.
 *
 * One process owns an agent. What is opened is closed in reverse order, and when one step fails, those before it too. A
 * change of the identity that an earlier process began is carried to its end here.
 */

import type { AuditLog } from '@talos/audit'
import type { RevocationBook } from '@talos/capability'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { IdentityBook, identityOf, type RunningSecrets, type Signer, type VerifiedKeyLog } from '@talos/identity'
import { AgentDatabase, type AgentFolder, AgentHome, type AgentLock } from '@talos/storage'
import { settleAuditLevel } from './identity/level-file.ts'
import { makeIdentity, type OwnIdentity, openIdentity } from './identity/own-identity.ts'
import { openOwnLog, recordChange } from './identity/own-log.ts'
import { type AgentWorld, passphraseOf, type TalosClientOptions, worldOf } from './options.ts'
import { distrust } from './put-back.ts'
import { nameRevocations, openRevocationBook } from './revocation-book.ts'
import { SearchFiller } from './search-filler.ts'
import { SigningHold } from './witness/hold.ts'
import { confrontWithSeen } from './witness/seen-elsewhere.ts'

/** The one instance of an agent that lives in one folder. */
const INSTANCE = 'main'

/** A running agent's parts. */
export interface Agent extends AgentWorld {
  readonly name: string
  /** The key that signs for the agent now: a `did:key`. */
  readonly did: Did
  readonly instance: string
  readonly folder: AgentFolder
  readonly lock: AgentLock
  /** Without the identity's own key: that is the signer's. */
  readonly secrets: RunningSecrets
  readonly signer: Signer
  /** Forgets the keys; nothing signs afterwards. */
  readonly forgetKeys: () => void
  readonly database: AgentDatabase
  readonly log: AuditLog
  /** Fills the search database of the log. */
  readonly filler: Disposable
  /** What is known of revocations: every decision asks it. */
  readonly revocations: RevocationBook
  /** Newest envelope by which the identity lets the log key sign. */
  readonly logKey: Uint8Array
  /** While it holds, the log signs nothing. */
  readonly hold: SigningHold
  /** The agent's own key log; its name is the agent's durable one. */
  readonly keyLog: VerifiedKeyLog
  /** The keys of the agent and of its peers, by their key logs. */
  readonly identities: IdentityBook
}

export interface OpenAgentOptions extends TalosClientOptions {
  readonly name: string
  /** Make the agent where it is missing. */
  readonly create: boolean
  /** Puts what a backup holds into the database of an agent that is being restored; may be called again. */
  readonly fill?: (database: AgentDatabase) => void
}

/** An agent without its log: its folder locked, its keys and its database open. */
export interface AgentAtRest {
  readonly world: AgentWorld
  readonly folder: AgentFolder
  readonly lock: AgentLock
  readonly identity: OwnIdentity
  readonly database: AgentDatabase
  /** In reverse order. */
  readonly close: () => Promise<void>
}

/** Opens an agent but for its log. @throws TalosError what home, key file and database throw */
export async function openAtRest(options: OpenAgentOptions): Promise<AgentAtRest> {
  const world = worldOf(options)
  const home = new AgentHome({ root: options.home })
  const keyOptions = { ...options, world, passphrase: passphraseOf(options) }
  const isNew = options.create && !home.has(options.name)
  const folder = isNew ? await makeIdentity(home, options.name, keyOptions) : home.open(options.name)
  const lock = folder.lock()
  const undo: (() => void)[] = [() => lock.release()]
  const close = async () => {
    for (const step of undo.reverse()) step()
  }
  try {
    const identity = await openIdentity(folder, keyOptions)
    undo.push(() => identity.dispose())
    const { storageKey } = identity.secrets
    const database = AgentDatabase.open({ folder, lock, storageKey, ...world })
    undo.push(() => database.close())
    if (database.restored !== undefined) distrust(database, world.clock)
    nameRevocations({ database, kernel: world.kernel })
    return { world, folder, lock, identity, database, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Opens an agent and everything it needs. @throws TalosError what home, key file, database and log throw */
export async function openAgent(options: OpenAgentOptions): Promise<Agent> {
  const { world, folder, lock, identity, database, close } = await openAtRest(options)
  const undo: (() => void | Promise<void>)[] = [close]
  try {
    const { secrets, signer, keyLog, pending } = identity
    const hold = new SigningHold(database)
    const level = settleAuditLevel(folder, options.auditLevel)
    const ownLog = await openOwnLog({ folder, identity, world, hold, level })
    const { log, logKey } = ownLog
    undo.push(() => log.close())
    await confrontWithSeen(log, database)
    if (log.size === 1 && log.fault === undefined && pending === undefined)
      await log.append({ kind: 'identity.create' })
    if (pending !== undefined) {
      if (pending.newLog !== undefined) fill(database, options)
      database.outdateOwn(world.clock.nowMs())
      await recordChange(ownLog, { folder, change: pending, kernel: world.kernel })
    }
    // Its own log is what its folder says, whatever a peer has sent of it, and its keys are its own: the last one counts.
    const peers = database.identities.list().filter(({ id }) => id !== keyLog.name)
    const identities = new IdentityBook([...peers, identityOf(keyLog)])
    return {
      ...world,
      name: options.name,
      did: signer.did,
      instance: INSTANCE,
      folder,
      lock,
      secrets,
      signer,
      forgetKeys: () => identity.dispose(),
      database,
      revocations: openRevocationBook({ database, kernel: world.kernel }),
      log,
      filler: new SearchFiller({ log }),
      logKey,
      hold,
      keyLog,
      identities,
    }
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  }
}

/** @throws TalosError `RESTORE_UNFINISHED`: the agent is not whole without its backup */
function fill(database: AgentDatabase, options: OpenAgentOptions): void {
  if (options.fill === undefined) throw new TalosError('RESTORE_UNFINISHED', { name: options.name })
  options.fill(database)
}

/** Closes what `openAgent` opened. */
export async function closeAgent(agent: Agent): Promise<void> {
  agent.filler[Symbol.dispose]()
  await agent.log.close()
  agent.database.close()
  agent.forgetKeys()
  agent.lock.release()
}
