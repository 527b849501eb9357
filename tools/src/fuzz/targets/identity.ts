/** Envelopes, DIDs, documents, invitations and key files (spec 03-identity, 04-envelope). */
import { encodeJcs, equalBytes, fromBase64url, type JsonValue, parseJson, toBase64url, toHex, utf8 } from '@talos/bytes'
import { parseDid } from '@talos/contracts'
import {
  decodeMultikey,
  didKeyFromPublicKey,
  disposeAgentSecrets,
  encodeDidDocument,
  encodeMultikey,
  openEnvelope,
  openKeyFile,
  openLogKeyDelegation,
  parseDidDocument,
  parseDidKey,
  parseInvitation,
  parseKeyFile,
  publicKeyFromDidKey,
  verifyTransportBinding,
} from '@talos/identity'
import { seedsOf, signedIn, textOf, textSeed } from '../seeds.ts'
import { must, NOTHING, type Target, unlessRefused } from '../target.ts'
import { kernel, trusting } from './kernels.ts'

const NOW_S = 1_790_086_399
/** Key files whose derivation costs more are left out: what they cost is limited by name, and tested there. */
const CHEAP = { memoryKib: 256, passes: 2 }
const PASSPHRASE = 'correct horse battery staple'

export function identityTargets(): readonly Target[] {
  return [...envelopeTargets(), ...didTargets(), ...invitationTargets(), ...keyFileTargets()]
}

function envelopeTargets(): readonly Target[] {
  const seeds = [
    ...seedsOf('envelope/envelope.json', 'envelopeHex'),
    ...seedsOf('identity/log-key.json', 'envelopeHex'),
    ...seedsOf('capability/receipt.json', 'receiptHex'),
  ]
  const tags = ['talos/example@1', 'talos/logkey@1', 'talos/receipt@1', 'ucan/dlg@1.0.0', 'ucan/inv@1.0.0']
  const wasSigned = signedIn(seeds)
  return [
    {
      name: 'envelope/open',
      refusals: /^(ENVELOPE_|INPUT_|CBOR_)/,
      form: 'cbor',
      seeds,
      run(input) {
        openEnvelope(input, { kernel, tags })
        must(wasSigned(input), 'nothing opens but what was signed')
      },
    },
    {
      name: 'envelope/behind-signature',
      refusals: /^(ENVELOPE_|INPUT_|CBOR_)/,
      form: 'cbor',
      seeds,
      run(input) {
        const { bytes, cid } = openEnvelope(input, { kernel: trusting, tags })
        must(equalBytes(bytes, input) && equalBytes(cid.bytes.slice(4), kernel.sha256(input)), 'it names what it read')
      },
    },
    {
      name: 'log-key/behind-signature',
      refusals: /^(ENVELOPE_|INPUT_|CBOR_|LOG_KEY_|SCHEMA_)/,
      form: 'cbor',
      seeds: seedsOf('identity/log-key.json', 'envelopeHex'),
      run: (input) => void openLogKeyDelegation(input, { kernel: trusting }),
    },
  ]
}

function didTargets(): readonly Target[] {
  return [
    {
      name: 'did',
      refusals: NOTHING,
      form: 'text',
      seeds: [...seedsOf('identity/did-key.json', 'did'), ...seedsOf('identity/multikey.json', 'multikey')],
      run(input) {
        const text = textOf(input)
        const did = unlessRefused(() => parseDidKey(text))
        const key = unlessRefused(() => publicKeyFromDidKey(text))
        must((did === undefined) === (key === undefined), 'both readers take the same DIDs')
        if (key !== undefined) must(didKeyFromPublicKey(key) === text, 'a taken DID is canonical')
        for (const type of ['ed25519', 'x25519'] as const) {
          const decoded = unlessRefused(() => decodeMultikey(type, text))
          if (decoded !== undefined) must(encodeMultikey(type, decoded) === text, 'a taken Multikey is canonical')
        }
        const general = unlessRefused(() => parseDid(text))
        must(general !== undefined || did === undefined, 'a did:key is a DID')
      },
    },
    {
      name: 'did-document',
      refusals: /^(DID_DOCUMENT_|SCHEMA_|JSON_|INPUT_)/,
      form: 'json',
      seeds: seedsOf('identity/did-document.json', 'text'),
      run: (input) => must(encodeDidDocument(parseDidDocument(input)) === textOf(input), 'a taken text is canonical'),
    },
    {
      name: 'transport-binding',
      refusals: /^(TRANSPORT_BINDING_|DID_)/,
      form: 'bytes',
      seeds: seedsOf('identity/transport-binding.json', 'signatureHex'),
      run(input, random) {
        const options = { channelBinding: random.bytes(32), transportKey: random.bytes(32), signature: input }
        const did = random.oneIn(2) ? textOf(input) : didKeyFromPublicKey(kernel.ed25519PublicKey(new Uint8Array(32)))
        verifyTransportBinding({ ...options, kernel, did, role: 'dialer' })
        must(false, 'no signature holds for a connection that was never made')
      },
    },
  ]
}

function invitationTargets(): readonly Target[] {
  const seeds = seedsOf('identity/invitation.json', 'text')
  const signed = seeds.map(
    (seed) => new Uint8Array(Buffer.from(textOf(seed).trim().slice('talos1:'.length), 'base64url')),
  )
  const wasSigned = signedIn(signed)
  return [
    {
      name: 'invitation/text',
      refusals: /^INVITATION_/,
      form: 'text',
      seeds,
      run(input) {
        const text = textOf(input)
        parseInvitation({ text, kernel, nowS: NOW_S })
        must(wasSigned(fromBase64url(text.trim().slice('talos1:'.length))), 'nothing opens but what was signed')
      },
    },
    {
      name: 'invitation/behind-signature',
      refusals: /^INVITATION_/,
      form: 'cbor',
      seeds: signed,
      run: (input) => void parseInvitation({ text: `talos1:${toBase64url(input)}`, kernel: trusting, nowS: NOW_S }),
    },
  ]
}

function keyFileTargets(): readonly Target[] {
  const seeds = seedsOf('identity/key-file.json', 'text')
  const openCheaply = async (text: string) => {
    const { kdf } = parseKeyFile(text, kernel)
    if (kdf.memoryKib > CHEAP.memoryKib || kdf.passes > CHEAP.passes) return
    disposeAgentSecrets(await openKeyFile({ text, passphrase: PASSPHRASE, kernel }))
  }
  return [
    {
      name: 'key-file/text',
      refusals: /^(KEY_FILE_|PASSPHRASE_)/,
      form: 'json',
      seeds,
      run: (input) => openCheaply(textOf(input)),
    },
    {
      name: 'key-file/behind-checksum',
      refusals: /^(KEY_FILE_|PASSPHRASE_|JSON_INVALID|INPUT_)/,
      form: 'json',
      seeds: seeds.flatMap((seed) => unlessRefused(() => withoutChecksum(seed)) ?? []),
      run(input) {
        const file = parseJson(input)
        if (!isObject(file)) return
        const checksum = toHex(kernel.sha256(utf8(encodeJcs(file))))
        return openCheaply(encodeJcs({ ...file, checksum }))
      },
    },
  ]
}

function isObject(value: JsonValue): value is { readonly [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function withoutChecksum(seed: Uint8Array): Uint8Array {
  const { checksum: _checksum, ...file } = parseJson(seed) as { readonly [name: string]: never }
  return textSeed(encodeJcs(file))
}
