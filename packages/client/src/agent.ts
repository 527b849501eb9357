/**
 * An agent at rest becomes one that runs: its folder locked, its keys opened, its database and its log at hand.
 *
 * One process owns an agent. What is opened is closed in reverse order, and when one step fails, those before it too.
 */

import { AuditLog } from '@talos/audit'
import { fromBase64url } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import {
  type AgentSecrets,
  createAgentSecrets,
  delegateLogKey,
  disposeAgentSecrets,
  ed25519Signer,
  openKeyFile,
  type Signer,
  sealKeyFile,
} from '@talos/identity'
import type { NoteSigner } from '@talos/merkle'
import {
  AgentDatabase,
  type AgentFolder,
  AgentHome,
  type AgentLock,
  FileCheckpointGuard,
  SqliteAuditIndex,
  SqliteAuditStore,
} from '@talos/storage'
import { type AgentWorld, nowS, passphraseOf, type TalosClientOptions, worldOf } from './options.ts'

export const AUDIT_FILE = 'audit.db'
const AUDIT_INDEX_FILE = 'auditindex.db'
export const AUDIT_GUARD_FILE = 'checkpoint.txt'
/** The one instance of an agent that lives in one folder. */
const INSTANCE = 'main'

/** A running agent's parts. */
export interface Agent extends AgentWorld {
  readonly name: string
  readonly did: Did
  readonly instance: string
  readonly folder: AgentFolder
  readonly lock: AgentLock
  readonly secrets: AgentSecrets
  readonly signer: Signer
  readonly database: AgentDatabase
  readonly log: AuditLog
  /** Envelope by which the identity lets the log key sign. */
  readonly logKey: Uint8Array
}

export interface OpenAgentOptions extends TalosClientOptions {
  readonly name: string
  /** Make the agent where it is missing. */
  readonly create: boolean
}

/** Opens an agent and everything it needs. @throws TalosError what home, key file, database and log throw */
export async function openAgent(options: OpenAgentOptions): Promise<Agent> {
  const world = worldOf(options)
  const home = new AgentHome({ root: options.home })
  const passphrase = passphraseOf(options)
  const isNew = options.create && !home.has(options.name)
  const folder = isNew ? await makeAgent(home, { ...options, world, passphrase }) : home.open(options.name)
  const lock = folder.lock()
  const undo: (() => void | Promise<void>)[] = [() => lock.release()]
  try {
    const secrets = await openKeyFile({ text: folder.readKeyFile(), passphrase, kernel: world.kernel })
    undo.push(() => disposeAgentSecrets(secrets))
    const signer = ed25519Signer({ kernel: world.kernel, seed: secrets.identitySeed })
    const database = AgentDatabase.open({ folder, lock, storageKey: secrets.storageKey, ...world })
    undo.push(() => database.close())
    const log = await openLog({ folder, secrets, signer, world })
    undo.push(() => log.close())
    if (log.size === 1 && log.fault === undefined) await log.append({ kind: 'identity.create' })
    const logKey = fromBase64url(log.reader.entry(0).entry.log?.delegation ?? '')
    return {
      ...world,
      name: options.name,
      did: signer.did,
      instance: INSTANCE,
      folder,
      lock,
      secrets,
      signer,
      database,
      log,
      logKey,
    }
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  }
}

/** Closes what `openAgent` opened. */
export async function closeAgent(agent: Agent): Promise<void> {
  await agent.log.close()
  agent.database.close()
  disposeAgentSecrets(agent.secrets)
  agent.lock.release()
}

async function makeAgent(
  home: AgentHome,
  options: OpenAgentOptions & { readonly world: AgentWorld; readonly passphrase: string },
): Promise<AgentFolder> {
  const { world, passphrase, name, keyFileParameters } = options
  const secrets = createAgentSecrets(world.random)
  try {
    const keyFile = await sealKeyFile({
      ...world,
      secrets,
      passphrase,
      ...(keyFileParameters !== undefined && { params: keyFileParameters }),
    })
    return home.create({ name, keyFile })
  } finally {
    disposeAgentSecrets(secrets)
  }
}

async function openLog(options: {
  readonly folder: AgentFolder
  readonly secrets: AgentSecrets
  readonly signer: Signer
  readonly world: AgentWorld
}): Promise<AuditLog> {
  const { folder, secrets, signer, world } = options
  const noteSigner = logSigner(secrets, world)
  const origin = `talos/${signer.did.slice('did:key:'.length)}/1`
  const { bytes } = await delegateLogKey({
    signer,
    logPublicKey: noteSigner.publicKey,
    origin,
    issuedAtS: nowS(world.clock),
  })
  const store = SqliteAuditStore.open({ path: folder.filePath(AUDIT_FILE) })
  try {
    return await AuditLog.open({
      ...world,
      store,
      guard: new FileCheckpointGuard({ path: folder.filePath(AUDIT_GUARD_FILE) }),
      index: SqliteAuditIndex.open({ path: folder.filePath(AUDIT_INDEX_FILE) }),
      signer: noteSigner,
      agent: signer.did,
      origin,
      logKeyDelegation: bytes,
    })
  } catch (error) {
    store.close()
    throw error
  }
}

function logSigner(secrets: AgentSecrets, { kernel }: AgentWorld): NoteSigner {
  return {
    publicKey: secrets.logSeed.use((seed) => kernel.ed25519PublicKey(seed)),
    sign: async (message) => secrets.logSeed.use((seed) => kernel.ed25519Sign(seed, message)),
  }
}
