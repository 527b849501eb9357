/**
 * An agent's own identity at its start: the key file opened, the signer at hand, the key log verified.
 *
 * An agent of before key logs gets one at its first open, begun by the key that it has.
 */
import { fromUtf8, Secret, utf8 } from '@talos/bytes'
import type { Did, PendingChange } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import {
  AGENT_SECRET_BYTES,
  type AgentSecrets,
  createAgentSecrets,
  createKeyLog,
  createKeyReserve,
  disposeAgentSecrets,
  disposeKeyReserve,
  ed25519Signer,
  type KeyFileIdentity,
  type KeyReserve,
  type OpenedSecrets,
  openKeyFileSecrets,
  parseKeyFile,
  type RunningSecrets,
  type Signer,
  sealKeyFile,
  type VerifiedKeyLog,
} from '@talos/identity'
import type { AgentFolder, AgentHome } from '@talos/storage'
import type { AgentWorld, TalosClientOptions } from '../options.ts'
import { applyFiles, KEY_LOG_FILE, readChange, readOwnLog, verifyOwnLog } from './own-files.ts'

/** What opens an agent's keys. */
export interface KeyOptions extends Pick<TalosClientOptions, 'signer' | 'keyFileParameters'> {
  readonly world: AgentWorld
  readonly passphrase: string
}

export interface OwnIdentity {
  /** Without the seed of the identity: that is the signer's. */
  readonly secrets: RunningSecrets
  readonly signer: Signer
  readonly keyLog: VerifiedKeyLog
  /** A change whose files are in place, and the rest is not known to be. */
  readonly pending: PendingChange | undefined
  /** Forgets the keys. */
  dispose(): void
}

/** Makes the folder of a new agent: key file and key log. @throws TalosError what home, key file and signer throw */
export async function makeIdentity(home: AgentHome, name: string, options: KeyOptions): Promise<AgentFolder> {
  const secrets = createAgentSecrets(options.world.random)
  try {
    const signer = options.signer ?? seedSigner(secrets.identitySeed, options)
    const { keyLog, keyFile } = await begin({ ...options, secrets, signer })
    return home.create({ name, keyFile, files: { [KEY_LOG_FILE]: utf8(keyLog.text) } })
  } finally {
    disposeAgentSecrets(secrets)
  }
}

/**
 * Opens the identity of an agent whose lock this process holds.
 *
 * @throws TalosError what key file, key log and folder throw; `KEY_FILE_SIGNER` where the signer is missing or another
 */
export async function openIdentity(folder: AgentFolder, options: KeyOptions): Promise<OwnIdentity> {
  const { world, passphrase } = options
  const { kernel } = world
  const pending = readChange(folder)
  if (pending !== undefined) applyFiles(folder, pending)
  const text = folder.readKeyFile()
  const file = parseKeyFile(text, kernel)
  const secrets = await openKeyFileSecrets({ text, passphrase, kernel })
  try {
    const signer = signerOf(secrets, { ...options, did: file.did as Did })
    const keyLog =
      file.v === 1 ? await beginLate(folder, { ...options, secrets, signer }) : readOwnLog(folder, { kernel, file })
    requireSigningKey(keyLog, { name: folder.name, did: signer.did })
    return { secrets, signer, keyLog, pending, dispose: () => disposeAgentSecrets(secrets) }
  } catch (error) {
    disposeAgentSecrets(secrets)
    throw error
  }
}

/** A key that was replaced is in an old copy of the key file. @throws TalosError `IDENTITY_LOG_MISSING` */
function requireSigningKey(log: VerifiedKeyLog, { name, did }: { readonly name: string; readonly did: Did }): void {
  if (log.deactivated || log.signingKey === did) return
  const reason = "the key file's key was replaced, so that the key file is an old copy"
  throw new TalosError('IDENTITY_LOG_MISSING', { name, reason })
}

/** The `did:key` of an update key's seed. */
export function seedSigner(seed: Secret, { world }: Pick<KeyOptions, 'world'>): Signer {
  return ed25519Signer({ kernel: world.kernel, seed })
}

/** Names of the update keys that may sign the next entry. */
export function nextUpdateKeys(reserve: KeyReserve, options: Pick<KeyOptions, 'world'>): readonly Did[] {
  return [seedSigner(reserve.nextSeed, options).did, seedSigner(reserve.recoverySeed, options).did]
}

/** Seals a key file with the identity's seed, or without where an external signer holds the key. */
export async function sealIdentity(
  options: KeyOptions & {
    readonly secrets: RunningSecrets
    readonly identitySeed: Secret | undefined
    readonly did: Did
    readonly identity: KeyFileIdentity
  },
): Promise<string> {
  const { world, passphrase, did, identity, identitySeed, keyFileParameters: params } = options
  const { sessionKey, logSeed, transportSeed, storageKey } = options.secrets
  const running = { sessionKey, logSeed, transportSeed, storageKey }
  const common = { ...world, passphrase, identity, ...(params !== undefined && { params }) }
  if (identitySeed === undefined) return await sealKeyFile({ ...common, did, secrets: { ...running, identitySeed } })
  return await sealKeyFile({ ...common, secrets: { ...running, identitySeed } })
}

function signerOf(secrets: OpenedSecrets, { signer, did, world }: KeyOptions & { readonly did: Did }): Signer {
  const { identitySeed } = secrets
  if (identitySeed === undefined) {
    if (signer === undefined) throw new TalosError('KEY_FILE_SIGNER', { holder: 'an external signer' })
    if (signer.did !== did) throw new TalosError('KEY_FILE_SIGNER', { holder: 'another external signer' })
    return signer
  }
  if (signer !== undefined && signer.did !== did) throw new TalosError('KEY_FILE_SIGNER', { holder: 'its key file' })
  return seedSigner(identitySeed, { world })
}

/** A key log begun by the key that the agent has; its first update key is used once and forgotten. */
async function begin(
  options: KeyOptions & { readonly secrets: AgentSecrets | OpenedSecrets; readonly signer: Signer },
): Promise<{ readonly keyLog: VerifiedKeyLog; readonly keyFile: string }> {
  const { world, secrets, signer } = options
  const { kernel, random, clock } = world
  const reserve = createKeyReserve(random)
  const once = Secret.of(random.bytes(AGENT_SECRET_BYTES))
  try {
    const keyLog = await createKeyLog({
      signer,
      updateSigner: seedSigner(once, options),
      nextUpdateKeys: nextUpdateKeys(reserve, options),
      keyAgreement: secrets.sessionKey.use((key) => kernel.x25519PublicKey(key)),
      nowMs: clock.nowMs(),
    })
    const identity = { id: keyLog.name, reserve }
    const identitySeed = isSeedOf(secrets, options) ? secrets.identitySeed : undefined
    return { keyLog, keyFile: await sealIdentity({ ...options, did: signer.did, identitySeed, identity }) }
  } finally {
    once.dispose()
    disposeKeyReserve(reserve)
  }
}

function isSeedOf({ identitySeed }: AgentSecrets | OpenedSecrets, options: KeyOptions & { readonly signer: Signer }) {
  return identitySeed !== undefined && seedSigner(identitySeed, options).did === options.signer.did
}

/**
 * The log comes first: what a crash leaves of it, before the key file says its name, is begun anew. A log that has gone on is
 * no such thing: then the key file is a copy from before it, and the durable name must not go with it.
 *
 * @throws TalosError `IDENTITY_LOG_MISSING`, and what verifying throws
 */
async function beginLate(
  folder: AgentFolder,
  options: KeyOptions & { readonly secrets: OpenedSecrets; readonly signer: Signer },
): Promise<VerifiedKeyLog> {
  if (folder.hasFile(KEY_LOG_FILE)) {
    const left = verifyOwnLog(fromUtf8(folder.readFile(KEY_LOG_FILE)), options.world.kernel)
    const reason = 'the key file is a copy from before it'
    if (left.version > 1) throw new TalosError('IDENTITY_LOG_MISSING', { name: folder.name, reason })
  }
  const { keyLog, keyFile } = await begin(options)
  folder.writeFile(KEY_LOG_FILE, utf8(keyLog.text))
  folder.writeKeyFile(keyFile)
  return keyLog
}
