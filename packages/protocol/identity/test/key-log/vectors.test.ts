import { describe, expect, it } from 'vitest'
import { readDid, verifyDocument, verifyKeyLog, webUrl } from '../../src/index.ts'
import { casesOf, kernel, outcomeOf, type VectorInput } from '../vector-input.ts'

describe('key log vectors', () => {
  it.each(casesOf('identity/key-log.json'))('$title', async ({ input, wanted }) => {
    expect(await outcomeOf(() => summaryOf(input))).toEqual(wanted)
  })
})

describe('data integrity vectors', () => {
  it.each(casesOf('identity/data-integrity.json'))('$title', async ({ input, wanted }) => {
    const run = () => {
      const proofs = verifyDocument({ kernel, document: input.object('document'), purpose: input.text('purpose') })
      return { proofs: proofs.map(({ multikey, createdMs = null }) => ({ multikey, createdMs })) }
    }
    expect(await outcomeOf(run)).toEqual(wanted)
  })
})

describe('place vectors', () => {
  it.each(casesOf('identity/did-webvh-url.json'))('$title', async ({ input, wanted }) => {
    const run = () => {
      const parsed = readDid(input.text('did'))
      if (parsed.method !== 'web' && parsed.method !== 'webvh') throw new Error('the DID has no place')
      const { host, port = null, path } = parsed.place
      return { host, port, path, url: webUrl(parsed.place, parsed.method === 'web' ? 'did.json' : 'did.jsonl') }
    }
    expect(await outcomeOf(run)).toEqual(wanted)
  })
})

function summaryOf(input: VectorInput): object {
  const log = verifyKeyLog({
    kernel,
    text: input.text('log'),
    nowMs: input.number('nowMs'),
    ...(input.has('did') && { did: input.text('did') }),
    ...(input.has('witnessFile') && { witnessFile: input.text('witnessFile') }),
  })
  const {
    did,
    scid,
    name,
    version,
    versionId,
    createdMs,
    versionTimeMs,
    deactivated,
    signingKey = null,
    parameters,
  } = log
  const { updateKeys, nextKeyHashes, portable, ttlS } = parameters
  const keys = log.keys.map(({ toMs = null, compromisedFromMs = null, ...key }) => ({
    ...key,
    toMs,
    compromisedFromMs,
  }))
  const found = { did, scid, name, version, versionId, createdMs, versionTimeMs, deactivated, signingKey, keys }
  return { ...found, updateKeys, nextKeyHashes, portable, ttlS }
}
