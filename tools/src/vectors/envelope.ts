/** Vectors of the signed envelope (contracts/spec/04-envelope). */
import { concatBytes, encodeCbor, fromHex, type IpldValue, Secret, toHex } from '@talos/bytes'
import { didKeyFromPublicKey, ENVELOPE_MAX_BYTES, ed25519Signer, signEnvelope } from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import type { VectorFile } from './vector-file.ts'

const kernel = portableKernel()
const SEED = new Uint8Array(32).fill(0x11)
const OTHER_SEED = new Uint8Array(32).fill(0x22)
const DID = didKeyFromPublicKey(kernel.ed25519PublicKey(SEED))
const OTHER_DID = didKeyFromPublicKey(kernel.ed25519PublicKey(OTHER_SEED))
const HEADER = fromHex('3401ed01ed011371')
const TAG = 'talos/example@1'

export async function envelopeVectors(): Promise<VectorFile[]> {
  const cases = [...(await validCases()), ...invalidCases()]
  const file = { format: 'talos-vectors/1', subject: 'signed envelope', spec: '04-envelope', cases }
  return [{ path: 'envelope/envelope.json', file }]
}

async function validCases() {
  const signer = ed25519Signer({ kernel, seed: Secret.of(SEED) })
  const payloads: readonly (readonly [string, string, Readonly<Record<string, IpldValue>>])[] = [
    ['the smallest payload', TAG, { iss: DID }],
    ['every kind of value', TAG, everyKind(DID)],
    ['a tag with a version of three numbers', 'ucan/dlg@1.0.0', { iss: DID, nonce: new Uint8Array(12) }],
    [
      'a member that JavaScript treats specially',
      TAG,
      Object.fromEntries([
        ['iss', DID],
        ['__proto__', 1],
      ]),
    ],
  ]
  const cases = []
  for (const [index, [description, tag, payload]] of payloads.entries()) {
    const { bytes, cid } = await signEnvelope({ tag, payload, signer })
    cases.push({
      id: `envelope-${String(index + 1).padStart(3, '0')}`,
      clause: '4.2',
      description,
      valid: true,
      input: { seedHex: toHex(SEED), tags: [tag], payloadHex: toHex(encodeCbor(payload)), envelopeHex: toHex(bytes) },
      expected: { tag, issuer: DID, cid: cid.toString() },
    })
  }
  return cases
}

function everyKind(iss: string): Readonly<Record<string, IpldValue>> {
  return {
    iss,
    n: null,
    t: true,
    i: -42,
    big: 2 ** 53 - 1,
    s: 'text \u00e9',
    b: Uint8Array.of(1, 2),
    l: [1, [2]],
    m: { a: {} },
  }
}

interface Forgery {
  readonly header?: IpldValue
  readonly tag?: string
  readonly payload?: IpldValue
  readonly seed?: Uint8Array
  readonly extra?: Readonly<Record<string, IpldValue>>
}

/** Signs rightly whatever it is told to sign, so that only the named fault can be the reason for a refusal. */
function forge({ header = HEADER, tag = TAG, payload = { iss: DID }, seed = SEED, extra = {} }: Forgery): Uint8Array {
  const signed = encodeCbor({ h: header, [tag]: payload, ...extra })
  return join(kernel.ed25519Sign(seed, signed), signed)
}

function join(signature: Uint8Array, signed: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0x82, 0x58, 0x40), signature, signed)
}

function flip(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.map((byte, at) => (at === index ? byte ^ 1 : byte))
}

function invalidCases() {
  const good = forge({})
  const signed = good.subarray(67)
  const signature = good.subarray(3, 67)
  const faults: readonly (readonly [string, string, Uint8Array, string])[] = [
    ['4.5', 'one byte more than the limit', forge({ payload: { iss: DID, x: oversize() } }), 'INPUT_TOO_LARGE'],
    ['4.4', 'no bytes', new Uint8Array(), 'CBOR_INVALID'],
    ['4.4', 'a byte after the end', concatBytes(good, Uint8Array.of(0)), 'CBOR_INVALID'],
    ['4.4', 'a byte missing at the end', good.subarray(0, -1), 'CBOR_INVALID'],
    [
      '4.4',
      'the signature length in a longer form',
      concatBytes(fromHex('82590040'), signature, signed),
      'CBOR_INVALID',
    ],
    [
      '4.4',
      'an array of indefinite length',
      concatBytes(Uint8Array.of(0x9f), good.subarray(1), Uint8Array.of(0xff)),
      'CBOR_INVALID',
    ],
    ['4.5', 'nested deeper than the limit', forge({ payload: { iss: DID, x: nested(40) } }), 'INPUT_TOO_DEEP'],
    ['4.1', 'not an array', encodeCbor({ h: HEADER }), 'ENVELOPE_MALFORMED'],
    ['4.1', 'an array of one', encodeCbor([signature]), 'ENVELOPE_MALFORMED'],
    ['4.1', 'an array of three', encodeCbor([signature, { h: HEADER, [TAG]: { iss: DID } }, 0]), 'ENVELOPE_MALFORMED'],
    [
      '4.1',
      'a signature of 63 bytes',
      encodeCbor([signature.slice(1), { h: HEADER, [TAG]: { iss: DID } }]),
      'ENVELOPE_MALFORMED',
    ],
    [
      '4.1',
      'a signature as text',
      encodeCbor(['x'.repeat(64), { h: HEADER, [TAG]: { iss: DID } }]),
      'ENVELOPE_MALFORMED',
    ],
    ['4.1', 'the signed item is a list', encodeCbor([signature, [HEADER]]), 'ENVELOPE_MALFORMED'],
    ['4.1', 'the signed item is bytes', encodeCbor([signature, HEADER]), 'ENVELOPE_MALFORMED'],
    ['4.1', 'the signed item is null', encodeCbor([signature, null]), 'ENVELOPE_MALFORMED'],
    ['4.1', 'no header', encodeCbor([signature, { [TAG]: { iss: DID } }]), 'ENVELOPE_MALFORMED'],
    ['4.1', 'no payload', encodeCbor([signature, { h: HEADER }]), 'ENVELOPE_MALFORMED'],
    ['4.1', 'two payloads', forge({ extra: { 'talos/other@1': { iss: DID } } }), 'ENVELOPE_MALFORMED'],
    ['4.3', 'a header of varsig version 2', forge({ header: flip(HEADER, 1) }), 'ENVELOPE_HEADER'],
    ['4.3', 'a header of another hash', forge({ header: flip(HEADER, 6) }), 'ENVELOPE_HEADER'],
    ['4.3', 'a header cut short', forge({ header: HEADER.slice(0, 7) }), 'ENVELOPE_HEADER'],
    ['4.3', 'a header as text', forge({ header: '3401ed01ed011371' }), 'ENVELOPE_HEADER'],
    ['4.4', 'a tag that is not accepted here', forge({ tag: 'talos/other@1' }), 'ENVELOPE_TAG'],
    ['4.4', 'a payload that is a list', forge({ payload: [DID] }), 'ENVELOPE_MALFORMED'],
    ['4.4', 'no issuer', forge({ payload: { aud: DID } }), 'ENVELOPE_ISSUER'],
    ['4.4', 'an issuer that is a number', forge({ payload: { iss: 1 } }), 'ENVELOPE_ISSUER'],
    ['4.4', 'an issuer of another method', forge({ payload: { iss: 'did:web:example.com' } }), 'ENVELOPE_ISSUER'],
    ['4.4', 'an issuer with a fragment', forge({ payload: { iss: `${DID}#key` } }), 'ENVELOPE_ISSUER'],
    ['4.2', 'signed by another key', forge({ seed: OTHER_SEED }), 'ENVELOPE_SIGNATURE'],
    ['4.2', 'the issuer exchanged', forge({ payload: { iss: OTHER_DID } }), 'ENVELOPE_SIGNATURE'],
    ['4.2', 'one bit of the signature flipped', flip(good, 3), 'ENVELOPE_SIGNATURE'],
    [
      '4.2',
      'the signature of another payload',
      join(forge({ payload: { iss: DID, x: 1 } }).subarray(3, 67), signed),
      'ENVELOPE_SIGNATURE',
    ],
    [
      '4.2',
      'a signature over the payload alone',
      join(kernel.ed25519Sign(SEED, encodeCbor({ iss: DID })), signed),
      'ENVELOPE_SIGNATURE',
    ],
    ['4.2', 'a signature of zeroes by a small-order key', smallOrder(), 'ENVELOPE_SIGNATURE'],
  ]
  return faults.map(([clause, description, bytes, error], index) => ({
    id: `envelope-${String(index + 101)}`,
    clause,
    description,
    valid: false,
    input: { tags: [TAG], envelopeHex: toHex(bytes) },
    error,
  }))
}

function oversize(): Uint8Array {
  const overhead = forge({ payload: { iss: DID, x: new Uint8Array(ENVELOPE_MAX_BYTES - 1000) } }).length
  return new Uint8Array(ENVELOPE_MAX_BYTES - 1000 + (ENVELOPE_MAX_BYTES + 1 - overhead))
}

function nested(depth: number): IpldValue {
  let value: IpldValue = 0
  for (let level = 0; level < depth; level += 1) value = [value]
  return value
}

/** The neutral element as key and as R, with S = 0, satisfies the bare equation for every message. */
function smallOrder(): Uint8Array {
  const neutral = Uint8Array.of(1, ...new Uint8Array(31))
  const signed = encodeCbor({ h: HEADER, [TAG]: { iss: didKeyFromPublicKey(neutral) } })
  return join(concatBytes(neutral, new Uint8Array(32)), signed)
}
