/** Vectors of key logs (contracts/spec/18-key-log): whole histories, and one wrong thing in each of the others. */
import { appendEntry, createKeyLog, type KeyLogChange, type VerifiedKeyLog, verifyKeyLog } from '@talos/identity'
import { type Given, hashOf, K1, K2, K3, kernel, U1, U2, U3, U4, U5 } from './identity-forge.ts'
import { foreignLogs, witnessed } from './identity-log-foreign.ts'
import { refused } from './identity-log-refused.ts'
import { tampered } from './identity-log-tampered.ts'
import type { VectorFile } from './vector-file.ts'

const START_MS = Date.parse('2026-03-01T00:00:00Z')
const NOW_MS = Date.parse('2026-06-01T00:00:00Z')
const DAY_MS = 86_400_000
const AGREEMENT_KEY = kernel.x25519PublicKey(new Uint8Array(32).fill(0x41))

export async function keyLogVectors(): Promise<VectorFile[]> {
  const given = [
    ...(await histories()),
    ...(await foreignLogs()),
    ...(await witnessed()),
    ...(await refused()),
    ...(await tampered()),
  ]
  const cases = given.map(({ clause, description, log, did, witnessFile, nowMs = NOW_MS, error }, index) => {
    const input = { log, nowMs, ...(did !== undefined && { did }), ...(witnessFile !== undefined && { witnessFile }) }
    const common = { id: `key-log-${String(index + 1).padStart(3, '0')}`, clause, description }
    if (error !== undefined) return { ...common, valid: false, input, error }
    return { ...common, valid: true, input, expected: summaryOf(verifyKeyLog({ kernel, text: log, ...input })) }
  })
  return [
    {
      path: 'identity/key-log.json',
      file: { format: 'talos-vectors/1', subject: 'key log', spec: '18-key-log', cases },
    },
  ]
}

/** What a verifier finds in a log. */
function summaryOf(log: VerifiedKeyLog) {
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
  const keys = log.keys.map((key) => ({
    ...key,
    toMs: key.toMs ?? null,
    compromisedFromMs: key.compromisedFromMs ?? null,
  }))
  const found = { did, scid, name, version, versionId, createdMs, versionTimeMs, deactivated, signingKey, keys }
  return { ...found, updateKeys, nextKeyHashes, portable, ttlS }
}

async function histories(): Promise<Given[]> {
  const first = { signer: K1, updateSigner: U1, nextUpdateKeys: [U2.did], nowMs: START_MS } as const
  const services = [{ fragment: 'endpoint', type: 'TalosEndpoint', endpoint: 'tls://agents.example.com:4433' }]
  const created = await createKeyLog({ ...first, keyAgreement: AGREEMENT_KEY, services })
  const web = await createKeyLog({
    ...first,
    location: { method: 'webvh', host: 'example.com:8443', path: ['agents', 'größe'] },
    portable: true,
    ttlS: 300,
    alsoKnownAs: ['https://example.com/about'],
  })
  const next = (day: number) => ({
    nextUpdateKeys: [[U2, U3, U4, U5][day]?.did ?? U5.did],
    nowMs: START_MS + day * DAY_MS,
  })
  const rotate: KeyLogChange = { kind: 'rotate', signer: K2, updateSigner: U2, ...next(1) }
  const rotated = await appendEntry(created, rotate)
  const compromised = [{ key: K2.did, fromMs: START_MS + DAY_MS + 3_600_000 }]
  const recovered = await appendEntry(rotated, {
    kind: 'recover',
    signer: K3,
    updateSigner: U3,
    compromised,
    ...next(2),
  })
  const updated = await appendEntry(recovered, { kind: 'update', updateSigner: U4, services: [], ...next(3) })
  const ended = await appendEntry(updated, { kind: 'deactivate', updateSigner: U5, nowMs: START_MS + 4 * DAY_MS })
  const moved = await appendEntry(web, { kind: 'update', updateSigner: U2, location: { method: 'talos' }, ...next(1) })
  const valid = (clause: string, description: string, log: VerifiedKeyLog, did?: string): Given => ({
    clause,
    description,
    log: log.text,
    ...(did !== undefined && { did }),
  })
  return [
    valid('18.9', 'a first entry', created),
    valid('18.9', 'a log on a web site, portable', web, web.did),
    valid('18.6', 'asked for by its name that holds anywhere', web, web.name),
    valid('18.9', 'a scheduled rotation: the old key holds', rotated),
    valid('18.8', 'a recovery: the old key is compromised from an hour after it began', recovered),
    valid('18.9', 'another document', updated),
    valid('18.8', 'deactivation: no key stands', ended),
    valid('18.6', 'a log that moved, asked for by its former name', moved, web.did),
    {
      ...valid('18.3', 'line ends of another system, the last one missing', rotated),
      log: rotated.text.trim().replace('\n', '\r\n'),
    },
    { ...valid('18.6', 'an entry as far ahead of the clock as may be', created), nowMs: START_MS - 120_000 },
    {
      ...valid('18.6', 'an entry further ahead of the clock', created),
      nowMs: START_MS - 120_001,
      error: 'KEY_LOG_TIME',
    },
    {
      ...valid('18.6', 'asked for by another did:talos', created, `did:talos:${hashOf('other')}`),
      error: 'KEY_LOG_OTHER',
    },
    {
      ...valid('18.6', 'asked for by a did:webvh that it never was', web, `did:webvh:${web.scid}:example.org`),
      error: 'KEY_LOG_OTHER',
    },
    { ...valid('18.6', 'asked for by a did:key', created, K1.did), error: 'KEY_LOG_OTHER' },
    {
      ...valid('18.6', 'an entry missing', rotated),
      log: `${rotated.text.split('\n')[1]}\n`,
      error: 'KEY_LOG_PARAMETERS',
    },
    {
      ...valid('18.6', 'an entry twice', rotated),
      log: `${rotated.text}${rotated.text.split('\n')[1]}\n`,
      error: 'KEY_LOG_PARAMETERS',
    },
    { ...valid('18.3', 'nothing', created), log: '', error: 'KEY_LOG_MALFORMED' },
    { ...valid('18.3', 'an empty line', created), log: `${created.text}\n${created.text}`, error: 'KEY_LOG_MALFORMED' },
  ]
}
