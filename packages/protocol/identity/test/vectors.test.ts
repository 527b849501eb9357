import { decodeCbor, fromHex, Secret, toHex } from '@talos/bytes'
import { describe, expect } from 'vitest'
import {
  type AgentSecrets,
  createInvitation,
  type DidService,
  decodeMultikey,
  delegateLogKey,
  didDocument,
  didKeyFromPublicKey,
  ed25519Signer,
  encodeDidDocument,
  encodeMultikey,
  isIpldMap,
  keyAgreementKey,
  openEnvelope,
  openKeyFile,
  openLogKeyDelegation,
  parseDidDocument,
  parseDidKey,
  parseInvitation,
  publicKeyFromDidKey,
  signEnvelope,
  signTransportBinding,
  verifyTransportBinding,
} from '../src/index.ts'
import { itRunsVectors, kernel, type VectorInput } from './vector-input.ts'

const signerOf = (input: VectorInput) => ed25519Signer({ kernel, seed: Secret.of(input.bytes('seedHex')) })

describe('envelope vectors', () => {
  itRunsVectors('envelope/envelope.json', async (input, { valid }) => {
    const opened = openEnvelope(input.bytes('envelopeHex'), { kernel, tags: input.texts('tags') })
    if (valid) {
      const payload = decodeCbor(input.bytes('payloadHex'))
      if (!isIpldMap(payload)) throw new Error('the payload is not an object')
      expect(opened.payload).toEqual(payload)
      const signed = await signEnvelope({ tag: opened.tag, payload, signer: signerOf(input) })
      expect(toHex(signed.bytes)).toBe(input.text('envelopeHex'))
    }
    return { tag: opened.tag, issuer: opened.issuer, cid: opened.cid.toString() }
  })
})

describe('did:key vectors', () => {
  itRunsVectors('identity/did-key.json', (input) => {
    if (input.has('did')) return { did: parseDidKey(input.text('did')) }
    const did = didKeyFromPublicKey(input.bytes('publicKeyHex'))
    expect(toHex(publicKeyFromDidKey(did))).toBe(input.text('publicKeyHex'))
    return { did }
  })
})

describe('Multikey vectors', () => {
  itRunsVectors('identity/multikey.json', (input) => {
    const type = input.text('type') === 'x25519' ? 'x25519' : 'ed25519'
    if (input.has('multikey')) return decodeMultikey(type, input.text('multikey'))
    const multikey = encodeMultikey(type, input.bytes('keyHex'))
    expect(toHex(decodeMultikey(type, multikey))).toBe(input.text('keyHex'))
    return { multikey }
  })
})

describe('DID document vectors', () => {
  itRunsVectors('identity/did-document.json', (input) => {
    if (input.has('text')) return parseDidDocument(input.text('text'))
    const keyAgreement = input.has('keyAgreementHex') ? input.bytes('keyAgreementHex') : undefined
    const document = didDocument({
      did: parseDidKey(input.text('did')),
      ...(keyAgreement && { keyAgreement }),
      ...(input.has('services') && { services: input.raw('services') as readonly DidService[] }),
    })
    const text = encodeDidDocument(document)
    expect(parseDidDocument(text)).toEqual(document)
    expect(parseDidDocument(document)).toBe(document)
    expect(keyAgreementKey(document)).toEqual(keyAgreement)
    return { text }
  })
})

describe('key file vectors', () => {
  itRunsVectors('identity/key-file.json', async (input) =>
    secretsHex(await openKeyFile({ text: input.text('text'), passphrase: input.text('passphrase'), kernel })),
  )
})

describe('log key vectors', () => {
  itRunsVectors('identity/log-key.json', async (input) => {
    if (input.has('envelopeHex')) return openLogKeyDelegation(input.bytes('envelopeHex'), { kernel })
    const logPublicKey = input.bytes('logPublicKeyHex')
    const origin = input.text('origin')
    const issuedAtS = input.number('issuedAtS')
    const { bytes } = await delegateLogKey({ signer: signerOf(input), logPublicKey, origin, issuedAtS })
    const opened = openLogKeyDelegation(bytes, { kernel })
    expect(opened).toMatchObject({ logPublicKey, origin, issuedAtS })
    return { issuer: opened.issuer, envelopeHex: toHex(bytes), cid: opened.cid.toString() }
  })
})

describe('invitation vectors', () => {
  itRunsVectors('identity/invitation.json', async (input) => {
    const nowS = input.number('nowS')
    if (input.has('text')) return parseInvitation({ text: input.text('text'), kernel, nowS })
    const members = {
      endpoints: input.texts('endpoints'),
      transportKey: input.bytes('transportKeyHex'),
      issuedAtS: input.number('issuedAtS'),
      expiresS: input.number('expiresS'),
      ...(input.has('name') && { name: input.text('name') }),
    }
    const text = await createInvitation({ signer: signerOf(input), ...members })
    const invitation = parseInvitation({ text: ` ${text}\n`, kernel, nowS })
    expect(invitation).toEqual({ ...members, issuer: invitation.issuer, cid: invitation.cid })
    return { issuer: invitation.issuer, text }
  })
})

describe('transport binding vectors', () => {
  itRunsVectors('identity/transport-binding.json', async (input, { valid, ...vector }) => {
    const binding = {
      role: input.text('role') === 'dialer' ? 'dialer' : 'listener',
      channelBinding: input.bytes('channelBindingHex'),
      transportKey: input.bytes('transportKeyHex'),
    } as const
    const expected =
      valid && 'expected' in vector ? String(vector.expected['signatureHex']) : input.text('signatureHex')
    const did = verifyTransportBinding({ ...binding, kernel, did: input.text('did'), signature: fromHex(expected) })
    expect(did).toBe(input.text('did'))
    return { signatureHex: toHex(await signTransportBinding({ ...binding, signer: signerOf(input) })) }
  })
})

function secretsHex(secrets: AgentSecrets): object {
  return {
    identitySeedHex: secrets.identitySeed.use(toHex),
    sessionKeyHex: secrets.sessionKey.use(toHex),
    logSeedHex: secrets.logSeed.use(toHex),
    transportSeedHex: secrets.transportSeed.use(toHex),
    storageKeyHex: secrets.storageKey.use(toHex),
  }
}
