/** Vectors of identity (contracts/spec/03-identity): names, documents, key files and what the identity key signs. */
import { encodeJcs, type IpldValue, type JsonValue, parseJson, Secret, toBase64url, toHex, utf8 } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import {
  type AgentSecrets,
  createAgentSecrets,
  createInvitation,
  delegateLogKey,
  didDocument,
  didKeyFromPublicKey,
  ed25519Signer,
  encodeDidDocument,
  encodeMultikey,
  INVITATION_MAX_LIFETIME_S,
  type IpldMap,
  type LinkRole,
  sealKeyFile,
  signEnvelope,
  signTransportBinding,
} from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import { seededRandom } from '@talos/testkit'
import { didVectors } from './identity-did.ts'
import { keyLogVectors } from './identity-key-log.ts'
import { lifecycleVectors } from './identity-lifecycle.ts'
import type { VectorFile } from './vector-file.ts'

const kernel = portableKernel()
const SEED = new Uint8Array(32).fill(0x11)
const PUBLIC_KEY = kernel.ed25519PublicKey(SEED)
const DID = didKeyFromPublicKey(PUBLIC_KEY)
const AGREEMENT_KEY = kernel.x25519PublicKey(new Uint8Array(32).fill(0x33))
const signer = ed25519Signer({ kernel, seed: Secret.of(SEED) })

interface Case {
  readonly clause: string
  readonly description: string
  readonly input: object
}
type Given = (Case & { readonly expected: object }) | (Case & { readonly error: string })

export async function identityVectors(): Promise<VectorFile[]> {
  return [
    area('did-key', 'did:key of Ed25519 keys', didKeyCases()),
    area('multikey', 'Multikey of public keys', multikeyCases()),
    area('did-document', 'DID document', documentCases()),
    area('key-file', 'key file', await keyFileCases()),
    area('log-key', 'log key delegation', await logKeyCases()),
    area('invitation', 'invitation', await invitationCases()),
    area('transport-binding', 'transport binding', await bindingCases()),
    ...(await keyLogVectors()),
    ...(await didVectors()),
    ...(await lifecycleVectors()),
  ]
}

function area(name: string, subject: string, given: readonly Given[]): VectorFile {
  const cases = given.map(({ clause, description, input, ...outcome }, index) => ({
    id: `${name}-${String(index + 1).padStart(3, '0')}`,
    clause,
    description,
    valid: 'expected' in outcome,
    input,
    ...outcome,
  }))
  return { path: `identity/${name}.json`, file: { format: 'talos-vectors/1', subject, spec: '03-identity', cases } }
}

function didKeyCases(): Given[] {
  const keys = [new Uint8Array(32), SEED, new Uint8Array(32).fill(0xff)].map((seed) => kernel.ed25519PublicKey(seed))
  const valid = keys.map((key, index) => ({
    clause: '3.2',
    description: `key ${index + 1}`,
    input: { publicKeyHex: toHex(key) },
    expected: { did: didKeyFromPublicKey(key) },
  }))
  const tail = DID.slice('did:key:z'.length)
  const invalid: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['no method', tail],
    ['another method', `did:web:${tail}`],
    ['upper case scheme', `DID:key:z${tail}`],
    ['multibase base64url', `did:key:u${toBase64url(Uint8Array.of(0xed, 1, ...PUBLIC_KEY))}`],
    ['no multibase', `did:key:${tail}`],
    ['an X25519 key', `did:key:${encodeMultikey('x25519', AGREEMENT_KEY)}`],
    ['one digit less', DID.slice(0, -1)],
    ['one digit more', `${DID}1`],
    ['a digit outside the alphabet', `${DID.slice(0, -1)}0`],
    ['a leading zero byte in place of the last', `did:key:z1${tail.slice(0, -1)}`],
    ['a fragment', `${DID}#${tail}`],
    ['a blank after it', `${DID} `],
    ['a path', `${DID}/x`],
  ]
  return [...valid, ...invalid.map(([description, did]) => refused('3.2', description, { did }, 'DID_INVALID'))]
}

function multikeyCases(): Given[] {
  const agreement = encodeMultikey('x25519', AGREEMENT_KEY)
  const signing = encodeMultikey('ed25519', PUBLIC_KEY)
  return [
    accepted('3.3', 'an X25519 key', { type: 'x25519', keyHex: toHex(AGREEMENT_KEY) }, { multikey: agreement }),
    accepted('3.3', 'an Ed25519 key', { type: 'ed25519', keyHex: toHex(PUBLIC_KEY) }, { multikey: signing }),
    refused('3.3', 'an Ed25519 key as X25519', { type: 'x25519', multikey: signing }, 'DID_INVALID'),
    refused('3.3', 'an X25519 key as Ed25519', { type: 'ed25519', multikey: agreement }, 'DID_INVALID'),
    refused('3.3', 'another multibase', { type: 'x25519', multikey: `m${agreement.slice(1)}` }, 'DID_INVALID'),
    refused('3.3', 'cut short', { type: 'x25519', multikey: agreement.slice(0, -1) }, 'DID_INVALID'),
  ]
}

function documentCases(): Given[] {
  const services = [
    { fragment: 'link', type: 'TalosEndpoint', endpoint: 'tls://203.0.113.7:4433' },
    { fragment: 'web', type: 'LinkedDomains', endpoint: 'https://agent.example/' },
  ]
  const full = didDocument({ did: DID, keyAgreement: AGREEMENT_KEY, services })
  const text = encodeDidDocument(full)
  const change = (edit: (document: Record<string, JsonValue>) => object): string =>
    encodeJcs(edit(parseJson(text) as Record<string, JsonValue>) as JsonValue)
  const other = didKeyFromPublicKey(kernel.ed25519PublicKey(new Uint8Array(32)))
  const [signing, agreement] = full.verificationMethod
  const keyHex = toHex(AGREEMENT_KEY)
  const invalid: readonly (readonly [string, string])[] = [
    ['another context', change((d) => ({ ...d, '@context': ['https://www.w3.org/ns/did/v1'] }))],
    ['a member more', change((d) => ({ ...d, proof: {} }))],
    ['another DID', change((d) => ({ ...d, id: other }))],
    ['no verification method', change((d) => ({ ...d, verificationMethod: [] }))],
    ['the session key first', change((d) => ({ ...d, verificationMethod: [{ ...agreement }, { ...signing }] }))],
    ['keyAgreement without its key', change((d) => ({ ...d, verificationMethod: [{ ...signing }] }))],
    ['a key without keyAgreement', change((d) => without(d, 'keyAgreement'))],
    ['the signing key under keyAgreement', change((d) => ({ ...d, keyAgreement: [signing?.id ?? ''] }))],
    ['the session key under authentication', change((d) => ({ ...d, authentication: [agreement?.id ?? ''] }))],
    [
      'another controller',
      change((d) => ({ ...d, verificationMethod: [{ ...signing, controller: other }, { ...agreement }] })),
    ],
    ['the signing key twice', change((d) => ({ ...d, verificationMethod: [{ ...signing }, { ...signing }] }))],
    [
      'an id that does not name its key',
      change((d) => ({ ...d, verificationMethod: [{ ...signing, id: `${DID}#key` }, { ...agreement }] })),
    ],
    ['a service of another DID', change((d) => ({ ...d, service: [serviceAt(`${other}#link`)] }))],
    ['two services of one id', change((d) => ({ ...d, service: [serviceAt(`${DID}#a`), serviceAt(`${DID}#a`)] }))],
    ['nine services', change((d) => ({ ...d, service: 'abcdefghi'.split('').map((c) => serviceAt(`${DID}#${c}`)) }))],
    ['an empty list of services', change((d) => ({ ...d, service: [] }))],
    [
      'an endpoint with a blank',
      change((d) => ({ ...d, service: [{ ...serviceAt(`${DID}#a`), serviceEndpoint: 'tls://a b' }] })),
    ],
  ]
  return [
    accepted('3.5', 'the signing key alone', { did: DID }, { text: encodeDidDocument(didDocument({ did: DID })) }),
    accepted(
      '3.5',
      'with a session key',
      { did: DID, keyAgreementHex: keyHex },
      { text: encodeDidDocument(didDocument({ did: DID, keyAgreement: AGREEMENT_KEY })) },
    ),
    accepted('3.5', 'with services', { did: DID, keyAgreementHex: keyHex, services }, { text }),
    ...invalid.map(([description, json]) => refused('3.5', description, { text: json }, 'DID_DOCUMENT_INVALID')),
    refused('3.5', 'a blank between members', { text: text.replace(',', ', ') }, 'JSON_INVALID'),
    refused('3.5', 'longer than the limit', { text: `"${'x'.repeat(8_192)}"` }, 'INPUT_TOO_LARGE'),
  ]
}

function without(members: Record<string, JsonValue>, name: string): Record<string, JsonValue> {
  return Object.fromEntries(Object.entries(members).filter(([member]) => member !== name))
}

function serviceAt(id: string) {
  return { id, type: 'TalosEndpoint', serviceEndpoint: 'tls://203.0.113.7:4433' }
}

async function keyFileCases(): Promise<Given[]> {
  const random = seededRandom('identity/key-file')
  const secrets = createAgentSecrets(random)
  const passphrase = 'correct horse battery staple'
  const params = { memoryKib: 64, passes: 1, parallelism: 1 }
  const text = await sealKeyFile({ secrets, passphrase, kernel, random, params })
  const accent = await sealKeyFile({ secrets, passphrase: 'caf\u00e9', kernel, random, params })
  const other = await sealKeyFile({ secrets: createAgentSecrets(random), passphrase, kernel, random, params })
  const file = parseJson(text) as Record<string, JsonValue>
  const kdf = file['kdf'] as Record<string, JsonValue>
  const stranger = parseJson(other) as Record<string, JsonValue>
  const edit = (members: Record<string, JsonValue>): string => resum({ ...file, ...members })
  const bad = (clause: string, changed: string, error = 'KEY_FILE_INVALID', given = passphrase): Given =>
    refused('3.6', clause, { text: changed, passphrase: given }, error)
  return [
    accepted('3.6', 'opens', { text, passphrase }, secretsHex(secrets)),
    accepted('3.6', 'a line end after it', { text: `${text}\n`, passphrase }, secretsHex(secrets)),
    accepted(
      '3.6',
      'a passphrase in another normalization form',
      { text: accent, passphrase: 'cafe\u0301' },
      secretsHex(secrets),
    ),
    bad('another passphrase', text, 'PASSPHRASE_WRONG', 'Correct horse battery staple'),
    bad('no passphrase', text, 'PASSPHRASE_UNUSABLE', ''),
    bad('no text', ''),
    bad('longer than the limit', `${text}${'x'.repeat(4_096)}`),
    bad('not canonical', text.replace('{', '{ ')),
    bad('a byte of the checksum', encodeJcs({ ...file, checksum: '0'.repeat(64) })),
    bad('a member changed, the checksum not', encodeJcs({ ...file, kdf: { ...kdf, passes: 2 } })),
    bad('another version', edit({ v: 2 })),
    bad('a member more', edit({ note: 'x' })),
    bad('memory below the bounds', edit({ kdf: { ...kdf, memoryKib: 63 } }), 'KEY_FILE_PARAMETERS'),
    bad('memory above the bounds', edit({ kdf: { ...kdf, memoryKib: 1_048_577 } }), 'KEY_FILE_PARAMETERS'),
    bad('passes above the bounds', edit({ kdf: { ...kdf, passes: 17 } }), 'KEY_FILE_PARAMETERS'),
    bad('lanes above the bounds', edit({ kdf: { ...kdf, parallelism: 5 } }), 'KEY_FILE_PARAMETERS'),
    bad(
      'another salt, checksum repaired',
      edit({ kdf: { ...kdf, salt: 'AAAAAAAAAAAAAAAAAAAAAA' } }),
      'PASSPHRASE_WRONG',
    ),
    bad('more passes, checksum repaired', edit({ kdf: { ...kdf, passes: 2 } }), 'PASSPHRASE_WRONG'),
    bad('another check, checksum repaired', edit({ check: stranger['check'] ?? '' }), 'PASSPHRASE_WRONG'),
    bad('another nonce, checksum repaired', edit({ aead: stranger['aead'] ?? '' })),
    bad('another ciphertext, checksum repaired', edit({ ciphertext: stranger['ciphertext'] ?? '' })),
    bad('the DID of another agent, checksum repaired', edit({ did: stranger['did'] ?? '' })),
  ]
}

function resum(file: Record<string, JsonValue>): string {
  const sealed = without(file, 'checksum')
  return encodeJcs({ ...sealed, checksum: toHex(kernel.sha256(utf8(encodeJcs(sealed)))) })
}

function secretsHex(secrets: AgentSecrets): object {
  return {
    identitySeedHex: secrets.identitySeed.use(toHex),
    sessionKeyHex: secrets.sessionKey.use(toHex),
    logSeedHex: secrets.logSeed.use(toHex),
    transportSeedHex: secrets.transportSeed.use(toHex),
    storageKeyHex: secrets.storageKey.use(toHex),
  }
}

async function logKeyCases(): Promise<Given[]> {
  const log = kernel.ed25519PublicKey(new Uint8Array(32).fill(0x44))
  const input = {
    seedHex: toHex(SEED),
    logPublicKeyHex: toHex(log),
    origin: 'talos.example/log',
    issuedAtS: 1_790_000_000,
  }
  const { bytes, cid } = await delegateLogKey({
    signer,
    logPublicKey: log,
    origin: input.origin,
    issuedAtS: input.issuedAtS,
  })
  const payload = { iss: DID, log, origin: input.origin, iat: input.issuedAtS }
  const bad = async (description: string, members: IpldMap, error: string, tag = 'talos/logkey@1'): Promise<Given> =>
    refused('3.7', description, { envelopeHex: await envelopeHex(tag, members) }, error)
  return [
    accepted('3.7', 'opens', input, { issuer: DID, envelopeHex: toHex(bytes), cid: cid.toString() }),
    await bad('the identity key as log key', { ...payload, log: PUBLIC_KEY }, 'LOG_KEY_DELEGATION_INVALID'),
    await bad('a key of 31 bytes', { ...payload, log: log.slice(1) }, 'SCHEMA_INVALID'),
    await bad('a member more', { ...payload, note: 1 }, 'SCHEMA_INVALID'),
    await bad('an origin with a blank', { ...payload, origin: 'a b' }, 'SCHEMA_INVALID'),
    await bad('an origin with a plus', { ...payload, origin: 'a+b' }, 'SCHEMA_INVALID'),
    await bad('another tag', payload, 'ENVELOPE_TAG', 'talos/invite@1'),
  ]
}

async function envelopeHex(tag: string, payload: Readonly<Record<string, IpldValue>>): Promise<string> {
  return toHex((await signEnvelope({ tag, payload, signer })).bytes)
}

async function invitationCases(): Promise<Given[]> {
  const transportKey = kernel.ed25519PublicKey(new Uint8Array(32).fill(0x55))
  const input = {
    seedHex: toHex(SEED),
    endpoints: ['tls://203.0.113.7:4433', 'tls://[2001:db8::7]:4433'],
    transportKeyHex: toHex(transportKey),
    issuedAtS: 1_790_000_000,
    expiresS: 1_790_086_400,
    name: 'tool-box',
    nowS: 1_790_086_399,
  }
  const { endpoints, issuedAtS, expiresS, name, nowS } = input
  const text = await createInvitation({ signer, endpoints, transportKey, issuedAtS, expiresS, name })
  const { name: _, ...nameless } = input
  const plain = await createInvitation({ signer, endpoints, transportKey, issuedAtS, expiresS })
  const id = 'did:talos:QmaJp4pmb1RUk4oaDyWQcjeqYbvxsc3kvmHWPpz7B5JwDU' as Did
  const durable = await createInvitation({ signer, endpoints, transportKey, issuedAtS, expiresS, id })
  const payload = { iss: DID, ep: endpoints, tk: transportKey, iat: issuedAtS, exp: expiresS }
  const bad = async (description: string, members: IpldMap, tag = 'talos/invite@1'): Promise<Given> => {
    const { bytes } = await signEnvelope({ tag, payload: members, signer })
    return refused('3.8', description, { text: `talos1:${toBase64url(bytes)}`, nowS }, 'INVITATION_INVALID')
  }
  const damaged = (description: string, changed: string): Given =>
    refused('3.8', description, { text: changed, nowS }, 'INVITATION_INVALID')
  return [
    accepted('3.8', 'with a name', input, { issuer: DID, text }),
    accepted('3.8', 'without a name', nameless, { issuer: DID, text: plain }),
    accepted('3.8', 'with the durable name', { ...nameless, id }, { issuer: DID, text: durable }),
    refused('3.8', 'at the second when it ends', { text, nowS: expiresS }, 'INVITATION_EXPIRED'),
    damaged('no text', ''),
    damaged('another prefix', text.replace('talos1:', 'talos2:')),
    damaged('as long as the limit allows', `talos1:${'A'.repeat(3_414)}`),
    damaged('longer than the limit', `talos1:${'A'.repeat(3_415)}`),
    damaged('a digit less', text.slice(0, -1)),
    damaged('padding', `${text}=`),
    damaged('a digit changed', `${text.slice(0, 40)}${text[40] === 'A' ? 'B' : 'A'}${text.slice(41)}`),
    await bad('another tag', payload, 'talos/logkey@1'),
    await bad('no endpoint', { ...payload, ep: [] }),
    await bad('nine endpoints', { ...payload, ep: Array.from({ length: 9 }, (_unused, at) => `tls://h${at}`) }),
    await bad('an endpoint of 201 characters', { ...payload, ep: [`tls://${'a'.repeat(195)}`] }),
    await bad('an endpoint without a scheme', { ...payload, ep: ['203.0.113.7:4433'] }),
    await bad('a transport key of 33 bytes', { ...payload, tk: new Uint8Array(33) }),
    await bad('a name with a line end', { ...payload, name: 'tool\nbox' }),
    await bad('a name with a direction override', { ...payload, name: 'tool\u202ebox' }),
    await bad('a name of 65 characters', { ...payload, name: 'n'.repeat(65) }),
    await bad('it ends when it begins', { ...payload, exp: issuedAtS }),
    await bad('a second longer than the limit', { ...payload, exp: issuedAtS + INVITATION_MAX_LIFETIME_S + 1 }),
    await bad('a durable name that is a key', { ...payload, id: DID }),
    await bad('a durable name that is no DID', { ...payload, id: 'did:talos:x' }),
    await bad('a member more', { ...payload, cap: 1 }),
  ]
}

async function bindingCases(): Promise<Given[]> {
  const binding = { channelBinding: new Uint8Array(32).fill(0x66), transportKey: new Uint8Array(32).fill(0x77) }
  const fields = { channelBindingHex: toHex(binding.channelBinding), transportKeyHex: toHex(binding.transportKey) }
  const valid: Given[] = []
  for (const role of ['dialer', 'listener'] satisfies LinkRole[]) {
    const signatureHex = toHex(await signTransportBinding({ signer, role, ...binding }))
    valid.push(accepted('3.9', `as ${role}`, { seedHex: toHex(SEED), did: DID, role, ...fields }, { signatureHex }))
  }
  const signature = await signTransportBinding({ signer, role: 'dialer', ...binding })
  const good = { did: DID, role: 'dialer', ...fields, signatureHex: toHex(signature) }
  const other = didKeyFromPublicKey(kernel.ed25519PublicKey(new Uint8Array(32)))
  const bad = (description: string, members: object, error = 'TRANSPORT_BINDING_INVALID'): Given =>
    refused('3.9', description, { ...good, ...members }, error)
  return [
    ...valid,
    bad('reflected: the other role', { role: 'listener' }),
    bad('another connection', { channelBindingHex: '00'.repeat(32) }),
    bad('another transport key', { transportKeyHex: '00'.repeat(32) }),
    bad('another DID', { did: other }),
    bad('not a did:key', { did: 'did:web:example.com' }),
    bad('a signature of 63 bytes', { signatureHex: toHex(signature.slice(1)) }),
    bad('no signature', { signatureHex: '' }),
    bad('a channel binding of 31 bytes', { channelBindingHex: '66'.repeat(31) }, 'LAYOUT_INVALID'),
  ]
}

function accepted(clause: string, description: string, input: object, expected: object): Given {
  return { clause, description, input, expected }
}

function refused(clause: string, description: string, input: object, error: string): Given {
  return { clause, description, input, error }
}
