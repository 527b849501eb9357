/** Vectors of key logs that were changed after they were signed (contracts/spec/18-key-log). */
import type { JsonObject } from '@talos/identity'
import { forged, GENESIS, type Given, hashOf, multikeyOf, SECOND, textOf, U1, U2 } from './identity-forge.ts'

/** A right log with one thing changed after it was signed. */
export async function tampered(): Promise<Given[]> {
  const changed = async (
    clause: string,
    description: string,
    error: string,
    after: (entry: JsonObject) => JsonObject,
  ): Promise<Given> => ({
    clause,
    description,
    log: await forged([GENESIS, { ...SECOND, after }]),
    error,
  })
  const inProof = (change: JsonObject) => (entry: JsonObject) => ({
    ...entry,
    proof: (entry['proof'] as JsonObject[]).map((proof) => ({ ...proof, ...change })),
  })
  const [m1, m2] = [multikeyOf(U1), multikeyOf(U2)]
  const proof = 'KEY_LOG_PROOF'
  return [
    await changed('18.6', 'the document', 'KEY_LOG_HASH', (entry) => ({
      ...entry,
      state: { ...(entry['state'] as JsonObject), more: 1 },
    })),
    await changed('18.6', 'the time', 'KEY_LOG_HASH', (entry) => ({ ...entry, versionTime: '2026-03-02T00:00:01Z' })),
    await changed('18.6', 'the number', 'KEY_LOG_VERSION', (entry) => ({
      ...entry,
      versionId: textOf(entry, 'versionId').replace('2-', '3-'),
    })),
    await changed('18.6', 'the number, with a zero before it', 'KEY_LOG_VERSION', (entry) => ({
      ...entry,
      versionId: `0${textOf(entry, 'versionId')}`,
    })),
    await changed('18.6', 'the hash', 'KEY_LOG_HASH', (entry) => ({ ...entry, versionId: `2-${hashOf('x')}` })),
    await changed('18.3', 'a member more', 'KEY_LOG_MALFORMED', (entry) => ({ ...entry, more: 1 })),
    await changed('18.3', 'parameters that are no object', 'KEY_LOG_MALFORMED', (entry) => ({
      ...entry,
      parameters: [],
    })),
    await changed('18.3', 'a document that is no object', 'KEY_LOG_MALFORMED', (entry) => ({ ...entry, state: 'x' })),
    await changed('18.3', 'a versionId that is no text', 'KEY_LOG_MALFORMED', (entry) => ({ ...entry, versionId: 2 })),
    await changed('18.3', 'a time that is no text', 'KEY_LOG_TIME', (entry) => ({ ...entry, versionTime: 2 })),
    await changed('18.1', 'no proof', proof, (entry) => ({ ...entry, proof: [] })),
    await changed('18.1', 'nine proofs', proof, (entry) => ({
      ...entry,
      proof: Array.from({ length: 9 }, () => (entry['proof'] as JsonObject[])[0] ?? {}),
    })),
    await changed('18.1', 'a proof that is no object', proof, (entry) => ({ ...entry, proof: 'x' })),
    await changed('18.1', 'another type', proof, inProof({ type: 'Ed25519Signature2020' })),
    await changed('18.1', 'another cryptosuite', proof, inProof({ cryptosuite: 'eddsa-rdfc-2022' })),
    await changed('18.1', 'another purpose', proof, inProof({ proofPurpose: 'authentication' })),
    await changed('18.1', 'an expiry', proof, inProof({ expires: '2027-01-01T00:00:00Z' })),
    await changed('18.1', 'a time of the proof that is none', proof, inProof({ created: 'now' })),
    await changed('18.1', 'a time of the proof that is no text', proof, inProof({ created: 5 })),
    await changed(
      '18.1',
      'a key named after another key',
      proof,
      inProof({ verificationMethod: `did:key:${m2}#${m1}` }),
    ),
    await changed('18.1', 'a key without its name', proof, inProof({ verificationMethod: `did:key:${m1}` })),
    await changed('18.1', 'a key with two names', proof, inProof({ verificationMethod: `did:key:${m1}#${m1}#${m1}` })),
    await changed('18.1', 'a method of another DID', proof, inProof({ verificationMethod: `did:web:${m1}#${m1}` })),
    await changed('18.1', 'a method that is no text', proof, inProof({ verificationMethod: 1 })),
    await changed('18.1', 'a key of another type', proof, inProof({ verificationMethod: 'did:key:z6LS#z6LS' })),
    await changed('18.1', 'a proof value in another encoding', proof, inProof({ proofValue: 'uAAAA' })),
    await changed('18.1', 'a proof value with a wrong digit', proof, inProof({ proofValue: 'z0OIl' })),
    await changed('18.1', 'a proof value that is too short', proof, inProof({ proofValue: 'z2VfUX' })),
    await changed('18.1', 'a proof value that is no text', proof, inProof({ proofValue: 1 })),
    await changed(
      '18.1',
      'a time of the proof that was not signed',
      proof,
      inProof({ created: '2026-03-02T00:00:01Z' }),
    ),
    { clause: '18.3', description: 'a line that is no JSON', log: '{\n', error: 'KEY_LOG_MALFORMED' },
    { clause: '18.3', description: 'a line that is no object', log: '[]\n', error: 'KEY_LOG_MALFORMED' },
    {
      clause: '18.3',
      description: 'a name twice',
      log: '{"versionId":"1","versionId":"2"}\n',
      error: 'KEY_LOG_MALFORMED',
    },
    {
      clause: '18.3',
      description: 'containers deeper than the limit',
      log: `${'['.repeat(33)}${']'.repeat(33)}\n`,
      error: 'KEY_LOG_MALFORMED',
    },
  ]
}
