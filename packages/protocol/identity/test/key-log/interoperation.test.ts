/** Another implementation of did:webvh, didwebvh-ts, and this one read each other's logs. */
import { createPublicKey, verify } from 'node:crypto'
import { type JsonValue, parseJson, toBase58btc } from '@talos/bytes'
import { describe, expect, it, vi } from 'vitest'
import { appendEntry, type JsonObject, type KeyLogChange, type Signer, verifyKeyLog } from '../../src/index.ts'
import { kernel } from '../vector-input.ts'
import { append, change, DAY_MS, newLog, START_MS, update } from './cast.ts'

/** What is used of it; its own types do not resolve under Node's rules for modules. */
interface DidWebvhTs {
  createDID(options: object): Promise<TheirResult>
  updateDID(options: object): Promise<TheirResult>
  resolveDIDFromLog(log: readonly JsonValue[], options: object): Promise<TheirResolution>
  deriveNextKeyHash(multikey: string): Promise<string>
  prepareDataForSigning(document: unknown, proof: unknown): Promise<Uint8Array>
}
interface TheirResult {
  readonly did: string
  readonly log: readonly (JsonObject & { readonly versionId: string })[]
}
interface TheirResolution {
  readonly did: string
  /** None for a log that was deactivated. */
  readonly doc: JsonObject | null
  readonly meta: { readonly versionId: string; readonly deactivated: boolean; readonly error?: string }
}
/** In an environment of tests it writes each log that it sees into the current folder, as it finds out when it is loaded. */
vi.stubEnv('NODE_ENV', 'production')
const theirs = (await import('didwebvh-ts')) as object as DidWebvhTs
vi.unstubAllEnvs()

const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Their signatures are checked by OpenSSL, so that nothing of ours takes part. */
const verifier = {
  async verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): Promise<boolean> {
    const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' })
    return verify(null, message, key, signature)
  },
}

describe('didwebvh-ts', () => {
  it('reads every version of a log of ours', async () => {
    const services = [{ fragment: 'endpoint', type: 'TalosEndpoint', endpoint: 'https://agent.example' }]
    const keyAgreement = kernel.x25519PublicKey(new Uint8Array(32).fill(9))
    const location = { method: 'webvh', host: 'example.com', path: ['agents', 'a'] } as const
    let log = await newLog({ location, portable: true, services, keyAgreement })
    log = await append(await append(log, 'rotate'), 'recover')
    const moved = { ...change(log, 'update'), location: { method: 'webvh', host: 'example.org' } } as KeyLogChange
    log = await append(await appendEntry(log, moved), 'deactivate')
    for (const entry of log.entries) {
      const lines = log.entries.slice(0, entry.number).map(({ line }) => parseJson(line))
      const { did, doc, meta } = await theirs.resolveDIDFromLog(lines, { verifier })
      const { versionId, deactivated, error } = meta
      const { did: id, parameters } = entry
      expect({ did, versionId, deactivated, error }).toEqual({
        did: id,
        versionId: entry.versionId,
        deactivated: parameters.deactivated,
        error: undefined,
      })
      expect(doc?.['verificationMethod']).toEqual(deactivated ? undefined : entry.document['verificationMethod'])
    }
  })

  it('refuses a log of ours with a changed character', async () => {
    const { text } = await newLog({ location: { method: 'webvh', host: 'example.com' } })
    const changed = parseJson(text.replace('2026-03-01', '2026-03-02').trim())
    await expect(theirs.resolveDIDFromLog([changed], { verifier })).rejects.toThrow('failed verification')
  })

  it('writes logs that verify here, with keys announced ahead and used', async () => {
    const entry = async (number: number) => ({
      signer: theirSigner(update(number)),
      verifier,
      updateKeys: [multikeyOf(update(number))],
      nextKeyHashes: [await theirs.deriveNextKeyHash(multikeyOf(update(number + 1)))],
      verificationMethods: [
        { type: 'Multikey', publicKeyMultibase: multikeyOf(update(number)), purpose: 'authentication' },
      ],
    })
    const first = { domain: 'example.com', portable: true, created: '2026-03-01T00:00:00Z' }
    const created = await theirs.createDID({ ...first, ...(await entry(1)) })
    const second = { log: created.log, updated: '2026-03-02T00:00:00Z' }
    const updated = await theirs.updateDID({ ...second, ...(await entry(2)) })
    const text = updated.log.map((line) => JSON.stringify(line)).join('\n')
    const log = verifyKeyLog({ kernel, text, nowMs: START_MS + 9 * DAY_MS, did: updated.did })
    expect(log.entries.map(({ versionId }) => versionId)).toEqual(updated.log.map(({ versionId }) => versionId))
    expect(log.keys.map(({ did, standing }) => [did, standing])).toEqual([
      [update(1).did, 'rotated'],
      [update(2).did, 'current'],
    ])
  })
})

function multikeyOf({ did }: Signer): string {
  return did.slice('did:key:'.length)
}

/** Our signer behind their port. */
function theirSigner(signer: Signer) {
  return {
    getVerificationMethodId: () => `${signer.did}#${multikeyOf(signer)}`,
    async sign({ document, proof }: { readonly document: unknown; readonly proof: unknown }) {
      const signature = await signer.sign(await theirs.prepareDataForSigning(document, proof))
      return { proofValue: `z${toBase58btc(signature)}` }
    },
  }
}
