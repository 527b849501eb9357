/** Signers, logs and resolvers for the tests, around a real host. */
import { encodeJcs, Secret, toBase58btc, utf8 } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import {
  appendEntry,
  createKeyLog,
  type DidResolver,
  ed25519Signer,
  type JsonObject,
  type Signer,
  signDocument,
  type VerifiedKeyLog,
} from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import { manualClock, seededRandom } from '@talos/testkit'
import { createResolver, type ResolverOptions } from '../src/index.ts'
import { HOST, type HttpsHost } from './https-host.ts'

export const kernel = portableKernel()
const random = seededRandom('resolver')
const START_MS = Date.parse('2026-05-01T12:00:00Z')
export const clock = manualClock(START_MS)

export function newSigner(): Signer {
  return ed25519Signer({ kernel, seed: Secret.random(random, 32) })
}

/** A log on the host, and the update key that its next entry takes. */
export async function webLog(
  host: HttpsHost,
  options: { readonly ttlS?: number; readonly path?: readonly string[] } = {},
) {
  const next = newSigner()
  const log = await createKeyLog({
    signer: newSigner(),
    updateSigner: newSigner(),
    nextUpdateKeys: [next.did],
    nowMs: START_MS - 60_000,
    location: {
      method: 'webvh',
      host: `${HOST}:${host.port}`,
      ...(options.path !== undefined && { path: options.path }),
    },
    ...(options.ttlS !== undefined && { ttlS: options.ttlS }),
  })
  return { log, next }
}

export function rotated(log: VerifiedKeyLog, updateSigner: Signer): Promise<VerifiedKeyLog> {
  const nextUpdateKeys = [newSigner().did]
  return appendEntry(log, {
    kind: 'rotate',
    signer: newSigner(),
    updateSigner,
    nextUpdateKeys,
    nowMs: START_MS - 30_000,
  })
}

/** A log as another implementation may write it: without agreement of a key, and with a document that lacks a controller. */
export async function foreignLog(host: HttpsHost, signer: Signer, more: JsonObject = {}): Promise<VerifiedKeyLog> {
  const placeholder = '{SCID}'
  const multikey = signer.did.slice('did:key:'.length)
  const did = `did:webvh:${placeholder}:${HOST}%3A${host.port}`
  const preliminary = {
    versionId: placeholder,
    versionTime: '2026-04-01T00:00:00Z',
    parameters: { method: 'did:webvh:1.0', scid: placeholder, updateKeys: [multikey], ...more },
    state: { id: did, verificationMethod: [{ id: `${did}#a`, type: 'Multikey', publicKeyMultibase: multikey }] },
  }
  const scid = hashOf(preliminary)
  const entry: JsonObject = JSON.parse(JSON.stringify(preliminary).replaceAll(placeholder, scid))
  const document = { ...entry, versionId: `1-${hashOf(entry)}` }
  const line = JSON.stringify(await signDocument({ signer, document, purpose: 'assertionMethod' }))
  return {
    did: `did:webvh:${scid}:${HOST}%3A${host.port}`,
    versionId: document.versionId,
    text: `${line}\n`,
  } as VerifiedKeyLog
}

function hashOf(entry: object): string {
  const digest = kernel.sha256(utf8(encodeJcs(entry as JsonObject)))
  return toBase58btc(Uint8Array.of(0x12, 0x20, ...digest))
}

export function resolverWith(host: HttpsHost, options: Partial<ResolverOptions> = {}): DidResolver {
  return createResolver({
    kernel,
    clock,
    ca: [host.ca],
    lookup: async () => ['127.0.0.1'],
    allowPrivateAddresses: true,
    timeoutMs: 2_000,
    ...options,
  })
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (isTalosError(error)) return error.code
    throw error
  }
  return 'none'
}

/** The DID of the host itself. */
export function webDid(host: HttpsHost): string {
  return `did:web:${HOST}%3A${host.port}`
}
