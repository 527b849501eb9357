/** Vectors of the sparse post-quantum step (contracts/spec/06-session.md, 6.11): plays, times at which it is due, refusals. */
import { toHex } from '@talos/bytes'
import { encodePqAnswer, encodePqOffer, type SessionRecord } from '@talos/contracts'
import {
  CONTENT_PQ_ANSWER,
  CONTENT_PQ_OFFER,
  controlDue,
  encodeSessionState,
  PQ_OFFER_REPEAT_MS,
  PQ_STEP_AGE_MS,
  PQ_STEP_BYTES,
  PQ_STEP_MESSAGES,
  type SessionState,
} from '@talos/session'
import { type CaseDraft, kernel, NOW_MS, type Stage, stage } from './session-cast.ts'
import { misbehave, refusal, Script, type Side, withRecord } from './session-script.ts'

/** When a step is due by age, and an offer without an answer again. */
const at = (hours: number) => ({ nowMs: NOW_MS + hours * PQ_STEP_AGE_MS })

/** What an answerer holds, of an offer that nobody made. */
const HELD_ANSWER = {
  offerHash: new Uint8Array(32).fill(1),
  ciphertext: new Uint8Array(1088).fill(2),
  secret: new Uint8Array(32).fill(3),
}

export async function postQuantumCases(): Promise<readonly CaseDraft[]> {
  const given = await stage({ seed: 'post-quantum', oneTimeIndex: 1 })
  return [
    threeSteps(given),
    lostFrames(given),
    lateFrames(given),
    besideMessages(given),
    longWait(given),
    crashes(given),
    ...dueTimes(given),
    ...refusals(given),
  ]
}

/** Each side hears the other once, so that both are confirmed; the initiator spoke last. */
function begin(name: string, given: Stage): Script {
  const play = new Script(name, given)
  play.open('initiator', play.seal('responder', 'turn'))
  return play.open('responder', play.seal('initiator', 'turn'))
}

function wholeStep(play: Script, opener: Side, hours: number): void {
  const answerer = opener === 'initiator' ? 'responder' : 'initiator'
  play.openOne(answerer, play.control(opener, at(hours)), at(hours))
  play.openOne(opener, play.control(answerer, at(hours)), at(hours))
  play.openOne(answerer, play.seal(opener, `mixes step ${hours}`, at(hours)), at(hours))
}

function threeSteps(given: Stage): CaseDraft {
  const play = begin('pq-steps', given)
  for (const step of [1, 2, 3]) wholeStep(play, step % 2 === 1 ? 'initiator' : 'responder', step)
  play.open('initiator', play.seal('responder', 'in epoch 3'))
  return play.draft('6.11', 'three steps, opened by the initiator, the responder and the initiator')
}

function lostFrames(given: Stage): CaseDraft {
  const play = begin('pq-lost', given)
  play.control('initiator', at(1))
  play.openOne('responder', play.control('initiator', at(2)), at(2))
  play.control('responder', at(2))
  play.openOne('responder', play.control('initiator', at(3)), at(3))
  play.openOne('initiator', play.control('responder', at(3)), at(3))
  play.openOne('responder', play.seal('initiator', 'mixes', at(3)), at(3))
  return play.draft(
    '6.11',
    'an offer and an answer are lost: the same key is offered and the same ciphertext sent again',
  )
}

function lateFrames(given: Stage): CaseDraft {
  const play = begin('pq-late', given)
  const [first, second] = [play.control('initiator', at(1)), play.control('initiator', at(2))]
  play.openOne('responder', first, at(2))
  const answer = play.control('responder', at(2))
  play.openOne('responder', second, at(2))
  const again = play.control('responder', at(2))
  const third = play.control('initiator', at(3))
  play.openOne('initiator', again, at(3)).openOne('initiator', answer, at(3))
  play.openOne('responder', play.seal('initiator', 'mixes', at(3)), at(3))
  play.openOne('responder', third, at(3))
  play.openOne('initiator', play.seal('responder', 'in epoch 1', at(3)), at(3))
  return play.draft('6.11', 'a second answer and an offer of a step that is done change nothing')
}

function besideMessages(given: Stage): CaseDraft {
  const play = begin('pq-beside', given)
  const before = play.seal('initiator', 'before the offer', at(1))
  const offer = play.control('initiator', at(1))
  const after = play.seal('initiator', 'after the offer', at(1))
  play.openOne('responder', offer, at(1))
  const earlier = play.seal('responder', 'before the answer', at(1))
  play.openOne('initiator', play.control('responder', at(1)), at(1))
  const mixing = play.seal('initiator', 'mixes, and arrives second', at(1))
  play.openOne('responder', play.seal('initiator', 'of the chain that mixes, and arrives first', at(1)), at(1))
  play.openOne('responder', mixing, at(1)).openOne('responder', after, at(1)).openOne('responder', before, at(1))
  play.openOne('initiator', play.seal('responder', 'in epoch 1', at(1)), at(1)).openOne('initiator', earlier, at(1))
  return play.draft('6.11', 'messages of chains of the epoch before arrive after the step')
}

function longWait(given: Stage): CaseDraft {
  const play = begin('pq-wait', given)
  play.openOne('responder', play.control('initiator', at(1)), at(1))
  for (const round of [1, 2]) {
    play.open('initiator', play.seal('responder', `turn ${round}`))
    play.open('responder', play.seal('initiator', `turn ${round}`))
  }
  const answer = play.control('responder', at(1))
  play.open('initiator', play.seal('responder', 'turns before the answer is opened'))
  play.open('responder', play.seal('initiator', 'still in epoch 0'))
  play.openOne('initiator', answer, at(1))
  play.open('responder', play.seal('initiator', 'still in the chain of epoch 0'))
  play.open('initiator', play.seal('responder', 'turn'))
  play.open('responder', play.seal('initiator', 'the next chain mixes'))
  return play.draft('6.11', 'turns before the answer stay in the epoch, and so does the chain that the answer meets')
}

function crashes(given: Stage): CaseDraft {
  const play = begin('pq-crashes', given)
  const both = () => play.crash('initiator').crash('responder')
  for (const hours of [1, 2]) {
    const [opener, answerer] =
      hours === 1 ? (['initiator', 'responder'] as const) : (['responder', 'initiator'] as const)
    const offer = play.control(opener, at(hours))
    both()
    play.openOne(answerer, offer, at(hours))
    both()
    const answer = play.control(answerer, at(hours))
    both()
    play.openOne(opener, answer, at(hours))
    both()
    const mixing = play.seal(opener, 'mixes', at(hours))
    both()
    play.openOne(answerer, mixing, at(hours))
    both()
  }
  return play.draft('6.11', 'both sides die after every part of two steps')
}

function dueTimes(given: Stage): readonly CaseDraft[] {
  const play = begin('pq-due', given)
  const [initiator, responder] = [play.state('initiator'), play.state('responder')]
  const changed = (change: Partial<SessionRecord['pq']>, messages = 3) =>
    withRecord(initiator, (record) => ({ ...record, messages, pq: { ...record.pq, ...change } }))
  const due = (description: string, state: SessionState, nowMs = NOW_MS): CaseDraft => {
    const input = { operation: 'due', stateHex: toHex(encodeSessionState(state)), nowMs }
    return { clause: '6.11', description, input, expected: { due: controlDue(state, nowMs) } }
  }
  const offer = { seed: new Uint8Array(64).fill(7), sealedMs: NOW_MS }
  const answering = (isDue: boolean) =>
    withRecord(responder, (record) => ({ ...record, pq: { ...record.pq, answer: { ...HELD_ANSWER, due: isDue } } }))
  return [
    due('nothing happened yet', initiator),
    due('49 messages', changed({}, PQ_STEP_MESSAGES - 1)),
    due('50 messages', changed({}, PQ_STEP_MESSAGES)),
    due('50 messages since the last step', changed({ sinceMessages: 10 }, PQ_STEP_MESSAGES + 10)),
    due('one byte below 64 MiB', changed({ sinceBytes: PQ_STEP_BYTES - 1 })),
    due('64 MiB', changed({ sinceBytes: PQ_STEP_BYTES })),
    due('a millisecond below an hour', initiator, NOW_MS + PQ_STEP_AGE_MS - 1),
    due('an hour', initiator, NOW_MS + PQ_STEP_AGE_MS),
    due('an hour, at the side that answers', responder, NOW_MS + PQ_STEP_AGE_MS),
    due('an hour, in a session that is not confirmed', given.initiated.state, NOW_MS + PQ_STEP_AGE_MS),
    due('offered just now', changed({ offer }, PQ_STEP_MESSAGES)),
    due('offered a millisecond below an hour ago', changed({ offer }), NOW_MS + PQ_OFFER_REPEAT_MS - 1),
    due('offered an hour ago', changed({ offer }), NOW_MS + PQ_OFFER_REPEAT_MS),
    due('answered, and waiting for the next chain', changed({ agreed: HELD_ANSWER.secret }), NOW_MS + PQ_STEP_AGE_MS),
    due('an offer arrived', answering(true)),
    due('its answer was sealed', answering(false), NOW_MS + PQ_STEP_AGE_MS),
  ]
}

function refusals(given: Stage): readonly CaseDraft[] {
  const play = begin('pq-refusals', given)
  play.open('initiator', play.seal('responder', 'so that both have a chain'))
  play.open('responder', play.seal('initiator', 'and use it'))
  play.seal('responder', 'the last chain of the responder')
  const encapsulationKey = kernel.mlkem768EncapsulationKey(new Uint8Array(64).fill(9))
  const offer = (epoch: number, key = encapsulationKey) => encodePqOffer({ epoch, encapsulationKey: key })
  const answer = (epoch: number) => encodePqAnswer({ epoch, ciphertext: new Uint8Array(1088) })
  const invalid = 'SESSION_MESSAGE_INVALID'
  const refuse = (by: Side, description: string, contentType: number, content: Uint8Array): CaseDraft => {
    const to = by === 'initiator' ? 'responder' : 'initiator'
    return refuseIn(play.state(to), { description, message: misbehaving(by, contentType, content) })
  }
  const misbehaving = (by: Side, contentType: number, content: Uint8Array) =>
    misbehave(play.state(by), { contentType, padded: Uint8Array.of(...content, 0x80) })
  const refuseIn = (state: SessionState, given: { readonly description: string; readonly message: Uint8Array }) =>
    refusal(state, { clause: '6.11', ...given }, invalid)
  const answering = withRecord(play.state('responder'), (record) => ({
    ...record,
    pq: { ...record.pq, answer: { ...HELD_ANSWER, due: false } },
  }))
  const header = (description: string, epoch: number): CaseDraft => {
    const state = withRecord(play.state('initiator'), ({ sending: _turned, ...record }) => ({ ...record, epoch }))
    const late = new Script('pq-epoch', { initiated: { ...given.initiated, state }, responded: given.responded })
    const message = late.message(late.seal('initiator', 'in an epoch of its own'))
    return refusal(play.state('responder'), { clause: '6.6', description, message }, invalid)
  }
  const unconfirmed = misbehave(given.initiated.state, {
    contentType: CONTENT_PQ_OFFER,
    padded: Uint8Array.of(...offer(1), 0x80),
  })
  return [
    refuse('initiator', 'an offer of step 0', CONTENT_PQ_OFFER, offer(0)),
    refuse('initiator', 'an offer of the step after the next, which the other side opens', CONTENT_PQ_OFFER, offer(2)),
    refuse('initiator', 'an offer two steps ahead', CONTENT_PQ_OFFER, offer(3)),
    refuse('responder', 'an offer by the side that answers the step', CONTENT_PQ_OFFER, offer(1)),
    refuse('initiator', 'an answer by the side that opens the step', CONTENT_PQ_ANSWER, answer(1)),
    refuse('responder', 'an answer of step 0', CONTENT_PQ_ANSWER, answer(0)),
    refuse('responder', 'an answer that nothing was offered for', CONTENT_PQ_ANSWER, answer(1)),
    refuse('responder', 'an answer of the step after the next', CONTENT_PQ_ANSWER, answer(2)),
    refuse('initiator', 'an offer that is cut short', CONTENT_PQ_OFFER, offer(1).subarray(0, -1)),
    refuse('responder', 'an answer that is too long', CONTENT_PQ_ANSWER, Uint8Array.of(...answer(1), 0)),
    refuse(
      'initiator',
      'an offer with a key that is none',
      CONTENT_PQ_OFFER,
      offer(1, new Uint8Array(1184).fill(0xff)),
    ),
    refusal(
      given.responded.state,
      { clause: '6.11', description: 'an offer in a session that is not confirmed', message: unconfirmed },
      invalid,
    ),
    header('a turn to the next epoch, for which nothing is agreed', 1),
    header('a turn two epochs ahead', 2),
    refuseIn(answering, {
      description: 'an offer of another key than the one that was answered',
      message: misbehaving('initiator', CONTENT_PQ_OFFER, offer(1)),
    }),
  ]
}
