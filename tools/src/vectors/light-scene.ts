/** The agent of the light client's vectors: its tree, its keys and its revocations, and a source of them. */
import { encodeJcs, Secret, toBase64url, toHex, utf8 } from '@talos/bytes'
import { REVOCATION_HEAD_TAG, REVOCATION_TAG } from '@talos/contracts'
import {
  appendEntry,
  createKeyLog,
  delegateLogKey,
  ed25519Signer,
  signEnvelope,
  type VerifiedKeyLog,
} from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import { type NoteSigner, signCheckpoint, treeSize } from '@talos/merkle'
import { sha256 } from './merkle-tree.ts'

export const kernel = portableKernel()
export const NOW_S = 1_800_000_000
const CREATED_MS = 1_700_000_000_000
const ROTATED_MS = (NOW_S - 30) * 1000
export const AGENT = 10
export const NEXT = 12
const LOG_KEY = 11
export const WITNESS = 20

const seedOf = (byte: number) => new Uint8Array(32).fill(byte)
export const identity = (byte: number) => ed25519Signer({ kernel, seed: Secret.of(seedOf(byte)) })
const ORIGIN = originOf(AGENT, 1)

export function originOf(byte: number, epoch: number): string {
  return `talos/${identity(byte).did.slice('did:key:'.length)}/${epoch}`
}

export function noteSigner(byte: number): NoteSigner {
  return {
    publicKey: kernel.ed25519PublicKey(seedOf(byte)),
    sign: async (message) => kernel.ed25519Sign(seedOf(byte), message),
  }
}

/** Leaf hashes of entries; those from `since` on are of another history. */
export function leaves(count: number, since = count): Buffer[] {
  return Array.from({ length: count }, (_, index) =>
    sha256(Buffer.of(0), utf8(`${index < since ? '' : 'other '}entry ${index}`)),
  )
}

function rootOf(hashes: readonly Buffer[]): Buffer {
  const [only] = hashes
  if (only === undefined) return sha256()
  if (hashes.length === 1) return only
  let split = 1
  while (split * 2 < hashes.length) split *= 2
  return sha256(Buffer.of(1), rootOf(hashes.slice(0, split)), rootOf(hashes.slice(split)))
}

export async function note(hashes: readonly Buffer[], { logByte = LOG_KEY, origin = ORIGIN } = {}): Promise<string> {
  return await signCheckpoint({
    origin,
    size: treeSize(hashes.length),
    root: rootOf(hashes),
    signer: noteSigner(logByte),
    kernel,
  })
}

export async function delegation({ by = AGENT, logByte = LOG_KEY, origin = ORIGIN } = {}): Promise<Uint8Array> {
  const logPublicKey = noteSigner(logByte).publicKey
  return (await delegateLogKey({ signer: identity(by), logPublicKey, origin, issuedAtS: NOW_S })).bytes
}

export async function revocation(number: number, by = AGENT): Promise<Uint8Array> {
  const signer = identity(by)
  const payload = { iss: signer.did, who: identity(100 + number).did, atS: NOW_S - 900 + number }
  return (await signEnvelope({ tag: REVOCATION_TAG, payload, signer })).bytes
}

export async function head(items: readonly Uint8Array[], { by = AGENT, atS = NOW_S - 100 } = {}): Promise<Uint8Array> {
  const signer = identity(by)
  let digest = sha256(utf8(`talos/revlist/1\0${signer.did}`))
  for (const item of items) digest = sha256(digest, sha256(item))
  const payload = { iss: signer.did, n: items.length, digest: new Uint8Array(digest), atS }
  return (await signEnvelope({ tag: REVOCATION_HEAD_TAG, payload, signer })).bytes
}

export async function keyLogs() {
  const update = (number: number) => ({
    updateSigner: identity(200 + number),
    nextUpdateKeys: [identity(201 + number).did],
  })
  const first = await createKeyLog({ signer: identity(AGENT), ...update(0), nowMs: CREATED_MS })
  const change = { ...update(1), nowMs: ROTATED_MS }
  const rotated = await appendEntry(first, { kind: 'rotate', signer: identity(NEXT), ...change })
  const branch = await appendEntry(first, { kind: 'rotate', signer: identity(14), ...change })
  const compromised = [{ key: identity(AGENT).did, fromMs: CREATED_MS }]
  const recovered = await appendEntry(first, { kind: 'recover', signer: identity(NEXT), compromised, ...change })
  const other = await createKeyLog({ signer: identity(16), ...update(5), nowMs: CREATED_MS })
  return { first, rotated, branch, recovered, other }
}

export interface Parts {
  readonly checkpoint: string
  readonly leaves: readonly Buffer[]
  readonly logKey: Uint8Array
  readonly keyLog: VerifiedKeyLog
  readonly head?: Uint8Array | undefined
  readonly items?: readonly Uint8Array[]
}

/** The answers of a source. Trees here have less than 256 leaves, so that every tile is the beginning of the leaf hashes. */
export function sourceOf({ checkpoint, leaves: hashes, logKey, keyLog, head: signed, items = [] }: Parts): object {
  return {
    checkpoint,
    leafHashesHex: hashes.map(toHex),
    logKeyHex: toHex(logKey),
    keyLog: keyLog.text,
    revocations: signed === undefined ? null : { headHex: toHex(signed), itemsHex: items.map(toHex) },
  }
}

export function stateOf({ checkpoint, logKey, keyLog, head: signed }: Parts): string {
  return encodeJcs({
    format: 'talos-light/1',
    identity: keyLog.name,
    version: keyLog.versionId,
    logKey: toBase64url(logKey),
    checkpoint,
    ...(signed !== undefined && { revocations: toBase64url(signed) }),
  })
}
