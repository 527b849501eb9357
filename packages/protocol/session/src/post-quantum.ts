/**
 * The sparse post-quantum step (spec 06-session 6.11; the shape of PQ3: a KEM now and then, beside the DH of every turn).
 *
 *     opener:    offer { epoch, ML-KEM-768 key } ->            <- answer { epoch, ciphertext }    :answerer
 *     RK, CK, NHK = HKDF-SHA256(salt RK, DH || ss, "talos/ts1/rk", 96)     at the opener's next sending chain
 *
 * Offer and answer are messages of the session; the outbox repeats them until they are acknowledged, so nothing of the
 * step is carried by other messages. The key is kept as its seed. Everything here is a function of the parts of a state.
 */
import { equalBytes } from '@talos/bytes'
import { decodePqAnswer, decodePqOffer, type PqAnswer, type PqOffer } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { CONTENT_PQ_OFFER } from './constants.ts'
import { invalidMessage } from './key-schedule.ts'
import type { SessionParts } from './state.ts'
import type { SessionRole } from './transcript.ts'

/** Whether this side opens the step: the initiator the odd ones, the responder the even ones. */
export function isOpener(role: SessionRole, epoch: number): boolean {
  return (epoch % 2 === 1) === (role === 'initiator')
}

/**
 * Takes in a control frame that was opened.
 *
 * @throws TalosError `SESSION_MESSAGE_INVALID` when the peer may not send it here
 */
export function takeControl(
  parts: SessionParts,
  input: {
    readonly kernel: Kernel
    readonly contentType: number
    readonly content: Uint8Array
    readonly kemRandomness?: Uint8Array | undefined
  },
): SessionParts {
  const { kernel, contentType, content, kemRandomness } = input
  if (!parts.root.confirmed) throw invalidMessage('it is a control frame and the session is not confirmed')
  return contentType === CONTENT_PQ_OFFER
    ? takeOffer(parts, { kernel, kemRandomness, offer: decoded(() => decodePqOffer(content)) })
    : takeAnswer(parts, { kernel, answer: decoded(() => decodePqAnswer(content)) })
}

/** The parts in which the opener's next sending chain begins: the secret of its answered offer makes a new epoch. */
export function mixAgreed(parts: SessionParts, nowMs: number): SessionParts {
  return parts.pq.agreed === undefined ? parts : nextEpoch(parts, nowMs)
}

/**
 * What a turn to `epoch` mixes in at the answerer: nothing in the epoch that holds, its secret in the next.
 *
 * @throws TalosError `SESSION_MESSAGE_INVALID` for every other epoch
 */
export function secretFor({ root, pq }: SessionParts, epoch: number): Uint8Array | undefined {
  if (epoch === root.epoch) return undefined
  if (epoch !== root.epoch + 1 || pq.answer === undefined) throw invalidMessage('its epoch is none of this session')
  return pq.answer.secret
}

/** The parts with one epoch more and no step running. */
export function nextEpoch(parts: SessionParts, nowMs: number): SessionParts {
  return {
    ...parts,
    root: { ...parts.root, epoch: parts.root.epoch + 1 },
    pq: { sinceMs: nowMs, sinceMessages: parts.messages },
    sinceBytes: 0,
  }
}

function takeOffer(
  parts: SessionParts,
  input: { readonly kernel: Kernel; readonly offer: PqOffer; readonly kemRandomness: Uint8Array | undefined },
): SessionParts {
  const { kernel, offer, kemRandomness } = input
  checkEpoch(parts, offer.epoch)
  if (isOpener(parts.facts.role, offer.epoch)) throw invalidMessage('the step is for this side to open')
  if (offer.epoch <= parts.root.epoch) return parts
  const offerHash = kernel.sha256(offer.encapsulationKey)
  const { answer, ...since } = parts.pq
  if (answer === undefined) {
    const { ciphertext, sharedSecret: secret } = encapsulate(kernel, { offer, kemRandomness })
    return { ...parts, pq: { ...since, answer: { offerHash, ciphertext, secret, due: true } } }
  }
  if (!equalBytes(answer.offerHash, offerHash)) throw invalidMessage('it offers a second key for one step')
  return { ...parts, pq: { ...since, answer: { ...answer, due: true } } }
}

function takeAnswer(
  parts: SessionParts,
  { kernel, answer }: { readonly kernel: Kernel; readonly answer: PqAnswer },
): SessionParts {
  checkEpoch(parts, answer.epoch)
  if (!isOpener(parts.facts.role, answer.epoch)) throw invalidMessage('the step is for this side to answer')
  const { offer, agreed: _agreed, ...since } = parts.pq
  if (answer.epoch <= parts.root.epoch || parts.pq.agreed !== undefined) return parts
  if (offer === undefined) throw invalidMessage('it answers what was not offered')
  return { ...parts, pq: { ...since, agreed: kernel.mlkem768Decapsulate(offer.seed, answer.ciphertext) } }
}

/** Steps that were taken and the next one; there is no step 0. */
function checkEpoch({ root }: SessionParts, epoch: number): void {
  if (epoch < 1 || epoch > root.epoch + 1) throw invalidMessage('its step is not of this session')
}

function encapsulate(
  kernel: Kernel,
  { offer, kemRandomness }: { readonly offer: PqOffer; readonly kemRandomness: Uint8Array | undefined },
) {
  try {
    return kernel.mlkem768Encapsulate(offer.encapsulationKey, kemRandomness)
  } catch (cause) {
    if (isTalosError(cause, 'KERNEL_KEY_INVALID')) throw invalidMessage('the key that it offers is none', cause)
    throw cause
  }
}

function decoded<T>(decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    throw invalidMessage('its control frame', cause)
  }
}
