/** Vectors of key logs with one wrong thing in a rightly signed entry (contracts/spec/18-key-log). */
import { type JsonObject, makeProof } from '@talos/identity'
import {
  type EntryToForge,
  forged,
  GENESIS,
  type Given,
  hashOf,
  K1,
  multikeyOf,
  SECOND,
  stateOf,
  textOf,
  U1,
  U2,
  W1,
  W2,
  withParameters,
} from './identity-forge.ts'

export async function refused(): Promise<Given[]> {
  const bad = async (
    clause: string,
    description: string,
    error: string,
    entries: readonly EntryToForge[],
  ): Promise<Given> => ({
    clause,
    description,
    log: await forged(entries),
    error,
  })
  const genesis = (parameters: JsonObject) => [withParameters(GENESIS, parameters)]
  const second = (parameters: JsonObject) => [GENESIS, withParameters(SECOND, parameters)]
  const wrong = 'KEY_LOG_PARAMETERS'
  const announced = withParameters(GENESIS, { nextKeyHashes: [hashOf(multikeyOf(U2))] })
  const without = (entry: EntryToForge, name: string) => ({
    ...entry,
    parameters: Object.fromEntries(Object.entries(entry.parameters).filter(([key]) => key !== name)),
  })
  const id = 'did:webvh:{SCID}:example.com'
  const accepting = (acceptance: string): JsonObject => ({
    ...stateOf(K1),
    verificationMethod: [{ id: `${id}#key`, type: 'Multikey', publicKeyMultibase: multikeyOf(K1), acceptance }],
  })
  const other = await makeProof({ signer: K1, document: {}, purpose: 'x' })
  const many = Array.from({ length: 33 }, (_, index) => `hash ${index}`)
  return [
    await bad('18.4', 'another version of the method', 'KEY_LOG_METHOD', genesis({ method: 'did:webvh:0.5' })),
    await bad('18.4', 'no method', wrong, [without(GENESIS, 'method')]),
    await bad('18.4', 'an unknown parameter', wrong, genesis({ prerotation: true })),
    await bad('18.4', 'no SCID', wrong, [without(GENESIS, 'scid')]),
    await bad('18.4', 'an SCID of another hash', wrong, [
      {
        ...GENESIS,
        before: (entry) => ({ ...entry, parameters: { ...(entry['parameters'] as JsonObject), scid: 'Qmx' } }),
      },
    ]),
    await bad('18.4', 'no update key', wrong, genesis({ updateKeys: [] })),
    await bad(
      '18.4',
      'an update key of another type',
      wrong,
      genesis({ updateKeys: ['z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc'] }),
    ),
    await bad('18.4', 'an update key twice', wrong, genesis({ updateKeys: [multikeyOf(U1), multikeyOf(U1)] })),
    await bad('18.4', 'update keys that are no list', wrong, genesis({ updateKeys: multikeyOf(U1) })),
    await bad('18.4', 'an update key that is no text', wrong, genesis({ updateKeys: [multikeyOf(U1), 1] })),
    await bad('18.4', 'a list longer than the limit', wrong, genesis({ nextKeyHashes: many })),
    await bad('18.4', 'an empty hash', wrong, genesis({ nextKeyHashes: [''] })),
    await bad('18.4', 'a watcher longer than the limit', wrong, genesis({ watchers: ['w'.repeat(513)] })),
    await bad('18.4', 'portable that is no boolean', wrong, genesis({ portable: 'true' })),
    await bad('18.4', 'portable taken up later', wrong, second({ portable: true })),
    await bad('18.4', 'a ttl below 0', wrong, genesis({ ttl: -1 })),
    await bad('18.4', 'a ttl that is no integer', wrong, genesis({ ttl: 1.5 })),
    await bad('18.4', 'a ttl that is a text', wrong, genesis({ ttl: '3600' })),
    await bad('18.4', 'a ttl beyond 2^31', wrong, genesis({ ttl: 2 ** 31 + 1 })),
    await bad('18.4', 'an SCID in a later entry', wrong, second({ scid: '{SCID}' })),
    ...(await Promise.all(
      [
        'none',
        { threshold: 0, witnesses: [{ id: W1.did }] },
        { threshold: 2, witnesses: [{ id: W1.did }] },
        { threshold: 1.5, witnesses: [{ id: W1.did }, { id: W2.did }] },
        { threshold: '1', witnesses: [{ id: W1.did }] },
        { threshold: 1, witnesses: [{ id: W1.did }, { id: multikeyOf(W1) }] },
        { threshold: 1, witnesses: [] },
        { threshold: 1, witnesses: [W1.did] },
        { threshold: 1, witnesses: [{ id: 1 }] },
        { threshold: 1, witnesses: [{ id: 'did:web:example.com' }] },
        { threshold: 1, witnesses: [{ id: W1.did, weight: 2 }] },
        { threshold: 1, witnesses: many.map(() => ({ id: W1.did })) },
        { threshold: 1, witnesses: [{ id: W1.did }], more: true },
      ].map((witness, index) => bad('18.4', `terms of witnesses, ${index + 1}`, wrong, genesis({ witness }))),
    )),
    await bad('18.5', 'no update keys after an announcement', wrong, [
      announced,
      withParameters(SECOND, { nextKeyHashes: [] }),
    ]),
    await bad('18.5', 'no hashes after an announcement', wrong, [
      announced,
      { ...withParameters(SECOND, { updateKeys: [multikeyOf(U2)] }), signers: [U2] },
    ]),
    await bad('18.5', 'none of the announced keys', wrong, [
      announced,
      withParameters(SECOND, { updateKeys: [], nextKeyHashes: [] }),
    ]),
    await bad('18.5', 'a key that was not announced', wrong, [
      announced,
      withParameters(SECOND, { updateKeys: [multikeyOf(U1)], nextKeyHashes: [] }),
    ]),
    await bad('18.5', 'a key that was not announced beside one that was', wrong, [
      announced,
      withParameters(SECOND, { updateKeys: [multikeyOf(U2), multikeyOf(U1)], nextKeyHashes: [] }),
    ]),
    await bad('18.5', 'an entry by a key of its own, without an announcement', 'KEY_LOG_PROOF', [
      GENESIS,
      { ...withParameters(SECOND, { updateKeys: [multikeyOf(U2)] }), signers: [U2] },
    ]),
    await bad('18.5', 'an entry by the key before, after an announcement', 'KEY_LOG_PROOF', [
      announced,
      withParameters(SECOND, { updateKeys: [multikeyOf(U2)], nextKeyHashes: [] }),
    ]),
    await bad('18.6', 'a first entry by another key', 'KEY_LOG_PROOF', [{ ...GENESIS, signers: [U2] }]),
    await bad('18.6', 'a second proof by another key', 'KEY_LOG_PROOF', [{ ...GENESIS, signers: [U1, U2] }]),
    await bad('18.6', 'an entry after deactivation', 'KEY_LOG_DEACTIVATED', [
      withParameters(GENESIS, { deactivated: true }),
      SECOND,
    ]),
    await bad('18.6', 'two entries at one time', 'KEY_LOG_TIME', [
      GENESIS,
      { ...SECOND, versionTime: GENESIS.versionTime },
    ]),
    await bad('18.6', 'an entry earlier than the one before', 'KEY_LOG_TIME', [
      GENESIS,
      { ...SECOND, versionTime: '2026-02-28T23:59:59Z' },
    ]),
    await bad('18.6', 'an entry in between from the future', 'KEY_LOG_TIME', [
      GENESIS,
      { ...SECOND, versionTime: '9999-01-01T00:00:00Z' },
    ]),
    ...(await Promise.all(
      [
        '2026-03-01',
        '2026-03-01T00:00:00+00:00',
        '2026-03-01t00:00:00z',
        '2026-02-30T00:00:00Z',
        '2026-03-01T25:00:00Z',
        '2026-03-01T00:00:00.Z',
      ].map((versionTime) =>
        bad('18.3', `the time ${versionTime}`, 'KEY_LOG_TIME', [
          { ...GENESIS, before: (entry) => ({ ...entry, versionTime }) },
        ]),
      ),
    )),
    await bad('18.6', 'a document with another SCID', 'KEY_LOG_DOCUMENT', [
      { ...GENESIS, state: { id: `did:webvh:${hashOf('x')}:example.com` } },
    ]),
    await bad('18.6', 'a document of a did:web', 'KEY_LOG_DOCUMENT', [
      { ...GENESIS, state: { id: 'did:web:example.com' } },
    ]),
    await bad('18.6', 'a document without an id', 'KEY_LOG_DOCUMENT', [{ ...GENESIS, state: {} }]),
    await bad('18.6', 'a document at an address', 'KEY_LOG_DOCUMENT', [
      { ...GENESIS, state: { id: 'did:webvh:{SCID}:127.0.0.1' } },
    ]),
    await bad('18.6', 'a log that moves and is not portable', 'KEY_LOG_DOCUMENT', [
      GENESIS,
      { ...SECOND, state: { id: 'did:talos:{SCID}', alsoKnownAs: [id] } },
    ]),
    await bad('18.6', 'a log that moves and does not say from where', 'KEY_LOG_DOCUMENT', [
      withParameters(GENESIS, { portable: true }),
      { ...SECOND, state: { id: 'did:talos:{SCID}', alsoKnownAs: ['did:web:example.com'] } },
    ]),
    await bad('18.6', 'a log that moves without other names', 'KEY_LOG_DOCUMENT', [
      withParameters(GENESIS, { portable: true }),
      { ...SECOND, state: { id: 'did:talos:{SCID}' } },
    ]),
    await bad('18.6', 'a log that moves as it stops to be portable', 'KEY_LOG_DOCUMENT', [
      withParameters(GENESIS, { portable: true }),
      { ...withParameters(SECOND, { portable: false }), state: { id: 'did:talos:{SCID}', alsoKnownAs: [id] } },
    ]),
    await bad('18.3', 'more verification methods than the limit', 'KEY_LOG_LIMIT', [
      { ...GENESIS, state: { id, verificationMethod: Array.from({ length: 65 }, () => ({})) } },
    ]),
    await bad('18.2', 'a placeholder left in the first entry', 'KEY_LOG_SCID', [
      { ...GENESIS, before: (entry) => ({ ...entry, state: { ...(entry['state'] as JsonObject), note: '{SCID}' } }) },
    ]),
    await bad('18.2', 'a first entry changed and signed again', 'KEY_LOG_SCID', [
      { ...GENESIS, before: (entry) => ({ ...entry, versionTime: '2026-03-01T00:00:01Z' }) },
    ]),
    await bad('18.7', 'an agreement that is none', 'KEY_LOG_PROOF', [{ ...GENESIS, state: accepting('yes') }]),
    await bad('18.7', 'an agreement in another encoding', 'KEY_LOG_PROOF', [{ ...GENESIS, state: accepting('z0') }]),
    await bad('18.7', 'an agreement too short', 'KEY_LOG_PROOF', [{ ...GENESIS, state: accepting('z2') }]),
    await bad('18.7', 'an agreement that does not verify', 'KEY_LOG_PROOF', [
      {
        ...GENESIS,
        state: accepting(textOf(other, 'proofValue')),
      },
    ]),
  ]
}
