/** Vectors of key logs as other implementations write them, and of witnesses (contracts/spec/18-key-log, 18.1 to 18.8, 18.12). */
import { type JsonObject, signDocument } from '@talos/identity'
import {
  type EntryToForge,
  forged,
  forgeLog,
  GENESIS,
  type Given,
  hashOf,
  K1,
  multikeyOf,
  SECOND,
  stateOf,
  U1,
  U2,
  W1,
  W2,
  withParameters,
} from './identity-forge.ts'

export async function foreignLogs(): Promise<Given[]> {
  const valid = async (clause: string, description: string, entries: readonly EntryToForge[]): Promise<Given> => ({
    clause,
    description,
    log: await forged(entries),
  })
  const announced = withParameters(GENESIS, { nextKeyHashes: [hashOf(multikeyOf(U2)), 'not a hash'] })
  const used = withParameters(SECOND, { updateKeys: [multikeyOf(U2)], nextKeyHashes: [] })
  const relative = { ...stateOf(), authentication: ['#key'], assertionMethod: [] }
  const id = 'did:webvh:{SCID}:example.com'
  const embedded = { id: '#in', type: 'Ed25519VerificationKey2020', controller: id, publicKeyMultibase: multikeyOf(U1) }
  const revoked = {
    id: `${id}#key`,
    type: 'Multikey',
    controller: id,
    publicKeyMultibase: multikeyOf(U1),
    revoked: 'yesterday',
  }
  return [
    await valid('18.4', 'parameters left as they are', [GENESIS, SECOND]),
    await valid('18.5', 'two update keys, the second of which signs', [
      withParameters(GENESIS, { updateKeys: [multikeyOf(U1), multikeyOf(U2)] }),
      { ...SECOND, signers: [U2] },
    ]),
    await valid('18.1', 'an entry with two proofs', [
      { ...withParameters(GENESIS, { updateKeys: [multikeyOf(U1), multikeyOf(U2)] }), signers: [U1, U2] },
    ]),
    await valid('18.1', 'one proof without a list around it', [
      { ...GENESIS, after: (entry) => ({ ...entry, proof: (entry['proof'] as JsonObject[])[0] as JsonObject }) },
    ]),
    await valid('18.5', 'a key announced and used, and announcing ended', [
      announced,
      { ...used, signers: [U2] },
      { ...SECOND, versionTime: '2026-03-03T00:00:00Z', signers: [U2] },
    ]),
    await valid('18.4', 'null for the default', [
      withParameters(GENESIS, { nextKeyHashes: null, portable: null, ttl: null, witness: null, watchers: null }),
      withParameters(SECOND, { deactivated: null, watchers: ['https://watch.example.com'], ttl: 0 }),
    ]),
    await valid('18.4', 'deactivated, with no update key left', [
      GENESIS,
      withParameters(SECOND, { deactivated: true, updateKeys: [] }),
    ]),
    await valid('18.3', 'times with fractions of a second', [
      { ...GENESIS, versionTime: '2026-03-01T00:00:00.5Z' },
      { ...SECOND, versionTime: '2026-03-01T00:00:00.501000001Z' },
    ]),
    await valid('18.7', 'a signing key of others, without agreement', [{ ...GENESIS, state: stateOf(K1) }]),
    await valid('18.7', 'a key with another controller', [
      {
        ...GENESIS,
        state: JSON.parse(JSON.stringify(stateOf()).replace('"controller":"did:webvh', '"controller":"did:web')),
      },
    ]),
    await valid('18.7', 'a reference without its DID', [{ ...GENESIS, state: relative }]),
    await valid('18.7', 'a method within a relationship', [
      { ...GENESIS, state: { id, assertionMethod: [embedded, 'did:example:1#x', 7] } },
    ]),
    await valid('18.7', 'methods that are not understood', [
      {
        ...GENESIS,
        state: {
          id,
          verificationMethod: [
            1,
            {},
            { type: 'Multikey' },
            { ...embedded, id: 1 },
            { ...embedded, publicKeyMultibase: 'zQ3' },
          ],
          authentication: 'none',
        },
      },
    ]),
    await valid('18.8', 'a key that comes back', [
      GENESIS,
      { ...SECOND, state: { id } },
      { ...SECOND, versionTime: '2026-03-03T00:00:00Z' },
    ]),
    await valid('18.8', 'a revocation with an unreadable time, never undone', [
      GENESIS,
      { ...SECOND, state: { ...stateOf(), verificationMethod: [revoked] } },
      { ...SECOND, versionTime: '2026-03-03T00:00:00Z' },
    ]),
    await valid('18.8', 'a revocation that is no text', [
      GENESIS,
      { ...SECOND, state: { ...stateOf(), verificationMethod: [{ ...revoked, revoked: true }] } },
    ]),
    await valid('18.8', 'a revocation with an earlier time', [
      GENESIS,
      { ...SECOND, state: { ...stateOf(), verificationMethod: [{ ...revoked, revoked: '2026-03-01T12:00:00Z' }] } },
      {
        ...SECOND,
        versionTime: '2026-03-03T00:00:00Z',
        state: { ...stateOf(), verificationMethod: [{ ...revoked, revoked: '2026-03-01T06:00:00Z' }] },
      },
    ]),
    await valid('18.8', "a mark on somebody else's key", [
      { ...GENESIS, state: stateOf(K1, { verificationMethod: [{ ...revoked, publicKeyMultibase: multikeyOf(K1) }] }) },
    ]),
  ]
}

export async function witnessed(): Promise<Given[]> {
  const both = { threshold: 2, witnesses: [{ id: W1.did }, { id: multikeyOf(W2) }] }
  const one = { threshold: 1, witnesses: [{ id: W1.did }] }
  const first = withParameters(GENESIS, { witness: one })
  const log = await forgeLog([first, SECOND])
  const text = `${log.lines.join('\n')}\n`
  const [v1 = '', v2 = ''] = log.versionIds
  const approval = async (signer: typeof W1, versionId: string) => {
    const { proof } = await signDocument({ signer, document: { versionId }, purpose: 'assertionMethod' })
    return { versionId, proof: [proof] }
  }
  const file = (...items: unknown[]) => JSON.stringify(items)
  const change = await forgeLog([first, withParameters(SECOND, { witness: both })])
  const end = await forgeLog([
    first,
    withParameters(SECOND, { witness: {} }),
    { ...SECOND, versionTime: '2026-03-03T00:00:00Z' },
  ])
  const late = await forgeLog([GENESIS, withParameters(SECOND, { witness: both })])
  const textOf = ({ lines }: typeof log) => `${lines.join('\n')}\n`
  const idOf = ({ versionIds }: typeof log, index: number) => versionIds[index] ?? ''
  const given = (description: string, witnessFile: string | undefined, more: Partial<Given> = {}): Given => ({
    clause: '18.12',
    description,
    log: text,
    ...(witnessFile !== undefined && { witnessFile }),
    ...more,
  })
  const error = 'KEY_LOG_WITNESS'
  const badProof = { versionId: v2, proof: [(await approval(W1, v1)).proof[0]] }
  return [
    given('an approval of the newest entry covers those before', file(await approval(W1, v2))),
    given('the witnesses before approve a change of witnesses', file(await approval(W1, idOf(change, 1))), {
      log: textOf(change),
    }),
    given('the witnesses before approve the end of witnessing', file(await approval(W1, idOf(end, 1))), {
      log: textOf(end),
    }),
    given(
      'the first witnesses approve the entry that names them',
      file(await approval(W1, idOf(late, 1)), await approval(W2, idOf(late, 1))),
      { log: textOf(late) },
    ),
    given(
      'approvals that do not count beside one that does',
      file(
        await approval(K1, v2),
        badProof,
        { versionId: v2, proof: [1, { verificationMethod: 2 }] },
        await approval(W1, v2),
        await approval(W1, v1),
        await approval(W1, v2),
      ),
    ),
    given('no file', undefined, { error }),
    given('the newest entry is not approved', file(await approval(W1, v1)), { error }),
    given('an approval of an entry of another log', file(await approval(W1, idOf(end, 1))), { error }),
    given('an approval by the new witnesses alone', file(await approval(W2, idOf(change, 1))), {
      log: textOf(change),
      error,
    }),
    given('one approval of two', file(await approval(W2, idOf(late, 1))), { log: textOf(late), error }),
    given('a file that is no JSON', '[', { error: 'KEY_LOG_MALFORMED' }),
    given('a file that is no list', '{}', { error: 'KEY_LOG_MALFORMED' }),
    given('a file of something else', '[1]', { error: 'KEY_LOG_MALFORMED' }),
    given('a file without proofs', file({ versionId: v1, proof: 'none' }), { error: 'KEY_LOG_MALFORMED' }),
  ]
}
