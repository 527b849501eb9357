/** Vectors of the ratchet (contracts/spec/06-session.md): whole plays with drops and reorderings, and messages to refuse. */
import { utf8 } from '@talos/bytes'
import { SKIPPED_KEY_LIFETIME_MS } from '@talos/session'
import { type CaseDraft, kernel, NOW_MS, type Stage, stage } from './session-cast.ts'
import { misbehave, recordOf, refusal, Script, withRecord } from './session-script.ts'

const DAY_MS = 86_400_000

export async function ratchetCases(): Promise<readonly CaseDraft[]> {
  const given = await stage({ seed: 'ratchet', oneTimeIndex: 0 })
  const other = await stage({ seed: 'ratchet-other', oneTimeIndex: 1 })
  return [...plays(given), ...refusals(given, other), ...misbehaviour(given), ...exhaustion(given), ...constants(given)]
}

function plays(given: Stage): readonly CaseDraft[] {
  return [
    pingPong(given),
    oneWay(given),
    lossAcrossTurns(given),
    repetitions(given),
    forgeries(given),
    oldKeys(given),
    paddings(given),
    fiveOldChains(given),
  ]
}

function pingPong(given: Stage): CaseDraft {
  const play = new Script('ping-pong', given)
  for (const round of [1, 2, 3]) {
    play.open('initiator', play.seal('responder', `ping ${round}`))
    play.open('responder', play.seal('initiator', `pong ${round}`))
  }
  return play.draft('6.6', 'every message turns the ratchet')
}

function oneWay(given: Stage): CaseDraft {
  const play = new Script('one-way', given)
  const [a, b, c, d] = [1, 2, 3, 4].map((number) => play.seal('initiator', `message ${number}`)) as [
    number,
    number,
    number,
    number,
  ]
  play.open('responder', d, b, a, c)
  return play.draft('6.7', 'four messages of one chain arrive in another order')
}

function lossAcrossTurns(given: Stage): CaseDraft {
  const play = new Script('turns', given)
  const lost = play.seal('initiator', 'never arrives')
  const late = play.seal('initiator', 'arrives two turns later')
  play.open('responder', play.seal('initiator', 'arrives'))
  play.open('initiator', play.seal('responder', 'turn'))
  const lateToo = play.seal('initiator', 'arrives one turn later')
  play.open('responder', play.seal('initiator', 'second chain'))
  play.open('initiator', play.seal('responder', 'turn again'))
  play.open('responder', play.seal('initiator', 'third chain'))
  play.open('responder', lateToo, late)
  return play.draft('6.7', `messages of earlier chains arrive after turns, message ${lost} is lost`)
}

function repetitions(given: Stage): CaseDraft {
  const play = new Script('repetitions', given)
  const [a, b, c] = ['one', 'two', 'three'].map((text) => play.seal('initiator', text)) as [number, number, number]
  play.open('responder', c, a)
  play.refuse('responder', a, 'SESSION_DUPLICATE').refuse('responder', c, 'SESSION_DUPLICATE')
  play.open('responder', b).refuse('responder', b, 'SESSION_DUPLICATE')
  play.open('initiator', play.seal('responder', 'turn'))
  play.open('responder', play.seal('initiator', 'next chain'))
  play.refuse('responder', b, 'SESSION_HEADER')
  return play.draft('6.7', 'no message opens twice, nor after its chain is forgotten')
}

function forgeries(given: Stage): CaseDraft {
  const play = new Script('forgeries', given)
  const honest = play.seal('initiator', 'honest')
  const bytes = play.message(honest)
  const at = (index: number) => bytes.map((byte, position) => (position === index ? byte ^ 0x10 : byte))
  play.refuse('responder', at(2), 'SESSION_HEADER')
  play.refuse('responder', at(19), 'SESSION_HEADER')
  play.refuse('responder', at(31), 'SESSION_HEADER')
  play.refuse('responder', at(91), 'SESSION_HEADER')
  play.refuse('responder', at(92), 'SESSION_AUTHENTICATION')
  play.refuse('responder', at(124), 'SESSION_AUTHENTICATION')
  play.refuse('responder', at(bytes.length - 1), 'SESSION_AUTHENTICATION')
  play.refuse('initiator', honest, 'SESSION_HEADER')
  play.open('responder', honest)
  return play.draft('6.1', 'the honest message opens after every forgery of it, and not where it came from')
}

function oldKeys(given: Stage): CaseDraft {
  const play = new Script('old-keys', given)
  const [a, b, c] = ['one', 'two', 'three'].map((text) => play.seal('initiator', text)) as [number, number, number]
  play.openAt('responder', c, NOW_MS)
  play.openAt('responder', a, NOW_MS + SKIPPED_KEY_LIFETIME_MS - 1)
  play.refuse('responder', b, 'SESSION_DUPLICATE', NOW_MS + SKIPPED_KEY_LIFETIME_MS)
  return play.draft('6.8', 'the key of a missing message is kept for less than seven days')
}

function paddings(given: Stage): CaseDraft {
  const play = new Script('paddings', given)
  for (const length of [0, 1, 255, 256, 257, 300, 1000]) {
    for (const padding of ['padme', 'none'] as const) {
      play.open('responder', play.seal('initiator', 'x'.repeat(length), { padding, contentType: length % 0xf0 }))
    }
  }
  return play.draft('6.5', 'contents of several sizes under both padding policies')
}

function fiveOldChains(given: Stage): CaseDraft {
  const play = new Script('old-chains', given)
  const late = [0, 1, 2, 3, 4].map((chain) => {
    const number = play.seal('initiator', `late in chain ${chain}`)
    play.open('responder', play.seal('initiator', `in chain ${chain}`))
    play.open('initiator', play.seal('responder', `turn ${chain}`))
    return number
  })
  play.open('responder', play.seal('initiator', 'in chain 5'))
  const [forgotten = 0, ...kept] = late
  play.open('responder', ...kept.toReversed()).refuse('responder', forgotten, 'SESSION_HEADER')
  return play.draft('6.8', 'four old chains are remembered, the fifth is forgotten')
}

function refusals(given: Stage, other: Stage): readonly CaseDraft[] {
  const play = new Script('refusals', given)
  const message = play.message(play.seal('initiator', 'honest'))
  const elsewhere = new Script('refusals-other', other)
  const foreign = elsewhere.message(elsewhere.seal('initiator', 'other session'))
  const state = play.state('responder')
  const refuse = (clause: string, description: string, bytes: Uint8Array, error: string) => {
    return refusal(state, { clause, description, message: bytes }, error)
  }
  const renamed = Uint8Array.of(...foreign.subarray(0, 3), ...state.sessionId, ...foreign.subarray(19))
  const older = utf8('{"header":{"dh":"q83v","pn":0,"n":0},"ciphertext":"AAAA"}')
  return [
    refuse('6.7', 'no bytes', new Uint8Array(0), 'SESSION_SUITE'),
    refuse('6.7', 'another suite', Uint8Array.of(2, ...message.subarray(1)), 'SESSION_SUITE'),
    refuse('6.7', 'a message of an older ratchet', older, 'SESSION_SUITE'),
    refuse('6.7', 'the first flight again', given.initiated.message, 'SESSION_MESSAGE_INVALID'),
    refuse('6.7', 'one byte too short for any content', message.subarray(0, 140), 'SESSION_MESSAGE_INVALID'),
    refuse('6.7', 'a reserved content type that means nothing', message.with(2, 0xf2), 'SESSION_MESSAGE_INVALID'),
    refuse('6.7', 'a message of another session', foreign, 'SESSION_MISMATCH'),
    refuse('6.7', 'a message of another session under the id of this one', renamed, 'SESSION_HEADER'),
  ]
}

function misbehaviour(given: Stage): readonly CaseDraft[] {
  const play = new Script('misbehaviour', given)
  play.open('responder', play.seal('initiator', 'one'))
  play.open('initiator', play.seal('responder', 'turn'))
  play.seal('initiator', 'of a new chain')
  const [peer, state] = [play.state('initiator'), play.state('responder')]
  const refuse = (clause: string, description: string, change: Parameters<typeof misbehave>[1], error: string) => {
    return refusal(state, { clause, description, message: misbehave(peer, change) }, error)
  }
  return [
    refuse('6.3', 'an epoch other than 0', { header: { epoch: 1 } }, 'SESSION_MESSAGE_INVALID'),
    refuse('6.3', 'number 2^24 of a chain', { header: { count: 2 ** 24 } }, 'SESSION_MESSAGE_INVALID'),
    refuse(
      '6.3',
      'a previous chain of more than 2^24',
      { header: { previousCount: 2 ** 24 + 1 } },
      'SESSION_MESSAGE_INVALID',
    ),
    refuse('6.3', 'another version of the header', { headerVersion: 2 }, 'SESSION_MESSAGE_INVALID'),
    refuse(
      '6.6',
      'a previous chain shorter than what arrived of it',
      { header: { previousCount: 1 } },
      'SESSION_MESSAGE_INVALID',
    ),
    refuse('6.6', 'a ratchet key of zero', { header: { ratchetKey: new Uint8Array(32) } }, 'SESSION_LOW_ORDER'),
    refuse('6.8', 'a gap of 2,001 in the new chain', { header: { count: 2_001 } }, 'SESSION_GAP'),
    refuse('6.8', 'a gap of 2,001 in the previous chain', { header: { previousCount: 2_003 } }, 'SESSION_GAP'),
    refuse(
      '6.7',
      'a gap of 2,000 passes as far as the message key',
      { header: { count: 2_000 } },
      'SESSION_AUTHENTICATION',
    ),
    refuse(
      '6.7',
      'a gap of 2,000 in the previous chain passes as far',
      { header: { count: 0, previousCount: 2_002 } },
      'SESSION_AUTHENTICATION',
    ),
  ]
}

function exhaustion(given: Stage): readonly CaseDraft[] {
  const play = new Script('exhaustion', given)
  const honest = play.message(play.seal('initiator', 'honest'))
  const state = play.state('responder')
  const peer = given.initiated.state
  const full = withRecord(state, (record) => ({ ...record, messages: 2 ** 32 }))
  const late = {
    clause: '6.8',
    description: 'fourteen days after the handshake',
    message: honest,
    nowMs: NOW_MS + 14 * DAY_MS,
  }
  const expectedNumber = { count: recordOf(state).receiving?.count ?? 0 }
  const odd = (description: string, padded: Uint8Array) => {
    return refusal(
      state,
      { clause: '6.5', description, message: misbehave(peer, { header: expectedNumber, padded }) },
      'SESSION_MESSAGE_INVALID',
    )
  }
  return [
    refusal(state, late, 'SESSION_EXHAUSTED'),
    refusal(full, { clause: '6.8', description: 'after 2^32 messages', message: honest }, 'SESSION_EXHAUSTED'),
    odd('padding without an end mark', new Uint8Array(256)),
    odd('padding that ends in another byte', Uint8Array.of(0x80, 0x00, 0x01)),
  ]
}

/** Headers of the current chain that differ in what is the same in all of them. */
function constants(given: Stage): readonly CaseDraft[] {
  const play = new Script('constants', given)
  play.open('responder', play.seal('initiator', 'of the chain'))
  play.open('initiator', play.seal('responder', 'so that the initiator has a chain to compare'))
  play.open('responder', play.seal('initiator', 'begins its second chain'))
  const [peer, state] = [play.state('initiator'), play.state('responder')]
  const other = kernel.x25519PublicKey(new Uint8Array(32).fill(5))
  const refuse = (description: string, header: Parameters<typeof misbehave>[1]['header']): CaseDraft => {
    const message = misbehave(peer, header === undefined ? {} : { header })
    return refusal(state, { clause: '6.3', description, message }, 'SESSION_MESSAGE_INVALID')
  }
  return [
    refuse('another ratchet key within a chain', { ratchetKey: other }),
    refuse('another previous count within a chain', { previousCount: 5 }),
    refuse('another epoch within a chain', { epoch: 1 }),
    refuse('another previous count within a chain, beyond a gap', { previousCount: 0, count: 9 }),
  ]
}
