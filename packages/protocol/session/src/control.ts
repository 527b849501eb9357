/**
 * Sealing the control frames of the post-quantum step (spec 06-session 6.11): when one is due, and what is in it.
 */
import { encodePqAnswer, encodePqOffer } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { type Kernel, MLKEM768_SEED_BYTES } from '@talos/kernel'
import type { Random } from '@talos/ports'
import {
  CONTENT_PQ_ANSWER,
  CONTENT_PQ_OFFER,
  PQ_OFFER_REPEAT_MS,
  PQ_STEP_AGE_MS,
  PQ_STEP_BYTES,
  PQ_STEP_MESSAGES,
} from './constants.ts'
import { isOpener } from './post-quantum.ts'
import { type Sealed, sealMessage } from './seal.ts'
import { type SessionParts, SessionState } from './state.ts'

/**
 * Whether a control frame should be sealed now: an answer that the peer waits for, an offer that is due (50 messages, one
 * hour or 64 MiB after the last step) or one that had no answer for an hour. Never in an unconfirmed session.
 */
export function controlDue(state: SessionState, nowMs: number): boolean {
  const { facts, root, pq, messages, sinceBytes } = SessionState.partsOf(state)
  if (pq.answer !== undefined) return pq.answer.due
  if (!root.confirmed || pq.agreed !== undefined || !isOpener(facts.role, root.epoch + 1)) return false
  if (pq.offer !== undefined) return nowMs - pq.offer.sealedMs >= PQ_OFFER_REPEAT_MS
  return (
    messages - pq.sinceMessages >= PQ_STEP_MESSAGES ||
    nowMs - pq.sinceMs >= PQ_STEP_AGE_MS ||
    sinceBytes >= PQ_STEP_BYTES
  )
}

export interface SealControlInput {
  readonly kernel: Kernel
  readonly random: Random
  readonly nowMs: number
}

/**
 * Seals the control frame that is due; its state is always to be stored before it leaves. Draws the seed (64) for a new
 * offer, then what `seal` draws.
 *
 * @throws TalosError `SESSION_ARGUMENT` (nothing is due), `SESSION_EXHAUSTED`, `SESSION_LOW_ORDER`
 */
export function sealControl(state: SessionState, input: SealControlInput): Sealed {
  if (!controlDue(state, input.nowMs)) {
    throw new TalosError('SESSION_ARGUMENT', { name: 'state', reason: 'no control frame is due' })
  }
  const parts = SessionState.partsOf(state)
  const { answer } = parts.pq
  const frame = answer === undefined ? offerFrame(parts, input) : answerFrame(parts, answer)
  const { kernel, random, nowMs } = input
  const { contentType, content } = frame
  const sealed = sealMessage(frame.parts, { kernel, random, nowMs, contentType, content, padding: 'padme' })
  return { ...sealed, needsStore: true }
}

interface Frame {
  readonly parts: SessionParts
  readonly contentType: number
  readonly content: Uint8Array
}

function offerFrame(parts: SessionParts, { kernel, random, nowMs }: SealControlInput): Frame {
  const { offer, sinceMs, sinceMessages } = parts.pq
  const seed = offer === undefined ? random.bytes(MLKEM768_SEED_BYTES) : offer.seed
  const epoch = parts.root.epoch + 1
  return {
    parts: { ...parts, pq: { sinceMs, sinceMessages, offer: { seed, sealedMs: nowMs } } },
    contentType: CONTENT_PQ_OFFER,
    content: encodePqOffer({ epoch, encapsulationKey: kernel.mlkem768EncapsulationKey(seed) }),
  }
}

function answerFrame(parts: SessionParts, answer: NonNullable<SessionParts['pq']['answer']>): Frame {
  return {
    parts: { ...parts, pq: { ...parts.pq, answer: { ...answer, due: false } } },
    contentType: CONTENT_PQ_ANSWER,
    content: encodePqAnswer({ epoch: parts.root.epoch + 1, ciphertext: answer.ciphertext }),
  }
}
