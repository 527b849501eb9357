/** Vectors of stored session records (contracts/spec/06-session.md, 6.9) and of padded sizes (6.5). */
import { concatBytes, decodeCbor, encodeCbor, toHex } from '@talos/bytes'
import type { SessionRecord } from '@talos/contracts'
import { decodeSessionState, encodeSessionState, paddedSize } from '@talos/session'
import { type CaseDraft, NOW_MS, type Stage, stage } from './session-cast.ts'
import { recordOf, Script } from './session-script.ts'

export async function stateCases(): Promise<readonly CaseDraft[]> {
  const given = await stage({ seed: 'state' })
  const play = new Script('state', given)
  const [, second] = [play.seal('initiator', 'late'), play.seal('initiator', 'early')]
  play.open('responder', second)
  const rich = encodeSessionState(play.state('responder'))
  const record = decodeCbor(rich) as unknown as SessionRecord
  return [
    accepted('an initiator before the first answer', given.initiated.state),
    accepted('a responder after the first flight', given.responded.state),
    accepted('a responder with a skipped key', play.state('responder')),
    ...refusals(record, rich),
    ...steps(given),
    ahead(record),
    ...packed(record),
  ]
}

/** One skipped key as 6.9 writes it. */
function skippedKey(number: number, storedMs: number | bigint = NOW_MS): Uint8Array {
  const key = new Uint8Array(44)
  const view = new DataView(key.buffer)
  view.setUint32(0, number)
  view.setBigUint64(4, BigInt(storedMs))
  return key.fill(number & 0xff, 12)
}

function oldChain(...keys: readonly Uint8Array[]): { readonly headerKey: Uint8Array; readonly skipped: Uint8Array } {
  return { headerKey: new Uint8Array(32), skipped: concatBytes(...keys) }
}

/** Skipped keys as byte strings: what is one, and what is none. */
function packed(record: SessionRecord): readonly CaseDraft[] {
  const stored = (...keys: readonly Uint8Array[]) => encodeCbor({ ...record, oldChains: [oldChain(...keys)] })
  const refuse = (description: string, bytes: Uint8Array): CaseDraft => {
    return { clause: '6.9', description, input: { stateHex: toHex(bytes) }, error: 'SESSION_STATE_INVALID' }
  }
  const entries = [{ count: 1, messageKey: new Uint8Array(32), storedMs: NOW_MS }]
  const listed = { ...record, oldChains: [{ headerKey: new Uint8Array(32), skipped: entries }] }
  const [least, most] = [skippedKey(0, 0), skippedKey(2 ** 24 - 1, 2n ** 53n - 1n)]
  const many = Array.from({ length: 2000 }, (_, number) => skippedKey(number))
  return [
    accepted('an old chain with the least and the greatest key', decodeSessionState(stored(least, most))),
    refuse('skipped keys of 43 bytes', stored(least.subarray(1))),
    refuse('skipped keys of 45 bytes', stored(least, Uint8Array.of(0))),
    refuse('a skipped key of number 2^24', stored(skippedKey(2 ** 24))),
    refuse('a skipped key that was stored at 2^53', stored(skippedKey(1, 2n ** 53n))),
    refuse('skipped keys as a list', encodeCbor(listed)),
    refuse('2,001 skipped keys in two chains', stored(...many)),
  ]
}

function ahead(record: SessionRecord): CaseDraft {
  const changed = { ...record, receiving: { ...record.receiving, count: 3, skipped: skippedKey(3) } }
  return {
    clause: '6.9',
    description: 'a skipped key of the next number of its chain',
    input: { stateHex: toHex(encodeCbor(changed)) },
    error: 'SESSION_STATE_INVALID',
  }
}

/** Records within a post-quantum step. */
function steps(given: Stage): readonly CaseDraft[] {
  const bytes = (length: number) => new Uint8Array(length).fill(length)
  const offer = { seed: bytes(64), sealedMs: NOW_MS }
  const answer = { offerHash: bytes(32), ciphertext: bytes(1088), secret: bytes(32), due: true }
  const agreed = bytes(32)
  const [initiator, responder] = [given.initiated.state, given.responded.state]
  const within = (state: Stage['initiated']['state'], epoch: number, step: object) => {
    const record = recordOf(state)
    return encodeCbor({ ...record, epoch, pq: { ...record.pq, ...step } })
  }
  const accept = (description: string, stored: Uint8Array) => accepted(description, decodeSessionState(stored))
  const refuse = (description: string, stored: Uint8Array): CaseDraft => {
    return { clause: '6.9', description, input: { stateHex: toHex(stored) }, error: 'SESSION_STATE_INVALID' }
  }
  const { pq: _step, ...stepless } = recordOf(initiator)
  return [
    accept('an initiator that offered step 1', within(initiator, 0, { offer })),
    accept('an initiator that has the answer of step 1', within(initiator, 0, { agreed })),
    accept('a responder that answers step 1', within(responder, 0, { answer })),
    accept('a responder that offered step 2', within(responder, 1, { offer })),
    accept('an initiator that answers step 2', within(initiator, 1, { answer })),
    refuse('no place for a step', encodeCbor(stepless)),
    refuse('an offer at the side that answers', within(responder, 0, { offer })),
    refuse('an agreed secret at the side that answers', within(responder, 0, { agreed })),
    refuse('an answer at the side that offers', within(initiator, 0, { answer })),
    refuse('an offer and its secret at once', within(initiator, 0, { offer, agreed })),
    refuse('an answer and an offer at once', within(responder, 0, { offer, answer })),
    refuse('an expanded key instead of a seed', within(initiator, 0, { offer: { ...offer, seed: bytes(2400) } })),
  ]
}

function accepted(description: string, state: Stage['initiated']['state']): CaseDraft {
  const summary = JSON.parse(JSON.stringify(state))
  return { clause: '6.9', description, input: { stateHex: toHex(encodeSessionState(state)) }, expected: { summary } }
}

function refusals(record: SessionRecord, bytes: Uint8Array): readonly CaseDraft[] {
  const refuse = (description: string, changed: Uint8Array): CaseDraft => {
    return { clause: '6.9', description, input: { stateHex: toHex(changed) }, error: 'SESSION_STATE_INVALID' }
  }
  const changed = (description: string, change: object) => {
    return refuse(description, encodeCbor({ ...record, ...change }))
  }
  const { rootKey: _root, ...rootless } = record
  const { exporter: _exporter, ...closed } = record
  return [
    refuse('no bytes', new Uint8Array(0)),
    refuse('a byte more', Uint8Array.of(...bytes, 0)),
    refuse('a byte less', bytes.subarray(0, -1)),
    refuse('no root key', encodeCbor(rootless)),
    changed('another version', { version: 2 }),
    refuse('a record of version 3', encodeCbor({ ...closed, version: 3 })),
    refuse('no exporter secret', encodeCbor(closed)),
    changed('an exporter secret of 33 bytes', { exporter: new Uint8Array(33) }),
    changed('another suite', { suite: 'ts0' }),
    changed('an epoch that is none', { epoch: 2 ** 32 }),
    changed('a member more', { note: 1 }),
    changed('a root key of 31 bytes', { rootKey: new Uint8Array(31) }),
    changed('five old chains', { oldChains: [0, 1, 2, 3, 4].map((number) => oldChain(skippedKey(number))) }),
    changed('an old chain without keys', { oldChains: [oldChain()] }),
    changed('skipped keys that descend', { oldChains: [oldChain(skippedKey(2), skippedKey(1))] }),
    changed('a skipped key twice', { oldChains: [oldChain(skippedKey(1), skippedKey(1))] }),
  ]
}

export function paddingCases(): readonly CaseDraft[] {
  const sizes = [
    0, 1, 254, 255, 256, 257, 271, 272, 511, 512, 1023, 1024, 4000, 65_535, 65_536, 1_000_000, 1_048_575, 1_048_576,
  ]
  return (['padme', 'none'] as const).flatMap((policy) =>
    sizes.map((sizeBytes) => ({
      clause: '6.5',
      description: `${sizeBytes} bytes under ${policy}`,
      input: { sizeBytes, policy },
      expected: { paddedBytes: paddedSize(sizeBytes, policy) },
    })),
  )
}
