/**
 * Vectors of what an identity goes through (contracts/spec/21-identity-lifecycle, 03-identity 3.6): key files with a reserve,
 * backups, and what a peer makes of a key log that it is told.
 */
import { encodeJcs, type JsonValue, parseJson, Secret, toHex, utf8 } from '@talos/bytes'
import type { BackupContents, Did } from '@talos/contracts'
import {
  appendEntry,
  createAgentSecrets,
  createKeyLog,
  createKeyReserve,
  didKeyFromPublicKey,
  ed25519Signer,
  type KeyLogChange,
  sealBackup,
  sealKeyFile,
  type VerifiedKeyLog,
} from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import { seededRandom } from '@talos/testkit'
import type { VectorFile } from './vector-file.ts'

const kernel = portableKernel()
const PASSPHRASE = 'correct horse battery staple'
const PARAMS = { memoryKib: 64, passes: 1, parallelism: 1 }
const START_MS = 1_790_000_000_000

interface Case {
  readonly clause: string
  readonly description: string
  readonly input: object
  readonly expected?: object
  readonly error?: string
}

export async function lifecycleVectors(): Promise<VectorFile[]> {
  return [
    file('key-file-v2', 'key file with a reserve', '03-identity', await keyFileCases()),
    file('backup', 'encrypted backup of an identity', '21-identity-lifecycle', await backupCases()),
    file(
      'continuity',
      'what a peer makes of the key logs that it is told, one after the other',
      '21-identity-lifecycle',
      await continuityCases(),
    ),
  ]
}

function file(name: string, subject: string, spec: string, given: readonly Case[]): VectorFile {
  const cases = given.map(({ clause, description, input, ...outcome }, index) => ({
    id: `${name}-${String(index + 1).padStart(3, '0')}`,
    clause,
    description,
    valid: outcome.error === undefined,
    input,
    ...outcome,
  }))
  return { path: `identity/${name}.json`, file: { format: 'talos-vectors/1', subject, spec, cases } }
}

async function keyFileCases(): Promise<Case[]> {
  const random = seededRandom('identity/key-file-v2')
  const secrets = createAgentSecrets(random)
  const reserve = createKeyReserve(random)
  const id = `did:talos:Qm${'1'.repeat(44)}` as Did
  const common = { passphrase: PASSPHRASE, kernel, random, params: PARAMS, identity: { id, reserve } }
  const text = await sealKeyFile({ secrets, ...common })
  const { did } = seeded(9)
  const external = await sealKeyFile({ secrets: { ...secrets, identitySeed: undefined }, did, ...common })
  const members = parseJson(text) as Record<string, JsonValue>
  const running = { sessionKeyHex: hexOf(secrets.sessionKey), logSeedHex: hexOf(secrets.logSeed) }
  const rest = { transportSeedHex: hexOf(secrets.transportSeed), storageKeyHex: hexOf(secrets.storageKey) }
  const opened = {
    ...running,
    ...rest,
    nextSeedHex: hexOf(reserve.nextSeed),
    recoverySeedHex: hexOf(reserve.recoverySeed),
  }
  const good = (description: string, given: string, expected: object): Case => ({
    clause: '3.6',
    description,
    input: { text: given, passphrase: PASSPHRASE },
    expected,
  })
  const bad = (description: string, given: string, error = 'KEY_FILE_INVALID', passphrase = PASSPHRASE): Case => ({
    clause: '3.6',
    description,
    input: { text: given, passphrase },
    error,
  })
  const reserved = members['reserve'] as Record<string, JsonValue>
  return [
    good('the key in the file', text, { identitySeedHex: hexOf(secrets.identitySeed), ...opened }),
    good('the key of an external signer', external, opened),
    bad('another passphrase', text, 'PASSPHRASE_WRONG', 'Correct horse battery staple'),
    bad('another durable name, checksum repaired', resum({ ...members, id: `did:talos:Qm${'2'.repeat(44)}` })),
    bad('an external signer by assertion, checksum repaired', resum({ ...members, signer: 'external' })),
    bad('another signer', resum({ ...members, signer: 'cloud' })),
    bad('no reserve', resum(Object.fromEntries(Object.entries(members).filter(([name]) => name !== 'reserve')))),
    bad('the reserve under another nonce', resum({ ...members, reserve: { ...reserved, nonce: 'AAAAAAAAAAAAAAAA' } })),
    bad('version 1 with a reserve', resum({ ...members, v: 1 })),
    bad('version 3', resum({ ...members, v: 3 })),
  ]
}

async function backupCases(): Promise<Case[]> {
  const random = seededRandom('identity/backup')
  const did = didKeyFromPublicKey(kernel.ed25519PublicKey(new Uint8Array(32).fill(1)))
  const contents: BackupContents = {
    v: 1,
    identitySeed: new Uint8Array(32).fill(1),
    sessionKey: new Uint8Array(32).fill(2),
    transportSeed: new Uint8Array(32).fill(3),
    nextSeed: new Uint8Array(32).fill(4),
    recoverySeed: new Uint8Array(32).fill(5),
    log: (await begun(1)).text,
    peers: [{ did, name: 'bob', endpoints: ['tls://203.0.113.7:4433'], transportKey: new Uint8Array(32).fill(6) }],
    identities: [],
    grants: [],
    revocations: [],
  }
  const head = { id: `did:talos:Qm${'1'.repeat(44)}` as Did, did, version: 1, madeS: START_MS / 1000 }
  const seal = async (given: BackupContents) =>
    await sealBackup({ ...head, contents: given, passphrase: PASSPHRASE, kernel, random, params: PARAMS })
  const text = await seal(contents)
  const { identitySeed: _, ...without } = contents
  const external = await seal(without)
  const members = parseJson(text) as Record<string, JsonValue>
  const expected = { log: contents.log, nextSeedHex: '04'.repeat(32), recoverySeedHex: '05'.repeat(32), peers: 1 }
  const bad = (description: string, given: string, error = 'BACKUP_INVALID', passphrase = PASSPHRASE): Case => ({
    clause: '21.8',
    description,
    input: { text: given, passphrase },
    error,
  })
  const good = (description: string, given: string, more: object): Case => ({
    clause: '21.8',
    description,
    input: { text: given, passphrase: PASSPHRASE },
    expected: { ...expected, ...more },
  })
  return [
    good('opens', text, { identitySeedHex: '01'.repeat(32) }),
    good('of an agent with an external signer', external, {}),
    bad('another passphrase', text, 'PASSPHRASE_WRONG', 'another'),
    bad('another name, checksum repaired', resum({ ...members, id: `did:talos:Qm${'2'.repeat(44)}` })),
    bad('another time, checksum repaired', resum({ ...members, madeS: 1 })),
    bad('a changed time', encodeJcs({ ...members, madeS: 1 })),
    bad('another format', resum({ ...members, format: 'talos-backup/v2' })),
    bad('a member more', resum({ ...members, note: 'x' })),
    bad('no text', ''),
    bad('contents of another form', await seal({ ...contents, more: 1 } as unknown as BackupContents)),
  ]
}

async function continuityCases(): Promise<Case[]> {
  const one = await begun(1)
  const two = await change(one, { kind: 'rotate', signer: seeded(2) })
  const three = await change(two, { kind: 'rotate', signer: seeded(3) })
  const fork = await change(one, { kind: 'rotate', signer: seeded(4) })
  const lost = await change(two, {
    kind: 'recover',
    signer: seeded(5),
    compromised: [{ key: seeded(2).did, fromMs: START_MS + 30_000 }],
  })
  const ended = await change(two, { kind: 'deactivate' })
  const thief = await createKeyLog({
    signer: seeded(1),
    updateSigner: seeded(60),
    nextUpdateKeys: [seeded(61).did],
    nowMs: START_MS,
  })
  const [first, second] = [seeded(1).did, seeded(2).did]
  const told = (description: string, logs: readonly VerifiedKeyLog[], expected: object): Case => ({
    clause: '21.3',
    description,
    input: { logs: logs.map(({ text }) => text), ask: [first, second] },
    expected,
  })
  const refused = (description: string, logs: readonly VerifiedKeyLog[], error: string): Case => ({
    clause: '21.3',
    description,
    input: { logs: logs.map(({ text }) => text), ask: [] },
    error,
  })
  const standing = (changeOf: string, current: readonly string[], standings: readonly string[]) => ({
    change: changeOf,
    current,
    standings,
  })
  return [
    told('a first log', [one], standing('new', [first, second], ['current', 'current'])),
    told('the same log again', [one, one], standing('same', [first, second], ['current', 'current'])),
    told('a log that goes on', [one, two], standing('extended', [second, second], ['rotated', 'current'])),
    told(
      'a log that went on by two entries meanwhile',
      [one, three],
      standing('extended', [seeded(3).did, seeded(3).did], ['rotated', 'rotated']),
    ),
    told(
      'a log that is met when it has three entries',
      [three],
      standing('new', [seeded(3).did, seeded(3).did], ['rotated', 'rotated']),
    ),
    told(
      'a compromised key',
      [two, lost],
      standing('extended', [seeded(5).did, seeded(5).did], ['rotated', 'compromised']),
    ),
    told('the end', [two, ended], standing('extended', [second, second], ['deactivated', 'deactivated'])),
    refused('an older state', [two, one], 'KEY_LOG_ROLLBACK'),
    refused('another history', [two, fork], 'KEY_LOG_FORK'),
    refused('another history that is shorter', [three, fork], 'KEY_LOG_FORK'),
    refused('a key that belongs to another log', [one, thief], 'IDENTITY_CONFLICT'),
  ]
}

async function begun(byte: number): Promise<VerifiedKeyLog> {
  return await createKeyLog({
    signer: seeded(byte),
    updateSigner: seeded(byte + 100),
    nextUpdateKeys: [seeded(byte + 101).did],
    nowMs: START_MS,
  })
}

/** The update keys of these logs have the seeds 101, 102, … in turn. */
async function change(log: VerifiedKeyLog, what: object): Promise<VerifiedKeyLog> {
  const { version } = log
  return await appendEntry(log, {
    ...what,
    updateSigner: seeded(101 + version),
    nextUpdateKeys: [seeded(102 + version).did],
    nowMs: START_MS + version * 60_000,
  } as unknown as KeyLogChange)
}

function seeded(byte: number) {
  return ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(byte)) })
}

function hexOf(secret: Secret): string {
  return secret.use(toHex)
}

function resum(members: Record<string, JsonValue>): string {
  const sealed = Object.fromEntries(Object.entries(members).filter(([name]) => name !== 'checksum'))
  return encodeJcs({ ...sealed, checksum: toHex(kernel.sha256(utf8(encodeJcs(sealed)))) })
}
