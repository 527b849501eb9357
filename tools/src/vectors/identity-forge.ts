/** Makes key logs of any contents, with right hashes and signatures wherever a case does not want them wrong. */
import { encodeJcs, Secret, toBase58btc, utf8 } from '@talos/bytes'
import { ed25519Signer, type JsonObject, makeProof, type Signer } from '@talos/identity'
import { portableKernel } from '@talos/kernel'

const PLACEHOLDER = '{SCID}'

export const kernel = portableKernel()

/** The signer whose seed is 32 times this byte. */
function signerOf(byte: number): Signer {
  return ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(byte)) })
}

export function multikeyOf(signer: Signer): string {
  return signer.did.slice('did:key:'.length)
}

/** base58btc multihash of SHA-256 over the text. */
export function hashOf(text: string): string {
  return toBase58btc(Uint8Array.of(0x12, 0x20, ...kernel.sha256(utf8(text))))
}

export interface EntryToForge {
  readonly versionTime: string
  /** `{SCID}` stands for the SCID. */
  readonly parameters: JsonObject
  readonly state: JsonObject
  readonly signers: readonly Signer[]
  /** Changes the entry before it is hashed and signed. */
  readonly before?: (entry: JsonObject) => JsonObject
  /** Changes the signed entry. */
  readonly after?: (entry: JsonObject) => JsonObject
}

export interface ForgedLog {
  readonly scid: string
  readonly lines: readonly string[]
  readonly versionIds: readonly string[]
}

/** A log of these entries, chained, hashed and signed as the specification says. */
export async function forgeLog(entries: readonly EntryToForge[]): Promise<ForgedLog> {
  const lines: string[] = []
  const versionIds: string[] = []
  let scid = ''
  for (const [index, forged] of entries.entries()) {
    const { versionTime, parameters, state, signers, before = same, after = same } = forged
    const first: JsonObject = { versionId: PLACEHOLDER, versionTime, parameters, state }
    if (index === 0) scid = hashOf(encodeJcs(first))
    const named: JsonObject = JSON.parse(encodeJcs(first).replaceAll(PLACEHOLDER, scid))
    const entry = before({ ...named, versionId: versionIds.at(-1) ?? scid })
    const document = { ...entry, versionId: `${index + 1}-${hashOf(encodeJcs(entry))}` }
    versionIds.push(document.versionId)
    const proof = await Promise.all(
      signers.map((signer) => makeProof({ signer, document, created: versionTime, purpose: 'assertionMethod' })),
    )
    lines.push(encodeJcs(after({ ...document, proof })))
  }
  return { scid, lines, versionIds }
}

/** The text of a member; empty where it is none. */
export function textOf(object: JsonObject, name: string): string {
  const value = object[name]
  return typeof value === 'string' ? value : ''
}

function same(entry: JsonObject): JsonObject {
  return entry
}

export const [K1, K2, K3] = [signerOf(0x11), signerOf(0x12), signerOf(0x13)] as const
export const [U1, U2, U3, U4, U5] = [
  signerOf(0x21),
  signerOf(0x22),
  signerOf(0x23),
  signerOf(0x24),
  signerOf(0x25),
] as const
export const [W1, W2] = [signerOf(0x31), signerOf(0x32)] as const

/** One case: a log, what is asked of it, and the code with which it is refused; none when it verifies. */
export interface Given {
  readonly clause: string
  readonly description: string
  readonly log: string
  readonly did?: string
  readonly witnessFile?: string
  readonly nowMs?: number
  readonly error?: string
}

/** The document of a log that another implementation may have written, with this update key as its signing key. */
export function stateOf(key = U1, more: JsonObject = {}): JsonObject {
  const id = 'did:webvh:{SCID}:example.com'
  const method = { id: `${id}#key`, type: 'Multikey', controller: id, publicKeyMultibase: multikeyOf(key) }
  return {
    '@context': ['https://www.w3.org/ns/did/v1'],
    id,
    verificationMethod: [method],
    authentication: [method.id],
    ...more,
  }
}

export const GENESIS: EntryToForge = {
  versionTime: '2026-03-01T00:00:00Z',
  parameters: { method: 'did:webvh:1.0', scid: '{SCID}', updateKeys: [multikeyOf(U1)] },
  state: stateOf(),
  signers: [U1],
}
export const SECOND: EntryToForge = {
  versionTime: '2026-03-02T00:00:00Z',
  parameters: {},
  state: stateOf(),
  signers: [U1],
}

export function withParameters(entry: EntryToForge, parameters: JsonObject): EntryToForge {
  return { ...entry, parameters: { ...entry.parameters, ...parameters } }
}

export async function forged(entries: readonly EntryToForge[]): Promise<string> {
  return `${(await forgeLog(entries)).lines.join('\n')}\n`
}
