/** Vectors of served bundles (contracts/spec/05-prekeys-handshake.md, 5.2 to 5.4). */
import { decodeCbor, encodeCbor, toHex } from '@talos/bytes'
import { PREKEY_BUNDLE_TAG, SESSION_KEY_CERTIFICATE_TAG } from '@talos/contracts'
import { type IpldMap, signEnvelope } from '@talos/identity'
import { createPrekeys, type PublishedOneTime, publishBundle, SESSION_SUITE } from '@talos/session'
import { seededRandom } from '@talos/testkit'
import { type Actor, actor, type CaseDraft, type CaseInput, kernel, NOW_MS } from './session-cast.ts'

/** Where the signature stands in an envelope (04-envelope). */
const SIGNATURE_OFFSET = 3

export async function bundleCases(): Promise<readonly CaseDraft[]> {
  const bob = actor('bob')
  const made = await createPrekeys({
    kernel,
    random: seededRandom('session/bundle'),
    ...bob,
    nowMs: NOW_MS,
    serial: 7,
    oneTimeCount: 5,
  })
  const { bundle, payload } = made
  const pairs = made.oneTime.map(({ published }) => published)
  const [first, second] = pairs
  if (first === undefined || second === undefined) throw new Error('five pairs were made')
  const spk = { ...payload.spk }
  const pqspk = { ...payload.pqspk }
  const members: IpldMap = { ...payload, suite: SESSION_SUITE, spk, pqspk }
  const signed = async (change: IpldMap, by: Actor = bob, tag = PREKEY_BUNDLE_TAG) => {
    const { bytes } = await signEnvelope({ tag, payload: { ...members, ...change }, signer: by.signer })
    return publishBundle({ bundle: bytes })
  }
  const accept = (clause: string, description: string, oneTime?: PublishedOneTime, more: CaseInput = {}): CaseDraft => {
    const publishedHex = toHex(publishBundle({ bundle, ...(oneTime && { oneTime }) }))
    const facts = {
      did: payload.iss,
      instance: payload.instance,
      serial: payload.serial,
      oneTimeIndex: oneTime?.index ?? null,
    }
    const expected = { ...facts, bundleHashHex: toHex(made.secrets.bundleHash) }
    return { clause, description, input: { publishedHex, nowMs: NOW_MS, ...more }, expected }
  }
  const refuse = (
    clause: string,
    description: string,
    bytes: Uint8Array,
    error: string,
    more: CaseInput = {},
  ): CaseDraft => {
    return { clause, description, input: { publishedHex: toHex(bytes), nowMs: NOW_MS, ...more }, error }
  }
  const withPair = (oneTime: PublishedOneTime) => publishBundle({ bundle, oneTime })
  const plain = publishBundle({ bundle })
  const late = NOW_MS + 15 * 86_400_000
  const { serial: _without, ...short } = members
  const shortEnvelope = await signEnvelope({ tag: PREKEY_BUNDLE_TAG, payload: short, signer: bob.signer })
  const extra = encodeCbor({ ...(decodeCbor(plain) as IpldMap), note: 1 })
  return [
    accept('5.4', 'without a one-time pair'),
    ...pairs.map((pair) => accept('5.3', `with the one-time pair at index ${pair.index} of 5`, pair)),
    accept('5.4', 'the agent that was asked for', first, { expectedDid: bob.signer.did }),
    accept('5.4', 'a serial as high as the highest seen', first, { minimumSerial: 7 }),
    accept('5.2', 'in its first second', undefined, { nowMs: payload.spk.nbf * 1000 }),
    accept('5.2', 'in its last second', undefined, { nowMs: payload.spk.exp * 1000 - 1 }),
    refuse('5.4', 'no bytes', new Uint8Array(0), 'SESSION_BUNDLE_INVALID'),
    refuse('5.4', 'more than 8,192 bytes', new Uint8Array(8_193), 'SESSION_BUNDLE_INVALID'),
    refuse('5.4', 'a member more', extra, 'SESSION_BUNDLE_INVALID'),
    refuse('5.4', 'one bit of the envelope', flippedAt(plain, plain.length - 1), 'SESSION_BUNDLE_INVALID'),
    refuse('5.2', 'another tag', await signed({}, bob, SESSION_KEY_CERTIFICATE_TAG), 'SESSION_BUNDLE_INVALID'),
    refuse('5.2', 'a member less', publishBundle({ bundle: shortEnvelope.bytes }), 'SESSION_BUNDLE_INVALID'),
    refuse('5.2', 'an instance name in capitals', await signed({ instance: 'Main' }), 'SESSION_BUNDLE_INVALID'),
    refuse(
      '5.2',
      'an encapsulation key of another length',
      await signed({ pqspk: { ...pqspk, pub: new Uint8Array(1183) } }),
      'SESSION_BUNDLE_INVALID',
    ),
    refuse('5.1', 'another suite', await signed({ suite: 'ts0-x25519-sha256-chacha20poly1305' }), 'SESSION_SUITE'),
    refuse('5.4', 'another agent than was asked for', plain, 'SESSION_BUNDLE_INVALID', {
      expectedDid: actor('alice').signer.did,
    }),
    refuse('5.4', 'a serial below the highest seen', plain, 'SESSION_BUNDLE_ROLLBACK', { minimumSerial: 8 }),
    refuse('5.4', 'before its first second', plain, 'SESSION_PREKEY_NOT_YET_VALID', {
      nowMs: payload.spk.nbf * 1000 - 1,
    }),
    refuse('5.4', 'in the second in which it ends', plain, 'SESSION_PREKEY_EXPIRED', { nowMs: payload.spk.exp * 1000 }),
    refuse(
      '5.4',
      'the ML-KEM prekey alone ended',
      await signed({ spk: { ...spk, exp: spk.exp + 86_400 * 9 } }),
      'SESSION_PREKEY_EXPIRED',
      { nowMs: late },
    ),
    refuse('5.4', 'a pair under the index of another', withPair({ ...second, index: 0 }), 'SESSION_ONE_TIME_INVALID'),
    refuse(
      '5.4',
      'a pair with the path of another',
      withPair({ ...second, path: first.path }),
      'SESSION_ONE_TIME_INVALID',
    ),
    refuse(
      '5.4',
      'a pair with another X25519 key',
      withPair({ ...first, x25519: second.x25519 }),
      'SESSION_ONE_TIME_INVALID',
    ),
    refuse(
      '5.4',
      'a pair with another ML-KEM key',
      withPair({ ...first, mlkem: second.mlkem }),
      'SESSION_ONE_TIME_INVALID',
    ),
    refuse(
      '5.4',
      'a pair with a path that is too short',
      withPair({ ...first, path: first.path.slice(1) }),
      'SESSION_ONE_TIME_INVALID',
    ),
    refuse('5.4', 'a pair past the last one', withPair({ ...first, index: 5 }), 'SESSION_ONE_TIME_INVALID'),
    refuse(
      '5.4',
      'a pair with an index beyond every tree',
      withPair({ ...first, index: 1024 }),
      'SESSION_BUNDLE_INVALID',
    ),
    ...undivided(bundle, { spk: spk.pub, payload: encodeCbor(members) }).map(([description, envelope]) =>
      refuse('5.2', description, publishBundle({ bundle: envelope }), 'SESSION_BUNDLE_INVALID'),
    ),
  ]
}

/** The bundle under signatures of the right key over something else than its tagged payload. */
function undivided(
  bundle: Uint8Array,
  signed: { readonly spk: Uint8Array; readonly payload: Uint8Array },
): readonly (readonly [string, Uint8Array])[] {
  const { identitySeed } = actor('bob')
  const under = (message: Uint8Array) => {
    const envelope = bundle.slice()
    envelope.set(kernel.ed25519Sign(identitySeed, message), SIGNATURE_OFFSET)
    return envelope
  }
  return [
    ['a signature over the 32 bytes of the signed prekey alone', under(signed.spk)],
    ['a signature over the payload without its tag', under(signed.payload)],
  ]
}

function flippedAt(bytes: Uint8Array, index: number): Uint8Array {
  const changed = bytes.slice()
  changed.set([(bytes[index] ?? 0) ^ 1], index)
  return changed
}
