/**
 * Changes of an agent's identity that does not run: rotation, deactivation (spec 21-identity-lifecycle, 21.4).
 *
 * A change is prepared whole: new keys, the new entry of the key log, the new key file. Then it is decided by one file, and
 * carried out by opening the agent.
 */
import { Secret, toBase64url } from '@talos/bytes'
import type { Did, PendingChange } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import {
  AGENT_SECRET_BYTES,
  appendEntry,
  delegateLogKey,
  disposeKeyReserve,
  type KeyReserve,
  openKeyReserve,
  type RunningSecrets,
  type Signer,
  type VerifiedKeyLog,
} from '@talos/identity'
import { type Agent, closeAgent, openAgent } from '../agent.ts'
import { nowS, passphraseOf, type TalosClientOptions, worldOf } from '../options.ts'
import { writeChange } from './own-files.ts'
import { type KeyOptions, nextUpdateKeys, sealIdentity, seedSigner } from './own-identity.ts'
import { lostGrants } from './reissue.ts'

export interface RotateIdentityOptions extends TalosClientOptions {
  /** `compromised`: somebody else may have the key; what it signs from `compromisedFromMs` on is not the agent's. */
  readonly reason?: 'scheduled' | 'compromised'
  /** Milliseconds; now unless given. */
  readonly compromisedFromMs?: number
  /**
   * Who holds the next key: an external signer with a fresh key, or `file`. An agent whose key is in its key file gets the next
   * one there unless told otherwise; one with an external signer has to be told.
   */
  readonly nextSigner?: Signer | 'file'
}

export interface ChangedIdentity {
  /** The durable name. */
  readonly id: Did
  /** The key before. */
  readonly before: Did
  /** The key that signs now; after a deactivation none does, and it is the key before. */
  readonly did: Did
  /** Number of entries of the key log. */
  readonly version: number
  readonly versionId: string
  /**
   * CIDs of grants that were in force and end with the key: by compromised keys, which executors refuse until they are issued
   * anew, and leases that nobody can renew any more.
   */
  readonly toReissue: readonly string[]
}

/**
 * Replaces an agent's key. The agent must not run.
 *
 * A process that dies in the midst leaves the old key in force, or the new one with the rest to be done at the next start.
 *
 * @throws TalosError `AGENT_LOCKED`, `IDENTITY_DEACTIVATED`, `KEY_FILE_SIGNER`, `KEY_LOG_*`, and what opening throws
 */
export async function rotateIdentity(name: string, options: RotateIdentityOptions = {}): Promise<ChangedIdentity> {
  return await changeIdentity(name, options, async (agent) => await prepareRotation(agent, options))
}

/**
 * Ends an agent's identity for good. The agent must not run. Opened afterwards it does nothing but tell its peers.
 *
 * @throws TalosError as `rotateIdentity`
 */
export async function deactivateIdentity(name: string, options: TalosClientOptions = {}): Promise<ChangedIdentity> {
  return await changeIdentity(name, options, async (agent) => await prepareDeactivation(agent, options))
}

/** A change that is decided once it is written. */
async function changeIdentity(
  name: string,
  options: TalosClientOptions,
  prepare: (agent: Agent) => Promise<PendingChange>,
): Promise<ChangedIdentity> {
  // What an earlier process began is carried out by this.
  const agent = await openAgent({ ...options, name, create: false })
  const before = agent.did
  try {
    if (agent.keyLog.deactivated) throw new TalosError('IDENTITY_DEACTIVATED')
    const change = await prepare(agent)
    writeChange(agent.folder, change)
  } finally {
    await closeAgent(agent)
  }
  const { signer: _, ...rest } = options
  const nextSigner = (options as RotateIdentityOptions).nextSigner
  const signer = nextSigner === undefined ? options.signer : nextSigner === 'file' ? undefined : nextSigner
  const changed = await openAgent({ ...rest, ...(signer !== undefined && { signer }), name, create: false })
  try {
    return factsOf(changed, before)
  } finally {
    await closeAgent(changed)
  }
}

/** Everything of a rotation but its doing. */
async function prepareRotation(agent: Agent, options: RotateIdentityOptions): Promise<PendingChange> {
  const { kernel, random, clock, keyLog, did } = agent
  const isEmergency = options.reason === 'compromised'
  const keyOptions = keyOptionsOf(options)
  const reserve = await openKeyReserve({ text: agent.folder.readKeyFile(), passphrase: keyOptions.passphrase, kernel })
  const next = nextKey(agent, { ...options, keyOptions })
  const secrets = nextSecrets(agent, { isEmergency })
  const nextReserve = {
    nextSeed: Secret.of(random.bytes(AGENT_SECRET_BYTES)),
    recoverySeed: isEmergency ? Secret.of(random.bytes(AGENT_SECRET_BYTES)) : reserve.recoverySeed,
  }
  try {
    const nowMs = clock.nowMs()
    const common = {
      signer: next.signer,
      updateSigner: seedSigner(reserve.nextSeed, keyOptions),
      nextUpdateKeys: nextUpdateKeys(nextReserve, keyOptions),
      keyAgreement: secrets.sessionKey.use((key) => kernel.x25519PublicKey(key)),
      nowMs,
    }
    const fromMs = options.compromisedFromMs ?? nowMs
    const log = isEmergency
      ? await appendEntry(keyLog, { kind: 'recover', compromised: [{ key: did, fromMs }], ...common })
      : await appendEntry(keyLog, { kind: 'rotate', ...common })
    const logKey = await delegateNext(agent, { signer: next.signer, secrets })
    const keyFile = await sealNext({ keyOptions, secrets, next, reserve: nextReserve, log })
    return {
      v: 1,
      kind: 'rotate',
      did: next.signer.did,
      keyFile,
      log: log.text,
      logKey: toBase64url(logKey),
      isEmergency,
    }
  } finally {
    next.seed?.dispose()
    for (const secret of [secrets.sessionKey, nextReserve.nextSeed, nextReserve.recoverySeed]) secret.dispose()
    if (isEmergency) secrets.logSeed.dispose()
    disposeKeyReserve(reserve)
  }
}

async function prepareDeactivation(agent: Agent, options: TalosClientOptions): Promise<PendingChange> {
  const { keyLog, did, clock, kernel } = agent
  const keyOptions = keyOptionsOf(options)
  const keyFile = agent.folder.readKeyFile()
  const reserve = await openKeyReserve({ text: keyFile, passphrase: keyOptions.passphrase, kernel })
  try {
    const updateSigner = seedSigner(reserve.nextSeed, keyOptions)
    const log = await appendEntry(keyLog, { kind: 'deactivate', updateSigner, nowMs: clock.nowMs() })
    return { v: 1, kind: 'deactivate', did, keyFile, log: log.text, isEmergency: false }
  } finally {
    disposeKeyReserve(reserve)
  }
}

export function keyOptionsOf(options: TalosClientOptions): KeyOptions {
  return { ...options, world: worldOf(options), passphrase: passphraseOf(options) }
}

interface NextKey {
  readonly signer: Signer
  /** Absent with an external signer. */
  readonly seed: Secret | undefined
}

/** A fresh key of the identity. @throws TalosError `KEY_FILE_SIGNER` */
function nextKey(
  agent: Agent,
  { signer, nextSigner, keyOptions }: RotateIdentityOptions & { readonly keyOptions: KeyOptions },
): NextKey {
  if (nextSigner !== undefined && nextSigner !== 'file') return { signer: nextSigner, seed: undefined }
  // The key must not move from a device into a file by forgetting an option.
  const isExternal = signer !== undefined && nextSigner === undefined
  if (isExternal) throw new TalosError('KEY_FILE_SIGNER', { holder: 'an external signer, and no next one was named' })
  const seed = Secret.of(agent.random.bytes(AGENT_SECRET_BYTES))
  return { signer: seedSigner(seed, keyOptions), seed }
}

/**
 * Sessions begin anew under every key. The log key goes where keys are compromised. The transport key stays: who has it can
 * disturb links and no more, since each side signs the link it is on, and peers find the agent by it. The storage key stays
 * as well: it opens what lies in this folder and nothing else.
 */
function nextSecrets(agent: Agent, { isEmergency }: { readonly isEmergency: boolean }): RunningSecrets {
  const { random, secrets } = agent
  return {
    ...secrets,
    sessionKey: Secret.of(random.bytes(AGENT_SECRET_BYTES)),
    logSeed: isEmergency ? Secret.of(random.bytes(AGENT_SECRET_BYTES)) : secrets.logSeed,
  }
}

/** The log goes on under its name, delegated by the next key. */
async function delegateNext(
  agent: Agent,
  { signer, secrets }: { readonly signer: Signer; readonly secrets: RunningSecrets },
): Promise<Uint8Array> {
  const { kernel, clock, log } = agent
  const { bytes } = await delegateLogKey({
    signer,
    logPublicKey: secrets.logSeed.use((seed) => kernel.ed25519PublicKey(seed)),
    origin: log.verifierKey.name,
    issuedAtS: nowS(clock),
  })
  return bytes
}

async function sealNext(options: {
  readonly keyOptions: KeyOptions
  readonly secrets: RunningSecrets
  readonly next: NextKey
  readonly reserve: KeyReserve
  readonly log: VerifiedKeyLog
}): Promise<string> {
  const { keyOptions, secrets, next, reserve, log } = options
  const identity = { id: log.name, reserve }
  return await sealIdentity({ ...keyOptions, secrets, did: next.signer.did, identitySeed: next.seed, identity })
}

export function factsOf(agent: Agent, before: Did): ChangedIdentity {
  const { keyLog, did } = agent
  return {
    id: keyLog.name,
    before,
    did,
    version: keyLog.version,
    versionId: keyLog.versionId,
    toReissue: lostGrants(agent).map(({ link }) => link.name),
  }
}
