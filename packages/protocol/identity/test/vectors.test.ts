import { decodeCbor, fromHex, Secret, toHex } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { describe, expect, it } from 'vitest'
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
import { casesOf, kernel, outcomeOf, type VectorInput } from './vector-input.ts'

const signerOf = (input: VectorInput) => ed25519Signer({ kernel, seed: Secret.of(input.bytes('seedHex')) })

describe('envelope vectors', () => {
  const cases = casesOf('envelope/envelope.json')

  it.each(cases)('$title', async ({ input, wanted }) => {
    const run = () => {
      const opened = openEnvelope(input.bytes('envelopeHex'), { kernel, tags: input.texts('tags') })
      return { tag: opened.tag, issuer: opened.issuer, cid: opened.cid.toString() }
    }
    expect(await outcomeOf(run)).toEqual(wanted)
  })

  it.each(cases.filter(({ valid }) => valid))('$title, and signing makes it', async ({ input, expected }) => {
    const opened = openEnvelope(input.bytes('envelopeHex'), { kernel, tags: input.texts('tags') })
    const payload = decodeCbor(input.bytes('payloadHex'))
    expect(opened.payload).toEqual(payload)
    const signed = await signEnvelope({ tag: opened.tag, payload: opened.payload, signer: signerOf(input) })
    expect(toHex(signed.bytes)).toBe(input.text('envelopeHex'))
    expect(signed.cid.toString()).toBe(expected['cid'])
  })
})

describe('did:key vectors', () => {
  it.each(casesOf('identity/did-key.json'))('$title', async ({ input, wanted }) => {
    const run = () => {
      if (input.has('did')) return { did: parseDidKey(input.text('did')) }
      const did = didKeyFromPublicKey(input.bytes('publicKeyHex'))
      expect(toHex(publicKeyFromDidKey(did))).toBe(input.text('publicKeyHex'))
      return { did }
    }
    expect(await outcomeOf(run)).toEqual(wanted)
  })
})

describe('Multikey vectors', () => {
  it.each(casesOf('identity/multikey.json'))('$title', async ({ input, wanted }) => {
    const run = () => {
      const type = input.text('type') === 'x25519' ? 'x25519' : 'ed25519'
      if (input.has('multikey')) return decodeMultikey(type, input.text('multikey'))
      const multikey = encodeMultikey(type, input.bytes('keyHex'))
      expect(toHex(decodeMultikey(type, multikey))).toBe(input.text('keyHex'))
      return { multikey }
    }
    expect(await outcomeOf(run)).toEqual(wanted)
  })
})

describe('DID document vectors', () => {
  it.each(casesOf('identity/did-document.json'))('$title', async ({ input, wanted }) => {
    const run = () => {
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
    }
    expect(await outcomeOf(run)).toEqual(wanted)
  })
})

describe('key file vectors', () => {
  it.each(casesOf('identity/key-file.json'))('$title', async ({ input, wanted }) => {
    const run = async () =>
      secretsHex(await openKeyFile({ text: input.text('text'), passphrase: input.text('passphrase'), kernel }))
    expect(await outcomeOf(run)).toEqual(wanted)
  })
})

describe('log key vectors', () => {
  it.each(casesOf('identity/log-key.json'))('$title', async ({ input, wanted }) => {
    const run = async () => {
      if (input.has('envelopeHex')) return openLogKeyDelegation(input.bytes('envelopeHex'), { kernel })
      const logPublicKey = input.bytes('logPublicKeyHex')
      const origin = input.text('origin')
      const issuedAtS = input.number('issuedAtS')
      const { bytes } = await delegateLogKey({ signer: signerOf(input), logPublicKey, origin, issuedAtS })
      const opened = openLogKeyDelegation(bytes, { kernel })
      expect(opened).toMatchObject({ logPublicKey, origin, issuedAtS })
      return { issuer: opened.issuer, envelopeHex: toHex(bytes), cid: opened.cid.toString() }
    }
    expect(await outcomeOf(run)).toEqual(wanted)
  })
})

describe('invitation vectors', () => {
  it.each(casesOf('identity/invitation.json'))('$title', async ({ input, wanted }) => {
    const run = async () => {
      const nowS = input.number('nowS')
      if (input.has('text')) return parseInvitation({ text: input.text('text'), kernel, nowS })
      const members = {
        endpoints: input.texts('endpoints'),
        transportKey: input.bytes('transportKeyHex'),
        issuedAtS: input.number('issuedAtS'),
        expiresS: input.number('expiresS'),
        ...(input.has('name') && { name: input.text('name') }),
        ...(input.has('id') && { id: input.text('id') as Did }),
      }
      const text = await createInvitation({ signer: signerOf(input), ...members })
      const invitation = parseInvitation({ text: ` ${text}\n`, kernel, nowS })
      expect(invitation).toEqual({ ...members, issuer: invitation.issuer, cid: invitation.cid })
      return { issuer: invitation.issuer, text }
    }
    expect(await outcomeOf(run)).toEqual(wanted)
  })
})

describe('transport binding vectors', () => {
  it.each(casesOf('identity/transport-binding.json'))('$title', async ({ input, wanted, valid, expected }) => {
    const run = async () => {
      const binding = {
        role: input.text('role') === 'dialer' ? 'dialer' : 'listener',
        channelBinding: input.bytes('channelBindingHex'),
        transportKey: input.bytes('transportKeyHex'),
      } as const
      const signatureHex = valid ? String(expected['signatureHex']) : input.text('signatureHex')
      const did = verifyTransportBinding({
        ...binding,
        kernel,
        did: input.text('did'),
        signature: fromHex(signatureHex),
      })
      expect(did).toBe(input.text('did'))
      return { signatureHex: toHex(await signTransportBinding({ ...binding, signer: signerOf(input) })) }
    }
    expect(await outcomeOf(run)).toEqual(wanted)
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
