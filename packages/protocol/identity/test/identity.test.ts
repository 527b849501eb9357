import { inspect } from 'node:util'
import { encodeJcs, fromHex, type JsonValue, parseJson, Secret, toBase64, toBase64url, toHex } from '@talos/bytes'
import { parseDid } from '@talos/contracts'
import { seededRandom } from '@talos/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  AGENT_SECRET_BYTES,
  type AgentSecrets,
  createAgentSecrets,
  createInvitation,
  DEFAULT_KEY_FILE_PARAMETERS,
  delegateLogKey,
  didDocument,
  didKeyFromPublicKey,
  disposeAgentSecrets,
  ed25519Signer,
  encodeDidDocument,
  encodeMultikey,
  KEY_FILE_PARAMETER_LIMITS,
  openKeyFile,
  PASSPHRASE_MAX_CHARACTERS,
  parseDidDocument,
  parseDidKey,
  parseKeyFile,
  plainDidDocument,
  publicKeyFromDidKey,
  sealKeyFile,
  signTransportBinding,
} from '../src/index.ts'
import { codeOf, kernel } from './vector-input.ts'

const random = seededRandom('identity')
const params = { memoryKib: 64, passes: 1, parallelism: 1 }
const passphrase = 'a passphrase of several words'
const signer = ed25519Signer({ kernel, seed: Secret.random(random, 32) })

describe('did:key', () => {
  it('has the name that the did:key specification gives to the key of RFC 8032', () => {
    const key = fromHex('3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29')
    expect(didKeyFromPublicKey(key)).toBe('did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp')
  })

  it('gives the same key again, whatever was done with the first one and however many came between', () => {
    const key = random.bytes(32)
    const did = didKeyFromPublicKey(key)
    publicKeyFromDidKey(did).fill(0)
    expect(publicKeyFromDidKey(did)).toEqual(key)
    publicKeyFromDidKey(did).fill(0)
    for (let count = 0; count < 1_100; count += 1) publicKeyFromDidKey(didKeyFromPublicKey(random.bytes(32)))
    expect(publicKeyFromDidKey(did)).toEqual(key)
  })

  it('is one to one with public keys', () => {
    const property = fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      const did = didKeyFromPublicKey(key)
      expect(did).toHaveLength(56)
      expect(publicKeyFromDidKey(did)).toEqual(key)
    })
    fc.assert(property, { seed: 42, numRuns: 200 })
  })

  it('is refused when it is no text, and made only of 32 bytes', async () => {
    expect(await codeOf(() => parseDidKey(7))).toBe('DID_INVALID')
    expect(await codeOf(() => didKeyFromPublicKey(new Uint8Array(31)))).toBe('DID_INVALID')
    expect(await codeOf(() => encodeMultikey('x25519', new Uint8Array(33)))).toBe('DID_INVALID')
  })

  it('takes no text that differs from the right one in one character', async () => {
    for (let index = 0; index < signer.did.length; index += 1) {
      const changed = `${signer.did.slice(0, index)}0${signer.did.slice(index + 1)}`
      expect(await codeOf(() => parseDidKey(changed))).toBe('DID_INVALID')
    }
  })
})

describe('the DID document', () => {
  it('of a DID alone is written as the general writer writes it, and of nothing else', async () => {
    expect(plainDidDocument(signer.did)).toBe(encodeDidDocument(didDocument({ did: signer.did })))
    expect(await codeOf(() => plainDidDocument(parseDid('did:web:example.org')))).toBe('DID_INVALID')
  })

  it('is refused with a key of another length, too many services, or a service that breaks the rules', async () => {
    const service = { fragment: 'a', type: 'TalosEndpoint', endpoint: 'tls://h:1' }
    const did = signer.did
    expect(await codeOf(() => didDocument({ did, keyAgreement: new Uint8Array(31) }))).toBe('DID_INVALID')
    const bad = [
      [{ ...service, fragment: '' }],
      [{ ...service, type: 'talos' }],
      [{ ...service, endpoint: 'nowhere' }],
      [service, service],
      Array.from({ length: 9 }, (_, index) => ({ ...service, fragment: `s${index}` })),
    ]
    for (const services of bad) {
      expect(await codeOf(() => didDocument({ did, services }))).toBe('DID_DOCUMENT_INVALID')
    }
    expect(didDocument({ did, services: bad[4]?.slice(1) ?? [] }).service).toHaveLength(8)
  })

  it('is read from bytes as from text, and refused when it is something else', async () => {
    const text = '{"@context":[]}'
    expect(await codeOf(() => parseDidDocument(new TextEncoder().encode(text)))).toBe('DID_DOCUMENT_INVALID')
    expect(await codeOf(() => parseDidDocument(null))).toBe('DID_DOCUMENT_INVALID')
    expect(await codeOf(() => parseDidDocument('{'))).toBe('JSON_INVALID')
  })

  it('refuses an X25519 entry whose key does not decode', async () => {
    const document = didDocument({ did: signer.did, keyAgreement: new Uint8Array(32).fill(5) })
    const text = JSON.stringify(document).replaceAll(/z6LS[1-9A-Za-z]{44}/g, `z6LS${'z'.repeat(44)}`)
    expect(await codeOf(() => parseDidDocument(JSON.parse(text)))).toBe('DID_DOCUMENT_INVALID')
  })
})

describe('the key file', () => {
  it('keeps what was sealed, and nothing of it lies open', async () => {
    const secrets = createAgentSecrets(random)
    const text = await sealKeyFile({ secrets, passphrase, kernel, random, params })
    const opened = await openKeyFile({ text, passphrase, kernel })
    for (const [name, secret] of Object.entries(secrets) as [keyof AgentSecrets, Secret][]) {
      expect(secret.length).toBe(AGENT_SECRET_BYTES)
      expect(opened[name].use(toHex)).toBe(secret.use(toHex))
      for (const encode of [toHex, toBase64, toBase64url]) expect(text).not.toContain(secret.use(encode))
    }
    expect(text).not.toContain(passphrase)
    expect(parseKeyFile(text, kernel).did).toBe(ed25519Signer({ kernel, seed: secrets.identitySeed }).did)
  })

  it('never seals twice to the same text', async () => {
    const secrets = createAgentSecrets(random)
    const one = await sealKeyFile({ secrets, passphrase, kernel, random, params })
    expect(await sealKeyFile({ secrets, passphrase, kernel, random, params })).not.toBe(one)
  })

  it('refuses every change of one character', async () => {
    const secrets = createAgentSecrets(random)
    const text = await sealKeyFile({ secrets, passphrase, kernel, random, params })
    for (let index = 0; index < text.length; index += 1) {
      const character = text[index] === 'A' ? 'B' : 'A'
      const changed = `${text.slice(0, index)}${character}${text.slice(index + 1)}`
      expect(await codeOf(() => openKeyFile({ text: changed, passphrase, kernel }))).toBe('KEY_FILE_INVALID')
    }
  })

  it('uses 64 MiB and three passes unless told otherwise', async () => {
    const seen: number[] = []
    const watching: typeof kernel = {
      ...kernel,
      argon2id: (options) => {
        seen.push(options.memoryKib, options.passes, options.parallelism)
        return kernel.argon2id({ ...options, memoryKib: 64, passes: 1 })
      },
    }
    await sealKeyFile({ secrets: createAgentSecrets(random), passphrase, kernel: watching, random })
    expect(seen).toEqual([65_536, 3, 1])
    expect(DEFAULT_KEY_FILE_PARAMETERS).toEqual({ memoryKib: 65_536, passes: 3, parallelism: 1 })
  })

  it('refuses parameters at one past each bound before it derives anything', async () => {
    const idle: typeof kernel = { ...kernel, argon2id: () => Promise.reject(new Error('was derived')) }
    const secrets = createAgentSecrets(random)
    for (const [name, { minimum, maximum }] of Object.entries(KEY_FILE_PARAMETER_LIMITS)) {
      for (const value of [minimum - 1, maximum + 1, minimum + 0.5]) {
        const seal = () =>
          sealKeyFile({ secrets, passphrase, kernel: idle, random, params: { ...params, [name]: value } })
        expect(await codeOf(seal)).toBe('KEY_FILE_PARAMETERS')
      }
    }
  })

  it('takes passphrases up to the limit and refuses none, a longer one and broken Unicode', async () => {
    const secrets = createAgentSecrets(random)
    const longest = 'p'.repeat(PASSPHRASE_MAX_CHARACTERS)
    const text = await sealKeyFile({ secrets, passphrase: longest, kernel, random, params })
    expect((await openKeyFile({ text, passphrase: longest, kernel })).logSeed.use(toHex)).toBe(
      secrets.logSeed.use(toHex),
    )
    for (const bad of ['', `${longest}p`, '\ud800']) {
      expect(await codeOf(() => sealKeyFile({ secrets, passphrase: bad, kernel, random, params }))).toBe(
        'PASSPHRASE_UNUSABLE',
      )
    }
  })

  it('refuses a file whose secrets belong to another DID, though everything in it fits together', async () => {
    const wrong: typeof kernel = { ...kernel, ed25519PublicKey: () => new Uint8Array(32).fill(1) }
    const text = await sealKeyFile({ secrets: createAgentSecrets(random), passphrase, kernel: wrong, random, params })
    expect(await codeOf(() => openKeyFile({ text, passphrase, kernel }))).toBe('KEY_FILE_INVALID')
  })

  it('refuses a hostile memory parameter with the checksum repaired', async () => {
    const text = await sealKeyFile({ secrets: createAgentSecrets(random), passphrase, kernel, random, params })
    const { checksum: _, ...file } = parseJson(text) as { readonly [name: string]: JsonValue }
    const kdf = { ...(file['kdf'] as object), memoryKib: 2 ** 30 } as JsonValue
    const changed = { ...file, kdf }
    const sum = toHex(kernel.sha256(new TextEncoder().encode(encodeJcs(changed))))
    const hostile = encodeJcs({ ...changed, checksum: sum })
    expect(await codeOf(() => openKeyFile({ text: hostile, passphrase, kernel }))).toBe('KEY_FILE_PARAMETERS')
  })
})

describe('secrets', () => {
  it('are printed by nothing', () => {
    const secrets = createAgentSecrets(random)
    const own = ed25519Signer({ kernel, seed: secrets.identitySeed })
    const printed = [
      JSON.stringify({ secrets, own }),
      inspect({ secrets, own }, { depth: 9, showHidden: true }),
      String(secrets.logSeed),
    ]
    for (const secret of Object.values<Secret>({ ...secrets })) {
      for (const text of printed) {
        expect(text).not.toContain(secret.use(toHex))
        expect(text).not.toContain(secret.use((bytes) => [...bytes].join(', ')))
      }
    }
  })

  it('are five different ones, and gone once disposed of', async () => {
    const secrets = createAgentSecrets(random)
    const all = Object.values<Secret>({ ...secrets })
    expect(new Set(all.map((secret) => secret.use(toHex))).size).toBe(5)
    disposeAgentSecrets(secrets)
    for (const secret of all) expect(await codeOf(() => secret.use(toHex))).toBe('SECRET_DISPOSED')
  })
})

describe('what the identity key signs', () => {
  it('is refused by the signer when it breaks its own rules', async () => {
    const logPublicKey = new Uint8Array(32).fill(7)
    const log = { signer, logPublicKey, origin: 'o', issuedAtS: 1 }
    expect(await codeOf(() => delegateLogKey({ ...log, origin: '' }))).toBe('SCHEMA_INVALID')
    expect(await codeOf(() => delegateLogKey({ ...log, issuedAtS: -1 }))).toBe('SCHEMA_INVALID')
    expect(await codeOf(() => delegateLogKey({ ...log, logPublicKey: signer.publicKey }))).toBe(
      'LOG_KEY_DELEGATION_INVALID',
    )
    const invite = { signer, endpoints: ['tls://h:1'], transportKey: new Uint8Array(32), issuedAtS: 5, expiresS: 6 }
    expect(await codeOf(() => createInvitation({ ...invite, expiresS: 5 }))).toBe('INVITATION_INVALID')
    expect(await codeOf(() => createInvitation({ ...invite, endpoints: [] }))).toBe('INVITATION_INVALID')
    expect(await codeOf(() => createInvitation({ ...invite, name: '' }))).toBe('INVITATION_INVALID')
    const binding = {
      signer,
      role: 'dialer',
      channelBinding: new Uint8Array(31),
      transportKey: new Uint8Array(32),
    } as const
    expect(await codeOf(() => signTransportBinding(binding))).toBe('LAYOUT_INVALID')
  })
})
